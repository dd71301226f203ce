/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two ICE sessions in one process, each with its sockets in a namespace of its own (libnice passes
 * over loopback):
 *
 *   session a, 10.9.0.1 -- v0 ==== v1 -- 10.9.0.2 and, where a test says so, 10.9.0.3, session b
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "common/ice.h"
#include "tests/netns/ice/script.h"

#define LIMIT_MS 60000
#define NEVER_MS (24 * 3600 * 1000u)

struct end {
	ice *session;
	struct end *peer;
	GMainLoop *loop;
	bool deaf; /* its candidates never reach the peer */
	bool hello;
	bool patient; /* its deadline never comes, and nobody waits for it */
	bool all_addresses;
	bool hasty;	    /* it does not wait for the other's candidates */
	bool silent_relay;  /* it has a relay that never answers */
	bool late;	    /* it hears of the peer's candidates after the peer's first check */
	GPtrArray *waiting; /* char *: what it has not heard yet */
	enum ice_state state;
	struct ice_profile profile;
	struct ice_candidate best; /* of its own */
};

/* The second namespace; ours is the first. */
static int here = -1, there = -1;

static int new_namespace(void)
{
	if (unshare(CLONE_NEWNET) != 0)
		cr_skip_test("needs namespaces: %s", strerror(errno));
	/* Of this thread: the test's process has others. */
	return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

static void make_network(void)
{
	g_autofree char *script = NULL;
	there = new_namespace();
	run_script("ip link set lo up");
	here = new_namespace();
	script = g_strdup_printf(
		"ip link set lo up && ip link add v0 type veth peer name v1 && "
		"ip link set v1 netns /proc/%d/fd/%d && ip addr add 10.9.0.1/24 dev v0 && "
		"ip link set v0 up",
		(int)getpid(), there);
	run_script(script);
	cr_assert_eq(setns(there, CLONE_NEWNET), 0, "setns");
	run_script("ip addr add 10.9.0.2/24 dev v1 && ip link set v1 up");
	cr_assert_eq(setns(here, CLONE_NEWNET), 0, "setns");
}

static void on_candidate(ice *i, guint stream, const struct ice_candidate *c, const char *sdp,
			 gpointer data)
{
	struct end *e = data;
	(void)i;
	if (c->priority > e->best.priority)
		e->best = *c;
	if (e->peer->late)
		g_ptr_array_add(e->peer->waiting, g_strdup(sdp));
	else if (!e->deaf)
		cr_assert(ice_add_remote_candidate(e->peer->session, stream, sdp),
			  "candidate \"%s\" refused", sdp);
}

static void on_gathered(ice *i, guint stream, gpointer data)
{
	const struct end *e = data;
	(void)i;
	if (!e->peer->late)
		ice_remote_gathered(e->peer->session, stream);
}

static bool is_over(const struct end *e)
{
	return e->patient || e->state == ICE_FAILED || (e->state == ICE_READY && e->hello);
}

static void check_over(const struct end *e)
{
	if (is_over(e) && is_over(e->peer))
		g_main_loop_quit(e->loop);
}

static void on_state(ice *i, guint stream, enum ice_state state, gpointer data)
{
	struct end *e = data;
	cr_assert_gt(state, e->state, "state went from %s to %s", ice_state_name(e->state),
		     ice_state_name(state));
	e->state = state;
	if (state == ICE_CONNECTED)
		ice_send(i, stream, (const guint8 *)"hello", 5);
	check_over(e);
}

static void on_received(ice *i, guint stream, const guint8 *data, gsize length, gpointer user_data)
{
	struct end *e = user_data;
	(void)i;
	(void)stream;
	cr_assert(length == 5 && memcmp(data, "hello", 5) == 0, "%zu other bytes arrived", length);
	e->hello = true;
	check_over(e);
}

static void open_end(struct end *e, struct end *peer, GMainLoop *loop, const char *address,
		     bool controlling)
{
	static const struct ice_handlers handlers = {on_candidate, on_gathered, on_state,
						     on_received};
	static const struct ice_relay silent = {"10.9.0.9", 3478, 0, "user", "password"};
	struct ice_config config = {.controlling = controlling,
				    .local_address = address,
				    .all_addresses = e->all_addresses,
				    .relays = &silent,
				    .n_relays = e->silent_relay,
				    .profile = &e->profile,
				    .n_streams = 1};
	e->peer = peer;
	e->loop = loop;
	e->profile = *ice_profile_by_name("fast");
	if (e->patient)
		e->profile.deadline_ms = NEVER_MS;
	if (e->hasty)
		e->profile.hold_ms = 0;
	e->session = ice_new(&config, &handlers, e, NULL);
	cr_assert(e->session, "no session on %s", address);
}

static void introduce(struct end *from, struct end *to)
{
	const char *ufrag, *pwd;
	ice_local_credentials(from->session, 0, &ufrag, &pwd);
	ice_set_remote_credentials(to->session, 0, ufrag, pwd);
}

static gboolean on_limit(gpointer loop)
{
	g_main_loop_quit(loop);
	return G_SOURCE_REMOVE;
}

static void run(struct end *a, struct end *b, bool controlling)
{
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
	open_end(a, b, loop, "10.9.0.1", controlling);
	/* Host sockets are opened when gathering starts, inside ice_new, and stay where they were
	 * opened. */
	cr_assert_eq(setns(there, CLONE_NEWNET), 0, "setns");
	open_end(b, a, loop, "10.9.0.2", !controlling);
	cr_assert_eq(setns(here, CLONE_NEWNET), 0, "setns");
	introduce(a, b);
	introduce(b, a);
	ice_start_checks(a->session);
	ice_start_checks(b->session);
	guint limit = g_timeout_add(LIMIT_MS, on_limit, loop);
	g_main_loop_run(loop);
	if (is_over(a) && is_over(b))
		g_source_remove(limit);
	a->loop = b->loop = NULL;
}

Test(ice, two_sessions_connect_and_carry_packets)
{
	struct end a = {0}, b = {0};
	struct ice_candidate local, remote;
	make_network();
	run(&a, &b, true);
	cr_assert_eq(a.state, ICE_READY, "a is %s", ice_state_name(a.state));
	cr_assert_eq(b.state, ICE_READY, "b is %s", ice_state_name(b.state));
	cr_assert(a.hello && b.hello, "a packet is missing");
	cr_assert(ice_selected_pair(a.session, 0, &local, &remote), "no pair");
	cr_assert_str_eq(local.address, "10.9.0.1", "local %s", local.address);
	cr_assert_str_eq(remote.address, "10.9.0.2", "remote %s", remote.address);
	cr_assert_eq(local.type, ICE_HOST, "type %s", ice_candidate_type_name(local.type));
	ice_free(a.session);
	ice_free(b.session);
}

Test(ice, without_candidates_both_fail)
{
	struct end a = {.deaf = true}, b = {.deaf = true};
	make_network();
	run(&a, &b, true);
	cr_assert_eq(a.state, ICE_FAILED, "a is %s", ice_state_name(a.state));
	cr_assert_eq(b.state, ICE_FAILED, "b is %s", ice_state_name(b.state));
	ice_free(a.session);
	ice_free(b.session);
}

/* Of two that are alike else, the one whose deadline comes. */
Test(ice, without_candidates_it_is_the_deadline_that_ends_one)
{
	struct end a = {.deaf = true}, b = {.deaf = true, .patient = true};
	make_network();
	run(&a, &b, true);
	cr_assert_eq(a.state, ICE_FAILED, "a is %s", ice_state_name(a.state));
	cr_assert_neq(b.state, ICE_FAILED, "b is %s", ice_state_name(b.state));
	ice_free(a.session);
	ice_free(b.session);
}

/* How many packets this namespace has delivered to sockets (IPv4). */
static guint64 packets_delivered(void)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) rows = NULL;
	g_auto(GStrv) words = NULL;

	cr_assert(g_file_get_contents("/proc/thread-self/net/snmp", &text, NULL, NULL), "snmp");
	rows = g_strsplit(text, "\n", 3); /* "Ip: Forwarding ...", "Ip: 2 64 ..." */
	words = g_strsplit(rows[1], " ", -1);
	return g_ascii_strtoull(words[9], NULL, 10);
}

/* Tells the end of the peer's candidates when the peer's first check has arrived. */
static gboolean tell_late(gpointer data)
{
	struct end *e = data;

	if (packets_delivered() == 0)
		return G_SOURCE_CONTINUE;
	for (guint k = 0; k < e->waiting->len; k++)
		cr_assert(ice_add_remote_candidate(e->session, 0, e->waiting->pdata[k]), "refused");
	ice_remote_gathered(e->session, 0);
	return G_SOURCE_REMOVE;
}

/* The peer begins first, and its check over a worse pair is the first to arrive: its better address
 * is heard only when it was asked, as through a filtering NAT.  Still the better pair is selected,
 * whichever end nominates: when this end has gathered, when it waits no longer for that (rows 2 and
 * 3), and when it still waits (rows 4 and 5). */
Test(ice, a_check_over_a_worse_pair_does_not_come_before_a_better_pair)
{
	for (int row = 0; row < 6; row++) {
		bool controlling = row & 1;
		struct end a = {.late = true, .silent_relay = row >= 2};
		struct end b = {.all_addresses = true, .hasty = row >= 4};
		struct ice_candidate local, remote;

		a.waiting = g_ptr_array_new_with_free_func(g_free);
		make_network();
		run_script("nft add table ip t && "
			   "nft add chain ip t in '{ type filter hook input priority 0; }' && "
			   "nft add rule ip t in ip saddr 10.9.0.3 ct state new drop");
		cr_assert_eq(setns(there, CLONE_NEWNET), 0, "setns");
		run_script("ip addr add 10.9.0.3/24 dev v1");
		cr_assert_eq(setns(here, CLONE_NEWNET), 0, "setns");
		g_timeout_add(1, tell_late, &a);
		run(&a, &b, controlling);
		cr_assert(ice_selected_pair(a.session, 0, &local, &remote), "row %d: no pair", row);
		cr_expect_str_eq(b.best.address, "10.9.0.3", "libnice prefers another one");
		cr_expect_str_eq(remote.address, "10.9.0.3", "row %d", row);
		ice_free(a.session);
		ice_free(b.session);
		g_ptr_array_unref(a.waiting);
	}
}
