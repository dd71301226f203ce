/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/foreign_words.h"

#include "common/base/json.h"
#include "common/wire/event.h"

#include <glib.h>
#include <string.h>

/* In lower case; "" fits any.  Of an event the first row that fits counts. */
static const struct words_row {
	const char *event, *stage; /* stage NULL: any */
	const char *words;
	enum reason reason;
} words_rows[] = {
	{EVENT_SIGN_IN_FAILED, STAGE_TLS, "name mismatch", REASON_TLS_NAME_MISMATCH},
	{EVENT_SIGN_IN_FAILED, STAGE_TLS, "not valid yet", REASON_TLS_NOT_YET_VALID},
	{EVENT_SIGN_IN_FAILED, STAGE_TLS, "expired", REASON_TLS_EXPIRED},
	{EVENT_SIGN_IN_FAILED, STAGE_TLS, "certificate", REASON_TLS_UNTRUSTED},
	{EVENT_SIGN_IN_FAILED, STAGE_TLS, "handshake timed out", REASON_TLS_TIMED_OUT},
	{EVENT_SIGN_IN_FAILED, STAGE_TLS, "timed out", REASON_CONNECTION_TIMED_OUT},
	{EVENT_SIGN_IN_FAILED, STAGE_TLS, "refused", REASON_CONNECTION_REFUSED},
	{EVENT_SIGN_IN_FAILED, STAGE_TLS, "no route", REASON_HOST_UNREACHABLE},
	{EVENT_SIGN_IN_FAILED, STAGE_TLS, "host is unreachable", REASON_HOST_UNREACHABLE},
	{EVENT_SIGN_IN_FAILED, STAGE_TLS, "unreachable", REASON_NETWORK_UNREACHABLE},
	{EVENT_SIGN_IN_FAILED, STAGE_TLS, "reset", REASON_CONNECTION_RESET},
	{EVENT_SIGN_IN_FAILED, STAGE_TLS, "not permitted", REASON_NOT_PERMITTED},
	{EVENT_SIGN_IN_FAILED, STAGE_REGISTER, "credentials", REASON_WRONG_CREDENTIALS},
	{EVENT_TLS_REFUSED, NULL, "certificate of another ca", REASON_TLS_UNTRUSTED},
	{EVENT_TLS_REFUSED, NULL, "name mismatch", REASON_TLS_NAME_MISMATCH},
	{EVENT_TLS_REFUSED, NULL, "expired", REASON_TLS_EXPIRED},
	{EVENT_TLS_REFUSED, NULL, "not valid yet", REASON_TLS_NOT_YET_VALID},
	{EVENT_TLS_REFUSED, NULL, "next hop's name", REASON_TLS_NOT_NEXT_HOP},
	{EVENT_AUTH_FAILED, NULL, "expired", REASON_TURN_EXPIRED},
	{EVENT_AUTH_FAILED, NULL, "", REASON_TURN_CREDENTIALS},
	{EVENT_RELAY_REFUSED, NULL, "port", REASON_TURN_NO_PORT},
	{EVENT_DENIED, NULL, "relay_not_to", REASON_PEER_BY_SETTING},
	{EVENT_DNS, NULL, "nxdomain", REASON_DNS_NXDOMAIN},
	{EVENT_DNS, NULL, "nodata", REASON_DNS_NXDOMAIN},
	{EVENT_DNS, NULL, "timeout", REASON_DNS_TIMED_OUT},
	{EVENT_DNS, NULL, "refused", REASON_DNS_REFUSED},
	{EVENT_DNS, NULL, "", REASON_DNS_FAILED},
};

/* "kind" of "connect-failed" and "link-failed", which once was all that told them apart. */
static const struct {
	const char *kind;
	enum reason reason;
} kind_rows[] = {
	{"no-name", REASON_DNS_NXDOMAIN},
	{"refused", REASON_CONNECTION_REFUSED},
	{"unreachable", REASON_HOST_UNREACHABLE},
	{"timeout", REASON_CONNECTION_TIMED_OUT},
	{"untrusted", REASON_TLS_UNTRUSTED},
	{"name-mismatch", REASON_TLS_NAME_MISMATCH},
	{"expired", REASON_TLS_EXPIRED},
	{"not-yet-valid", REASON_TLS_NOT_YET_VALID},
	{"bad-certificate", REASON_TLS_BAD_CERTIFICATE},
	{"tls", REASON_TLS_FAILED},
	{"failed", REASON_INTERNAL},
};

/* RFC 5766 section 15, RFC 5389 section 15.6. */
static const struct {
	json_int_t status;
	enum reason reason;
} turn_rows[] = {
	{401, REASON_TURN_CREDENTIALS},
	{486, REASON_TURN_QUOTA},
	{508, REASON_TURN_NO_PORT},
};

/* Events that say why in another member than the reason. */
static const char *words_of(const json_t *event)
{
	static const char *const keys[] = {"reason", "error", "rule"};
	const char *words = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(keys) && !words; i++)
		words = member_text(event, keys[i]);
	return words;
}

static enum reason by_words(const json_t *event)
{
	const char *name = member_text(event, "event"), *stage = member_text(event, "stage"),
		   *words = words_of(event);
	g_autofree char *lower = words ? g_ascii_strdown(words, -1) : NULL;

	for (guint i = 0; lower && i < G_N_ELEMENTS(words_rows); i++) {
		const struct words_row *row = &words_rows[i];

		if (g_strcmp0(row->event, name) == 0 &&
		    (!row->stage || g_strcmp0(row->stage, stage) == 0) && strstr(lower, row->words))
			return row->reason;
	}
	return REASON_NONE;
}

static enum reason by_kind(const json_t *event)
{
	const char *kind = member_text(event, "kind");

	for (guint i = 0; kind && i < G_N_ELEMENTS(kind_rows); i++)
		if (g_str_equal(kind, kind_rows[i].kind))
			return kind_rows[i].reason;
	return REASON_NONE;
}

/* A quota is told by its number alone; the words of the other refusals say more than theirs. */
static enum reason by_status(const json_t *event)
{
	enum reason r = foreign_turn_reason(foreign_turn_status(event));

	return r == REASON_TURN_QUOTA ? r : REASON_NONE;
}

enum reason foreign_reason(const json_t *event)
{
	enum reason r = reason_by_code(member_text(event, "code"));

	if (!r)
		r = reason_by_diagnostics(member_text(event, "diagnostics"));
	if (!r)
		r = by_kind(event);
	if (!r)
		r = by_status(event);
	return r ? r : by_words(event);
}

enum reason foreign_turn_reason(json_int_t status)
{
	for (guint i = 0; i < G_N_ELEMENTS(turn_rows); i++)
		if (turn_rows[i].status == status)
			return turn_rows[i].reason;
	return REASON_NONE;
}

/* It was once called "code". */
json_int_t foreign_turn_status(const json_t *event)
{
	const json_t *old = json_object_get(event, "code");

	return json_integer_value(json_is_integer(old) ? old : json_object_get(event, "status"));
}

/* "certificate of another CA (CN=fe.contoso.com, issued by ...)" */
char *foreign_subject(const json_t *event)
{
	const char *subject = member_text(event, "subject"), *words = words_of(event);
	const char *start = words ? strstr(words, "(CN=") : NULL;

	if (subject || !start)
		return g_strdup(subject);
	start += strlen("(CN=");
	return g_strndup(start, strcspn(start, ",)"));
}

bool foreign_server(const json_t *event, struct addr *ret_address, uint16_t *ret_port)
{
	const char *words = words_of(event);

	return words && addr_port_parse(words, ret_address, ret_port);
}
