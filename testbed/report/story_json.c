/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/story_json.h"

#include "testbed/report/explain_json.h"
#include "testbed/report/json.h"
#include "testbed/report/sessions_text.h"

#include <string.h>

/* --- small parts ------------------------------------------------------------------------------ */

static json_t *text_json(const char *text)
{
	g_autofree char *valid = text ? g_utf8_make_valid(text, -1) : NULL;

	return valid ? json_string(valid) : json_null();
}

static json_t *address_json(const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	return json_string(addr_print(a, text));
}

/* Members that most hops or steps do not have are left out where they would be null. */
static void set_text(json_t *object, const char *key, const char *text)
{
	if (text)
		json_object_set_new(object, key, text_json(text));
}

/* --- hops ------------------------------------------------------------------------------------- */

struct writer {
	const story *s;
	const char *vpn;
	json_t *ways;	   /* of a packed cell; NULL: it is not packed */
	GHashTable *known; /* a way's bytes -> its number and 1 */
	gint64 now_us;	   /* as in the source */
};

static json_t *outer_json(const struct writer *w, const struct story_hop *h)
{
	const struct tunnel *t = h->tunnel;
	bool udp = tunnel_is_udp(t->kind);
	const char *kind =
		t->kind == TUNNEL_WIREGUARD && w->vpn ? w->vpn : tunnel_kind_name(t->kind);

	return json_pack("{s:s, s:s, s:o, s:i, s:o, s:i, s:o}", "tunnel", t->name, "proto",
			 udp ? "udp" : tunnel_kind_name(t->kind), "src",
			 address_json(&t->ends[h->tunnel_from].underlay), "sport",
			 udp ? (int)t->port : 0, "dst",
			 address_json(&t->ends[1 - h->tunnel_from].underlay), "dport",
			 udp ? (int)t->port : 0, "kind", text_json(kind));
}

static json_t *time_json(const struct writer *w, const struct story_hop *h)
{
	return json_integer((json_int_t)(h->at->time_ns / 1000) - w->s->seen->clock_offset_us -
			    w->s->zero_us);
}

static json_t *hop_json(const struct writer *w, const struct story_hop *h)
{
	const struct sighting *s = h->at;
	json_t *hop =
		json_pack("{s:o, s:o, s:b, s:s, s:o, s:i, s:o, s:i}", "node", text_json(s->node),
			  "iface", text_json(s->iface), "out", (int)s->out, "proto",
			  ip_proto_name(s->proto), "src", address_json(&s->src), "sport",
			  (int)s->sport, "dst", address_json(&s->dst), "dport", (int)s->dport);

	if (!w->ways)
		json_object_set_new(hop, "t_us", time_json(w, h));
	if (s->bytes)
		json_object_set_new(hop, "ttl", json_integer(dissect_ttl(s)));
	if (h->tunnel)
		json_object_set_new(hop, "outer", outer_json(w, h));
	set_text(hop, "nat", h->nat);
	set_text(hop, "relay", h->relay);
	return hop;
}

static json_t *hops_json(const struct writer *w, const struct step *p)
{
	json_t *list = json_array();

	array_foreach(const struct story_hop, h, p->hops)
		json_array_append_new(list, hop_json(w, h));
	return list;
}

static void append_text(GByteArray *bytes, const char *text)
{
	text = text ? text : "";
	g_byte_array_append(bytes, (const guint8 *)text, (guint)strlen(text) + 1);
}

/* All that is written of the hops but their times. */
static GBytes *way_bytes(const struct step *p)
{
	GByteArray *bytes = g_byte_array_new();

	array_foreach(const struct story_hop, h, p->hops) {
		const struct sighting *s = h->at;
		const guint numbers[] = {s->out,   dissect_ttl(s), (guint)s->proto,
					 s->sport, s->dport,	   h->tunnel_from};

		append_text(bytes, s->node);
		append_text(bytes, s->iface);
		append_text(bytes, h->nat);
		append_text(bytes, h->relay);
		g_byte_array_append(bytes, (const guint8 *)numbers, sizeof numbers);
		g_byte_array_append(bytes, (const guint8 *)&h->tunnel, sizeof h->tunnel);
		g_byte_array_append(bytes, s->src.bytes, sizeof s->src.bytes);
		g_byte_array_append(bytes, s->dst.bytes, sizeof s->dst.bytes);
	}
	return g_byte_array_free_to_bytes(bytes);
}

/* A cell has hundreds of steps over some ten ways, and the hops of a way differ in their times
 * only. */
static void set_way(const struct writer *w, const struct step *p, json_t *step)
{
	GBytes *key = way_bytes(p);
	gsize number = GPOINTER_TO_SIZE(g_hash_table_lookup(w->known, key));
	json_t *times = json_array();

	if (number == 0) {
		json_array_append_new(w->ways, hops_json(w, p));
		number = json_array_size(w->ways);
		g_hash_table_insert(w->known, key, GSIZE_TO_POINTER(number));
	} else {
		g_bytes_unref(key);
	}
	array_foreach(const struct story_hop, h, p->hops)
		json_array_append_new(times, time_json(w, h));
	json_object_set_new(step, "way", json_integer((json_int_t)number - 1));
	json_object_set_new(step, "times", times);
}

/* --- steps ------------------------------------------------------------------------------------ */

static json_t *lost_json(const struct story_loss *l)
{
	json_t *lost = json_pack("{s:o, s:o, s:o, s:s?}", "node", text_json(l->node), "iface",
				 text_json(l->iface), "text", text_json(l->text), "code", l->code);

	set_text(lost, "route", l->route);
	set_text(lost, "rule", l->rule);
	return lost;
}

/* Fields that are drawn by lot and only tell one packet from another: they can't be made smaller,
 * and the numbers of steps tell them apart, too. */
static bool is_drawn(const char *field)
{
	static const char *const drawn[] = {"transaction", "sequence number", "time stamp", NULL};

	return g_strv_contains(drawn, field);
}

static json_t *message_json(const struct writer *w, const struct step *p)
{
	json_t *fields = json_array();

	ptr_array_foreach(const struct packet_field, f, p->fields)
		if (!w->ways || !is_drawn(f->name))
			json_array_append_new(fields,
					      json_pack("[s, o]", f->name, text_json(f->value)));
	return json_pack("{s:o, s:o}", "fields", fields, "sip", text_json(p->sip));
}

static bool is_on_the_way(const struct writer *w, const struct step *p)
{
	const struct story_hop *last =
		p->hops->len > 0 ? &g_array_index(p->hops, struct story_hop, p->hops->len - 1) :
				   NULL;

	return w->now_us != 0 && p->lost && last &&
	       w->now_us + w->s->seen->clock_offset_us - (gint64)(last->at->time_ns / 1000) <
		       STORY_ON_THE_WAY_US;
}

static json_t *step_json(const struct writer *w, const struct step *p)
{
	bool waits = is_on_the_way(w, p);
	json_t *step = json_pack(
		"{s:i, s:I, s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:i, s:o, s:o, s:o}", "n", (int)p->n,
		"t_us", (json_int_t)(p->time_us - w->s->zero_us), "phase",
		story_phase_name(p->phase), "protocol", p->protocol, "from", text_json(p->from),
		"to", text_json(p->to), "side", p->back ? "back" : "there", "title",
		text_json(p->title), "text", text_json(p->text), "count", (int)p->count, "lost",
		p->lost && !waits ? lost_json(p->lost) : json_null(), "message",
		p->fields || p->sip ? message_json(w, p) : json_null(), "related", json_array());

	if (waits)
		json_object_set_new(step, "waits", json_true());
	if (p->count > 1)
		json_object_set_new(step, "until_us",
				    json_integer((json_int_t)(p->until_us - w->s->zero_us)));
	if (w->ways && p->hops->len > 0)
		set_way(w, p, step);
	else
		json_object_set_new(step, "hops", hops_json(w, p));
	if (p->answers)
		json_array_append_new(json_object_get(step, "related"),
				      json_integer(p->answers->n));
	return step;
}

/* --- pairs and quality ------------------------------------------------------------------------ */

static json_t *end_json(const char *type, const struct addr *a, guint port, const char *transport)
{
	return json_pack("{s:s?, s:o, s:i, s:s}", "type", type, "address", address_json(a), "port",
			 (int)port, "transport", transport);
}

static json_t *pair_json(gconstpointer item)
{
	const struct story_pair *p = item;
	const struct sighting *first = g_array_index(p->check->hops, const struct story_hop, 0).at;
	const char *transport = ip_proto_name(first->proto);

	return json_pack("{s:o, s:s?, s:i, s:i, s:o, s:o, s:s, s:o}", "end",
			 text_json(p->check->from), "stream", p->stream, "step", (int)p->check->n,
			 "checks", (int)p->check->count, "local",
			 end_json(p->local_type, &p->local, p->local_port, transport), "remote",
			 end_json(p->remote_type, &p->remote, p->remote_port, transport), "verdict",
			 p->verdict, "why", text_json(p->why));
}

/* [t_ms, delay_ms] of the packets of a stream that were captured at both ends. */
static json_t *delays_json(const story *s, const struct cell_stream *stream)
{
	json_t *list = json_array();

	ptr_array_foreach(const struct step, p, s->steps) {
		const char *kind = p->delays ? story_stream_of(s, p) : NULL;

		if (!p->delays || g_strcmp0(p->to, stream->receiver) != 0 ||
		    (kind && !g_str_equal(kind, stream->kind)))
			continue;
		array_foreach(const struct story_delay, d, p->delays)
			json_array_append_new(
				list, json_pack("[f, f]", (double)(d->time_us - s->zero_us) / 1e3,
						d->ms));
	}
	return list;
}

/* How the stream went, by the result of the end that received it; the caller owns it.  NULL: it
 * does not tell. */
static json_t *course_json(const story *s, const struct cell_stream *one)
{
	const json_t *streams = NULL, *stream;
	size_t i;

	ptr_array_foreach(const struct heard, h, s->seen->heard)
		if (g_str_equal(h->agent, one->receiver) &&
		    (member_is(h->event, "event", EVENT_CALL_RESULT) ||
		     member_is(h->event, "event", EVENT_CONFERENCE_RESULT)))
			streams = json_object_get(h->event, "streams");
	json_array_foreach((json_t *)(guintptr)streams, i, stream) {
		const json_t *course = json_object_get(stream, "course"),
			     *intervals = json_object_get(course, "intervals");
		gint64 begins_us = member_integer(course, "begins_us") - s->zero_us;

		if (member_is(stream, "kind", one->kind) && intervals)
			return json_pack("{s:f, s:I, s:O}", "begins_ms", (double)begins_us / 1e3,
					 "every_ms", member_integer(course, "every_ms"),
					 "intervals", intervals);
	}
	return NULL;
}

static json_t *quality_json(const story *s)
{
	json_t *list = json_array();

	ptr_array_foreach(const struct cell_stream, one, s->cell->streams) {
		const struct cell_quality *q = &one->quality;

		json_array_append_new(
			list,
			json_pack("{s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o*}",
				  "end", text_json(one->receiver), "stream", text_json(one->kind),
				  "sent", (json_int_t)q->sent, "received", (json_int_t)q->received,
				  "rtt_ms", report_figure_json(q->rtt_ms), "jitter_ms",
				  report_figure_json(q->jitter_ms), "loss_pct",
				  report_figure_json(q->loss_pct), "mos",
				  report_figure_json(q->mos), "delay_ms",
				  report_figure_json(q->delay_ms), "delay_max_ms",
				  report_figure_json(q->delay_max_ms), "delays",
				  delays_json(s, one), "course", course_json(s, one)));
	}
	return list;
}

/* --- the cell --------------------------------------------------------------------------------- */

static json_t *ends_json(const model *m, const struct cell *c)
{
	json_t *list = json_array();

	ptr_array_foreach(const char, name, c->participants) {
		const struct node *n = model_node(m, name);

		json_array_append_new(list, json_pack("{s:o, s:s?}", "name", text_json(name),
						      "site", n ? n->site : NULL));
	}
	return list;
}

json_t *story_cell_json(const struct story_source *from)
{
	const struct cell *c = from->cell;
	const explanation *x = from->explanation;
	g_autoptr(story) s = story_new(from->model, from->seen, c, x ? x->finding : NULL);
	g_autoptr(GPtrArray) pairs = story_pairs(s);
	const struct writer w = {s, from->vpn, from->packed ? json_array() : NULL,
				 g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
						       (GDestroyNotify)g_bytes_unref, NULL),
				 from->now_us};
	json_t *steps = json_array(), *lanes = json_array();
	json_t *cell = json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:n}", "id",
		text_json(c->id), "scenario", text_json(c->scenario), "verdict",
		c->done ? json_string(verdict_name(c->verdict)) : json_null(), "path",
		c->done ? json_string(path_class_name(c->path)) : json_null(), "reason",
		text_json(c->reason), "evidence", from->seen->packets != NULL, "ends",
		ends_json(from->model, c), "lanes", lanes, "zero", s->zero, "steps", steps,
		"explanation", x ? explain_json(x) : json_null(), "pairs",
		report_list_json(pairs, pair_json), "sessions", sessions_json(from->seen, c),
		"quality", quality_json(s), "trial");

	ptr_array_foreach(const char, lane, s->lanes)
		json_array_append_new(lanes, text_json(lane));
	ptr_array_foreach(const struct step, p, s->steps)
		json_array_append_new(steps, step_json(&w, p));
	if (w.ways)
		json_object_set_new(cell, "ways", w.ways);
	if (from->now_us != 0)
		json_object_set_new(cell, "zero_us",
				    json_integer(s->zero_us + from->seen->clock_offset_us));
	g_hash_table_unref(w.known);
	return cell;
}

json_t *story_trial_json(const struct trial *t, const fix *mend, json_t *with)
{
	g_autofree char *change = fix_text(mend);

	return json_pack("{s:o, s:s, s:s, s:b, s:o}", "change", text_json(change), "verdict",
			 verdict_name(t->verdict), "path", path_class_name(t->path), "mended",
			 (int)t->mended, "story", with);
}
