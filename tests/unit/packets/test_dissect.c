/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What packets say, from their bytes. */
#include "testbed/packets/dissect.h"

#include <criterion/criterion.h>
#include <string.h>

#define COOKIE 0x21, 0x12, 0xa4, 0x42
#define TRANSACTION 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
#define IP(proto) 0x45, 0, 0, 0, 0, 0, 0, 0, 62, (proto), 0, 0, 10, 0, 0, 1, 10, 0, 0, 2
#define UDP(from, to) (from) >> 8, (from)&0xff, (to) >> 8, (to)&0xff, 0, 0, 0, 0

static const guint8 allocated[] = {IP(17), UDP(3478, 5000), 0x01, 0x03, 0, 24, COOKIE, TRANSACTION,
				   /* XOR-RELAYED-ADDRESS 203.0.113.20:50012 */
				   0x00, 0x16, 0, 8, 0, 1, 0xc3 ^ 0x21, 0x5c ^ 0x12, 203 ^ 0x21,
				   0 ^ 0x12, 113 ^ 0xa4, 20 ^ 0x42,
				   /* ERROR-CODE 401 "No\nway" */
				   0x00, 0x09, 0, 8, 0, 0, 4, 1, 'N', 'o', '\n', 'w'};

static const guint8 given[] = {IP(17), UDP(5000, 3478), 0x00, 0x16, 0, 28, COOKIE, TRANSACTION,
			       /* XOR-PEER-ADDRESS 10.0.0.9:1000 */
			       0x00, 0x12, 0, 8, 0, 1, 0x03 ^ 0x21, 0xe8 ^ 0x12, 10 ^ 0x21,
			       0 ^ 0x12, 0 ^ 0xa4, 9 ^ 0x42,
			       /* DATA: RTP */
			       0x00, 0x13, 0, 12, 0x80, 114, 0, 16, 0, 0, 1, 0, 0xde, 0xad, 0xbe,
			       0xef};

static const guint8 asked[] = {
	IP(17), UDP(5000, 53), 0xab, 0xcd, 1, 0,   0,	1,   0,	  0, 0, 0, 0, 0,
	3,	's',	       'i',  'p',  4, 't', 'e', 's', 't', 0, 0, 1, 0, 1};

static const guint8 answered[] = {IP(17), UDP(53, 5000), 0xab, 0xcd, 0x81, 0x80, 0, 1, 0, 2, 0, 0,
				  0, 0, 3, 's', 'i', 'p', 4, 't', 'e', 's', 't', 0, 0, 1, 0, 1,
				  /* by a pointer to the name: 10.0.0.9, and a loop of pointers */
				  0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, 9, 0xc0, 44, 0,
				  5, 0, 1, 0, 0, 0, 60, 0, 2, 0xc0, 54};

static const guint8 hello[] = {IP(6), 0x13, 0x88, 0x01, 0xbb, 0,   0,	0,   7,	   0, 0, 0,  0,
			       0x50,  0x18, 0,	  0,	0,    0,   0,	0,   0x16, 3, 1, 0,  61,
			       1,     0,    0,	  57,	3,    3,   0,	0,   0,	   0, 0, 0,  0,
			       0,     0,    0,	  0,	0,    0,   0,	0,   0,	   0, 0, 0,  0,
			       0,     0,    0,	  0,	0,    0,   0,	0,   0,	   0, 0, 0,  0,
			       0,     2,    0x13, 1,	1,    0,   0,	14,  0,	   0, 0, 10, 0,
			       8,     0,    0,	  5,	'a',  '.', 't', 's', 't'};

/* Fragmentation needed, 600 bytes: about a packet from 10.0.0.2:5000 to 10.0.0.9:3478. */
static const guint8 too_big[] = {IP(1), 3,  0, 0, 0, 0,	 0, 2, 0x58, 0x45,
				 0,	0,  0, 0, 7, 0,	 0, 9, 17,   0,
				 0,	10, 0, 0, 2, 10, 0, 0, 9,    UDP(5000, 3478)};
#define TOO_BIG_CODE 21

static const struct {
	const char *label;
	const guint8 *bytes;
	gsize length;
	struct {
		const char *name, *value;
	} fields[3];
} cases[] = {
	{"allocated",
	 allocated,
	 sizeof allocated,
	 {{"XOR-RELAYED-ADDRESS", "203.0.113.20:50012"},
	  {"ERROR-CODE", "401 No.w"},
	  {"transaction", "0102030405060708090a0b0c"}}},
	{"given to a relay",
	 given,
	 sizeof given,
	 {{"XOR-PEER-ADDRESS", "10.0.0.9:1000"}, {"sequence number", "16"}, {"SSRC", "deadbeef"}}},
	{"asked",
	 asked,
	 sizeof asked,
	 {{"name", "sip.test"}, {"type", "A"}, {"transaction", "abcd"}}},
	{"answered",
	 answered,
	 sizeof answered,
	 {{"name", "sip.test"}, {"answer", "10.0.0.9"}, {"result", "no error"}}},
	{"hello",
	 hello,
	 sizeof hello,
	 {{"TLS handshake", "ClientHello"}, {"server name", "a.tst"}, {"sequence number", "7"}}},
	{"too big",
	 too_big,
	 sizeof too_big,
	 {{"type", "3"},
	  {"about a packet from", "10.0.0.2:5000"},
	  {"about a packet to", "10.0.0.9:3478"}}},
};

/* What each code of an error is called, with the bytes of the one above; echoes are none. */
Test(dissect, names_errors)
{
	static const struct {
		guint8 type, code;
		const char *name;
	} rows[] = {
		{3, 0, "ICMP network unreachable"},
		{3, 1, "ICMP host unreachable"},
		{3, 3, "ICMP port unreachable"},
		{3, 4, "ICMP packet too big"},
		{3, 13, "ICMP prohibited"},
		{3, 200, "ICMP unreachable"},
		{5, 1, "ICMP redirect"},
		{11, 0, "ICMP time exceeded"},
		{11, 1, "ICMP fragments missing"},
		{12, 0, "ICMP wrong header"},
		{0, 0, "none"},
		{8, 0, "none"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		guint8 bytes[sizeof too_big];
		struct sighting s;
		const char *name;

		memcpy(bytes, too_big, sizeof bytes);
		bytes[TOO_BIG_CODE - 1] = rows[i].type;
		bytes[TOO_BIG_CODE] = rows[i].code;
		cr_assert(packet_read(bytes, sizeof bytes, sizeof bytes, false, &s));
		name = dissect_icmp_name(&s);
		cr_expect_str_eq(name ? name : "none", rows[i].name, "%u/%u: %s", rows[i].type,
				 rows[i].code, name);
		if (rows[i].code == 4) {
			g_autoptr(GPtrArray) fields = dissect_fields(&s);

			cr_expect_str_eq(dissect_value(fields, "MTU of the next link"), "600");
		}
	}
}

Test(dissect, names_what_packets_say)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct sighting s;
		g_autoptr(GPtrArray) fields = NULL;

		cr_assert(packet_read(cases[i].bytes, cases[i].length, cases[i].length, false, &s),
			  "%s", cases[i].label);
		fields = dissect_fields(&s);
		for (guint k = 0; k < G_N_ELEMENTS(cases[i].fields); k++) {
			const char *value = dissect_value(fields, cases[i].fields[k].name);

			cr_expect_str_eq(value ? value : "none", cases[i].fields[k].value, "%s: %s",
					 cases[i].label, cases[i].fields[k].name);
		}
		cr_expect_eq(dissect_ttl(&s), 62);
	}
}

Test(dissect, a_packet_that_was_cut_says_less)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		for (gsize n = 0; n <= cases[i].length; n++) {
			/* its own memory, so that reading beyond it is noticed */
			g_autofree guint8 *cut = g_memdup2(cases[i].bytes, n);
			struct sighting s;
			g_autoptr(GPtrArray) fields = NULL;
			struct addr peer;
			uint16_t port;

			if (!packet_read(cut, n, cases[i].length, false, &s))
				continue;
			fields = dissect_fields(&s);
			ptr_array_foreach(const struct packet_field, f, fields)
				cr_expect(g_utf8_validate(f->value, -1, NULL));
			dissect_peer(&s, &peer, &port);
			dissect_tls_name(&s);
			dissect_ttl(&s);
		}
}

Test(dissect, a_sighting_without_bytes_says_nothing)
{
	const struct sighting s = {.id.kind = PACKET_STUN, .proto = PROTO_UDP};
	g_autoptr(GPtrArray) fields = dissect_fields(&s);
	struct addr peer;
	uint16_t port;

	cr_expect_eq(fields->len, 0);
	cr_expect_eq(dissect_ttl(&s), 0);
	cr_expect_not(dissect_peer(&s, &peer, &port));
}
