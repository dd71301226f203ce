/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/story_parts.h"

#include <string.h>

#define RECORD_LATE_US 500000 /* on a busy machine a message leaves, or is told, so much later */
#define RECORD_EARLY_US 5000
#define UNDER_WAY_US 2000000 /* no packet is longer on its way */
#define WEB_BEFORE_US 2000000

static gint64 heard_us(const struct heard *h)
{
	return member_integer(h->event, "time_us");
}

/* The node that a program runs on: of "edge/tb-edge" and "branch1". */
static const char *node_of_agent(const char *agent)
{
	const char *slash = strchr(agent, '/');
	g_autofree char *node = slash ? g_strndup(agent, (gsize)(slash - agent)) : NULL;

	return g_intern_string(node ? node : agent);
}

/* --- messages inside TLS ---------------------------------------------------------------------- */

/* Where a message went, as one of its ends told it. */
struct told_way {
	const char *from, *to;	 /* interned */
	const struct addr *peer; /* the other end's address, as that one knows it */
	guint port;
	bool sent; /* it is the sender that told it */
	gint64 time_us, before_us, after_us;
};

static bool fits(const struct told_way *w, const struct journey *j)
{
	const struct sighting *at = w->sent ? journey_first(j) : journey_last(j);

	if (journey_first(j)->node != w->from)
		return false;
	return w->sent ? at->dport == w->port && addr_equal(&at->dst, w->peer) :
			 at->node == w->to && !at->out && at->sport == w->port &&
				 addr_equal(&at->src, w->peer);
}

/* The first record that was sent at that time or later: they are in order. */
static guint records_from(const struct story_maker *k, gint64 time_us)
{
	guint low = 0, high = k->records->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (story_time_us(k, journey_first(k->records->pdata[middle])) < time_us)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The TLS record, not another message's, on that way nearest to the time; NULL: none was
 * captured. */
static const struct journey *record_of(const struct story_maker *k, const struct told_way *w)
{
	const struct journey *best = NULL;
	gint64 nearest = G_MAXINT64;

	for (guint i = records_from(k, w->time_us - w->before_us - UNDER_WAY_US);
	     i < k->records->len; i++) {
		const struct journey *j = k->records->pdata[i];
		const struct sighting *at = w->sent ? journey_first(j) : journey_last(j);
		gint64 apart = story_time_us(k, at) - w->time_us;

		if (story_time_us(k, journey_first(j)) > w->time_us + w->after_us)
			break;
		if (apart < -w->before_us || apart > w->after_us || ABS(apart) >= nearest ||
		    !fits(w, j) || g_hash_table_contains(k->taken, j))
			continue;
		best = j;
		nearest = ABS(apart);
	}
	if (best)
		g_hash_table_add(k->taken, (gpointer)(guintptr)best);
	return best;
}

/* TCP sends again what was lost, so that in a call that worked nothing of this was. */
static void carry(struct story_maker *k, struct step *p, const struct journey *record)
{
	const struct sighting *last;
	const struct node *n;

	if (!record)
		return;
	last = journey_last(record);
	n = model_node(k->s->model, last->node);
	story_add_hops(k, p, record);
	if (k->s->cell->done && k->s->cell->verdict == VERDICT_PASS)
		return;
	if (last->out || !n || !node_has_address(n, &last->dst))
		p->lost = story_loss_of(k, record);
}

/* --- SIP -------------------------------------------------------------------------------------- */

/* A message of which one or both ends told. */
struct told_message {
	struct step *step;
	const char *method;
	int status;
	bool received;
};

/* Nothing for NULL. */
static void add_text_field(GPtrArray *fields, const char *name, const char *value)
{
	if (value)
		packet_field_add(fields, name, g_strdup(value));
}

/* In a whole run servers also pass on what others say when they sign in. */
static bool is_foreign(const struct story_maker *k, const struct heard *h, const char *from,
		       const char *to)
{
	return k->s->seen->end_us != 0 && !member_text(h->event, "call") &&
	       !scope_takes_part(k->scope, from) && !scope_takes_part(k->scope, to);
}

/* A server passes a message on in the direction in which it came. */
static bool passed_on_back(const GArray *all, const struct told_message *m)
{
	for (guint i = all->len; i-- > 0;) {
		const struct told_message *before = &g_array_index(all, struct told_message, i);

		if (before->step->to == m->step->from && before->status == m->status &&
		    g_str_equal(before->method, m->method))
			return before->step->back;
	}
	return m->step->back;
}

/* The last request of that method the other way. */
static struct step *request_of(const GArray *all, const struct told_message *answer)
{
	for (guint i = all->len; answer->status != 0 && i-- > 0;) {
		const struct told_message *m = &g_array_index(all, struct told_message, i);

		if (m->status == 0 && g_str_equal(m->method, answer->method) &&
		    m->step->from == answer->step->to && m->step->to == answer->step->from)
			return m->step;
	}
	return NULL;
}

/* What the receiver tells of a message that the sender has told of; NULL: it is the first to. */
static struct told_message *same_of(GArray *all, const struct heard *h, const char *from,
				    const char *to)
{
	array_foreach(struct told_message, m, all)
		if (!m->received && m->step->from == from && m->step->to == to &&
		    m->status == (int)member_integer(h->event, "status") &&
		    member_is(h->event, "method", m->method) && m->step->time_us <= heard_us(h))
			return m;
	return NULL;
}

static void say_sip(struct step *p, const struct heard *h, bool forwarded)
{
	const char *method = member_text(h->event, "method");
	int status = (int)member_integer(h->event, "status");
	g_autofree char *what =
		status != 0 ? g_strdup_printf("%d to %s", status, method) : g_strdup(method);
	g_autofree char *name = status != 0 ? g_strdup_printf("SIP %d", status) :
				forwarded   ? g_strdup("SIP forwarded") :
					      g_strdup_printf("SIP %s", method);
	bool sdp = member_is(h->event, "content", "application/sdp");

	story_say(p, name,
		  &(struct story_words){.what = what, .value = sdp ? "with the candidates" : NULL});
	g_free(p->title);
	p->title = status != 0 ? g_strdup_printf("%d (%s)", status, method) : g_strdup(method);
}

/* Who got it tells so: a record that was cut in other pieces on its way can't be followed. */
static void arrive(struct step *p)
{
	g_clear_pointer(&p->lost, story_loss_free);
}

static void note_received(struct told_message *m, const struct heard *h)
{
	m->received = true;
	arrive(m->step);
	if (!m->step->sip)
		m->step->sip = g_strdup(member_text(h->event, "text"));
}

static void add_sip(struct story_maker *k, GArray *all, const struct heard *h)
{
	const char *node = node_of_agent(h->agent), *text = member_text(h->event, "peer"), *peer;
	struct told_message m = {.method = member_text(h->event, "method"),
				 .status = (int)member_integer(h->event, "status")};
	bool sent = member_true(h->event, "sent");
	const char *from, *to;
	struct addr a;
	uint16_t port;

	peer = addr_port_parse(text, &a, &port) ? story_node_of(k, &a, port) : NULL;
	if (!peer || !m.method)
		return;
	peer = g_intern_string(peer);
	from = sent ? node : peer;
	to = sent ? peer : node;
	if (is_foreign(k, h, from, to))
		return;
	if (!sent && same_of(all, h, from, to)) {
		note_received(same_of(all, h, from, to), h);
		return;
	}
	m.step = story_add(k, heard_us(h), from, to);
	m.received = !sent;
	m.step->fields = g_ptr_array_new_with_free_func(object_free);
	add_text_field(m.step->fields, "Call-ID", member_text(h->event, "call"));
	add_text_field(m.step->fields, "Content-Type", member_text(h->event, "content"));
	m.step->sip = g_strdup(member_text(h->event, "text"));
	say_sip(m.step, h, !scope_takes_part(k->scope, from));
	if (!scope_takes_part(k->scope, from) && !scope_takes_part(k->scope, to))
		m.step->back = passed_on_back(all, &m);
	m.step->answers = request_of(all, &m);
	if (m.step->answers)
		arrive(m.step->answers);
	carry(k, m.step,
	      record_of(k, &(struct told_way){.from = from,
					      .to = to,
					      .peer = &a,
					      .port = port,
					      .sent = sent,
					      .time_us = m.step->time_us,
					      .before_us = sent ? RECORD_EARLY_US : RECORD_LATE_US,
					      .after_us = sent ? RECORD_LATE_US : 0}));
	if (m.received)
		arrive(m.step);
	g_array_append_val(all, m);
}

/* --- other events ----------------------------------------------------------------------------- */

static void add_web(struct story_maker *k, const struct heard *h)
{
	const json_t *server = json_object_get(h->event, "server");
	const char *address = member_text(server, "address"), *name = member_text(server, "name"),
		   *reason = member_text(h->event, "reason"), *to;
	const char *path = member_text(h->event, "path");
	guint port = (guint)member_integer(server, "port");
	g_autofree char *url = g_strdup_printf("https://%s%s", name ? name : "?", path ? path : "");
	g_autofree char *says = g_strdup_printf("HTTP %d", (int)member_integer(h->event, "status"));
	struct addr a;
	struct step *p;

	if (!address || !addr_parse(address, &a))
		return;
	to = story_node_of(k, &a, port);
	p = story_add(k, heard_us(h), h->agent, to);
	p->fields = g_ptr_array_new_with_free_func(object_free);
	add_text_field(p->fields, "URL", url);
	add_text_field(p->fields, "result", reason ? reason : says);
	add_text_field(p->fields, "location", member_text(h->event, "access_location"));
	add_text_field(p->fields, "next", member_text(h->event, "next"));
	story_say(p, "HTTP GET",
		  &(struct story_words){.what = url, .value = reason ? reason : says});
	carry(k, p,
	      record_of(k, &(struct told_way){.from = p->from,
					      .peer = &a,
					      .port = port,
					      .sent = true,
					      .time_us = p->time_us,
					      .before_us = WEB_BEFORE_US}));
}

/* What a relay was not able to send never was a packet. */
static void add_send_error(struct story_maker *k, const struct heard *h)
{
	const char *text = member_text(h->event, "text"), *to = member_text(h->event, "to"),
		   *node = node_of_agent(h->agent), *peer;
	struct addr a;
	uint16_t port;
	struct step *p;

	if (!addr_port_parse(to, &a, &port))
		return;
	peer = story_node_of(k, &a, port);
	if (!peer || !scope_takes_part(k->scope, peer) || !story_is_own(k, &a, port))
		return;
	p = story_add(k, heard_us(h), node, peer);
	p->fields = g_ptr_array_new_with_free_func(object_free);
	add_text_field(p->fields, "from", member_text(h->event, "from"));
	add_text_field(p->fields, "to", to);
	add_text_field(p->fields, "error", text);
	story_say(p, "not sent", &(struct story_words){.what = to, .value = text});
	p->lost = story_loss_unsent(k, node, &a,
				    g_strdup_printf("The kernel of %s did not send it to %s: %s.",
						    node, to, text ? text : "an error"));
}

static char *candidate_text(const json_t *candidate)
{
	const char *address = member_text(candidate, "address"),
		   *type = member_text(candidate, "type");
	g_autofree char *at = addr_port_text(address ? address : "?",
					     (unsigned)member_integer(candidate, "port"));

	return g_strdup_printf("%s %s", type ? type : "?", at);
}

static void add_selected(struct story_maker *k, const struct heard *h)
{
	g_autofree char *local = candidate_text(json_object_get(h->event, "local")),
			*remote = candidate_text(json_object_get(h->event, "remote"));
	struct step *p = story_add(k, heard_us(h), h->agent, h->agent);

	story_say(p, "ICE selected", &(struct story_words){.what = local, .value = remote});
}

static void add_result(struct story_maker *k, const struct heard *h)
{
	const char *reason = member_text(h->event, "reason"),
		   *verdict = member_text(h->event, "verdict");
	struct step *p = story_add(k, heard_us(h), h->agent, h->agent);

	story_say(p, reason ? "call failed" : "call result",
		  &(struct story_words){.what = verdict, .value = reason});
}

static void add_signed_in(struct story_maker *k, const struct heard *h)
{
	const json_t *server = json_object_get(h->event, "server");
	struct step *p = story_add(k, heard_us(h), h->agent, h->agent);

	story_say(p, "signed in",
		  &(struct story_words){.what = member_text(server, "name"),
					.value = member_text(json_object_get(h->event, "relay"),
							     "address")});
}

static void add_sign_in_failed(struct story_maker *k, const struct heard *h)
{
	struct step *p = story_add(k, heard_us(h), h->agent, h->agent);

	story_say(p, "sign-in failed",
		  &(struct story_words){.what = member_text(h->event, "stage"),
					.value = member_text(h->event, "reason")});
}

static void add_dns(struct story_maker *k, const struct heard *h)
{
	const json_t *servers = json_object_get(h->event, "servers"),
		     *answers = json_object_get(h->event, "answer");
	const char *server = json_string_value(json_array_get(servers, 0)),
		   *says = json_string_value(json_array_get(answers, 0));
	struct addr a;
	struct step *p;

	/* else the packets tell it */
	if (k->s->seen->packets || !server || !addr_parse(server, &a))
		return;
	p = story_add(k, heard_us(h), h->agent, story_node_of(k, &a, 53));
	story_say(p, "DNS query", &(struct story_words){.what = member_text(h->event, "query")});
	add_text_field(p->fields = g_ptr_array_new_with_free_func(object_free), "answer",
		       says ? says : member_text(h->event, "error"));
}

static const struct {
	const char *name;
	void (*add)(struct story_maker *k, const struct heard *h);
	bool of_ends; /* told of the call's own ends only */
} told_events[] = {
	{EVENT_DNS, add_dns, true},
	{EVENT_WEB, add_web, true},
	{EVENT_SIGNED_IN, add_signed_in, true},
	{EVENT_SIGN_IN_FAILED, add_sign_in_failed, true},
	{EVENT_SELECTED, add_selected, true},
	{EVENT_SEND_ERROR, add_send_error, false},
	{EVENT_CALL_RESULT, add_result, true},
	{EVENT_IM_RESULT, add_result, true},
	{EVENT_CONFERENCE_RESULT, add_result, true},
};

void story_add_events(struct story_maker *k)
{
	g_autoptr(GArray) messages = g_array_new(FALSE, TRUE, sizeof(struct told_message));

	ptr_array_foreach(const struct heard, h, k->s->seen->heard) {
		if (member_is(h->event, "event", EVENT_SIP))
			add_sip(k, messages, h);
		for (guint i = 0; i < G_N_ELEMENTS(told_events); i++)
			if (member_is(h->event, "event", told_events[i].name) &&
			    (!told_events[i].of_ends || scope_takes_part(k->scope, h->agent)))
				told_events[i].add(k, h);
	}
}
