/* SPDX-License-Identifier: GPL-2.0-or-later */
/* signals: SIGINT, SIGTERM and SIGHUP as events of the default main context, so that partial
 * results can be written.
 *
 * They are read from a descriptor: g_unix_signal_add would start a thread, and labs are cloned from
 * this process, where a clone could inherit a lock that the thread holds.  A signal that was
 * ignored from the start (nohup) stays ignored.  After the first signal all of them end the process
 * as usual, so a user who can't wait sends a second one.
 */
#ifndef TESTBED_CMD_SIGNALS_H
#define TESTBED_CMD_SIGNALS_H

#include <glib.h>

typedef struct signals signals;

/* From here on `func` is called once, for the first signal.  NULL with `error`.  End with
 * signals_unwatch. */
signals *signals_watch(void (*func)(int number, gpointer user_data), gpointer user_data,
		       GError **error);
/* A `func` that cancels the GCancellable `user_data`. */
void signals_cancel(int number, gpointer user_data);
/* From here on signals end the process as usual.  NULL is accepted. */
void signals_unwatch(signals *s);
/* The number of the signal that came; 0: none, also for NULL. */
int signals_seen(const signals *s);

#endif
