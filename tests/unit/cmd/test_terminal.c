/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What verbs that need no lab show at a terminal: no word is broken at any width from 40. */
#include "tests/support/terminal.h"

#include <criterion/criterion.h>
#include <string.h>

static const guint widths[] = {40, 60, 66, 80, 200};

static const char *const verbs[] = {
	"--help",
	"run matrix --help",
	"run call --help",
	"run nat --help",
	"run capacity --help",
	"trace --help",
	"explain --help",
	"up --help",
	"exec --help",
	"credentials --help",
	"set --help",
	"capture --help",
	"lesson --help",
	"exercise start --help",
	"exercise check --help",
	"import --help",
	"graph --help",
	"report --help",
	"scenarios",
	"scenarios -t topologies/two-branches.yaml",
	"lesson",
	"exercise list",
	"nodes",
	"explain --icewarn 0x3eb",
	"rnu matrix",
	"run call dc1 nobody",
};

Test(terminal, breaks_no_word)
{
	for (guint i = 0; i < G_N_ELEMENTS(verbs); i++) {
		g_auto(GStrv) args = g_strsplit(verbs[i], " ", 0);

		for (guint k = 0; k < G_N_ELEMENTS(widths); k++) {
			const struct sitting how = {.columns = widths[k], .rows = 24};
			struct screen s;

			terminal_testbed(&how, (const char *const *)(gpointer)args, &s);
			cr_expect_eq(s.broken, 0, "testbed %s, %u columns:\n%s", verbs[i],
				     widths[k], s.text);
			cr_expect_gt(strlen(s.text), 10, "testbed %s", verbs[i]);
			screen_clear(&s);
		}
	}
}

/* Documents are for programs, and stay as they are. */
Test(terminal, breaks_no_document)
{
	static const char *const args[] = {"graph", NULL};
	const struct sitting how = {.columns = 40, .rows = 24};
	struct screen s;

	terminal_testbed(&how, args, &s);
	cr_expect_gt(s.broken, 0, "the terminal breaks it, not the program");
	screen_clear(&s);
}
