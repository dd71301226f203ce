/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random numbers, and what is made of them. */
#include "common/random.h"
#include "common/sip.h"

#include <criterion/criterion.h>
#include <string.h>

/* What a generator of GLib's would give a second time.  Whoever sees its numbers knows the rest. */
Test(random, tags_are_not_of_a_generator_that_can_be_foretold)
{
	char *(*const makers[])(void) = {sip_new_tag, sip_new_branch, sip_new_call_id, random_uuid};

	for (gsize i = 0; i < G_N_ELEMENTS(makers); i++) {
		g_autofree char *first = NULL, *second = NULL;

		g_random_set_seed(7);
		first = makers[i]();
		g_random_set_seed(7);
		second = makers[i]();
		cr_expect_str_neq(first, second, "maker %u", (guint)i);
	}
}

Test(random, below_a_limit)
{
	guint seen[3] = {0};

	for (guint i = 0; i < 3000; i++) {
		guint32 n = random_below(3);

		cr_assert_lt(n, 3u);
		seen[n]++;
	}
	/* Expected are 1000 of each; 26 is their standard deviation. */
	for (guint i = 0; i < 3; i++)
		cr_expect(seen[i] > 740 && seen[i] < 1260, "%u: %u times", i, seen[i]);
	cr_expect_eq(random_below(1), 0u);
}

Test(random, forms)
{
	g_autofree char *hex = random_hex(4), *uuid = random_uuid();

	cr_expect_eq(strlen(hex), 8);
	cr_expect_eq(strspn(hex, "0123456789abcdef"), 8);
	cr_expect(g_uuid_string_is_valid(uuid), "%s", uuid);
	cr_expect_eq(uuid[14], '4');
}
