/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listening on a TCP address, with limits for the connections (guests.h).
 *
 * When the kernel can't give a connection (no descriptor or memory is left) the listener rests for
 * ACCEPTOR_REST_MS and tries again: it neither ends the program nor spins.
 *
 * Depends on GIO.  One thread, its default main context; nothing blocks.
 */
#ifndef COMMON_ACCEPTOR_H
#define COMMON_ACCEPTOR_H

#include "common/guests.h"

#define ACCEPTOR_REST_MS 100

typedef struct acceptor acceptor;

/* A connection.  The callee owns `fd`, which is non-blocking and close-on-exec.  It calls
 * acceptor_welcome before anything else, or closes `fd`. */
typedef void (*acceptor_func)(acceptor *a, int fd, const struct sockaddr_storage *peer,
			      gpointer user_data);

/* Listens.  NULL with G_IO_ERROR: why the address can't be bound.  acceptor_free closes the
 * listening socket only, and accepts NULL. */
acceptor *acceptor_new(const struct sockaddr_storage *address, socklen_t length,
		       const struct guest_limits *limits, acceptor_func accepted, guests_told told,
		       gpointer user_data, GError **error);
void acceptor_free(acceptor *a);

/* As guests_admit, of this listener's guests. */
guest *acceptor_welcome(acceptor *a, int fd, GSocket *socket, const struct sockaddr_storage *peer);
/* As guests_may_tell. */
bool acceptor_may_tell(acceptor *a, guint *ret_more);

#endif
