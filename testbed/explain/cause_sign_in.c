#include "testbed/explain/cause_rules.h"

#include <string.h>

/* Words in the reason of a failed sign-in; an empty stage matches every stage.  The first row that fits counts. */
static const struct sign_in_row {
	const char *stage, *words;
	enum cause_code code;
} sign_in_rows[] = {
	{"tls", "name mismatch", CAUSE_TLS_NAME_MISMATCH},
	{"tls", "certificate", CAUSE_TLS_UNTRUSTED},
	{"register", "credentials", CAUSE_SIP_AUTH},
};

/* The client's own DNS questions: nobody answered, or the names do not exist. */
static bool sign_in_by_dns(const struct evidence *e, struct finding *f, const char *end)
{
	guint nxdomain = 0, timeout = 0;
	const json_t *last = NULL;

	for (const struct heard *h = NULL; (h = cause_event(e, end, "dns", h));) {
		const char *error = event_text(h->event, "error");

		nxdomain += g_strcmp0(error, "nxdomain") == 0;
		timeout += g_strcmp0(error, "timeout") == 0;
		last = error ? h->event : last;
	}
	if (!last)
		return false;
	f->code = timeout > 0 ? CAUSE_DNS_TIMEOUT : nxdomain > 0 ? CAUSE_DNS_NXDOMAIN : CAUSE_UNKNOWN;
	f->object = g_strdup(event_text(last, "query"));
	cause_prove(f, "%s asked for %s %s: %s", end, event_text(last, "type"), f->object, event_text(last, "error"));
	return f->code != CAUSE_UNKNOWN;
}

static bool sign_in_by_words(struct finding *f, const char *end, const char *stage, const char *reason, json_int_t status)
{
	for (guint i = 0; i < G_N_ELEMENTS(sign_in_rows); i++) {
		const struct sign_in_row *row = &sign_in_rows[i];
		bool denied = row->code == CAUSE_SIP_AUTH && (status == 401 || status == 403 || status == 407);
		g_autofree char *lower = g_ascii_strdown(reason, -1);

		if (!g_str_equal(stage, row->stage) || !(strstr(lower, row->words) || denied))
			continue;
		f->code = row->code;
		f->node = g_strdup(end);
		return true;
	}
	return false;
}

bool cause_rule_sign_in(const struct evidence *e, struct finding *f)
{
	const struct heard *h = cause_event(e, NULL, "sign-in-failed", NULL);
	const char *stage = h ? event_text(h->event, "stage") : NULL, *reason = h ? event_text(h->event, "reason") : NULL;
	bool found;

	if (!stage || !reason)
		return false;
	g_free(f->what);
	f->what = g_strdup_printf("%s could not sign in", h->agent);
	found = sign_in_by_words(f, h->agent, stage, reason, json_integer_value(json_object_get(h->event, "sip_status"))) ||
		(g_str_equal(stage, "dns") && sign_in_by_dns(e, f, h->agent));
	if (!found)
		return false;
	if (!f->node)
		f->node = g_strdup(h->agent);
	if (!f->why)
		f->why = g_strdup(cause_text(f->code));
	cause_prove(f, "%s gave up in stage %s: %s", h->agent, stage, reason);
	return true;
}
