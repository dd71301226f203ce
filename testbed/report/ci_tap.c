/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/ci_parts.h"

#include "common/base/json.h"
#include "common/base/printable.h"

#include <stdlib.h>

/* Appends "KEY: TEXT" of the diagnostics; a string of JSON is one of YAML, too. */
static void append_member(GString *out, const char *before, const char *text)
{
	g_autoptr(GString) clean = g_string_new(NULL);
	json_auto_t *string = NULL;
	char *quoted;

	printable_append(clean, text, -1, PRINTABLE_TEXT);
	string = json_stringn(clean->str, clean->len);
	quoted = json_dumps(string, JSON_ENCODE_ANY);
	g_string_append_printf(out, "  %s%s\n", before, quoted);
	free(quoted);
}

static void append_diagnostics(const struct ci_run *run, const struct cell *c, GString *out)
{
	g_autofree char *message = ci_message(c), *command = ci_explain_command(run, c);
	const finding *f = ci_finding(run, c);

	g_string_append(out, "  ---\n");
	append_member(out, "message: ", message);
	append_member(out, "severity: ", ci_outcome_of(c) == CI_ERROR ? "error" : "fail");
	if (c->cause)
		append_member(out, "cause: ", c->cause);
	if (f || c->reason)
		append_member(out, "what: ", f ? f->what : c->reason);
	if (f) {
		if (f->why)
			append_member(out, "why: ", f->why);
		g_string_append(out, f->proof->len > 0 ? "  proof:\n" : "");
		for (guint i = 0; i < f->proof->len; i++)
			append_member(out, "  - ", f->proof->pdata[i]);
	}
	append_member(out, "explain: ", command);
	g_string_append(out, "  ...\n");
}

/* A '#' would begin a directive. */
static void append_name(const char *name, GString *out)
{
	g_autoptr(GString) clean = g_string_new(NULL);

	printable_append(clean, name, -1, PRINTABLE_LINE);
	g_string_replace(clean, "\\", "\\\\", 0);
	g_string_replace(clean, "#", "\\#", 0);
	g_string_append(out, clean->str);
}

static void append_test(const struct ci_run *run, const struct cell *c, guint number, GString *out)
{
	enum ci_outcome outcome = ci_outcome_of(c);
	bool failed = outcome == CI_FAILURE || outcome == CI_ERROR;

	g_string_append_printf(out, "%s %u - ", failed ? "not ok" : "ok", number);
	append_name(c->id, out);
	g_string_append(out, outcome == CI_SKIPPED ? " # SKIP not run\n" : "\n");
	if (failed)
		append_diagnostics(run, c, out);
}

void ci_tap(const struct ci_run *run, GString *out)
{
	guint number = 0;

	ptr_array_foreach(const struct scenario_result, s, run->results->scenarios)
		number += s->cells->len;
	g_string_append_printf(out, "TAP version 13\n1..%u\n", number);
	number = 0;
	ptr_array_foreach(const struct scenario_result, s, run->results->scenarios) {
		if (s->error) {
			g_string_append_printf(out, "# the lab of ");
			append_name(s->name, out);
			g_string_append(out, " failed: ");
			append_name(s->error, out);
			g_string_append_c(out, '\n');
		}
		ptr_array_foreach(const struct cell, c, s->cells)
			append_test(run, c, ++number, out);
	}
}
