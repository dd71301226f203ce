/* SPDX-License-Identifier: GPL-2.0-or-later */
/* STUN Binding messages of RFC 5780: what is written can be read, and nothing else. */
#include "nat/binding.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>

static struct sockaddr_in at(const char *address, guint16 port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = g_htons(port)};

	cr_assert_eq(inet_pton(AF_INET, address, &a.sin_addr), 1, "%s", address);
	return a;
}

static bool same(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
	return a->sin_addr.s_addr == b->sin_addr.s_addr && a->sin_port == b->sin_port;
}

Test(binding, a_request_says_where_the_answer_shall_come_from)
{
	struct binding_message m = {.request = true,
				    .change = BINDING_CHANGE_ADDRESS | BINDING_CHANGE_PORT,
				    .response_port = 40001},
			       got;
	guint8 data[BINDING_MESSAGE_MAX];
	gsize length;

	binding_new_id(m.id);
	length = binding_write(&m, data);
	cr_assert(binding_read(data, length, &got), "%zu bytes", length);
	cr_expect(got.request, "a request");
	cr_expect_eq(memcmp(got.id, m.id, sizeof m.id), 0, "the id");
	cr_expect_eq(got.change, 6u, "RFC 5780 section 7.2: %u", got.change);
	cr_expect_eq(got.response_port, 40001, "%u", got.response_port);
	cr_expect_eq(got.mapped.sin_family, 0, "no mapped address");
	cr_expect_eq(binding_length(data, length), length, "as a stream sees it");
}

Test(binding, an_answer_says_three_addresses)
{
	struct binding_message m = {.mapped = at("198.51.100.2", 4000),
				    .origin = at("198.18.0.10", 3478),
				    .other = at("198.18.0.20", 3479)},
			       got;
	guint8 data[BINDING_MESSAGE_MAX];
	gsize length;

	binding_new_id(m.id);
	length = binding_write(&m, data);
	cr_assert(binding_read(data, length, &got), "%zu bytes", length);
	cr_expect_not(got.request, "a response");
	cr_expect(same(&got.mapped, &m.mapped), "XOR-MAPPED-ADDRESS");
	cr_expect(same(&got.origin, &m.origin), "RESPONSE-ORIGIN");
	cr_expect(same(&got.other, &m.other), "OTHER-ADDRESS");
}

Test(binding, what_is_cut_or_changed_is_not_read)
{
	struct binding_message m = {.mapped = at("198.51.100.2", 4000)}, got;
	guint8 data[BINDING_MESSAGE_MAX], indication[20] = {0x00, 0x11}, other[20] = {0x00, 0x03};
	gsize length;

	binding_new_id(m.id);
	length = binding_write(&m, data);
	for (gsize cut = 0; cut < length; cut++)
		cr_expect_not(binding_read(data, cut, &got), "%zu of %zu bytes", cut, length);
	data[4] ^= 1;
	cr_expect_not(binding_read(data, length, &got), "without the magic cookie");
	memcpy(indication + 4, m.id, sizeof m.id);
	memcpy(other + 4, m.id, sizeof m.id);
	cr_expect_not(binding_read(indication, sizeof indication, &got), "an indication");
	cr_expect_not(binding_read(other, sizeof other, &got), "an Allocate");
	cr_expect_eq(binding_length(data, 19), 0u, "no whole header");
}
