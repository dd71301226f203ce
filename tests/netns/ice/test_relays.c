/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In which order a session asks its relay: one namespace, in which the session and a relay of the
 * test's own share the address 10.9.0.1.  The relay hears Allocate requests by UDP and connections
 * by TCP, and answers as the test wants.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <gio/gio.h>
#include <sched.h>
#include <string.h>

#include "common/ice.h"
#include "tests/netns/ice/script.h"

#define HERE "10.9.0.1"
#define LIMIT_MS 60000
#define NEVER_MS (24 * 3600 * 1000u)

enum answer { SILENT, REFUSES };

struct world {
	GMainLoop *loop;
	GSocket *udp;
	GSocketService *tcp;
	guint16 udp_port, tcp_port;
	enum answer answer;
	gint64 start_us, udp_us, tcp_us, gathered_us; /* 0: has not happened */
	struct ice_profile profile;
	bool stop_at_tcp;
};

/* An Allocate error response (RFC 8489 sections 5 and 14.8): 400, which needs no integrity and is
 * final. */
static void refuse(GSocket *socket, GSocketAddress *to, const guint8 *request)
{
	guint8 response[28] = {0x01, 0x13, 0, 8};
	static const guint8 error_code[8] = {0x00, 0x09, 0, 4, 0, 0, 4, 0};
	memcpy(response + 4, request + 4, 16);
	memcpy(response + 20, error_code, sizeof error_code);
	g_socket_send_to(socket, to, (const char *)response, sizeof response, NULL, NULL);
}

static gboolean on_datagram(GSocket *socket, GIOCondition condition, gpointer data)
{
	struct world *w = data;
	guint8 request[1500];
	g_autoptr(GSocketAddress) from = NULL;
	gssize n =
		g_socket_receive_from(socket, &from, (char *)request, sizeof request, NULL, NULL);
	(void)condition;
	if (w->udp_us == 0)
		w->udp_us = g_get_monotonic_time();
	if (n >= 20 && w->answer == REFUSES)
		refuse(socket, from, request);
	return G_SOURCE_CONTINUE;
}

static gboolean on_connection(GSocketService *service, GSocketConnection *connection,
			      GObject *source, gpointer data)
{
	struct world *w = data;
	(void)service;
	(void)connection;
	(void)source;
	if (w->tcp_us == 0)
		w->tcp_us = g_get_monotonic_time();
	if (w->stop_at_tcp)
		g_main_loop_quit(w->loop);
	return FALSE;
}

static void open_relay(struct world *w)
{
	g_autoptr(GInetAddress) any = g_inet_address_new_from_string(HERE);
	g_autoptr(GSocketAddress) address = g_inet_socket_address_new(any, 0), bound = NULL,
				  listening = NULL;
	w->udp = g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP,
			      NULL);
	cr_assert(g_socket_bind(w->udp, address, FALSE, NULL), "bind");
	bound = g_socket_get_local_address(w->udp, NULL);
	w->udp_port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound));
	g_autoptr(GSource) source = g_socket_create_source(w->udp, G_IO_IN, NULL);
	g_source_set_callback(source, G_SOURCE_FUNC(on_datagram), w, NULL);
	g_source_attach(source, NULL);
	w->tcp = g_socket_service_new();
	cr_assert(g_socket_listener_add_address(G_SOCKET_LISTENER(w->tcp), address,
						G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL,
						&listening, NULL),
		  "listen");
	w->tcp_port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(listening));
	g_signal_connect(w->tcp, "incoming", G_CALLBACK(on_connection), w);
}

static void on_candidate(ice *i, guint stream, const struct ice_candidate *c, const char *sdp,
			 gpointer data)
{
	(void)i;
	(void)stream;
	(void)c;
	(void)sdp;
	(void)data;
}

static void on_gathered(ice *i, guint stream, gpointer data)
{
	struct world *w = data;
	(void)i;
	(void)stream;
	w->gathered_us = g_get_monotonic_time();
	g_main_loop_quit(w->loop);
}

static void on_state(ice *i, guint stream, enum ice_state state, gpointer data)
{
	(void)i;
	(void)stream;
	(void)state;
	(void)data;
}

static void on_received(ice *i, guint stream, const guint8 *data, gsize length, gpointer user_data)
{
	(void)i;
	(void)stream;
	(void)data;
	(void)length;
	(void)user_data;
}

static gboolean on_limit(gpointer data)
{
	struct world *w = data;
	g_main_loop_quit(w->loop);
	return G_SOURCE_CONTINUE;
}

static void make_world(struct world *w)
{
	if (unshare(CLONE_NEWNET) != 0)
		cr_skip_test("needs namespaces: %s", strerror(errno));
	run_script("ip link set lo up && ip link add v0 type veth peer name v1 && ip addr add " HERE
		   "/24 dev v0 && "
		   "ip link set v1 up && ip link set v0 up");
	open_relay(w);
	w->profile = *ice_profile_by_name("fast");
}

/* Gathers with one relay, until gathering is done or what the test waits for has come. */
static void gather(struct world *w, const struct ice_relay *relay, struct ice_report *ret_report)
{
	static const struct ice_handlers handlers = {on_candidate, on_gathered, on_state,
						     on_received};
	struct ice_config config = {.controlling = true,
				    .local_address = HERE,
				    .relays = relay,
				    .n_relays = 1,
				    .profile = &w->profile,
				    .n_streams = 1};
	g_autoptr(GError) error = NULL;
	w->loop = g_main_loop_new(NULL, FALSE);
	w->start_us = g_get_monotonic_time();
	ice *session = ice_new(&config, &handlers, w, &error);
	cr_assert(session, "no session: %s", error ? error->message : "");
	guint limit = g_timeout_add(LIMIT_MS, on_limit, w);
	g_main_loop_run(w->loop);
	g_source_remove(limit);
	ice_get_report(session, ret_report);
	ice_free(session);
	g_clear_pointer(&w->loop, g_main_loop_unref);
}

static struct ice_relay relay_of(const struct world *w)
{
	return (struct ice_relay){.address = HERE,
				  .udp_port = w->udp_port,
				  .tcp_port = w->tcp_port,
				  .username = "user",
				  .password = "secret"};
}

Test(relays, a_relay_that_is_silent_by_udp_is_asked_by_tcp_after_the_head_start)
{
	struct world w = {.answer = SILENT, .stop_at_tcp = true};
	struct ice_report report;
	make_world(&w);
	struct ice_relay relay = relay_of(&w);
	gather(&w, &relay, &report);
	cr_assert_neq(w.udp_us, 0, "not asked by UDP");
	cr_assert_neq(w.tcp_us, 0, "not asked by TCP");
	cr_expect_geq(w.tcp_us - w.start_us, w.profile.udp_head_start_ms * (gint64)1000,
		      "TCP after %lld us", (long long)(w.tcp_us - w.start_us));
	cr_expect(report.relays_udp_asked == 1 && report.relays_tcp_asked == 1,
		  "asked %u by UDP, %u by TCP", report.relays_udp_asked, report.relays_tcp_asked);
}

/* The head start alone would never end. */
Test(relays, a_refusal_by_udp_ends_the_head_start_and_gathering_waits_for_tcp)
{
	struct world w = {.answer = REFUSES};
	struct ice_report report;
	make_world(&w);
	w.profile.udp_head_start_ms = NEVER_MS;
	struct ice_relay relay = relay_of(&w);
	gather(&w, &relay, &report);
	cr_assert_neq(w.udp_us, 0, "not asked by UDP");
	cr_assert_neq(w.tcp_us, 0, "not asked by TCP");
	cr_expect_geq(w.tcp_us, w.udp_us, "TCP first");
	cr_assert_neq(w.gathered_us, 0, "gathering never ended");
	cr_expect_geq(w.gathered_us, w.tcp_us, "gathering ended before TCP was tried");
}

Test(relays, a_relay_without_udp_is_asked_by_tcp)
{
	struct world w = {.answer = SILENT, .stop_at_tcp = true};
	struct ice_report report;
	make_world(&w);
	struct ice_relay relay = relay_of(&w);
	relay.udp_port = 0;
	gather(&w, &relay, &report);
	cr_expect_eq(w.udp_us, 0, "asked by UDP");
	cr_expect_neq(w.tcp_us, 0, "not asked by TCP");
}

Test(relays, gathering_ends_when_there_is_no_way_to_the_relay)
{
	struct world w = {.answer = SILENT};
	struct ice_report report;
	make_world(&w);
	struct ice_relay relay = relay_of(&w);
	relay.address = "192.0.2.1";
	gather(&w, &relay, &report);
	cr_assert_neq(w.gathered_us, 0, "gathering never ended");
	cr_expect(report.relays_udp_asked == 1 && report.relays_tcp_asked == 1,
		  "asked %u by UDP, %u by TCP", report.relays_udp_asked, report.relays_tcp_asked);
	cr_expect(report.relays_udp_got == 0 && report.relays_tcp_got == 0, "a relay from nowhere");
}
