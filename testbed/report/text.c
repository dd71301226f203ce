/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/text.h"

#include "testbed/report/wrap.h"

#include <math.h>

char *report_expectation(const struct cell *c)
{
	g_autoptr(GString) text = g_string_new(verdict_name(c->expected_verdict));
	const char *join = " over ";

	for (enum path_class p = 0; c->has_expected_path && p < PATH_COUNT; p++) {
		if (!(c->expected_path_mask & 1u << p) || p == PATH_NONE)
			continue;
		g_string_append_printf(text, "%s%s", join, path_class_name(p));
		join = " or ";
	}
	if (c->expected_cause)
		g_string_append_printf(text, " because of %s", c->expected_cause);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Appends those of the cell's figures that were measured. */
static void append_figures(const struct cell *c, GString *out)
{
	if (!isnan(c->setup_ms))
		g_string_append_printf(out, "  setup %.0f ms", c->setup_ms);
	if (!isnan(c->quality.rtt_ms))
		g_string_append_printf(out, "  rtt %.1f ms", c->quality.rtt_ms);
	if (!isnan(c->quality.loss_pct))
		g_string_append_printf(out, "  loss %.1f %%", c->quality.loss_pct);
	if (!isnan(c->quality.mos))
		g_string_append_printf(out, "  MOS %.1f", c->quality.mos);
}

void report_cell_line(const struct cell *c, const struct report_style *style, GString *out)
{
	g_autofree char *verdict =
		g_ascii_strup(c->done ? verdict_name(c->verdict) : "not run", -1);

	ink_append(out, style, cell_ink(c), verdict, 6);
	ink_append(out, style, INK_PLAIN, c->id, 44);
	g_string_append_printf(
		out, " %s", c->done && c->verdict == VERDICT_PASS ? path_class_name(c->path) : "");
	append_figures(c, out);
	if (c->cause)
		g_string_append_printf(out, " %s:", c->cause);
	if (c->reason)
		g_string_append_printf(out, " %s", c->reason);
	if (c->done && !c->as_expected) {
		g_autofree char *expected = report_expectation(c);

		g_string_append_printf(out, "  (expected: %s)", expected);
	}
	g_string_append_c(out, '\n');
}

/* Appends what was expected of a cell, and what came out. */
static void append_differing(const struct cell *c, const struct report_text *how, GString *out)
{
	g_autofree char *expected = report_expectation(c);

	ink_append(out, &how->style, INK_ALARM, "DIFFERS", 0);
	g_string_append_printf(out, " %s\n  expected %s; got %s", c->id, expected,
			       verdict_name(c->verdict));
	if (c->verdict == VERDICT_PASS)
		g_string_append_printf(out, " over %s", path_class_name(c->path));
	if (c->cause)
		g_string_append_printf(out, " because of %s", c->cause);
	g_string_append_printf(out, "%s%s\n", c->reason ? ": " : "", c->reason ? c->reason : "");
}

/* Whether the cell came out otherwise than expected. */
static bool differs(const struct cell *c)
{
	return c->done && !c->as_expected;
}

static bool failed_as_expected(const struct cell *c)
{
	return c->done && c->as_expected && c->verdict != VERDICT_PASS;
}

/* "--media audio,video --pairs A:B,..." of the calls; nothing for conferences. */
static void append_pairs(const struct scenario_result *s, bool (*wanted)(const struct cell *),
			 GString *out)
{
	g_autoptr(GPtrArray) pairs = g_ptr_array_new_with_free_func(g_free);
	unsigned media = 0;
	const char *join = " --media ";

	ptr_array_foreach(const struct cell, c, s->cells) {
		g_autofree char *pair = NULL;

		if (!c->b || !wanted(c))
			continue;
		media |= 1u << c->media;
		pair = g_strdup_printf("%s:%s", c->a, c->b);
		if (!g_ptr_array_find_with_equal_func(pairs, pair, g_str_equal, NULL))
			g_ptr_array_add(pairs, g_steal_pointer(&pair));
	}
	for (enum media v = 0; v < MEDIA_COUNT; v++) {
		if (!(media & 1u << v))
			continue;
		g_string_append_printf(out, "%s%s", join, media_name(v));
		join = ",";
	}
	join = " --pairs ";
	for (guint i = 0; i < pairs->len; i++) {
		g_string_append_printf(out, "%s%s", join, (const char *)pairs->pdata[i]);
		join = ",";
	}
}

/* The commands that run the wanted cells of a scenario again: one for all calls, one for each
 * conference. */
static void append_repeat(const struct scenario_result *s, bool (*wanted)(const struct cell *),
			  const struct report_text *how, GString *out)
{
	g_autoptr(GString) start = run_args_begin_run(&how->made, "run matrix"),
			   calls = g_string_new(NULL);

	append_pairs(s, wanted, calls);
	if (calls->len > 0)
		g_string_append_printf(out, "  %s -s %s%s\n", start->str, s->name, calls->str);
	ptr_array_foreach(const struct cell, c, s->cells) {
		g_autofree char *id = g_regex_escape_string(c->id, -1);

		if (!c->b && wanted(c))
			g_string_append_printf(out, "  %s --only '^%s$'\n", start->str, id);
	}
}

/* How many cells are wanted. */
static guint count_cells(const struct scenario_result *s, bool (*wanted)(const struct cell *))
{
	guint n = 0;

	for (guint i = 0; i < s->cells->len; i++)
		n += wanted(s->cells->pdata[i]);
	return n;
}

static void append_all_differing(const struct scenario_result *s, const struct report_text *how,
				 GString *out)
{
	for (guint i = 0; i < s->cells->len; i++) {
		if (differs(s->cells->pdata[i]))
			append_differing(s->cells->pdata[i], how, out);
	}
}

/* "missing-route: failures by cause: RETURN_WRONG_EGRESS 16, FW_DROP 1"; nothing without
 * failures. */
static void append_causes(const struct scenario_result *s, GString *out)
{
	g_autoptr(GHashTable) counts = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GPtrArray) order = g_ptr_array_new();
	const char *join = "";

	ptr_array_foreach(const struct cell, c, s->cells) {
		if (!c->cause || c->verdict != VERDICT_FAIL)
			continue;
		if (!g_hash_table_contains(counts, c->cause))
			g_ptr_array_add(order, c->cause);
		g_hash_table_insert(
			counts, c->cause,
			GUINT_TO_POINTER(GPOINTER_TO_UINT(g_hash_table_lookup(counts, c->cause)) +
					 1));
	}
	if (order->len > 0)
		g_string_append_printf(out, "%s: failures by cause: ", s->name);
	for (guint i = 0; i < order->len; i++, join = ", ")
		g_string_append_printf(
			out, "%s%s %u", join, (const char *)order->pdata[i],
			GPOINTER_TO_UINT(g_hash_table_lookup(counts, order->pdata[i])));
	if (order->len > 0)
		g_string_append_c(out, '\n');
}

/* Whether there is something to explain, and how much: an unexpected failure, else another path
 * than the one expected, else a failure. */
static unsigned worth_explaining(const struct cell *c)
{
	if (!c->done)
		return 0;
	if (c->verdict == VERDICT_FAIL)
		return c->as_expected ? 1 : 3;
	return c->verdict == VERDICT_PASS && c->expected_verdict == VERDICT_PASS && differs(c) ? 2 :
												 0;
}

/* The cell to explain, the first of those most worth it.  NULL: there is none. */
static const struct cell *cell_to_explain(const struct scenario_result *s)
{
	const struct cell *best = NULL;

	ptr_array_foreach(const struct cell, c, s->cells) {
		if (worth_explaining(c) > (best ? worth_explaining(best) : 0))
			best = c;
	}
	return best;
}

/* Appends the command that explains a cell; nothing where there is nothing to explain. */
static void append_why(const struct scenario_result *s, const struct report_text *how, GString *out)
{
	const struct cell *c = cell_to_explain(s);
	g_autofree char *command = c ? run_args_explain(&how->made, c->id) : NULL;

	if (c)
		g_string_append_printf(out, "%s: to see the cause and the fix:\n  %s\n", s->name,
				       command);
}

/* Appends commands that run the cells again that differ, and those that failed as expected. */
static void append_commands(const struct scenario_result *s, const struct report_text *how,
			    GString *out)
{
	static const struct {
		bool (*wanted)(const struct cell *);
		const char *what;
	} groups[] = {{differs, "not as expected"}, {failed_as_expected, "failing as expected"}};

	for (guint i = 0; i < G_N_ELEMENTS(groups); i++) {
		guint n = count_cells(s, groups[i].wanted);

		if (n == 0)
			continue;
		g_string_append_printf(out, "%s: repeat the %u cell%s %s:\n", s->name, n,
				       n == 1 ? "" : "s", groups[i].what);
		append_repeat(s, groups[i].wanted, how, out);
	}
	append_why(s, how, out);
}

/* What the words of the grid mean. */
static void append_legend(const struct report_text *how, GString *out)
{
	g_autoptr(GString) text = g_string_new(NULL);

	wrap_prose(text,
		   "A/V shows the media path: direct, nat, relay (through the Edge, over UDP), "
		   "tcp-relay (reached over TCP). '!' marks what the scenario does not expect.\n",
		   0, how->style.columns);
	ink_append(out, &how->style, INK_DIM, text->str, 0);
}

const char *report_vpn_note(const char *vpn)
{
	return vpn && !g_str_has_prefix(vpn, "wireguard") ? " (unencrypted)" : "";
}

/* Appends the counts, whether all came out as expected, the times and the back ends. */
static void append_summary(const results *r, const struct report_text *how, GString *out)
{
	struct results_summary sum = results_summarise(r);
	const char *vpn = g_hash_table_lookup(r->features, "vpn");
	const char *impairment = g_hash_table_lookup(r->features, "impairment");
	const char *at_once = g_hash_table_lookup(r->features, "at_once");
	const char *uncontained = g_hash_table_lookup(r->features, "uncontained");
	g_autoptr(GString) counts = g_string_new(NULL);

	g_string_append_printf(counts, "%u cells: %u pass, %u fail, %u error", sum.cells,
			       sum.passed, sum.failed, sum.errors);
	if (sum.not_run > 0)
		g_string_append_printf(counts, ", %u not run", sum.not_run);
	g_string_append(counts, "; ");
	ink_append(out, &how->style, INK_BOLD, counts->str, 0);
	if (sum.unexpected > 0) {
		g_autofree char *text = g_strdup_printf("%u not as expected", sum.unexpected);

		ink_append(out, &how->style, INK_ALARM, text, 0);
	} else {
		ink_append(out, &how->style, sum.not_run > 0 ? INK_PLAIN : INK_GOOD,
			   sum.not_run > 0 ? "none differs so far" : "all as expected", 0);
	}
	g_string_append_printf(
		out,
		"\n%s%.1f s; networks built in %.0f ms%s%s%s%s%s; seed %" G_GUINT64_FORMAT "\n",
		r->complete ? "" : "interrupted after ", r->wall_ms / 1000.0, r->build_ms,
		vpn ? "; VPN by " : "", vpn ? vpn : "", report_vpn_note(vpn),
		impairment ? "; links impaired by " : "", impairment ? impairment : "", r->seed);
	if (uncontained)
		g_string_append_printf(out,
				       "this host does not contain all of a lab: %s ('testbed "
				       "doctor')\n",
				       uncontained);
	if (at_once)
		g_string_append_printf(out, "%s\n", at_once);
}

/* What the network was changed by, on top of every scenario. */
static void append_changes(const results *r, GString *out)
{
	for (char *const *change = r->changes; change && *change; change++)
		g_string_append_printf(out, "changed: %s\n", *change);
}

void report_grids(const results *r, const struct report_text *how, GString *out)
{
	ptr_array_foreach(const struct scenario_result, s, r->scenarios) {
		report_grid(r, s, &how->style, out);
		if (s->error)
			g_string_append_printf(out, "lab failed: %s\n", s->error);
		g_string_append_c(out, '\n');
	}
	append_legend(how, out);
	for (guint i = 0; i < r->scenarios->len; i++)
		append_all_differing(r->scenarios->pdata[i], how, out);
	for (guint i = 0; i < r->scenarios->len; i++)
		append_causes(r->scenarios->pdata[i], out);
}

void report_text(const results *r, const struct report_text *how, GString *out)
{
	report_grids(r, how, out);
	for (guint i = 0; i < r->scenarios->len; i++)
		append_commands(r->scenarios->pdata[i], how, out);
	append_changes(r, out);
	append_summary(r, how, out);
}
