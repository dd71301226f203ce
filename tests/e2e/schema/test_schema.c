/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The schemas of docs/schema are held against what is really written, closed: nothing is written
 * that no schema tells of.  Then one thing of each document is made wrong, and that is refused. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>

struct desk {
	char *folder;
	char **environment;
};

static void desk_open(struct desk *d)
{
	d->folder = program_folder_new();
	d->environment = g_environ_setenv(g_get_environ(), "XDG_STATE_HOME", d->folder, TRUE);
	d->environment = g_environ_setenv(d->environment, "XDG_RUNTIME_DIR", d->folder, TRUE);
}

static void desk_close(struct desk *d)
{
	program_folder_free(d->folder);
	g_strfreev(d->environment);
}

/* Runs testbed in the folder with the arguments of a line. */
static void make(const struct desk *d, int status, const char *arguments)
{
	g_autofree char *program = program_path("testbed"),
			*line = g_strdup_printf("'%s' %s", program, arguments);
	const struct start how = {.dir = d->folder, .environment = d->environment};
	struct outcome o;

	program_shell(line, &how, &o);
	cr_assert_eq(o.exit_code, status, "testbed %s: exit %d: %s", arguments, o.exit_code, o.err);
	outcome_clear(&o);
}

/* What is wrong with a file of the folder, which the caller frees; "": nothing. */
static char *wrong_with(const struct desk *d, const char *options, const char *schema,
			const char *file)
{
	g_autofree char *line = g_strdup_printf("python3 -W ignore tests/support/hold-schema.py %s "
						"docs/schema/%s.schema.json '%s/%s'",
						options, schema, d->folder, file);
	struct outcome o;
	char *text;

	program_shell(line, NULL, &o);
	cr_assert(o.exit_code == 0 || (o.exit_code == 1 && *o.out),
		  "python3-jsonschema is needed (scripts/setup --check): %s", o.err);
	text = g_steal_pointer(&o.out);
	outcome_clear(&o);
	return text;
}

static void expect_fits(const struct desk *d, const char *options, const char *schema,
			const char *file)
{
	g_autofree char *wrong = wrong_with(d, options, schema, file);

	cr_expect_str_empty(wrong, "%s: %s", schema, wrong);
}

/* --- planted mistakes ------------------------------------------------------------------------- */

struct mistake {
	const char *schema, *file;
	const char *at;	   /* members and numbers, "scenarios/0/name" */
	const char *value; /* JSON; NULL: the member is missing */
};

/* Puts the value in its place; aborts the test when the document has no such place. */
static void plant(json_t *document, const struct mistake *m)
{
	g_auto(GStrv) parts = g_strsplit(m->at, "/", 0);
	guint last = g_strv_length(parts) - 1;
	json_t *at = document;

	for (guint i = 0; i < last; i++)
		at = json_is_array(at) ?
			     json_array_get(at, (size_t)g_ascii_strtoull(parts[i], NULL, 10)) :
			     json_object_get(at, parts[i]);
	cr_assert(json_is_object(at), "%s has no %s", m->file, m->at);
	if (m->value)
		json_object_set_new(at, parts[last], json_loads(m->value, JSON_DECODE_ANY, NULL));
	else
		cr_assert_eq(json_object_del(at, parts[last]), 0, "%s has no %s", m->file, m->at);
}

static void expect_refused(const struct desk *d, const struct mistake *m, const char *options)
{
	g_autofree char *from = g_build_filename(d->folder, m->file, NULL),
			*to = g_build_filename(d->folder, "wrong.json", NULL), *wrong = NULL;
	json_t *document = json_load_file(from, 0, NULL);

	plant(document, m);
	cr_assert_eq(json_dump_file(document, to, 0), 0);
	json_decref(document);
	wrong = wrong_with(d, options, m->schema, "wrong.json");
	cr_expect(*wrong, "%s: %s %s is taken", m->schema, m->at, m->value ? m->value : "missing");
}

static void expect_all_refused(const struct desk *d, const struct mistake *all, gsize n)
{
	for (gsize i = 0; i < n; i++)
		expect_refused(d, &all[i], "");
}

/* --- what runs write -------------------------------------------------------------------------- */

#define CELL "scenarios/0/cells/0/"

static const struct mistake run_mistakes[] = {
	{"results-1", "results.json", "schema", "\"testbed.results/2\""},
	{"results-1", "results.json", "complete", NULL},
	{"results-1", "results.json", "run/changes", "\"link-down\""},
	{"results-1", "results.json", "run/seed", "1.5"},
	{"results-1", "results.json", "topology/sha256", "\"60ed\""},
	{"results-1", "results.json", "scenarios", "{}"},
	{"results-1", "results.json", CELL "id", "7"},
	{"results-1", "results.json", CELL "verdict", "\"passed\""},
	{"results-1", "results.json", CELL "path", "\"udp\""},
	{"results-1", "results.json", CELL "media", "\"fax\""},
	{"results-1", "results.json", CELL "cause", "\"no route\""},
	{"results-1", "results.json", CELL "expected/path", "\"udp-relay,mcu\""},
	{"results-1", "results.json", CELL "participants", "\"dc1\""},
	{"results-1", "results.json", CELL "quality/sent", "-1"},
	{"results-1", "results.json", CELL "quality/rtt_ms", "\"12 ms\""},
	{"results-1", "results.json", CELL "measured", "1"},
	{"results-1", "results.json", CELL "diagnostics/ice_warn", "\"12b\""},
	{"results-1", "results.json", "summary/not_run", NULL},
	{"diff-1", "diff.json", "summary/broke", NULL},
	{"diff-1", "diff.json", "cells", "null"},
	{"explanation-2", "explanation.json", "cause/code", "\"\""},
	{"explanation-2", "explanation.json", "cause/direction", "\"up\""},
	{"explanation-2", "explanation.json", "proof", NULL},
	{"explanation-2", "explanation.json", "fix/commands/0/place", "\"mac\""},
	{"explanation-2", "explanation.json", "walks/0/there", "\"3\""},
	{"story-1", "story.json", "scenarios/0/map/nodes/0/change", "\"moved\""},
	{"story-1", "story.json", "cells/missing-route", "{}"},
	{"validation-1", "validation.json", "files/0/findings/0/level", "\"note\""},
	{"validation-1", "validation.json", "files/0/ok", "1"},
	{"version-1", "version.json", "host/features/tun/ok", NULL},
	{"version-1", "version.json", "host/features", "[]"},
	{"runs-1", "runs.json", "runs/0/bytes", "-1"},
	{"runs-1", "runs.json", "runs/0/changes", NULL},
};

Test(schema, of_what_runs_write)
{
	static const struct mistake unknown = {"results-1", "results.json", "run/colour", "1"};
	struct desk d;

	desk_open(&d);
	make(&d, 0,
	     "run matrix -q -s missing-route --only 'branch1-home1/(audio|im)|-conference' -o run "
	     "--json results.json");
	make(&d, 1,
	     "run matrix -q -s missing-route --pairs branch1:dc1 -o other -c 'link-down: {node: "
	     "core, interface: lan}'");
	make(&d, 0,
	     "run call dc1 home1 -v -s persistent-route -c 'set-impair: {network: dmz, "
	     "rate: 9mbit, loss: 0.2%}' --json call.json --evidence off -o lossy");
	make(&d, 1, "diff run other --json diff.json");
	make(&d, 0,
	     "explain run missing-route/branch1-home1/audio -v --json explanation.json --story "
	     "story.json");
	make(&d, 3, "validate /nonexistent.yaml --json validation.json");
	make(&d, 0, "version --json version.json");
	make(&d, 0, "runs --json runs.json");
	expect_fits(&d, "--closed", "results-1", "results.json");
	expect_fits(&d, "--closed", "results-1", "other/results.json");
	expect_fits(&d, "--closed", "results-1", "call.json");
	expect_fits(&d, "--closed --lines", "events-1", "run/events.jsonl");
	expect_fits(&d, "--closed --lines", "events-1", "lossy/events.jsonl");
	expect_fits(&d, "--closed", "diff-1", "diff.json");
	expect_fits(&d, "--closed", "explanation-2", "explanation.json");
	expect_fits(&d, "--closed", "story-1", "story.json");
	expect_fits(&d, "--closed", "validation-1", "validation.json");
	expect_fits(&d, "--closed", "version-1", "version.json");
	expect_fits(&d, "--closed", "runs-1", "runs.json");
	expect_all_refused(&d, run_mistakes, G_N_ELEMENTS(run_mistakes));
	expect_refused(&d, &unknown, "--closed");
	desk_close(&d);
}

/* What a later version adds is no mistake to a reader of today's. */
Test(schema, is_open_to_members_that_are_added)
{
	static const char text[] = "{\"schema\": \"testbed.diff/1\", \"before\": null, \"after\": "
				   "null, \"cells\": [], \"summary\": {\"broke\": 0, \"mended\": "
				   "0, \"verdict\": 0, \"path\": 0, \"cause\": 0, \"quality\": 0, "
				   "\"added\": 0, \"removed\": 0, \"same\": 0, \"new\": 1}}";
	g_autofree char *file = NULL, *wrong = NULL;
	struct desk d;

	desk_open(&d);
	file = g_build_filename(d.folder, "later.json", NULL);
	cr_assert(g_file_set_contents(file, text, -1, NULL));
	expect_fits(&d, "", "diff-1", "later.json");
	wrong = wrong_with(&d, "--closed", "diff-1", "later.json");
	cr_expect(strstr(wrong, "'new' was unexpected"), "%s", wrong);
	desk_close(&d);
}

/* An event that is none of the run's own, and not an agent's. */
Test(schema, of_events_refuses_what_is_none)
{
	static const char *const wrong_lines[] = {
		"{\"scenario\": \"a\", \"agent\": null, \"event\": \"cell-ended\", \"time_us\": 1}",
		("{\"scenario\": \"a\", \"agent\": null, \"event\": \"cell-started\", \"time_us\": "
		 "1}"),
		"{\"scenario\": \"a\", \"agent\": 7, \"event\": \"dns\", \"time_us\": 1}",
		"{\"scenario\": \"a\", \"agent\": \"dc1\", \"event\": \"dns\", \"time_us\": -1}",
		"{\"scenario\": \"a\", \"agent\": \"dc1\", \"time_us\": 1}",
	};
	g_autofree char *file = NULL;
	struct desk d;

	desk_open(&d);
	file = g_build_filename(d.folder, "line.jsonl", NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(wrong_lines); i++) {
		g_autofree char *wrong = NULL;

		cr_assert(g_file_set_contents(file, wrong_lines[i], -1, NULL));
		wrong = wrong_with(&d, "--lines", "events-1", "line.jsonl");
		cr_expect(*wrong, "%s is taken", wrong_lines[i]);
	}
	desk_close(&d);
}

/* --- what a lab that is up and a measurement write -------------------------------------------- */

/* The members of the cell of a live call that a run's cell does not have, or the other way round.
 */
static void expect_same_members(const struct desk *d)
{
	g_autofree char *live = g_build_filename(d->folder, "call.json", NULL),
			*ran = g_build_filename(d->folder, "run.json", NULL);
	json_t *one = json_load_file(live, 0, NULL), *other = json_load_file(ran, 0, NULL);
	const json_t *cell = results_cell(one, "missing-route/branch1-home1/audio"), *value;
	json_t *wanted = results_cell(other, "missing-route/branch1-home1/audio");
	const char *key;

	json_object_foreach(wanted, key, value)
		cr_expect_eq(json_is_null(value), json_is_null(json_object_get(cell, key)),
			     "a live call's '%s'", key);
	cr_expect_str_eq(cell_text(cell, "cause"), "RETURN_WRONG_EGRESS");
	json_object_foreach(json_object_get(other, "run"), key, value)
		cr_expect_eq(json_typeof(value),
			     json_typeof(json_object_get(json_object_get(one, "run"), key)),
			     "a live call's run: '%s'", key);
	cr_expect(json_equal(json_object_get(json_object_get(one, "topology"), "endpoints"),
			     json_object_get(json_object_get(other, "topology"), "endpoints")));
	cr_expect(json_equal(json_object_get(json_object_get(one, "topology"), "sha256"),
			     json_object_get(json_object_get(other, "topology"), "sha256")));
	json_decref(one);
	json_decref(other);
}

static const struct mistake other_mistakes[] = {
	{"capacity-1", "capacity.json", "designs/0/limit", "\"cpu\""},
	{"capacity-1", "capacity.json", "designs/1/steps/0/calls", "0"},
	{"capacity-1", "capacity.json", "designs/0/skipped", "false"},
	{"capacity-1", "capacity.json", "mos_min", NULL},
	{"results-1", "call.json", "run/id", "null"},
	{"results-1", "call.json", "topology/endpoints", "null"},
};

Test(schema, of_a_live_call_and_of_a_measurement)
{
	g_autofree char *folder = NULL, *line = NULL;
	struct desk d;

	desk_open(&d);
	make(&d, 0, "up -q -s missing-route");
	make(&d, 0, "call branch1 home1 --json call.json");
	make(&d, 0, "call branch1 dc1 -v --json with-hops.json");
	make(&d, 0, "run call branch1 home1 -s missing-route --json run.json");
	make(&d, 0, "down");
	/* the second scenario alone has the pair */
	folder = g_get_current_dir();
	line = g_strdup_printf("run capacity -q -t '%s/tests/data/two-scenarios.yaml' --pairs "
			       "alice:bob --media audio --calls 1 --seconds 1 --json capacity.json",
			       folder);
	make(&d, 0, line);
	expect_fits(&d, "--closed", "results-1", "call.json");
	expect_fits(&d, "--closed", "results-1", "with-hops.json");
	expect_fits(&d, "--closed", "capacity-1", "capacity.json");
	expect_same_members(&d);
	expect_all_refused(&d, other_mistakes, G_N_ELEMENTS(other_mistakes));
	desk_close(&d);
}
