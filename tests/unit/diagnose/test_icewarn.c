/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ICEWarn, the bits that a client reports. */
#include "testbed/diagnose/icewarn.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct icewarn_case {
	const char *text;
	guint32 value;
	const char *bits; /* that are told, lowest first */
} icewarns[] = {
	{"0x12b", 0x12b, "0x1 0x2 0x8 0x20 0x100"},
	{"0x3eb", 0x3eb, "0x1 0x2 0x8 0x20 0x40 0x80 0x100 0x200"},
	{"1003", 0x3eb, "0x1 0x2 0x8 0x20 0x40 0x80 0x100 0x200"},
	{"0x80012b", 0x80012b, "0x1 0x2 0x8 0x20 0x100 0x800000"},
	{"ms-client-diagnostics: 23; "
	 "reason=\"x\";CallerMediaDebug=\"audio:ICEWarn=0x12b,LocalSite=1\"",
	 0x12b, "0x1 0x2 0x8 0x20 0x100"},
	{"ms-client-diagnostics: 23;reason=x;ICEWarn=0x80012b", 0x80012b,
	 "0x1 0x2 0x8 0x20 0x100 0x800000"},
	{"'icewarn=299,'", 0x12b, "0x1 0x2 0x8 0x20 0x100"},
	{"0X0", 0, "0x0"},
	{"0xffffffff", G_MAXUINT32, NULL},
};

Test(icewarn, tells_every_bit)
{
	for (guint i = 0; i < G_N_ELEMENTS(icewarns); i++) {
		const struct icewarn_case *c = &icewarns[i];
		g_autoptr(GString) text = g_string_new(NULL), bits = g_string_new(NULL);
		g_auto(GStrv) lines = NULL;
		guint32 value = 1;

		cr_assert(icewarn_parse(c->text, &value), "%s", c->text);
		cr_assert_eq(value, c->value, "%s: %u", c->text, value);
		icewarn_text(value, text);
		lines = g_strsplit(g_strchomp(text->str), "\n", 0);
		if (!c->bits) {
			cr_assert_eq(g_strv_length(lines), 32);
			continue;
		}
		for (guint k = 0; lines[k]; k++) {
			g_auto(GStrv) words = g_strsplit(g_strstrip(lines[k]), " ", 2);

			g_string_append_printf(bits, "%s%s", k > 0 ? " " : "", words[0]);
		}
		cr_assert_str_eq(bits->str, c->bits, "%s: %s", c->text, bits->str);
	}
}

Test(icewarn, refuses_what_is_no_number)
{
	static const char *const bad[] = {"",	      "0x",	     "0xg",  "3eb",
					  "-1",	      "0x100000000", "0x1 ", "4294967296",
					  "ICEWarn=", "ICEWarn=x"};
	guint32 value;

	for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
		cr_assert_not(icewarn_parse(bad[i], &value), "'%s'", bad[i]);
}

Test(icewarn, marks_what_is_normal)
{
	g_autoptr(GString) text = g_string_new(NULL);

	icewarn_text(0x100122, text);
	cr_assert_str_eq(
		text->str,
		"  0x2        the TURN server gave no relay over UDP\n"
		"  0x20       no way between the ends' own addresses (normal where the ends "
		"are in different networks)\n"
		"  0x100      no way over TCP between the ends' NAT addresses (normal where "
		"the ends are in different networks)\n"
		"  0x100000   several TURN servers were offered (normal)\n");
}
