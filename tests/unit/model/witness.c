/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/witness.h"

#include <criterion/criterion.h>

Test(witness, every_kind_has_a_name_of_its_own)
{
	for (enum witness_kind k = 0; k < WITNESS_KIND_COUNT; k++) {
		enum witness_kind parsed;

		cr_expect(witness_kind_parse(witness_kind_name(k), &parsed));
		cr_expect_eq(parsed, k);
	}
	cr_expect_not(witness_kind_parse("tired", &(enum witness_kind){0}));
	cr_expect_not(witness_kind_parse(NULL, &(enum witness_kind){0}));
}

static char place[] = "core/tb-edge", other[] = "fe/tb-frontend";

static const struct note_case {
	const char *name;
	struct witness first, second;
	guint count;
	guint64 amount; /* of the first one in the end */
} notes[] = {
	{"goes on",
	 {WITNESS_STARVED, place, 150, 0, 200000},
	 {WITNESS_STARVED, place, 180, 200100, 400000},
	 1,
	 330},
	{"after a gap",
	 {WITNESS_STARVED, place, 150, 0, 200000},
	 {WITNESS_STARVED, place, 180, 400000, 600000},
	 2,
	 150},
	{"elsewhere",
	 {WITNESS_STARVED, place, 150, 0, 200000},
	 {WITNESS_STARVED, other, 180, 200100, 400000},
	 2,
	 150},
	{"of another kind",
	 {WITNESS_STARVED, place, 150, 0, 200000},
	 {WITNESS_LATE, place, 180, 200100, 400000},
	 2,
	 150},
};

Test(witness, what_goes_on_is_one)
{
	for (guint i = 0; i < G_N_ELEMENTS(notes); i++) {
		g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(witness_free);

		witness_note(all, &notes[i].first);
		witness_note(all, &notes[i].second);
		cr_assert_eq(all->len, notes[i].count, "%s", notes[i].name);
		cr_expect_eq(((const struct witness *)all->pdata[0])->amount, notes[i].amount, "%s",
			     notes[i].name);
	}
}

Test(witness, says_what_happened)
{
	const struct witness full = {WITNESS_SOCKET_FULL, place, 1, 0, 0},
			     stop = {WITNESS_STOPPED, place, 400, 0, 0};
	g_autofree char *one = witness_text(&full), *two = witness_text(&stop);

	cr_expect_str_eq(one, "core/tb-edge had full receive buffers and lost 1 packet");
	cr_expect_str_eq(two, "core/tb-edge was stopped for 400 ms");
}
