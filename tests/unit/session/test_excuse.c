/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which witnesses excuse which failures. */
#include "testbed/session/excuse.h"

#include "testbed/diagnose/finding.h"

#include <criterion/criterion.h>

#define S 1000000

static char edge[] = "edge/tb-edge", tunnel[] = "hub/wireguard-go wg0",
	    sockets[] = "sockets of hub", device[] = "hub:wg0",
	    supervisor[] = "the lab's supervisor", b[] = "b", c[] = "c";

/* A cell of a and b that ran from second 10 to second 17. */
static const struct excuse_case {
	const char *name;
	enum verdict verdict;
	enum reason code;
	guint64 sent, received; /* media */
	struct witness witness;
	bool excused;
} cases[] = {
	{"no pair, and a server waited for seconds",
	 VERDICT_FAIL,
	 REASON_NO_PAIR,
	 0,
	 0,
	 {WITNESS_STARVED, edge, 4000, 11 * S, 15 * S},
	 true},
	{"no pair, and a stall that ICE bears",
	 VERDICT_FAIL,
	 REASON_NO_PAIR,
	 0,
	 0,
	 {WITNESS_STOPPED, tunnel, 400, 11 * S, 11 * S + S / 2},
	 false},
	{"no pair, and lost datagrams",
	 VERDICT_FAIL,
	 REASON_NO_PAIR,
	 0,
	 0,
	 {WITNESS_SOCKET_FULL, sockets, 3, 11 * S, 11 * S},
	 true},
	{"media lost in a stall",
	 VERDICT_FAIL,
	 REASON_MEDIA_LOST,
	 40,
	 38,
	 {WITNESS_STOPPED, tunnel, 400, 16 * S, 16 * S + S / 2},
	 true},
	{"media lost before the stall",
	 VERDICT_FAIL,
	 REASON_MEDIA_LOST,
	 40,
	 38,
	 {WITNESS_STOPPED, tunnel, 400, 18 * S, 19 * S},
	 false},
	{"media lost, mostly after the stall",
	 VERDICT_FAIL,
	 REASON_MEDIA_LOST,
	 40,
	 38,
	 {WITNESS_STARVED, edge, 1000, 9 * S, 10 * S + S / 20},
	 false},
	{"media lost, and who takes no part was late",
	 VERDICT_FAIL,
	 REASON_MEDIA_LOST,
	 40,
	 38,
	 {WITNESS_LATE, c, 900, 15 * S, 16 * S},
	 false},
	{"media lost, and who takes part was late",
	 VERDICT_FAIL,
	 REASON_MEDIA_LOST,
	 40,
	 38,
	 {WITNESS_LATE, b, 900, 15 * S, 16 * S},
	 true},
	{"another text",
	 VERDICT_FAIL,
	 REASON_NONE,
	 0,
	 0,
	 {WITNESS_QUEUE_FULL, device, 9, 15 * S, 16 * S},
	 false},
	{"refused",
	 VERDICT_FAIL,
	 REASON_SIP_FORBIDDEN,
	 0,
	 0,
	 {WITNESS_SOCKET_FULL, sockets, 9, 15 * S, 16 * S},
	 false},
	{"no answer at all",
	 VERDICT_ERROR,
	 REASON_NONE,
	 0,
	 0,
	 {WITNESS_LATE, supervisor, 3000, 12 * S, 15 * S},
	 true},
	{"another path, and a server waited",
	 VERDICT_PASS,
	 REASON_NONE,
	 40,
	 40,
	 {WITNESS_STARVED, edge, 400, 11 * S, 12 * S},
	 true},
};

static struct cell *cell_of(const struct excuse_case *t)
{
	struct cell *cell = cell_new();

	cell->a = g_strdup("a");
	cell->b = g_strdup("b");
	g_ptr_array_add(cell->participants, g_strdup("a"));
	g_ptr_array_add(cell->participants, g_strdup("b"));
	cell->done = true;
	cell->verdict = t->verdict;
	cell->code = t->code;
	cell->quality.sent = t->sent;
	cell->quality.received = t->received;
	cell->reason = g_strdup("it failed");
	return cell;
}

Test(excuse, takes_only_what_can_have_caused_it)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct cell *cell = cell_of(&cases[i]);
		g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(witness_free);
		g_autoptr(GPtrArray) found = NULL;

		witness_note(all, &cases[i].witness);
		found = excuse_find(cell, all, 10 * S, 17 * S);
		cr_expect_eq(found->len, cases[i].excused, "%s", cases[i].name);
		cell_free(cell);
	}
}

Test(excuse, of_a_pass_as_expected_is_not_looked_for)
{
	struct cell *cell = cell_new();

	cell->verdict = VERDICT_PASS;
	cell->as_expected = true;
	cr_expect_eq(excuse_patience_ms(cell), -1);
	cell_free(cell);
}

/* A cell that passed counts for what it is, and says what of its figures may be the machine's. */
Test(excuse, what_the_machine_did_to_the_quality_is_noted)
{
	static const struct witness seen[] = {
		{WITNESS_STARVED, edge, 400, 9 * S, 11 * S}, /* half of it before the call */
		{WITNESS_LATE, b, 150, 12 * S, 13 * S},
		{WITNESS_LATE, c, 900, 12 * S, 13 * S},		/* takes no part */
		{WITNESS_STOPPED, tunnel, 700, 18 * S, 19 * S}, /* after the call */
		{WITNESS_SOCKET_FULL, sockets, 3, 11 * S, 11 * S},
		{WITNESS_QUEUE_FULL, device, 2, 12 * S, 12 * S},
	};
	struct cell *cell = cell_of(&cases[0]);
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(witness_free);

	for (guint i = 0; i < G_N_ELEMENTS(seen); i++)
		g_ptr_array_add(all, witness_copy(&seen[i]));
	excuse_note_quality(cell, all, 10 * S, 17 * S);
	cr_expect_eq(cell->machine_late_ms, 350u, "%u", (guint)cell->machine_late_ms);
	cr_expect_eq(cell->machine_lost, 5u, "%u", (guint)cell->machine_lost);
	cell_reset(cell);
	cr_expect_eq(cell->machine_late_ms + cell->machine_lost, 0u);
	cell_free(cell);
}

Test(excuse, makes_an_error_that_names_the_witnesses)
{
	struct cell *cell = cell_of(&cases[0]);
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(witness_free);

	witness_note(all, &cases[0].witness);
	excuse_apply(cell, all);
	cr_expect_eq(cell->verdict, VERDICT_ERROR);

	cr_expect_str_eq(cell->cause, cause_name(CAUSE_MACHINE_OVERLOADED));
	cr_expect_str_eq(cell->reason,
			 "the machine was overloaded: edge/tb-edge was ready and got no "
			 "processor for 4000 ms; it failed");
	cell_free(cell);
}
