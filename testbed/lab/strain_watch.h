/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The watch over a lab's strain: compares the kernel's counters of all its processes with those of
 * the look before, and tells witnesses.
 *
 * Lives in the supervisor.  Looks every STRAIN_TICK_MS, or less often where a look takes long (a
 * lab of a thousand processes).  Depends on exec, process_set and model.
 */
#ifndef TESTBED_LAB_STRAIN_WATCH_H
#define TESTBED_LAB_STRAIN_WATCH_H

#include "testbed/lab/process_set.h"
#include "testbed/model/witness.h"

#define STRAIN_TICK_MS 200

typedef struct strain_watch strain_watch;

struct strain_watch_handlers {
	void (*witness)(const struct witness *w, gpointer user_data); /* borrowed */
	/* For what share of the time since the look before the most hindered process that serves
	 * others had no processor though it was ready: 0 to 1.  Told where it is worth telling. */
	void (*starved)(double share, gpointer user_data);
};

strain_watch *strain_watch_new(exec *x, const process_set *processes, GMainContext *context,
			       const struct strain_watch_handlers *handlers, gpointer user_data);

/* Looks now. */
void strain_watch_look(strain_watch *s);
/* A child has stopped, or goes on (SIGSTOP, SIGCONT). */
void strain_watch_stopped(strain_watch *s, GPid pid, bool stopped);

/* Is a wait of `waited_ms` within `tick_ms` a witness?  Short ones are how any machine shares its
 * processors out.  Pure. */
bool strain_is_witness(double waited_ms, double tick_ms);

#endif
