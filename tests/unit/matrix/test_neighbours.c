/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's counters of full tables, as /proc tells them. */
#include "testbed/matrix/neighbours.h"

#include <criterion/criterion.h>

Test(neighbours, are_added_up_over_all_processors)
{
	static const struct {
		const char *text;
		guint64 refused;
	} rows[] = {
		{"entries  allocs   unresolved_discards table_fulls\n"
		 "00000092  0004b6b6 00000064            0000181f\n"
		 "00000092  0004b6b6 00000069            000018b7\n",
		 0x181f + 0x18b7},
		{"entries table_fulls allocs\n00000001 0000000a 00000003\n", 10},
		{"entries  allocs\n00000092  0004b6b6\n", 0}, /* kernels before 3.14 */
		{"entries  table_fulls\n00000092\n", 0},
		{"", 0},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		guint64 found = neighbours_parse(rows[i].text);

		cr_expect_eq(found, rows[i].refused, "row %zu: %" G_GUINT64_FORMAT, i, found);
	}
}
