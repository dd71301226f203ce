/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Serve trial: the process that tries fixes on copies of a lab for its live page.
 *
 * A copy is a lab of its own, which the page's server may not build: it gives up its rights before
 * anybody can reach it.  So a process of the same program is started before that, which does
 * nothing but this, and is told what to try over a socket: one line of JSON, answered by one
 * (struct shown_call_trial).  It ends, and its labs with it, when the server has ended.
 *
 * Depends on cmd and explain.
 */
#ifndef TESTBED_CMD_SERVE_TRIAL_H
#define TESTBED_CMD_SERVE_TRIAL_H

/* Starts it for the lab of that name, which must stay valid, and returns the server's end of the
 * socket, which the caller closes.  Before anything uses a main context.  -1: an error was printed.
 */
int cmd_serve_trial_start(const char *name);

#endif
