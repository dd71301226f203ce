/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/guests.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>

#include "common/base/source.h"
#include "common/descriptors.h"

#define SWEEP_MAX_MS 1000
#define SWEEP_MIN_MS 10

/* A source address: an IPv4 address, or the first half of an IPv6 one. */
struct source {
	guint64 key;
	guint members;
	GQueue strangers; /* guest *, oldest first; borrowed */
};

struct guests {
	struct guest_limits limits;
	guests_told told;
	gpointer user_data;
	GHashTable *all;     /* guest *, each a reference */
	GHashTable *sources; /* struct source.key -> struct source *, owned */
	GSource *sweep;	     /* NULL: there are no guests */
	gint64 second_us;    /* what is told in this second, and what was not */
	guint told_now, untold;
};

enum standing { STRANGER, PROVEN, TRUSTED, GONE };

struct guest {
	guests *owner; /* NULL: gone, or its owner is */
	struct source *source;
	int fd;
	GSocket *socket; /* NULL: the owner of `fd` calls guest_leave */
	struct sockaddr_storage peer;
	enum standing standing;
	gint64 since_us; /* a stranger */
	guint64 taken;	 /* bytes that the other end had acknowledged at `taken_us` */
	gint64 taken_us;
	GList link; /* in source->strangers; data NULL: not in it */
};

/* --- references ------------------------------------------------------------------------------- */

static void guest_clear(gpointer data)
{
	guest *g = data;

	g_clear_object(&g->socket);
}

guest *guest_ref(guest *g)
{
	return g_atomic_rc_box_acquire(g);
}

void guest_unref(guest *g)
{
	if (g)
		g_atomic_rc_box_release_full(g, guest_clear);
}

/* --- telling ---------------------------------------------------------------------------------- */

bool guests_may_tell(guests *g, guint *ret_more)
{
	gint64 now_us = g_get_monotonic_time();

	if (now_us - g->second_us >= G_USEC_PER_SEC) {
		g->second_us = now_us;
		g->told_now = 0;
	}
	if (g->told_now >= GUESTS_TOLD_PER_S) {
		g->untold++;
		return false;
	}
	*ret_more = g->untold;
	g->told_now++;
	g->untold = 0;
	return true;
}

void guests_tell(guests *g, const struct sockaddr_storage *peer, enum reason why)
{
	g_autoptr(GSocketAddress) address =
		g_socket_address_new_from_native((gpointer)(guintptr)peer, sizeof *peer);
	g_autofree char *text = NULL;
	guint more;

	if (!guests_may_tell(g, &more))
		return;
	if (address && G_IS_INET_SOCKET_ADDRESS(address))
		text = g_inet_address_to_string(
			g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address)));
	g->told(text ? text : "unknown",
		text ? g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address)) : 0, why,
		more, g->user_data);
}

/* --- membership ------------------------------------------------------------------------------- */

static guint64 source_key(const struct sockaddr_storage *peer)
{
	guint64 key = 0;

	if (peer->ss_family == AF_INET6)
		memcpy(&key, &((const struct sockaddr_in6 *)peer)->sin6_addr, sizeof key);
	else
		memcpy(&key, &((const struct sockaddr_in *)peer)->sin_addr, 4);
	return key;
}

static struct source *source_of(guests *g, const struct sockaddr_storage *peer)
{
	guint64 key = source_key(peer);
	struct source *s = g_hash_table_lookup(g->sources, &key);

	if (s)
		return s;
	s = g_new0(struct source, 1);
	s->key = key;
	g_hash_table_insert(g->sources, &s->key, s);
	return s;
}

static void strangers_add(guest *g)
{
	g->link = (GList){.data = g};
	g_queue_push_tail_link(&g->source->strangers, &g->link);
}

static void strangers_remove(guest *g)
{
	if (!g->link.data)
		return;
	g_queue_unlink(&g->source->strangers, &g->link);
	g->link.data = NULL;
}

void guest_leave(guest *g)
{
	guests *all = g->owner;

	if (!all)
		return;
	strangers_remove(g);
	if (--g->source->members == 0)
		g_hash_table_remove(all->sources, &g->source->key);
	g->owner = NULL;
	g->standing = GONE;
	g_hash_table_remove(all->all, g);
}

void guest_prove(guest *g, bool trusted)
{
	if (!g->owner)
		return;
	strangers_remove(g);
	g->standing = trusted ? TRUSTED : PROVEN;
}

void guest_forget(guest *g)
{
	if (!g->owner || g->standing == STRANGER)
		return;
	g->standing = STRANGER;
	g->since_us = g_get_monotonic_time();
	strangers_add(g);
}

bool guest_is_gone(const guest *g)
{
	return !g->owner;
}

/* Whether its owner has closed it. */
static bool is_closed(const guest *g)
{
	return g->socket && g_socket_is_closed(g->socket);
}

/* Ends a connection: its owner will read end of file. */
static void guest_end(guest *g, enum reason why)
{
	if (!is_closed(g)) {
		guests_tell(g->owner, &g->peer, why);
		shutdown(g->fd, SHUT_RDWR);
	}
	guest_leave(g);
}

/* --- time ------------------------------------------------------------------------------------- */

/* Why a guest has to go at `now_us`; REASON_NONE: it may stay. */
static enum reason overdue(guest *g, gint64 now_us)
{
	const struct guest_limits *limits = &g->owner->limits;
	struct tcp_info info = {0};
	socklen_t length = sizeof info;

	if (g->standing == STRANGER && now_us - g->since_us > (gint64)limits->stranger_ms * 1000)
		return REASON_CONNECTION_UNPROVEN;
	if (getsockopt(g->fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0)
		return REASON_NONE;
	if (info.tcpi_unacked + info.tcpi_notsent_bytes == 0 || info.tcpi_bytes_acked != g->taken) {
		g->taken = info.tcpi_bytes_acked;
		g->taken_us = now_us;
	} else if (now_us - g->taken_us > (gint64)limits->stuck_ms * 1000) {
		return REASON_PEER_DOES_NOT_READ;
	}
	if (g->standing == PROVEN && limits->idle_ms && info.tcpi_last_data_recv > limits->idle_ms)
		return REASON_CONNECTION_IDLE;
	return REASON_NONE;
}

/* Ends what is overdue, and forgets what has been closed. */
static gboolean on_sweep(gpointer user_data)
{
	guests *g = user_data;
	g_autofree gpointer *every = NULL;
	guint n = 0;

	every = g_hash_table_get_keys_as_array(g->all, &n);
	for (guint i = 0; i < n; i++) {
		guest *one = every[i];
		enum reason why;

		if (is_closed(one))
			guest_leave(one);
		else if ((why = overdue(one, g_get_monotonic_time())))
			guest_end(one, why);
	}
	if (g_hash_table_size(g->all) > 0)
		return G_SOURCE_CONTINUE;
	g_clear_pointer(&g->sweep, g_source_unref);
	return G_SOURCE_REMOVE;
}

static guint sweep_ms(const struct guest_limits *limits)
{
	guint shortest = MIN(limits->stranger_ms, limits->stuck_ms);

	if (limits->idle_ms)
		shortest = MIN(shortest, limits->idle_ms);
	return CLAMP(shortest / 4, SWEEP_MIN_MS, SWEEP_MAX_MS);
}

/* --- admission -------------------------------------------------------------------------------- */

/* Drops strangers from the head of a source that their owners have closed. */
static void drop_closed(struct source *s)
{
	guest *oldest;

	while (s->strangers.length > 0 && is_closed(oldest = g_queue_peek_head(&s->strangers))) {
		bool last = s->members == 1;

		guest_leave(oldest);
		if (last)
			return;
	}
}

/* Ends the oldest stranger of a source; false: it has none. */
static bool displace(struct source *s, enum reason why)
{
	guest *oldest = s ? g_queue_peek_head(&s->strangers) : NULL;

	if (oldest)
		guest_end(oldest, why);
	return oldest;
}

/* The source with most strangers; NULL: there is no stranger. */
static struct source *most_strangers(const guests *g)
{
	struct source *most = NULL;
	GHashTableIter i;
	gpointer value;

	g_hash_table_iter_init(&i, g->sources);
	while (g_hash_table_iter_next(&i, NULL, &value)) {
		struct source *s = value;

		if (s->strangers.length > (most ? most->strangers.length : 0))
			most = s;
	}
	return most;
}

/* Makes room for a connection from `source`.  Returns why there is none. */
static enum reason make_room(guests *g, struct source **source, const struct sockaddr_storage *peer,
			     int fd)
{
	drop_closed(*source);
	*source = source_of(g, peer); /* the last of a source takes it with it */
	if ((*source)->members >= g->limits.per_source) {
		if (!displace(*source, REASON_TOO_MANY_OF_ADDRESS))
			return REASON_TOO_MANY_OF_ADDRESS;
		*source = source_of(g, peer);
	}
	if (g_hash_table_size(g->all) >= g->limits.total || descriptor_is_reserved(fd)) {
		if (!displace(most_strangers(g), REASON_TOO_MANY_CLIENTS))
			return REASON_TOO_MANY_CLIENTS;
		*source = source_of(g, peer);
	}
	return REASON_NONE;
}

guest *guests_admit(guests *g, int fd, GSocket *socket, const struct sockaddr_storage *peer)
{
	struct source *source = source_of(g, peer);
	enum reason why = make_room(g, &source, peer, fd);
	guest *one;

	if (why) {
		if (source->members == 0)
			g_hash_table_remove(g->sources, &source->key);
		guests_tell(g, peer, why);
		return NULL;
	}
	one = g_atomic_rc_box_new0(guest);
	one->owner = g;
	one->source = source;
	one->fd = fd;
	one->socket = socket ? g_object_ref(socket) : NULL;
	one->peer = *peer;
	one->since_us = one->taken_us = g_get_monotonic_time();
	source->members++;
	strangers_add(one);
	g_hash_table_add(g->all, guest_ref(one));
	if (!g->sweep)
		g->sweep = timer_start(g_main_context_get_thread_default(), sweep_ms(&g->limits),
				       on_sweep, g);
	return one;
}

guint guests_count(const guests *g)
{
	return g_hash_table_size(g->all);
}

/* --- life ------------------------------------------------------------------------------------- */

guests *guests_new(const struct guest_limits *limits, guests_told told, gpointer user_data)
{
	guests *g = g_new0(guests, 1);

	g->limits = *limits;
	g->told = told;
	g->user_data = user_data;
	g->all = g_hash_table_new_full(NULL, NULL, (GDestroyNotify)guest_unref, NULL);
	g->sources = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	return g;
}

void guests_free(guests *g)
{
	g_autofree gpointer *every = NULL;
	guint n = 0;

	if (!g)
		return;
	every = g_hash_table_get_keys_as_array(g->all, &n);
	for (guint i = 0; i < n; i++)
		guest_leave(every[i]);
	source_clear(&g->sweep);
	g_hash_table_unref(g->all);
	g_hash_table_unref(g->sources);
	g_free(g);
}
