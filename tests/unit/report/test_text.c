/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people see. */
#include "testbed/report/progress.h"
#include "testbed/report/wrap.h"
#include "tests/unit/report/sample.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct report_style plain = {.utf8 = true, .columns = 80};

/* Repeat commands are for copying and may not be broken. */
static void expect_narrow(const char *text, glong columns)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", 0);

	for (guint i = 0; lines[i]; i++) {
		if (!g_str_has_prefix(lines[i], "  testbed "))
			cr_expect_leq(g_utf8_strlen(lines[i], -1), columns, "line %u fits: %s",
				      i + 1, lines[i]);
		cr_expect_not(g_str_has_suffix(lines[i], " "), "no blanks at the end of line %u",
			      i + 1);
	}
}

static char *render(const results *r, struct report_style style)
{
	struct report_text how = {.style = style};
	GString *out = g_string_new(NULL);

	report_text(r, &how, out);
	return g_string_free(out, FALSE);
}

Test(text, of_a_run)
{
	g_autoptr(results) r = sample_results();
	g_autofree char *text = render(r, plain);

	sample_compare_golden("run.txt", text);
	expect_narrow(text, 80);
}

Test(text, of_an_interrupted_run)
{
	g_autoptr(results) r = sample_results();
	struct scenario_result *s = r->scenarios->pdata[1];
	g_autofree char *text = NULL;

	r->complete = false;
	for (guint i = 10; i < s->cells->len; i++)
		((struct cell *)s->cells->pdata[i])->done = false;
	text = render(r, plain);
	cr_expect_not_null(strstr(text, "interrupted after 12.3 s"));
	cr_expect_not_null(strstr(text, " 21 not run"), "%s", text);
	expect_narrow(text, 80);
}

Test(text, ascii_has_only_ascii)
{
	g_autoptr(results) r = sample_results();
	g_autofree char *text = render(r, (struct report_style){.columns = 80});

	for (const char *c = text; *c; c++)
		cr_assert((unsigned char)*c < 0x80, "byte %x in: %.20s", (unsigned char)*c, c);
}

/* As it gets to a terminal; the caller frees. */
static char *printed(const char *text)
{
	GString *out = g_string_new(NULL);

	ink_print(out, text, -1);
	return g_string_free(out, FALSE);
}

/* Only the report's own colours become escape sequences. */
Test(text, what_others_wrote_has_no_colour)
{
	static const struct report_style style = {.colour = true, .columns = 80};
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *shown = NULL;

	ink_append(text, &style, INK_BAD, "\033[32mpass\033[0m", 0);
	g_string_append(text, " \xff!");
	shown = printed(text->str);
	cr_expect_str_eq(shown, "\033[31m\\x1b[32mpass\\x1b[0m\033[0m \\xff!");
}

/* Colour says nothing that words don't say: without the codes both texts are equal. */
Test(text, colour_adds_only_colour)
{
	g_autoptr(results) r = sample_results();
	g_autofree char *text = render(r, plain);
	g_autofree char *marked =
		render(r, (struct report_style){.utf8 = true, .columns = 80, .colour = true});
	g_autofree char *coloured = printed(marked);
	g_autoptr(GRegex) codes = g_regex_new("\033\\[[0-9;]*m", 0, 0, NULL);
	g_autofree char *stripped = g_regex_replace_literal(codes, coloured, -1, 0, "", 0, NULL);
	g_autoptr(GRegex) blanks = g_regex_new(" +$", G_REGEX_MULTILINE, 0, NULL);
	g_autofree char *trimmed = g_regex_replace_literal(blanks, stripped, -1, 0, "", 0, NULL);

	cr_expect_str_eq(trimmed, text);
	cr_expect_not_null(strstr(coloured, "\033[31mFAIL\033[0m"), "a failure is red");
}

Test(text, large_matrix_is_broken_into_blocks)
{
	g_autoptr(results) r = sample_large(14);
	GString *out = g_string_new(NULL);

	report_grid(r, r->scenarios->pdata[0], &plain, out);
	expect_narrow(out->str, 80);
	cr_expect_not_null(strstr(out->str, "tcp-relay"));
	g_string_free(out, TRUE);
}

/* In the grid, and below it with how often, at both widths. */
Test(text, what_was_measured_again_is_marked)
{
	static const guint widths[] = {60, 80};
	g_autoptr(results) r = sample_results();

	sample_cell(r, "missing-route/dc1-cafe1/audio")->measured = 2;
	sample_cell(r, "missing-route/dc1-cafe1/video")->measured = 3;
	sample_cell(r, "missing-route/weekly/av-conference")->measured = 2;
	for (guint i = 0; i < G_N_ELEMENTS(widths); i++) {
		struct report_style style = {.utf8 = true, .columns = widths[i]};
		g_autoptr(GString) out = g_string_new(NULL);

		report_grid(r, r->scenarios->pdata[0], &style, out);
		expect_narrow(out->str, widths[i]);
		cr_expect_not_null(strstr(out->str, "tcp-relay*"), "%s", out->str);
		cr_expect_not_null(strstr(out->str, "pass*"), "%s", out->str);
		cr_expect_not_null(strstr(out->str,
					  "\n* measured again, because this machine spoilt "
					  "it:"),
				   "%s", out->str);
		cr_expect_not_null(strstr(out->str, "dc1-cafe1/audio (measured: 2)"), "%s",
				   out->str);
		cr_expect_not_null(strstr(out->str, "dc1-cafe1/video (measured: 3)"), "%s",
				   out->str);
	}
}

Test(text, of_what_is_expected)
{
	g_autoptr(results) r = sample_results();
	struct cell *c = sample_cell(r, "missing-route/dc1-home1/audio");
	g_autofree char *one = report_expectation(c), *two = NULL, *any = NULL;

	cr_expect_str_eq(one, "pass over udp-relay");
	c->expected_path_mask |= 1u << PATH_UDP_DIRECT;
	two = report_expectation(c);
	cr_expect_str_eq(two, "pass over udp-direct or udp-relay");
	c->has_expected_path = false;
	any = report_expectation(c);
	cr_expect_str_eq(any, "pass");
}

Test(text, line_of_a_cell)
{
	g_autoptr(results) r = sample_results();
	GString *out = g_string_new(NULL);

	report_cell_line(sample_cell(r, "missing-route/dc1-branch1/audio"), &plain, out);
	report_cell_line(sample_cell(r, "persistent-route/branch1-home2/video"), &plain, out);
	sample_compare_golden("lines.txt", out->str);
	g_string_free(out, TRUE);
}

/* What a progress draws of these results; the caller frees. */
static char *drawn(const results *r, guint columns, guint rows)
{
	const struct report_style style = {.utf8 = true, .columns = columns};
	g_autoptr(progress) p = progress_new(1000000);
	GString *out = g_string_new(NULL);

	progress_runs(p, r);
	ptr_array_foreach(const struct scenario_result, s, r->scenarios)
		ptr_array_foreach(const struct cell, c, s->cells)
			if (c->done && c->verdict != VERDICT_PASS)
				progress_failed(p, c);
	progress_draw(p, &style, rows, 5200000, out);
	return g_string_free(out, FALSE);
}

static guint rows_taken(const char *text, guint columns)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
	guint rows = 0;

	for (guint i = 0; lines[i] && lines[i + 1]; i++)
		rows += wrap_rows(lines[i], columns);
	return rows;
}

Test(progress, has_a_line_for_each_scenario)
{
	g_autoptr(results) r = sample_results();
	g_autofree char *text = NULL;
	struct scenario_result *s = r->scenarios->pdata[1];

	for (guint i = 5; i < s->cells->len; i++)
		((struct cell *)s->cells->pdata[i])->done = false;
	g_free(sample_cell(r, "missing-route/branch1-home1/audio")->cause);
	sample_cell(r, "missing-route/branch1-home1/audio")->cause = g_strdup("NO_ROUTE");
	text = drawn(r, 80, 24);
	sample_compare_golden("progress.txt", text);
	expect_narrow(text, 79);
}

/* Of one call the clock begins with its INVITE; before that, with the verb. */
Test(progress, its_clock_begins_at_the_invite)
{
	const struct report_style style = {.columns = 80};
	g_autoptr(progress) p = progress_new(1000000);
	g_autoptr(GString) before = g_string_new(NULL), after = g_string_new(NULL);
	json_auto_t *invite = json_pack("{s:s, s:s, s:b, s:n, s:s, s:I}", "event", "sip", "method",
					"INVITE", "sent", true, "status", "peer", "10.0.0.1:5061",
					"time_us", (json_int_t)4000000);

	progress_stage(p, "calling");
	progress_draw(p, &style, 24, 3500000, before);
	cr_expect_str_eq(before->str, "calling, 2.5 s\n");
	progress_heard(p, "dc1", invite);
	progress_draw(p, &style, 24, 7100000, after);
	cr_expect(g_str_has_suffix(after->str, "\ncalling, 3.1 s after the INVITE\n"), "%s",
		  after->str);
}

/* At no size does a line need two rows, and all of it fits the terminal. */
Test(progress, fits_any_terminal)
{
	g_autoptr(results) r = sample_results();

	for (guint columns = 40; columns <= 120; columns++) {
		for (guint rows = 6; rows < 30; rows++) {
			g_autofree char *text = drawn(r, columns, rows);

			cr_expect_lt(rows_taken(text, columns), rows, "%ux%u:\n%s", columns, rows,
				     text);
			expect_narrow(text, columns);
		}
	}
}

/* More scenarios than rows: what runs is shown, names stay apart, and nothing is flooded. */
Test(progress, many_scenarios_with_names_that_are_alike)
{
	g_autoptr(results) r = results_new();
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	for (guint i = 0; i < 40; i++) {
		g_autofree char *name =
			g_strdup_printf("the-same-long-beginning-%02u-and-the-same-long-end", i);
		struct scenario_result *s = scenario_result_new(name, NULL);
		struct cell *c = cell_new();

		c->id = g_strdup_printf("%s/a-b/im", name);
		c->done = i != 17;
		c->verdict = VERDICT_PASS;
		c->as_expected = true;
		g_ptr_array_add(s->cells, c);
		g_ptr_array_add(r->scenarios, s);
	}
	text = drawn(r, 40, 12);
	lines = g_strsplit(text, "\n", 0);
	cr_expect_lt(rows_taken(text, 40), 12, "%s", text);
	cr_expect_not_null(strstr(text, "0/1"), "the one that runs:\n%s", text);
	cr_expect_not_null(strstr(text, "more scenarios"), "%s", text);
	for (guint i = 1; lines[i] && lines[i + 1]; i++)
		cr_expect_str_neq(lines[i], lines[i - 1], "%s", text);
}

static void add_event(GPtrArray *events, const char *agent, const char *json)
{
	json_t *event = json_loads(json, 0, NULL);

	cr_assert_not_null(event, "%s", json);
	g_ptr_array_add(events, timeline_event_new(agent, event));
	json_decref(event);
}

Test(timeline, of_a_call)
{
	g_autoptr(results) r = sample_results();
	g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(object_free);
	GString *out = g_string_new(NULL);

	add_event(events, "dc1",
		  "{\"event\":\"signed-in\",\"time_us\":1000000,\"server\":{\"name\":\"fe.contoso."
		  "com\",\"address\":\"10.0.1.10\","
		  "\"port\":5061,\"found_by\":\"_sipinternaltls._tcp.contoso.com\"},\"remote_"
		  "user\":false,\"relay\":"
		  "{\"host\":\"edge.contoso.com\",\"address\":\"172.25.33.10\"}}");
	add_event(events, "branch1",
		  "{\"event\":\"sign-in-failed\",\"time_us\":1050000,\"stage\":\"dns\",\"reason\":"
		  "\"no server\"}");
	add_event(events, "dc1",
		  "{\"event\":\"candidate\",\"time_us\":1100000,\"stream\":\"audio\",\"side\":"
		  "\"local\",\"type\":\"relay\","
		  "\"transport\":\"udp\",\"relay_transport\":\"tcp\",\"address\":\"203.0.113.21\","
		  "\"port\":50001}");
	add_event(events, "dc1",
		  "{\"event\":\"candidate\",\"time_us\":1110000,\"stream\":\"audio\",\"side\":"
		  "\"remote\",\"type\":\"host\","
		  "\"transport\":\"udp\",\"address\":\"10.20.0.101\",\"port\":50001}");
	add_event(events, "dc1",
		  "{\"event\":\"candidate\",\"time_us\":1110000,\"stream\":\"audio\",\"side\":"
		  "\"remote\",\"type\":\"host\","
		  "\"transport\":\"udp\",\"address\":\"2001:db8::7\",\"port\":50002}");
	add_event(events, "dc1",
		  "{\"event\":\"call-result\",\"time_us\":1500000,\"verdict\":\"fail\",\"reason\":"
		  "\"no pair\","
		  "\"diagnostics\":{\"ms_client_diagnostics\":23,\"ice_warn\":\"0x3eb\"}}");
	add_event(events, "dc1",
		  "{\"event\":\"sip\",\"time_us\":1090000,\"sent\":true,\"method\":\"INVITE\","
		  "\"status\":null,\"peer\":\"10.0.1.10:5061\"}");
	add_event(events, "dc1",
		  "{\"event\":\"sip\",\"time_us\":1400000,\"sent\":true,\"method\":\"INVITE\","
		  "\"status\":null,\"peer\":\"10.0.1.10:5061\"}");
	add_event(events, "dc1", "{\"event\":\"nobody-knows\",\"time_us\":1600000}");
	add_event(events, "dc1", "{}");
	report_timeline(sample_cell(r, "missing-route/dc1-branch1/audio"), events, false, false,
			&plain, out);
	sample_compare_golden("timeline.txt", out->str);
	cr_expect_null(strstr(out->str, "10.20.0.101:50001"),
		       "remote candidates only when asked for");
	report_timeline(sample_cell(r, "missing-route/dc1-branch1/audio"), events, true, false,
			&plain, out);
	cr_expect_not_null(strstr(out->str, "10.20.0.101:50001"));
	cr_expect_not_null(strstr(out->str, "host [2001:db8::7]:50002 udp"));
	g_string_free(out, TRUE);
}

Test(timeline, of_a_question_to_the_web)
{
	g_autoptr(results) r = sample_results();
	g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(object_free);
	GString *out = g_string_new(NULL);

#define ASKED                                                                                 \
	"{\"event\":\"web\",\"time_us\":1000000,\"server\":{\"name\":\"lyncdiscover.x.com\"," \
	"\"address\":\"203.0.113.12\",\"port\":443},\"path\":\"/\","
	add_event(events, "dc1",
		  ASKED "\"status\":200,\"access_location\":\"External\",\"next\":"
			"\"https://web.x.com/user\"}");
	add_event(events, "dc1",
		  ASKED "\"status\":200,\"access_location\":\"External\",\"sip_server\":"
			"{\"name\":\"sip.x.com\",\"port\":443}}");
	add_event(events, "dc1", ASKED "\"status\":502,\"reason\":\"HTTP 502: no next hop\"}");
	report_timeline(sample_cell(r, "missing-route/dc1-branch1/audio"), events, true, false,
			&plain, out);
#define LINE "asks https://lyncdiscover.x.com/ at 203.0.113.12: "
	cr_expect(strstr(out->str, LINE "External, goes on at https://web.x.com/user\n"), "%s",
		  out->str);
	cr_expect(strstr(out->str, LINE "External, its server is sip.x.com port 443\n"), "%s",
		  out->str);
	cr_expect(strstr(out->str, LINE "HTTP 502: no next hop\n"), "%s", out->str);
	g_string_free(out, TRUE);
}
