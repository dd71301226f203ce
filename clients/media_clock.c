/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/media_clock.h"

/* All packet intervals are multiples of this, so that the grid adds no jitter. */
#define GRID_US 10000

struct clock_entry {
	media_stream *stream;
	media_send_func send;
	gpointer user_data;
};

struct media_clock {
	GSource *source;
	GArray *entries;
};

struct clock_source {
	GSource base;
	media_clock *owner;
};

/* Sends all packets of a stream that are due; returns when the next one is. */
static gint64 send_due(const struct clock_entry *e, gint64 now_us)
{
	_Alignas(8) guint8 packet[MEDIA_PACKET_MAX];
	gint64 next_us = G_MAXINT64;
	gsize length;
	while ((length = media_stream_next(e->stream, now_us, packet, &next_us)) > 0)
		e->send(e->user_data, packet, length);
	return next_us;
}

static gboolean dispatch_clock(GSource *source, GSourceFunc callback G_GNUC_UNUSED,
			       gpointer data G_GNUC_UNUSED)
{
	const media_clock *c = ((struct clock_source *)source)->owner;
	gint64 now_us = g_source_get_time(source), next_us = G_MAXINT64;
	for (guint i = 0; i < c->entries->len; i++)
		next_us = MIN(next_us,
			      send_due(&g_array_index(c->entries, struct clock_entry, i), now_us));
	g_source_set_ready_time(
		source, next_us == G_MAXINT64 ? -1 : (next_us + GRID_US - 1) / GRID_US * GRID_US);
	return G_SOURCE_CONTINUE;
}

media_clock *media_clock_new(void)
{
	static GSourceFuncs functions = {.dispatch = dispatch_clock};
	media_clock *c = g_new0(media_clock, 1);
	c->entries = g_array_new(FALSE, FALSE, sizeof(struct clock_entry));
	c->source = g_source_new(&functions, sizeof(struct clock_source));
	((struct clock_source *)c->source)->owner = c;
	g_source_set_priority(c->source, G_PRIORITY_HIGH);
	g_source_attach(c->source, g_main_context_get_thread_default());
	return c;
}

void media_clock_free(media_clock *c)
{
	if (!c)
		return;
	g_source_destroy(c->source);
	g_source_unref(c->source);
	g_array_unref(c->entries);
	g_free(c);
}

void media_clock_add(media_clock *c, media_stream *stream, media_send_func send, gpointer user_data)
{
	struct clock_entry e = {.stream = stream, .send = send, .user_data = user_data};
	g_array_append_val(c->entries, e);
	g_source_set_ready_time(c->source, 0);
}

void media_clock_remove(media_clock *c, const media_stream *stream)
{
	for (guint i = 0; i < c->entries->len; i++) {
		if (g_array_index(c->entries, struct clock_entry, i).stream != stream)
			continue;
		g_array_remove_index_fast(c->entries, i);
		return;
	}
}
