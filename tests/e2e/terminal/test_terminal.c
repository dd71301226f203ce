/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a person sees at a terminal: the screen is read at several sizes while labs run. */
#include "tests/support/program.h"
#include "tests/support/terminal.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <string.h>

static const struct {
	guint columns, rows;
} sizes[] = {{40, 24}, {60, 12}, {66, 6}, {80, 24}, {200, 50}};

/* A matrix that fails where it should, of two scenarios. */
static const char *const matrix[] = {
	"run",	   "matrix",   "-s",	     "missing-route,persistent-route",
	"--media", "im,audio", "--pairs",    "branch1:home1,dc1:dc2",
	"--seed",  "1",	       "--no-color", NULL};

/* How often `what` occurs. */
static guint count(const char *text, const char *what)
{
	guint n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

/* At no size does the drawing leave anything behind, and no line of it is broken. */
Test(terminal, matrix_at_every_size)
{
	for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
		const struct sitting how = {.columns = sizes[i].columns, .rows = sizes[i].rows};
		struct screen s;

		terminal_testbed(&how, matrix, &s);
		cr_expect_eq(s.exit_code, 0, "%u columns:\n%s", how.columns, s.text);
		cr_expect_eq(s.broken, 0, "%u columns:\n%s", how.columns, s.text);
		cr_expect(g_str_has_prefix(s.text, "missing-route: The Edge has no route"),
			  "%u columns: the drawing is gone:\n%s", how.columns, s.text);
		cr_expect_not_null(strstr(s.seen, "signing in"), "%u columns:\n%s", how.columns,
				   s.seen);
		cr_expect_not_null(strstr(s.seen, "FAIL   missing-route/branch1-home1/audio"),
				   "%u columns: a failure is shown when it comes:\n%s", how.columns,
				   s.seen);
		cr_expect_eq(count(s.text, "branch1-home1/audio"), 1,
			     "%u columns: the failed cell is told once:\n%s", how.columns, s.text);
		screen_clear(&s);
	}
}

/* Each of these shows its call while it is placed, and only its results stay. */
Test(terminal, steps_are_shown_as_they_come)
{
	static const struct {
		const char *args[10];
		const char *meanwhile, *stays, *gone;
	} rows[] = {
		{{"run", "call", "dc1", "home1"},
		 " s after the INVITE",
		 "0 s is the INVITE",
		 " after the INVITE"},
		{{"explain", "missing-route/branch1-home1/audio", "--fresh"},
		 "trying on a copy: add-route",
		 "fix    - add-route",
		 "trying on"},
		{{"run", "nat", "home1"}, "measuring, ", "1 as asked for", "measuring, "},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct sitting how = {.columns = 60, .rows = 16};
		struct screen s;

		terminal_testbed(&how, rows[i].args, &s);
		cr_expect_eq(s.exit_code, 0, "%s:\n%s", rows[i].args[0], s.text);
		cr_expect_eq(s.broken, 0, "%s:\n%s", rows[i].args[0], s.text);
		cr_expect_not_null(strstr(s.seen, rows[i].meanwhile), "no '%s' in:\n%s",
				   rows[i].meanwhile, s.seen);
		cr_expect_not_null(strstr(s.text, rows[i].stays), "no '%s' in:\n%s", rows[i].stays,
				   s.text);
		cr_expect_null(strstr(s.text, rows[i].gone), "'%s' in:\n%s", rows[i].gone, s.text);
		screen_clear(&s);
	}
}

/* Signing in is before the INVITE, and so are its times. */
Test(terminal, time_begins_at_the_invite)
{
	static const char *const args[] = {"run", "call", "dc1", "dc2", NULL};
	const struct sitting how = {.columns = 80, .rows = 24};
	struct screen s;
	const char *signed_in, *invite;

	terminal_testbed(&how, args, &s);
	signed_in = strstr(s.text, "signed in at");
	invite = strstr(s.text, "  0.000 s dc1      sends the INVITE to ");
	cr_assert(signed_in && invite, "%s", s.text);
	cr_expect(g_regex_match_simple("(?m)^ -0\\.\\d{3} s dc[12] +signed in at", s.text, 0, 0),
		  "%s", s.text);
	screen_clear(&s);
}

Test(terminal, ctrl_c_ends_a_call)
{
	static const char *const args[] = {"run", "call", "branch1", "home1", NULL};
	const struct sitting how = {.columns = 60, .rows = 12, .interrupt_at = "calling, "};
	struct screen s;

	terminal_testbed(&how, args, &s);
	cr_expect_eq(s.exit_code, 130, "%s", s.text);
	cr_expect_not_null(strstr(s.text, "verdict  NOT FINISHED"), "%s", s.text);
	cr_expect_null(strstr(s.text, "calling, "), "%s", s.text);
	screen_clear(&s);
}

/* Where nothing can be drawn anew, each line comes once. */
Test(terminal, a_dumb_terminal_gets_lines)
{
	static const char *const args[] = {"run", "call", "dc1", "dc2", NULL};
	const struct sitting how = {.columns = 80, .rows = 24, .term = "dumb"};
	struct screen s;

	terminal_testbed(&how, args, &s);
	cr_expect_eq(s.exit_code, 0, "%s", s.text);
	cr_expect_eq(count(s.text, "dc2 audio"), 0);
	cr_expect_eq(count(s.text, "sends the INVITE"), 2, "as it comes, and in the result:\n%s",
		     s.text);
	screen_clear(&s);
}

/* In a pipe a cell that fails has one line, with its cause. */
Test(terminal, a_pipe_tells_a_failure_once)
{
	static const char *const args[] = {
		"run",	   "matrix",
		"-s",	   "persistent-route",
		"--media", "audio",
		"--pairs", "branch1:home1",
		"-c",	   "remove-route: {node: edge, to: 10.20.0.0/24}",
		NULL};
	struct outcome o;

	program_testbed(args, NULL, &o);
	cr_expect_eq(o.exit_code, 1, "%s%s", o.out, o.err);
	cr_expect_eq(count(o.err, "persistent-route/branch1-home1/audio"), 1, "%s", o.err);
	cr_expect_eq(count(o.err, "RETURN_WRONG_EGRESS: "), 1, "%s", o.err);
	cr_expect_eq(count(o.out, "DIFFERS persistent-route/branch1-home1/audio"), 1, "%s", o.out);
	cr_expect_null(strchr(o.err, '\033'), "%s", o.err);
	outcome_clear(&o);
}
