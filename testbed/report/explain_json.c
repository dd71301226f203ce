/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/explain_json.h"

#include "testbed/diagnose/sessions.h"
#include "testbed/report/json.h"

#include <stdlib.h>

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

static json_t *effects_json(const finding *f)
{
	json_t *array = json_array();

	for (guint i = 0; f && i < f->effects->len; i++) {
		const struct effect *x = f->effects->pdata[i];

		json_array_append_new(array,
				      json_pack("{s:s, s:s?, s:o, s:s?}", "code",
						cause_name(x->code), "node", x->node, "object",
						object_json(&x->subject), "why", x->why));
	}
	return array;
}

/* The walks, and whether packets and kernels agree with them. */
static json_t *walks_json(const finding *f)
{
	static const char *const states[] = {
		[AGREE_UNSEEN] = "unseen", [AGREE_YES] = "agree", [AGREE_NO] = "disagree"};
	json_t *array = json_array();

	for (guint i = 0; f && i < f->legs->len; i++) {
		const struct leg *l = f->legs->pdata[i];
		const walk *last = l->walk->back ? l->walk->back : l->walk->forward;

		bool wrong = l->seen.state == AGREE_NO || l->kernel.differs;

		json_t *one =
			json_pack("{s:s, s:s, s:s?, s:s, s:i, s:i, s:s?}", "leg", l->title, "end",
				  walk_end_name(last->end), "node", last->node, "packets",
				  states[l->seen.state], "there", (int)l->seen.there, "back",
				  (int)l->seen.back, "seen", l->seen.text);

		json_object_update_new(one, json_pack("{s:i, s:s?, s:s?}", "lookups",
						      (int)l->kernel.agree, "lookup_differs",
						      l->kernel.differs, "code",
						      wrong ? AGREE_CODE : NULL));
		json_array_append_new(array, one);
	}
	return array;
}

static json_t *trial_json(const struct trial *t)
{
	json_t *path = t->made ? json_string(path_class_name(t->path)) : json_null();
	json_t *verdict = t->made ? json_string(verdict_name(t->verdict)) : json_null();

	return json_pack("{s:b, s:s?, s:o, s:o, s:I, s:o, s:o}", "made", t->made, "error", t->error,
			 "verdict", verdict, "path", path, "others", (json_int_t)t->others,
			 "broken", report_texts_json(t->broken), "unsteady",
			 report_texts_json(t->unsteady));
}

static json_t *fix_json(const fix *x)
{
	return x ? json_pack("{s:s, s:o}", "change", x->change, "commands",
			     report_texts_json(x->commands)) :
		   json_null();
}

static json_t *fixes_tried_json(const struct trial *t)
{
	json_t *tried = json_array();

	for (guint i = 0; t->steps && i < t->steps->len; i++) {
		const struct trial_step *s = t->steps->pdata[i];

		json_array_append_new(tried,
				      json_pack("{s:s, s:s?, s:o, s:s, s:s, s:s}", "code",
						cause_name(s->code), "node", s->node, "object",
						object_json(&s->subject), "change", s->change,
						"verdict", verdict_name(s->verdict), "path",
						path_class_name(s->path)));
	}
	return tried;
}

static json_t *alternatives_json(const GPtrArray *alternatives)
{
	json_t *all = json_array();

	for (guint i = 0; alternatives && i < alternatives->len; i++) {
		const struct alternative *a = alternatives->pdata[i];
		json_t *one = fix_json(a->fix);

		json_object_set_new(one, "name", json_string(a->name));
		json_object_set_new(one, "trial", trial_json(&a->trial));
		json_array_append_new(all, one);
	}
	return all;
}

json_t *explain_json(const explanation *x)
{
	const finding *f = x->finding;
	const struct cell *c = x->cell;
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
	json_object_set_new(document, "effects", effects_json(f));
	json_object_set_new(document, "what", f ? json_string(f->what) : json_null());
	json_object_set_new(document, "why", f && f->why ? json_string(f->why) : json_null());
	json_object_set_new(document, "proof", report_texts_json(f ? f->proof : NULL));
	json_object_set_new(document, "walks", walks_json(f));
	json_object_set_new(document, "sessions", f ? sessions_json(&x->seen, c) : json_array());
	json_object_set_new(document, "fix", fix_json(x->fix));
	json_object_set_new(document, "fixes_tried", fixes_tried_json(&x->trial));
	json_object_set_new(document, "trial", trial_json(&x->trial));
	json_object_set_new(document, "alternatives", alternatives_json(x->alternatives));
	return document;
}

char *explain_json_text(const explanation *x)
{
	json_t *document = explain_json(x);
	char *text = json_dumps(document, JSON_INDENT(2));
	char *line = g_strconcat(text, "\n", NULL);

	free(text);
	json_decref(document);
	return line;
}
