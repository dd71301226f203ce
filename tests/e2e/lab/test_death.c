/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When the orchestrator is killed nothing of its labs is left.
 *
 * The orchestrator is a child of the test; the test adopts what it leaves behind
 * (PR_SET_CHILD_SUBREAPER), so everything that outlives it is a descendant of the test.
 */
#include "tests/e2e/lab/harness.h"

#include "tests/support/figures.h"
#include "tests/support/process.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define POINTS 60 /* moments at which the orchestrator is killed... */
#define STEP_MS 5 /* ...this far apart, from the very start to a lab that stands */
#define LEFT_OVER_MS 20000
#define LANES_MAX 8u

/* Starts labs one after the other, says a byte each time one stands, and waits to be killed. */
static void orchestrate(int report, guint labs)
{
	struct watched w[2];

	for (guint i = 0; i < labs; i++) {
		watched_up(&w[i], "missing-route");
		if (write(report, "b", 1) != 1)
			_exit(1);
	}
	for (;;)
		g_main_context_iteration(NULL, TRUE);
}

static pid_t start_orchestrator(guint labs, int *ret_report)
{
	int report[2];
	pid_t pid;

	cr_assert_eq(pipe(report), 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0) {
		close(report[0]);
		orchestrate(report[1], labs);
	}
	close(report[1]);
	*ret_report = report[0];
	return pid;
}

/* True when a lab stands before the time is up. */
static bool stands_within(int report, int timeout_ms)
{
	struct pollfd p = {.fd = report, .events = POLLIN};
	char byte;

	return poll(&p, 1, timeout_ms) == 1 && read(report, &byte, 1) == 1;
}

static bool nobody_is_left(gpointer user_data G_GNUC_UNUSED)
{
	g_autoptr(GArray) left = NULL;

	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	left = process_descendants(getpid());
	return left->len == 0;
}

/* The network namespaces that our descendants are in, apart from our own. */
static GHashTable *namespaces_of_descendants(void)
{
	g_autoptr(GArray) processes = process_descendants(getpid());
	g_autofree char *own = g_file_read_link("/proc/self/ns/net", NULL);
	GHashTable *found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < processes->len; i++) {
		const struct process_id *id = &g_array_index(processes, struct process_id, i);
		g_autofree char *path = g_strdup_printf("/proc/%d/ns/net", (int)id->pid);
		char *name = g_file_read_link(path, NULL);

		if (name != NULL && g_strcmp0(name, own) != 0)
			g_hash_table_add(found, name);
		else
			g_free(name);
	}
	return found;
}

static guint count_inhabited(GHashTable *namespaces)
{
	GDir *proc = g_dir_open("/proc", 0, NULL);
	const char *entry;
	guint n = 0;

	while ((entry = g_dir_read_name(proc)) != NULL) {
		g_autofree char *path = g_strdup_printf("/proc/%s/ns/net", entry);
		g_autofree char *name =
			g_ascii_isdigit(entry[0]) ? g_file_read_link(path, NULL) : NULL;

		n += name != NULL && g_hash_table_contains(namespaces, name);
	}
	g_dir_close(proc);
	return n;
}

static void kill_and_look(pid_t orchestrator, const char *when)
{
	g_autoptr(GHashTable) namespaces = namespaces_of_descendants();

	cr_assert_eq(kill(orchestrator, SIGKILL), 0);
	cr_assert(process_wait_until(nobody_is_left, NULL, LEFT_OVER_MS),
		  "processes are left after a kill %s", when);
	cr_assert_eq(count_inhabited(namespaces), 0,
		     "somebody is in a namespace of the lab after a kill %s", when);
}

Test(death, nothing_is_left_whenever_the_orchestrator_is_killed, .timeout = 300)
{
	guint standing = 0;

	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	for (int i = 0; i < POINTS; i++) {
		g_autofree char *when = g_strdup_printf("after %d ms", i * STEP_MS);
		int report;
		pid_t orchestrator = start_orchestrator(1, &report);

		standing += stands_within(report, i * STEP_MS);
		kill_and_look(orchestrator, when);
		close(report);
	}
	cr_log_info("%u of %d labs stood when their orchestrator was killed", standing, POINTS);
}

/* --- at every step of the build --------------------------------------------------------------- */

/* How far a lab has come: its processes, and what its supervisor has open (two descriptors for each
 * node's namespace).  Both only grow while it is built. */
static guint steps_made(void)
{
	g_autoptr(GArray) processes = process_descendants(getpid());
	struct process_id supervisor = process_descendant_named(getpid(), "testbed-lab");
	g_autofree char *path = g_strdup_printf("/proc/%d/fd", (int)supervisor.pid);
	g_autoptr(GDir) dir = supervisor.pid > 0 ? g_dir_open(path, 0, NULL) : NULL;
	guint n = processes->len;

	while (dir && g_dir_read_name(dir))
		n++;
	return n;
}

/* Kills the orchestrator when its lab has made that many steps; false: it stood before. */
static bool kill_at_step(guint step)
{
	g_autofree char *when = g_strdup_printf("at step %u", step);
	int report;
	pid_t orchestrator = start_orchestrator(1, &report);
	struct pollfd p = {.fd = report, .events = POLLIN};
	bool stands = false;

	while (!stands && steps_made() < step)
		stands = poll(&p, 1, 0) == 1;
	kill_and_look(orchestrator, when);
	close(report);
	return !stands;
}

/* DEATH_STEPS says how far apart the steps are (1: every one), DEATH_TIMES how often each is tried,
 * DEATH_LANES in how many tests at the same time. */
static guint lanes[LANES_MAX] = {0, 1, 2, 3, 4, 5, 6, 7};

static guint lane_count(void)
{
	return MIN(figure_count("DEATH_LANES", 1), LANES_MAX);
}

ParameterizedTestParameters(death, nothing_is_left_at_any_step_of_the_build)
{
	return cr_make_param_array(guint, lanes, lane_count());
}

ParameterizedTest(guint *lane, death, nothing_is_left_at_any_step_of_the_build, .timeout = 36000)
{
	guint apart = figure_count("DEATH_STEPS", 6), times = figure_count("DEATH_TIMES", 1);
	guint last = 0, done = 0;

	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	for (guint time = *lane; time < times; time += lane_count()) {
		guint step = 1;

		for (; kill_at_step(step); step += apart)
			done++;
		last = MAX(last, step);
	}
	cr_expect_gt(last, 40u, "the lab stood after %u steps", last);
	figure_add("check-deaths", "%u kills at each %u of %u steps of a lab's build", done, apart,
		   last);
}

Test(death, the_first_lab_goes_although_another_was_started_later, .timeout = 200)
{
	int report;
	pid_t orchestrator;

	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	orchestrator = start_orchestrator(2, &report);
	for (int i = 0; i < 2; i++)
		cr_assert(stands_within(report, DEADLINE_S * 1000), "lab %d does not come up",
			  i + 1);
	kill_and_look(orchestrator, "with two labs");
	close(report);
}

Test(death, a_lab_freed_while_it_is_built_leaves_nothing)
{
	g_autofree char *programs = built_programs();
	struct watched w;

	watched_start(&w, "missing-route", programs);
	watched_end(&w);
	cr_expect(process_wait_until(nobody_is_left, NULL, LEFT_OVER_MS), "processes are left");
	/* the loop must cope with the death of what it does not know any more */
	while (g_main_context_iteration(NULL, FALSE))
		;
}
