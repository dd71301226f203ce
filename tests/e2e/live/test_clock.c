/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The wall clock of a program of the lab, or of the machine, jumps: calls relay as before, or it is
 * said why not.  tests/preload/clock_jump.c makes the clock. */
#include "tests/e2e/live/live.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>

#define HOUR_S 3600
#define DAY_S (24 * HOUR_S)

/* More than credentials are good for (8 hours), and less than certificates are backdated. */
static const struct jump {
	const char *program; /* "*": every one */
	long seconds;
	const char *why; /* that the call says; NULL: it passes */
} jumps[] = {
	{"*", -12 * HOUR_S, NULL},
	{"*", 12 * HOUR_S, NULL},
	{"tb-edge", -12 * HOUR_S, NULL},
	{"tb-edge", 12 * HOUR_S, NULL},
	{"tb-client", -12 * HOUR_S, NULL},
	{"tb-client", -400 * DAY_S, "certificate is not valid yet"},
	{"tb-client", 400 * DAY_S, "certificate has expired"},
};

static void set_clock(const char *path, const struct jump *j)
{
	g_autofree char *text = g_strdup_printf("%s %ld", j->program, j->seconds);

	cr_assert(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
}

static void expect_call(const struct home *h, const struct jump *j)
{
	struct outcome o;

	home_run(h, &o, NULL, "call", "home1", "cafe1", NULL);
	cr_expect_eq(o.exit_code, j->why ? 1 : 0, "%s %+ld s:\n%s%s", j->program, j->seconds, o.out,
		     o.err);
	cr_expect(!j->why || strstr(o.out, j->why), "%s %+ld s:\n%s", j->program, j->seconds,
		  o.out);
	outcome_clear(&o);
}

/* The client signs in after the jump, and so gets credentials from a server whose clock jumped
 * after its start. */
Test(clock, jumps_and_calls_relay_or_say_why_not, .timeout = 240)
{
	struct home h;
	g_autofree char *clock = NULL, *client = program_path("tb-client"),
			*library = g_canonicalize_filename("../../tests/clock-jump.so", client);

	home_new(&h, 0);
	cr_assert_eq(chmod(h.folder, 0755), 0, "programs of the lab have no privileges");
	clock = g_build_filename(h.folder, "clock", NULL);
	set_clock(clock, &(const struct jump){"*", 0, NULL});
	g_setenv("CLOCK_JUMP", clock, TRUE);
	g_setenv("LD_PRELOAD", library, TRUE);
	home_expect(&h, 0, "up", "-t", COMPANY, "-s", "missing-route", NULL);
	g_unsetenv("LD_PRELOAD");
	for (guint i = 0; i < G_N_ELEMENTS(jumps); i++) {
		set_clock(clock, &jumps[i]);
		home_expect(&h, 0, "reboot", "home1", NULL);
		expect_call(&h, &jumps[i]);
	}
	home_clear(&h);
}
