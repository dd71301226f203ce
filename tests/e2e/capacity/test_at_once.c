/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls that stand at the same time: all that were asked for, together for as long as is said, and
 * hung up only then. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define CALLS 5
#define TOGETHER_US 3000000 /* the default of --at-once */
#define PAIRS "pc-1-1:pc-2-1,pc-1-2:pc-2-2,pc-1-3:pc-2-3,pc-1-4:pc-2-4,pc-1-5:pc-2-5"

/* topologies/scale.yaml with two sites; the caller frees. */
static char *small_topology(const char *folder)
{
	g_autofree char *text = NULL;
	g_autoptr(GString) small = NULL;
	char *path = g_build_filename(folder, "small.yaml", NULL);

	cr_assert(g_file_get_contents("topologies/scale.yaml", &text, NULL, NULL));
	small = g_string_new(text);
	cr_assert_gt(g_string_replace(small, "count: 200", "count: 2", 0), 0u);
	cr_assert_eq(g_string_replace(small, "{n: 200", "{n: 2", 0), 1u);
	cr_assert(g_file_set_contents(path, small->str, -1, NULL));
	return path;
}

struct times {
	guint talking, ended;
	gint64 last_talking_us, first_end_us;
};

static void note_line(struct times *t, const char *line)
{
	json_t *event = json_loads(line, 0, NULL);
	const char *name = json_string_value(json_object_get(event, "event"));
	gint64 time_us = json_integer_value(json_object_get(event, "time_us"));

	if (g_strcmp0(name, "talking") == 0) {
		t->talking++;
		t->last_talking_us = MAX(t->last_talking_us, time_us);
	} else if (g_strcmp0(name, "call-result") == 0) {
		t->first_end_us = t->ended++ == 0 ? time_us : MIN(t->first_end_us, time_us);
	}
	json_decref(event);
}

static struct times read_times(const char *folder)
{
	g_autofree char *path = g_build_filename(folder, "run", "events.jsonl", NULL), *text = NULL;
	g_auto(GStrv) lines = NULL;
	struct times t = {0};

	cr_assert(g_file_get_contents(path, &text, NULL, NULL));
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++)
		note_line(&t, *line);
	return t;
}

Test(at_once, calls_stand_together_for_three_seconds, .timeout = 90)
{
	char *folder = program_folder_new();
	g_autofree char *topology = small_topology(folder), *differences = NULL;
	const char *const args[] = {
		"run",	 "matrix",  "-q",  "-t",	topology,	    "--media",
		"audio", "--pairs", PAIRS, "--at-once", G_STRINGIFY(CALLS), "--evidence",
		"off",	 NULL};
	struct run r;
	struct times t;
	const char *said;

	program_run_matrix(folder, args, 0, &r);
	if (r.exit_code == 77)
		cr_skip_test("needs labs: %s", r.err);
	differences = results_differences(r.results);
	cr_assert_eq(r.exit_code, 0, "%s%s", differences, r.err);
	said = json_string_value(json_object_get(
		json_object_get(json_object_get(r.results, "run"), "features"), "at_once"));
	cr_expect(said && g_str_has_prefix(
				  said, G_STRINGIFY(CALLS) " calls in progress at the same time"),
		  "%s", said);
	t = read_times(folder);
	cr_expect_eq(t.talking, CALLS, "%u calls began", t.talking);
	cr_expect_eq(t.ended, 2 * CALLS, "%u ends", t.ended);
	cr_expect_geq(t.first_end_us - t.last_talking_us, TOGETHER_US, "together for %.2f s",
		      (double)(t.first_end_us - t.last_talking_us) / 1e6);
	run_clear(&r);
	program_folder_free(folder);
}
