/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/base/each.h"

#include <criterion/criterion.h>

TestSuite(each);

Test(each, array_items_are_pointers_into_it)
{
	g_autoptr(GArray) a = g_array_new(FALSE, FALSE, sizeof(int));
	int sum = 0;

	for (int i = 1; i <= 4; i++)
		g_array_append_val(a, i);
	array_foreach(int, item, a)
		*item *= 10;
	array_foreach(const int, item, a) {
		if (*item == 20)
			continue;
		if (*item == 40)
			break;
		sum += *item;
	}
	cr_assert_eq(sum, 10 + 30);
}

Test(each, ptr_array_items_are_what_it_holds)
{
	g_autoptr(GPtrArray) a = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GString) text = g_string_new(NULL);

	g_ptr_array_add(a, g_strdup("one"));
	g_ptr_array_add(a, NULL);
	g_ptr_array_add(a, g_strdup("three"));
	ptr_array_foreach(const char, item, a)
		g_string_append_printf(text, "%s;", item ? item : "-");
	cr_assert_str_eq(text->str, "one;-;three;");
}

Test(each, none_in_what_is_empty_or_null)
{
	g_autoptr(GArray) a = g_array_new(FALSE, FALSE, sizeof(int));
	g_autoptr(GPtrArray) p = g_ptr_array_new();
	GArray *no_array = NULL;
	GPtrArray *no_list = NULL;

	array_foreach(int, item, a)
		cr_assert_fail("%d", *item);
	array_foreach(int, item, no_array)
		cr_assert_fail("%d", *item);
	ptr_array_foreach(int, item, p)
		cr_assert_fail("%d", *item);
	ptr_array_foreach(int, item, no_list)
		cr_assert_fail("%d", *item);
}
