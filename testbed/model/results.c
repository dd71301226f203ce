/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/results.h"

#include "testbed/model/witness.h"

#include <math.h>

#define QUALITY_NONE                                                                           \
	{                                                                                      \
		.rtt_ms = NAN, .jitter_ms = NAN, .loss_pct = NAN, .mos = NAN, .delay_ms = NAN, \
		.delay_max_ms = NAN, .degradation = NAN                                        \
	}

/* --- shapes ----------------------------------------------------------------------------------- */

const struct object_shape result_endpoint_shape =
	OBJECT_SHAPE(result_endpoint, NULL, OWNS_TEXT(result_endpoint, name),
		     OWNS_TEXT(result_endpoint, site), OWNS_TEXT(result_endpoint, address));

static const struct object_shape results_shape =
	OBJECT_SHAPE(results, NULL, OWNS_TEXT(results, run_id), OWNS_TEXT(results, version),
		     OWNS_TEXT(results, kernel), OWNS_TEXT(results, topology_name),
		     OWNS_TEXT(results, topology_sha256), OWNS_TEXT(results, topology_file),
		     OWNS(results, changes, (GDestroyNotify)g_strfreev),
		     OWNS(results, features, (GDestroyNotify)g_hash_table_unref),
		     OWNS_LIST(results, endpoints, object_free),
		     OWNS_LIST(results, scenarios, object_free));

static const struct object_shape scenario_shape =
	OBJECT_SHAPE(scenario_result, NULL, OWNS_TEXT(scenario_result, name),
		     OWNS_TEXT(scenario_result, title), OWNS_TEXT(scenario_result, error),
		     OWNS_LIST(scenario_result, cells, object_free));

static const struct object_shape stream_shape =
	OBJECT_SHAPE(cell_stream, (&(const struct cell_stream){.quality = QUALITY_NONE}),
		     OWNS_TEXT(cell_stream, kind), OWNS_TEXT(cell_stream, receiver),
		     OWNS_TEXT(cell_stream, poor));

static const struct object_shape source_shape =
	OBJECT_SHAPE(cell_source, NULL, OWNS_TEXT(cell_source, participant));

static const struct object_shape loss_test_shape = OBJECT_SHAPE(
	cell_loss_test, NULL, OWNS_TEXT(cell_loss_test, receiver), OWNS_TEXT(cell_loss_test, of));

static const struct cell_leg leg_defaults = {
	.path = PATH_NONE, .setup_ms = NAN, .quality = QUALITY_NONE};
static const struct object_shape leg_shape =
	OBJECT_SHAPE(cell_leg, &leg_defaults, OWNS_TEXT(cell_leg, participant),
		     OWNS_LIST(cell_leg, sources, object_free));

const struct object_shape cell_hop_shape =
	OBJECT_SHAPE(cell_hop, NULL, OWNS_TEXT(cell_hop, node), OWNS_TEXT(cell_hop, iface));

const struct object_shape cell_tunnel_shape =
	OBJECT_SHAPE(cell_tunnel, NULL, OWNS_TEXT(cell_tunnel, tunnel),
		     OWNS_TEXT(cell_tunnel, node), OWNS_TEXT(cell_tunnel, iface),
		     OWNS_TEXT(cell_tunnel, underlay));

static const struct cell cell_defaults = {
	.verdict = VERDICT_ERROR,
	.path = PATH_NONE,
	.setup_ms = NAN,
	.duration_ms = NAN,
	.quality = QUALITY_NONE,
};
static const struct object_shape cell_shape = OBJECT_SHAPE(
	cell, &cell_defaults, OWNS_TEXT(cell, id), OWNS_TEXT(cell, scenario), OWNS_TEXT(cell, a),
	OWNS_TEXT(cell, b), OWNS_TEXT(cell, conference), OWNS_LIST(cell, participants, g_free),
	OWNS_LIST(cell, legs, object_free), OWNS_LIST(cell, streams, object_free),
	OWNS_LIST(cell, witnesses, witness_free), OWNS_LIST(cell, loss_tests, object_free),
	OWNS(cell, hops, (GDestroyNotify)g_ptr_array_unref),
	OWNS(cell, tunnels, (GDestroyNotify)g_ptr_array_unref), OWNS_TEXT(cell, reason),
	OWNS_TEXT(cell, cause), OWNS_TEXT(cell, local.type), OWNS_TEXT(cell, local.address),
	OWNS_TEXT(cell, local.transport), OWNS_TEXT(cell, remote.type),
	OWNS_TEXT(cell, remote.address), OWNS_TEXT(cell, remote.transport),
	OWNS_TEXT(cell, expected_cause));

/* --- making and freeing ----------------------------------------------------------------------- */

results *results_new(void)
{
	results *r = object_new(&results_shape);

	r->features = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return r;
}

void results_free(results *r)
{
	object_free(r);
}

struct cell_quality cell_quality_none(void)
{
	return (struct cell_quality)QUALITY_NONE;
}

struct cell_stream *cell_stream_new(const char *kind, const char *receiver)
{
	struct cell_stream *s = object_new(&stream_shape);

	s->kind = g_strdup(kind);
	s->receiver = g_strdup(receiver);
	return s;
}

void cell_add_loss_test(struct cell *c, const char *receiver, const char *of,
			const struct cell_loss_test *test)
{
	struct cell_loss_test *t = object_new(&loss_test_shape);

	*t = *test;
	t->receiver = g_strdup(receiver);
	t->of = g_strdup(of);
	g_ptr_array_add(c->loss_tests, t);
}

void cell_leg_add_source(struct cell_leg *l, const char *participant, guint64 received,
			 guint64 expected)
{
	struct cell_source *s = object_new(&source_shape);

	s->participant = g_strdup(participant);
	s->received = received;
	s->expected = expected;
	g_ptr_array_add(l->sources, s);
}

struct cell_leg *cell_leg_new(const char *participant)
{
	struct cell_leg *l = object_new(&leg_shape);

	l->participant = g_strdup(participant);
	return l;
}

struct cell *cell_new(void)
{
	return object_new(&cell_shape);
}

static void candidate_clear(struct cell_candidate *c)
{
	g_free(c->type);
	g_free(c->address);
	g_free(c->transport);
	*c = (struct cell_candidate){.port = 0};
}

void cell_reset(struct cell *c)
{
	g_clear_pointer(&c->reason, g_free);
	g_clear_pointer(&c->cause, g_free);
	g_clear_pointer(&c->hops, g_ptr_array_unref);
	g_clear_pointer(&c->tunnels, g_ptr_array_unref);
	g_ptr_array_set_size(c->streams, 0);
	g_ptr_array_set_size(c->legs, 0);
	candidate_clear(&c->local);
	candidate_clear(&c->remote);
	c->done = c->as_expected = c->has_ice_warn = false;
	c->verdict = cell_defaults.verdict;
	c->path = cell_defaults.path;
	c->code = REASON_NONE;
	c->setup_ms = c->duration_ms = NAN;
	c->quality = cell_quality_none();
	c->machine_late_ms = c->machine_lost = 0;
	c->ms_client_diagnostics = 0;
	c->ice_warn = 0;
}

void cell_free(struct cell *c)
{
	object_free(c);
}

struct scenario_result *scenario_result_new(const char *name, const char *title)
{
	struct scenario_result *s = object_new(&scenario_shape);

	s->name = g_strdup(name);
	s->title = g_strdup(title);
	return s;
}

/* --- judging and counting --------------------------------------------------------------------- */

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

bool cell_mended(const struct cell *c)
{
	return c->done && c->verdict == VERDICT_PASS && c->expected_verdict == VERDICT_FAIL;
}

struct results_summary results_summarise(const results *r)
{
	struct results_summary sum = {.cells = 0};

	ptr_array_foreach(const struct scenario_result, s, r->scenarios)
		for (guint j = 0; j < s->cells->len; j++)
			count_cell(&sum, g_ptr_array_index(s->cells, j));
	return sum;
}

void results_add_endpoints(results *r, const model *m)
{
	ptr_array_foreach(const struct node, n, m->nodes) {
		struct result_endpoint *e;
		struct addr address = node_address(n);
		char buf[ADDR_TEXT_MAX];
		bool seen = false;

		for (guint k = 0; k < r->endpoints->len && !seen; k++)
			seen = g_str_equal(((struct result_endpoint *)r->endpoints->pdata[k])->name,
					   n->name);
		if (!n->endpoint || seen)
			continue;
		e = object_new(&result_endpoint_shape);
		e->name = g_strdup(n->name);
		e->site = g_strdup(n->site);
		e->address = addr_is_set(&address) ? g_strdup(addr_print(&address, buf)) : NULL;
		g_ptr_array_add(r->endpoints, e);
	}
}
