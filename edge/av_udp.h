/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One bound UDP socket, read in batches.
 *
 * One thread, default main context; nothing blocks.  A socket must not be freed from inside its own
 * `received` callback.
 */
#ifndef EDGE_AV_UDP_H
#define EDGE_AV_UDP_H

#include "edge/endpoint.h"
#include "edge/readable.h"

typedef struct av_udp av_udp;
typedef struct av_udp_batch av_udp_batch;

/* Buffers for one batch; may be shared by all sockets of a thread and must outlive them.  They are
 * read by way of `read`, which must outlive them too. */
av_udp_batch *av_udp_batch_new(readable *read);
void av_udp_batch_free(av_udp_batch *b);

/* `data` is borrowed for the call. */
typedef void (*av_udp_received)(av_udp *u, const struct endpoint *from, const guint8 *data,
				gsize length, gpointer user_data);

/* Bound to exactly `local`, so that what is sent leaves from there.  NULL: *ret_errno says why. */
av_udp *av_udp_new(const struct endpoint *local, av_udp_batch *batch, av_udp_received received,
		   gpointer user_data, int *ret_errno);
void av_udp_free(av_udp *u);
const struct endpoint *av_udp_local(const av_udp *u);

/* 0 or the errno of sendto: ENETUNREACH when this address has no route to `to`. */
int av_udp_send(av_udp *u, const struct endpoint *to, const guint8 *data, gsize length);

#endif
