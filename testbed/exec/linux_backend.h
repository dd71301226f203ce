/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to exec: the linux backend, and one row of functions for each kind of operation.
 *
 * Each file that carries out a kind of operation exports a row; linux.c has the table of them.
 */
#ifndef TESTBED_EXEC_LINUX_BACKEND_H
#define TESTBED_EXEC_LINUX_BACKEND_H

#include "testbed/exec/backend.h"

struct netns;
struct nl_msg;
struct tunnel_backend;
struct impair_backend;
struct impair_daemon;

/* Requests of one phase are in no order between nodes; a new phase waits for the one before.
 * Bridges must be there before their ports, links before anything is said about them. */
enum op_phase { PHASE_NAMESPACES, PHASE_BRIDGES, PHASE_CABLES, PHASE_NODES };

struct linux_backend {
	exec base;
	struct exec_features features; /* without `missing` */
	exec_key_func keys;
	gpointer keys_data;
	int home_fd;	/* the namespace the caller was in */
	int reserve_fd; /* keeps a low number free for libnftables, see nft_open */
	int nft_fd;	/* the number that libnftables' socket should have got, see nft_keep */
	struct netns *inside;	/* where the thread is now; NULL: in home_fd's */
	GHashTable *namespaces; /* node name -> struct netns */
	GPtrArray *order;	/* the same, in order of making */
	enum op_phase phase;	/* of the last operation */
	const plan *plan;	/* while it is being run */
	GPtrArray *raise;	/* struct op: veth pairs whose second half is still to be put up */
	GHashTable *daemons;	/* "NODE/IFNAME" -> struct wireguard_daemon */
	GPtrArray *unfinished; /* struct op: tunnels that need a last step when everything stands */
	const struct tunnel_backend *tunnel_backend; /* of the last tunnel; NULL: none */
	GHashTable *settings; /* "NODE KEY" -> value before a change of the lab that was built */
	bool forgiving;	      /* exec_forgive */
	guint64 seed;	      /* of impaired links' random numbers */
	/* impair.c */
	GPtrArray *impairs;		     /* struct op: to be done when everything stands */
	GHashTable *taps;		     /* "NODE/IFNAME" -> struct tap; NULL: none yet */
	unsigned n_taps;		     /* made so far */
	struct impair_daemon *impair_daemon; /* NULL: not needed yet */
	struct netns *far_side;		     /* where the taps end; NULL: not needed yet */
	const struct impair_backend *impair_backend; /* of the last impairment; NULL: none */
};

/* Carries out one operation, or takes it back.  Some only queue a request, so that an error may be
 * of an earlier operation: `failed` is set to it.  They block until the kernel has answered, and
 * may leave the calling thread in the node's namespace. */
typedef gboolean (*op_func)(struct linux_backend *r, const struct op *op, const struct op **failed,
			    GError **error);

struct op_row {
	enum op_phase phase;
	op_func apply;
	op_func undo; /* what is gone already is no error */
	/* In place of these two, where one request to the node's kernel does it: what is asked for
	 * (or with `add` false taken back), and the interface it belongs to (NULL: none), with
	 * which it goes. */
	struct nl_msg *(*request)(const struct op *op, unsigned ifindex, bool add);
	const char *(*device)(const struct op *op);
};

extern const struct op_row netns_row;		  /* netns.c */
extern const struct op_row sysctl_row;		  /* sysctl.c */
extern const struct op_row bridge_row, veth_row;  /* link.c */
extern const struct op_row addr_row, link_up_row; /* address.c */
extern const struct op_row route_row, rule_row;	  /* route.c */
extern const struct op_row tunnel_row;		  /* tunnel.c */
extern const struct op_row impair_row;		  /* impair.c */
extern const struct op_row nft_row;		  /* nft.c */

#endif
