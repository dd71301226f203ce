/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/explain_json.h"

#include "testbed/report/json.h"
#include "testbed/report/sessions_text.h"

/* A subject as text, or null. */
static json_t *object_json(const struct subject *s)
{
	g_autofree char *text = subject_text(s);

	return text ? json_string(text) : json_null();
}

static json_t *cause_json(const finding *f)
{
	return json_pack("{s:s, s:s?, s:s?, s:o}", "code", cause_name(f->code), "node", f->node,
			 "direction",
			 f->direction == DIRECTION_NONE ? NULL : direction_name(f->direction),
			 "object", object_json(&f->subject));
}

/* A further consequence of the cause. */
static json_t *effect_json(gconstpointer item)
{
	const struct effect *x = item;

	return json_pack("{s:s, s:s?, s:o, s:s?}", "code", cause_name(x->code), "node", x->node,
			 "object", object_json(&x->subject), "why", x->why);
}

/* The walks of a leg, and whether packets and kernels agree with them. */
static json_t *leg_json(gconstpointer item)
{
	static const char *const states[] = {
		[AGREE_UNSEEN] = "unseen", [AGREE_YES] = "agree", [AGREE_NO] = "disagree"};
	const struct leg *l = item;
	const walk *last = l->walk->back ? l->walk->back : l->walk->forward;
	bool wrong = l->seen.state == AGREE_NO || l->kernel.differs;

	return json_pack("{s:s, s:s, s:s?, s:s, s:i, s:i, s:s?, s:i, s:s?, s:s?}", "leg", l->title,
			 "end", walk_end_name(last->end), "node", last->node, "packets",
			 states[l->seen.state], "there", (int)l->seen.there, "back",
			 (int)l->seen.back, "seen", l->seen.text, "lookups", (int)l->kernel.agree,
			 "lookup_differs", l->kernel.differs, "code", wrong ? AGREE_CODE : NULL);
}

/* How the fix worked; verdict and path are null when the call was not placed. */
static json_t *trial_json(const struct trial *t)
{
	json_t *path = t->made ? json_string(path_class_name(t->path)) : json_null();
	json_t *verdict = t->made ? json_string(verdict_name(t->verdict)) : json_null();

	return json_pack("{s:b, s:s?, s:o, s:o, s:I, s:o, s:o}", "made", t->made, "error", t->error,
			 "verdict", verdict, "path", path, "others", (json_int_t)t->others,
			 "broken", report_texts_json(t->broken), "unsteady",
			 report_texts_json(t->unsteady));
}

static json_t *commands_json(const fix *x)
{
	static const char *const places[FIX_PLACE_COUNT] = {"lab", "windows", "linux"};
	json_t *list = json_array();

	ptr_array_foreach(const struct fix_command, c, x->commands)
		json_array_append_new(list,
				      json_pack("{s:s, s:s*, s:s, s:s*}", "place", places[c->place],
						"node", c->node, "text", c->text, "undo", c->undo));
	return list;
}

char *report_set_command(const fix *x, const char *program, const char *lab)
{
	GString *text = g_string_new(program);

	g_string_append(text, x->restart ? " reboot" : " set");
	if (lab)
		g_string_append_printf(text, " -n %s", lab);
	if (x->restart) {
		g_string_append_printf(text, " %s", x->restart);
		return g_string_free(text, FALSE);
	}
	ptr_array_foreach(const char, change, x->changes) {
		g_autofree char *quoted = g_shell_quote(change);

		g_string_append_printf(text, " %s", quoted);
	}
	return g_string_free(text, FALSE);
}

char *report_reset_command(const char *program, const char *lab)
{
	return g_strconcat(program, " reset", lab ? " -n " : NULL, lab, NULL);
}

/* A fix (NULL: null). */
static json_t *fix_json(const fix *x, const char *lab)
{
	g_autofree char *set = x ? report_set_command(x, "testbed", lab) : NULL,
			*reset = report_reset_command("testbed", lab),
			*change = x ? fix_text(x) : NULL;

	return x ? json_pack("{s:s, s:s, s:s, s:o}", "change", change, "set", set, "undo", reset,
			     "commands", commands_json(x)) :
		   json_null();
}

static json_t *trial_step_json(gconstpointer item)
{
	const struct trial_step *s = item;

	return json_pack("{s:s, s:s?, s:o, s:s, s:s, s:s}", "code", cause_name(s->code), "node",
			 s->node, "object", object_json(&s->subject), "change", s->change,
			 "verdict", verdict_name(s->verdict), "path", path_class_name(s->path));
}

/* Another fix, with its own trial. */
static json_t *alternative_json(const struct alternative *a, const char *lab)
{
	json_t *one = fix_json(a->fix, lab);

	json_object_set_new(one, "name", json_string(a->name));
	json_object_set_new(one, "trial", trial_json(&a->trial));
	return one;
}

json_t *explain_json(const explanation *x)
{
	const finding *f = x->finding;
	const struct cell *c = x->cell;
	json_t *alternatives = json_array();
	json_t *document =
		json_pack("{s:s, s:b, s:s, s:o, s:o, s:s?}", "schema", EXPLAIN_SCHEMA, "complete",
			  f && !(x->missing && x->missing->len > 0), "cell", c->id, "verdict",
			  f ? json_string(verdict_name(c->verdict)) : json_null(), "path",
			  f ? json_string(path_class_name(c->path)) : json_null(), "reason",
			  c->reason);

	json_object_set_new(document, "run",
			    x->run_id ?
				    json_pack("{s:s, s:s}", "id", x->run_id, "dir", x->run_dir) :
				    json_null());
	json_object_set_new(document, "lab", x->lab ? json_string(x->lab) : json_null());
	json_object_set_new(document, "missing", report_texts_json(x->missing));
	json_object_set_new(document, "cause", f ? cause_json(f) : json_null());
	json_object_set_new(document, "effects",
			    report_list_json(f ? f->effects : NULL, effect_json));
	json_object_set_new(document, "what", f ? json_string(f->what) : json_null());
	json_object_set_new(document, "why", f && f->why ? json_string(f->why) : json_null());
	json_object_set_new(document, "proof", report_texts_json(f ? f->proof : NULL));
	json_object_set_new(document, "walks", report_list_json(f ? f->legs : NULL, leg_json));
	json_object_set_new(document, "sessions", f ? sessions_json(&x->seen, c) : json_array());
	json_object_set_new(document, "fix", fix_json(x->fix, x->lab));
	json_object_set_new(document, "fixes_tried",
			    report_list_json(x->trial.steps, trial_step_json));
	json_object_set_new(document, "trial", trial_json(&x->trial));
	json_object_set_new(document, "alternatives", alternatives);
	ptr_array_foreach(const struct alternative, a, x->alternatives)
		json_array_append_new(alternatives, alternative_json(a, x->lab));
	return document;
}

char *explain_json_text(const explanation *x)
{
	json_auto_t *document = explain_json(x);

	return report_document_text(document, 0);
}
