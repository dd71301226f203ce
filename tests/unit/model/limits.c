/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that would take gigabytes or minutes: each is refused where it meets the limit.  All run
 * with 1 GiB of memory. */
#include "tests/unit/model/support.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/resource.h>

#define HEAD "topology: t\ndomain: example.com\n"
#define MEMORY_MAX (1024u * 1024 * 1024)

#ifdef __SANITIZE_ADDRESS__ /* it maps terabytes */
#define MEMORY_IS_LIMITED false
#else
#define MEMORY_IS_LIMITED true
#endif

/* `head`, `n` times `unit`, `tail`.  "%u" in the unit is its number. */
static const struct limit_case {
	const char *name, *head, *unit, *tail;
	guint n;
	const char *wanted; /* the first finding has this */
} cases[] = {
	{"larger than a file may be", HEAD "sites:\n", "  site-with-a-long-name-%u: {}\n", "",
	 200000, ":1:1: error: file is larger than 4 MiB"},
	{"brackets in each other", HEAD "sites: ", "[", "", 2000000,
	 ":3:71: error: nested more than 64 levels deep"},
	{"braces in each other", HEAD "sites: ", "{a: ", "", 900000, "nested more than 64"},
	{"lists in each other", "", "- ", "", 1900000, "nested more than 64"},
	{"keys in each other", "", "? ", "", 1900000, "nested more than 64"},
	{"values", HEAD "x-a: [", "1,", "]\n", 1100000, "more than 1048576 values"},
	{"anchors", HEAD "x-a:\n", "  - &a%u x\n", "", 200000,
	 ":1028:5: error: more than 1024 anchors"},
	{"aliases of a long text", HEAD "x-a: &a ", "yyyyyyyyyy", NULL, 200000,
	 "more than 16 MiB of text when aliases are followed"},
	{"a long text that is counted", HEAD "sites:\n  s-$(n): {count: 10000, title: $(n)", "a",
	 "}\n", 4000000, "more than 16 MiB of text when all that is counted is written out"},
	{"a long expression that is counted", HEAD "sites:\n  s-$(n): {count: 10000, title: '$(n",
	 "+1", ")'}\n", 1900000, "more than 16 MiB of text"},
	{"wrong keys", HEAD, "key%u: 1\n", "", 5000, "unknown key 'key0'"},
	{"the same key", HEAD "sites:\n", "  s: {}\n", "", 20000, "key 's' appears twice"},
	{"tabs", HEAD, "\tx\n", "", 1000000, ":3:1: error: tab used for indentation"},
};

static char *text_of(const struct limit_case *c)
{
	GString *text = g_string_new(c->head);
	g_auto(GStrv) parts = g_strsplit(c->unit, "%u", 2);

	for (guint i = 0; i < c->n; i++) {
		g_string_append(text, c->unit[0] ? parts[0] : "");
		if (c->unit[0] && parts[1])
			g_string_append_printf(text, "%u%s", i, parts[1]);
	}
	g_string_append(text, c->tail ? c->tail : "\nsites:\n");
	for (guint i = 0; !c->tail && i < 9000; i++)
		g_string_append_printf(text, "  s%u: {title: *a}\n", i);
	return g_string_free(text, FALSE);
}

Test(limits, each_is_a_located_error, .timeout = 300)
{
	const struct rlimit memory = {MEMORY_MAX, MEMORY_MAX};

	cr_assert(!MEMORY_IS_LIMITED || setrlimit(RLIMIT_AS, &memory) == 0);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = text_of(&cases[i]), *found = NULL;
		g_autoptr(diags) d = diags_new();

		cr_expect_null(model_load_text("t.yaml", text, strlen(text), d), "%s",
			       cases[i].name);
		found = diags_to_text(d);
		cr_expect(strstr(found, cases[i].wanted) != NULL, "%s: %.300s", cases[i].name,
			  found);
		cr_expect_leq(diags_count(d), 1000, "%s: %u findings", cases[i].name,
			      diags_count(d));
	}
}

/* Every scenario is made once, from all of the file. */
Test(limits, scenarios_times_values)
{
	g_autofree char *network = small_topology(NULL), *found = NULL;
	g_autoptr(GString) text = g_string_new(network);
	g_autoptr(diags) d = diags_new();
	char *scenarios = strstr(text->str, "scenarios:");

	cr_assert_not_null(scenarios);
	g_string_truncate(text, (gsize)(scenarios - text->str));
	g_string_append(text, "scenarios:\n  s-$(n): {count: 3000}\n");
	cr_expect_null(model_load_text("t.yaml", text->str, text->len, d));
	found = diags_to_text(d);
	cr_expect(strstr(found, "3000 scenarios of a file with") != NULL, "%s", found);
}

/* What is left out is told. */
Test(limits, findings_beyond_the_first_thousand_are_counted)
{
	g_autoptr(diags) d = diags_new();
	g_autofree char *text = NULL;

	for (int i = 1; i <= 1234; i++)
		diags_add(d, DIAG_ERROR, (struct loc){"f", i, 1}, NULL, "wrong");
	text = diags_to_text(d);
	cr_expect(diags_count(d) == 1000 && diags_errors(d) == 1234);
	cr_expect(g_str_has_suffix(text, "f:1000:1: error: wrong\n234 more are not shown\n"));
}
