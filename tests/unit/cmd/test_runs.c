/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runs: which folders are runs, and which of them go. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define RUN "tests/data/run"

struct shelf {
	char *folder, *elsewhere;
	int lock; /* of the run that is going on */
};

/* A copy of the sample under that name, which started in that second; its events. */
static char *put_run(const struct shelf *s, const char *name, guint64 started_s)
{
	g_autofree char *path = g_build_filename(s->folder, name, NULL), *text = NULL,
			*edited = NULL,
			*wall = g_strdup_printf("\"wall_us\":%" G_GUINT64_FORMAT "000000",
						started_s);
	g_autoptr(GRegex) time = g_regex_new("\"wall_us\":[0-9]+", 0, 0, NULL);
	char *events = g_build_filename(path, "events.jsonl", NULL);

	cr_assert_eq(g_mkdir(path, 0755), 0);
	cr_assert(g_file_get_contents(RUN "/events.jsonl", &text, NULL, NULL));
	edited = g_regex_replace_literal(time, text, -1, 0, wall, 0, NULL);
	cr_assert(g_file_set_contents(events, edited, -1, NULL));
	return events;
}

static void put(const char *folder, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(folder, name, NULL),
			*parent = g_path_get_dirname(path);

	cr_assert_eq(g_mkdir_with_parents(parent, 0755), 0);
	cr_assert(g_file_set_contents(path, text, -1, NULL));
}

/* Two runs, one that goes on, one that is reached by a link, and folders that are no runs. */
static void shelf_fill(struct shelf *s)
{
	g_autofree char *link = NULL, *inner = NULL, *running = NULL, *there = NULL;

	s->folder = program_folder_new();
	s->elsewhere = program_folder_new();
	put(s->elsewhere, "precious", "mine");
	g_free(put_run(s, "older", 1700000000));
	g_free(put_run(s, "newer", 1700100000));
	running = put_run(s, "running", 1600000000);
	s->lock = open(running, O_RDWR | O_CLOEXEC);
	cr_assert_eq(flock(s->lock, LOCK_EX | LOCK_NB), 0);
	put(s->folder, "notes/events.jsonl", "{\"event\": \"party\", \"agent\": null}\n");
	put(s->folder, "empty/README", "nothing");
	link = g_build_filename(s->folder, "link", NULL);
	there = g_build_filename(s->folder, "newer", NULL);
	cr_assert_eq(symlink(there, link), 0);
	inner = g_build_filename(s->folder, "older", "way-out", NULL);
	cr_assert_eq(symlink(s->elsewhere, inner), 0);
}

static void shelf_clear(struct shelf *s)
{
	close(s->lock);
	program_folder_free(s->folder);
	program_folder_free(s->elsewhere);
}

static void runs(const struct shelf *s, const char *options, int status, struct outcome *ret)
{
	g_autofree char *program = program_path("testbed"),
			*line = g_strdup_printf("'%s' runs %s '%s'", program, options, s->folder);

	program_shell(line, NULL, ret);
	cr_expect_eq(ret->exit_code, status, "%s: exit %d: %s%s", options, ret->exit_code, ret->out,
		     ret->err);
}

/* The names in the folder, sorted, for the caller to free. */
static char *names_in(const char *folder)
{
	g_autofree char *line = g_strdup_printf("ls '%s' | tr '\n' ' '", folder);
	struct outcome o;
	char *names;

	program_shell(line, NULL, &o);
	names = g_steal_pointer(&o.out);
	outcome_clear(&o);
	return names;
}

static void expect_names(const struct shelf *s, const char *wanted)
{
	g_autofree char *names = names_in(s->folder), *outside = names_in(s->elsewhere);

	cr_expect_str_eq(names, wanted, "%s", names);
	cr_expect_str_eq(outside, "precious ", "%s", outside);
}

Test(runs, are_listed_the_newest_first)
{
	const char *newer, *older, *going;
	struct outcome o;
	struct shelf s;

	shelf_fill(&s);
	runs(&s, "", 0, &o);
	newer = strstr(o.out, "/newer, ");
	older = strstr(o.out, "/older, ");
	going = strstr(o.out, "/running, ");
	cr_expect(newer && older && going && newer < older && older < going, "%s", o.out);
	cr_expect(going && strstr(going, ", going on: "), "%s", o.out);
	cr_expect(strstr(o.out, "\n  company: missing-route\n"), "%s", o.out);
	cr_expect_null(strstr(o.out, "/link"), "%s", o.out);
	cr_expect_null(strstr(o.out, "/notes"), "%s", o.out);
	outcome_clear(&o);
	shelf_clear(&s);
}

Test(runs, are_told_to_programs)
{
	json_t *document, *list, *first;
	struct outcome o;
	struct shelf s;

	shelf_fill(&s);
	runs(&s, "--json -", 0, &o);
	document = json_loads(o.out, 0, NULL);
	cr_assert(document, "%s", o.out);
	cr_expect_str_eq(cell_text(document, "schema"), "testbed.runs/1");
	list = json_object_get(document, "runs");
	first = json_array_get(list, 0);
	cr_expect_eq(json_array_size(list), 3, "%s", o.out);
	cr_expect_str_eq(cell_text(first, "started"), "2023-11-16T02:00:00Z");
	cr_expect(json_is_false(json_object_get(first, "running")));
	cr_expect(json_is_true(json_object_get(json_array_get(list, 2), "running")));
	cr_expect_gt(json_integer_value(json_object_get(first, "bytes")), 1000);
	json_decref(document);
	outcome_clear(&o);
	shelf_clear(&s);
}

/* One that is going on neither goes nor counts; nothing outside is touched. */
Test(runs, go_when_there_are_newer_ones)
{
	struct outcome o;
	struct shelf s;

	shelf_fill(&s);
	runs(&s, "--prune --keep 1", 0, &o);
	cr_expect(g_str_has_prefix(o.out, "removed ") && strstr(o.out, "/older, "), "%s", o.out);
	expect_names(&s, "empty link newer notes running ");
	outcome_clear(&o);
	runs(&s, "--prune --keep 1", 0, &o);
	cr_expect_str_eq(o.out, "nothing to remove\n");
	outcome_clear(&o);
	runs(&s, "--prune --keep 0", 0, &o);
	expect_names(&s, "empty link notes running ");
	outcome_clear(&o);
	shelf_clear(&s);
}

Test(runs, go_when_they_are_old)
{
	struct outcome o;
	struct shelf s;

	shelf_fill(&s);
	runs(&s, "--prune --older-than 100000", 0, &o);
	expect_names(&s, "empty link newer notes older running ");
	outcome_clear(&o);
	runs(&s, "--prune --older-than 1 --keep 1", 0, &o);
	expect_names(&s, "empty link newer notes running ");
	outcome_clear(&o);
	runs(&s, "--prune --older-than 0.5", 0, &o);
	expect_names(&s, "empty link notes running ");
	outcome_clear(&o);
	shelf_clear(&s);
}

Test(runs, stay_unless_it_is_said_which_go)
{
	static const char *const wrong[] = {"--prune", "--keep 1", "--prune --keep many",
					    "--prune --older-than soon", "--prune --older-than -1"};
	struct shelf s;

	shelf_fill(&s);
	for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
		struct outcome o;

		runs(&s, wrong[i], 2, &o);
		outcome_clear(&o);
	}
	expect_names(&s, "empty link newer notes older running ");
	shelf_clear(&s);
}
