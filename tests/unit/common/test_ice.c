/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/ice.h"

Test(ice, profiles_are_the_documented_ones)
{
	const struct ice_profile *standard = ice_profile_by_name("standard"),
				 *fast = ice_profile_by_name("fast");
	cr_assert(standard && fast, "profiles are missing");
	cr_assert_null(ice_profile_by_name("slow"), "an unknown profile was found");
	cr_assert_eq(standard->stun_max_retransmissions, 3u, "standard must stand loss");
	cr_assert_eq(standard->stun_initial_timeout_ms, 500u, "first retransmission");
	cr_assert_leq(standard->deadline_ms, 7000u, "a failure must be known within 7 s");
	/* Four sends of 0.5, 1, 1 s and so on end after about 2.1 s; gathering may take as long
	 * before. */
	cr_assert_geq(standard->deadline_ms, 2100u + 2100u, "a longer wait would have connected");
	cr_assert_lt(fast->deadline_ms, standard->deadline_ms, "fast is not faster");
}

Test(ice, candidates_are_checked_before_use)
{
	static const struct {
		const char *sdp;
		bool good;
	} rows[] = {
		{"1 1 UDP 2130706431 10.0.1.101 50000 typ host", true},
		{"1 1 udp 1694498815 198.51.100.1 50000 typ srflx raddr 10.0.1.101 rport 50000",
		 true},
		{"7 1 UDP 505413887 203.0.113.20 50001 typ relay raddr 198.51.100.1 rport 50000",
		 true},
		{"1 2 UDP 2130706431 10.0.1.101 50000 typ host", false},
		{"1 1 TCP 2130706431 10.0.1.101 9 typ host", false},
		{"1 1 TCP-PASS 2130706431 10.0.1.101 50000 typ host", false},
		{"1 1 UDP 2130706431 host.local 50000 typ host", false},
		{"1 1 UDP 2130706431 fe80::1 50000 typ host", false},
		{"1 1 UDP 2130706431 2001:db8::1 50000 typ host", true},
		{"1 1 UDP 2130706431 :: 50000 typ host", false},
		{"1 1 UDP 2130706431 ff02::1 50000 typ host", false},
		{"1 1 UDP 2130706431 0.0.0.0 50000 typ host", false},
		{"1 1 UDP 2130706431 224.0.0.1 50000 typ host", false},
		{"1 1 UDP 0 10.0.1.101 50000 typ host", false},
		{"1 1 UDP 2130706431 10.0.1.101 0 typ host", false},
		{"1 1 UDP 2130706431 10.0.1.101 65536 typ host", false},
		{"1 1 UDP 2130706431 10.0.1.101 50000 typ carrier-pigeon", false},
		{"1 1 UDP 2130706431 10.0.1.101 50000", false},
		{"", false},
	};
	struct ice_candidate c;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		cr_expect_eq(ice_parse_candidate(rows[i].sdp, &c), rows[i].good, "\"%s\"",
			     rows[i].sdp);
	cr_assert(ice_parse_candidate(rows[2].sdp, &c), "relay");
	cr_assert_eq(c.type, ICE_RELAY, "type %d", (int)c.type);
	cr_assert_eq(c.port, 50001, "port %u", c.port);
	cr_assert_str_eq(c.address, "203.0.113.20", "address");
}

Test(ice, names)
{
	cr_assert_str_eq(ice_state_name(ICE_READY), "ready", "state");
	cr_assert_str_eq(ice_candidate_type_name(ICE_PRFLX), "prflx", "type");
	cr_assert_str_eq(ice_transport_name(ICE_TCP), "tcp", "transport");
}

/* Somebody else's calls must not end a server: GLib does when it gets no descriptor. */
Test(ice, no_descriptor_is_left)
{
	static const struct ice_handlers handlers = {.gathered = NULL};
	struct ice_config config = {.local_address = "127.0.0.1",
				    .profile = ice_profile_by_name("standard"),
				    .n_streams = 2};
	struct rlimit few;
	g_autoptr(GError) error = NULL;
	int taken[64], n = 0;

	getrlimit(RLIMIT_NOFILE, &few);
	few.rlim_cur = G_N_ELEMENTS(taken);
	setrlimit(RLIMIT_NOFILE, &few);
	while (n < (int)G_N_ELEMENTS(taken) && (taken[n] = dup(STDERR_FILENO)) >= 0)
		n++;
	cr_assert_gt(n, 0);
	close(taken[--n]); /* one is left, which is too few */
	cr_expect_null(ice_new(&config, &handlers, NULL, &error));
	cr_expect(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES));
	while (n > 0)
		close(taken[--n]);
}
