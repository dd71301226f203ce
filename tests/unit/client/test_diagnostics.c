/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "clients/diagnostics.h"
#include "clients/participants.h"

Test(diagnostics, ice_warn_bits)
{
	static const struct {
		const char *name;
		struct ice_report r;
		bool failed;
		guint32 bits;
	} rows[] = {
		{"all well",
		 {.relays_udp_asked = 1,
		  .relays_udp_got = 1,
		  .relays_tcp_asked = 1,
		  .relays_tcp_got = 1,
		  .host = 1,
		  .remote_host = 1},
		 false,
		 0},
		{"no relay configured", {.host = 1, .remote_host = 1}, false, 0x80000},
		{"UDP blocked",
		 {.relays_udp_asked = 1, .relays_tcp_asked = 1, .relays_tcp_got = 1, .host = 1},
		 false,
		 0x2},
		{"TCP blocked",
		 {.relays_udp_asked = 1, .relays_udp_got = 1, .relays_tcp_asked = 1, .host = 1},
		 false,
		 0x8},
		{"branch to home: no answer from the Edge",
		 {.relays_udp_asked = 1,
		  .relays_tcp_asked = 1,
		  .host = 1,
		  .remote_host = 1,
		  .remote_srflx = 1,
		  .remote_relay = 2},
		 true,
		 0x12b},
		{"the same, seen from home",
		 {.relays_udp_asked = 1,
		  .relays_udp_got = 1,
		  .relays_tcp_asked = 1,
		  .relays_tcp_got = 1,
		  .host = 1,
		  .srflx = 1,
		  .relay = 2,
		  .remote_host = 1},
		 true,
		 0x3e0},
		{"host candidates only", {.host = 1, .remote_host = 1}, true, 0x80020},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		guint32 bits = ice_warn(&rows[i].r, rows[i].failed);
		cr_expect_eq(bits, rows[i].bits, "%s: 0x%x, not 0x%x", rows[i].name, bits,
			     rows[i].bits);
	}
}

Test(diagnostics, ids_tell_where_the_ends_are)
{
	cr_assert_eq(diagnostics_id(false, false), 22, "both internal");
	cr_assert_eq(diagnostics_id(false, true), 23, "one of each");
	cr_assert_eq(diagnostics_id(true, false), 23, "one of each");
	cr_assert_eq(diagnostics_id(true, true), 24, "both remote");
}

Test(diagnostics, header)
{
	struct diagnostics d = {
		.caller = true,
		.kind = "audio",
		.warn = 0x3eb,
		.peer_remote_user = true,
		.local_site = {.address = "10.20.0.101", .port = 50000},
		.remote_relay = {.address = "203.0.113.20", .port = 50001},
	};
	g_autofree char *text = diagnostics_header(&d);
	cr_assert_eq(diagnostics_parse_id(text), 23, "id in \"%s\"", text);
	cr_assert(strstr(text, "one endpoint is internal and the other is remote"), "\"%s\"", text);
	cr_assert(strstr(text, "CallerMediaDebug=\"audio:ICEWarn=0x3eb,LocalSite=10.20.0.101:50000,"
			       "LocalMR=,"),
		  "\"%s\"", text);
	cr_assert(strstr(text, "LocalLocation=2,RemoteLocation=1"), "\"%s\"", text);
}

Test(diagnostics, an_ipv6_address_is_told_in_brackets)
{
	const struct diagnostics d = {.local_site = {.address = "2001:db8::10", .port = 50000}};
	g_autofree char *text = diagnostics_header(&d);

	cr_assert(strstr(text, "LocalSite=[2001:db8::10]:50000,"), "\"%s\"", text);
}

Test(participants, everybody_but_ourselves)
{
	g_autofree char *uri =
		participants_mcu_uri("sip:dc1@contoso.com;gruu;opaque=app:conf:focus:id:7", "chat");
	json_t *names = json_pack("[s, s, s]", "dc1@contoso.com", "branch1", "home1@contoso.com");
	participants *p = participants_new(names, "branch1@contoso.com", "contoso.com");
	cr_assert_str_eq(uri, "sip:dc1@contoso.com;gruu;opaque=app:conf:chat:id:7", "MCU %s", uri);
	participants_heard(p, "DC1@contoso.com");
	cr_assert_not(participants_all_heard(p), "home1 was not heard");
	g_autofree char *missing = participants_missing(p);
	cr_assert_str_eq(missing, "not heard: home1@contoso.com", "%s", missing);
	const struct media_heard media = {
		.ssrc = participants_ssrc("home1@contoso.com"), .received = 9, .expected = 10};
	participants_heard_source(p, &media);
	cr_assert(participants_all_heard(p), "all were heard");
	json_t *heard = participants_heard_json(p);
	cr_assert_eq(json_array_size(heard), 2u, "heard");
	json_decref(heard);
	json_t *sources = participants_sources_json(p),
	       *source = json_object_get(sources, "home1@contoso.com");
	cr_assert_eq(json_object_size(sources), 1u, "sources");
	cr_assert_eq(json_integer_value(json_object_get(source, "received")), 9, "received");
	cr_assert_eq(json_integer_value(json_object_get(source, "expected")), 10, "expected");
	json_decref(sources);
	json_decref(names);
	participants_free(p);
}
