/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Run folders that somebody else made: `report` and `explain` tell what is wrong, and where; they
 * never crash, wait, fill the memory or let anything through to the terminal. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORDED "tests/data/run/events.jsonl"
#define CELL "missing-route/branch1-home1/audio"

static char *folder, *events;

static void begin(void)
{
	folder = program_folder_new();
	events = g_build_filename(folder, "events.jsonl", NULL);
}

static void end(void)
{
	program_folder_free(folder);
	g_free(events);
}

static char *recorded(void)
{
	char *text = NULL;

	cr_assert(g_file_get_contents(RECORDED, &text, NULL, NULL));
	return text;
}

static void write_events(const char *text, gssize length)
{
	cr_assert(g_file_set_contents(events, text, length, NULL));
}

/* What stands in the place of events.jsonl. */
static void make_fifo(void)
{
	cr_assert_eq(mkfifo(events, 0600), 0);
}

static void make_link(void)
{
	g_autofree char *real = g_canonicalize_filename(RECORDED, NULL);

	cr_assert_eq(symlink(real, events), 0);
}

static void make_endless(void)
{
	cr_assert_eq(symlink("/dev/zero", events), 0);
}

static void make_folder(void)
{
	cr_assert_eq(g_mkdir(events, 0700), 0);
}

static void make_sparse(void)
{
	write_events("", 0);
	cr_assert_eq(truncate(events, 10000000000), 0);
}

static void make_long_line(void)
{
	g_autofree char *line = g_strnfill(20000000, '[');

	line[20000000 - 1] = '\n';
	write_events(line, 20000000);
}

static void make_nul_bytes(void)
{
	g_autofree char *text = g_malloc0(100000);

	memset(text + 50000, '\n', 1000);
	write_events(text, 100000);
}

static void make_empty(void)
{
	write_events("", 0);
}

static void make_wrong_member(void)
{
	g_autofree char *text = recorded();

	memcpy(strstr(text, "\"name\":\"dc1\""), "\"nmae\":\"dc1\"", strlen("\"name\":\"dc1\""));
	write_events(text, -1);
}

static const struct hostile_case {
	const char *name;
	void (*make)(void);
	const char *err; /* behind the name of events.jsonl */
} cases[] = {
	{"nothing", NULL, ": error: "},
	{"a FIFO", make_fifo, ": error: "},
	{"a link", make_link, ": error: "},
	{"a link to a device", make_endless, ": error: "},
	{"a folder", make_folder, ": error: "},
	{"a sparse file", make_sparse, ": error: "},
	{"a long line", make_long_line, ":1:1: error: no run has started"},
	{"NUL bytes", make_nul_bytes, ":1:1: error: no run has started"},
	{"nothing in it", make_empty, ":1:1: error: no run has started"},
	{"a wrong member", make_wrong_member,
	 ":1:1: error: no run to report: 'name' of an endpoint is no text ("},
};

static void expect_failure(const struct hostile_case *c, const char *const *args)
{
	g_autofree char *wanted = g_strconcat(events, c->err, NULL);
	struct outcome o;

	program_testbed(args, NULL, &o);
	cr_expect_eq(o.exit_code, 2, "%s, %s: exit %d: %s", c->name, args[0], o.exit_code, o.err);
	cr_expect(strstr(o.err, wanted) != NULL, "%s, %s: %s, not %s", c->name, args[0], o.err,
		  wanted);
	cr_expect_str_eq(o.out, "", "%s, %s", c->name, args[0]);
	outcome_clear(&o);
}

Test(hostile_folders, are_refused_with_the_place, .timeout = 60)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		begin();
		if (cases[i].make)
			cases[i].make();
		expect_failure(&cases[i], (const char *const[]){"report", folder, NULL});
		expect_failure(&cases[i],
			       (const char *const[]){"explain", "--run", folder, CELL, NULL});
		end();
	}
}

/* --- what somebody else wrote ----------------------------------------------------------------- */

/* The text with every `from` replaced; the caller frees. */
static char *replaced(const char *text, const char *from, const char *to)
{
	g_auto(GStrv) parts = g_strsplit(text, from, -1);

	return g_strjoinv(to, parts);
}

static void expect_harmless(const char *const *args, const char *shown)
{
	struct outcome o;

	program_testbed(args, NULL, &o);
	cr_expect(!strpbrk(o.out, "\x1b\a\r") && !strpbrk(o.err, "\x1b\a\r"), "%s: raw controls",
		  args[0]);
	cr_expect(!strstr(o.out, "\xc2\x9b") && !strstr(o.out, "\u202e"), "%s: C1 or bidi",
		  args[0]);
	cr_expect(strstr(o.out, shown) != NULL, "%s: no '%s' in %s%s", args[0], shown, o.out,
		  o.err);
	outcome_clear(&o);
}

Test(hostile_folders, control_no_terminal)
{
	g_autofree char *text = recorded(),
			*titled = replaced(text, "The Edge has no route",
					   "\\u001B[2J\\u001B]0;x\\u0007\\u009b1m\\u202e");

	begin();
	write_events(titled, -1);
	expect_harmless((const char *const[]){"report", folder, NULL},
			"\\x1b[2J\\x1b]0;x\\x07\\x9b1m\\u202e");
	expect_harmless((const char *const[]){"report", folder, "--json", "-", NULL},
			"\\u001B[2J\\u001B]0;x\\u0007\\u009b1m\\u202e");
	end();
}

/* --- two that once ended the program ---------------------------------------------------------- */

static const struct known_case {
	const char *folder;
	bool explain;
	const char *err;
} known[] = {
	{"tests/data/cases/safety/report1", false,
	 "events.jsonl:1:1: error: no run to report: 'name' of an endpoint is no text"},
	{"tests/data/cases/safety/explain1", true,
	 "events.jsonl:1:1: error: topologies/lync.yaml is not what run"},
};

Test(hostile_folders, that_are_known)
{
	for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
		const struct known_case *k = &known[i];
		const char *const report[] = {"report", k->folder, NULL};
		const char *const explain[] = {"explain", k->folder, CELL, "-vv", NULL};
		struct outcome o;

		program_testbed(k->explain ? explain : report, NULL, &o);
		cr_expect_eq(o.exit_code, 2, "%s: exit %d", k->folder, o.exit_code);
		cr_expect(strstr(o.err, k->err) != NULL, "%s: %s", k->folder, o.err);
		outcome_clear(&o);
	}
}
