/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plot of run capacity is an SVG document that says what was found. */
#include "testbed/cmd/capacity.h"

#include <criterion/criterion.h>
#include <math.h>

static guint count(const char *text, const char *word)
{
	guint n = 0;

	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
		n++;
	return n;
}

static gboolean is_document(const char *text)
{
	static const GMarkupParser nothing = {NULL, NULL, NULL, NULL, NULL};
	GMarkupParseContext *c = g_markup_parse_context_new(&nothing, 0, NULL, NULL);
	gboolean ok = g_markup_parse_context_parse(c, text, -1, NULL) &&
		      g_markup_parse_context_end_parse(c, NULL);

	g_markup_parse_context_free(c);
	return ok;
}

Test(capacity_plot, a_curve_for_each_design)
{
	struct capacity_step steps[] = {
		{.calls = 4, .mos_min = 2, .delay_ms = 90, .tunnel_kbit = 1000},
		{.calls = 1, .mos_min = 4.1, .delay_ms = 5, .tunnel_kbit = 500, .carried = true},
		{.calls = 2, .mos_min = NAN, .delay_ms = NAN, .tunnel_kbit = 0},
	};
	char first[] = "a<b", second[] = "other";
	struct capacity_design designs[] = {
		{.scenario = first, .carried = 1, .limit = CAPACITY_TUNNEL, .rate_kbit = 1000},
		{.scenario = second}};
	g_autoptr(GPtrArray) list = g_ptr_array_new();
	g_autoptr(GString) out = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(designs); i++) {
		designs[i].steps = g_ptr_array_new();
		g_ptr_array_add(list, &designs[i]);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(steps); i++)
		g_ptr_array_add(designs[0].steps, &steps[i]);
	capacity_plot(list, out);
	cr_expect(is_document(out->str), "%s", out->str);
	cr_expect_not_null(strstr(out->str, "a&lt;b: carries 1 call at once"));
	cr_expect_not_null(strstr(out->str, "other: carries at least 0 calls at once"));
	cr_expect_eq(count(out->str, "class=\"curve\""), 6, "two designs in three panels");
	/* legend, then three points twice and two of them in the first two panels */
	cr_expect_eq(count(out->str, "<circle"), 1 + 2 + 2 + 3, "%u", count(out->str, "<circle"));
	cr_expect_null(strstr(out->str, "nan"));
	for (gsize i = 0; i < G_N_ELEMENTS(designs); i++)
		g_ptr_array_unref(designs[i].steps);
}
