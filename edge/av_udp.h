/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bound UDP socket that is read in batches.
 *
 * One thread, default main context; nothing blocks.  A socket must not be freed inside its own
 * `received` callback.
 */
#ifndef EDGE_AV_UDP_H
#define EDGE_AV_UDP_H

#include "edge/endpoint.h"
#include "edge/readable.h"

typedef struct av_udp av_udp;
typedef struct av_udp_batch av_udp_batch;

/* The buffers of a batch.  All sockets of a thread can share them; they, and `read`, which waits
 * for the sockets, must outlive the sockets. */
av_udp_batch *av_udp_batch_new(readable *read);
void av_udp_batch_free(av_udp_batch *b);

/* Called for each datagram; `from` and `data` are borrowed for the call. */
typedef void (*av_udp_received)(av_udp *u, const struct endpoint *from, const guint8 *data,
				gsize length, gpointer user_data);

/* Binds a socket to `local`, from which it also sends.  Calls `received` from the main loop.  NULL
 * with *ret_errno: it cannot be bound. av_udp_free accepts NULL. */
av_udp *av_udp_new(const struct endpoint *local, av_udp_batch *batch, av_udp_received received,
		   gpointer user_data, int *ret_errno);
void av_udp_free(av_udp *u);
const struct endpoint *av_udp_local(const av_udp *u); /* where it is bound; borrowed */

/* Sends a datagram without waiting.  Returns 0 or the errno of sendto, for example ENETUNREACH
 * without a route. */
int av_udp_send(av_udp *u, const struct endpoint *to, const guint8 *data, gsize length);

#endif
