/* SPDX-License-Identifier: GPL-2.0-or-later */
/* c-ares 1.18 (Debian 12) has only the calls that later versions call deprecated. */
#define CARES_NO_DEPRECATED

#include "clients/dns.h"
#include "common/base/object.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <ares.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <stdbool.h>
#include <string.h>

#define TRY_TIMEOUT_MS 1000
#define TRIES 2
#define ADDRESSES_MAX 16

struct dns {
	ares_channel channel;
	GHashTable *sockets; /* descriptor -> source id */
	guint timer;
	guint depth;	 /* calls into c-ares, during which it must not be destroyed */
	GQueue starting; /* struct dns_pending: not started yet */
	bool closing;
};

struct dns_pending {
	dns *owner;
	char *name;
	enum dns_type type;
	guint tries;
	dns_func done;
	gpointer user_data;
	guint start; /* source */
};

static const char *const type_names[] = {[DNS_A] = "A", [DNS_AAAA] = "AAAA", [DNS_SRV] = "SRV"};
static const int wire_types[] = {[DNS_A] = ns_t_a, [DNS_AAAA] = ns_t_aaaa, [DNS_SRV] = ns_t_srv};

static const struct {
	int status;
	enum reason reason;
} errors[] = {
	{ARES_SUCCESS, REASON_NONE},	       {ARES_ENODATA, REASON_NONE},
	{ARES_ENOTFOUND, REASON_DNS_NXDOMAIN}, {ARES_ETIMEOUT, REASON_DNS_TIMED_OUT},
	{ARES_EREFUSED, REASON_DNS_REFUSED},   {ARES_ECONNREFUSED, REASON_DNS_REFUSED},
};

const char *dns_type_name(enum dns_type type)
{
	return type_names[type];
}

static enum reason reason_of_status(int status)
{
	for (guint i = 0; i < G_N_ELEMENTS(errors); i++)
		if (errors[i].status == status)
			return errors[i].reason;
	return REASON_DNS_FAILED;
}

/* --- c-ares on the main loop ------------------------------------------------------------------ */

static void arm_timer(dns *d);
static void dns_destroy(dns *d);

/* To be called before and after each call of c-ares that may answer a query, because the callback
 * may free the resolver. */
static void enter_ares(dns *d)
{
	d->depth++;
}

/* Frees the resolver if that was asked for meanwhile; else sets the timer. */
static void leave_ares(dns *d)
{
	if (--d->depth > 0)
		return;
	if (d->closing)
		dns_destroy(d);
	else
		arm_timer(d);
}

static gboolean on_ares_timer(gpointer data)
{
	dns *d = data;
	d->timer = 0;
	enter_ares(d);
	ares_process_fd(d->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	leave_ares(d);
	return G_SOURCE_REMOVE;
}

static void arm_timer(dns *d)
{
	struct timeval tv;
	g_clear_handle_id(&d->timer, g_source_remove);
	if (!ares_timeout(d->channel, NULL, &tv))
		return;
	/* Rounded up, because c-ares would only wait again if it were called too early. */
	d->timer =
		g_timeout_add((guint)(tv.tv_sec * 1000 + tv.tv_usec / 1000 + 1), on_ares_timer, d);
}

static gboolean on_ares_socket(gint fd, GIOCondition condition, gpointer data)
{
	dns *d = data;
	bool in = condition & (G_IO_IN | G_IO_ERR | G_IO_HUP);
	enter_ares(d);
	ares_process_fd(d->channel, in ? fd : ARES_SOCKET_BAD,
			condition & G_IO_OUT ? fd : ARES_SOCKET_BAD);
	leave_ares(d);
	return G_SOURCE_CONTINUE;
}

/* For c-ares: watches a socket for what it waits for, or no more. */
static void on_socket_state(void *data, ares_socket_t fd, int readable, int writable)
{
	dns *d = data;
	gpointer key = GINT_TO_POINTER(fd);
	guint source = GPOINTER_TO_UINT(g_hash_table_lookup(d->sockets, key));
	if (source) {
		g_source_remove(source);
		g_hash_table_remove(d->sockets, key);
	}
	GIOCondition condition = (readable ? G_IO_IN : 0) | (writable ? G_IO_OUT : 0);
	if (condition && !d->closing)
		g_hash_table_insert(
			d->sockets, key,
			GUINT_TO_POINTER(g_unix_fd_add(fd, condition, on_ares_socket, d)));
}

dns *dns_new(GError **error)
{
	dns *d = g_new0(dns, 1);
	char lookups[] = "b"; /* name servers only, not /etc/hosts */
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
		.timeout = TRY_TIMEOUT_MS,
		.tries = 1, /* on_ares_answer repeats; c-ares would double the time-out */
		.lookups = lookups,
		.sock_state_cb = on_socket_state,
		.sock_state_cb_data = d,
	};
	d->sockets = g_hash_table_new(NULL, NULL);
	int rc = ares_init_options(&d->channel, &options,
				   ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
					   ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB);
	if (rc == ARES_SUCCESS)
		return d;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot start the resolver: %s",
		    ares_strerror(rc));
	g_hash_table_unref(d->sockets);
	g_free(d);
	return NULL;
}

char **dns_servers(const dns *d)
{
	struct ares_addr_port_node *list = NULL;
	GStrvBuilder *texts = g_strv_builder_new();
	char **all;

	if (ares_get_servers_ports(d->channel, &list) == ARES_SUCCESS) {
		for (const struct ares_addr_port_node *s = list; s; s = s->next) {
			char text[INET6_ADDRSTRLEN];
			g_strv_builder_add(texts,
					   inet_ntop(s->family, &s->addr, text, sizeof text));
		}
		ares_free_data(list);
	}
	all = g_strv_builder_end(texts);
	g_strv_builder_unref(texts);
	return all;
}

static const struct object_shape dns_pending_shape =
	OBJECT_SHAPE(dns_pending, NULL, OWNS_TEXT(dns_pending, name));

static void dns_destroy(dns *d)
{
	struct dns_pending *q;
	while ((q = g_queue_pop_head(&d->starting))) {
		g_source_remove(q->start);
		object_free(q);
	}
	ares_destroy(d->channel);
	g_clear_handle_id(&d->timer, g_source_remove);
	g_hash_table_unref(d->sockets);
	g_free(d);
}

void dns_free(dns *d)
{
	if (!d)
		return;
	d->closing = true;
	if (d->depth == 0)
		dns_destroy(d);
}

/* --- answers ---------------------------------------------------------------------------------- */

static void add_address(int family, const void *address, struct dns_answer *a, char **ret_target)
{
	char text[INET6_ADDRSTRLEN];
	inet_ntop(family, address, text, sizeof text);
	g_ptr_array_add(a->texts, g_strdup(text));
	if (!*ret_target)
		*ret_target = g_strdup(text);
}

static int read_addresses(const guint8 *data, int length, struct dns_answer *a, char **ret_target)
{
	struct ares_addrttl found[ADDRESSES_MAX];
	int n = ADDRESSES_MAX;
	int rc = ares_parse_a_reply(data, length, NULL, found, &n);
	for (int i = 0; rc == ARES_SUCCESS && i < n; i++)
		add_address(AF_INET, &found[i].ipaddr, a, ret_target);
	return rc;
}

static int read_addresses6(const guint8 *data, int length, struct dns_answer *a, char **ret_target)
{
	struct ares_addr6ttl found[ADDRESSES_MAX];
	int n = ADDRESSES_MAX;
	int rc = ares_parse_aaaa_reply(data, length, NULL, found, &n);
	for (int i = 0; rc == ARES_SUCCESS && i < n; i++)
		add_address(AF_INET6, &found[i].ip6addr, a, ret_target);
	return rc;
}

/* Reads SRV records.  Uses the one with the lowest priority and ignores weights, so that results
 * are repeatable.  Returns a status of c-ares. */
static int read_services(const guint8 *data, int length, struct dns_answer *a, char **ret_target)
{
	struct ares_srv_reply *list = NULL;
	const struct ares_srv_reply *best = NULL;
	int rc = ares_parse_srv_reply(data, length, &list);
	for (const struct ares_srv_reply *s = list; s; s = s->next) {
		g_ptr_array_add(a->texts, g_strdup_printf("%u %u %u %s", s->priority, s->weight,
							  s->port, s->host));
		if (!best || s->priority < best->priority)
			best = s;
	}
	if (best) {
		*ret_target = g_strdup(best->host);
		a->port = best->port;
	}
	if (list)
		ares_free_data(list);
	return rc;
}

static int (*const readers[])(const guint8 *data, int length, struct dns_answer *a,
			      char **ret_target) = {
	[DNS_A] = read_addresses,
	[DNS_AAAA] = read_addresses6,
	[DNS_SRV] = read_services,
};

/* Calls the owner with the answer in `data`, and frees the query. */
static void answer_query(struct dns_pending *q, int status, const guint8 *data, int length)
{
	struct dns_answer a = {.query = q->name, .type = q->type};
	g_autofree char *target = NULL;
	a.texts = g_ptr_array_new_with_free_func(g_free);
	if (status == ARES_SUCCESS)
		status = readers[q->type](data, length, &a, &target);
	a.target = target;
	a.error = reason_of_status(status);
	q->done(&a, q->user_data);
	g_ptr_array_unref(a.texts);
	object_free(q);
}

/* Answers the query, or repeats it after a time-out, at most TRIES times. */
static void on_ares_answer(void *data, int status, int timeouts G_GNUC_UNUSED, unsigned char *reply,
			   int length)
{
	struct dns_pending *q = data;
	if (q->owner->closing || status == ARES_EDESTRUCTION || status == ARES_ECANCELLED)
		object_free(q);
	else if (status == ARES_ETIMEOUT && ++q->tries < TRIES)
		ares_query(q->owner->channel, q->name, ns_c_in, wire_types[q->type], on_ares_answer,
			   q);
	else
		answer_query(q, status, reply, length);
}

/* Starts a query, from the main loop, because one that fails at once would call back from inside
 * dns_query. */
static gboolean start_query(gpointer data)
{
	struct dns_pending *q = data;
	dns *d = q->owner;
	g_queue_remove(&d->starting, q);
	enter_ares(d);
	ares_query(d->channel, q->name, ns_c_in, wire_types[q->type], on_ares_answer, q);
	leave_ares(d);
	return G_SOURCE_REMOVE;
}

void dns_query(dns *d, const char *name, enum dns_type type, dns_func done, gpointer user_data)
{
	struct dns_pending *q = object_new(&dns_pending_shape);
	*q = (struct dns_pending){.owner = d,
				  .name = g_strdup(name),
				  .type = type,
				  .done = done,
				  .user_data = user_data};
	q->start = g_idle_add_full(G_PRIORITY_DEFAULT, start_query, q, NULL);
	g_queue_push_tail(&d->starting, q);
}
