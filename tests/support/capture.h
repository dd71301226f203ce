/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packets of a pcapng file that the program wrote. */
#ifndef TESTS_SUPPORT_CAPTURE_H
#define TESTS_SUPPORT_CAPTURE_H

#include <glib.h>

/* An IP packet, its link header left out. */
typedef void (*capture_func)(const guint8 *packet, guint32 length, gpointer user_data);

/* Calls `each` for all packets of the file, in its order; `skip` is the length of the link header.
 * The test fails when the file is no such file. */
void capture_each(const char *path, guint skip, capture_func each, gpointer user_data);

#endif
