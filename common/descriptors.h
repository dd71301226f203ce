/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many descriptors a program may still open.
 *
 * At the limit (RLIMIT_NOFILE) more fails than what the network asked for: GLib ends a program that
 * it can't give a descriptor for one of its loops or cancellables.  So what the network can cause
 * (connections, relays) stops before, and leaves a reserve.  The kernel gives the lowest free
 * number, so that the number of a new descriptor tells how many there are.
 */
#ifndef COMMON_DESCRIPTORS_H
#define COMMON_DESCRIPTORS_H

#include <stdbool.h>

#define DESCRIPTORS_RESERVED 64

/* Whether a descriptor that was just opened is one of the reserve, so that it should be closed
 * again. */
bool descriptor_is_reserved(int fd);
/* Whether the next one would be. */
bool descriptors_are_short(void);

#endif
