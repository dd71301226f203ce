/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/results.h"

#include <math.h>

static void endpoint_result_free(gpointer data)
{
	struct result_endpoint *endpoint = data;

	g_free(endpoint->name);
	g_free(endpoint->site);
	g_free(endpoint->address);
	g_free(endpoint);
}

static void cell_destroy(gpointer data)
{
	cell_free(data);
}

static void scenario_result_destroy(gpointer data)
{
	scenario_result_free(data);
}

results *results_new(void)
{
	results *r = g_new0(results, 1);

	r->features = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	r->endpoints = g_ptr_array_new_with_free_func(endpoint_result_free);
	r->scenarios = g_ptr_array_new_with_free_func(scenario_result_destroy);
	return r;
}

void results_free(results *r)
{
	if (!r)
		return;
	g_free(r->run_id);
	g_free(r->version);
	g_free(r->kernel);
	g_free(r->topology_name);
	g_free(r->topology_sha256);
	g_free(r->topology_file);
	g_hash_table_unref(r->features);
	g_ptr_array_unref(r->endpoints);
	g_ptr_array_unref(r->scenarios);
	g_free(r);
}

struct cell_quality cell_quality_none(void)
{
	return (struct cell_quality){.rtt_ms = NAN,
				     .jitter_ms = NAN,
				     .loss_pct = NAN,
				     .mos = NAN,
				     .delay_ms = NAN,
				     .delay_max_ms = NAN,
				     .degradation = NAN};
}

struct cell_stream *cell_stream_new(const char *kind, const char *receiver)
{
	struct cell_stream *s = g_new0(struct cell_stream, 1);

	s->kind = g_strdup(kind);
	s->receiver = g_strdup(receiver);
	s->quality = cell_quality_none();
	return s;
}

static void cell_stream_free(gpointer data)
{
	struct cell_stream *s = data;

	g_free(s->kind);
	g_free(s->receiver);
	g_free(s->poor);
	g_free(s);
}

static void cell_source_free(gpointer data)
{
	struct cell_source *s = data;

	g_free(s->participant);
	g_free(s);
}

void cell_leg_add_source(struct cell_leg *l, const char *participant, guint64 received,
			 guint64 expected)
{
	struct cell_source *s = g_new0(struct cell_source, 1);

	s->participant = g_strdup(participant);
	s->received = received;
	s->expected = expected;
	g_ptr_array_add(l->sources, s);
}

struct cell_leg *cell_leg_new(const char *participant)
{
	struct cell_leg *l = g_new0(struct cell_leg, 1);

	l->participant = g_strdup(participant);
	l->path = PATH_NONE;
	l->sources = g_ptr_array_new_with_free_func(cell_source_free);
	l->setup_ms = NAN;
	l->quality = cell_quality_none();
	return l;
}

static void cell_leg_free(gpointer data)
{
	struct cell_leg *l = data;

	g_free(l->participant);
	g_ptr_array_unref(l->sources);
	g_free(l);
}

void cell_hop_free(gpointer hop)
{
	struct cell_hop *h = hop;

	g_free(h->node);
	g_free(h->iface);
	g_free(h);
}

void cell_tunnel_free(gpointer tunnel)
{
	struct cell_tunnel *t = tunnel;

	g_free(t->tunnel);
	g_free(t->node);
	g_free(t->iface);
	g_free(t->underlay);
	g_free(t);
}

struct cell *cell_new(void)
{
	struct cell *c = g_new0(struct cell, 1);

	c->participants = g_ptr_array_new_with_free_func(g_free);
	c->legs = g_ptr_array_new_with_free_func(cell_leg_free);
	c->streams = g_ptr_array_new_with_free_func(cell_stream_free);
	c->verdict = VERDICT_ERROR;
	c->path = PATH_NONE;
	c->setup_ms = NAN;
	c->duration_ms = NAN;
	c->quality = cell_quality_none();
	return c;
}

static void candidate_clear(struct cell_candidate *candidate)
{
	g_free(candidate->type);
	g_free(candidate->address);
	g_free(candidate->transport);
}

void cell_free(struct cell *c)
{
	if (!c)
		return;
	g_free(c->id);
	g_free(c->scenario);
	g_free(c->a);
	g_free(c->b);
	g_free(c->conference);
	g_ptr_array_unref(c->participants);
	g_ptr_array_unref(c->legs);
	g_ptr_array_unref(c->streams);
	g_clear_pointer(&c->hops, g_ptr_array_unref);
	g_clear_pointer(&c->tunnels, g_ptr_array_unref);
	g_free(c->reason);
	g_free(c->cause);
	candidate_clear(&c->local);
	candidate_clear(&c->remote);
	g_free(c->expected_cause);
	g_free(c);
}

struct scenario_result *scenario_result_new(const char *name, const char *title)
{
	struct scenario_result *s = g_new0(struct scenario_result, 1);

	s->name = g_strdup(name);
	s->title = g_strdup(title);
	s->cells = g_ptr_array_new_with_free_func(cell_destroy);
	return s;
}

void scenario_result_free(struct scenario_result *s)
{
	if (!s)
		return;
	g_free(s->name);
	g_free(s->title);
	g_free(s->error);
	g_ptr_array_unref(s->cells);
	g_free(s);
}

void cell_judge(struct cell *c)
{
	bool verdict = c->done && c->verdict == c->expected_verdict;
	bool path = !c->has_expected_path || (c->expected_path_mask & (1u << c->path));
	bool cause = !c->expected_cause || !c->cause || g_str_equal(c->expected_cause, c->cause);

	c->as_expected = verdict && path && cause;
}

static void count_cell(struct results_summary *sum, const struct cell *c)
{
	sum->cells++;
	if (!c->done)
		sum->not_run++;
	else if (c->verdict == VERDICT_PASS)
		sum->passed++;
	else if (c->verdict == VERDICT_FAIL)
		sum->failed++;
	else
		sum->errors++;
	if (c->done && !c->as_expected)
		sum->unexpected++;
}

struct results_summary results_summarise(const results *r)
{
	struct results_summary sum = {.cells = 0};

	for (guint i = 0; i < r->scenarios->len; i++) {
		const struct scenario_result *s = g_ptr_array_index(r->scenarios, i);

		for (guint j = 0; j < s->cells->len; j++)
			count_cell(&sum, g_ptr_array_index(s->cells, j));
	}
	return sum;
}
