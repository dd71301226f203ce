/* SPDX-License-Identifier: GPL-2.0-or-later */
/* results.json and events.jsonl: the contract, and the way back. */
#include "testbed/report/events.h"
#include "tests/unit/report/sample.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static json_t *document_of(const results *r)
{
	g_autofree char *text = report_results_text(r);
	json_t *document = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	cr_assert_not_null(document, "is JSON");
	return document;
}

static json_t *cell_of(const json_t *document, const char *id)
{
	size_t i, k;
	json_t *s, *c;

	json_array_foreach(json_object_get(document, "scenarios"), i, s) {
		json_array_foreach(json_object_get(s, "cells"), k, c) {
			if (g_str_equal(json_string_value(json_object_get(c, "id")), id))
				return c;
		}
	}
	return NULL;
}

/* Members of the contract, with the kinds of value that they may have. */
struct member {
	const char *name;
	const char *kinds; /* one letter a kind: s string, n number, b bool, o object, a array, 0
			      null */
};

static char kind_of(const json_t *v)
{
	return json_is_string(v)  ? 's' :
	       json_is_number(v)  ? 'n' :
	       json_is_boolean(v) ? 'b' :
	       json_is_object(v)  ? 'o' :
	       json_is_array(v)	  ? 'a' :
				    '0';
}

static void expect_members(const json_t *object, const struct member *members, const char *where)
{
	cr_assert(json_is_object(object), "%s is an object", where);
	for (; members->name; members++) {
		const json_t *v = json_object_get(object, members->name);

		cr_expect_not_null(v, "%s.%s is there", where, members->name);
		cr_expect(v && strchr(members->kinds, kind_of(v)), "%s.%s is one of %s", where,
			  members->name, members->kinds);
	}
}

static const struct member top[] = {{"schema", "s"},   {"complete", "b"},  {"run", "o"},
				    {"topology", "o"}, {"scenarios", "a"}, {"summary", "o"},
				    {NULL, NULL}};
static const struct member run[] = {{"id", "s"},       {"seed", "n"},	 {"version", "s"},
				    {"kernel", "s"},   {"wall_ms", "n"}, {"build_ms", "n"},
				    {"features", "o"}, {NULL, NULL}};
static const struct member topology[] = {
	{"name", "s"}, {"sha256", "s"}, {"endpoints", "a"}, {NULL, NULL}};
static const struct member scenario[] = {
	{"name", "s"}, {"title", "s0"}, {"build_ms", "n0"}, {"cells", "a"}, {NULL, NULL}};
static const struct member cell[] = {
	{"id", "s"},	       {"a", "s"},	     {"b", "s0"},	 {"media", "s"},
	{"participants", "a"}, {"verdict", "s"},     {"path", "s"},	 {"expected", "o"},
	{"as_expected", "b"},  {"cause", "s0"},	     {"setup_ms", "n0"}, {"selected", "o0"},
	{"quality", "o"},      {"diagnostics", "o"}, {NULL, NULL}};
static const struct member expected[] = {
	{"verdict", "s"}, {"path", "s0"}, {"cause", "s0"}, {NULL, NULL}};
static const struct member quality[] = {{"rtt_ms", "n0"}, {"jitter_ms", "n0"}, {"loss_pct", "n0"},
					{"mos", "n0"},	  {"sent", "n"},       {"received", "n"},
					{NULL, NULL}};
static const struct member diagnostics[] = {
	{"ms_client_diagnostics", "n0"}, {"ice_warn", "s0"}, {NULL, NULL}};
static const struct member summary[] = {{"cells", "n"},	 {"passed", "n"},     {"failed", "n"},
					{"errors", "n"}, {"unexpected", "n"}, {NULL, NULL}};

static void expect_contract(const json_t *document)
{
	size_t i, k;
	json_t *s, *c;

	expect_members(document, top, "document");
	cr_expect_str_eq(json_string_value(json_object_get(document, "schema")),
			 "testbed.results/1");
	expect_members(json_object_get(document, "run"), run, "run");
	expect_members(json_object_get(document, "topology"), topology, "topology");
	expect_members(json_object_get(document, "summary"), summary, "summary");
	json_array_foreach(json_object_get(document, "scenarios"), i, s) {
		expect_members(s, scenario, "scenario");
		json_array_foreach(json_object_get(s, "cells"), k, c) {
			expect_members(c, cell, "cell");
			expect_members(json_object_get(c, "expected"), expected, "expected");
			expect_members(json_object_get(c, "quality"), quality, "quality");
			expect_members(json_object_get(c, "diagnostics"), diagnostics,
				       "diagnostics");
		}
	}
}

Test(json, follows_the_contract)
{
	g_autoptr(results) r = sample_results();
	json_t *document = document_of(r);
	json_t *fails = cell_of(document, "missing-route/branch1-home1/audio");
	json_t *passes = cell_of(document, "missing-route/dc1-branch1/audio");

	expect_contract(document);
	cr_expect_str_eq(json_string_value(json_object_get(json_object_get(fails, "diagnostics"),
							   "ice_warn")),
			 "0x3eb");
	cr_expect(json_is_null(json_object_get(fails, "selected")));
	cr_expect_str_eq(
		json_string_value(json_object_get(
			json_object_get(json_object_get(passes, "selected"), "local"), "type")),
		"host");
	cr_expect_float_eq(json_real_value(json_object_get(passes, "setup_ms")), 212.5, 1e-9);
	json_decref(document);
}

/* What was not seen is not there. */
Test(json, says_what_the_machine_did_to_the_figures)
{
	g_autoptr(results) r = sample_results();
	struct cell *c = sample_cell(r, "missing-route/dc1-branch1/audio");
	json_auto_t *quiet = report_cell_json(c), *busy = NULL;
	struct cell *back;

	cr_expect_null(json_object_get(quiet, "machine_late_ms"));
	cr_expect_null(json_object_get(quiet, "machine_lost"));
	c->machine_late_ms = 250;
	c->machine_lost = 3;
	busy = report_cell_json(c);
	back = report_cell_parse(busy, "missing-route", NULL);
	cr_assert(back);
	cr_expect_eq(back->machine_late_ms, 250u);
	cr_expect_eq(back->machine_lost, 3u);
	cell_free(back);
}

/* A whole document of figures that nobody measured is still JSON. */
Test(json, writes_null_for_what_was_not_measured)
{
	g_autoptr(results) r = sample_results();
	struct cell *c = sample_cell(r, "missing-route/dc1-branch1/audio");
	g_autofree char *text = NULL;
	json_t *document;

	r->wall_ms = 0;
	c->quality = (struct cell_quality){.rtt_ms = (double)NAN,
					   .jitter_ms = (double)INFINITY,
					   .loss_pct = -(double)INFINITY,
					   .mos = (double)NAN};
	c->setup_ms = (double)NAN;
	text = report_results_text(r);
	cr_expect_null(strstr(text, "nan"));
	cr_expect_null(strstr(text, "inf"));
	document = document_of(r);
	expect_contract(document);
	json_decref(document);
}

Test(json, survives_text_that_is_not_utf8)
{
	g_autoptr(results) r = sample_results();
	struct cell *c = sample_cell(r, "missing-route/branch1-home1/audio");
	json_t *document;

	g_free(c->reason);
	c->reason = g_strdup("bad \xff\xfe byte \"and quotes\" \n");
	document = document_of(r);
	expect_contract(document);
	json_decref(document);
}

Test(json, of_an_interrupted_run)
{
	g_autoptr(results) r = sample_results();
	const struct scenario_result *s = r->scenarios->pdata[1];
	json_t *document;

	r->complete = false;
	for (guint i = 0; i < s->cells->len; i++)
		((struct cell *)s->cells->pdata[i])->done = false;
	document = document_of(r);
	expect_contract(document);
	cr_expect(json_is_false(json_object_get(document, "complete")));
	cr_expect_null(cell_of(document, "persistent-route/dc1-home1/audio"),
		       "cells that were not run are left out");
	cr_expect_eq(json_integer_value(
			     json_object_get(json_object_get(document, "summary"), "not_run")),
		     s->cells->len);
	json_decref(document);
}

Test(json, several_expected_paths)
{
	g_autoptr(results) r = sample_results();
	json_t *document;

	sample_cell(r, "missing-route/dc1-home1/audio")->expected_path_mask |= 1u
									       << PATH_UDP_DIRECT;
	sample_cell(r, "missing-route/dc1-home2/audio")->has_expected_path = false;
	document = document_of(r);
	cr_expect_str_eq(json_string_value(json_object_get(
				 json_object_get(cell_of(document, "missing-route/dc1-home1/audio"),
						 "expected"),
				 "path")),
			 "udp-direct|udp-relay");
	cr_expect(json_is_null(json_object_get(
		json_object_get(cell_of(document, "missing-route/dc1-home2/audio"), "expected"),
		"path")));
	json_decref(document);
}

Test(json, is_read_back)
{
	g_autoptr(results) r = sample_results();
	json_t *document = document_of(r);
	g_autoptr(results) back = report_results_parse(document, NULL);
	g_autofree char *before = report_results_text(r), *after = NULL;

	cr_assert_not_null(back);
	after = report_results_text(back);
	cr_expect_str_eq(after, before);
	json_decref(document);
}

Test(json, refuses_other_documents)
{
	static const char *const texts[] = {"{}", "[]", "{\"schema\":\"other/1\"}",
					    "{\"schema\":7}"};

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		json_t *document = json_loads(texts[i], 0, NULL);
		g_autoptr(GError) error = NULL;

		cr_expect_null(report_results_parse(document, &error), "%s", texts[i]);
		cr_expect(g_error_matches(error, TB_ERROR, TB_ERROR_INPUT), "%s", texts[i]);
		json_decref(document);
	}
}

/* --- events ----------------------------------------------------------------------------------- */

static void append(GString *events, char *line)
{
	cr_expect(g_str_has_suffix(line, "\n"));
	cr_expect_eq(strchr(line, '\n'), line + strlen(line) - 1, "one line");
	g_string_append(events, line);
	g_free(line);
}

/* Everything that a run of these results would have written. */
static GString *events_of(results *r)
{
	GString *events = g_string_new(NULL);
	json_t *said = json_pack("{s:s, s:s, s:s, s:i}", "event", "cell-finished", "agent", "liar",
				 "scenario", "missing-route", "time_us", 1600);

	for (guint i = 0; i < r->scenarios->len; i++) {
		const struct scenario_result *s = r->scenarios->pdata[i];

		for (guint k = 0; k < s->cells->len; k++)
			((struct cell *)s->cells->pdata[k])->done = false;
	}
	append(events, report_event_run_started(r, 1000));
	for (guint i = 0; i < r->scenarios->len; i++) {
		const struct scenario_result *s = r->scenarios->pdata[i];

		append(events, report_event_lab_built(s, "wireguard-go", NULL, NULL, 1500));
		for (guint k = 0; k < s->cells->len; k++) {
			struct cell *c = s->cells->pdata[k];

			c->done = true;
			append(events, report_event_cell_started(c, 2000));
			append(events, report_event_agent(s->name, "dc1", said));
			append(events, report_event_cell_finished(c, 3000));
		}
	}
	append(events, report_event_run_finished(r, 4000));
	json_decref(said);
	return events;
}

/* `ret_findings`: NULL, or the caller frees it. */
static results *replay(const char *bytes, gsize length, char **ret_findings)
{
	const struct event_text t = {.path = "events.jsonl", .bytes = bytes, .length = length};
	g_autoptr(diags) d = diags_new();
	results *r = report_replay(&t, d);

	if (ret_findings)
		*ret_findings = diags_to_text(d);
	return r;
}

Test(events, tell_the_results_again)
{
	g_autoptr(results) r = sample_results();
	GString *events = events_of(r);
	g_autoptr(results) back = replay(events->str, events->len, NULL);
	g_autofree char *before = report_results_text(r), *after = NULL;

	cr_assert_not_null(back);
	after = report_results_text(back);
	cr_expect_str_eq(after, before);
	g_string_free(events, TRUE);
}

/* The power may fail between any two bytes. */
Test(events, cut_anywhere_give_incomplete_results)
{
	g_autoptr(results) r = sample_results();
	GString *events = events_of(r);
	const char *first = strchr(events->str, '\n');

	for (gsize length = 0; length < events->len; length += length < 200 ? 1 : 97) {
		g_autofree char *findings = NULL;
		g_autoptr(results) back = replay(events->str, length, &findings);

		if (length <= (gsize)(first - events->str)) {
			cr_assert_null(back, "%zu bytes: nothing has started", length);
			cr_assert(strstr(findings, "no run has started"), "'%s'", findings);
			continue;
		}
		cr_assert_str_eq(findings, "", "%zu bytes", length);
		cr_assert_not_null(back, "%zu bytes", length);
		cr_assert_not(back->complete, "%zu bytes", length);
	}
	g_string_free(events, TRUE);
}

/* Who said it is told by the lab, not by the agent. */
Test(events, agents_cannot_name_themselves)
{
	json_t *said = json_pack("{s:s, s:s, s:s, s:i}", "event", "log", "agent", "edge",
				 "scenario", "other", "time_us", 5);
	g_autofree char *line = report_event_agent("missing-route", "dc1", said);
	json_t *back = json_loads(line, 0, NULL);

	cr_expect_str_eq(json_string_value(json_object_get(back, "agent")), "dc1");
	cr_expect_str_eq(json_string_value(json_object_get(back, "scenario")), "missing-route");
	cr_expect_str_eq(json_string_value(json_object_get(back, "event")), "log");
	json_decref(back);
	json_decref(said);
}

Test(events, with_garbage_between)
{
	g_autoptr(results) r = sample_results();
	GString *events = events_of(r);
	g_autoptr(results) back = NULL;
	g_autofree char *findings = NULL;

	g_string_prepend(events, "\n{}\n[1,2]\nnot json\n\xff\n");
	g_string_append(events, "{\"event\":\"cell-finished\",\"agent\":null,\"cell\":7}\n{"
				"\"event\":\"cell-finished\",\"agent\":null,"
				"\"scenario\":\"missing-route\",\"cell\":{\"id\":\"x\"}}\n");
	back = replay(events->str, events->len, &findings);
	cr_assert_not_null(back);
	cr_expect_eq(results_summarise(back).cells, results_summarise(r).cells);
	cr_expect_str_eq(findings,
			 "events.jsonl:1:1: warning: skipped, for it is no event: '[' or '{' "
			 "expected near end of file\n"
			 "events.jsonl:2:1: warning: skipped, for it is no event: 'event' is no "
			 "text\n"
			 "events.jsonl:3:1: warning: skipped, for it is no event: 'event' is no "
			 "text\n"
			 "events.jsonl:4:3: warning: skipped, for it is no event: '[' or '{' "
			 "expected near 'not'\n"
			 "events.jsonl:5:1: warning: skipped, for it is no event: unable to decode "
			 "byte 0xff\n"
			 "events.jsonl:197:1: warning: skipped, for it is no cell: 'media' of a "
			 "cell is no text\n");
	g_string_free(events, TRUE);
}

/* The report of a run folder shows each participant's way, too. */
Test(json, a_conference_comes_back_with_every_leg)
{
	struct cell *c = cell_new(), *back;
	struct cell_leg *leg = cell_leg_new("branch1");
	json_t *json, *again;

	c->id = g_strdup("s/weekly/av-conference");
	c->a = g_strdup("dc1");
	c->conference = g_strdup("weekly");
	c->media = MEDIA_AV_CONFERENCE;
	c->ad_hoc = true;
	leg->path = PATH_UDP_RELAY;
	leg->setup_ms = 120;
	leg->quality.received = 50;
	cell_leg_add_source(leg, "dc1", 48, 50);
	g_ptr_array_add(c->legs, leg);
	c->code = REASON_NOT_HEARD;
	json = report_cell_json(c);
	back = report_cell_parse(json, "s", NULL);
	cr_assert_not_null(back);
	again = report_cell_json(back);
	cr_expect_str_eq(json_string_value(json_object_get(again, "start")), "ad-hoc");
	cr_expect_eq(json_array_size(json_object_get(again, "legs")), 1);
	cr_expect_eq(back->code, REASON_NOT_HEARD);
	cr_expect(json_equal(json_object_get(json, "legs"), json_object_get(again, "legs")));
	json_decref(json);
	json_decref(again);
	cell_free(back);
	cell_free(c);
}
