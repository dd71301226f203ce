/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/xml.h"

#include <criterion/criterion.h>

Test(xml, elements_and_attributes)
{
	static const char doc[] =
		"<n:a z='0'><b x='1'> one &amp; two </b><c y='2'/><b>three</b></n:a>";
	g_autoptr(xml_document) d = xml_parse(doc, sizeof(doc) - 1, "a");

	cr_assert_not_null(d);
	cr_expect_str_eq(xml_text(d, "b"), "one & two");
	cr_expect_str_eq(xml_attribute(d, "c", "y"), "2");
	cr_expect_str_eq(xml_attribute(d, "a", "z"), "0");
	cr_expect(xml_has(d, "c"));
	cr_expect_null(xml_text(d, "c"), "it has no text");
	cr_expect_null(xml_text(d, "d"), "no such element");
	cr_expect_null(xml_attribute(d, "b", "y"), "an attribute of another element");
}

Test(xml, what_is_no_document)
{
	cr_expect_null(xml_parse("<a><b>", 6, NULL), "not well-formed");
	cr_expect_null(xml_parse("<a/><b/>", 8, NULL), "two roots");
	cr_expect_null(xml_parse("<a/>", 4, "b"), "another root");
	cr_expect_null(xml_parse(NULL, 0, NULL), "nothing");
	cr_expect_not(xml_has(NULL, "a"));
	cr_expect_null(xml_text(NULL, "a"));
	cr_expect_null(xml_attribute(NULL, "a", "b"));
}
