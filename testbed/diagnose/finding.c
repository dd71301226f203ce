/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/finding.h"

static const struct {
	const char *name, *text;
} causes[CAUSE_COUNT] = {
#define X(id, text) [CAUSE_##id] = {#id, text},
	CAUSES(X)
#undef X
};

const char *cause_name(enum cause_code code)
{
	return causes[code].name;
}

const char *cause_text(enum cause_code code)
{
	return causes[code].text;
}

const char *direction_name(enum direction d)
{
	static const char *const names[] = {
		[DIRECTION_NONE] = "none",
		[DIRECTION_THERE] = "there",
		[DIRECTION_BACK] = "back",
	};

	return names[d];
}

static void leg_free(gpointer data)
{
	struct leg *l = data;

	g_free(l->title);
	g_free(l->from);
	agreement_clear(&l->seen);
	lookups_tally_clear(&l->kernel);
	walk_pair_free(l->walk);
	g_free(l);
}

static void effect_free(gpointer data)
{
	struct effect *x = data;

	g_free(x->node);
	subject_clear(&x->subject);
	g_free(x->why);
	g_free(x);
}

void finding_free(struct finding *f)
{
	if (!f)
		return;
	g_free(f->node);
	subject_clear(&f->subject);
	g_free(f->what);
	g_free(f->why);
	g_free(f->iface);
	g_free(f->other);
	g_free(f->turning.node);
	g_free(f->turning.iface);
	g_free(f->turning.in);
	g_free(f->turning.out);
	g_ptr_array_unref(f->proof);
	g_ptr_array_unref(f->legs);
	g_ptr_array_unref(f->effects);
	g_free(f);
}

finding *finding_new(const struct cell *c)
{
	finding *f = g_new0(finding, 1);

	f->code = CAUSE_UNKNOWN;
	f->lost = PATH_NONE;
	f->proof = g_ptr_array_new_with_free_func(g_free);
	f->legs = g_ptr_array_new_with_free_func(leg_free);
	f->effects = g_ptr_array_new_with_free_func(effect_free);
	if (c)
		f->what = g_strdup_printf("%s %s%s%s %s", media_name(c->media), c->a,
					  c->b ? " to " : "", c->b ? c->b : "",
					  c->verdict == VERDICT_PASS ? "works" : "fails");
	return f;
}

bool finding_prove(struct finding *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_ptr_array_add(f->proof, g_strdup_vprintf(format, args));
	va_end(args);
	return true;
}

void finding_add_effect(struct finding *f, enum cause_code code, const char *node,
			const struct subject *subject, const char *why)
{
	struct effect *x;

	ptr_array_foreach(const struct effect, known, f->effects)
		if (known->code == code && g_strcmp0(known->node, node) == 0 &&
		    subject_equal(&known->subject, subject))
			return;
	if (f->code == code && g_strcmp0(f->node, node) == 0 && subject_equal(&f->subject, subject))
		return;
	x = g_new0(struct effect, 1);
	x->code = code;
	x->node = g_strdup(node);
	x->subject = subject_copy(subject);
	x->why = g_strdup(why);
	g_ptr_array_add(f->effects, x);
}
