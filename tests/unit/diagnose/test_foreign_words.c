/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of others against those who say them: the kernel, GIO, and our own programs as they
 * were before they said codes. */
#include "common/error_reason.h"
#include "testbed/diagnose/foreign_words.h"

#include <criterion/criterion.h>
#include <errno.h>

static json_t *event_new(const char *name, const char *stage, const char *key, const char *words)
{
	return json_pack("{s:s, s:s?, s:s}", "event", name, "stage", stage, key, words);
}

static void expect(json_t *event, enum reason right)
{
	g_autofree char *text = json_dumps(event, 0);
	enum reason read = foreign_reason(event);

	cr_expect_eq(read, right, "%s is read as %s", text, read ? reason_code(read) : "nothing");
	json_decref(event);
}

/* As a client says it that hands on what its library told. */
static void expect_at_sign_in(const char *words, enum reason right)
{
	g_autofree char *reason = g_strdup_printf("10.0.1.10:5061: %s", words);

	expect(event_new("sign-in-failed", "tls", "reason", reason), right);
}

Test(foreign_words, of_the_kernel)
{
	static const int codes[] = {ECONNREFUSED, EHOSTUNREACH, ENETUNREACH,
				    ECONNRESET,	  ETIMEDOUT,	EPERM};

	for (guint i = 0; i < G_N_ELEMENTS(codes); i++)
		expect_at_sign_in(g_strerror(codes[i]), errno_reason(codes[i]));
}

Test(foreign_words, of_gio)
{
	g_autoptr(GSocketListener) closed = g_socket_listener_new();
	guint16 port = g_socket_listener_add_any_inet_port(closed, NULL, NULL);
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GError) error = NULL;

	g_socket_listener_close(closed);
	cr_assert_null(g_socket_client_connect_to_host(client, "127.0.0.1", port, NULL, &error));
	cr_expect_eq(error_reason(error), REASON_CONNECTION_REFUSED, "%s", error->message);
	expect_at_sign_in(error->message, REASON_CONNECTION_REFUSED);
	expect_at_sign_in("TLS handshake timed out", REASON_TLS_TIMED_OUT);
	expect_at_sign_in("connection timed out", REASON_CONNECTION_TIMED_OUT);
}

/* Events of earlier versions, which said words only: "tls-refused" and failed sign-ins. */
Test(foreign_words, about_certificates)
{
	static const struct {
		const char *words;
		enum reason at_sign_in, when_refused;
	} rows[] = {
		{"certificate of another CA", REASON_TLS_UNTRUSTED, REASON_TLS_UNTRUSTED},
		{"name mismatch", REASON_TLS_NAME_MISMATCH, REASON_TLS_NAME_MISMATCH},
		{"certificate has expired", REASON_TLS_EXPIRED, REASON_TLS_EXPIRED},
		{"certificate is not valid yet", REASON_TLS_NOT_YET_VALID,
		 REASON_TLS_NOT_YET_VALID},
		{"certificate was revoked", REASON_TLS_UNTRUSTED, REASON_NONE},
		{"certificate uses an insecure algorithm", REASON_TLS_UNTRUSTED, REASON_NONE},
		{"certificate not acceptable", REASON_TLS_UNTRUSTED, REASON_NONE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *words = g_strdup_printf(
			"%s (CN=fe.contoso.com, issued by CN=another CA, 2026-01-01 to 2027-01-01)",
			rows[i].words);

		expect_at_sign_in(words, rows[i].at_sign_in);
		expect(event_new("tls-refused", NULL, "reason", words), rows[i].when_refused);
	}
	expect(event_new("tls-refused", NULL, "reason",
			 "certificate does not carry the next hop's name"),
	       REASON_TLS_NOT_NEXT_HOP);
}

static void expect_subject(json_t *event, const char *right)
{
	g_autofree char *subject = foreign_subject(event);

	cr_expect_eq(g_strcmp0(subject, right), 0, "'%s', not '%s'", subject, right);
	json_decref(event);
}

Test(foreign_words, name_in_a_certificate)
{
	expect_subject(event_new("tls-refused", NULL, "reason",
				 "name mismatch (CN=fe.contoso.com, issued by CN=ca)"),
		       "fe.contoso.com");
	expect_subject(event_new("tls-refused", NULL, "reason",
				 "name mismatch: no trusted server (CN=x.contoso.com)"),
		       "x.contoso.com");
	expect_subject(event_new("tls-refused", NULL, "subject", "fe.contoso.com"),
		       "fe.contoso.com");
	expect_subject(event_new("tls-refused", NULL, "reason", "too many clients"), NULL);
}

Test(foreign_words, server_of_a_failed_sign_in)
{
	static const struct {
		const char *words;
		uint16_t port; /* 0: it says none */
	} rows[] = {{"10.0.1.10:5061: why", 5061}, {"[2001:db8::10]:443: why", 443}, {"why", 0}};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		json_t *event = event_new("sign-in-failed", "tls", "reason", rows[i].words);
		struct addr a;
		uint16_t port = 0;

		cr_expect_eq(foreign_server(event, &a, &port), rows[i].port != 0);
		cr_expect_eq(port, rows[i].port);
		json_decref(event);
	}
}

Test(foreign_words, kinds_of_earlier_versions)
{
	static const struct {
		const char *kind;
		enum reason right;
	} rows[] = {{"no-name", REASON_DNS_NXDOMAIN},
		    {"refused", REASON_CONNECTION_REFUSED},
		    {"unreachable", REASON_HOST_UNREACHABLE},
		    {"timeout", REASON_CONNECTION_TIMED_OUT},
		    {"untrusted", REASON_TLS_UNTRUSTED},
		    {"tls", REASON_TLS_FAILED},
		    {"of-nobody", REASON_NONE}};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		expect(event_new("link-failed", NULL, "kind", rows[i].kind), rows[i].right);
}

Test(foreign_words, of_relays)
{
	static const struct {
		const char *event;
		int status;
		const char *words;
		enum reason right;
	} rows[] = {
		{"auth-failed", 401, "user name expired or malformed", REASON_TURN_EXPIRED},
		{"auth-failed", 401, "another realm", REASON_TURN_CREDENTIALS},
		{"auth-failed", 401, "message integrity does not match", REASON_TURN_CREDENTIALS},
		{"relay-refused", 486, "the user has all the relays that he may have",
		 REASON_TURN_QUOTA},
		{"relay-refused", 508, "no relay port is free", REASON_TURN_NO_PORT},
		{"relay-refused", 508, "the request asks for what is not to be had", REASON_NONE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		json_t *old = json_pack("{s:s, s:i, s:s}", "event", rows[i].event, "code",
					rows[i].status, "reason", rows[i].words);

		cr_expect_eq(foreign_turn_status(old), rows[i].status);
		expect(old, rows[i].right);
	}
	expect(event_new("denied", NULL, "rule", "relay_not_to"), REASON_PEER_BY_SETTING);
	expect(event_new("denied", NULL, "rule", "private"), REASON_NONE);
}

Test(foreign_words, of_names_and_registrars)
{
	expect(event_new("dns", NULL, "error", "nxdomain"), REASON_DNS_NXDOMAIN);
	expect(event_new("dns", NULL, "error", "nodata"), REASON_DNS_NXDOMAIN);
	expect(event_new("dns", NULL, "error", "timeout"), REASON_DNS_TIMED_OUT);
	expect(event_new("dns", NULL, "error", "refused"), REASON_DNS_REFUSED);
	expect(event_new("dns", NULL, "error", "SERVFAIL"), REASON_DNS_FAILED);
	expect(json_pack("{s:s, s:n, s:[s]}", "event", "dns", "error", "answer", "10.0.1.10"),
	       REASON_NONE);
	expect(event_new("sign-in-failed", "register", "reason", "Bad credentials"),
	       REASON_WRONG_CREDENTIALS);
	expect(event_new("sign-in-failed", "register", "diagnostics",
			 "4141;reason=\"User disabled\""),
	       REASON_ACCOUNT_DISABLED);
}

Test(foreign_words, the_code_goes_before_all_words)
{
	expect(json_pack("{s:s, s:s, s:s, s:s, s:s}", "event", "sign-in-failed", "stage", "tls",
			 "code", "host-unreachable", "kind", "untrusted", "reason", "refused"),
	       REASON_HOST_UNREACHABLE);
	expect(json_pack("{s:s, s:s, s:s, s:s}", "event", "sign-in-failed", "stage", "tls", "code",
			 "of-a-later-version", "reason", "Connection refused"),
	       REASON_CONNECTION_REFUSED);
}
