/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls over ways that may lose media: which they are, and a call that goes on until it is
 * decided. */
#include "tests/support/walk_state.h"
#include "tests/unit/session/ends.h"

#include <criterion/criterion.h>
#include <string.h>

#define COMPANY "tests/data/topologies/company.yaml"
#define HOST_A "host 10.0.1.101:5000"
#define HOST_B "host 192.168.1.10:5000"

/* --- which ways may lose media ---------------------------------------------------------------- */

static const struct way_case {
	const char *change, *a, *b;
	enum media media;
	bool may_lose;
	unsigned burst_packets;
} ways[] = {
	{NULL, "dc1", "home1", MEDIA_AUDIO, false, 0},
	{"{node: nat1, interface: wan, loss: 1%}", "dc1", "home1", MEDIA_AUDIO, true, 0},
	{"{node: nat1, interface: wan, loss: 1%, burst: 3packets}", "dc1", "home1", MEDIA_VIDEO,
	 true, 3},
	{"{node: nat1, interface: wan, loss: 1%}", "dc1", "home1", MEDIA_IM, false, 0},
	{"{node: nat1, interface: wan, loss: 1%}", "dc1", "dc2", MEDIA_AUDIO, false, 0},
	{"{node: nat1, interface: wan, loss: 1%}", "dc1", "home2", MEDIA_AUDIO, false, 0},
	{"{node: home1, interface: lan, loss: 1%}", "home1", "home2", MEDIA_AUDIO, true, 0},
	{"{tunnel: site-to-site, loss: 1%}", "dc1", "branch1", MEDIA_AUDIO, true, 0},
	{"{network: dc-lan, loss: 1%}", "dc1", "dc2", MEDIA_AUDIO, true, 0},
	{"{node: nat1, interface: wan, delay: 30ms}", "dc1", "home1", MEDIA_AUDIO, false, 0},
	{"{node: nat1, interface: wan, rate: 10mbit}", "dc1", "home1", MEDIA_VIDEO, false, 0},
	{"{node: nat1, interface: wan, rate: 1mbit}", "dc1", "home1", MEDIA_AUDIO, false, 0},
	{"{node: nat1, interface: wan, rate: 1mbit}", "dc1", "home1", MEDIA_VIDEO, true, 0},
};

Test(lossy_way, is_one_that_media_may_take)
{
	for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
		const struct way_case *w = &ways[i];
		g_autofree char *changes =
			w->change ? g_strdup_printf("- set-impair: %s\n", w->change) : NULL;
		g_autoptr(model) m = scenario_model(COMPANY, "missing-route", changes);
		struct cell *c = pair_cell(w->media);
		struct lossy_way way;

		g_ptr_array_set_size(c->participants, 0);
		g_ptr_array_add(c->participants, g_strdup(w->a));
		g_ptr_array_add(c->participants, g_strdup(w->b));
		way = lossy_way_of(m, c);
		cr_expect_eq(way.may_lose, w->may_lose, "case %u: %s, %s with %s", i,
			     w->change ? w->change : "", w->a, w->b);
		cr_expect_eq(way.burst_packets, w->burst_packets, "case %u: %u", i,
			     way.burst_packets);
		cell_free(c);
	}
}

/* --- a call that is judged -------------------------------------------------------------------- */

static const struct cell_rules judged = {
	.run_id = "run", .max_loss_pct = 1, .media_ms = 1000, .way = {.may_lose = true}};

struct play {
	struct cell *cell;
	cell_machine *machine;
	GPtrArray *commands;
	gint64 now_us;
};

static struct play begin(struct cell *cell)
{
	static const char *const users[] = {"dc1@contoso.com", "home1@contoso.com", NULL},
				 *const three[] = {"dc1@contoso.com", "branch1@contoso.com",
						   "home1@contoso.com", NULL};
	struct play p = {
		.cell = cell,
		.machine = cell_machine_new(cell, cell->b ? users : three, &judged),
		.commands = g_ptr_array_new_with_free_func((GDestroyNotify)agent_command_free)};

	cell_machine_start(p.machine, 0, p.commands);
	return p;
}

static void end(struct play *p)
{
	cell_machine_free(p->machine);
	g_ptr_array_unref(p->commands);
	cell_free(p->cell);
}

static void hear(struct play *p, const char *agent, json_t *event)
{
	p->now_us += 250000;
	cell_machine_event(p->machine, agent, event, p->now_us, p->commands);
	json_decref(event);
}

/* How many such commands that agent was sent. */
static guint count(const struct play *p, const char *agent, const char *name)
{
	guint n = 0;

	for (guint i = 0; i < p->commands->len; i++) {
		const struct agent_command *c = p->commands->pdata[i];

		n += g_str_equal(c->agent, agent) &&
		     g_strcmp0(json_string_value(json_object_get(c->command, "cmd")), name) == 0;
	}
	return n;
}

static void talk(struct play *p, const char *agent)
{
	hear(p, agent, json_pack("{s:s}", "event", "talking"));
}

static json_t *media(int received, int expected)
{
	return json_pack("{s:s, s:[{s:s, s:i, s:i}]}", "event", "media", "streams", "kind", "audio",
			 "received", received, "expected", expected);
}

static void both_end(struct play *p, int received, int expected)
{
	hear(p, "dc1",
	     end_result("call-result", "pass", "audio", HOST_A, HOST_B, received, expected));
	hear(p, "home1",
	     end_result("call-result", "pass", "audio", HOST_B, HOST_A, expected, expected));
}

Test(judged_call, goes_on_until_both_ends_have_heard_enough)
{
	struct play p = begin(pair_cell(MEDIA_AUDIO));
	const struct agent_command *call = p.commands->pdata[0];
	const struct cell_loss_test *t;

	cr_assert(json_is_true(json_object_get(call->command, "stand")));
	talk(&p, "dc1");
	cr_expect_not(cell_machine_stands(p.machine), "it is not for others to hang up");
	cr_expect_eq(count(&p, "dc1", "watch"), 1);
	cr_expect_eq(count(&p, "home1", "watch"), 1);
	for (int n = 25; n <= 900; n += 25) {
		hear(&p, "dc1", media(n, n));
		hear(&p, "home1", media(n, n));
	}
	cr_expect_eq(count(&p, "dc1", "hang-up"), 0, "nothing is decided by 900 packets");
	hear(&p, "dc1", media(1000, 1000));
	cr_expect_eq(count(&p, "dc1", "hang-up"), 0, "one end is not enough");
	hear(&p, "home1", media(998, 1000));
	hear(&p, "home1", media(1248, 1250));
	cr_expect_eq(count(&p, "dc1", "hang-up"), 1, "the caller hangs up");
	cr_expect_eq(count(&p, "home1", "hang-up"), 0);
	both_end(&p, 1000, 1020);
	cr_expect_eq(p.cell->verdict, VERDICT_PASS, "%s", p.cell->reason);
	cr_assert_eq(p.cell->loss_tests->len, 2);
	t = p.cell->loss_tests->pdata[0];
	cr_expect_str_eq(t->receiver, "dc1");
	cr_expect_str_eq(t->of, "audio");
	cr_expect_eq(t->verdict, VERDICT_PASS);
	cr_expect_eq(t->packets, 1000);
	end(&p);
}

Test(judged_call, fails_when_one_end_lost_too_much)
{
	struct play p = begin(pair_cell(MEDIA_AUDIO));

	talk(&p, "dc1");
	for (int n = 25; n <= 200; n += 25)
		hear(&p, "dc1", media(n - n / 10, n));
	cr_expect_eq(count(&p, "dc1", "hang-up"), 1);
	both_end(&p, 190, 210);
	cr_expect_eq(p.cell->verdict, VERDICT_FAIL);
	cr_expect_eq(p.cell->code, REASON_MEDIA_LOST);
	cr_expect(strstr(p.cell->reason, "dc1: audio lost") != NULL, "%s", p.cell->reason);
	end(&p);
}

Test(judged_call, that_ends_before_it_is_decided_is_an_error)
{
	struct play p = begin(pair_cell(MEDIA_AUDIO));

	talk(&p, "dc1");
	hear(&p, "dc1", media(50, 50));
	both_end(&p, 60, 60);
	cr_expect_eq(p.cell->verdict, VERDICT_ERROR);
	cr_expect_eq(p.cell->code, REASON_LOSS_UNDECIDED);
	cr_expect(strstr(p.cell->reason, "too few to tell") != NULL, "%s", p.cell->reason);
	end(&p);
}

Test(judged_call, ends_soon_when_nothing_is_heard)
{
	struct play p = begin(pair_cell(MEDIA_AUDIO));

	talk(&p, "dc1");
	for (int n = 0; n < 11; n++)
		hear(&p, "home1", media(0, 0));
	cr_expect_eq(count(&p, "dc1", "hang-up"), 0);
	hear(&p, "home1", media(0, 0));
	cr_expect_eq(count(&p, "dc1", "hang-up"), 1);
	end(&p);
}

Test(judged_call, lasts_as_long_as_was_asked_for)
{
	struct play p = begin(pair_cell(MEDIA_AUDIO));

	talk(&p, "dc1");
	hear(&p, "dc1", media(10, 100));
	cr_expect_eq(count(&p, "dc1", "hang-up"), 0, "media_ms have not passed");
	for (int n = 0; n < 4; n++)
		hear(&p, "home1", media(100, 100));
	cr_expect_eq(count(&p, "dc1", "hang-up"), 1);
	end(&p);
}

/* --- conferences ------------------------------------------------------------------------------ */

static json_t *of_sources(const char *event, const char *verdict, const char *one,
			  const char *other, int received, int expected)
{
	return json_pack("{s:s, s:s, s:{s:{s:i, s:i}, s:{s:i, s:i}}, s:[s, s]}", "event", event,
			 "verdict", verdict, "sources", one, "received", received, "expected",
			 expected, other, "received", expected, "expected", expected, "heard", one,
			 other);
}

static const char *const everybody[] = {"dc1", "branch1", "home1"};

static void hear_conference(struct play *p, const char *event, int received, int expected)
{
	for (guint i = 0; i < G_N_ELEMENTS(everybody); i++) {
		g_autofree char *one = g_strdup_printf("%s@contoso.com", everybody[(i + 1) % 3]),
				*other = g_strdup_printf("%s@contoso.com", everybody[(i + 2) % 3]);
		json_t *e = of_sources(event, "pass", one, other, i == 0 ? received : expected,
				       expected);

		if (g_str_equal(event, "conference-result"))
			json_object_set_new(e, "streams",
					    json_pack("[{s:s, s:o, s:o, s:{s:i, s:i}}]", "kind",
						      "audio", "local", end_candidate_json(HOST_A),
						      "remote", end_candidate_json(HOST_B),
						      "quality", "received", expected, "expected",
						      expected));
		hear(p, everybody[i], e);
	}
}

Test(judged_conference, each_is_watched_and_hangs_up)
{
	for (int lost = 0; lost <= 40; lost += 40) {
		struct play p = begin(conference_cell(MEDIA_AV_CONFERENCE));

		hear(&p, "dc1",
		     json_pack("{s:s, s:s}", "event", "conference-ready", "focus", "sip:focus"));
		for (guint i = 0; i < G_N_ELEMENTS(everybody); i++) {
			cr_expect_eq(count(&p, everybody[i], "join"), 1);
			talk(&p, everybody[i]);
			cr_expect_eq(count(&p, everybody[i], "watch"), 1, "%s", everybody[i]);
		}
		hear_conference(&p, "media", 1000 - lost, 1000);
		for (guint i = 0; i < G_N_ELEMENTS(everybody); i++)
			cr_expect_eq(count(&p, everybody[i], "hang-up"), 1, "%s", everybody[i]);
		hear_conference(&p, "conference-result", 1000 - lost, 1000);
		cr_expect_eq(p.cell->verdict, lost > 0 ? VERDICT_FAIL : VERDICT_PASS, "%s",
			     p.cell->reason);
		cr_expect_eq(p.cell->loss_tests->len, 6);
		end(&p);
	}
}
