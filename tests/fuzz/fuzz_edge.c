/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIP messages on their way through an Edge: what it adds always has room, is read again to the
 * same, and leads an answer back to the flow that the request came on, and nobody else's. */
#include "common/sip_private.h"
#include "edge/route.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static const struct edge_names names = {.inside = "edge.contoso.com",
					.outside = "sip.contoso.com",
					.outside_port = 443,
					.key = "secret"};

/* The message as the next hop reads it; the caller unrefs. */
static sip_msg *sent(const sip_msg *m)
{
	gsize length, again_length;
	g_autofree char *text = sip_msg_print(m, &length), *again_text = NULL;
	sip_msg *again;

	g_assert_cmpuint(length, ==, sip_msg_size(m));
	if (length > SIP_MESSAGE_MAX) {
		again = sip_msg_parse(text, length, NULL);
		g_assert_null(again); /* the sender is answered 513 instead */
		return NULL;
	}
	again = sip_msg_parse(text, length, NULL);
	g_assert_nonnull(again);
	again_text = sip_msg_print(again, &again_length);
	g_assert_true(length == again_length && memcmp(text, again_text, length) == 0);
	return again;
}

/* The answer of the next hop finds the way back. */
static void answer(const sip_msg *request, const char *flow, const char *other, const char *token)
{
	g_autoptr(sip_msg) response = sip_response_new(request, 200, NULL, "tag"),
			   copy = sip_msg_copy(response);
	g_autofree char *back = NULL, *foreign = NULL;

	foreign = edge_route_take_via(copy, &names, other);
	g_assert_null(foreign);
	back = edge_route_take_via(response, &names, flow);
	g_assert_cmpstr(back, ==, token);
	g_clear_pointer(&copy, sip_msg_unref);
	copy = sent(response);
}

static void pass_inside(const sip_msg *m, gsize size)
{
	g_autoptr(sip_msg) request = sip_msg_copy(m), arrived = NULL;

	edge_route_from_client(request, &names, "token-of-a-client", "inside");
	arrived = sent(request);
	/* what a client may send, with what the Edge adds */
	g_assert_true(arrived || size > SIP_CLIENT_MESSAGE_MAX);
	if (arrived)
		answer(arrived, "inside", "another", "token-of-a-client");
}

static void pass_outside(const sip_msg *m)
{
	g_autoptr(sip_msg) request = sip_msg_copy(m), arrived = NULL;
	g_autofree char *token = edge_route_take_token(request, &names);

	edge_route_to_client(request, &names, "inside", "token-of-a-client");
	arrived = sent(request);
	if (arrived)
		answer(arrived, "token-of-a-client", "another", "inside");
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
	g_autoptr(sip_msg) m = sip_msg_parse((const char *)data, size, NULL);
	g_autofree char *token = NULL;

	if (!m)
		return 0;
	if (sip_is_request(m)) {
		pass_inside(m, sip_msg_size(m));
		pass_outside(m);
	} else {
		token = edge_route_take_via(m, &names, "inside");
	}
	return 0;
}
