/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long connections may stay and how many there may be; over 127.0.0.0/8, with limits of
 * milliseconds.  Whoever must go is waited for, whoever must stay is still there then. */
#include "common/acceptor.h"
#include "common/descriptors.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <glib-unix.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LONG_MS 3600000
#define FDS 64

/* The server's end of a connection. */
struct end {
	struct world *w;
	int fd;
	guest *guest;
	guint16 port; /* of the client */
	GSource *reading;
};

struct world {
	acceptor *acceptor;
	GPtrArray *ends;
	guint16 port;
	guint told[REASON_COUNT], accepted, more;
};

static void end_free(gpointer data)
{
	struct end *e = data;

	g_source_destroy(e->reading);
	g_source_unref(e->reading);
	guest_leave(e->guest);
	guest_unref(e->guest);
	close(e->fd);
	g_free(e);
}

/* The owner of a connection reads, and closes at its end. */
static gboolean on_end_readable(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
	struct end *e = user_data;
	char buffer[4096];

	if (recv(fd, buffer, sizeof buffer, MSG_DONTWAIT) == 0)
		g_ptr_array_remove(e->w->ends, e);
	return G_SOURCE_CONTINUE;
}

static void on_accepted(acceptor *a, int fd, const struct sockaddr_storage *peer, gpointer p)
{
	struct world *w = p;
	guest *g = acceptor_welcome(a, fd, NULL, peer);
	struct end *e;

	w->accepted++;
	if (!g) {
		close(fd);
		return;
	}
	e = g_new0(struct end, 1);
	e->w = w;
	e->fd = fd;
	e->guest = g;
	e->port = ntohs(((const struct sockaddr_in *)peer)->sin_port);
	e->reading = g_unix_fd_source_new(fd, G_IO_IN);
	g_source_set_callback(e->reading, G_SOURCE_FUNC(on_end_readable), e, NULL);
	g_source_attach(e->reading, NULL);
	g_ptr_array_add(w->ends, e);
}

static void on_told(const char *peer, guint16 port G_GNUC_UNUSED, enum reason why, guint more,
		    gpointer p)
{
	struct world *w = p;

	cr_expect(g_str_has_prefix(peer, "127.0.0.") || g_str_equal(peer, "unknown"), "%s", peer);
	w->told[why]++;
	w->more += more;
}

static void world_init(struct world *w, struct guest_limits limits)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
	struct sockaddr_storage address = {0};
	g_autoptr(GSocketListener) probe = g_socket_listener_new();
	g_autoptr(GError) error = NULL;

	*w = (struct world){0};
	w->port = g_socket_listener_add_any_inet_port(probe, NULL, NULL);
	g_socket_listener_close(probe);
	at.sin_port = htons(w->port);
	memcpy(&address, &at, sizeof at);
	w->ends = g_ptr_array_new_with_free_func(end_free);
	w->acceptor = acceptor_new(&address, sizeof at, &limits, on_accepted, on_told, w, &error);
	cr_assert(w->acceptor, "%s", error ? error->message : "");
}

static void world_done(struct world *w)
{
	g_ptr_array_unref(w->ends);
	acceptor_free(w->acceptor);
}

/* Connects from 127.0.0.N and lets the server accept. */
static int connect_from(struct world *w, guint n)
{
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000 | n)},
			   to = {.sin_family = AF_INET,
				 .sin_port = htons(w->port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	guint before = w->accepted;

	cr_assert_geq(fd, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0, "%s", strerror(errno));
	while (w->accepted == before)
		g_main_context_iteration(NULL, TRUE);
	return fd;
}

/* Whether the server has ended the connection. */
static bool is_over(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

static void wait_until_over(int fd)
{
	while (!is_over(fd))
		g_main_context_iteration(NULL, TRUE);
}

/* The server's end of a client's connection. */
static struct end *end_of(struct world *w, int fd)
{
	struct sockaddr_in own;
	socklen_t length = sizeof own;

	getsockname(fd, (struct sockaddr *)&own, &length);
	for (guint i = 0; i < w->ends->len; i++)
		if (((struct end *)w->ends->pdata[i])->port == ntohs(own.sin_port))
			return w->ends->pdata[i];
	cr_assert(false, "no such end");
	return NULL;
}

/* However much it says. */
Test(guests, strangers_must_go)
{
	struct world w;
	int stranger, proven, trusted;

	world_init(&w, (struct guest_limits){.total = 9,
					     .per_source = 9,
					     .stranger_ms = 100,
					     .idle_ms = LONG_MS,
					     .stuck_ms = LONG_MS});
	proven = connect_from(&w, 1);
	guest_prove(end_of(&w, proven)->guest, false);
	trusted = connect_from(&w, 1);
	guest_prove(end_of(&w, trusted)->guest, true);
	stranger = connect_from(&w, 1);
	while (!is_over(stranger)) {
		send(stranger, "x", 1, MSG_NOSIGNAL);
		g_main_context_iteration(NULL, TRUE);
	}
	cr_expect_eq(w.told[REASON_CONNECTION_UNPROVEN], 1u);
	cr_expect(!is_over(proven) && !is_over(trusted));
	guest_forget(end_of(&w, trusted)->guest);
	wait_until_over(trusted);
	cr_expect_not(is_over(proven));
	close(stranger);
	close(proven);
	close(trusted);
	world_done(&w);
}

/* Who says something may stay. */
Test(guests, idle_ones_must_go)
{
	struct world w;
	int silent, busy, trusted;

	world_init(&w, (struct guest_limits){.total = 9,
					     .per_source = 9,
					     .stranger_ms = LONG_MS,
					     .idle_ms = 400,
					     .stuck_ms = LONG_MS});
	trusted = connect_from(&w, 1);
	guest_prove(end_of(&w, trusted)->guest, true);
	silent = connect_from(&w, 1);
	guest_prove(end_of(&w, silent)->guest, false);
	busy = connect_from(&w, 1);
	guest_prove(end_of(&w, busy)->guest, false);
	while (!is_over(silent)) {
		send(busy, "\r\n\r\n", 4, MSG_NOSIGNAL);
		g_main_context_iteration(NULL, TRUE);
	}
	cr_expect_eq(w.told[REASON_CONNECTION_IDLE], 1u);
	cr_expect(!is_over(busy) && !is_over(trusted));
	close(silent);
	close(busy);
	close(trusted);
	world_done(&w);
}

/* One that takes nothing, though it may be idle. */
Test(guests, slow_readers_must_go)
{
	static const char junk[65536];
	struct world w;
	int slow, other;

	world_init(&w, (struct guest_limits){.total = 9,
					     .per_source = 9,
					     .stranger_ms = LONG_MS,
					     .idle_ms = LONG_MS,
					     .stuck_ms = 200});
	other = connect_from(&w, 1);
	slow = connect_from(&w, 1);
	guest_prove(end_of(&w, slow)->guest, true);
	while (send(end_of(&w, slow)->fd, junk, sizeof junk, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
	while (w.ends->len > 1)
		g_main_context_iteration(NULL, TRUE);
	cr_expect_eq(w.told[REASON_PEER_DOES_NOT_READ], 1u);
	cr_expect_not(is_over(other));
	close(slow);
	close(other);
	world_done(&w);
}

/* The oldest stranger of an address makes room for a new one; proven ones do not. */
Test(guests, an_address_has_a_limit)
{
	struct world w;
	int fds[4], more;

	world_init(&w, (struct guest_limits){.total = 99,
					     .per_source = 3,
					     .stranger_ms = LONG_MS,
					     .idle_ms = LONG_MS,
					     .stuck_ms = LONG_MS});
	for (guint i = 0; i < 3; i++)
		fds[i] = connect_from(&w, 1);
	guest_prove(end_of(&w, fds[0])->guest, false);
	fds[3] = connect_from(&w, 1);
	wait_until_over(fds[1]);
	cr_expect(!is_over(fds[0]) && !is_over(fds[2]) && !is_over(fds[3]));
	cr_expect_eq(w.told[REASON_TOO_MANY_OF_ADDRESS], 1u);
	guest_prove(end_of(&w, fds[2])->guest, false);
	guest_prove(end_of(&w, fds[3])->guest, false);
	more = connect_from(&w, 1);
	wait_until_over(more);
	cr_expect(!is_over(fds[0]) && !is_over(fds[2]) && !is_over(fds[3]), "they may stay");
	cr_expect_eq(w.told[REASON_TOO_MANY_OF_ADDRESS], 2u);
	for (guint i = 0; i < 4; i++)
		close(fds[i]);
	close(more);
	world_done(&w);
}

/* Who has most of them loses: a flood displaces itself, and not an honest stranger before it. */
Test(guests, a_flood_displaces_itself)
{
	struct world w;
	int honest, flood[200];

	world_init(&w, (struct guest_limits){.total = 10,
					     .per_source = 10,
					     .stranger_ms = LONG_MS,
					     .idle_ms = LONG_MS,
					     .stuck_ms = LONG_MS});
	honest = connect_from(&w, 2);
	for (guint i = 0; i < G_N_ELEMENTS(flood); i++)
		flood[i] = connect_from(&w, 1);
	while (w.ends->len > 10)
		g_main_context_iteration(NULL, TRUE);
	cr_expect_not(is_over(honest));
	cr_expect_eq(w.ends->len, 10u);
	cr_expect(is_over(flood[0]) && !is_over(flood[G_N_ELEMENTS(flood) - 1]));
	cr_expect_leq(w.told[REASON_TOO_MANY_OF_ADDRESS] + w.told[REASON_TOO_MANY_CLIENTS],
		      10u * GUESTS_TOLD_PER_S, "not all is told");
	for (guint i = 0; i < G_N_ELEMENTS(flood); i++)
		close(flood[i]);
	close(honest);
	world_done(&w);
}

static gint64 processor_us(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * G_USEC_PER_SEC +
	       used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

/* Without a descriptor the listener rests: it wakes up ten times a second, and not all the time,
 * and goes on when there is one. */
Test(guests, no_descriptor_is_left)
{
	struct rlimit limit = {FDS, FDS};
	struct world w;
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int client, taken[FDS], n = 0, rests = 0;
	gint64 processor, time_us;

	world_init(&w, (struct guest_limits){.total = 99,
					     .per_source = 99,
					     .stranger_ms = LONG_MS,
					     .idle_ms = LONG_MS,
					     .stuck_ms = LONG_MS});
	setrlimit(RLIMIT_NOFILE, &limit);
	client = socket(AF_INET, SOCK_STREAM, 0);
	while (n < FDS && (taken[n] = fcntl(client, F_DUPFD_CLOEXEC, 0)) >= 0)
		n++;
	to.sin_port = htons(w.port);
	cr_assert_eq(connect(client, (struct sockaddr *)&to, sizeof to), 0);
	processor = processor_us();
	time_us = g_get_monotonic_time();
	while (rests < 50 && g_get_monotonic_time() - time_us < 500000) {
		g_main_context_iteration(NULL, TRUE);
		rests++;
	}
	cr_expect_lt(rests, 50, "the loop spins: %d turns", rests);
	cr_expect_lt((processor_us() - processor) * 4, g_get_monotonic_time() - time_us);
	cr_expect_eq(w.accepted, 0u);
	cr_expect_geq(w.told[REASON_NO_DESCRIPTOR], 1u);
	while (n > 0)
		close(taken[--n]);
	while (w.accepted == 0)
		g_main_context_iteration(NULL, TRUE);
	cr_expect_not(is_over(client), "it was only late");
	close(client);
	world_done(&w);
}

/* The last descriptors are for the program itself: GLib would end it without. */
Test(guests, a_reserve_stays_free)
{
	struct rlimit limit = {FDS, FDS};
	struct world w;
	int fds[FDS], n = 0;

	world_init(&w, (struct guest_limits){.total = 99,
					     .per_source = 99,
					     .stranger_ms = LONG_MS,
					     .idle_ms = LONG_MS,
					     .stuck_ms = LONG_MS});
	cr_expect_not(descriptors_are_short());
	setrlimit(RLIMIT_NOFILE, &limit);
	while (!descriptors_are_short() && n < FDS)
		fds[n++] = connect_from(&w, 1);
	cr_expect_gt(n, 5);
	fds[n] = connect_from(&w, 1);
	wait_until_over(fds[0]);
	cr_expect_geq(w.told[REASON_TOO_MANY_CLIENTS], 1u);
	cr_expect_not(is_over(fds[n]), "the oldest stranger has made room");
	for (int i = 0; i <= n; i++)
		close(fds[i]);
	world_done(&w);
}
