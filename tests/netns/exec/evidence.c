/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The evidence filter against the real kernel: what it keeps, what it leaves, and how much of a
 * packet. */
#include "tests/netns/exec/built_network.h"

#include "testbed/exec/capture.h"
#include "testbed/exec/capture_filter.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CABLE                                                                \
	"networks: {wire: {subnet: 10.9.0.0/24}}\n"                          \
	"nodes:\n"                                                           \
	"  a: {interfaces: {eth0: {network: wire, address: 10.9.0.1/24}}}\n" \
	"  b: {interfaces: {eth0: {network: wire, address: 10.9.0.2/24}}}\n"

#define PORT 5000

static const struct datagram {
	const char *name;
	guint16 port;
	guint8 bytes[24];
	gsize length;
	bool kept;
} datagrams[] = {
	{"STUN", PORT, {0x00, 0x01, 0, 0, 0x21, 0x12, 0xa4, 0x42}, 20, true},
	{"no cookie", PORT, {0x00, 0x01, 0, 0, 1, 2, 3, 4}, 20, false},
	{"RTP of a kept number", PORT, {0x80, 0x60, 0x12, 0x30}, 12, true},
	{"RTP of another number", PORT, {0x80, 0x60, 0x12, 0x31}, 12, false},
	{"RTP in a channel, kept", PORT, {0x40, 0x00, 0, 12, 0x80, 0x60, 0, 0}, 16, true},
	{"RTP in a channel, left", PORT, {0x40, 0x00, 0, 12, 0x80, 0x60, 0, 7}, 16, false},
	{"STUN in a channel",
	 PORT,
	 {0x40, 0x00, 0, 20, 0x01, 0x01, 0, 0, 0x21, 0x12, 0xa4, 0x42},
	 24,
	 true},
	{"DNS", 53, {0x13, 0x37, 1, 0}, 12, true},
	{"anything", PORT, {0xff, 0xff}, 12, false},
	{"short", PORT, {0x00}, 1, false},
};

struct seen {
	guint out, in;
};

/* Payload of a UDP packet of the cable, or NULL. */
static const guint8 *udp_payload(const struct capture_packet *p, gsize *ret_length)
{
	const gsize headers = 14 + 20 + 8;

	if (!p->ethernet || p->captured < headers || p->data[23] != IPPROTO_UDP)
		return NULL;
	*ret_length = p->original - headers;
	return p->data + headers;
}

static const struct datagram *current;

static void on_packet(const struct capture_packet *p, gpointer user_data)
{
	struct seen *seen = user_data;
	gsize length = 0;
	const guint8 *payload = udp_payload(p, &length);

	cr_expect_leq(p->captured, CAPTURE_SNAP_BYTES, "no more than the first bytes: %u",
		      p->captured);
	if (!payload || length != current->length ||
	    memcmp(payload, current->bytes, MIN(length, 8)) != 0)
		return;
	*(p->outgoing ? &seen->out : &seen->in) += 1;
}

static void send_bytes(int fd, const struct datagram *d)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(d->port)};

	inet_pton(AF_INET, "10.9.0.2", &to.sin_addr);
	cr_assert_eq(sendto(fd, d->bytes, d->length, 0, (const struct sockaddr *)&to, sizeof to),
		     (ssize_t)d->length);
}

Test(evidence, keeps_what_shows_ways_and_nothing_else)
{
	g_autoptr(exec) x = build_topology(CABLE);
	g_autoptr(capture) from = capture_new_evidence(exec_netns_fd(x, "a"), NULL);
	g_autoptr(capture) to = capture_new_evidence(exec_netns_fd(x, "b"), NULL);
	int a = udp_in(x, "a", "10.9.0.1", 0), b = udp_in(x, "b", "10.9.0.2", 53),
	    c = udp_in(x, "b", "10.9.0.2", PORT);

	cr_assert(from && to);
	for (guint i = 0; i < G_N_ELEMENTS(datagrams); i++) {
		struct seen seen = {0};

		current = &datagrams[i];
		send_bytes(a, current);
		/* What was received has passed both captures. */
		udp_receive(current->port == PORT ? c : b);
		capture_read(from, on_packet, &seen);
		capture_read(to, on_packet, &seen);
		cr_expect_eq(seen.out, current->kept, "%s: %u times out of a", current->name,
			     seen.out);
		cr_expect_eq(seen.in, current->kept, "%s: %u times into b", current->name, seen.in);
	}
	close(a);
	close(b);
	close(c);
}
