/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP of the A/V Edge: a listener, and streams that carry STUN and ChannelData frames.
 *
 * One thread, default main context; nothing blocks.  A stream lives until its `closed` callback
 * returns.  It is closed by the peer, by an error, by malformed frames, by a limit (below), or with
 * its listener.  At most AV_TCP_QUEUE_MAX bytes are queued for a slow reader: media that do not fit
 * are dropped, and a response that does not fit ends the stream.
 *
 * A stream without an allocation is ended after AV_TCP_STRANGER_MS, and makes room for others
 * before that (common/guests.h); the allocation itself bounds the life of the others.
 */
#ifndef EDGE_AV_TCP_H
#define EDGE_AV_TCP_H

#include <gio/gio.h>

#include "common/guests.h"
#include "edge/allocation.h"
#include "edge/readable.h"

#define AV_TCP_QUEUE_MAX (64 * 1024)
#define AV_TCP_STREAMS_MAX 4096
#define AV_TCP_STREAMS_OF_ADDRESS 1024
#define AV_TCP_STRANGER_MS 30000
#define AV_TCP_STUCK_MS 60000

typedef struct av_tcp av_tcp;
typedef struct av_stream av_stream;

struct av_tcp_handlers {
	/* One complete frame with its padding; borrowed for the call. */
	void (*frame)(av_stream *s, const guint8 *data, gsize length, gpointer user_data);
	void (*closed)(av_stream *s, gpointer user_data); /* the last call; `s` is freed after it */
	/* A connection was refused, or ended, for a limit. */
	guests_told told;
};

/* Listens on `local`.  `handlers` is copied; `read` must outlive the listener.  NULL with
 * G_IO_ERROR: the address cannot be bound. */
av_tcp *av_tcp_listen(const struct endpoint *local, const struct av_tcp_handlers *handlers,
		      readable *read, gpointer user_data, GError **error);
/* Closes the streams, with their callbacks, and the listener.  Accepts NULL. */
void av_tcp_free(av_tcp *l);

/* Whether the stream has an allocation; at first it has none. */
void av_stream_set_used(av_stream *s, bool used);
/* The stream's 5-tuple; borrowed. */
const struct turn_tuple *av_stream_tuple(const av_stream *s);
/* Sends or queues a frame.  `media`: it may be dropped when the queue is full; else the stream is
 * then ended.  Returns false when it was not sent. */
bool av_stream_send(av_stream *s, const guint8 *data, gsize length, bool media);

#endif
