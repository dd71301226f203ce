/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/server.h"

#include "common/base/files.h"
#include "common/error_reason.h"
#include "common/sip_event.h"
#include "common/tls.h"
#include "common/wire/pack.h"
#include "frontend/core.h"
#include "frontend/lookup.h"
#include "frontend/web.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LINK_TIMEOUT_MS 5000
/* Of clients.  When that many are connected a new one takes the place of the oldest by which no
 * user is reached; while there is none it is refused. */
#define CLIENTS_MAX 4096
/* Bytes that may wait for a client before it is given up; the second once a user is reached by it.
 */
#define QUEUE_OF_STRANGER (128 * 1024)
#define QUEUE_OF_USER (1024 * 1024)

struct fe_server {
	struct fe_config *config;
	fe_server_event_func event;
	gpointer user_data;
	fe_core *core;
	tls_identity *identity;
	tls_listener *listener, *listener6; /* the latter NULL without IPv6 */
	fe_web_server *web;		    /* NULL: no web sites */
	char *sent_by;
	GHashTable *peers;    /* set of struct peer: all connections */
	GHashTable *links;    /* Edge's name -> struct peer that we opened or are opening */
	GCancellable *cancel; /* of look-ups and connects */
	guint timer;
	gint64 timer_us;
	FILE *records;
	guint64 evicted;
};

/* One connection and its flow.  A link to an Edge starts without connection; messages are queued
 * until it is connected.  `refs`: the server's set, and a running look-up or connect. */
struct peer {
	guint refs;
	fe_server *server; /* NULL: the server is freed */
	struct fe_flow *flow;
	sip_conn *conn; /* NULL: not connected yet */
	GQueue queue;	/* sip_msg */
	char *edge;	/* of a link: name, address (NULL: unknown) and port of MRAS */
	char *address;
	guint16 port;
};

static void peer_unref(struct peer *p)
{
	if (--p->refs > 0)
		return;
	g_queue_clear_full(&p->queue, (GDestroyNotify)sip_msg_unref);
	fe_flow_unref(p->flow);
	g_free(p->edge);
	g_free(p->address);
	g_free(p);
}

/* A peer of the server with its flow, which it takes over.  The server's set holds the
 * reference. */
static struct peer *peer_new(fe_server *s, struct fe_flow *flow)
{
	struct peer *p = g_new0(struct peer, 1);

	p->refs = 1;
	p->server = s;
	p->flow = flow;
	flow->owner = p;
	g_queue_init(&p->queue);
	g_hash_table_add(s->peers, p);
	return p;
}

/* Removes the peer from the server and closes its flow, which others may still hold. */
static void peer_detach(struct peer *p)
{
	fe_server *s = p->server;

	if (p->edge && g_hash_table_lookup(s->links, p->edge) == p)
		g_hash_table_remove(s->links, p->edge);
	g_hash_table_remove(s->peers, p);
	p->server = NULL;
	p->flow->open = false;
	p->flow->owner = NULL;
	if (p->conn) {
		sip_conn_close(p->conn);
		g_clear_pointer(&p->conn, sip_conn_unref);
	}
}

/* Removes a peer whose connection is lost and lets the core know. */
static void drop_peer(struct peer *p)
{
	fe_server *s = p->server;

	peer_detach(p);
	fe_core_flow_gone(s->core, p->flow);
	peer_unref(p);
}

/* --- connections ------------------------------------------------------------------------------ */

static void on_peer_message(sip_conn *c G_GNUC_UNUSED, sip_msg *m, gpointer user_data)
{
	struct peer *p = user_data;

	fe_core_message(p->server->core, p->flow, m);
	if (p->conn && p->flow->bindings)
		sip_conn_set_queue_max(p->conn, QUEUE_OF_USER);
}

static void on_peer_closed(sip_conn *c G_GNUC_UNUSED, const GError *error G_GNUC_UNUSED,
			   gpointer user_data)
{
	drop_peer(user_data);
}

/* Reports messages to and from Edges; those of clients are reported by the clients. */
static void on_peer_passed(sip_conn *c, const sip_msg *m, bool sent, gpointer user_data)
{
	const struct peer *p = user_data;
	bool whole = p->server->config->sip_texts;
	json_t *event = p->flow->edge ? sip_event(m, sip_conn_peer(c), sent, whole) : NULL;

	if (event)
		p->server->event(EVENT_SIP, event, p->server->user_data);
}

static const struct sip_conn_handlers conn_handlers = {
	.message = on_peer_message, .closed = on_peer_closed, .passed = on_peer_passed};

static void on_peer_refused(const char *peer_address, const GError *why, gpointer user_data)
{
	fe_server *s = user_data;

	s->event(EVENT_TLS_REFUSED, error_set(event_pack("{s:s}", "peer", peer_address), why),
		 s->user_data);
}

/* Ends the oldest connection of a client by which no user is reached, when there are as many as may
 * be.  false: there are, and all are in use. */
static bool make_room(fe_server *s)
{
	guint limit = s->config->clients_max ? s->config->clients_max : CLIENTS_MAX, n = 0;
	struct peer *oldest = NULL;
	GHashTableIter i;
	gpointer key;

	g_hash_table_iter_init(&i, s->peers);
	while (g_hash_table_iter_next(&i, &key, NULL)) {
		struct peer *p = key;

		if (p->flow->edge)
			continue;
		n++;
		if (!p->flow->bindings && (!oldest || p->flow->number < oldest->flow->number))
			oldest = p;
	}
	if (n < limit)
		return true;
	if (!oldest)
		return false;
	s->evicted++;
	drop_peer(oldest);
	return true;
}

/* Adds a peer, unless its certificate names a server that we don't trust, or there are too many
 * clients. */
static void on_peer_accepted(GIOStream *stream, const char *const *peer_names,
			     const char *peer_address, guint16 peer_port, gpointer user_data)
{
	fe_server *s = user_data;
	const char *edge =
		fe_flow_trusted_name(peer_names, (const char *const *)s->config->trusted_servers);
	g_autofree char *name = sip_host_port(peer_address, peer_port);
	struct peer *p;

	if (!edge && peer_names[0]) {
		g_autoptr(GError) why =
			reason_error_new(REASON_TLS_NAME_MISMATCH, peer_names[0],
					 "name mismatch: no trusted server (CN=%s)", peer_names[0]);

		on_peer_refused(peer_address, why, s);
		g_object_unref(stream);
		return;
	}
	if (!edge && !make_room(s)) {
		g_autoptr(GError) why = reason_error_plain(REASON_TOO_MANY_CLIENTS);

		on_peer_refused(peer_address, why, s);
		g_object_unref(stream);
		return;
	}
	p = peer_new(s, fe_flow_new(name, edge));
	p->conn = sip_conn_new(stream, s->sent_by, &conn_handlers, p);
	if (!edge)
		sip_conn_set_queue_max(p->conn, QUEUE_OF_STRANGER);
	fe_core_flow_up(s->core, p->flow);
}

/* --- links to MRAS ---------------------------------------------------------------------------- */

/* Sends the event `link-failed` and drops the link. */
static void report_link_failed(struct peer *p, const GError *error)
{
	fe_server *s = p->server;

	s->event(EVENT_LINK_FAILED,
		 error_set(event_pack("{s:s, s:s?, s:i}", "peer", p->edge, "address", p->address,
				      "port", (int)p->port),
			   error),
		 s->user_data);
	drop_peer(p);
}

/* Sends what was queued while the link was being connected, or drops the link. */
static void on_link_connected(GIOStream *connection, const GError *error, gpointer user_data)
{
	struct peer *p = user_data;
	sip_msg *m;

	if (!p->server) {
		g_clear_object(&connection);
	} else if (!connection) {
		report_link_failed(p, error);
	} else {
		p->conn = sip_conn_new(connection, p->server->sent_by, &conn_handlers, p);
		while ((m = g_queue_pop_head(&p->queue))) {
			sip_conn_send(p->conn, m);
			sip_msg_unref(m);
		}
	}
	peer_unref(p);
}

static void on_link_resolved(const char *address, const GError *error, gpointer user_data)
{
	struct peer *p = user_data;
	fe_server *s = p->server;

	if (s && address) {
		p->address = g_strdup(address);
		tls_connect(s->config->address, address, p->port, p->edge, s->identity,
			    LINK_TIMEOUT_MS, s->cancel, on_link_connected, p);
		return;
	}
	if (s)
		report_link_failed(p, error);
	peer_unref(p);
}

/* Starts a connection to an Edge's MRAS; messages are queued until it is connected. */
static struct peer *link_open(fe_server *s, const struct fe_config_edge *edge)
{
	struct fe_flow *flow = fe_flow_new(edge->fqdn, edge->fqdn);
	struct peer *p;

	flow->outbound = true;
	p = peer_new(s, flow);
	p->edge = g_strdup(edge->fqdn);
	p->port = edge->mras_port;
	g_hash_table_insert(s->links, p->edge, p);
	p->refs++;
	fe_lookup(s->config->address, s->cancel, p->edge, on_link_resolved, p);
	return p;
}

/* --- I/O of the core -------------------------------------------------------------------------- */

static gint64 io_now_us(gpointer user_data G_GNUC_UNUSED)
{
	return g_get_monotonic_time();
}

/* Sends a message, or queues it until the link is connected. */
static bool io_send(struct fe_flow *flow, sip_msg *m, gpointer user_data G_GNUC_UNUSED)
{
	struct peer *p = flow->owner;

	/* Nothing is done for those who have not proven who they are, and nothing sent to them. */
	if (p->conn && (sip_is_request(m) || sip_status(m) / 100 == 2))
		sip_conn_prove(p->conn);
	if (p->conn)
		return sip_conn_send(p->conn, m);
	g_queue_push_tail(&p->queue, sip_msg_ref(m));
	return true;
}

static gboolean on_expire_timer(gpointer data)
{
	fe_server *s = data;

	s->timer = 0;
	fe_core_expire(s->core);
	return G_SOURCE_REMOVE;
}

/* Sets the one timer, unless it ends early enough already. */
static void io_wake(gint64 when_us, gpointer user_data)
{
	fe_server *s = user_data;
	gint64 wait_us = MAX(0, when_us - g_get_monotonic_time());

	if (s->timer && s->timer_us <= when_us)
		return;
	g_clear_handle_id(&s->timer, g_source_remove);
	s->timer_us = when_us;
	s->timer = g_timeout_add((guint)(wait_us / 1000 + 1), on_expire_timer, s);
}

/* The flow to an Edge's MRAS, opened if it is not; NULL: the Edge is not configured. */
static struct fe_flow *io_mras_flow(const char *fqdn, gpointer user_data)
{
	fe_server *s = user_data;
	const struct fe_config_edge *edge = fe_config_find_edge(s->config, fqdn);
	struct peer *p = edge ? g_hash_table_lookup(s->links, edge->fqdn) : NULL;

	if (!p && edge)
		p = link_open(s, edge);
	return p ? p->flow : NULL;
}

/* A look-up for the core; its callback must not be called when the core is freed. */
struct core_lookup {
	GCancellable *cancel;
	resolved_func done;
	gpointer user_data;
};

static void on_core_resolved(const char *address, const GError *error G_GNUC_UNUSED,
			     gpointer user_data)
{
	struct core_lookup *l = user_data;

	if (!g_cancellable_is_cancelled(l->cancel))
		l->done(address, l->user_data);
	g_object_unref(l->cancel);
	g_free(l);
}

static void io_resolve(const char *name, resolved_func done, gpointer user_data,
		       gpointer links_data)
{
	fe_server *s = links_data;
	struct core_lookup *l = g_new0(struct core_lookup, 1);

	l->cancel = g_object_ref(s->cancel);
	l->done = done;
	l->user_data = user_data;
	fe_lookup(s->config->address, s->cancel, name, on_core_resolved, l);
}

/* Passes an event on; a session's record is also appended to the file of records. */
static void io_event(const char *name, json_t *fields, gpointer user_data)
{
	fe_server *s = user_data;

	if (s->records && g_str_equal(name, EVENT_SESSION)) {
		json_dumpf(fields, s->records, JSON_COMPACT);
		fputc('\n', s->records);
		fflush(s->records);
	}
	s->event(name, fields, s->user_data);
}

static const struct core_io server_io = {
	.transactions = {.now_us = io_now_us, .send = io_send, .wake = io_wake},
	.links = {.mras_flow = io_mras_flow, .resolve = io_resolve},
	.event = io_event,
};

/* --- life ------------------------------------------------------------------------------------- */

/* The descriptor to which records are appended: one that this was started with, for the file behind
 * it may not be ours to open; or that of a file of our own.  -1 with `error`. */
static int records_fd(const char *name, GError **error)
{
	g_autofree char *path = g_path_get_dirname(name), *file = g_path_get_basename(name);
	files_folder folder;
	int fd;

	if (sscanf(name, "/dev/fd/%d", &fd) == 1)
		return fd;
	if (!files_open_folder(path, false, &folder, error))
		return -1;
	fd = files_open_own(&folder, file, error);
	files_close(&folder);
	return fd;
}

static bool open_records(fe_server *s, GError **error)
{
	int fd;

	if (!s->config->cdr)
		return true;
	fd = records_fd(s->config->cdr, error);
	if (fd < 0)
		return false;
	s->records = fdopen(fd, "ae");
	if (!s->records)
		g_set_error(error, G_IO_ERROR, (int)g_io_error_from_errno(errno), "%s: %s",
			    s->config->cdr, g_strerror(errno));
	return s->records;
}

static bool start_server(fe_server *s, GError **error)
{
	const struct fe_config *c = s->config;

	if (!open_records(s, error))
		return false;
	s->identity = tls_identity_new(c->ca, c->certificate, c->key, error);
	if (!s->identity)
		return false;
	s->listener = tls_listen(c->address, c->port, s->identity, TLS_CLIENT_OPTIONAL,
				 on_peer_accepted, on_peer_refused, s, error);
	if (s->listener && c->address6)
		s->listener6 = tls_listen(c->address6, c->port, s->identity, TLS_CLIENT_OPTIONAL,
					  on_peer_accepted, on_peer_refused, s, error);
	if (!s->listener || (c->address6 && !s->listener6))
		return false;
	if (c->has_web)
		s->web = fe_web_new(c, s->identity, FE_WEB_LIMITS, s->event, s->user_data, error);
	return s->web || !c->has_web;
}

fe_server *fe_server_new(struct fe_config *config, fe_server_event_func event, gpointer user_data,
			 GError **error)
{
	fe_server *s = g_new0(fe_server, 1);

	s->config = config;
	s->event = event;
	s->user_data = user_data;
	s->sent_by = sip_host_port(config->address, config->port);
	s->peers = g_hash_table_new(NULL, NULL);
	s->links = g_hash_table_new(g_str_hash, g_str_equal);
	s->cancel = g_cancellable_new();
	s->core = fe_core_new(config, &server_io, s);
	if (start_server(s, error))
		return s;
	fe_server_free(s);
	return NULL;
}

json_t *fe_server_stats(const fe_server *s)
{
	json_t *stats = fe_core_stats(s->core);

	json_object_set_new(stats, "connections",
			    json_integer((json_int_t)g_hash_table_size(s->peers)));
	json_object_set_new(stats, "evicted", json_integer((json_int_t)s->evicted));
	if (s->web)
		json_object_set_new(stats, "web_requests", fe_web_stats(s->web));
	return stats;
}

static void close_peers(fe_server *s)
{
	GHashTableIter i;
	gpointer key;

	for (;;) {
		g_hash_table_iter_init(&i, s->peers);
		if (!g_hash_table_iter_next(&i, &key, NULL))
			return;
		peer_detach(key);
		peer_unref(key);
	}
}

bool fe_server_free(fe_server *s)
{
	bool releasing;

	if (!s)
		return false;
	tls_listener_free(s->listener);
	tls_listener_free(s->listener6);
	fe_web_free(s->web);
	g_cancellable_cancel(s->cancel);
	releasing = fe_core_hang_up(s->core);
	close_peers(s);
	fe_core_free(s->core);
	g_clear_handle_id(&s->timer, g_source_remove);
	if (s->records)
		fclose(s->records);
	g_hash_table_unref(s->peers);
	g_hash_table_unref(s->links);
	g_object_unref(s->cancel);
	tls_identity_free(s->identity);
	fe_config_free(s->config);
	g_free(s->sent_by);
	g_free(s);
	return releasing;
}
