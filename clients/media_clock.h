/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One timer that sends the packets of all media streams of a process.
 *
 * It wakes up on a grid of a few milliseconds, so that many streams share a wake-up.  Main loop
 * only.
 */
#ifndef CLIENTS_MEDIA_CLOCK_H
#define CLIENTS_MEDIA_CLOCK_H

#include "common/media.h"

typedef struct media_clock media_clock;
/* Sends one packet, which is borrowed. */
typedef void (*media_send_func)(gpointer user_data, const guint8 *packet, gsize length);

/* Attaches the timer to the thread's default context.  media_clock_free accepts NULL. */
media_clock *media_clock_new(void);
void media_clock_free(media_clock *c);
/* Passes the stream's packets to `send` when they are due.  `send` must not add or remove streams.
 * The stream is borrowed until media_clock_remove. */
void media_clock_add(media_clock *c, media_stream *stream, media_send_func send,
		     gpointer user_data);
/* Does nothing when the stream is unknown. */
void media_clock_remove(media_clock *c, const media_stream *stream);

#endif
