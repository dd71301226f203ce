/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/json.h"

#include "testbed/model/witness.h"
#include "testbed/report/hops.h"

#include <math.h>
#include <stdlib.h>

json_t *report_figure_json(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

/* A text, made valid UTF-8; null for NULL. */
static json_t *text_json(const char *value)
{
	g_autofree char *valid = value ? g_utf8_make_valid(value, -1) : NULL;

	return valid ? json_string(valid) : json_null();
}

json_t *report_list_json(const GPtrArray *list, json_t *(*item_json)(gconstpointer item))
{
	json_t *array = json_array();

	for (guint i = 0; list && i < list->len; i++)
		json_array_append_new(array, item_json(list->pdata[i]));
	return array;
}

/* A list of texts that ends with NULL (NULL: an empty one). */
static json_t *strv_json(char *const *list)
{
	json_t *array = json_array();

	for (; list && *list; list++)
		json_array_append_new(array, text_json(*list));
	return array;
}

static json_t *text_item_json(gconstpointer item)
{
	return text_json(item);
}

json_t *report_texts_json(const GPtrArray *list)
{
	return report_list_json(list, text_item_json);
}

/* A candidate; null when there is none. */
static json_t *candidate_json(const struct cell_candidate *c)
{
	if (!c->type)
		return json_null();
	return json_pack("{s:o, s:o, s:i, s:o}", "type", text_json(c->type), "address",
			 text_json(c->address), "port", (int)c->port, "transport",
			 text_json(c->transport));
}

/* The selected pair of the caller; null when there is none. */
static json_t *selected_json(const struct cell *c)
{
	if (!c->local.type)
		return json_null();
	return json_pack("{s:o, s:o}", "local", candidate_json(&c->local), "remote",
			 candidate_json(&c->remote));
}

/* The figures of a call or stream. */
static json_t *quality_json(const struct cell_quality *q)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:I, s:b}", "rtt_ms",
			 report_figure_json(q->rtt_ms), "jitter_ms",
			 report_figure_json(q->jitter_ms), "loss_pct",
			 report_figure_json(q->loss_pct), "mos", report_figure_json(q->mos), "sent",
			 (json_int_t)q->sent, "received", (json_int_t)q->received, "delay_ms",
			 report_figure_json(q->delay_ms), "delay_max_ms",
			 report_figure_json(q->delay_max_ms), "degradation",
			 report_figure_json(q->degradation), "burst_max", (json_int_t)q->burst_max,
			 "poor", (int)q->poor);
}

/* The figures of one stream in one direction; "poor" is here the reason, or null. */
static json_t *stream_json(gconstpointer item)
{
	const struct cell_stream *s = item;
	json_t *json = quality_json(&s->quality);

	json_object_set_new(json, "kind", text_json(s->kind));
	json_object_set_new(json, "receiver", text_json(s->receiver));
	json_object_set_new(json, "poor", text_json(s->poor));
	return json;
}

static json_t *diagnostics_json(const struct cell *c)
{
	g_autofree char *warn = c->has_ice_warn ? g_strdup_printf("0x%x", c->ice_warn) : NULL;

	return json_pack("{s:o, s:o}", "ms_client_diagnostics",
			 c->ms_client_diagnostics > 0 ? json_integer(c->ms_client_diagnostics) :
							json_null(),
			 "ice_warn", text_json(warn));
}

/* Names of the path classes, joined by "|"; null: any. */
static json_t *expected_path_json(const struct cell *c)
{
	g_autoptr(GString) names = g_string_new(NULL);

	if (!c->has_expected_path)
		return json_null();
	for (enum path_class p = 0; p < PATH_COUNT; p++) {
		if (c->expected_path_mask & 1u << p)
			g_string_append_printf(names, "%s%s", names->len > 0 ? "|" : "",
					       path_class_name(p));
	}
	return json_string(names->str);
}

static json_t *expected_json(const struct cell *c)
{
	return json_pack("{s:s, s:o, s:o}", "verdict", verdict_name(c->expected_verdict), "path",
			 expected_path_json(c), "cause", text_json(c->expected_cause));
}

/* How many packets of one participant another has received in a conference. */
static json_t *source_json(gconstpointer item)
{
	const struct cell_source *s = item;

	return json_pack("{s:o, s:I, s:I}", "participant", text_json(s->participant), "received",
			 (json_int_t)s->received, "expected", (json_int_t)s->expected);
}

/* What one participant of a conference reported. */
static json_t *leg_json(gconstpointer item)
{
	const struct cell_leg *l = item;

	return json_pack("{s:o, s:s, s:o, s:o, s:o}", "participant", text_json(l->participant),
			 "path", path_class_name(l->path), "setup_ms",
			 report_figure_json(l->setup_ms), "quality", quality_json(&l->quality),
			 "sources", report_list_json(l->sources, source_json));
}

static json_t *witness_json(gconstpointer item)
{
	const struct witness *w = item;

	return json_pack("{s:s, s:o, s:I, s:s, s:I, s:I}", "kind", witness_kind_name(w->kind),
			 "where", text_json(w->where), "amount", (json_int_t)w->amount, "unit",
			 witness_counts_packets(w->kind) ? "packets" : "ms", "from_us",
			 (json_int_t)w->from_us, "to_us", (json_int_t)w->to_us);
}

static json_t *loss_test_json(gconstpointer item)
{
	const struct cell_loss_test *t = item;

	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:f, s:f}", "receiver", t->receiver, "of",
			 t->of, "verdict", verdict_name(t->verdict), "packets",
			 (json_int_t)t->packets, "lost", (json_int_t)t->lost, "limit_pct",
			 t->limit_pct, "error_rate", t->error_rate);
}

static json_t *hop_json(gconstpointer item)
{
	const struct cell_hop *h = item;

	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I}", "node", h->node, "interface", h->iface,
			 "rx_packets", (json_int_t)h->rx_packets, "rx_bytes",
			 (json_int_t)h->rx_bytes, "tx_packets", (json_int_t)h->tx_packets,
			 "tx_bytes", (json_int_t)h->tx_bytes);
}

static json_t *tunnel_json(gconstpointer item)
{
	const struct cell_tunnel *t = item;

	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:f}", "tunnel", t->tunnel,
			 "node", t->node, "interface", t->iface, "underlay", t->underlay, "packets",
			 (json_int_t)t->packets, "inner_bytes", (json_int_t)t->inner_bytes,
			 "outer_bytes", (json_int_t)t->outer_bytes, "overhead_bytes",
			 (json_int_t)(t->outer_bytes - t->inner_bytes), "overhead_pct",
			 report_overhead_pct(t));
}

json_t *report_cell_json(const struct cell *c)
{
	json_t *json = json_pack("{s:o, s:o, s:o, s:s, s:o, s:o}", "id", text_json(c->id), "a",
				 text_json(c->a), "b", text_json(c->b), "media",
				 media_name(c->media), "conference", text_json(c->conference),
				 "participants", report_texts_json(c->participants));

	if (c->number > 0)
		json_object_set_new(json, "number", json_integer(c->number));
	json_object_set_new(json, "verdict",
			    c->done ? json_string(verdict_name(c->verdict)) : json_null());
	json_object_set_new(json, "path", json_string(path_class_name(c->path)));
	json_object_set_new(json, "expected", expected_json(c));
	json_object_set_new(json, "as_expected",
			    c->done ? json_boolean(c->as_expected) : json_null());
	json_object_set_new(json, "cause", text_json(c->cause));
	reason_set(json, c->code, c->reason);
	json_object_set_new(json, "setup_ms", report_figure_json(c->setup_ms));
	json_object_set_new(json, "duration_ms", report_figure_json(c->duration_ms));
	json_object_set_new(json, "selected", selected_json(c));
	json_object_set_new(json, "quality", quality_json(&c->quality));
	json_object_set_new(json, "streams", report_list_json(c->streams, stream_json));
	if (c->loss_tests->len > 0)
		json_object_set_new(json, "loss_tests",
				    report_list_json(c->loss_tests, loss_test_json));
	if (c->hops) {
		json_object_set_new(json, "hops", report_list_json(c->hops, hop_json));
		json_object_set_new(json, "tunnels", report_list_json(c->tunnels, tunnel_json));
	}
	json_object_set_new(json, "diagnostics", diagnostics_json(c));
	if (c->measured > 1)
		json_object_set_new(json, "measured", json_integer(c->measured));
	if (c->witnesses->len > 0)
		json_object_set_new(json, "witnesses",
				    report_list_json(c->witnesses, witness_json));
	if (c->machine_late_ms > 0)
		json_object_set_new(json, "machine_late_ms",
				    json_integer((json_int_t)c->machine_late_ms));
	if (c->machine_lost > 0)
		json_object_set_new(json, "machine_lost",
				    json_integer((json_int_t)c->machine_lost));
	if (!c->b) {
		json_object_set_new(json, "start", json_string(c->ad_hoc ? "ad-hoc" : "scheduled"));
		json_object_set_new(json, "legs", report_list_json(c->legs, leg_json));
	}
	return json;
}

/* One scenario; cells that were not run only with `pending`. */
static json_t *scenario_json(const struct scenario_result *s, bool pending)
{
	json_t *cells = json_array();

	ptr_array_foreach(const struct cell, c, s->cells)
		if (c->done || pending)
			json_array_append_new(cells, report_cell_json(c));
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "name", text_json(s->name), "title",
			 text_json(s->title), "build_ms", report_figure_json(s->build_ms), "error",
			 text_json(s->error), "cells", cells);
}

/* What holds for the whole run: id, versions, times, features. */
static json_t *run_json(const results *r)
{
	json_t *features = json_object(), *run;
	GHashTableIter iter;
	gpointer key, value;

	g_hash_table_iter_init(&iter, r->features);
	while (g_hash_table_iter_next(&iter, &key, &value))
		json_object_set_new(features, key, text_json(value));
	run = json_pack("{s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o}", "id", text_json(r->run_id),
			"changes", strv_json(r->changes), "seed", (json_int_t)r->seed, "version",
			text_json(r->version), "kernel", text_json(r->kernel), "wall_ms",
			report_figure_json(r->wall_ms), "build_ms", report_figure_json(r->build_ms),
			"features", features);
	if (r->shards > 0)
		json_object_set_new(run, "shard",
				    json_pack("{s:I, s:I, s:I}", "index", (json_int_t)r->shard,
					      "count", (json_int_t)r->shards, "cells",
					      (json_int_t)r->shards_cells));
	return run;
}

static json_t *endpoint_json(gconstpointer item)
{
	const struct result_endpoint *e = item;

	return json_pack("{s:o, s:o, s:o}", "name", text_json(e->name), "site", text_json(e->site),
			 "address", text_json(e->address));
}

static json_t *topology_json(const results *r)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "name", text_json(r->topology_name), "sha256",
			 text_json(r->topology_sha256), "file", text_json(r->topology_file),
			 "endpoints", report_list_json(r->endpoints, endpoint_json));
}

/* How many cells passed, failed, ... */
static json_t *summary_json(const results *r)
{
	struct results_summary s = results_summarise(r);

	return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i}", "cells", (int)s.cells, "passed",
			 (int)s.passed, "failed", (int)s.failed, "errors", (int)s.errors,
			 "unexpected", (int)s.unexpected, "not_run", (int)s.not_run);
}

json_t *report_results_json(const results *r, bool pending)
{
	json_t *scenarios = json_array();

	for (guint i = 0; i < r->scenarios->len; i++)
		json_array_append_new(scenarios, scenario_json(r->scenarios->pdata[i], pending));
	return json_pack("{s:s, s:b, s:o, s:o, s:o, s:o}", "schema", REPORT_SCHEMA, "complete",
			 r->complete, "run", run_json(r), "topology", topology_json(r), "scenarios",
			 scenarios, "summary", summary_json(r));
}

char *report_document_text(const json_t *document, size_t flags)
{
	char *dumped = json_dumps(document, JSON_INDENT(2) | flags);
	char *line = g_strconcat(dumped, "\n", NULL);

	free(dumped);
	return line;
}

char *report_results_text(const results *r)
{
	json_auto_t *document = report_results_json(r, false);

	return report_document_text(document, JSON_REAL_PRECISION(9));
}
