/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program of a live lab dies: the call that runs ends at once and names it, and so does the
 * status, until a change starts it again.  What only a connection loses is got over. */
#include "tests/e2e/live/live.h"
#include "tests/support/process.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#define DEADLINE_MS 60000

static bool dc1_talks(gpointer home)
{
	json_t *status = home_status(home, "lab");
	json_t *endpoints = json_object_get(status, "endpoints"), *e;
	bool talks = false;
	size_t i;

	json_array_foreach(endpoints, i, e)
		if (g_strcmp0(json_string_value(json_object_get(e, "name")), "dc1") == 0)
			talks = json_integer_value(json_object_get(e, "calls")) > 0;
	json_decref(status);
	return talks;
}

static bool is_gone(gpointer process)
{
	return !process_is_alive(process);
}

/* Ends every process of that name in the lab. */
static void kill_all(const struct home *h, const char *program)
{
	json_t *status = home_status(h, "lab");
	pid_t root = (pid_t)json_integer_value(json_object_get(status, "supervisor"));
	struct process_id victim = process_descendant_named(root, program);

	cr_expect_gt(victim.pid, 0, "no %s runs", program);
	for (; victim.pid > 0; victim = process_descendant_named(root, program)) {
		kill(victim.pid, SIGKILL);
		cr_assert(process_wait_until(is_gone, &victim, DEADLINE_MS), "%s lives", program);
	}
	json_decref(status);
}

static guint number_dead(const struct home *h)
{
	json_t *status = home_status(h, "lab");
	guint n = (guint)json_array_size(json_object_get(status, "died"));

	json_decref(status);
	return n;
}

struct toll {
	const struct home *h;
	guint n;
};

static bool status_names_all(gpointer user_data)
{
	const struct toll *t = user_data;

	return number_dead(t->h) == t->n;
}

/* A call for ten minutes ends when the programs die, and names one of them. */
static void expect_named(const struct home *h, const char *peer, const char *program,
			 const char *agent, guint n)
{
	g_auto(GStrv) environment =
		g_environ_setenv(g_get_environ(), "XDG_RUNTIME_DIR", h->folder, TRUE);
	const struct start how = {.environment = environment};
	g_autofree char *why = g_strdup_printf("%s died: killed by signal 9\n", agent);
	struct started call;
	struct outcome o;

	program_start((const char *const[]){h->program, "call", "dc1", peer, "--seconds", "600",
					    NULL},
		      &how, &call);
	cr_assert(process_wait_until(dc1_talks, (gpointer)(guintptr)h, DEADLINE_MS),
		  "no call to %s", peer);
	kill_all(h, program);
	program_end(&call, &o);
	cr_expect_eq(o.exit_code, 1, "exit code %d", o.exit_code);
	cr_expect(strstr(o.out, "verdict  ERROR") && strstr(o.out, why), "%s: %s%s", agent, o.out,
		  o.err);
	cr_expect(process_wait_until(status_names_all, &(struct toll){h, n}, DEADLINE_MS),
		  "%s: the status names %u", agent, number_dead(h));
	outcome_clear(&o);
}

Test(deaths, of_servers_are_named_at_once, .timeout = 120)
{
	struct home h;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-t", COMPANY, "-s", "persistent-route", NULL);
	expect_named(&h, "dc2", "dnsmasq", "/dnsmasq", 2);
	home_expect(&h, 0, "reboot", "dc2", NULL);
	cr_expect_eq(number_dead(&h), 0, "a change has not started them again");
	expect_named(&h, "home1", "tb-edge", "edge/tb-edge", 1);
	home_clear(&h);
}

/* What ends with its node has not died; what starts with it is looked after, too. */
Test(deaths, of_a_tunnel_that_has_started_again_are_named, .timeout = 120)
{
	struct home h;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-t", COMPANY, "-s", "persistent-route", NULL);
	home_expect(&h, 0, "reboot", "branch-gw", NULL);
	cr_expect_eq(number_dead(&h), 0, "something died when branch-gw started again");
	home_expect(&h, 0, "call", "dc1", "branch1", NULL);
	expect_named(&h, "branch1", "wireguard-go", "/wireguard-go vpn0", 2);
	home_clear(&h);
}

static bool home1_is_called(gpointer home)
{
	struct outcome o;
	bool passed;

	home_run(home, &o, NULL, "call", "dc1", "home1", "--media", "im", NULL);
	passed = o.exit_code == 0;
	outcome_clear(&o);
	return passed;
}

/* Clients sign in again, without being told. */
Test(deaths, of_connections_are_got_over, .timeout = 120)
{
	struct home h;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-t", COMPANY, "-s", "persistent-route", NULL);
	cr_assert(home1_is_called(&h), "before");
	home_expect(&h, 0, "exec", "home1", "--", "ss", "-K", "dport", "=", "443", NULL);
	cr_expect(process_wait_until(home1_is_called, &h, DEADLINE_MS), "home1 is not back");
	home_clear(&h);
}
