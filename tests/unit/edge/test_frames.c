/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes: STUN framing, TCP framing, RFC 5769 vectors through the codec. */
#include <criterion/criterion.h>
#include <stun/stunagent.h>
#include <string.h>

#include "edge/stun_frame.h"
#include "edge/tcp_frame.h"

/* RFC 5769 section 2.1. */
static const guint8 sample_request[] =
	"\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae"
	"\x80\x22\x00\x10\x53\x54\x55\x4e\x20\x74\x65\x73\x74\x20\x63\x6c\x69\x65\x6e\x74"
	"\x00\x24\x00\x04\x6e\x00\x01\xff\x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36"
	"\x00\x06\x00\x09\x65\x76\x74\x6a\x3a\x68\x36\x76\x59\x20\x20\x20"
	"\x00\x08\x00\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\x78\x1e\xf2\xb5\xb2\xd3\xf2\x49\xc1\xb5"
	"\x71\xa2"
	"\x80\x28\x00\x04\xe5\x7a\x3b\xcf";
/* RFC 5769 section 2.2. */
static const guint8 sample_response_v4[] =
	"\x01\x01\x00\x3c\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae"
	"\x80\x22\x00\x0b\x74\x65\x73\x74\x20\x76\x65\x63\x74\x6f\x72\x20"
	"\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43"
	"\x00\x08\x00\x14\x2b\x91\xf5\x99\xfd\x9e\x90\xc3\x8c\x74\x89\xf9\x2a\xf9\xba\x53\xf0\x6b"
	"\xe7\xd7"
	"\x80\x28\x00\x04\xc0\x7d\x4c\x96";
/* RFC 5769 section 2.3. */
static const guint8 sample_response_v6[] =
	"\x01\x01\x00\x48\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae"
	"\x80\x22\x00\x0b\x74\x65\x73\x74\x20\x76\x65\x63\x74\x6f\x72\x20"
	"\x00\x20\x00\x14\x00\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3\xf1\x79\xbc\x25\xf4\xb5\xbe\xd2"
	"\xb9\xd9"
	"\x00\x08\x00\x14\xa3\x82\x95\x4e\x4b\xe6\x7b\xf1\x17\x84\xc9\x7c\x82\x92\xc2\x75\xbf\xe3"
	"\xed\x41"
	"\x80\x28\x00\x04\xc8\xfb\x0b\x4c";
/* RFC 5769 section 2.4: long-term credentials, the kind TURN uses. */
static const guint8 sample_long_term[] =
	"\x00\x01\x00\x60\x21\x12\xa4\x42\x78\xad\x34\x33\xc6\xad\x72\xc0\x29\xda\x41\x2e"
	"\x00\x06\x00\x12\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9"
	"\x00\x00"
	"\x00\x15\x00\x1c\x66\x2f\x2f\x34\x39\x39\x6b\x39\x35\x34\x64\x36\x4f\x4c\x33\x34\x6f\x4c"
	"\x39\x46\x53\x54\x76\x79"
	"\x36\x34\x73\x41"
	"\x00\x14\x00\x0b\x65\x78\x61\x6d\x70\x6c\x65\x2e\x6f\x72\x67\x00"
	"\x00\x08\x00\x14\xf6\x70\x24\x65\x6d\xd6\x4a\x3e\x02\xb8\xe0\x71\x2e\x85\xc9\xa2\x8c\xa8"
	"\x96\x66";

static const struct vector {
	const char *name;
	const guint8 *data;
	gsize length;
} vectors[] = {
	{"request", sample_request, sizeof sample_request - 1},
	{"IPv4 response", sample_response_v4, sizeof sample_response_v4 - 1},
	{"IPv6 response", sample_response_v6, sizeof sample_response_v6 - 1},
	{"long-term request", sample_long_term, sizeof sample_long_term - 1},
};

Test(frames, rfc5769_vectors_are_well_formed)
{
	for (gsize i = 0; i < G_N_ELEMENTS(vectors); i++) {
		cr_expect(stun_well_formed(vectors[i].data, vectors[i].length), "%s",
			  vectors[i].name);
		cr_expect(stun_has_cookie(vectors[i].data), "%s has the cookie", vectors[i].name);
		for (gsize n = 0; n < vectors[i].length; n++)
			cr_expect_not(stun_well_formed(vectors[i].data, n), "%s cut at %u",
				      vectors[i].name, (guint)n);
	}
}

static bool password_of(StunAgent *agent G_GNUC_UNUSED, StunMessage *message G_GNUC_UNUSED,
			uint8_t *username G_GNUC_UNUSED, uint16_t length G_GNUC_UNUSED,
			uint8_t **password, size_t *password_length, void *user_data)
{
	*password = user_data;
	*password_length = strlen(user_data);
	return true;
}

Test(frames, rfc5769_requests_validate)
{
	static char short_term[] = "VOkJxbRl1RmTxUk/WvJxBt", long_term[] = "TheMatrIX",
		    wrong[] = "TheMatrix";
	static const struct {
		guint vector;
		StunAgentUsageFlags usage;
		char *password;
		StunValidationStatus status;
	} rows[] = {
		{0, STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT,
		 short_term, STUN_VALIDATION_SUCCESS},
		{0, STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS, wrong, STUN_VALIDATION_UNAUTHORIZED},
		{3, STUN_AGENT_USAGE_LONG_TERM_CREDENTIALS, long_term, STUN_VALIDATION_SUCCESS},
		{3, STUN_AGENT_USAGE_LONG_TERM_CREDENTIALS, wrong, STUN_VALIDATION_UNAUTHORIZED},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct vector *v = &vectors[rows[i].vector];
		StunValidationStatus status;
		StunMessage message;
		StunAgent agent;

		stun_agent_init(&agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389,
				rows[i].usage);
		status = stun_agent_validate(&agent, &message, v->data, v->length, password_of,
					     rows[i].password);
		cr_expect_eq(status, rows[i].status, "row %u: status %d", (guint)i, (int)status);
	}
}

Test(frames, rfc5769_mapped_addresses)
{
	static const struct {
		guint vector;
		const char *text;
	} rows[] = {{1, "192.0.2.1:32853"}, {2, "[2001:db8:1234:5678:11:2233:4455:6677]:32853"}};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct stun_cursor c = stun_cursor_at(vectors[rows[i].vector].data,
						      vectors[rows[i].vector].length);
		char text[ENDPOINT_TEXT_MAX];
		struct endpoint e;

		cr_assert(stun_cursor_find(&c, STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS) &&
				  stun_xor_endpoint(&c, &e),
			  "read");
		cr_expect_str_eq(endpoint_print(&e, text), rows[i].text, "row %u", (guint)i);
	}
}

Test(frames, malformed_stun)
{
#define HEADER(length) "\x00\x03\x00" length "\x21\x12\xa4\x42............"
	static const struct {
		const char *name;
		const char *data;
		gsize length;
		bool good;
	} rows[] = {
		{"bare", HEADER("\x00"), 20, true},
		{"length too large", HEADER("\x04"), 20, false},
		{"length too small", HEADER("\x00") "\x00\x19\x00\x00", 24, false},
		{"attribute past the end", HEADER("\x04") "\x00\x19\x00\x04", 24, false},
		{"no room for padding",
		 HEADER("\x08") "\x00\x19\x00\x05"
				"aaaa",
		 28, false},
		{"padded",
		 HEADER("\x08") "\x00\x19\x00\x03"
				"aaa\0",
		 28, true},
		{"short integrity",
		 HEADER("\x08") "\x00\x08\x00\x04"
				"aaaa",
		 28, false},
		{"empty integrity", HEADER("\x04") "\x00\x08\x00\x00", 24, false},
		{"short fingerprint", HEADER("\x04") "\x80\x28\x00\x00", 24, false},
		{"after fingerprint",
		 HEADER("\x0c") "\x80\x28\x00\x04"
				"aaaa"
				"\x00\x19\x00\x00",
		 32, false},
		{"after integrity",
		 HEADER("\x1c") "\x00\x08\x00\x14"
				"aaaaaaaaaaaaaaaaaaaa"
				"\x00\x19\x00\x00",
		 48, false},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree guint8 *exact = g_memdup2(rows[i].data, rows[i].length);

		cr_expect_eq(stun_well_formed(exact, rows[i].length), rows[i].good, "%s",
			     rows[i].name);
	}
}

Test(frames, methods_and_classes)
{
	static const struct {
		guint16 type, method;
		enum stun_class class;
	} rows[] = {
		{0x0001, 1, STUN_CLASS_REQUEST},     {0x0101, 1, STUN_CLASS_SUCCESS},
		{0x0111, 1, STUN_CLASS_ERROR},	     {0x0016, 6, STUN_CLASS_INDICATION},
		{0x0008, 8, STUN_CLASS_REQUEST},     {0x0118, 8, STUN_CLASS_ERROR},
		{0x3eef, 0xfff, STUN_CLASS_REQUEST},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		cr_expect_eq(stun_method_of(rows[i].type), rows[i].method, "method of %04x",
			     rows[i].type);
		cr_expect_eq(stun_class_of(rows[i].type), rows[i].class, "class of %04x",
			     rows[i].type);
	}
}

/* A stream of STUN, ChannelData (padded by 3, 2, 1, 0) and empty ChannelData, cut at every byte. */
static GByteArray *stream(guint *ret_frames)
{
	static const guint8 channels[] = "\x40\x00\x00\x01"
					 "a\0\0\0"
					 "\x40\x01\x00\x02"
					 "ab\0\0"
					 "\x40\x02\x00\x03"
					 "abc\0"
					 "\x40\x03\x00\x04"
					 "abcd"
					 "\x7f\xfe\x00\x00";
	GByteArray *bytes = g_byte_array_new();

	g_byte_array_append(bytes, vectors[0].data, (guint)vectors[0].length);
	g_byte_array_append(bytes, channels, sizeof channels - 1);
	g_byte_array_append(bytes, vectors[3].data, (guint)vectors[3].length);
	*ret_frames = 7;
	return bytes;
}

static guint take(GByteArray *have)
{
	gsize length = 0;
	guint n = 0;

	while (tcp_frame_next(have->data, have->len, &length) == TCP_FRAME_READY) {
		cr_assert_leq(length, have->len, "a frame is inside");
		g_byte_array_remove_range(have, 0, (guint)length);
		n++;
	}
	return n;
}

Test(frames, tcp_split_at_every_byte)
{
	guint frames;
	g_autoptr(GByteArray) whole = stream(&frames);

	for (guint cut = 0; cut <= whole->len; cut++) {
		g_autoptr(GByteArray) have = g_byte_array_new();
		guint n;

		g_byte_array_append(have, whole->data, cut);
		n = take(have);
		g_byte_array_append(have, whole->data + cut, whole->len - cut);
		n += take(have);
		cr_expect(n == frames && have->len == 0, "cut at %u: %u frames, %u bytes left", cut,
			  n, have->len);
	}
}

Test(frames, tcp_byte_by_byte)
{
	guint frames, n = 0;
	g_autoptr(GByteArray) whole = stream(&frames), have = g_byte_array_new();

	for (guint i = 0; i < whole->len; i++) {
		g_byte_array_append(have, whole->data + i, 1);
		n += take(have);
	}
	cr_assert(n == frames && have->len == 0, "%u frames", n);
}

Test(frames, tcp_garbage_ends_the_stream)
{
	static const struct {
		const char *name, *data;
		gsize length;
		enum tcp_frame_result result;
	} rows[] = {
		{"nothing", "", 0, TCP_FRAME_PARTIAL},
		{"a TLS hello", "\x16\x03\x01\x02\x01", 5,
		 TCP_FRAME_BROKEN}, /* 0x0102 is no multiple of four */
		{"high bit", "\x80", 1, TCP_FRAME_BROKEN},
		{"odd length", "\x00\x01\x00\x03", 4, TCP_FRAME_BROKEN},
		{"too long", "\x40\x00\xff\xff", 4, TCP_FRAME_BROKEN},
		{"header only", "\x00\x01\x00\x08", 4, TCP_FRAME_PARTIAL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		gsize length = 0;

		cr_expect_eq(tcp_frame_next((const guint8 *)rows[i].data, rows[i].length, &length),
			     rows[i].result, "%s", rows[i].name);
	}
}

Test(frames, channel_data)
{
	static const struct {
		const char *name, *data;
		gsize length;
		bool good;
		gsize payload;
	} rows[] = {
		{"whole",
		 "\x40\x00\x00\x02"
		 "ab",
		 6, true, 2},
		{"padded",
		 "\x40\x00\x00\x02"
		 "ab\0\0",
		 8, true, 2},
		{"short",
		 "\x40\x00\x00\x03"
		 "ab",
		 6, false, 0},
		{"header cut", "\x40\x00\x00", 3, false, 0},
		{"empty", "\x40\x00\x00\x00", 4, true, 0},
		{"STUN", "\x00\x01\x00\x00", 4, false, 0},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const guint8 *payload;
		gsize length = 0;
		guint16 number;
		bool good = channel_data_parse((const guint8 *)rows[i].data, rows[i].length,
					       &number, &payload, &length);

		cr_expect_eq(good, rows[i].good, "%s", rows[i].name);
		cr_expect(!good || length == rows[i].payload, "%s: %u bytes", rows[i].name,
			  (guint)length);
	}
}
