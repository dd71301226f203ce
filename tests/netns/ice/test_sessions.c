/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two ICE sessions in one process, each with its sockets in a namespace of its own (libnice passes
 * over loopback):
 *
 *   session a, 10.9.0.1 -- v0 ==== v1 -- 10.9.0.2, session b
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
	enum ice_state state;
	struct ice_profile profile;
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
	const struct end *e = data;
	(void)i;
	(void)c;
	if (!e->deaf)
		cr_assert(ice_add_remote_candidate(e->peer->session, stream, sdp),
			  "candidate \"%s\" refused", sdp);
}

static void on_gathered(ice *i, guint stream, gpointer data)
{
	const struct end *e = data;
	(void)i;
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
	struct ice_config config = {.controlling = controlling,
				    .local_address = address,
				    .profile = &e->profile,
				    .n_streams = 1};
	e->peer = peer;
	e->loop = loop;
	e->profile = *ice_profile_by_name("fast");
	if (e->patient)
		e->profile.deadline_ms = NEVER_MS;
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

static void run(struct end *a, struct end *b)
{
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
	open_end(a, b, loop, "10.9.0.1", true);
	/* Host sockets are opened when gathering starts, inside ice_new, and stay where they were
	 * opened. */
	cr_assert_eq(setns(there, CLONE_NEWNET), 0, "setns");
	open_end(b, a, loop, "10.9.0.2", false);
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
	run(&a, &b);
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
	run(&a, &b);
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
	run(&a, &b);
	cr_assert_eq(a.state, ICE_FAILED, "a is %s", ice_state_name(a.state));
	cr_assert_neq(b.state, ICE_FAILED, "b is %s", ice_state_name(b.state));
	ice_free(a.session);
	ice_free(b.session);
}
