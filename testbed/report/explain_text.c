/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/explain_text.h"

#include "common/wire/event.h"
#include "testbed/report/detail.h"
#include "testbed/report/explain_json.h"
#include "testbed/diagnose/icewarn.h"
#include "testbed/report/ladder_text.h"
#include "testbed/report/sessions_text.h"
#include "testbed/report/walk_text.h"
#include "testbed/report/wrap.h"

#include <string.h>

#define PROOF_CHARS 300 /* four lines of a terminal; -v shows the rest */

/* Appends a line of the explanation: label and text. */
static void put_line(GString *out, const char *label, const char *text)
{
	g_string_append_printf(out, "%-6s %s\n", label, text);
}

/* All texts with `separator` between them; the caller frees it. */
static char *join_texts(const GPtrArray *texts, const char *separator)
{
	GString *all = g_string_new(NULL);

	for (guint i = 0; i < texts->len; i++)
		g_string_append_printf(all, "%s%s", i > 0 ? separator : "",
				       (const char *)texts->pdata[i]);
	return g_string_free(all, FALSE);
}

/* How many parts of the proof fit into the line, at least one. */
static guint parts_that_fit(const GPtrArray *proof)
{
	gsize length = 0;
	guint n = 0;

	for (; n < proof->len; n++) {
		length += strlen(proof->pdata[n]);
		if (n > 0 && length > PROOF_CHARS)
			break;
	}
	return n;
}

/* Appends as much of the proof as fits, and how many parts -v adds. */
static void put_proof(const finding *f, GString *out)
{
	guint n = parts_that_fit(f->proof);

	for (guint i = 0; i < n; i++)
		g_string_append_printf(out, "%s%s", i == 0 ? "proof  " : "; ",
				       (const char *)f->proof->pdata[i]);
	if (n < f->proof->len)
		g_string_append_printf(out, "; %u more with -v", f->proof->len - n);
	if (n > 0)
		g_string_append_c(out, '\n');
}

/* Appends all parts of the proof, a line each; nothing when put_proof has shown them all. */
static void put_whole_proof(const finding *f, guint columns, GString *out)
{
	if (parts_that_fit(f->proof) == f->proof->len)
		return;
	g_string_append(out, "\nthe complete proof\n");
	for (guint i = 0; i < f->proof->len; i++)
		wrap_labelled(out, "  - ", f->proof->pdata[i], columns);
}

/* The steps after the first one: the next cause that the trial found, and its fix. */
static void put_further_steps(const struct trial *t, GString *out)
{
	for (guint i = 1; t->steps && i < t->steps->len; i++) {
		const struct trial_step *s = t->steps->pdata[i];
		g_autofree char *change = g_strchomp(g_strdup(s->change)),
				*object = subject_text(&s->subject);

		g_string_append_printf(out, "%s; then %s at %s%s%s: %s, too",
				       i == 1 ? "not enough" : "", cause_name(s->code),
				       s->node ? s->node : "-", object ? ", " : "",
				       object ? object : "", change);
	}
	if (t->steps && t->steps->len > 1)
		g_string_append_printf(
			out, "; %s: ", t->steps->len == 2 ? "both together" : "all together");
}

/* Appends `what` and the cell ids; nothing for an empty list or NULL. */
static void put_cells(GString *out, const char *what, const GPtrArray *ids)
{
	for (guint i = 0; ids && i < ids->len; i++)
		g_string_append_printf(out, "%s%s", i > 0 ? ", " : what,
				       (const char *)ids->pdata[i]);
}

void explain_trial_text(const struct trial *t, GString *out)
{
	if (t->error) {
		g_string_append_printf(out, "not tried: %s", t->error);
		return;
	}
	g_string_append(out, "tried on a copy: ");
	put_further_steps(t, out);
	if (t->verdict == VERDICT_PASS)
		g_string_append_printf(out, "pass over %s%s", path_class_name(t->path),
				       t->mended ? "" :
						   ", a worse path than the one that was lost");
	else
		g_string_append_printf(out, "still %s, so there is another cause",
				       verdict_name(t->verdict));
	if (!t->mended && t->next != CAUSE_NONE)
		g_string_append_printf(out, ": next is %s", cause_name(t->next));
	if (t->made && t->others > 0)
		g_string_append_printf(out, "; %u of %u calls that passed before still pass",
				       t->others - t->broken->len, t->others);
	put_cells(out, "; broken: ", t->broken);
	put_cells(out, "; failed first and passed when placed again: ", t->unsteady);
}

/* Appends the fix and its trial as one line, with further changes under it. */
static void put_fix(const explanation *x, GString *out)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *change = x->fix ? g_strchomp(fix_text(x->fix)) : NULL;

	if (!change) {
		put_line(out, "fix", "none is known for this cause");
		return;
	}
	/* Further changes go under the first one. */
	g_string_append_printf(text, "%s (", change);
	g_string_replace(text, "\n", "\n       ", 0);
	explain_trial_text(&x->trial, text);
	g_string_append_c(text, ')');
	put_line(out, "fix", text->str);
}

/* Appends the nodes of a walk: "branch1 > branch-gw > core > edge". */
static void put_path(const walk *w, GString *out)
{
	for (guint i = 0; i < w->hops->len; i++)
		g_string_append_printf(out, "%s%s", i > 0 ? " > " : "",
				       ((struct hop *)w->hops->pdata[i])->node);
}

/* Appends which lab or run is explained: " [run 20261122-204118-7, which did not record
 * packets]". */
static void put_run(const explanation *x, GString *out)
{
	g_autofree char *missing =
		x->missing && x->missing->len > 0 ? join_texts(x->missing, ", ") : NULL;

	if (x->lab)
		g_string_append_printf(out, " [lab %s]", x->lab);
	if (x->run_id)
		g_string_append_printf(out, " [run %s%s%s]", x->run_id,
				       missing ? ", which did not record " : "",
				       missing ? missing : "");
}

/* Appends the explanation of a call that passed: its first paths and the proof. */
static void put_healthy(const explanation *x, GString *out)
{
	g_string_append_printf(out, "%-6s %s, over %s", "what", x->finding->what,
			       path_class_name(x->cell->path));
	put_run(x, out);
	g_string_append_c(out, '\n');
	for (guint i = 0; i < x->finding->legs->len && i < 3; i++) {
		const struct leg *l = x->finding->legs->pdata[i];

		g_string_append_printf(out, "%-6s %s: ", "path", l->title);
		put_path(l->walk->forward, out);
		if (l->walk->forward->end != WALK_DELIVERED)
			g_string_append_printf(
				out, " (a packet outside the call's sessions ends here: %s)",
				walk_end_name(l->walk->forward->end));
		g_string_append_c(out, '\n');
	}
	if (x->finding->why)
		put_line(out, "remark", x->finding->why);
	put_proof(x->finding, out);
}

/* Appends the explanation of a call that failed: what, where, why, proof, fix. */
static void put_failed(const explanation *x, GString *out)
{
	const finding *f = x->finding;
	g_autofree char *where = NULL, *what = NULL, *object = subject_text(&f->subject);

	what = g_strdup_printf("%s: %s (%s)", f->what, cause_text(f->code), cause_name(f->code));
	g_string_append_printf(out, "%-6s %s", "what", what);
	put_run(x, out);
	g_string_append_c(out, '\n');
	if (f->node) {
		where = g_strdup_printf("%s%s%s", f->node, object ? ", " : "",
					object ? object : "");
		put_line(out, "where", where);
	}
	if (f->why)
		put_line(out, "why", f->why);
	put_proof(f, out);
	put_fix(x, out);
}

/* Appends the commands for one place, each with its undo at once. */
static void put_commands_of(const fix *f, enum fix_place place, GString *out)
{
	static const char *const heads[FIX_PLACE_COUNT] = {
		[FIX_IN_LAB] = "in the lab by hand, in testbed shell",
		[FIX_ON_WINDOWS] = "on Windows",
		[FIX_ON_LINUX] = "on a Linux gateway",
	};
	const char *node = NULL;
	bool any = false;

	ptr_array_foreach(const struct fix_command, c, f->commands) {
		if (c->place != place)
			continue;
		if (!any || g_strcmp0(node, c->node) != 0)
			g_string_append_printf(out, "  %s%s%s\n", heads[place], c->node ? " " : "",
					       c->node ? c->node : "");
		any = true;
		node = c->node;
		g_string_append_printf(out, "    %s\n", c->text);
		if (c->undo)
			g_string_append_printf(out, "      undo: %s\n", c->undo);
	}
}

/* Every fix can be made in a live lab, and taken back.  A call of none needs a lab first. */
static void put_commands(const explanation *x, const fix *f, const struct run_args *made,
			 GString *out)
{
	const char *program = made->program ? made->program : "testbed";
	g_autofree char *set = report_set_command(f, program, x->lab),
			*reset = report_reset_command(program, x->lab);
	g_autoptr(GString) up = run_args_begin(made, "up");

	g_string_append(out, "  in the lab\n");
	if (!x->lab)
		g_string_append_printf(out, "    %s -s %s\n", up->str, x->cell->scenario);
	g_string_append_printf(out, "    %s\n      undo: %s\n", set, reset);
	for (enum fix_place p = 0; p < FIX_PLACE_COUNT; p++)
		put_commands_of(f, p, out);
}

static void put_fix_commands(const explanation *x, const struct run_args *made, GString *out)
{
	if (!x->fix)
		return;
	g_string_append(out, "\nthe fix as commands\n");
	put_commands(x, x->fix, made, out);
}

/* Appends the other fixes, each with its own trial. */
static void put_alternatives(const explanation *x, const struct run_args *made, GString *out)
{
	ptr_array_foreach(const struct alternative, a, x->alternatives) {
		g_string_append_printf(out, "\nanother way, %s (", a->name);
		explain_trial_text(&a->trial, out);
		g_string_append(out, ")\n");
		ptr_array_foreach(const char, change, a->fix->changes)
			g_string_append_printf(out, "  - %s\n", change);
		g_string_append(out, "the same as commands\n");
		put_commands(x, a->fix, made, out);
	}
}

/* Appends the ICEWarn bits of both ends. */
static void put_ice_warn(const explanation *x, GString *out)
{
	ptr_array_foreach(const struct heard, h, x->seen.heard) {
		const json_t *diagnostics = json_object_get(h->event, "diagnostics");
		const char *value = member_text(diagnostics, "ice_warn");
		const char *name = member_text(h->event, "event");
		guint32 bits;

		if (g_strcmp0(name, EVENT_CALL_RESULT) != 0 || !value ||
		    !icewarn_parse(value, &bits))
			continue;
		g_string_append_printf(out,
				       "\nICEWarn of %s: %s (computed from its observations)\n",
				       h->agent, value);
		icewarn_text(bits, out);
	}
}

void explain_text(const explanation *x, const struct run_args *made, int verbose, guint columns,
		  GString *out)
{
	g_autoptr(ladder) messages = NULL;

	if (x->finding->code == CAUSE_NONE)
		put_healthy(x, out);
	else
		put_failed(x, out);
	if (verbose > 0)
		put_whole_proof(x->finding, columns, out);
	for (guint i = 0; verbose > 0 && i < x->finding->legs->len; i++) {
		const struct leg *l = x->finding->legs->pdata[i];

		g_string_append_printf(out, "\n%s\n", l->title);
		walk_text(l->walk, columns, out);
	}
	if (verbose < 1)
		return;
	messages = ladder_new(x->model, &x->seen, x->cell, verbose > 1);
	ladder_text(messages, columns, out);
	put_fix_commands(x, made, out);
	put_alternatives(x, made, out);
	put_ice_warn(x, out);
	if (verbose < 2)
		return;
	detail_pairs(&x->seen, x->cell, out);
	sessions_text(&x->seen, x->cell, x->finding, columns, out);
	detail_lookups(&x->seen, x->finding, out);
	detail_counters(&x->seen, x->finding, out);
}
