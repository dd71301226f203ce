/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a server answered to the call's own request. */
#include "testbed/diagnose/cause_rules.h"
#include "testbed/diagnose/service.h"

static const struct {
	json_int_t status;
	enum cause_code code;
	const char *why;
} statuses[] = {
	{401, CAUSE_SIP_AUTH, "it asks %s for credentials, who has signed in"},
	{403, CAUSE_SIP_AUTH, "it does not let the request for %s through"},
	{404, CAUSE_SIP_NO_ROUTE, "it knows no user %s"},
	{407, CAUSE_SIP_AUTH, "it asks for credentials to reach %s"},
	{430, CAUSE_SIP_NOT_REGISTERED, "the Edge no longer has the connection of %s"},
	{480, CAUSE_SIP_NOT_REGISTERED, "%s is not signed in there"},
	{504, CAUSE_SIP_NO_ROUTE, "the server behind it did not answer for %s"},
};

static bool is_refused(const json_t *result)
{
	const char *verdict = member_text(result, "verdict"), *stage = member_text(result, "stage");

	return g_strcmp0(verdict, "pass") != 0 && (!stage || g_str_equal(stage, STAGE_SIP));
}

bool cause_rule_call_refused(const struct evidence *e, struct finding *f)
{
	static const char *const events[] = {EVENT_CALL_RESULT, EVENT_IM_RESULT,
					     EVENT_CONFERENCE_RESULT};
	const struct node *server = service_frontend_of(e, e->cell->a),
			  *callee = e->cell->b ? model_node(e->model, e->cell->b) : NULL;
	const char *user = callee && callee->endpoint ? callee->endpoint->user : e->cell->a;

	for (guint i = 0; server && i < G_N_ELEMENTS(events); i++) {
		const struct heard *h = evidence_event(e, e->cell->a, events[i], NULL);
		json_int_t status =
			h && is_refused(h->event) ? member_integer(h->event, "sip_status") : 0;

		for (guint k = 0; status != 0 && k < G_N_ELEMENTS(statuses); k++) {
			g_auto(GStrv) words = NULL;

			if (statuses[k].status != status)
				continue;
			words = g_strsplit(statuses[k].why, "%s", 2);
			f->code = statuses[k].code;
			f->node = g_strdup(server->name);
			f->subject = callee && callee->endpoint ?
					     subject_account(callee) :
					     subject_named(SUBJECT_ACCOUNT, user);
			f->why = g_strjoin(user, words[0], words[1], NULL);
			return finding_prove(f, "%s was answered %d: %s", h->agent, (int)status,
					     member_text(h->event, "reason"));
		}
	}
	return false;
}
