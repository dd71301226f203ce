/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program of a run, or the run itself, is killed at a random moment: nothing is left, nothing
 * hangs, what was written by then can be read, and the machine is as it was.
 *
 * KILLS in the environment says how many (make check-deaths). */
#include "tests/support/machine.h"
#include "tests/support/process.h"
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COMPANY "tests/data/topologies/company.yaml"
#define KILLS_USUAL 12
#define MOMENT_MAX_MS 4000 /* by then labs stand and calls are in progress */
#define GONE_MS 10000
#define END_MS 5000

static guint number_of_kills(void)
{
	const char *text = g_getenv("KILLS");

	return text ? (guint)atoi(text) : KILLS_USUAL;
}

/* What is killed, and how; a program of the lab by SIGKILL, after which the run is interrupted. */
static const struct blow {
	const char *victim; /* command name; NULL: the run itself */
	int number;
} blows[] = {
	{NULL, SIGKILL},	  {"testbed-lab", SIGKILL}, {NULL, SIGTERM},
	{"tb-client", SIGKILL},	  {NULL, SIGINT},	    {"tb-edge", SIGKILL},
	{NULL, SIGHUP},		  {"dnsmasq", SIGKILL},	    {"wireguard-go", SIGKILL},
	{"tb-frontend", SIGKILL}, {"testbed-lab", SIGSTOP}, {NULL, SIGPIPE},
};

struct target {
	char *folder, *json, *out;
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

static bool all_are_gone(gpointer data)
{
	const struct target *t = data;

	for (guint i = 0; i < t->processes->len; i++)
		if (process_is_alive(&g_array_index(t->processes, struct process_id, i)))
			return false;
	return true;
}

static void start(struct target *t)
{
	g_autofree char *program = program_path("testbed");

	t->folder = program_folder_new();
	t->json = g_build_filename(t->folder, "results.json", NULL);
	t->out = g_build_filename(t->folder, "run", NULL);
	program_start((const char *const[]){program, "run", "matrix", "-t", COMPANY, "-s",
					    "missing-route,persistent-route", "--capture", "edge",
					    "--json", t->json, "--out", t->out, NULL},
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
	if (victim.pid > 0)
		kill(victim.pid, b->number);
	if (b->victim || b->number == SIGPIPE)
		kill(run, SIGINT);
	cr_expect(process_wait_until(has_ended, t, END_MS), "%s: it hangs", when);
	/* whatever it was: the test goes on */
	kill(run, SIGKILL);
}

static void kill_once(guint number, guint32 moment_ms)
{
	const struct blow *b = &blows[number % G_N_ELEMENTS(blows)];
	g_autofree char *when =
		g_strdup_printf("%s killed by %d after %u ms", b->victim ? b->victim : "the run",
				b->number, moment_ms);
	struct target t = {0};
	struct outcome o;

	start(&t);
	process_wait_until(has_ended, &t, moment_ms);
	strike(&t, b, when);
	program_end(&t.program, &o);
	outcome_clear(&o);
	cr_expect(process_wait_until(all_are_gone, &t, GONE_MS), "%s: processes are left", when);
	expect_readable(&t, when);
	expect_results(&t, b, when);
	g_array_unref(t.processes);
	program_folder_free(t.folder);
	g_free(t.json);
	g_free(t.out);
}

Test(kills, leave_nothing_whenever_and_whoever, .timeout = 36000)
{
	g_autofree char *before = machine_snapshot();
	const char *seed = g_getenv("SEED");
	g_autoptr(GRand) moments = g_rand_new_with_seed(seed ? (guint32)atoi(seed) : 1);

	for (guint i = 0; i < number_of_kills(); i++)
		kill_once(i, (guint32)g_rand_int_range(moments, 0, MOMENT_MAX_MS));
	machine_expect_untouched(before, "after the kills");
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
