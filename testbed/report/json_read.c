/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/json.h"

#include "testbed/model/witness.h"

#include <math.h>
#include <stdlib.h>

/* A document that is being read.  Reading goes on after an error, but the result is thrown away. */
struct reading {
	char *wrong; /* the first error: which member of what is wrong, and how; NULL: none */
};

/* A member's text, which the caller frees; NULL: it is missing or no text. */
static char *text_copy(const json_t *object, const char *key)
{
	return g_strdup(member_text(object, key));
}

/* Notes an error, if it is the first one. */
static void note_wrong(struct reading *r, const char *what, const char *key, const char *how)
{
	if (!r->wrong)
		r->wrong = g_strdup_printf("'%s' of %s %s", key, what, how);
}

/* A member that must be there; if it is not, an error is noted and "" returned.  The caller frees
 * it. */
static char *required_text(struct reading *r, const json_t *object, const char *what,
			   const char *key)
{
	const char *value = member_text(object, key);

	if (!value)
		note_wrong(r, what, key, "is no text");
	return g_strdup(value ? value : "");
}

static void read_candidate(struct cell_candidate *c, const json_t *json)
{
	c->type = text_copy(json, "type");
	c->address = text_copy(json, "address");
	c->port = (unsigned)member_count(json, "port");
	c->transport = text_copy(json, "transport");
}

static void read_quality(struct cell_quality *q, const json_t *json)
{
	q->rtt_ms = member_figure(json, "rtt_ms");
	q->jitter_ms = member_figure(json, "jitter_ms");
	q->loss_pct = member_figure(json, "loss_pct");
	q->mos = member_figure(json, "mos");
	q->sent = member_count(json, "sent");
	q->received = member_count(json, "received");
	q->delay_ms = member_figure(json, "delay_ms");
	q->delay_max_ms = member_figure(json, "delay_max_ms");
	q->degradation = member_figure(json, "degradation");
	q->burst_max = member_count(json, "burst_max");
	q->poor = member_true(json, "poor");
}

static void read_streams(struct reading *r, struct cell *c, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *json = json_array_get(list, i);
		g_autofree char *kind = required_text(r, json, "a stream", "kind"),
				*receiver = required_text(r, json, "a stream", "receiver");
		struct cell_stream *s = cell_stream_new(kind, receiver);

		read_quality(&s->quality, json);
		s->poor = text_copy(json, "poor");
		s->quality.poor = s->poor;
		g_ptr_array_add(c->streams, s);
	}
}

static void read_loss_tests(struct reading *r, struct cell *c, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *json = json_array_get(list, i);
		g_autofree char *receiver = required_text(r, json, "a loss test", "receiver"),
				*of = required_text(r, json, "a loss test", "of"),
				*verdict = required_text(r, json, "a loss test", "verdict");
		struct cell_loss_test test = {.packets = member_count(json, "packets"),
					      .lost = member_count(json, "lost"),
					      .limit_pct = member_figure(json, "limit_pct"),
					      .error_rate = member_figure(json, "error_rate")};

		if (!verdict_parse(verdict, &test.verdict))
			test.verdict = VERDICT_ERROR;
		cell_add_loss_test(c, receiver, of, &test);
	}
}

/* Reads what one participant of a conference reported; the caller frees it. */
static struct cell_leg *read_leg(struct reading *r, const json_t *json)
{
	g_autofree char *participant = required_text(r, json, "a leg", "participant");
	struct cell_leg *l = cell_leg_new(participant);
	const json_t *sources = json_object_get(json, "sources");
	const char *path = member_text(json, "path");

	if (!path_class_parse(path, &l->path))
		l->path = PATH_NONE;
	l->setup_ms = member_figure(json, "setup_ms");
	read_quality(&l->quality, json_object_get(json, "quality"));
	for (size_t i = 0; i < json_array_size(sources); i++) {
		const json_t *one = json_array_get(sources, i);
		g_autofree char *sender = required_text(r, one, "a source", "participant");

		cell_leg_add_source(l, sender, member_count(one, "received"),
				    member_count(one, "expected"));
	}
	return l;
}

/* Reads what only conferences have: how it started, and the legs. */
static void read_conference(struct reading *r, struct cell *c, const json_t *json)
{
	const json_t *legs = json_object_get(json, "legs");

	c->ad_hoc = member_is(json, "start", "ad-hoc");
	for (size_t i = 0; i < json_array_size(legs); i++)
		g_ptr_array_add(c->legs, read_leg(r, json_array_get(legs, i)));
}

static void read_hops(struct reading *r, struct cell *c, const json_t *list)
{
	if (!list)
		return;
	c->hops = g_ptr_array_new_with_free_func(object_free);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *json = json_array_get(list, i);
		struct cell_hop *h = object_new(&cell_hop_shape);

		h->node = required_text(r, json, "a hop", "node");
		h->iface = required_text(r, json, "a hop", "interface");
		h->rx_packets = member_count(json, "rx_packets");
		h->rx_bytes = member_count(json, "rx_bytes");
		h->tx_packets = member_count(json, "tx_packets");
		h->tx_bytes = member_count(json, "tx_bytes");
		g_ptr_array_add(c->hops, h);
	}
}

/* Reads the cost of tunnels; nothing for a cell without hops. */
static void read_tunnels(struct reading *r, struct cell *c, const json_t *list)
{
	if (!c->hops)
		return;
	c->tunnels = g_ptr_array_new_with_free_func(object_free);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *json = json_array_get(list, i);
		struct cell_tunnel *t = object_new(&cell_tunnel_shape);

		t->tunnel = required_text(r, json, "a tunnel", "tunnel");
		t->node = required_text(r, json, "a tunnel", "node");
		t->iface = required_text(r, json, "a tunnel", "interface");
		t->underlay = required_text(r, json, "a tunnel", "underlay");
		t->packets = member_count(json, "packets");
		t->inner_bytes = member_count(json, "inner_bytes");
		t->outer_bytes = member_count(json, "outer_bytes");
		g_ptr_array_add(c->tunnels, t);
	}
}

static void read_witnesses(struct reading *r, struct cell *c, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *json = json_array_get(list, i);
		g_autofree char *where = required_text(r, json, "a witness", "where");
		enum witness_kind kind;

		if (!witness_kind_parse(member_text(json, "kind"), &kind))
			note_wrong(r, "a witness", "kind", "is none");
		else
			g_ptr_array_add(c->witnesses,
					witness_new(kind, where, member_count(json, "amount"),
						    (gint64)member_count(json, "from_us"),
						    (gint64)member_count(json, "to_us")));
	}
}

/* Bits of path classes from names joined by "|"; NULL or unknown names: none. */
static unsigned path_mask(const char *names)
{
	g_auto(GStrv) list = g_strsplit(names ? names : "", "|", 0);
	unsigned mask = 0;
	enum path_class p;

	for (guint i = 0; list[i]; i++) {
		if (path_class_parse(list[i], &p))
			mask |= 1u << p;
	}
	return mask;
}

static void read_expected(struct cell *c, const json_t *json)
{
	c->expected_path_mask = path_mask(member_text(json, "path"));
	c->has_expected_path = c->expected_path_mask != 0;
	c->expected_cause = text_copy(json, "cause");
	if (!verdict_parse(member_text(json, "verdict"), &c->expected_verdict))
		c->expected_verdict = VERDICT_PASS;
}

/* Reads the result; a cell without verdict is not done. */
static void read_outcome(struct cell *c, const json_t *json)
{
	const json_t *diagnostics = json_object_get(json, "diagnostics");
	const char *warn = member_text(diagnostics, "ice_warn");
	const char *path = member_text(json, "path");

	c->done = verdict_parse(member_text(json, "verdict"), &c->verdict);
	c->as_expected = member_true(json, "as_expected");
	if (!path_class_parse(path, &c->path))
		c->path = PATH_NONE;
	c->cause = text_copy(json, "cause");
	c->reason = text_copy(json, "reason");
	c->code = reason_by_code(member_text(json, "code"));
	c->measured = MAX((guint)member_count(json, "measured"), c->done ? 1 : 0);
	c->machine_late_ms = member_count(json, "machine_late_ms");
	c->machine_lost = member_count(json, "machine_lost");
	c->setup_ms = member_figure(json, "setup_ms");
	c->duration_ms = member_figure(json, "duration_ms");
	c->ms_client_diagnostics = (int)member_count(diagnostics, "ms_client_diagnostics");
	c->has_ice_warn = warn;
	c->ice_warn = warn ? (guint32)strtoul(warn, NULL, 0) : 0;
}

/* Reads id, medium and participants, and checks that they fit each other. */
static void read_parties(struct reading *r, struct cell *c, const json_t *json)
{
	const json_t *participants = json_object_get(json, "participants");
	g_autofree char *medium = required_text(r, json, "a cell", "media");
	bool is_conference;

	c->id = required_text(r, json, "a cell", "id");
	c->number = (guint)MIN(member_count(json, "number"), G_MAXUINT);
	c->a = required_text(r, json, c->id, "a");
	c->b = text_copy(json, "b");
	c->conference = text_copy(json, "conference");
	if (!media_parse(medium, &c->media))
		note_wrong(r, c->id, "media", "is none");
	is_conference = c->media == MEDIA_IM_CONFERENCE || c->media == MEDIA_AV_CONFERENCE;
	if (is_conference == !c->conference || is_conference == (c->b != NULL))
		note_wrong(r, c->id, "conference", "does not fit its 'media' and 'b'");
	for (size_t i = 0; i < json_array_size(participants); i++) {
		const char *name = json_string_value(json_array_get(participants, i));

		if (!name)
			note_wrong(r, c->id, "participants", "has something that is no text");
		g_ptr_array_add(c->participants, g_strdup(name ? name : ""));
	}
}

/* Reads a cell; the caller frees it.  Errors are noted in `r`; then the cell is incomplete. */
static struct cell *read_cell(struct reading *r, const json_t *json, const char *scenario)
{
	const json_t *selected = json_object_get(json, "selected");
	struct cell *c = cell_new();

	c->scenario = g_strdup(scenario);
	read_parties(r, c, json);
	read_expected(c, json_object_get(json, "expected"));
	read_outcome(c, json);
	read_candidate(&c->local, json_object_get(selected, "local"));
	read_candidate(&c->remote, json_object_get(selected, "remote"));
	read_quality(&c->quality, json_object_get(json, "quality"));
	read_streams(r, c, json_object_get(json, "streams"));
	read_loss_tests(r, c, json_object_get(json, "loss_tests"));
	read_conference(r, c, json);
	read_hops(r, c, json_object_get(json, "hops"));
	read_tunnels(r, c, json_object_get(json, "tunnels"));
	read_witnesses(r, c, json_object_get(json, "witnesses"));
	return c;
}

/* Ends the reading; false with `error` (TB_ERROR_INPUT) when one was noted. */
static bool reading_end(struct reading *r, GError **error)
{
	if (!r->wrong)
		return true;
	g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "%s", r->wrong);
	g_free(r->wrong);
	return false;
}

struct cell *report_cell_parse(const json_t *json, const char *scenario, GError **error)
{
	struct reading r = {NULL};
	struct cell *c = read_cell(&r, json, scenario);

	if (reading_end(&r, error))
		return c;
	cell_free(c);
	return NULL;
}

static struct scenario_result *read_scenario(struct reading *r, const json_t *json)
{
	g_autofree char *name = required_text(r, json, "a scenario", "name");
	const json_t *cells = json_object_get(json, "cells");
	struct scenario_result *s = scenario_result_new(name, member_text(json, "title"));

	s->build_ms = member_figure(json, "build_ms");
	s->error = text_copy(json, "error");
	if (!json_is_array(cells))
		note_wrong(r, name, "cells", "is no list");
	for (size_t i = 0; i < json_array_size(cells); i++)
		g_ptr_array_add(s->cells, read_cell(r, json_array_get(cells, i), name));
	return s;
}

/* The texts of a list, which the caller frees; empty: no list. */
char **report_strv_parse(const json_t *list)
{
	g_autoptr(GStrvBuilder) texts = g_strv_builder_new();

	for (size_t i = 0; i < json_array_size(list); i++)
		if (json_is_string(json_array_get(list, i)))
			g_strv_builder_add(texts, json_string_value(json_array_get(list, i)));
	return g_strv_builder_end(texts);
}

static void read_run(struct reading *reading, results *r, const json_t *json)
{
	const json_t *shard = json_object_get(json, "shard");
	const char *key;
	json_t *value;

	r->shard = (guint)MIN(member_count(shard, "index"), G_MAXUINT);
	r->shards = (guint)MIN(member_count(shard, "count"), G_MAXUINT);
	r->shards_cells = (guint)MIN(member_count(shard, "cells"), G_MAXUINT);
	r->run_id = required_text(reading, json, "the run", "id");
	r->seed = (guint64)member_integer(json, "seed");
	r->version = text_copy(json, "version");
	r->kernel = text_copy(json, "kernel");
	r->changes = report_strv_parse(json_object_get(json, "changes"));
	r->wall_ms = member_figure(json, "wall_ms");
	r->build_ms = member_figure(json, "build_ms");
	json_object_foreach(json_object_get(json, "features"), key, value)
		if (json_is_string(value))
			g_hash_table_replace(r->features, g_strdup(key),
					     g_strdup(json_string_value(value)));
}

static void read_topology(struct reading *reading, results *r, const json_t *json)
{
	const json_t *endpoints = json_object_get(json, "endpoints");

	r->topology_name = text_copy(json, "name");
	r->topology_sha256 = text_copy(json, "sha256");
	r->topology_file = text_copy(json, "file");
	for (size_t i = 0; i < json_array_size(endpoints); i++) {
		const json_t *one = json_array_get(endpoints, i);
		struct result_endpoint *e = object_new(&result_endpoint_shape);

		e->name = required_text(reading, one, "an endpoint", "name");
		e->site = text_copy(one, "site");
		e->address = text_copy(one, "address");
		g_ptr_array_add(r->endpoints, e);
	}
}

results *report_results_parse(const json_t *document, GError **error)
{
	const json_t *scenarios = json_object_get(document, "scenarios");
	struct reading reading = {NULL};
	results *r;

	if (!member_is(document, "schema", REPORT_SCHEMA)) {
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "not a '%s' document", REPORT_SCHEMA);
		return NULL;
	}
	r = results_new();
	r->complete = member_true(document, "complete");
	read_run(&reading, r, json_object_get(document, "run"));
	read_topology(&reading, r, json_object_get(document, "topology"));
	if (!json_is_array(scenarios))
		note_wrong(&reading, "the results", "scenarios", "is no list");
	for (size_t i = 0; i < json_array_size(scenarios); i++)
		g_ptr_array_add(r->scenarios,
				read_scenario(&reading, json_array_get(scenarios, i)));
	if (reading_end(&reading, error))
		return r;
	results_free(r);
	return NULL;
}
