/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Run folders: where they are made, what is written, and which older ones go. */
#include "testbed/base/diag.h"
#include "testbed/cmd/rundir.h"
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID "20261130-010203-77"

static rundir *make(const char *out)
{
	g_autoptr(GError) error = NULL;
	rundir *d = rundir_new(out, false, ID, &error);

	cr_assert_not_null(d, "%s", error ? error->message : "");
	return d;
}

static void expect_text(const char *folder, const char *name, const char *wanted)
{
	g_autofree char *path = g_build_filename(folder, name, NULL), *text = NULL;

	cr_assert(g_file_get_contents(path, &text, NULL, NULL), "%s", path);
	cr_expect_str_eq(text, wanted, "%s: %s", path, text);
}

Test(rundir, holds_events_as_they_come_and_results_at_the_end)
{
	char *home = program_folder_new();
	g_autofree char *out = g_build_filename(home, "not", "there", "yet", NULL),
			*last = g_build_filename(home, "testbed", NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(rundir) d = NULL;

	g_setenv("XDG_STATE_HOME", home, TRUE);
	d = make(out);
	cr_expect_str_eq(rundir_path(d), out);
	rundir_event(d, "{\"n\":1}\n");
	expect_text(out, "events.jsonl", "{\"n\":1}\n");
	rundir_event(d, "{\"n\":2}\n");
	expect_text(out, "events.jsonl", "{\"n\":1}\n{\"n\":2}\n");
	cr_expect(rundir_finish(d, "{}\n", &error), "%s", error ? error->message : "");
	expect_text(out, "results.json", "{}\n");
	cr_expect_not(g_file_test(last, G_FILE_TEST_EXISTS), "--out has nothing to do with 'last'");
	program_folder_free(home);
}

Test(rundir, a_folder_has_one_run_at_a_time)
{
	char *home = program_folder_new();
	g_autoptr(GError) error = NULL;
	rundir *d = make(home);

	rundir_event(d, "{}\n");
	cr_expect_null(rundir_new(home, false, ID, &error));
	cr_assert_not_null(error);
	cr_expect(strstr(error->message, "is in use by another run") != NULL, "%s", error->message);
	rundir_free(d);
	program_folder_free(home);
}

/* Only who says so loses an earlier run. */
Test(rundir, an_earlier_run_is_replaced_when_asked_for)
{
	char *home = program_folder_new();
	g_autoptr(GError) error = NULL;
	rundir *d = make(home);

	rundir_event(d, "{}\n");
	rundir_free(d);
	cr_expect_null(rundir_new(home, false, ID, &error));
	cr_assert(g_error_matches(error, TB_ERROR, TB_ERROR_INPUT), "%s",
		  error ? error->message : "");
	cr_expect(strstr(error->message, "--force replaces it"), "%s", error->message);
	expect_text(home, "events.jsonl", "{}\n");
	d = rundir_new(home, true, ID, NULL);
	cr_assert_not_null(d);
	expect_text(home, "events.jsonl", "");
	rundir_free(d);
	program_folder_free(home);
}

/* --- the last run ----------------------------------------------------------------------------- */

static char *state_path(const char *home, const char *name)
{
	return g_build_filename(home, "testbed", name, NULL);
}

/* A folder with events; the descriptor of them. */
static int older_run(const char *home, const char *name)
{
	g_autofree char *path = state_path(home, name),
			*nodes = g_build_filename(path, "nodes", "a", NULL),
			*log = g_build_filename(nodes, "a.log", NULL),
			*events = g_build_filename(path, "events.jsonl", NULL);

	cr_assert_eq(g_mkdir_with_parents(nodes, 0755), 0);
	cr_assert(g_file_set_contents(log, "log", -1, NULL));
	return open(events, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
}

/* Which of them is there when the run has ended. */
static const struct kept_case {
	const char *name;
	bool kept;
} kept[] = {
	{"20251130-010203-1", false},
	{"20251130-010203-123456", false},
	{"20251130-010203-2", true}, /* goes on: its events are locked */
	{"mine", true},		     /* no name of a run */
	{"20251130-010203", true},
	{"x20251130-010203-1", true},
	{"20251130-010203-1.old", true},
	{"20251130-010203-3", true}, /* a link to somewhere else */
	{"20251130-010203-4", true}, /* no events in it: no run */
	{ID, true},		     /* this one */
};

Test(rundir, the_last_run_takes_the_place_of_older_ones)
{
	char *home = program_folder_new(), *elsewhere = program_folder_new();
	g_autofree char *link = state_path(home, "20251130-010203-3"),
			*empty = state_path(home, "20251130-010203-4"), *last = NULL,
			*events = NULL, *target = NULL;
	g_autoptr(rundir) d = NULL;

	g_setenv("XDG_STATE_HOME", home, TRUE);
	close(older_run(home, "20251130-010203-1"));
	close(older_run(home, "20251130-010203-123456"));
	cr_assert_eq(flock(older_run(home, "20251130-010203-2"), LOCK_EX | LOCK_NB), 0);
	for (guint i = 3; i < 7; i++)
		close(older_run(home, kept[i].name));
	cr_assert(symlink(elsewhere, link) == 0 && g_mkdir(empty, 0755) == 0);
	events = g_build_filename(elsewhere, "events.jsonl", NULL);
	cr_assert(g_file_set_contents(events, "", -1, NULL));
	last = rundir_last();
	for (guint round = 0; round < 2; round++) {
		g_clear_pointer(&d, rundir_free);
		d = make(NULL);
		cr_assert(rundir_finish(d, "{}\n", NULL));
		g_clear_pointer(&target, g_free);
		target = g_file_read_link(last, NULL);
		cr_expect_str_eq(target ? target : "nothing", ID);
	}
	for (guint i = 0; i < G_N_ELEMENTS(kept); i++) {
		g_autofree char *path = state_path(home, kept[i].name);

		cr_expect_eq(g_file_test(path, G_FILE_TEST_EXISTS), kept[i].kept, "%s",
			     kept[i].name);
	}
	cr_expect(g_file_test(events, G_FILE_TEST_EXISTS), "behind the link");
	program_folder_free(home);
	program_folder_free(elsewhere);
}

/* --- evidence and failures -------------------------------------------------------------------- */

Test(rundir, evidence_is_named_after_its_scenario)
{
	static const struct {
		const char *scenario, *file;
	} rows[] = {
		{"missing-route", "missing-route.pcapng"},
		{"a/b", "a_b.pcapng"},
		{"../up", ".._up.pcapng"},
	};
	char *home = program_folder_new();
	g_autoptr(rundir) d = make(home);

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = g_build_filename(home, "evidence", rows[i].file, NULL);
		g_autoptr(GError) error = NULL;
		int fd = rundir_open_evidence(d, rows[i].scenario, &error);

		cr_assert_geq(fd, 0, "%s: %s", rows[i].scenario, error ? error->message : "");
		cr_expect(g_file_test(path, G_FILE_TEST_IS_REGULAR), "no %s", path);
		close(fd);
	}
	program_folder_free(home);
}

/* The disk is full in the middle: what was not written is told at the end, when all else is. */
Test(rundir, the_first_write_that_fails_is_told_at_the_end)
{
	char *home = program_folder_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(rundir) d = make(home);
	struct rlimit before, none;

	signal(SIGXFSZ, SIG_IGN);
	rundir_event(d, "{\"n\":1}\n");
	cr_assert_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = (struct rlimit){.rlim_cur = 8, .rlim_max = before.rlim_max};
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	rundir_event(d, "{\"n\":2}\n");
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	rundir_event(d, "{\"n\":3}\n");
	cr_expect_not(rundir_finish(d, "{}\n", &error));
	cr_assert_not_null(error);
	cr_expect(strstr(error->message, g_strerror(EFBIG)) != NULL, "%s", error->message);
	expect_text(home, "events.jsonl", "{\"n\":1}\n");
	expect_text(home, "results.json", "{}\n");
	program_folder_free(home);
}

Test(rundir, a_folder_that_cannot_be_made_is_told)
{
	char *home = program_folder_new();
	g_autofree char *file = g_build_filename(home, "file", NULL),
			*below = g_build_filename(file, "run", NULL),
			*events = g_build_filename(home, "events.jsonl", NULL);
	g_autoptr(GError) error = NULL, link_error = NULL;

	cr_assert(g_file_set_contents(file, "", -1, NULL));
	cr_expect_null(rundir_new(below, false, ID, &error));
	cr_expect(error && error->domain == G_FILE_ERROR);
	/* nobody's file is written over through a link */
	cr_assert_eq(symlink(file, events), 0);
	cr_expect_null(rundir_new(home, false, ID, &link_error));
	cr_expect(link_error && link_error->domain == G_FILE_ERROR);
	program_folder_free(home);
}
