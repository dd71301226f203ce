/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers as text, in programs that have threads. */
#ifndef COMMON_BASE_NUMBERS_H
#define COMMON_BASE_NUMBERS_H

/* For the first lines of main, before there are threads.  GLib makes what it reads numbers by when
 * it reads the first one; a thread that waits meanwhile for another to do so takes the errno of its
 * wait for that of the number, and then "1" is none (seen with GLib 2.74). */
void numbers_ready(void);

#endif
