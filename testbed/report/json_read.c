/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/json.h"

#include <math.h>
#include <stdlib.h>

static char *member_text(const json_t *object, const char *key)
{
	return g_strdup(json_string_value(json_object_get(object, key)));
}

static double member_figure(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	return json_is_number(v) ? json_number_value(v) : (double)NAN;
}

static guint64 member_count(const json_t *object, const char *key)
{
	return (guint64)json_integer_value(json_object_get(object, key));
}

static void read_candidate(struct cell_candidate *c, const json_t *json)
{
	c->type = member_text(json, "type");
	c->address = member_text(json, "address");
	c->port = (unsigned)member_count(json, "port");
	c->transport = member_text(json, "transport");
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
	q->poor = json_is_true(json_object_get(json, "poor"));
}

static void read_streams(struct cell *c, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *json = json_array_get(list, i);
		struct cell_stream *s =
			cell_stream_new(json_string_value(json_object_get(json, "kind")),
					json_string_value(json_object_get(json, "receiver")));

		read_quality(&s->quality, json);
		s->poor = member_text(json, "poor");
		s->quality.poor = s->poor;
		g_ptr_array_add(c->streams, s);
	}
}

static struct cell_leg *read_leg(const json_t *json)
{
	struct cell_leg *l = cell_leg_new(json_string_value(json_object_get(json, "participant")));
	const json_t *sources = json_object_get(json, "sources");
	const char *path = json_string_value(json_object_get(json, "path"));

	if (!path_class_parse(path, &l->path))
		l->path = PATH_NONE;
	l->setup_ms = member_figure(json, "setup_ms");
	read_quality(&l->quality, json_object_get(json, "quality"));
	for (size_t i = 0; i < json_array_size(sources); i++) {
		const json_t *one = json_array_get(sources, i);

		cell_leg_add_source(l, json_string_value(json_object_get(one, "participant")),
				    member_count(one, "received"), member_count(one, "expected"));
	}
	return l;
}

static void read_conference(struct cell *c, const json_t *json)
{
	const json_t *legs = json_object_get(json, "legs");

	c->ad_hoc = g_strcmp0(json_string_value(json_object_get(json, "start")), "ad-hoc") == 0;
	for (size_t i = 0; i < json_array_size(legs); i++)
		g_ptr_array_add(c->legs, read_leg(json_array_get(legs, i)));
}

static void read_hops(struct cell *c, const json_t *list)
{
	if (!list)
		return;
	c->hops = g_ptr_array_new_with_free_func(object_free);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *json = json_array_get(list, i);
		struct cell_hop *h = object_new(&cell_hop_shape);

		h->node = member_text(json, "node");
		h->iface = member_text(json, "interface");
		h->rx_packets = member_count(json, "rx_packets");
		h->rx_bytes = member_count(json, "rx_bytes");
		h->tx_packets = member_count(json, "tx_packets");
		h->tx_bytes = member_count(json, "tx_bytes");
		g_ptr_array_add(c->hops, h);
	}
}

static void read_tunnels(struct cell *c, const json_t *list)
{
	if (!c->hops)
		return;
	c->tunnels = g_ptr_array_new_with_free_func(object_free);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *json = json_array_get(list, i);
		struct cell_tunnel *t = object_new(&cell_tunnel_shape);

		t->tunnel = member_text(json, "tunnel");
		t->node = member_text(json, "node");
		t->iface = member_text(json, "interface");
		t->underlay = member_text(json, "underlay");
		t->packets = member_count(json, "packets");
		t->inner_bytes = member_count(json, "inner_bytes");
		t->outer_bytes = member_count(json, "outer_bytes");
		g_ptr_array_add(c->tunnels, t);
	}
}

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
	c->expected_path_mask = path_mask(json_string_value(json_object_get(json, "path")));
	c->has_expected_path = c->expected_path_mask != 0;
	c->expected_cause = member_text(json, "cause");
	if (!verdict_parse(json_string_value(json_object_get(json, "verdict")),
			   &c->expected_verdict))
		c->expected_verdict = VERDICT_PASS;
}

static void read_outcome(struct cell *c, const json_t *json)
{
	const json_t *diagnostics = json_object_get(json, "diagnostics");
	const char *warn = json_string_value(json_object_get(diagnostics, "ice_warn"));
	const char *path = json_string_value(json_object_get(json, "path"));

	c->done = verdict_parse(json_string_value(json_object_get(json, "verdict")), &c->verdict);
	c->as_expected = json_is_true(json_object_get(json, "as_expected"));
	if (!path_class_parse(path, &c->path))
		c->path = PATH_NONE;
	c->cause = member_text(json, "cause");
	c->reason = member_text(json, "reason");
	c->code = reason_by_code(json_string_value(json_object_get(json, "code")));
	c->setup_ms = member_figure(json, "setup_ms");
	c->duration_ms = member_figure(json, "duration_ms");
	c->ms_client_diagnostics = (int)member_count(diagnostics, "ms_client_diagnostics");
	c->has_ice_warn = warn;
	c->ice_warn = warn ? (guint32)strtoul(warn, NULL, 0) : 0;
}

struct cell *report_cell_parse(const json_t *json, const char *scenario)
{
	const json_t *selected = json_object_get(json, "selected");
	const json_t *participants = json_object_get(json, "participants");
	const char *media = json_string_value(json_object_get(json, "media"));
	struct cell *c = cell_new();

	c->id = member_text(json, "id");
	c->scenario = g_strdup(scenario);
	c->a = member_text(json, "a");
	c->b = member_text(json, "b");
	c->conference = member_text(json, "conference");
	if (!c->id || !c->a || !media_parse(media, &c->media)) {
		cell_free(c);
		return NULL;
	}
	for (size_t i = 0; i < json_array_size(participants); i++)
		g_ptr_array_add(c->participants,
				g_strdup(json_string_value(json_array_get(participants, i))));
	read_expected(c, json_object_get(json, "expected"));
	read_outcome(c, json);
	read_candidate(&c->local, json_object_get(selected, "local"));
	read_candidate(&c->remote, json_object_get(selected, "remote"));
	read_quality(&c->quality, json_object_get(json, "quality"));
	read_streams(c, json_object_get(json, "streams"));
	read_conference(c, json);
	read_hops(c, json_object_get(json, "hops"));
	read_tunnels(c, json_object_get(json, "tunnels"));
	return c;
}

static struct scenario_result *read_scenario(const json_t *json)
{
	const char *name = json_string_value(json_object_get(json, "name"));
	const json_t *cells = json_object_get(json, "cells");
	struct scenario_result *s;

	if (!name)
		return NULL;
	s = scenario_result_new(name, json_string_value(json_object_get(json, "title")));
	s->build_ms = member_figure(json, "build_ms");
	s->error = member_text(json, "error");
	for (size_t i = 0; i < json_array_size(cells); i++) {
		struct cell *c = report_cell_parse(json_array_get(cells, i), name);

		if (c)
			g_ptr_array_add(s->cells, c);
	}
	return s;
}

static void read_run(results *r, const json_t *json)
{
	const char *key;
	json_t *value;

	r->run_id = member_text(json, "id");
	r->seed = member_count(json, "seed");
	r->version = member_text(json, "version");
	r->kernel = member_text(json, "kernel");
	r->wall_ms = member_figure(json, "wall_ms");
	r->build_ms = member_figure(json, "build_ms");
	json_object_foreach(json_object_get(json, "features"), key, value)
		g_hash_table_replace(r->features, g_strdup(key),
				     g_strdup(json_string_value(value)));
}

static void read_topology(results *r, const json_t *json)
{
	const json_t *endpoints = json_object_get(json, "endpoints");

	r->topology_name = member_text(json, "name");
	r->topology_sha256 = member_text(json, "sha256");
	r->topology_file = member_text(json, "file");
	for (size_t i = 0; i < json_array_size(endpoints); i++) {
		const json_t *one = json_array_get(endpoints, i);
		struct result_endpoint *e = object_new(&result_endpoint_shape);

		e->name = member_text(one, "name");
		e->site = member_text(one, "site");
		e->address = member_text(one, "address");
		g_ptr_array_add(r->endpoints, e);
	}
}

results *report_results_parse(const json_t *document, GError **error)
{
	const json_t *scenarios = json_object_get(document, "scenarios");
	results *r;

	if (g_strcmp0(json_string_value(json_object_get(document, "schema")), REPORT_SCHEMA) != 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "not a '%s' document", REPORT_SCHEMA);
		return NULL;
	}
	r = results_new();
	r->complete = json_is_true(json_object_get(document, "complete"));
	read_run(r, json_object_get(document, "run"));
	read_topology(r, json_object_get(document, "topology"));
	for (size_t i = 0; i < json_array_size(scenarios); i++) {
		struct scenario_result *s = read_scenario(json_array_get(scenarios, i));

		if (s)
			g_ptr_array_add(r->scenarios, s);
	}
	return r;
}
