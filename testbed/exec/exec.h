/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exec: everything that a lab asks of the kernel.
 *
 * An `exec` carries out the network operations of one lab.  exec.c is what all backends have in
 * common; the backend that labs use is linux (namespaces, netlink, nftables), tests have one that
 * only records (tests/support/fake_exec.h).
 *
 * How the linux backend works.  Each node is a network namespace, held by a descriptor and by
 * nothing else.  A socket belongs to the namespace in which it was opened, whoever uses it: so the
 * thread enters a namespace once, opens a netlink socket, and goes on from outside.  Requests are
 * queued and sent many at a time; the kernel acknowledges the last one only.  An operation may
 * therefore be refused when a later one is applied, and the error names the one that was refused.
 * Operations come in phases (namespaces and settings, bridges, veth pairs, the rest); only a new
 * phase waits for the queues of the one before.  Each kind of operation has a row of functions in
 * the file of its subject: apply and undo.
 *
 * Nothing is cleaned up: what is made lives in namespaces that only this process holds, and the
 * kernel removes it when the process ends, by kill -9 too.  Undo (exec_remove) is for live changes
 * of a lab.
 *
 * The caller must be a lab's supervisor, in a network namespace of its own, with CAP_SYS_ADMIN and
 * CAP_NET_ADMIN in its user namespace: then nothing of the machine can be reached by mistake.
 * Single-threaded; the calling thread is moved between network namespaces and moved back.
 * Depends on plan and base.
 */
#ifndef TESTBED_EXEC_EXEC_H
#define TESTBED_EXEC_EXEC_H

#include "testbed/plan/plan.h"

typedef struct exec exec;

/* Features of this host that decide how an operation is carried out (see exec_probe). */
struct exec_features {
	bool veth, bridge, nftables, nft_nat, tun, vxlan, wireguard, gre, ipip, netem, tbf;
	bool egress;	       /* nftables can forward what leaves by an interface */
	bool wireguard_device; /* of the kernel; `wireguard` needs the program wg as well */
	bool wireguard_go;     /* program found and /dev/net/tun can be opened */
	/* What contains a lab: ids that are nobody's or the user's own, a /proc of its own, a
	 * filter of system calls, Landlock. */
	bool own_ids, own_proc, call_filter, landlock;
	char *missing; /* first thing that is missing to build any lab at all, with its cure; NULL:
			  none */
};

/* Tries each feature for real inside a throw-away network namespace of the calling process (which
 * must own CAP_NET_ADMIN there).  Leaves nothing behind.  Blocks for some milliseconds. */
void exec_probe(struct exec_features *ret);
/* What the lab goes without, of the first three, in words; the caller frees.  NULL: nothing. */
char *exec_uncontained(const struct exec_features *features);

/* Keys by name, as op_tunnel.key_local asks: 32 bytes each.  Writes `private_key` and `public_key`.
 */
typedef gboolean (*exec_key_func)(const char *name, uint8_t private_key[32], uint8_t public_key[32],
				  gpointer user_data);

/* Nothing is made yet.  `features` are copied; `keys` is called with `user_data` while tunnels are
 * made.  NULL with TB_ERROR_UNSUPPORTED: no network namespaces. */
exec *exec_new_linux(const struct exec_features *features, exec_key_func keys, gpointer user_data,
		     GError **error);
/* For tests and benchmarks: in a lab, all of it ends with the process. */
void exec_free(exec *x);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(exec, exec_free)

/* Applies every network operation of the plan in order (OP_NETNS .. OP_NFT); the others are left to
 * the caller.  On failure the error names the operation, its node and the kernel's own words.
 * TB_ERROR_UNSUPPORTED when the kernel lacks something.  Blocks until the kernel acknowledged all.
 */
gboolean exec_run(exec *x, const plan *p, GError **error);
/* One operation on a lab that was built (live changes). */
gboolean exec_apply(exec *x, const struct op *op, GError **error);

/* Takes back what an operation made (live changes); what is gone already is no error.  A setting
 * gets the value back that it had before exec_apply changed it on a lab that was built.  A
 * namespace goes with all that is in it. */
gboolean exec_remove(exec *x, const struct op *op, GError **error);
/* While on, making what exists already is no error: for taking a change back after a failure. */
void exec_forgive(exec *x, bool on);

/* Network namespace of a node, borrowed; -1 when there is none. */
int exec_netns_fd(const exec *x, const char *node);
/* How the lab's VPN was made, for the results: "wireguard", "wireguard-go", "vxlan", ... or NULL
 * without tunnel. */
const char *exec_tunnel_backend(const exec *x);

/* Seeds the random numbers that decide which packets an impaired link loses, delays or
 * duplicates (not with netem): with the same seed, the same packets. For links impaired after
 * the call; without it the seed is random. */
void exec_seed(exec *x, guint64 seed);
/* How links are impaired: "netem", "testbed-link"; NULL when none is. */
const char *exec_impair_backend(const exec *x);

/* A process of exec's own: it carries a tunnel's packets, or those of impaired links. */
struct exec_daemon {
	GPid pid;
	const char *node; /* NULL: of no node */
	const char *name; /* "hub/wireguard-go wg-north" */
	const char *tun;  /* the interface whose packets it carries; NULL: several */
};
typedef void (*exec_daemon_func)(const struct exec_daemon *d, gpointer user_data);
/* Tells every one that runs.  What it is told is borrowed for the call. */
void exec_each_daemon(const exec *x, exec_daemon_func func, gpointer user_data);
/* The caller has reaped the process `pid`: its name when it was a daemon, which the caller frees;
 * else NULL. */
char *exec_daemon_ended(exec *x, GPid pid);
/* Packets that came to impaired links faster than their process could take them. */
guint64 exec_ring_drops(const exec *x);

/* Interfaces with this number or a higher one are exec's own (taps of impaired links) and no part
 * of the emulated network.  Neither exec_inspect nor a capture shows them. */
#define EXEC_HIDDEN_IFINDEX 1048576

/* A process in a node. */
struct exec_process {
	const char *node;
	char *const *argv;   /* argv[0] is a path, as the process sees it */
	const char *program; /* the same as the caller sees it; NULL: argv[0] */
	int control_fd;	     /* becomes descriptor 3 of the child, or -1 */
	int record_fd;	     /* becomes descriptor 4, or -1 */
	int keys_fd;	     /* becomes descriptor 5, and SSLKEYLOGFILE names it; 0 or less: none */
	int log_fd;	     /* becomes its standard output and error */
	const char *const
		*files; /* pairs: path seen by the process, path of the content; NULL-terminated.
			   Bind-mounted in a mount namespace of its own, in order */
	const char *directory; /* works there if it sees it; NULL: in / */
	bool keep_net_admin; /* keeps CAP_NET_ADMIN and CAP_NET_RAW (tunnel daemons, capture); else
				no capability at all */
};

/* Starts a process inside the node's network namespace and a private mount namespace, with no
 * capability (unless asked), confined (confine.h), and no descriptor but 0 to 5.  It is the first
 * process of a PID namespace.  The executable is opened before privileges are dropped.  Returns its
 * pid; -1 with `error` set. */
GPid exec_spawn(exec *x, const struct exec_process *process, GError **error);

#endif
