/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole matrix of a topology, explained from its run folder: one cell, all of them,
 * by a wrong id, and cut off at many places. */
#include "tests/e2e/finished/alarms.h"
#include "tests/e2e/finished/story.h"
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>

#define COMPANY "tests/data/topologies/company.yaml"
#define FAILING "missing-route/branch1-home1/audio"
#define PASSING "missing-route/dc1-dc2/audio"
#define FORGED "branch-edge"
#define CUTS 12

struct explained {
	int exit_code;
	json_t *document; /* NULL: none or not valid */
	char *err;
};

static void explained_clear(struct explained *e)
{
	json_decref(e->document);
	g_free(e->err);
}

static struct explained explain(const char *dir, const char *id)
{
	const char *const args[] = {"explain", dir, id, "--no-trial", "--json", "-", NULL};
	struct explained e;
	struct outcome o;

	program_testbed(args, NULL, &o);
	e = (struct explained){.exit_code = o.exit_code,
			       .document = json_loads(o.out, 0, NULL),
			       .err = g_steal_pointer(&o.err)};
	outcome_clear(&o);
	return e;
}

static const char *text_at(const json_t *document, const char *object, const char *key)
{
	const json_t *o = object ? json_object_get(document, object) : document;
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "-";
}

/* A part of the proof begins so. */
static bool proves(const json_t *document, const char *start)
{
	const json_t *part;
	size_t i;

	json_array_foreach(json_object_get(document, "proof"), i, part)
		if (g_str_has_prefix(json_string_value(part), start))
			return true;
	return false;
}

static void expect_whole(const char *dir)
{
	struct explained e = explain(dir, FAILING);
	const json_t *leg;
	size_t i;

	cr_assert_not_null(e.document, "%s", e.err);
	cr_expect_eq(e.exit_code, 0, "exit %d: %s", e.exit_code, e.err);
	cr_expect(json_is_true(json_object_get(e.document, "complete")));
	cr_expect_str_eq(text_at(e.document, "cause", "code"), "RETURN_WRONG_EGRESS");
	cr_expect_str_eq(text_at(e.document, "cause", "node"), "edge");
	cr_expect_eq(json_array_size(json_object_get(e.document, "missing")), 0);
	cr_expect_gt(json_array_size(json_object_get(e.document, "walks")), 0);
	json_array_foreach(json_object_get(e.document, "walks"), i, leg) {
		cr_expect_str_eq(text_at(leg, NULL, "packets"), "agree", "%s: %s",
				 text_at(leg, NULL, "leg"), text_at(leg, NULL, "seen"));
		/* branch1, branch-gw, core, edge, and back at edge */
		cr_expect_eq(json_integer_value(json_object_get(leg, "lookups")), 5, "%s",
			     text_at(leg, NULL, "leg"));
		cr_expect_str_eq(text_at(leg, NULL, "lookup_differs"), "-");
	}
	cr_expect(proves(e.document,
			 "kernel at edge: 10.20.0.101 from 172.25.33.10: no way (ENETUNREACH)"));
	explained_clear(&e);
	e = explain(dir, PASSING);
	cr_expect_str_eq(text_at(e.document, "cause", "code"), "NONE", "%s", e.err);
	explained_clear(&e);
	e = explain(dir, "missing-route/branch1-home1/audoi");
	cr_expect_eq(e.exit_code, 2);
	cr_expect(strstr(e.err, FAILING) != NULL, "a near id is named: %s", e.err);
	explained_clear(&e);
}

/* Whatever is left explains what it holds and says what is missing. */
static void expect_cut(const char *dir, const char *events, gsize length, gsize kept)
{
	g_autofree char *path = g_build_filename(dir, "events.jsonl", NULL);
	struct explained e;

	cr_assert(g_file_set_contents(path, events, (gssize)kept, NULL));
	e = explain(dir, FAILING);
	if (!memchr(events, '\n', kept)) {
		cr_expect_eq(e.exit_code, 2, "%zu bytes: exit %d", kept, e.exit_code);
		cr_expect(strstr(e.err, "cut off") != NULL, "%zu bytes: %s", kept, e.err);
	} else {
		bool whole = json_is_true(json_object_get(e.document, "complete"));

		cr_assert_not_null(e.document, "%zu of %zu bytes: exit %d: %s", kept, length,
				   e.exit_code, e.err);
		cr_expect_lt(e.exit_code, 2, "%zu of %zu bytes: exit %d: %s", kept, length,
			     e.exit_code, e.err);
		cr_expect_eq(whole, json_array_size(json_object_get(e.document, "missing")) == 0,
			     "%zu bytes", kept);
		cr_expect(!whole || g_str_equal(text_at(e.document, "cause", "code"),
						"RETURN_WRONG_EGRESS"),
			  "%zu bytes: %s", kept, text_at(e.document, "cause", "code"));
	}
	explained_clear(&e);
}

/* 13: branch and outside, audio and video, and the conference that begins so. */
static void expect_no_false_alarm(const char *dir)
{
	struct alarms a = alarms_of(dir, COMPANY, NULL);

	cr_expect_eq(a.passed, 255, "%u passed", a.passed);
	cr_expect_eq(a.failed, 13, "%u failed", a.failed);
	cr_expect_str_empty(a.flaws->str, "%s", a.flaws->str);
	cr_expect_gt(a.looked_up, 1000, "%u hops", a.looked_up);
	/* the state that is nearest to a call may be older than its packets */
	cr_expect_lt(a.blind, a.walks / 4, "%u of %u walks", a.blind, a.walks);
	g_string_free(a.flaws, TRUE);
}

/* Takes every route from `node` in what was recorded of its kernel. */
static void forget_routes(json_t *event, const char *node)
{
	json_t *nodes = json_object_get(json_object_get(event, "state"), "nodes");

	json_array_clear(json_object_get(json_object_get(nodes, node), "routes"));
}

/* The judge itself, too: answers of a kernel are not what they were.  No walk uses them, and each
 * is held against them. */
static void forge_lookup(json_t *event, const char *node)
{
	json_t *nodes = json_object_get(json_object_get(event, "state"), "nodes"), *answer;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(nodes, node), "lookups"), i, answer)
		if (json_object_get(answer, "via"))
			json_object_set_new(answer, "prefix", json_string("10.0.0.0/9"));
}

/* The judge itself: what was recorded of one scenario's kernels is not what they were. */
static void expect_forgery_seen(const char *dir, const char *path, const char *events,
				void (*forge)(json_t *event, const char *node), const char *seen)
{
	g_auto(GStrv) lines = g_strsplit(events, "\n", -1);
	g_autoptr(GString) forged = g_string_new(NULL);
	struct alarms a;

	for (guint i = 0; lines[i] && *lines[i]; i++) {
		json_t *event =
			strstr(lines[i], "\"lab-state\"") ? json_loads(lines[i], 0, NULL) : NULL;
		char *line;

		if (g_strcmp0(json_string_value(json_object_get(event, "scenario")), FORGED) == 0)
			forge(event, "core");
		line = event ? json_dumps(event, JSON_COMPACT) : NULL;
		g_string_append_printf(forged, "%s\n", line ? line : lines[i]);
		free(line);
		json_decref(event);
	}
	cr_assert(g_file_set_contents(path, forged->str, (gssize)forged->len, NULL));
	a = alarms_of(dir, COMPANY, FORGED);
	cr_expect(strstr(a.flaws->str, FORGED "/dc1-branch1/audio: TOOL_DISAGREES") != NULL, "%s",
		  a.flaws->str);
	cr_expect(strstr(a.flaws->str, seen) != NULL, "no '%s' in %s", seen, a.flaws->str);
	g_string_free(a.flaws, TRUE);
}

/* What the kernel is forged to have said. */
static void expect_told(const char *dir)
{
	struct explained e = explain(dir, FORGED "/dc1-branch1/audio");
	const json_t *leg = json_array_get(json_object_get(e.document, "walks"), 0);

	cr_expect_str_eq(text_at(leg, NULL, "code"), "TOOL_DISAGREES", "%s", e.err);
	cr_expect(strstr(text_at(leg, NULL, "lookup_differs"), "but the kernel: 10.0.0.0/9 via") !=
		  NULL);
	cr_expect(proves(e.document, "TOOL_DISAGREES: "));
	explained_clear(&e);
}

Test(finished, run_is_explained_as_far_as_it_was_recorded, .timeout = 240)
{
	const char *args[] = {"run", "matrix", "-t", COMPANY, NULL};
	char *folder = program_folder_new();
	g_autofree char *dir = g_build_filename(folder, "run", NULL),
			*path = g_build_filename(dir, "events.jsonl", NULL);
	g_autofree char *events = NULL;
	gsize length = 0;
	struct run r;

	program_run_matrix(folder, args, 0, &r);
	if (r.exit_code == 77)
		cr_skip_test("needs labs: %s", r.err);
	cr_assert_eq(r.exit_code, 0, "exit %d: %s%s", r.exit_code, r.out, r.err);
	expect_whole(dir);
	expect_no_false_alarm(dir);
	expect_stories(dir, folder, FAILING, PASSING,
		       (guint)json_integer_value(
			       json_object_get(json_object_get(r.results, "summary"), "cells")));
	cr_assert(g_file_get_contents(path, &events, &length, NULL));
	expect_forgery_seen(dir, path, events, forget_routes, "the last packets went");
	expect_forgery_seen(dir, path, events, forge_lookup, "but the kernel: 10.0.0.0/9 via");
	expect_told(dir);
	for (gsize i = 0; i <= CUTS; i++)
		expect_cut(dir, events, length, length * i / CUTS);
	run_clear(&r);
	program_folder_free(folder);
}
