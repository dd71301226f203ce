/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals: SIGINT, SIGTERM and SIGHUP as an event of the default main context, so that what has
 * been found out by then can still be told.
 *
 * They come by descriptor: g_unix_signal_add would start a thread, and labs are cloned from this
 * process, which must not leave a lock behind that another thread holds.  A signal that was ignored
 * from the start (nohup) stays ignored; who can't wait sends it again: after the first one all of
 * them end the process as usual.
 */
#ifndef TESTBED_CMD_SIGNALS_H
#define TESTBED_CMD_SIGNALS_H

#include <glib.h>

typedef struct signals signals;

/* `func` is called once, for the first signal.  NULL with an error when they can't be watched. */
signals *signals_watch(void (*func)(int number, gpointer user_data), gpointer user_data,
		       GError **error);
/* One for it: cancels the GCancellable that `user_data` is. */
void signals_cancel(int number, gpointer user_data);
/* From here on signals end the process as usual.  NULL is accepted. */
void signals_unwatch(signals *s);
/* The one that came; 0: none, also for NULL. */
int signals_seen(const signals *s);

#endif
