/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/cause_rules.h"
#include "testbed/diagnose/persist.h"

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
	g_ptr_array_unref(f->proof);
	g_ptr_array_unref(f->legs);
	g_ptr_array_unref(f->effects);
	g_free(f);
}

/* --- what was heard --------------------------------------------------------------------------- */

const char *event_text(const json_t *event, const char *key)
{
	return json_string_value(json_object_get(event, key));
}

/* The first event of that name after `after` (NULL: from the start), of one agent or, with NULL, of
 * any. */
const struct heard *cause_event(const struct evidence *e, const char *agent, const char *name,
				const struct heard *after)
{
	bool from_here = after == NULL;

	for (guint i = 0; i < e->heard->len; i++) {
		const struct heard *h = e->heard->pdata[i];

		if (from_here && (!agent || g_str_equal(h->agent, agent)) &&
		    g_strcmp0(event_text(h->event, "event"), name) == 0)
			return h;
		from_here = from_here || h == after;
	}
	return NULL;
}

void cause_prove(struct finding *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_ptr_array_add(f->proof, g_strdup_vprintf(format, args));
	va_end(args);
}

void cause_add_effect(struct finding *f, enum cause_code code, const char *node,
		      const struct subject *subject, const char *why)
{
	struct effect *x;

	for (guint i = 0; i < f->effects->len; i++) {
		const struct effect *known = f->effects->pdata[i];

		if (known->code == code && g_strcmp0(known->node, node) == 0 &&
		    subject_equal(&known->subject, subject))
			return;
	}
	if (f->code == code && g_strcmp0(f->node, node) == 0 && subject_equal(&f->subject, subject))
		return;
	x = g_new0(struct effect, 1);
	x->code = code;
	x->node = g_strdup(node);
	x->subject = subject_copy(subject);
	x->why = g_strdup(why);
	g_ptr_array_add(f->effects, x);
}

/* --- rules ------------------------------------------------------------------------------------ */

static bool rule_agent_died(const struct evidence *e, struct finding *f)
{
	const struct heard *h = cause_event(e, NULL, EVENT_AGENT_DIED, NULL);
	g_auto(GStrv) parts = NULL;

	if (!h)
		return false;
	parts = g_strsplit(h->agent, "/", 2);
	f->code = CAUSE_AGENT_DIED;
	f->node = g_strdup(parts[0]);
	f->subject = subject_named(SUBJECT_PROGRAM, h->agent);
	f->why = g_strdup_printf("%s ended: %s", h->agent, event_text(h->event, "how"));
	cause_prove(f, "the lab saw it end");
	return true;
}

/* In the order of a call: programs, signing in, the call's own request, the servers among
 * themselves, the way to the relay, the relay itself, NATs that forget, media. */
static bool (*const rules[])(const struct evidence *, struct finding *) = {
	rule_agent_died,	  cause_rule_sign_in,	  cause_rule_way_to_names,
	cause_rule_way_to_server, cause_rule_way_inside,  cause_rule_signalling,
	cause_rule_call_refused,  cause_rule_direct,	  cause_rule_relay_unreachable,
	cause_rule_relay_refused, cause_rule_nat_expired, cause_rule_media,
	cause_rule_size,
};

/* --- a call that worked ----------------------------------------------------------------------- */

/* The leg of one end: to its relay, or to the address that the other end was reached at. */
bool cause_selected_leg(const struct evidence *e, struct finding *f, const char *end)
{
	const struct heard *h = cause_event(e, end, EVENT_SELECTED, NULL);
	const json_t *local = h ? json_object_get(h->event, "local") : NULL,
		     *remote = h ? json_object_get(h->event, "remote") : NULL;
	const json_t *relay = cause_relay_of(e, end);
	enum ip_proto proto =
		g_strcmp0(event_text(local, "relay_transport"), "tcp") == 0 ? PROTO_TCP : PROTO_UDP;

	if (!h)
		return false;
	cause_prove(f, "%s selected %s %s to %s %s", end, event_text(local, "type"),
		    event_text(local, "address"), event_text(remote, "type"),
		    event_text(remote, "address"));
	if (g_strcmp0(event_text(local, "type"), "relay") == 0)
		return cause_walk_to(e, f, end, "its relay", event_text(relay, "address"), proto,
				     cause_relay_port(relay, proto));
	return cause_walk_to(e, f, end, "the other end", event_text(remote, "address"), PROTO_UDP,
			     json_integer_value(json_object_get(remote, "port")));
}

void cause_healthy_leg(const struct evidence *e, struct finding *f, const char *end)
{
	cause_selected_leg(e, f, end);
}

/* --- public ----------------------------------------------------------------------------------- */

struct finding *cause_finding_new(void)
{
	struct finding *f = g_new0(struct finding, 1);

	f->code = CAUSE_UNKNOWN;
	f->proof = g_ptr_array_new_with_free_func(g_free);
	f->legs = g_ptr_array_new_with_free_func(leg_free);
	f->effects = g_ptr_array_new_with_free_func(effect_free);
	return f;
}

struct finding *finding_new(const struct cell *c)
{
	struct finding *f = cause_finding_new();

	f->what = g_strdup_printf("%s %s%s%s %s", media_name(c->media), c->a, c->b ? " to " : "",
				  c->b ? c->b : "", c->verdict == VERDICT_PASS ? "works" : "fails");
	return f;
}

struct finding *cause_find(const struct evidence *e)
{
	struct finding *f = finding_new(e->cell);

	if (e->cell->verdict == VERDICT_PASS) {
		if (cause_rule_other_path(e, f))
			return f;
		f->code = CAUSE_NONE;
		for (guint i = 0; i < e->cell->participants->len; i++)
			cause_healthy_leg(e, f, e->cell->participants->pdata[i]);
		persist_foresee(e, f);
		return f;
	}
	for (guint i = 0; i < G_N_ELEMENTS(rules); i++) {
		if (!rules[i](e, f))
			continue;
		persist_recognise(e, f);
		return f;
	}
	f->code = CAUSE_UNKNOWN;
	f->why = g_strdup(e->cell->reason);
	return f;
}
