/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lab's life in the background: up, what one does with it, down; and all the ways in which it may
 * end. */
#include "tests/e2e/live/live.h"
#include "tests/support/process.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define NOBODY 65534
#define GONE_DEADLINE_MS 5000

static pid_t number(const json_t *status, const char *key)
{
	return (pid_t)json_integer_value(json_object_get(status, key));
}

static bool is_gone(gpointer pid)
{
	return kill(GPOINTER_TO_INT(pid), 0) != 0;
}

static void everyone_is_signed_in(const json_t *status)
{
	size_t i;
	json_t *e;

	cr_expect_eq(json_array_size(json_object_get(status, "endpoints")), 7);
	json_array_foreach(json_object_get(status, "endpoints"), i, e)
		cr_expect_str_eq(json_string_value(json_object_get(e, "state")), "signed-in", "%s",
				 json_string_value(json_object_get(e, "name")));
}

static void commands_are_passed_through(const struct home *h)
{
	struct outcome s;

	home_run(h, &s, "spoken\n", "exec", "dc1", "--", "sh", "-c",
		 "cat; echo to-stderr >&2; exit 7", NULL);
	cr_expect_eq(s.exit_code, 7);
	cr_expect_str_eq(s.out, "spoken\n");
	cr_expect(strstr(s.err, "to-stderr") != NULL);
	outcome_clear(&s);
	home_expect(h, 143, "exec", "dc1", "--", "sh", "-c", "kill -TERM $$", NULL);
	home_expect(h, 127, "exec", "dc1", "--", "there-is-no-such-program", NULL);
	home_expect(h, 2, "exec", "dc7", "--", "true", NULL);
	home_expect(h, 2, "exec", "dc1", NULL);
	home_run(h, &s, NULL, "exec", "dc1", "--", "cat", "/etc/resolv.conf", NULL);
	cr_expect_str_eq(s.out, "nameserver 10.0.1.53\n");
	outcome_clear(&s);
	home_run(h, &s, NULL, "exec", "branch1", "--", "ip", "-4", "-br", "addr", NULL);
	cr_expect(strstr(s.out, "10.20.0.101/24") != NULL, "%s", s.out);
	outcome_clear(&s);
}

static void calls_are_placed(const struct home *h)
{
	struct outcome s;

	home_run(h, &s, NULL, "call", "dc1", "dc2", NULL);
	cr_expect_eq(s.exit_code, 0, "%s", s.err);
	cr_expect(strstr(s.out, "PASS over udp-direct") != NULL, "%s", s.out);
	outcome_clear(&s);
	home_expect(h, 0, "call", "branch1", "home1", "--media", "im", NULL);
	home_expect(h, 2, "call", "dc1", "dc1", NULL);
	home_expect(h, 2, "call", "dc1", "nobody", NULL);
	home_expect(h, 2, "call", "dc1", "dc2", "--media", "smell", NULL);
}

/* The supervisor still holds packets in memory. */
static bool is_watched(gpointer supervisor)
{
	g_autofree char *folder = g_strdup_printf("/proc/%d/fd", GPOINTER_TO_INT(supervisor));
	g_autoptr(GDir) fds = g_dir_open(folder, 0, NULL);
	const char *name;

	cr_assert_not_null(fds, "%s cannot be read", folder);
	while ((name = g_dir_read_name(fds))) {
		g_autofree char *path = g_build_filename(folder, name, NULL),
				*target = g_file_read_link(path, NULL);

		if (target && strstr(target, "memfd:evidence"))
			return true;
	}
	return false;
}

static bool is_watched_no_more(gpointer supervisor)
{
	return !is_watched(supervisor);
}

static void calls_are_explained(const struct home *h, int supervisor)
{
	struct outcome s;

	home_run(h, &s, NULL, "explain", "branch1", "home1", "-n", "lab", "--no-trial", NULL);
	cr_expect_eq(s.exit_code, 0, "%s", s.err);
	cr_expect(strstr(s.out, "(RETURN_WRONG_EGRESS) [lab lab]\nwhere  edge, 10.20.0.0/24\n"),
		  "%s", s.out);
	cr_expect(strstr(s.out, "; seen: "), "no packets were seen: %s", s.out);
	cr_expect(strstr(s.out,
			 "; kernel at edge: 10.20.0.101 from 172.25.33.10: no way (ENETUNREACH)"),
		  "the kernel was not asked: %s", s.out);
	outcome_clear(&s);
	home_run(h, &s, NULL, "explain", "branch1", "home1", "-n", "lab", "--no-trial", "-v", NULL);
	cr_expect(strstr(s.out, "edge/tb-edge says of sending to 10.20.0.101"),
		  "what a server says is not heard: %s", s.out);
	cr_expect(!strstr(s.out, "TOOL_DISAGREES"), "%s", s.out);
	outcome_clear(&s);
	cr_expect(process_wait_until(is_watched_no_more, GINT_TO_POINTER(supervisor),
				     GONE_DEADLINE_MS),
		  "packets are kept though nobody asks any more");
	home_expect(h, 2, "explain", "missing-route/branch1-home1/audio", "-n", "lab", NULL);
	home_expect(h, 2, "explain", "branch1", "nobody", "-n", "lab", NULL);
}

Test(live, up_exec_call_down, .timeout = 60)
{
	struct home h;
	json_t *status;

	home_new(&h, 0);
	home_expect(&h, 0, "status", NULL);
	home_expect(&h, 2, "call", "dc1", "dc2", NULL);
	home_expect(&h, 0, "up", "-t", COMPANY, NULL);
	status = home_status(&h, "lab");
	cr_assert(status, "the lab is not up");
	everyone_is_signed_in(status);
	cr_expect_gt(json_number_value(json_object_get(status, "up_ms")), 0);
	commands_are_passed_through(&h);
	calls_are_placed(&h);
	calls_are_explained(&h, (int)number(status, "supervisor"));
	home_expect(&h, 0, "down", NULL);
	cr_expect(is_gone(GINT_TO_POINTER(number(status, "supervisor"))),
		  "something is left of the lab after 'down'");
	cr_expect_eq(home_files(&h), 0);
	json_decref(status);
	home_expect(&h, 0, "down", NULL);
	home_clear(&h);
}

Test(live, nothing_is_left_when_the_keeper_is_killed, .timeout = 60)
{
	struct home h;
	struct outcome s;
	g_autofree char *line = NULL;
	json_t *status;

	home_new(&h, 0);
	/* the pipe is read to its end, which comes only when the keeper does not hold it */
	line = g_strdup_printf("XDG_RUNTIME_DIR=%s %s up -t " COMPANY " 2>&1 | cat", h.folder,
			       h.program);
	program_shell(line, NULL, &s);
	outcome_clear(&s);
	status = home_status(&h, "lab");
	cr_assert(status);
	cr_assert_eq(kill(number(status, "pid"), SIGKILL), 0);
	cr_expect(process_wait_until(is_gone, GINT_TO_POINTER(number(status, "supervisor")),
				     GONE_DEADLINE_MS),
		  "the lab outlives its keeper");
	json_decref(status);
	home_run(&h, &s, NULL, "status", NULL);
	cr_expect_eq(s.exit_code, 0);
	cr_expect(strstr(s.err, "had died") != NULL, "%s", s.err);
	outcome_clear(&s);
	cr_expect_eq(home_files(&h), 0, "'status' leaves files of a dead lab");
	home_expect(&h, 0, "down", NULL);
	home_clear(&h);
}

Test(live, two_labs_side_by_side, .timeout = 60)
{
	struct home h;
	struct outcome s;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-t", COMPANY, "-n", "one", NULL);
	home_expect(&h, 0, "up", "-t", COMPANY, "-n", "two", "-s", "persistent-route", NULL);
	home_run(&h, &s, NULL, "up", "-t", COMPANY, "-n", "one", "-s", "vpn-bypass", NULL);
	cr_expect_eq(s.exit_code, 2);
	cr_expect(strstr(s.err, "missing-route") && strstr(s.err, "vpn-bypass") &&
			  strstr(s.err, "down -n one"),
		  "%s", s.err);
	outcome_clear(&s);
	home_expect(&h, 2, "exec", "dc1", "--", "true", NULL);
	home_expect(&h, 0, "exec", "-n", "two", "dc1", "--", "true", NULL);
	home_expect(&h, 2, "down", NULL);
	home_expect(&h, 0, "down", "-n", "one", NULL);
	home_expect(&h, 0, "exec", "dc1", "--", "true", NULL);
	home_expect(&h, 0, "down", "--all", NULL);
	home_expect(&h, 2, "up", "-n", "../escape", NULL);
	home_clear(&h);
}

Test(live, a_user_without_privileges, .timeout = 60)
{
	g_autofree char *topology = NULL;
	struct home h;
	json_t *status;

	if (geteuid() != 0)
		return; /* the other tests are this one then */
	home_new(&h, NOBODY);
	topology = program_edited_topology(h.folder, COMPANY, &(const struct edit){0});
	home_expect(&h, 0, "up", "-t", topology, NULL);
	status = home_status(&h, "lab");
	cr_assert(status);
	everyone_is_signed_in(status);
	json_decref(status);
	home_expect(&h, 0, "exec", "edge", "--", "nft", "list", "ruleset", NULL);
	home_expect(&h, 0, "exec", "dc1", "--", "ip", "link", "set", "lan", "mtu", "1400", NULL);
	home_expect(&h, 2, "up", "--publish", "-n", "other", "-t", topology, NULL);
	home_expect(&h, 0, "down", NULL);
	cr_expect_eq(home_files(&h), 0);
	home_clear(&h);
}

static bool no_files(gpointer home)
{
	return home_files(home) == 0;
}

Test(live, a_lab_that_nobody_waits_for_does_not_come_up, .timeout = 60)
{
	struct home h;
	g_autofree char *line = NULL;
	struct outcome o;

	home_new(&h, 0);
	line = g_strdup_printf("XDG_RUNTIME_DIR=%s timeout -s KILL 0.1 %s up -t " COMPANY, h.folder,
			       h.program);
	program_shell(line, NULL, &o);
	/* on a machine that is late with the signal it may have come up */
	if (o.exit_code == 0)
		home_expect(&h, 0, "down", NULL);
	outcome_clear(&o);
	cr_expect(process_wait_until(no_files, &h, GONE_DEADLINE_MS),
		  "a lab whose 'up' was killed is still there");
	home_expect(&h, 3, "up", "-t", "/dev/null", NULL);
	cr_expect_eq(home_files(&h), 0);
	home_clear(&h);
}
