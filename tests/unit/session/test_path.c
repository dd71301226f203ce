/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which path class two ends' selected pairs make. */
#include "testbed/session/path.h"
#include "tests/unit/session/ends.h"

#include <criterion/criterion.h>

#define A "10.0.1.101:5000"
#define B "192.168.1.10:5000"
#define A_OUTSIDE "198.51.100.2:40000"
#define B_OUTSIDE "198.51.100.14:40000"
#define RELAY "203.0.113.20:50001"

static const struct path_case {
	const char *name;
	const char *a_local, *a_remote, *b_local, *b_remote;
	enum path_class expected;
} cases[] = {
	{"hosts", "host " A, "host " B, "host " B, "host " A, PATH_UDP_DIRECT},
	{"host seen as peer-reflexive at its own address", "host " A, "prflx " B, "host " B,
	 "host " A, PATH_UDP_DIRECT},
	{"peer-reflexive at another address", "host " A, "prflx " B_OUTSIDE, "host " B, "host " A,
	 PATH_UDP_NAT},
	{"both behind NAT", "host " A, "srflx " B_OUTSIDE, "host " B, "srflx " A_OUTSIDE,
	 PATH_UDP_NAT},
	{"own server-reflexive", "srflx " A_OUTSIDE, "host " B, "host " B, "srflx " A_OUTSIDE,
	 PATH_UDP_NAT},
	{"relay at the caller", "relay/udp " RELAY, "srflx " B_OUTSIDE, "host " B, "relay " RELAY,
	 PATH_UDP_RELAY},
	{"relay at the callee", "host " A, "relay " RELAY, "relay/udp " RELAY, "host " A,
	 PATH_UDP_RELAY},
	{"relay over TCP at the caller", "relay/tcp " RELAY, "host " B, "host " B, "relay " RELAY,
	 PATH_TCP_RELAY},
	{"relay over TCP at the callee", "relay/udp " RELAY, "relay " RELAY, "relay/tcp " RELAY,
	 "relay " RELAY, PATH_TCP_RELAY},
	{"only the other end's relay is seen", "host " A, "relay " RELAY, "host " B, "host " A,
	 PATH_UDP_RELAY},
	{"one end has nothing", "host " A, "host " B, NULL, NULL, PATH_NONE},
	{"half a pair", "host " A, NULL, "host " B, "host " A, PATH_NONE},
};

static void read_end(struct end_report *r, const char *local, const char *remote)
{
	json_t *event = end_result("call-result", "pass", "audio", local, remote, 50, 50);

	end_report_read(r, event);
	json_decref(event);
}

Test(path, of_a_stream)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct path_case *c = &cases[i];
		struct end_report a = {0}, b = {0};
		enum path_class path, back;

		read_end(&a, c->a_local, c->a_remote);
		read_end(&b, c->b_local, c->b_remote);
		path = path_of_stream(&a.streams[0], &b.streams[0]);
		back = path_of_stream(&b.streams[0], &a.streams[0]);
		cr_expect_str_eq(path_class_name(path), path_class_name(c->expected),
				 "%s: %s, not %s", c->name, path_class_name(path),
				 path_class_name(c->expected));
		cr_expect_eq(path, back, "%s: differs when the ends change places", c->name);
		end_report_clear(&a);
		end_report_clear(&b);
	}
}

Test(path, missing_stream_is_none)
{
	struct end_report a = {0};

	read_end(&a, "host " A, "host " B);
	cr_assert_eq(path_of_stream(&a.streams[0], NULL), PATH_NONE);
	cr_assert_eq(path_of_stream(NULL, &a.streams[0]), PATH_NONE);
	end_report_clear(&a);
}

/* Audio direct and video over a relay: the call is called after the relay. */
Test(path, of_a_call_is_the_least_direct)
{
	static const char *const order[] = {"audio", "video"};

	for (guint relayed = 0; relayed < 2; relayed++) {
		struct end_report a = {0}, b = {0};

		for (guint i = 0; i < 2; i++) {
			json_t *event = end_result("call-result", "pass", order[i],
						   i == relayed ? "relay/udp " RELAY : "host " A,
						   "host " B, 50, 50);
			struct end_report one = {0};

			end_report_read(&one, event);
			a.streams[i] = one.streams[0];
			one.streams[0].local.type = "host";
			one.streams[0].remote.type = "host";
			b.streams[i] = one.streams[0];
			a.n_streams = b.n_streams = i + 1;
			cr_assert_neq(path_of_call(&a, &b), PATH_NONE, "stream %u has a path", i);
			json_decref(one.event); /* `event` keeps the strings alive */
			if (i == 0)
				a.event = event;
			else
				b.event = event;
		}
		cr_expect_eq(path_of_call(&a, &b), PATH_UDP_RELAY, "relayed stream %u", relayed);
		end_report_clear(&a);
		end_report_clear(&b);
	}
}

static const struct loss_case {
	int received, expected;
	double max_loss_pct;
	bool lossy;
} losses[] = {
	{50, 50, 1, false},   {49, 50, 1, false}, /* one packet is always allowed */
	{48, 50, 1, true},    {0, 0, 1, true},
	{0, 50, 100, true}, /* nothing heard is never good */
	{99, 100, 1, false},  {98, 100, 1, true},
	{98, 100, 2, false},  {990, 1000, 1, false},
	{989, 1000, 1, true}, {49, 50, 0, false},
	{48, 50, 0, true},    {51, 50, 0, false}, /* a copy is no loss */
};

Test(loss, allows_the_percentage_or_one_packet)
{
	for (guint i = 0; i < G_N_ELEMENTS(losses); i++) {
		const struct loss_case *c = &losses[i];
		struct end_stream s = {.quality.received = (guint64)c->received,
				       .expected = (guint64)c->expected};

		cr_expect_eq(end_stream_lossy(&s, c->max_loss_pct), c->lossy, "%d of %d at %g %%",
			     c->received, c->expected, c->max_loss_pct);
	}
}
