/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/session/play.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct cell_rules play_rules = {.run_id = "run", .max_loss_pct = 1, .media_ms = 1000};

void play_begin_by(struct play *p, struct cell *cell, const struct cell_rules *by)
{
	static const char *const pair_users[] = {"dc1@contoso.com", "home1@contoso.com", NULL};
	static const char *const conference_users[] = {"dc1@contoso.com", "branch1@contoso.com",
						       "home1@contoso.com", NULL};

	p->cell = cell;
	p->machine = cell_machine_new(cell, cell->b ? pair_users : conference_users, by);
	p->commands = g_ptr_array_new_with_free_func((GDestroyNotify)agent_command_free);
	cell_machine_start(p->machine, 1000, p->commands);
}

void play_begin(struct play *p, struct cell *cell)
{
	play_begin_by(p, cell, &play_rules);
}

void play_end(struct play *p)
{
	cell_machine_free(p->machine);
	g_ptr_array_unref(p->commands);
	cell_free(p->cell);
}

/* Takes the event over. */
void play_hear(struct play *p, const char *agent, json_t *event)
{
	cell_machine_event(p->machine, agent, event, 5000, p->commands);
	json_decref(event);
}

const struct agent_command *play_command(const struct play *p, guint index)
{
	cr_assert_lt(index, p->commands->len, "command %u was sent", index);
	return p->commands->pdata[index];
}

const char *play_member(const struct agent_command *c, const char *key)
{
	const char *s = json_string_value(json_object_get(c->command, key));

	return s ? s : "";
}

json_t *play_im_text(const struct play *p)
{
	return json_pack("{s:s, s:s, s:s}", "event", "im-received", "from", "dc1@contoso.com",
			 "text", play_member(play_command(p, 0), "text"));
}

json_t *play_im_result(const char *verdict, const char *reason)
{
	return json_pack("{s:s, s:s, s:s?, s:i, s:f}", "event", "im-result", "verdict", verdict,
			 "reason", reason, "sip_status", g_str_equal(verdict, "pass") ? 200 : 480,
			 "setup_ms", 12.5);
}

void play_expect_done(const struct play *p, enum verdict verdict, enum path_class path,
		      const char *why, const char *name)
{
	cr_expect(p->cell->done, "%s: has ended", name);
	cr_expect_str_eq(verdict_name(p->cell->verdict), verdict_name(verdict), "%s: %s (%s)", name,
			 verdict_name(p->cell->verdict), p->cell->reason ? p->cell->reason : "");
	cr_expect_eq(p->cell->path, path, "%s: path %s", name, path_class_name(p->cell->path));
	if (!why)
		cr_expect_null(p->cell->reason, "%s: no reason", name);
	else
		cr_expect(p->cell->reason && strstr(p->cell->reason, why),
			  "%s: reason '%s' says '%s'", name,
			  p->cell->reason ? p->cell->reason : "(none)", why);
}
