/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to exec: libnftables in a node's namespace. */
#ifndef TESTBED_EXEC_NFT_H
#define TESTBED_EXEC_NFT_H

#include "testbed/exec/netns.h"

#include <nftables/libnftables.h>

/* A context of libnftables in the namespace where the thread is; NULL with an error.  It waits for
 * the kernel by select(2), which knows descriptors below 1024 only and writes past its end for
 * others: so the context lives only briefly, on a number that was kept free.  No other descriptor
 * may be opened before nft_close. */
struct nft_ctx *nft_open(struct linux_backend *r, GError **error);
void nft_close(struct linux_backend *r, struct nft_ctx *nft); /* accepts NULL */

#endif
