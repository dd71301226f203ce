/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP for the A/V Edge: a listener, and streams that carry STUN and ChannelData frames.
 *
 * One thread, default main context; nothing blocks.  A stream lives until its `closed` callback
 * returns; it is closed by the peer, by an error, by bytes that are no frames, or with its
 * listener. A slow reader costs at most AV_TCP_QUEUE_MAX bytes: media that do not fit are dropped,
 * and when even an answer does not fit the stream ends.
 */
#ifndef EDGE_AV_TCP_H
#define EDGE_AV_TCP_H

#include <gio/gio.h>

#include "edge/readable.h"
#include "edge/allocation.h"

#define AV_TCP_QUEUE_MAX (64 * 1024)
#define AV_TCP_STREAMS_MAX 4096

typedef struct av_tcp av_tcp;
typedef struct av_stream av_stream;

struct av_tcp_handlers {
	/* One whole frame, padding included; borrowed for the call. */
	void (*frame)(av_stream *s, const guint8 *data, gsize length, gpointer user_data);
	void (*closed)(av_stream *s, gpointer user_data);
};

/* NULL with a G_IO_ERROR: not bound.  `read` must outlive it. */
av_tcp *av_tcp_listen(const struct endpoint *local, const struct av_tcp_handlers *handlers,
		      readable *read, gpointer user_data, GError **error);
/* Closes its streams too, with their callbacks. */
void av_tcp_free(av_tcp *l);

const struct turn_tuple *av_stream_tuple(const av_stream *s);
/* Sends or queues; false: dropped (a slow reader, or the stream is ending). */
bool av_stream_send(av_stream *s, const guint8 *data, gsize length, bool media);

#endif
