/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine of an instant message: text and confirmation. */
#include "testbed/session/machine.h"
#include "tests/unit/session/ends.h"
#include "tests/unit/session/play.h"

#include <criterion/criterion.h>

Test(im, passes_when_text_arrived_and_was_confirmed)
{
	for (int callee_first = 0; callee_first < 2; callee_first++) {
		struct play p;

		play_begin(&p, pair_cell(MEDIA_IM));
		cr_assert_str_eq(play_command(&p, 0)->agent, "dc1");
		cr_assert_str_eq(play_member(play_command(&p, 0), "cmd"), "im");
		cr_assert_str_eq(play_member(play_command(&p, 0), "to"), "home1@contoso.com");
		play_hear(&p, callee_first ? "home1" : "dc1",
			  callee_first ? play_im_text(&p) : play_im_result("pass", NULL));
		cr_expect_not(p.cell->done, "one end is not enough");
		play_hear(&p, callee_first ? "dc1" : "home1",
			  callee_first ? play_im_result("pass", NULL) : play_im_text(&p));
		play_expect_done(&p, VERDICT_PASS, PATH_SIGNALLING, NULL,
				 callee_first ? "callee first" : "caller first");
		cr_expect_eq(p.cell->setup_ms, 12.5);
		play_end(&p);
	}
}

Test(im, fails_as_the_caller_says)
{
	struct play p;

	play_begin(&p, pair_cell(MEDIA_IM));
	play_hear(&p, "dc1", play_im_result("fail", "nobody there"));
	play_expect_done(&p, VERDICT_FAIL, PATH_NONE, "dc1: nobody there (SIP 480)", "refused");
	play_end(&p);
}

Test(im, fails_on_another_text)
{
	struct play p;

	play_begin(&p, pair_cell(MEDIA_IM));
	play_hear(&p, "home1",
		  json_pack("{s:s, s:s}", "event", "im-received", "text", "something else"));
	play_expect_done(&p, VERDICT_FAIL, PATH_NONE, "another text arrived", "another text");
	play_end(&p);
}

/* Only the callee's own word counts, not one of somebody else. */
Test(im, ignores_who_is_not_the_callee)
{
	struct play p;

	play_begin(&p, pair_cell(MEDIA_IM));
	play_hear(&p, "dc1", play_im_text(&p));
	play_hear(&p, "branch1", play_im_text(&p));
	play_hear(&p, "dc1", play_im_result("pass", NULL));
	cr_assert_not(p.cell->done);
	cell_machine_expired(p.machine, 9000);
	play_expect_done(&p, VERDICT_ERROR, PATH_NONE, "no answer from home1", "callee silent");
	play_end(&p);
}

Test(im, names_the_silent_caller)
{
	struct play p;

	play_begin(&p, pair_cell(MEDIA_IM));
	play_hear(&p, "home1", play_im_text(&p));
	cell_machine_expired(p.machine, 9000);
	play_expect_done(&p, VERDICT_ERROR, PATH_NONE, "no answer from dc1 within",
			 "caller silent");
	cr_expect_eq(p.cell->duration_ms, 8.0);
	play_end(&p);
}
