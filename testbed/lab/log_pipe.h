/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log_pipe: what a program prints, on its way to a file of the run folder.
 *
 * Programs of other make open /dev/stdout and /dev/stderr by name.  The file is not theirs, so they
 * may not; a pipe of the lab's own they may.  Depends on GLib.
 */
#ifndef TESTBED_LAB_LOG_PIPE_H
#define TESTBED_LAB_LOG_PIPE_H

#include <glib.h>

typedef struct log_pipe log_pipe;

/* Copies what is written into `ret_write` to `file` (taken over); the caller closes `ret_write`
 * when the program has it.  NULL: see errno. */
log_pipe *log_pipe_new(int file, GMainContext *context, int *ret_write);
/* Copies what is left in it first. */
void log_pipe_free(log_pipe *l);

#endif
