/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random numbers of the kernel (getrandom(2)): for whatever others must not be able to guess, such
 * as tags, branches, nonce keys, tokens and ICE passwords.
 *
 * GLib's generator must not be used for these: who has seen 624 of its numbers knows all that
 * follow.  scripts/check-random holds that it is not used at all in the programs of a lab.
 */
#ifndef COMMON_RANDOM_H
#define COMMON_RANDOM_H

#include <glib.h>

/* Fills `length` bytes.  Blocks only until the kernel's generator is initialised, once after the
 * machine's start. */
void random_bytes(void *bytes, gsize length);
guint32 random_word(void);
/* A number below `limit`, which is at least 1; each equally probable to one part in 2^32. */
guint32 random_below(guint32 limit);
/* `bytes` random bytes (at most 64) as hexadecimal digits; the caller frees. */
char *random_hex(gsize bytes);
/* A UUID, version 4 (RFC 9562 section 5.4); the caller frees. */
char *random_uuid(void);

#endif
