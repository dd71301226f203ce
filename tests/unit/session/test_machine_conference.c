/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine of a conference, announced and out of a call: everybody hears everybody. */
#include "testbed/session/machine.h"
#include "tests/unit/session/ends.h"
#include "tests/unit/session/play.h"

#include <criterion/criterion.h>
#include <string.h>

#define HOST_A "host 10.0.1.101:5000"
#define HOST_B "host 192.168.1.10:5000"

static json_t *heard(const char *verdict, const char *names)
{
	json_t *event = end_result("conference-result", verdict, "audio", HOST_A, HOST_B, 50, 50);
	g_auto(GStrv) list = g_strsplit(names, ",", 0);
	json_t *array = json_array();

	for (guint i = 0; list[i]; i++)
		json_array_append_new(array, json_string(list[i]));
	json_object_set_new(event, "heard", array);
	return event;
}

static void open_conference(struct play *p, enum media media)
{
	play_begin(p, conference_cell(media));
	cr_assert_str_eq(play_member(play_command(p, 0), "cmd"), "conference");
	play_hear(p, "dc1",
		  json_pack("{s:s, s:s}", "event", "conference-ready", "focus",
			    "sip:dc1@contoso.com;gruu"));
	cr_assert_eq(p->commands->len, 4, "everybody is sent to the conference");
	for (guint i = 1; i < 4; i++) {
		cr_assert_str_eq(play_member(play_command(p, i), "cmd"), "join");
		cr_assert_str_eq(play_member(play_command(p, i), "focus"),
				 "sip:dc1@contoso.com;gruu");
		cr_assert_eq(json_array_size(
				     json_object_get(play_command(p, i)->command, "participants")),
			     3);
		for (guint k = 1; k < i; k++)
			cr_assert_str_neq(play_member(play_command(p, i), "call"),
					  play_member(play_command(p, k), "call"),
					  "call ids are unique");
	}
}

Test(conference, passes_when_everybody_heard_everybody)
{
	static const enum media media[] = {MEDIA_AV_CONFERENCE, MEDIA_IM_CONFERENCE};

	for (guint i = 0; i < G_N_ELEMENTS(media); i++) {
		struct play p;

		open_conference(&p, media[i]);
		play_hear(&p, "dc1", heard("pass", "branch1@contoso.com,home1@contoso.com"));
		play_hear(&p, "branch1", heard("pass", "sip:dc1@contoso.com,home1"));
		cr_expect_not(p.cell->done);
		play_hear(&p, "home1", heard("pass", "branch1@contoso.com,dc1@contoso.com"));
		play_expect_done(&p, VERDICT_PASS, PATH_MCU, NULL, media_name(media[i]));
		play_end(&p);
	}
}

Test(conference, fails_when_one_was_not_heard)
{
	struct play p;

	open_conference(&p, MEDIA_AV_CONFERENCE);
	play_hear(&p, "dc1", heard("pass", "branch1@contoso.com,home1@contoso.com"));
	play_hear(&p, "branch1", heard("pass", "dc1@contoso.com"));
	play_hear(&p, "home1", heard("pass", "branch1@contoso.com,dc1@contoso.com"));
	play_expect_done(&p, VERDICT_FAIL, PATH_NONE, "branch1: did not hear home1", "not heard");
	play_end(&p);
}

Test(conference, fails_when_packets_of_one_were_lost)
{
	struct play p;
	const struct cell_leg *leg;
	const struct cell_source *source;
	json_t *lossy = heard("pass", "branch1@contoso.com,dc1@contoso.com");

	open_conference(&p, MEDIA_AV_CONFERENCE);
	play_hear(&p, "dc1", heard("pass", "branch1@contoso.com,home1@contoso.com"));
	play_hear(&p, "branch1", heard("pass", "dc1@contoso.com,home1@contoso.com"));
	json_object_set_new(lossy, "sources",
			    json_pack("{s:{s:i, s:i}, s:{s:i, s:i}}", "branch1@contoso.com",
				      "received", 48, "expected", 50, "dc1@contoso.com", "received",
				      50, "expected", 50));
	play_hear(&p, "home1", lossy);
	play_expect_done(&p, VERDICT_FAIL, PATH_NONE, "home1: lost packets of branch1", "lost");
	leg = p.cell->legs->pdata[2];
	cr_assert_eq(leg->sources->len, 2u);
	source = leg->sources->pdata[1];
	cr_expect(g_str_equal(source->participant, "branch1") && source->received == 48 &&
		  source->expected == 50);
	cr_expect_eq(((const struct cell_leg *)p.cell->legs->pdata[0])->sources->len, 0u,
		     "dc1 said nothing of sources");
	play_end(&p);
}

Test(conference, keeps_every_participants_leg)
{
	struct play p;
	const struct cell_leg *leg;

	open_conference(&p, MEDIA_AV_CONFERENCE);
	play_hear(&p, "dc1", heard("pass", "branch1@contoso.com,home1@contoso.com"));
	play_hear(&p, "branch1", heard("pass", "dc1@contoso.com,home1@contoso.com"));
	play_hear(&p, "home1", heard("pass", "branch1@contoso.com,dc1@contoso.com"));
	cr_assert_eq(p.cell->legs->len, 3u);
	leg = p.cell->legs->pdata[2];
	cr_expect_str_eq(leg->participant, "home1");
	cr_expect_eq(leg->path, PATH_UDP_DIRECT);
	cr_expect_eq(leg->quality.received, 50u);
	play_end(&p);
}

static struct cell *ad_hoc_cell(enum media media)
{
	struct cell *c = conference_cell(media);

	c->ad_hoc = true;
	return c;
}

static json_t *invited(void)
{
	return json_pack("{s:s, s:s, s:s}", "event", "conference-invited", "from",
			 "dc1@contoso.com", "focus", "sip:dc1@contoso.com;gruu");
}

/* dc1 talks to branch1, invites branch1 and home1, and hangs up when the conference is over. */
Test(ad_hoc, grows_out_of_a_call)
{
	struct play p;

	play_begin(&p, ad_hoc_cell(MEDIA_AV_CONFERENCE));
	cr_assert_str_eq(play_member(play_command(&p, 0), "cmd"), "call");
	cr_assert_str_eq(play_member(play_command(&p, 0), "to"), "branch1@contoso.com");
	cr_assert(json_is_true(json_object_get(play_command(&p, 0)->command, "keep")));
	play_hear(&p, "dc1", end_result("call-result", "pass", "audio", HOST_A, HOST_B, 50, 50));
	cr_assert_str_eq(play_member(play_command(&p, 1), "cmd"), "conference");
	cr_assert_eq(json_array_size(json_object_get(play_command(&p, 1)->command, "invite")), 2u);
	play_hear(&p, "dc1",
		  json_pack("{s:s, s:s}", "event", "conference-ready", "focus",
			    "sip:dc1@contoso.com;gruu"));
	cr_assert_eq(p.commands->len, 3u, "the organiser alone is sent there");
	play_hear(&p, "home1", invited());
	play_hear(&p, "branch1", invited());
	cr_assert_eq(p.commands->len, 5u, "who was invited joins");
	play_hear(&p, "dc1", heard("pass", "branch1@contoso.com,home1@contoso.com"));
	play_hear(&p, "branch1", heard("pass", "dc1@contoso.com,home1@contoso.com"));
	play_hear(&p, "home1", heard("pass", "branch1@contoso.com,dc1@contoso.com"));
	cr_assert_str_eq(play_member(play_command(&p, 5), "cmd"), "hang-up");
	cr_assert_str_eq(play_member(play_command(&p, 5), "call"),
			 play_member(play_command(&p, 0), "call"));
	cr_assert_not(p.cell->done, "branch1 has not said how the first call went");
	play_hear(&p, "branch1",
		  end_result("call-result", "pass", "audio", HOST_B, HOST_A, 50, 50));
	play_expect_done(&p, VERDICT_PASS, PATH_MCU, NULL, "escalated");
	play_end(&p);
}

Test(ad_hoc, fails_with_its_first_call)
{
	struct play p;

	play_begin(&p, ad_hoc_cell(MEDIA_AV_CONFERENCE));
	play_hear(&p, "dc1", end_result("call-result", "fail", "audio", NULL, NULL, 0, 0));
	play_expect_done(&p, VERDICT_FAIL, PATH_NONE,
			 "dc1: the call before the conference: ", "no first call");
	cr_expect_eq(p.commands->len, 1u, "nothing else was tried");
	play_end(&p);
}

Test(ad_hoc, of_messages_needs_no_word_of_the_callee)
{
	struct play p;

	play_begin(&p, ad_hoc_cell(MEDIA_IM_CONFERENCE));
	cr_assert_str_eq(play_member(play_command(&p, 0), "cmd"), "im");
	play_hear(&p, "dc1", json_pack("{s:s, s:s}", "event", "im-result", "verdict", "pass"));
	play_hear(&p, "dc1",
		  json_pack("{s:s, s:s}", "event", "conference-ready", "focus",
			    "sip:dc1@contoso.com;gruu"));
	play_hear(&p, "home1", invited());
	play_hear(&p, "branch1", invited());
	play_hear(&p, "dc1", heard("pass", "branch1@contoso.com,home1@contoso.com"));
	play_hear(&p, "branch1", heard("pass", "dc1@contoso.com,home1@contoso.com"));
	play_hear(&p, "home1", heard("pass", "branch1@contoso.com,dc1@contoso.com"));
	play_expect_done(&p, VERDICT_PASS, PATH_MCU, NULL, "escalated");
	play_end(&p);
}

Test(conference, that_cannot_be_made_fails_at_once)
{
	struct play p;

	play_begin(&p, conference_cell(MEDIA_AV_CONFERENCE));
	play_hear(&p, "dc1", heard("fail", ""));
	play_expect_done(&p, VERDICT_FAIL, PATH_NONE, "dc1: ", "not made");
	cr_expect_eq(p.commands->len, 1, "nobody was sent to it");
	play_end(&p);
}

Test(conference, names_who_is_silent)
{
	struct play p;

	play_begin(&p, conference_cell(MEDIA_IM_CONFERENCE));
	cell_machine_expired(p.machine, 26000000);
	play_expect_done(&p, VERDICT_ERROR, PATH_NONE, "no answer from dc1 within",
			 "not even made");
	play_end(&p);
	open_conference(&p, MEDIA_IM_CONFERENCE);
	play_hear(&p, "dc1", heard("pass", "branch1,home1"));
	cell_machine_expired(p.machine, 26000000);
	play_expect_done(&p, VERDICT_ERROR, PATH_NONE, "no answer from branch1, home1",
			 "two silent");
	play_end(&p);
}
