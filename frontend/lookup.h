/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of servers, looked up as the system does. */
#ifndef FRONTEND_LOOKUP_H
#define FRONTEND_LOOKUP_H

#include <gio/gio.h>

typedef void (*looked_up_func)(const char *address, const GError *error, gpointer user_data);

/* Resolves a name to an address of the family of `own`, because we connect from that.  Calls `done`
 * later, once, with the address or an error. */
void fe_lookup(const char *own, GCancellable *cancel, const char *name, looked_up_func done,
	       gpointer user_data);

#endif
