/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of others on a terminal, and descriptors that were closed at the start. */
#include "common/base/descriptors.h"
#include "common/base/printable.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct row {
	const char *text, *shown; /* as text */
	const char *line;	  /* as one line; NULL: the same */
} rows[] = {
	{"plain caf\u00e9 \u65e5\u672c", "plain caf\u00e9 \u65e5\u672c", NULL},
	{"two\nlines\tand a tab", "two\nlines\tand a tab", "two\\x0alines\\x09and a tab"},
	{"\x1b[2J\x1b]0;title\a", "\\x1b[2J\\x1b]0;title\\x07", NULL},
	{"over\rwritten\b", "over\\x0dwritten\\x08", NULL},
	{"csi \xc2\x9b"
	 "1m, osc \xc2\x9d, del \x7f",
	 "csi \\x9b1m, osc \\x9d, del \\x7f", NULL},
	{"raw \x9b \xff cut \xc3", "raw \\x9b \\xff cut \\xc3", NULL},
	{"\u202e\u2066\u200f\u061c\u2028", "\\u202e\\u2066\\u200f\\u061c\\u2028", NULL},
	{"overlong \xc0\x9b, surrogate \xed\xa0\x80",
	 "overlong \\xc0\\x9b, surrogate \\xed\\xa0\\x80", NULL},
};

static char *printable(const char *text, gssize length, enum printable kind)
{
	GString *out = g_string_new(NULL);

	printable_append(out, text, length, kind);
	return g_string_free(out, FALSE);
}

Test(printable, nothing_controls_a_terminal)
{
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct row *r = &rows[i];
		g_autofree char *text = printable(r->text, -1, PRINTABLE_TEXT),
				*line = printable(r->text, -1, PRINTABLE_LINE);

		cr_expect_str_eq(text, r->shown, "row %u", i);
		cr_expect_str_eq(line, r->line ? r->line : r->shown, "row %u", i);
	}
}

Test(printable, nul_within_a_length)
{
	g_autofree char *text = printable("a\0b", 3, PRINTABLE_TEXT);

	cr_expect_str_eq(text, "a\\x00b");
}

/* It is the same document, and has nothing raw. */
Test(printable, json_stays_json)
{
	json_t *before = json_pack("{s:s}", "k", "\x1b[1m \xc2\x9b \u202e \x7f caf\u00e9"), *after;
	char *dumped = json_dumps(before, JSON_INDENT(2));
	g_autofree char *shown = printable(dumped, -1, PRINTABLE_JSON);

	cr_expect(!strstr(shown, "\xc2\x9b") && !strchr(shown, '\x7f') &&
			  !strstr(shown, "\u202e") && strstr(shown, "\u00e9"),
		  "%s", shown);
	after = json_loads(shown, 0, NULL);
	cr_expect(json_equal(before, after), "%s", shown);
	json_decref(before);
	json_decref(after);
	free(dumped);
}

/* --- descriptors ------------------------------------------------------------------------------ */

/* In a process of its own: what went wrong, as its exit code. */
static int without_standard_descriptors(void)
{
	char byte = 'x';

	close(0);
	close(1);
	close(2);
	descriptors_open_standard();
	if (open("/dev/null", O_RDWR | O_CLOEXEC) != 3)
		return 1;
	if (write(1, &byte, 1) >= 0 || errno != EBADF || write(2, &byte, 1) >= 0)
		return 2;
	return read(0, &byte, 1) < 0 && errno == EBADF ? 0 : 3;
}

Test(descriptors, those_that_were_closed_take_no_file)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		closefrom(3);
		_exit(without_standard_descriptors());
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", (unsigned)status);
}

Test(descriptors, open_ones_stay)
{
	char byte;
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(dup2(ends[1], 1), 1);
	descriptors_open_standard();
	cr_expect(write(1, "y", 1) == 1 && read(ends[0], &byte, 1) == 1 && byte == 'y');
}
