/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/ci_parts.h"

#include "common/base/printable.h"

#include <math.h>

/* Appends the text as XML has it: no control character is one of XML 1.0's. */
static void append_xml(GString *out, const char *text)
{
	g_autoptr(GString) clean = g_string_new(NULL);
	g_autofree char *escaped = NULL;

	printable_append(clean, text, -1, PRINTABLE_TEXT);
	escaped = g_markup_escape_text(clean->str, (gssize)clean->len);
	g_string_append(out, escaped);
}

static void append_attribute(GString *out, const char *name, const char *value)
{
	g_string_append_printf(out, " %s=\"", name);
	append_xml(out, value);
	g_string_append_c(out, '"');
}

static void append_property(GString *out, const char *name, const char *value)
{
	if (!value)
		return;
	g_string_append(out, "        <property");
	append_attribute(out, "name", name);
	append_attribute(out, "value", value);
	g_string_append(out, "/>\n");
}

static void append_properties(const struct cell *c, GString *out)
{
	if (!c->done)
		return;
	g_string_append(out, "      <properties>\n");
	append_property(out, "verdict", verdict_name(c->verdict));
	append_property(out, "path", path_class_name(c->path));
	append_property(out, "cause", c->cause);
	g_string_append(out, "      </properties>\n");
}

static const char *type_of(const struct cell *c)
{
	if (c->verdict == VERDICT_PASS)
		return c->expected_verdict == VERDICT_PASS ? "unexpected path" : "unexpected pass";
	return c->cause ? c->cause : verdict_name(c->verdict);
}

static void append_failure(const struct ci_run *run, const struct cell *c, const char *element,
			   GString *out)
{
	g_autofree char *message = ci_message(c), *details = ci_details(run, c);

	g_string_append_printf(out, "      <%s", element);
	append_attribute(out, "type", type_of(c));
	append_attribute(out, "message", message);
	g_string_append_c(out, '>');
	append_xml(out, details);
	g_string_append_printf(out, "</%s>\n", element);
}

static void append_case(const struct ci_run *run, const struct cell *c, GString *out)
{
	static const char *const elements[] = {[CI_FAILURE] = "failure", [CI_ERROR] = "error"};
	enum ci_outcome outcome = ci_outcome_of(c);

	g_string_append(out, "    <testcase");
	append_attribute(out, "classname", c->scenario);
	append_attribute(out, "name", c->id);
	g_string_append_printf(out, " time=\"%.3f\">\n",
			       isnan(c->duration_ms) ? 0.0 : c->duration_ms / 1000.0);
	append_properties(c, out);
	if (outcome == CI_SKIPPED)
		g_string_append(out, "      <skipped message=\"not run\"/>\n");
	else if (outcome != CI_OK)
		append_failure(run, c, elements[outcome], out);
	g_string_append(out, "    </testcase>\n");
}

struct tally {
	guint of[CI_SKIPPED + 1], tests;
	double seconds;
};

static void count_scenario(const struct scenario_result *s, struct tally *t)
{
	ptr_array_foreach(const struct cell, c, s->cells) {
		t->tests++;
		t->of[ci_outcome_of(c)]++;
		t->seconds += isnan(c->duration_ms) ? 0.0 : c->duration_ms / 1000.0;
	}
}

static void append_counts(const struct tally *t, bool skipped, GString *out)
{
	g_string_append_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\"", t->tests,
			       t->of[CI_FAILURE], t->of[CI_ERROR]);
	if (skipped)
		g_string_append_printf(out, " skipped=\"%u\"", t->of[CI_SKIPPED]);
	g_string_append_printf(out, " time=\"%.3f\"", t->seconds);
}

static void append_suite(const struct ci_run *run, const struct scenario_result *s, GString *out)
{
	struct tally t = {0};

	count_scenario(s, &t);
	g_string_append(out, "  <testsuite");
	append_attribute(out, "name", s->name);
	append_counts(&t, true, out);
	g_string_append(out, ">\n");
	for (guint i = 0; i < s->cells->len; i++)
		append_case(run, s->cells->pdata[i], out);
	if (s->error) {
		g_string_append(out, "    <system-err>the lab failed: ");
		append_xml(out, s->error);
		g_string_append(out, "</system-err>\n");
	}
	g_string_append(out, "  </testsuite>\n");
}

void ci_junit(const struct ci_run *run, GString *out)
{
	const results *r = run->results;
	struct tally all = {0};

	for (guint i = 0; i < r->scenarios->len; i++)
		count_scenario(r->scenarios->pdata[i], &all);
	g_string_append(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	append_attribute(out, "name", r->topology_name ? r->topology_name : "testbed");
	append_counts(&all, false, out);
	g_string_append(out, ">\n");
	for (guint i = 0; i < r->scenarios->len; i++)
		append_suite(run, r->scenarios->pdata[i], out);
	g_string_append(out, "</testsuites>\n");
}
