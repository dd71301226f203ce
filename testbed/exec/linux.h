/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to exec: the linux backend and the functions that carry out one kind of operation each.
 */
#ifndef TESTBED_EXEC_LINUX_H
#define TESTBED_EXEC_LINUX_H

#include "testbed/exec/netlink.h"
#include "testbed/exec/backend.h"

#include <nftables/libnftables.h>

/* One node's network namespace. */
struct netns {
	char *node;
	int fd;
	nl_queue *queue;
	bool has_rules;	       /* a ruleset was loaded */
	int nft_socket;	       /* by which the last one was loaded, see nft_keep; -1: none */
	GHashTable *ifindexes; /* interface name -> number */
	GArray *unsettled;     /* unsigned: links that are up and may not yet carry packets */
};

struct tunnel_backend;
struct impair_backend;
struct impair_daemon;

struct linux_backend {
	exec base;
	struct exec_features features; /* without `missing` */
	exec_key_func keys;
	gpointer keys_data;
	int home_fd;	/* the namespace the caller was in */
	int reserve_fd; /* keeps a low number free for libnftables, see nft_open */
	int nft_fd;	/* the number that libnftables' socket should have got, see nft_keep */
	struct netns *inside;	/* where the thread is now; NULL: at home */
	GHashTable *namespaces; /* node name -> struct netns */
	GPtrArray *order;	/* the same, in order of making */
	int phase;		/* of the last operation: see linux.c */
	const plan *plan;	/* while it is being run */
	GPtrArray *
		raise; /* struct op: veth pairs whose second half is to be put up once they exist */
	GHashTable *daemons;   /* "NODE/IFNAME" -> struct wireguard_daemon */
	GPtrArray *unfinished; /* struct op: tunnels that need a last step when everything stands */
	const struct tunnel_backend *tunnel_backend; /* of the last tunnel; NULL: none */
	GHashTable
		*settings; /* "NODE KEY" -> value before it was changed on a lab that was built */
	bool forgiving;	   /* exec_forgive */
	guint64 seed;	   /* of what impaired links draw by lot */
	/* impair.c */
	GPtrArray *impairs;		     /* struct op: to be done when everything stands */
	GHashTable *taps;		     /* "NODE/IFNAME" -> struct tap; NULL: none yet */
	unsigned n_taps;		     /* made so far */
	struct impair_daemon *impair_daemon; /* NULL: not needed yet */
	struct netns *far_side;		     /* where the taps end; NULL: not needed yet */
	const struct impair_backend *impair_backend; /* of the last impairment; NULL: none */
};

/* NULL with an error when the plan names a node it did not make. */
struct netns *linux_netns(struct linux_backend *r, const char *node, GError **error);
/* Moves the thread into the namespace; does nothing when it is there. */
gboolean netns_enter(struct linux_backend *r, struct netns *s, GError **error);
unsigned netns_ifindex(const struct netns *s, const char *ifname, GError **error); /* 0: unknown */
/* Remembers a number; refuses names the kernel would cut. */
gboolean netns_name_interface(struct netns *s, const char *ifname, unsigned ifindex,
			      GError **error);

/* A context of libnftables in the namespace where the thread is; NULL with an error.  It waits for
 * the kernel by select(2), which knows descriptors below 1024 only and writes past its end for
 * others: so the context lives shortly, on a number that was kept free.  No other descriptor may be
 * opened before nft_close. */
struct nft_ctx *nft_open(struct linux_backend *r, GError **error);
void nft_close(struct linux_backend *r, struct nft_ctx *nft); /* accepts NULL */
/* Holds the context's socket open beyond nft_close, until the next time or the end of the
 * namespace.  The kernel lets the one who closes a socket by which rules were changed wait until no
 * processor uses the old ones any more, some ten milliseconds a ruleset; later that is long over.
 */
void nft_keep(struct linux_backend *r, struct netns *s);

typedef gboolean (*op_func)(struct linux_backend *r, const struct op *op, const struct op **failed,
			    GError **error);

/* One operation each, for the table of linux.c.  Some send later, in bulk: then `failed` says whose
 * mistake it was.  They block until the kernel has answered, and may leave the calling thread in
 * the node's namespace. */
gboolean do_netns(struct linux_backend *r, const struct op *op, const struct op **failed,
		  GError **error);
gboolean do_sysctl(struct linux_backend *r, const struct op *op, const struct op **failed,
		   GError **error);
gboolean do_bridge(struct linux_backend *r, const struct op *op, const struct op **failed,
		   GError **error);
gboolean do_veth(struct linux_backend *r, const struct op *op, const struct op **failed,
		 GError **error);
gboolean do_tunnel(struct linux_backend *r, const struct op *op, const struct op **failed,
		   GError **error);
gboolean do_addr(struct linux_backend *r, const struct op *op, const struct op **failed,
		 GError **error);
gboolean do_link_up(struct linux_backend *r, const struct op *op, const struct op **failed,
		    GError **error);
gboolean do_route(struct linux_backend *r, const struct op *op, const struct op **failed,
		  GError **error);
gboolean do_rule(struct linux_backend *r, const struct op *op, const struct op **failed,
		 GError **error);
gboolean do_nft(struct linux_backend *r, const struct op *op, const struct op **failed,
		GError **error);

gboolean do_impair(struct linux_backend *r, const struct op *op, const struct op **failed,
		   GError **error);

/* The way back of each; what is gone already is no mistake. */
gboolean undo_sysctl(struct linux_backend *r, const struct op *op, const struct op **failed,
		     GError **error);
gboolean undo_bridge(struct linux_backend *r, const struct op *op, const struct op **failed,
		     GError **error);
gboolean undo_veth(struct linux_backend *r, const struct op *op, const struct op **failed,
		   GError **error);
gboolean undo_tunnel(struct linux_backend *r, const struct op *op, const struct op **failed,
		     GError **error);
gboolean undo_addr(struct linux_backend *r, const struct op *op, const struct op **failed,
		   GError **error);
gboolean undo_link_up(struct linux_backend *r, const struct op *op, const struct op **failed,
		      GError **error);
gboolean undo_route(struct linux_backend *r, const struct op *op, const struct op **failed,
		    GError **error);
gboolean undo_rule(struct linux_backend *r, const struct op *op, const struct op **failed,
		   GError **error);
gboolean undo_impair(struct linux_backend *r, const struct op *op, const struct op **failed,
		     GError **error);
gboolean undo_nft(struct linux_backend *r, const struct op *op, const struct op **failed,
		  GError **error);
/* link.c: deletes an interface and forgets its number; nothing happens when there is none. */
gboolean remove_link(struct netns *s, const char *ifname, const struct op *op,
		     const struct op **failed, GError **error);

/* link.c: the link address of an interface of a node, by its number, so that others can be told of
 * it. */
#define LINK_MAC_BYTES 6
void link_mac(unsigned ifindex, guint8 ret[LINK_MAC_BYTES]);

/* neighbours.c: in a plan with many routes, queues for gateways and those who use them each other's
 * link addresses. */
gboolean neighbours_tell(struct linux_backend *r, const plan *p, const struct op **failed,
			 GError **error);

/* link.c: requests that make a link, also used by the probe. */
struct nl_msg *link_request(unsigned ifindex, bool up, const char *ifname);
struct nl_msg *link_bridge_request(const char *ifname, unsigned ifindex);
/* `netns`: of each half; -1: the socket's own.  `master`: bridge of the first half, 0: none.  The
 * second half is made down whatever it says: the kernel refuses to put it up before the pair is
 * complete. */
struct nl_msg *link_veth_request(const struct op_veth_end ends[2], const int netns[2],
				 unsigned master);
/* Puts up the second halves of r->raise, in their own namespaces' queues. */
gboolean links_raise(struct linux_backend *r, const struct op **failed, GError **error);
/* Blocks until every link that was put up with its other half passes packets (settle.c). */
gboolean links_settle(struct linux_backend *r, GError **error);
/* One of "vxlan", "gre", "ipip", "wireguard". */
struct nl_msg *link_tunnel_request(const char *kind, const struct op_tunnel *t,
				   unsigned default_mtu_bytes);

/* tunnel.c: programs behind tunnels start while the rest is built; last steps come when all stands.
 */
gboolean tunnels_start(struct linux_backend *r, const plan *p, const struct op **failed,
		       GError **error);
gboolean tunnels_finish(struct linux_backend *r, const struct op **failed, GError **error);
const char *tunnel_backend_name(const struct tunnel_backend *b);

/* impair.c: impairments are put on when all stands. */
void impairs_init(struct linux_backend *r);
void impairs_clear(struct linux_backend *r);
gboolean impairs_finish(struct linux_backend *r, const struct op **failed, GError **error);
const char *impair_backend_name(const struct impair_backend *b);

#endif
