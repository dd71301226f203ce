/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The wall clock of a program of the lab, or of the machine, jumps: calls relay as before, or it is
 * said why not.  tests/preload/clock_jump.c makes the clock. */
#include "tests/e2e/live/live.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

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

static void put_file(const char *folder, const char *name, const char *text, gssize length)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);

	cr_assert(
		g_file_set_contents_full(path, text, length, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
}

/* Programs whose clock jumps, in a folder of their own: the lab sees no other. */
static char *wrap_programs(struct home *h)
{
	static const char *const wrapped[] = {"tb-frontend", "tb-edge", "tb-client"};
	g_autofree char *copy = program_public_copy(h->folder), *bytes = NULL;
	g_autofree char *bin = g_path_get_dirname(copy), *client = program_path("tb-client");
	g_autofree char *library = g_canonicalize_filename("../../tests/clock-jump.so", client);
	g_autofree char *real = g_build_filename(bin, "real", NULL);
	gsize length;

	cr_assert(g_file_get_contents(library, &bytes, &length, NULL));
	put_file(bin, "clock-jump.so", bytes, (gssize)length);
	cr_assert_eq(g_mkdir_with_parents(real, 0755), 0);
	for (guint i = 0; i < G_N_ELEMENTS(wrapped); i++) {
		g_autofree char *from = g_build_filename(bin, wrapped[i], NULL);
		g_autofree char *to = g_build_filename(real, wrapped[i], NULL);
		g_autofree char *text =
			g_strdup_printf("#!/bin/sh\nexport CLOCK_JUMP=/testbed/bin/clock\n"
					"export LD_PRELOAD=/testbed/bin/clock-jump.so\n"
					"exec /testbed/bin/real/%s \"$@\"\n",
					wrapped[i]);

		cr_assert_eq(g_rename(from, to), 0);
		put_file(bin, wrapped[i], text, -1);
	}
	g_free(h->program);
	h->program = g_steal_pointer(&copy);
	return g_build_filename(bin, "clock", NULL);
}

/* The client signs in after the jump, and so gets credentials from a server whose clock jumped
 * after its start. */
Test(clock, jumps_and_calls_relay_or_say_why_not, .timeout = 240)
{
	struct home h;
	g_autofree char *clock = NULL;

	home_new(&h, 0);
	clock = wrap_programs(&h);
	set_clock(clock, &(const struct jump){"*", 0, NULL});
	home_expect(&h, 0, "up", "-t", COMPANY, "-s", "missing-route", NULL);
	for (guint i = 0; i < G_N_ELEMENTS(jumps); i++) {
		set_clock(clock, &jumps[i]);
		home_expect(&h, 0, "reboot", "home1", NULL);
		expect_call(&h, &jumps[i]);
	}
	home_clear(&h);
}
