/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to exec: what a backend that impairs interfaces must provide, and what all of them
 * need. */
#ifndef TESTBED_EXEC_IMPAIR_BACKEND_H
#define TESTBED_EXEC_IMPAIR_BACKEND_H

#include "testbed/exec/impair_queue.h"
#include "testbed/exec/netns.h"
#include "testbed/netstate/netstate.h"

struct impair_backend {
	const char *name;
	bool (*works)(const struct exec_features *f);
	gboolean (*set)(struct linux_backend *r, struct netns *s, const struct op *op,
			GError **error);
	gboolean (*clear)(struct linux_backend *r, struct netns *s, const struct op *op,
			  GError **error);
	/* After `clear`: removes what was made beside the interface, which may be made again
	 * then. NULL: nothing was. */
	gboolean (*forget)(struct linux_backend *r, struct netns *s, const struct op *op,
			   const struct op **failed, GError **error);
	/* What it did to the packets of a link so far, in the node's namespace; false: it is not,
	 * and was not impaired. */
	bool (*counts)(struct linux_backend *r, const struct netns *s,
		       const struct kernel_link *link, struct impair_counts *ret);
	void (*end)(struct linux_backend *r); /* the backend goes; NULL: nothing to do */
};

extern const struct impair_backend impair_netem, impair_link;

/* With errno; always FALSE. */
gboolean impair_fail_errno(GError **error, const char *what, const char *ifname);
/* Switches checksum offload off, and with it segmentation offload: a large segment would count
 * as one packet, and a packet without checksum is useless outside of the kernel. The thread must
 * be in the namespace. */
gboolean impair_stop_offload(const char *ifname, GError **error);

#endif
