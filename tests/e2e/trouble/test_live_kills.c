/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lab that stays up: its keeper, or what works on it, is killed at a random moment.  Without its
 * keeper nothing of the lab is left, and its name is free; without one of the others it goes on. */
#include "tests/e2e/live/live.h"
#include "tests/e2e/trouble/kills.h"
#include "tests/support/figures.h"
#include "tests/support/machine.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILLS_USUAL 4
#define MOMENT_MAX_MS 1500

enum victim { VICTIM_UP, VICTIM_KEEPER, VICTIM_SUPERVISOR, VICTIM_WORKER };

static const struct shot {
	enum victim victim;
	int number;
	const char *const work[8]; /* of a worker, after "testbed" */
} shots[] = {
	{VICTIM_KEEPER, SIGKILL, {NULL}},
	{VICTIM_UP, SIGKILL, {NULL}},
	{VICTIM_WORKER, SIGKILL, {"capture", "edge", NULL}},
	{VICTIM_SUPERVISOR, SIGKILL, {NULL}},
	{VICTIM_WORKER, SIGKILL, {"call", "dc1", "dc2", "--seconds", "600", NULL}},
	{VICTIM_UP, SIGTERM, {NULL}},
	{VICTIM_WORKER, SIGTERM, {"capture", "edge", NULL}},
	{VICTIM_KEEPER, SIGTERM, {NULL}},
	{VICTIM_WORKER, SIGKILL, {"exec", "dc1", "--", "sleep", "600", NULL}},
	{VICTIM_UP, SIGINT, {NULL}},
	{VICTIM_WORKER, SIGKILL, {"set", "reboot: {node: dc2}", NULL}},
	{VICTIM_KEEPER, SIGHUP, {NULL}},
	{VICTIM_WORKER, SIGHUP, {"call", "dc1", "dc2", "--seconds", "600", NULL}},
	{VICTIM_UP, SIGHUP, {NULL}},
	{VICTIM_WORKER, SIGTERM, {"exec", "dc1", "--", "sleep", "600", NULL}},
	{VICTIM_KEEPER, SIGINT, {NULL}},
};

static bool never(gpointer data G_GNUC_UNUSED)
{
	return false;
}

/* All that the lab is made of: our descendants but the home's guard. */
static GArray *lab_processes(const struct home *h)
{
	GArray *list = process_descendants(getpid());

	for (guint i = list->len; i > 0; i--)
		if (g_array_index(list, struct process_id, i - 1).pid == h->guard)
			g_array_remove_index(list, i - 1);
	return list;
}

static pid_t status_pid(const struct home *h, const char *member)
{
	json_t *status = home_status(h, "lab");
	pid_t pid = (pid_t)json_integer_value(json_object_get(status, member));

	json_decref(status);
	return pid;
}

/* Starts what works on the lab, or the lab itself, and kills it. */
static void shoot_program(const struct home *h, const struct shot *s, guint32 moment_ms)
{
	g_auto(GStrv) environment =
		g_environ_setenv(g_get_environ(), "XDG_RUNTIME_DIR", h->folder, TRUE);
	const struct start how = {.environment = environment};
	const char *argv[10] = {h->program, "up", "-q", "-t", COMPANY, "-s", "persistent-route"};
	struct started program;
	struct outcome o;

	for (guint i = 0; s->victim == VICTIM_WORKER && i < G_N_ELEMENTS(s->work); i++)
		argv[i + 1] = s->work[i];
	program_start(argv, &how, &program);
	process_wait_until(never, NULL, moment_ms);
	kill(program.pid, s->number);
	program_end(&program, &o);
	/* a lab is up, or changed, at some time; all others work until they are ended */
	if (s->victim == VICTIM_WORKER && s->number == SIGKILL && !g_str_equal(s->work[0], "set"))
		cr_expect_eq(o.exit_code, 128 + SIGKILL, "%s: %s%s", s->work[0], o.out, o.err);
	outcome_clear(&o);
}

static void expect_it_goes_on(const struct home *h, const char *when)
{
	struct outcome o;

	home_run(h, &o, NULL, "call", "dc1", "branch1", "--media", "im", NULL);
	cr_expect_eq(o.exit_code, 0, "%s: a call: %s%s", when, o.out, o.err);
	outcome_clear(&o);
}

/* As kill_all_are_gone, and takes note of orphans that have ended, as a machine's first process
 * does.  (Until then nobody did: "down" must not wait for that.) */
static bool adopted_are_gone(gpointer processes)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return kill_all_are_gone(processes);
}

static void shoot(const struct home *h, const struct shot *s, guint32 moment_ms)
{
	g_autofree char *when = g_strdup_printf("%d of %s after %u ms", s->number,
						s->victim == VICTIM_UP	       ? "up" :
						s->victim == VICTIM_KEEPER     ? "the keeper" :
						s->victim == VICTIM_SUPERVISOR ? "the supervisor" :
										 s->work[0],
						moment_ms);
	g_autoptr(GArray) processes = NULL;
	/* a keeper has no terminal that could hang up */
	bool goes_on =
		s->victim == VICTIM_WORKER || (s->victim == VICTIM_KEEPER && s->number == SIGHUP);

	if (s->victim != VICTIM_UP)
		home_expect(h, 0, "up", "-q", "-t", COMPANY, "-s", "persistent-route", NULL);
	if (s->victim == VICTIM_UP || s->victim == VICTIM_WORKER) {
		shoot_program(h, s, moment_ms);
	} else {
		pid_t pid = status_pid(h, s->victim == VICTIM_KEEPER ? "pid" : "supervisor");

		processes = lab_processes(h);
		cr_assert_gt(pid, 1, "%s", when);
		kill(pid, s->number);
	}
	if (goes_on)
		expect_it_goes_on(h, when);
	if (!processes)
		processes = lab_processes(h);
	/* also after up, which may have been faster than its signal */
	if (s->victim != VICTIM_KEEPER || goes_on)
		home_expect(h, 0, "down", "--all", NULL);
	cr_expect(process_wait_until(adopted_are_gone, processes, GONE_MS),
		  "%s: processes are left", when);
}

ParameterizedTestParameters(kills, leave_nothing_of_a_lab_that_stays)
{
	return cr_make_param_array(guint, kill_lanes, kill_lane_count());
}

ParameterizedTest(guint *lane, kills, leave_nothing_of_a_lab_that_stays, .timeout = 36000)
{
	g_autofree char *before = machine_snapshot();
	g_autoptr(GRand) moments = kill_moments(*lane);
	guint count = g_getenv("KILLS") ? MAX(figure_count("KILLS", 1) / 4, 1) : KILLS_USUAL;
	guint done = 0;
	int number = -1;
	struct home h;

	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	home_new(&h, 0);
	for (; kill_next(*lane, count, &number); done++)
		shoot(&h, &shots[(guint)number % G_N_ELEMENTS(shots)],
		      (guint32)g_rand_int_range(moments, 0, MOMENT_MAX_MS));
	home_clear(&h);
	machine_expect_untouched(before, "after the kills");
	figure_add("check-deaths", "%u kills of keepers, supervisors and what works on live labs",
		   done);
}
