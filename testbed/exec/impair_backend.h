/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to exec: what one way of impairing an interface must provide, and what all of them need.
 */
#ifndef TESTBED_EXEC_IMPAIR_BACKEND_H
#define TESTBED_EXEC_IMPAIR_BACKEND_H

#include "testbed/exec/netns.h"

struct impair_backend {
	const char *name;
	bool (*works)(const struct exec_features *f);
	gboolean (*set)(struct linux_backend *r, struct netns *s, const struct op *op,
			GError **error);
	gboolean (*clear)(struct linux_backend *r, struct netns *s, const struct op *op,
			  GError **error);
	/* After `clear`: the interface may be made anew.  NULL: nothing of it stands beside the
	 * interface. */
	gboolean (*forget)(struct linux_backend *r, struct netns *s, const struct op *op,
			   const struct op **failed, GError **error);
	void (*end)(struct linux_backend *r); /* the backend goes; NULL: nothing to do */
};

extern const struct impair_backend impair_netem, impair_link;

/* With errno; always FALSE. */
gboolean impair_fail_errno(GError **error, const char *what, const char *ifname);
/* Large segments would count as one packet, and packets without checksum are no use outside the
 * kernel: without checksum offload the kernel gives up segmentation offload too.  Inside the
 * namespace. */
gboolean impair_stop_offload(const char *ifname, GError **error);

#endif
