/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One timer that makes the packets of all media streams of a process.
 *
 * Wakes up on a grid of a few milliseconds, so that many streams share a wake-up.  Main loop only.
 */
#ifndef CLIENTS_MEDIA_CLOCK_H
#define CLIENTS_MEDIA_CLOCK_H

#include "common/media.h"

typedef struct media_clock media_clock;
typedef void (*media_send_func)(gpointer user_data, const guint8 *packet, gsize length);

/* Attached to the default context of the thread; does nothing until a stream is added. */
media_clock *media_clock_new(void);
void media_clock_free(media_clock *c);
/* From now on the stream's packets are made when due and given to `send`, which must not add or
 * remove streams.  Both are borrowed until media_clock_remove. */
void media_clock_add(media_clock *c, media_stream *stream, media_send_func send,
		     gpointer user_data);
void media_clock_remove(media_clock *c, const media_stream *stream); /* unknown: nothing happens */

#endif
