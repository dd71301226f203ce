/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/evidence.h"

#include "testbed/model/address_names.h"
#include "testbed/lab/node_capture.h"
#include "testbed/lab/tls_keys.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

struct tap {
	evidence_file *owner;
	struct node_capture of;
	flows *flows;
};

struct evidence_file {
	int all; /* epoll: readable when any tap is */
	GPtrArray *taps;
	GMainContext *context;
	GSource *source; /* waits for `all`, or for the next round */
	pcapng_writer *file;
	struct tls_keys_reader keys;
	bool whole;	 /* packets are not cut, and none is left out */
	guint64 late_ns; /* packets are kept so long for the TLS keys that go before them */
	bool full;
	struct evidence_count count;
};

/* --- to the file ------------------------------------------------------------------------------ */

/* A full disk ends the evidence and not the lab; the file is valid up to there. */
static void write_out(evidence_file *e, guint64 until_ns)
{
	e->full = pcapng_writer_flush_until(e->file, until_ns) != 0 ||
		  pcapng_writer_bytes(e->file) >=
			  (e->whole ? EVIDENCE_WHOLE_MAX_BYTES : EVIDENCE_MAX_BYTES);
}

static void on_packet(const struct capture_packet *packet, gpointer user_data)
{
	struct tap *t = user_data;

	flows_note(t->flows, packet);
	if (t->owner->full) {
		t->owner->count.lost++;
		return;
	}
	node_capture_write(&t->of, packet);
	t->owner->count.packets++;
}

/* Reads what has come, and writes it up to a time (G_MAXUINT64: all); true when something had
 * come, or waits. */
static bool read_all(evidence_file *e, guint64 until_ns)
{
	guint64 before = e->count.packets + e->count.lost;

	ptr_array_foreach(struct tap, t, e->taps)
		capture_read(t->of.packets, on_packet, t);
	tls_keys_add_new(&e->keys, e->file);
	write_out(e, until_ns);
	return e->count.packets + e->count.lost > before || pcapng_writer_keeps_some(e->file);
}

/* --- rounds ----------------------------------------------------------------------------------- */

static void set_source(evidence_file *e, GSource *source, GSourceFunc func)
{
	if (e->source) {
		g_source_destroy(e->source);
		g_source_unref(e->source);
	}
	e->source = source;
	g_source_set_callback(source, func, e, NULL);
	g_source_attach(source, e->context);
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer user_data);

static gboolean on_round(gpointer user_data)
{
	evidence_file *e = user_data;

	if (read_all(e, (guint64)g_get_real_time() * 1000 - e->late_ns))
		return G_SOURCE_CONTINUE;
	set_source(e, g_unix_fd_source_new(e->all, G_IO_IN), G_SOURCE_FUNC(on_readable));
	return G_SOURCE_REMOVE;
}

/* A wake-up for every packet would cost more than everything else here. */
static gboolean on_readable(G_GNUC_UNUSED gint fd, G_GNUC_UNUSED GIOCondition condition,
			    gpointer user_data)
{
	evidence_file *e = user_data;

	set_source(e, g_timeout_source_new(EVIDENCE_ROUND_MS), on_round);
	return G_SOURCE_REMOVE;
}

/* --- public ----------------------------------------------------------------------------------- */

static void tap_free(gpointer data)
{
	struct tap *t = data;

	node_capture_clear(&t->of);
	object_free(t->flows);
	g_free(t);
}

static bool add_tap(evidence_file *e, const exec *x, const char *node, GError **error)
{
	int netns_fd = exec_netns_fd(x, node);
	capture *packets = e->whole ? capture_new(netns_fd, NULL, error) :
				      capture_new_evidence(netns_fd, error);
	struct epoll_event event = {.events = EPOLLIN};
	struct tap *t;

	if (!packets)
		return false;
	t = g_new0(struct tap, 1);
	t->owner = e;
	t->flows = flows_new();
	node_capture_init(&t->of, node, packets, e->file);
	g_ptr_array_add(e->taps, t);
	if (epoll_ctl(e->all, EPOLL_CTL_ADD, capture_fd(packets), &event) == 0)
		return true;
	return tb_error_set(error, TB_ERROR_FAILED, "watch the packets of '%s': %s", node,
			    g_strerror(errno));
}

evidence_file *evidence_new(const exec *x, const plan *p, const struct evidence_place *where,
			    GError **error)
{
	evidence_file *e = g_new0(evidence_file, 1);
	bool ok;

	e->file = pcapng_writer_new(where->fd);
	e->keys.fd = where->keys_fd;
	e->whole = where->whole;
	e->late_ns = where->at_once ? 0 : TLS_KEYS_LATE_NS;
	e->context = where->context;
	e->taps = g_ptr_array_new_with_free_func(tap_free);
	e->all = epoll_create1(EPOLL_CLOEXEC);
	ok = e->all >= 0;
	if (!ok)
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "watch for packets: %s",
			    g_strerror(errno));
	for (guint i = 0; ok && i < p->ops->len; i++) {
		const struct op *op = p->ops->pdata[i];

		if (op->kind == OP_NETNS && strcmp(op->node, PLAN_FABRIC) != 0)
			ok = add_tap(e, x, op->node, error);
	}
	if (!ok) {
		evidence_free(e);
		return NULL;
	}
	set_source(e, g_unix_fd_source_new(e->all, G_IO_IN), G_SOURCE_FUNC(on_readable));
	return e;
}

void evidence_free(evidence_file *e)
{
	if (!e)
		return;
	if (e->source) {
		g_source_destroy(e->source);
		g_source_unref(e->source);
	}
	g_ptr_array_unref(e->taps);
	object_free(e->file);
	if (e->all >= 0)
		close(e->all);
	g_free(e);
}

void evidence_name_addresses(evidence_file *e, const model *m)
{
	g_autoptr(GArray) names = address_names(m);

	pcapng_writer_names(e->file, &g_array_index(names, struct pcapng_name, 0), names->len);
}

struct evidence_count evidence_flush(evidence_file *e)
{
	if (!e)
		return (struct evidence_count){0};
	read_all(e, G_MAXUINT64);
	for (guint i = 0; i < e->taps->len; i++)
		e->count.lost += capture_dropped(((struct tap *)e->taps->pdata[i])->of.packets);
	return e->count;
}

const flows *evidence_flows(const evidence_file *e, const char *node)
{
	ptr_array_foreach(const struct tap, t, e->taps)
		if (strcmp(t->of.node, node) == 0)
			return t->flows;
	return NULL;
}
