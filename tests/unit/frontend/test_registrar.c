/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/frontend/world.h"

#include <criterion/criterion.h>
#include <string.h>

#include "common/sip_failure.h"

static sip_msg *register_request(const char *user, const char *expires)
{
	g_autofree char *to = g_strdup_printf("sip:%s@contoso.com", user);
	sip_msg *m = world_request("REGISTER", "sip:contoso.com", user, to, NULL, "c", 1, "r");

	sip_add_header(m, "Contact", "<sip:x@192.0.2.1:40000;transport=tls>");
	sip_add_header(m, "Expires", expires);
	return m;
}

struct digest_row {
	const char *name, *user, *password;
	gint64 wait_us;
	int status;
	bool stale;
};

Test(registrar, digest)
{
	static const struct digest_row rows[] = {
		{.name = "right password",
		 .user = "dc1@contoso.com",
		 .password = "secret-dc1",
		 .status = 200},
		{.name = "name without domain",
		 .user = "dc1",
		 .password = "secret-dc1",
		 .status = 200},
		{.name = "wrong password",
		 .user = "dc1@contoso.com",
		 .password = "secret-dc2",
		 .status = 403},
		{.name = "somebody else's account",
		 .user = "dc2@contoso.com",
		 .password = "secret-dc2",
		 .status = 403},
		{.name = "just in time",
		 .user = "dc1@contoso.com",
		 .password = "secret-dc1",
		 .wait_us = REGISTRAR_NONCE_LIFE_US,
		 .status = 200},
		{.name = "too late",
		 .user = "dc1@contoso.com",
		 .password = "secret-dc1",
		 .wait_us = REGISTRAR_NONCE_LIFE_US + 1,
		 .status = 401,
		 .stale = true},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		registrar *r = registrar_new("contoso.com");
		struct fe_flow *flow = fe_flow_new("192.0.2.1:40000", NULL);
		g_autoptr(sip_msg) first = register_request("dc1", "900");
		g_autoptr(sip_msg) second = register_request("dc1", "900");
		g_autoptr(sip_msg) challenge = NULL, answer = NULL;
		g_autofree char *credentials = NULL;
		const char *again;

		registrar_add_user(r, "dc1@contoso.com", "secret-dc1", NULL);
		registrar_add_user(r, "dc2@contoso.com", "secret-dc2", NULL);
		challenge = registrar_register(r, first, flow, 5, NULL);
		cr_assert_eq(sip_status(challenge), 401, "%s: challenge %d", rows[i].name,
			     sip_status(challenge));
		credentials =
			sip_digest_answer(sip_header(challenge, "WWW-Authenticate"), "REGISTER",
					  "sip:contoso.com", rows[i].user, rows[i].password);
		sip_add_header(second, "Authorization", credentials);
		answer = registrar_register(r, second, flow, 5 + rows[i].wait_us, NULL);
		cr_assert_eq(sip_status(answer), rows[i].status, "%s: %d", rows[i].name,
			     sip_status(answer));
		again = sip_header(answer, "WWW-Authenticate");
		cr_assert_eq(again && strstr(again, "stale=true"), rows[i].stale, "%s: stale",
			     rows[i].name);
		cr_assert_eq(registrar_count(r), rows[i].status == 200 ? 1 : 0, "%s: bindings",
			     rows[i].name);
		fe_flow_unref(flow);
		object_free(r);
	}
}

Test(registrar, foreign_nonce_is_challenged)
{
	struct world *w = world_new();
	struct fe_flow *flow = world_flow(w, NULL);
	sip_msg *m = register_request("dc1", "900");
	g_autofree char *credentials =
		sip_digest_answer("Digest realm=\"contoso.com\", nonce=\"0000000000000001abc\", "
				  "qop=\"auth\", algorithm=MD5",
				  "REGISTER", "sip:contoso.com", "dc1@contoso.com", "secret-dc1");
	g_autoptr(sip_msg) answer = NULL;

	sip_add_header(m, "Authorization", credentials);
	world_receive(w, flow, m);
	answer = world_take(w, flow);
	cr_assert_eq(sip_status(answer), 401, "got %d", sip_status(answer));
	cr_assert_null(strstr(sip_header(answer, "WWW-Authenticate"), "stale"),
		       "not ours, so not stale");
	fe_flow_unref(flow);
	world_free(w);
}

/* Credentials that somebody has overheard: on another connection, and once more on their own. */
Test(registrar, replay)
{
	static const struct {
		const char *name, *edge, *via; /* via: of the second use */
		bool other_flow, same_count;
		int status;
	} rows[] = {
		{"on another connection", NULL, NULL, true, true, 401},
		{"once more", NULL, NULL, false, true, 401},
		{"with the next count", NULL, NULL, false, false, 200},
		{"on another connection of the Edge", "edge.contoso.com", "b", false, false, 401},
		{"with the next count through the Edge", "edge.contoso.com", "a", false, false,
		 200},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		registrar *r = registrar_new("contoso.com");
		struct fe_flow *flow = fe_flow_new("p", rows[i].edge),
			       *other = fe_flow_new("q", rows[i].edge);
		g_autofree char *credentials = NULL;

		registrar_add_user(r, "dc1@contoso.com", "x", NULL);
		for (guint k = 0; k < 3; k++) {
			g_autoptr(sip_msg) m = register_request("dc1", "900"), answer = NULL;
			g_autofree char *via =
				g_strdup_printf("SIP/2.0/TLS e;branch=z9hG4bK%u;tb-flow=%s", k,
						k == 2 && rows[i].via ? rows[i].via : "a");

			sip_prepend_header(m, "Via", via);
			if (k == 2 && !rows[i].same_count) {
				/* Made for that count: as MD5 needs the password, by a second
				 * answer to the same challenge. */
				g_autofree char *again = g_steal_pointer(&credentials);
				g_autofree char *nonce = sip_param(again, "nonce");
				g_autofree char *ha2 = g_compute_checksum_for_string(
					G_CHECKSUM_MD5, "REGISTER:sip:contoso.com", -1);
				g_autofree char *ha1 = g_compute_checksum_for_string(
					G_CHECKSUM_MD5, "dc1:contoso.com:x", -1);
				g_autofree char *text = g_strdup_printf("%s:%s:00000002:c:auth:%s",
									ha1, nonce, ha2);
				g_autofree char *digest =
					g_compute_checksum_for_string(G_CHECKSUM_MD5, text, -1);

				credentials = g_strdup_printf(
					"Digest username=\"dc1\", realm=\"contoso.com\", "
					"nonce=\"%s\", uri=\"sip:contoso.com\", response=\"%s\", "
					"cnonce=\"c\", qop=auth, nc=00000002",
					nonce, digest);
			}
			if (k > 0)
				sip_add_header(m, "Authorization", credentials);
			answer = registrar_register(
				r, m, k == 2 && rows[i].other_flow ? other : flow, 5, NULL);
			cr_expect_eq(sip_status(answer),
				     k == 0 ? 401 :
				     k == 1 ? 200 :
					      rows[i].status,
				     "%s, %u: %d", rows[i].name, k, sip_status(answer));
			if (k == 0)
				credentials =
					sip_digest_answer(sip_header(answer, "WWW-Authenticate"),
							  "REGISTER", "sip:contoso.com", "dc1",
							  "x");
		}
		fe_flow_unref(flow);
		fe_flow_unref(other);
		object_free(r);
	}
}

/* What is remembered of a user's nonces is bounded, and what was forgotten can't be used again. */
Test(registrar, many_nonces)
{
	registrar *r = registrar_new("contoso.com");
	struct fe_flow *flow = fe_flow_new("p", NULL);
	g_autofree char *first = NULL;

	registrar_add_user(r, "dc1@contoso.com", "x", NULL);
	for (guint i = 0; i <= 3 * REGISTRAR_NONCES_PER_USER; i++) {
		g_autoptr(sip_msg) m = register_request("dc1", "900"), answer = NULL;
		g_autoptr(sip_msg) challenge = registrar_challenge(r, m, flow, 401, "t", false, i);
		g_autofree char *credentials =
			sip_digest_answer(sip_header(challenge, "WWW-Authenticate"), "REGISTER",
					  "sip:contoso.com", "dc1", "x");
		bool last = i == 3 * REGISTRAR_NONCES_PER_USER;

		if (!first)
			first = g_strdup(credentials);
		sip_add_header(m, "Authorization", last ? first : credentials);
		answer = registrar_register(r, m, flow, i, NULL);
		cr_expect_eq(sip_status(answer), last ? 401 : 200, "%u: %d", i, sip_status(answer));
	}
	fe_flow_unref(flow);
	object_free(r);
}

Test(registrar, unknown_user)
{
	struct world *w = world_new();
	struct fe_flow *flow = world_flow(w, NULL);
	g_autoptr(sip_msg) answer = NULL;

	world_receive(w, flow, register_request("nobody", "900"));
	answer = world_take(w, flow);
	cr_assert_eq(sip_status(answer), 404, "got %d", sip_status(answer));
	fe_flow_unref(flow);
	world_free(w);
}

/* A binding is there until its time is over, its connection is gone or another one replaces it. */
Test(registrar, life_of_a_binding)
{
	struct world *w = world_new();
	struct fe_flow *first = world_flow(w, NULL), *second = world_flow(w, NULL);
	json_t *stats;

	cr_assert_eq(world_register(w, first, "dc1", NULL), 200, "first");
	cr_assert_eq(world_register(w, second, "dc1", NULL), 200, "second replaces it");
	world_close(w, first);
	stats = fe_core_stats(w->core);
	cr_assert_eq(json_integer_value(json_object_get(stats, "registered")), 1,
		     "the old connection takes nothing along");
	json_decref(stats);
	world_close(w, second);
	stats = fe_core_stats(w->core);
	cr_assert_eq(json_integer_value(json_object_get(stats, "registered")), 0,
		     "gone with its connection");
	json_decref(stats);
	fe_flow_unref(first);
	fe_flow_unref(second);
	world_free(w);
}

/* Who signs out takes nothing from a client that has signed in since. */
Test(registrar, another_contact_stays)
{
	static const struct {
		const char *contact;
		bool removed;
	} rows[] = {{"<sip:x@192.0.2.9:1;transport=tls>", false},
		    {"<sip:x@192.0.2.1:40000;transport=tls>", true},
		    {"*", true}};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		registrar *r = registrar_new("contoso.com");
		struct fe_flow *flow = fe_flow_new("p", NULL);

		registrar_add_user(r, "dc1@contoso.com", "x", NULL);
		for (guint k = 0; k < 2; k++) {
			g_autoptr(sip_msg) m = register_request("dc1", k == 0 ? "900" : "0");
			g_autoptr(sip_msg) challenge =
				registrar_challenge(r, m, flow, 401, "t", false, 0);
			g_autofree char *credentials =
				sip_digest_answer(sip_header(challenge, "WWW-Authenticate"),
						  "REGISTER", "sip:contoso.com", "dc1@contoso.com",
						  "x");
			g_autoptr(sip_msg) answer = NULL;

			sip_add_header(m, "Authorization", credentials);
			if (k == 1) {
				sip_remove_header(m, "Contact");
				sip_add_header(m, "Contact", rows[i].contact);
			}
			answer = registrar_register(r, m, flow, 0, NULL);
			cr_assert_eq(sip_status(answer), 200, "%s", rows[i].contact);
		}
		cr_expect_eq(registrar_find(r, "dc1@contoso.com", 0) == NULL, rows[i].removed, "%s",
			     rows[i].contact);
		fe_flow_unref(flow);
		object_free(r);
	}
}

Test(registrar, expires)
{
	registrar *r = registrar_new("contoso.com");
	struct fe_flow *flow = fe_flow_new("p", NULL);
	static const char *const expires[] = {"900", "0"};

	registrar_add_user(r, "dc1@contoso.com", "x", NULL);
	for (guint i = 0; i < G_N_ELEMENTS(expires); i++) {
		g_autoptr(sip_msg) m = register_request("dc1", expires[i]);
		g_autoptr(sip_msg) challenge = registrar_challenge(r, m, flow, 401, "t", false, 0);
		g_autofree char *credentials =
			sip_digest_answer(sip_header(challenge, "WWW-Authenticate"), "REGISTER",
					  "sip:contoso.com", "dc1@contoso.com", "x");
		g_autoptr(sip_msg) answer = NULL;

		sip_add_header(m, "Authorization", credentials);
		answer = registrar_register(r, m, flow, 0, NULL);
		cr_assert_eq(sip_status(answer), 200, "Expires %s: %d", expires[i],
			     sip_status(answer));
		cr_assert_eq(registrar_find(r, "dc1@contoso.com", 899 * (gint64)G_USEC_PER_SEC) !=
				     NULL,
			     i == 0, "after Expires %s", expires[i]);
	}
	cr_assert_null(registrar_find(r, "dc1@contoso.com", 0), "removed");
	fe_flow_unref(flow);
	object_free(r);
}

/* The product's numbers, texts and headers (MS-OCER). */
Test(registrar, refusals_say_why)
{
	static const struct {
		const char *name, *password, *edge, *header, *value;
		bool disabled, inside_only;
		int status;
	} rows[] = {
		{"wrong password", "other", NULL, "ms-diagnostics-public",
		 "4004;reason=\"Credentials provided are not authorized to act as specified from "
		 "URI\"",
		 false, false, 403},
		{"from outside", "x", "edge.contoso.com", "ms-diagnostics-public",
		 "4003;reason=\"From URI not enabled for remote access\"", false, true, 403},
		{"the same inside", "x", NULL, NULL, NULL, false, true, 200},
		{"disabled", "x", NULL, "ms-diagnostics-public", "4141;reason=\"User disabled\"",
		 true, false, 403},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		registrar *r = registrar_new("contoso.com");
		struct fe_flow *flow = fe_flow_new("p", rows[i].edge);
		g_autoptr(sip_msg) m = register_request("dc1", "900");
		g_autoptr(sip_msg) challenge = registrar_challenge(r, m, flow, 401, "t", false, 0);
		g_autofree char *credentials =
			sip_digest_answer(sip_header(challenge, "WWW-Authenticate"), "REGISTER",
					  "sip:contoso.com", "dc1", rows[i].password);
		g_autoptr(sip_msg) answer = NULL;

		registrar_add_user(r, "dc1@contoso.com", "x", NULL);
		if (rows[i].disabled)
			registrar_disable_user(r, "dc1@contoso.com");
		if (rows[i].inside_only)
			registrar_keep_user_inside(r, "dc1@contoso.com");
		sip_add_header(m, "Authorization", credentials);
		answer = registrar_register(r, m, flow, 0, NULL);
		cr_expect_eq(sip_status(answer), rows[i].status, "%s: %d", rows[i].name,
			     sip_status(answer));
		cr_expect(!rows[i].header || g_str_has_prefix(sip_header(answer, rows[i].header),
							      rows[i].value),
			  "%s: %s", rows[i].name, sip_diagnostics(answer));
		fe_flow_unref(flow);
		object_free(r);
	}
}

Test(registrar, edge_by_certificate_name)
{
	static const char *const trusted[] = {"edge.contoso.com", "edge2.contoso.com", NULL};
	static const struct {
		const char *name;
		const char *names[3];
		const char *expected;
	} rows[] = {
		{"no certificate", {NULL}, NULL},
		{"an Edge", {"edge.contoso.com"}, "edge.contoso.com"},
		{"second name", {"sip.contoso.com", "Edge2.Contoso.com"}, "edge2.contoso.com"},
		{"a client's", {"dc1.contoso.com"}, NULL},
		{"only a part", {"edge.contoso.com.evil.example"}, NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *got = fe_flow_trusted_name(rows[i].names, trusted);

		cr_assert_eq(g_strcmp0(got, rows[i].expected), 0, "%s: %s", rows[i].name,
			     got ? got : "none");
	}
}

Test(registrar, remote_registration)
{
	struct world *w = world_new();
	struct fe_flow *edge = world_flow(w, "edge.contoso.com"), *direct = world_flow(w, NULL);

	cr_assert_eq(world_register(w, edge, "home1",
				    "<sip:tok1@edge.contoso.com:5061;transport=tls;lr>"),
		     200, "home1");
	cr_assert_str_eq(json_string_value(json_object_get(world_event(w, "registered"), "via")),
			 "edge.contoso.com", "via");
	cr_assert(json_is_true(json_object_get(world_event(w, "registered"), "remote_user")),
		  "remote");
	cr_assert_eq(world_register(w, direct, "dc1", NULL), 200, "dc1");
	cr_assert_str_eq(json_string_value(json_object_get(world_event(w, "registered"), "via")),
			 "direct", "via");
	cr_assert(json_is_false(json_object_get(world_event(w, "registered"), "remote_user")),
		  "not remote");
	fe_flow_unref(edge);
	fe_flow_unref(direct);
	world_free(w);
}
