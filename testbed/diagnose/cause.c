/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/cause.h"

#include "testbed/diagnose/cause_rules.h"
#include "testbed/diagnose/cause_web.h"
#include "testbed/diagnose/persist.h"
#include "testbed/model/witness.h"

static bool rule_agent_died(const struct evidence *e, struct finding *f)
{
	const struct heard *h = evidence_event(e, NULL, EVENT_AGENT_DIED, NULL);
	g_auto(GStrv) parts = NULL;

	if (!h)
		return false;
	parts = g_strsplit(h->agent, "/", 2);
	f->code = CAUSE_AGENT_DIED;
	f->node = g_strdup(parts[0]);
	f->subject = subject_named(SUBJECT_PROGRAM, h->agent);
	f->why = g_strdup_printf("%s ended: %s", h->agent, member_text(h->event, "how"));
	return finding_prove(f, "the lab saw it end");
}

/* What the machine did to the packets is nothing that the network did. */
static bool rule_overloaded(const struct evidence *e, struct finding *f)
{
	const GPtrArray *witnesses = e->cell->witnesses;

	if (e->cell->verdict != VERDICT_ERROR || witnesses->len == 0)
		return false;
	f->code = CAUSE_MACHINE_OVERLOADED;
	f->why = witness_text(witnesses->pdata[0]);
	for (guint i = 0; i < witnesses->len; i++) {
		g_autofree char *text = witness_text(witnesses->pdata[i]);

		finding_prove(f, "%s", text);
	}
	return true;
}

/* In the order in which a call does things (diagnose.h); one a line, so that it is seen. */
/* clang-format off */
static bool (*const rules[])(const struct evidence *, struct finding *) = {
	rule_overloaded,
	rule_agent_died,
	cause_rule_media_lost,
	cause_rule_name_server,
	cause_rule_sign_in,
	cause_rule_way_to_names,
	cause_rule_way_to_server,
	cause_rule_way_inside,
	cause_rule_signalling,
	cause_rule_call_refused,
	cause_rule_other_view,
	cause_rule_direct,
	cause_rule_direct_link,
	cause_rule_relay_unreachable,
	cause_rule_relay_refused,
	cause_rule_nat_expired,
	cause_rule_media,
	cause_rule_size,
	cause_rule_link,
	cause_rule_peers,
};
/* clang-format on */

struct finding *cause_find(const struct evidence *e)
{
	struct finding *f = finding_new(e->cell);
	guint i = 0;

	if (e->cell->verdict == VERDICT_PASS) {
		if (cause_rule_other_path(e, f))
			return f;
		f->code = CAUSE_NONE;
		ptr_array_foreach(const char, end, e->cell->participants)
			cause_selected_leg(e, f, end);
		persist_foresee(e, f);
		if (f->code == CAUSE_NONE)
			cause_web_remark(e, f);
		return f;
	}
	while (i < G_N_ELEMENTS(rules) && !rules[i](e, f))
		i++;
	if (i < G_N_ELEMENTS(rules))
		persist_recognise(e, f);
	else
		f->why = g_strdup(e->cell->reason);
	cause_link_of_silence(e, f);
	return f;
}
