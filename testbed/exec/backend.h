/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to exec: what stands behind an `exec`.
 *
 * A backend may carry an operation out at once or put it in a queue; after `flush` everything asked
 * for has happened.  Errors say what the kernel said; exec.c adds operation, node and place.
 * `*failed` is set to the operation that was refused, which may be an earlier one than the one
 * being applied.
 */
#ifndef TESTBED_EXEC_BACKEND_H
#define TESTBED_EXEC_BACKEND_H

#include "testbed/exec/exec.h"

struct exec_backend {
	/* Before the first operation of a plan; may be NULL. */
	void (*begin)(exec *x, const plan *p);
	gboolean (*apply)(exec *x, const struct op *op, const struct op **failed, GError **error);
	gboolean (*flush)(exec *x, const struct op **failed, GError **error);
	gboolean (*remove)(exec *x, const struct op *op, GError **error);
	void (*forgive)(exec *x, bool on); /* may be NULL */
	/* Back to where the caller was; runs also after a failure; may be NULL. */
	void (*leave)(exec *x);
	int (*netns_fd)(const exec *x, const char *node);
	const char *(*tunnel_backend)(const exec *x);
	const char *(*impair_backend)(const exec *x);
	void (*seed)(exec *x, guint64 seed); /* may be NULL */
	/* All three may be NULL. */
	void (*each_daemon)(const exec *x, exec_daemon_func func, gpointer user_data);
	char *(*daemon_ended)(exec *x, GPid pid);
	guint64 (*ring_drops)(const exec *x);
	void (*free)(exec *x);
};

/* Backends have this as their first member. */
struct exec {
	const struct exec_backend *backend;
};

#endif
