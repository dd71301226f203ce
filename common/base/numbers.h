/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers as text, in programs that have threads. */
#ifndef COMMON_BASE_NUMBERS_H
#define COMMON_BASE_NUMBERS_H

/* To be called before a thread is started that reads numbers.  GLib makes what it reads numbers by
 * when it reads the first one; a thread that waits meanwhile for another to do so takes the errno
 * of its wait for that of the number, and then "1" is none (seen with GLib 2.74).  Not for main:
 * where memory is missing for it, GLib waits for itself. */
void numbers_ready(void);

#endif
