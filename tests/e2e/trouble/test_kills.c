/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program of a run, or the run itself, is killed at a random moment, or nobody reads what it
 * prints any more: nothing is left, nothing hangs, what was written by then can be read, and the
 * machine is as it was. */
#include "tests/e2e/trouble/kills.h"
#include "tests/support/figures.h"
#include "tests/support/machine.h"
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMPANY "tests/data/topologies/company.yaml"
#define KILLS_USUAL 13
#define MOMENT_MAX_MS 4000 /* by then labs stand and calls are in progress */

/* What is killed, and how; a program of the lab by SIGKILL, after which the run is interrupted. */
static const struct blow {
	const char *victim; /* command name; NULL: the run itself */
	int number;	    /* 0: the reader of its standard output goes away */
} blows[] = {
	{NULL, SIGKILL},
	{"testbed-lab", SIGKILL},
	{NULL, SIGTERM},
	{"tb-client", SIGKILL},
	{NULL, SIGINT},
	{"tb-edge", SIGKILL},
	{NULL, SIGHUP},
	{"dnsmasq", SIGKILL},
	{"wireguard-go", SIGKILL},
	{"tb-frontend", SIGKILL},
	{"testbed-lab", SIGSTOP},
	{NULL, SIGPIPE},
	{NULL, 0},
};

struct target {
	char *folder, *json, *out, *pipe;
	int reader; /* of what it prints */
	struct started program;
	GArray *processes;
};

static bool has_ended(gpointer data)
{
	const struct target *t = data;
	struct process_id self = {.pid = t->program.pid};
	GArray *list = process_descendants(getpid());
	bool found = false;

	for (guint i = 0; i < list->len; i++)
		found = found || g_array_index(list, struct process_id, i).pid == self.pid;
	g_array_unref(list);
	return !found;
}

static void start(struct target *t)
{
	g_autofree char *program = program_path("testbed");

	t->folder = program_folder_new();
	t->json = g_build_filename(t->folder, "results.json", NULL);
	t->out = g_build_filename(t->folder, "run", NULL);
	t->pipe = g_build_filename(t->folder, "pipe", NULL);
	cr_assert_eq(mkfifo(t->pipe, 0600), 0);
	t->reader = open(t->pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	cr_assert_geq(t->reader, 0);
	program_start((const char *const[]){"/bin/sh", "-c", "out=$1; shift; exec \"$@\" >\"$out\"",
					    "sh", t->pipe, program, "run", "matrix", "-t", COMPANY,
					    "-s", "missing-route,persistent-route", "--capture",
					    "edge", "--json", t->json, "--out", t->out, NULL},
		      NULL, &t->program);
}

/* Every line but one that was being written. */
static void expect_readable(const struct target *t, const char *when)
{
	g_autofree char *path = g_build_filename(t->out, "events.jsonl", NULL), *text = NULL;
	g_auto(GStrv) lines = NULL;
	struct outcome o;

	if (!g_file_get_contents(path, &text, NULL, NULL) || !strchr(text, '\n'))
		return;
	lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i] && lines[i + 1]; i++) {
		json_t *event = json_loads(lines[i], 0, NULL);

		cr_expect(event, "%s: line %u: %s", when, i + 1, lines[i]);
		json_decref(event);
	}
	program_testbed((const char *const[]){"report", t->out, NULL}, NULL, &o);
	cr_expect(o.exit_code == 0 || o.exit_code == 1, "%s: report ends with %d: %s", when,
		  o.exit_code, o.err);
	outcome_clear(&o);
}

static void expect_results(const struct target *t, const struct blow *b, const char *when)
{
	json_t *results = json_load_file(t->json, 0, NULL);

	/* a run that was not killed writes them */
	cr_expect(results || b->number == SIGKILL || b->number == SIGPIPE ||
			  !g_file_test(t->out, G_FILE_TEST_EXISTS),
		  "%s: no results", when);
	json_decref(results);
}

/* Strikes, and interrupts what goes on after that. */
static void strike(struct target *t, const struct blow *b, const char *when)
{
	pid_t run = t->program.pid;
	struct process_id victim = b->victim ? process_descendant_named(run, b->victim) :
					       (struct process_id){.pid = run};

	t->processes = process_descendants(run);
	if (b->number == 0)
		close(t->reader);
	else if (victim.pid > 0)
		kill(victim.pid, b->number);
	if (b->victim || b->number == SIGPIPE || b->number == 0)
		kill(run, SIGINT);
	cr_expect(process_wait_until(has_ended, t, END_MS), "%s: it hangs", when);
	/* whatever it was: the test goes on */
	kill(run, SIGKILL);
}

static void target_clear(struct target *t)
{
	g_array_unref(t->processes);
	program_folder_free(t->folder);
	g_free(t->json);
	g_free(t->out);
	g_free(t->pipe);
}

static void kill_once(guint number, guint32 moment_ms)
{
	const struct blow *b = &blows[number % G_N_ELEMENTS(blows)];
	g_autofree char *when =
		g_strdup_printf("%s, signal %d after %u ms", b->victim ? b->victim : "the run",
				b->number, moment_ms);
	struct target t = {0};
	struct outcome o;

	start(&t);
	process_wait_until(has_ended, &t, moment_ms);
	strike(&t, b, when);
	program_end(&t.program, &o);
	outcome_clear(&o);
	cr_expect(process_wait_until(kill_all_are_gone, t.processes, GONE_MS),
		  "%s: processes are left", when);
	if (b->number != 0)
		close(t.reader);
	expect_readable(&t, when);
	expect_results(&t, b, when);
	target_clear(&t);
}

ParameterizedTestParameters(kills, leave_nothing_whenever_and_whoever)
{
	return cr_make_param_array(guint, kill_lanes, kill_lane_count());
}

ParameterizedTest(guint *lane, kills, leave_nothing_whenever_and_whoever, .timeout = 36000)
{
	g_autofree char *before = machine_snapshot();
	g_autoptr(GRand) moments = kill_moments(*lane);
	int number = -1;
	guint done = 0;

	for (; kill_next(*lane, figure_count("KILLS", KILLS_USUAL), &number); done++)
		kill_once((guint)number, (guint32)g_rand_int_range(moments, 0, MOMENT_MAX_MS));
	machine_expect_untouched(before, "after the kills");
	figure_add("check-deaths", "%u kills of runs and their programs at random", done);
}

/* Once there is a folder, results get there: the signal comes at the first moment that it can be
 * seen. */
Test(kills, a_run_ended_as_soon_as_its_folder_is_there_has_results, .timeout = 120)
{
	static const struct blow term = {NULL, SIGTERM};

	for (guint i = 0; i < 12; i++) {
		struct target t = {0};
		struct outcome o;

		start(&t);
		while (!g_file_test(t.out, G_FILE_TEST_EXISTS) && !has_ended(&t))
			;
		strike(&t, &term, "at once");
		program_end(&t.program, &o);
		cr_expect_eq(o.exit_code, 128 + SIGTERM, "%s", o.err);
		outcome_clear(&o);
		close(t.reader);
		expect_results(&t, &term, "at once");
		target_clear(&t);
	}
}

Test(kills, a_whole_run_leaves_the_machine_as_it_was, .timeout = 120)
{
	g_autofree char *before = machine_snapshot();
	struct outcome o;

	program_testbed((const char *const[]){"run", "matrix", "-q", "-t", COMPANY, "-s",
					      "persistent-route", "--media", "im,audio", NULL},
			NULL, &o);
	cr_expect_eq(o.exit_code, 0, "%s%s", o.out, o.err);
	outcome_clear(&o);
	machine_expect_untouched(before, "after a matrix");
}
