/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers as text, in programs that have threads. */
#ifndef COMMON_BASE_NUMBERS_H
#define COMMON_BASE_NUMBERS_H

/* To be called before a thread is started that reads numbers.  GLib makes a locale of its own when
 * a process reads its first number.  A thread that waits for another one to do so takes the errno
 * of that wait for an error of its number: it refuses "1" (seen with GLib 2.74).  Not for main:
 * without memory for that locale GLib blocks for ever. */
void numbers_ready(void);

#endif
