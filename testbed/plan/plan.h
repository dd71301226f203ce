/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan: a model turned into an ordered list of typed operations.  Pure: same model, same bytes.
 *
 * An `op` is one operation in the namespaces of one node.  exec carries out network operations
 * (OP_NETNS to OP_NFT); lab carries out OP_FILE, OP_DAEMON and OP_AGENT, because it knows
 * processes, keys and certificates. Depends on model and base.  Never touches the system.
 *
 * Order: every OP_NETNS first; links (both halves made inside their namespaces, so no order between
 * nodes matters); then node by node addresses, up, routes, rules, nft; then tunnels' addresses and
 * routes; then impairments; then files, daemons, agents.  A bridge is up as soon as it is made, the
 * half of a veth pair when it says so; OP_LINK_UP is for loopback and tunnels.  Interface numbers
 * (ifindex) are unique over the whole lab: equal numbers at both ends of a veth pair make the
 * kernel delay carrier by up to a second.
 *
 * Networks with exactly two interfaces become one veth pair between the two nodes.  All others
 * become a bridge in the namespace PLAN_FABRIC, with one veth pair a member.
 */
#ifndef TESTBED_PLAN_PLAN_H
#define TESTBED_PLAN_PLAN_H

#include "testbed/model/model.h"

/* The namespace that holds the bridges; no node can have this name. */
#define PLAN_FABRIC "@fabric"
/* The number of a lab's first interface.  Lower ones are left to what the kernel makes itself. */
#define PLAN_FIRST_IFINDEX 100

#define OP_KINDS(X)           \
	X(NETNS, "netns")     \
	X(SYSCTL, "sysctl")   \
	X(BRIDGE, "bridge")   \
	X(VETH, "veth")       \
	X(TUNNEL, "tunnel")   \
	X(ADDR, "addr")       \
	X(LINK_UP, "link-up") \
	X(ROUTE, "route")     \
	X(RULE, "rule")       \
	X(IMPAIR, "impair")   \
	X(NFT, "nft")         \
	X(FILE, "file")       \
	X(DAEMON, "daemon")   \
	X(AGENT, "agent")

enum op_kind {
#define X(id, name) OP_##id,
	OP_KINDS(X)
#undef X
		OP_KIND_COUNT
};

/* One half of a veth pair. */
struct op_veth_end {
	char *node;
	char *ifname;
	unsigned ifindex;
	unsigned hardware;  /* what its hardware address is made of; 0: its number */
	unsigned mtu_bytes; /* 0: the kernel's default */
	char *bridge;	    /* name of the bridge in `node` it is a port of, or NULL */
	bool up;	    /* set up as soon as it is made */
};

struct op_route {
	struct prefix to;
	struct addr via; /* gateway; unset: on-link through dev */
	char *dev;	 /* interface; NULL: the kernel takes it from via, or type needs none */
	struct addr src; /* preferred source, or unset */
	bool onlink;	 /* via is a neighbour on dev, whatever subnets say */
	unsigned metric; /* 0: the kernel's default */
	unsigned table;	 /* ROUTE_TABLE_MAIN: main */
	enum route_type type; /* not unicast: no via, no dev */
};

/* A rule of policy routing, by source address and the interface that the packet came in by. */
struct op_rule {
	unsigned pref; /* the kernel tries lower ones first */
	struct prefix from;
	char *in;	  /* NULL: any */
	unsigned table;	  /* where to look the destination up; 0 with unreachable */
	bool unreachable; /* such packets are refused instead of looked up */
};

struct op_tunnel {
	char *tunnel;	       /* name in the topology */
	enum tunnel_kind kind; /* asked for; exec may fall back (wireguard -> wireguard-go -> vxlan)
				  and says so */
	char *ifname;
	unsigned ifindex;
	unsigned mtu_bytes;	      /* 0: the kind's default */
	struct addr local, remote;    /* outer addresses of the packets that carry the tunnel's */
	uint16_t port;		      /* UDP, of both ends; 0: the kind has none */
	unsigned vni;		      /* VXLAN's network number and GRE's key */
	char *key_local, *key_remote; /* names under which exec asks for the keys: "TUNNEL/NODE" */
	GArray *allowed;	      /* struct prefix: sent to and accepted from the other end */
};

/* What runs in a node.  `role` names a row of lab's process table: "dnsmasq", "tb-frontend",
 * "tb-edge", "coturn", "nginx", "tb-client", "command".  For OP_DAEMON argv is complete; for
 * OP_AGENT lab adds the control channel and sends the configuration. */
struct op_process {
	char *name; /* unique in the lab: the node's name for an endpoint, "NODE/ROLE" otherwise */
	char *role;
	char **argv; /* NULL-terminated */
};

struct op {
	enum op_kind kind;
	char *node;	/* where; for OP_VETH the first end's node */
	struct loc loc; /* the line of the topology that asked for it; file NULL: none */
	union {
		struct {
			char *key, *value;
		} sysctl;
		struct {
			char *ifname;
			unsigned ifindex;
		} bridge;
		struct op_veth_end veth[2];
		struct op_tunnel tunnel;
		struct {
			char *ifname;
			struct prefix address;
			struct addr peer; /* the line's other end; unset: there is a subnet */
		} addr;
		struct {
			char *ifname;
		} link_up;
		struct op_route route;
		struct op_rule rule;
		struct {
			char *ifname;
			struct impairment what; /* replaces the old one; all zero removes it */
		} impair;
		struct {
			char *text; /* a whole ruleset: one statement a line; every rule counts,
				       and has its name as comment */
		} nft;
		struct {
			char *path,
				*text; /* private to the node: bind-mounted into what runs there */
		} file;
		struct op_process process;
	};
};

typedef struct plan {
	GPtrArray *ops; /* struct op, in order */
} plan;

/* Builds the plan of a model (the model of a scenario: see model_instantiate).  Cannot fail: a
 * model that was checked can be built.  Owned by the caller; borrows nothing from the model. */
plan *plan_build(const model *m);
void plan_free(plan *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(plan, plan_free)

/* The word for a kind, as in OP_KINDS: "netns", "route", ... */
const char *op_kind_name(enum op_kind kind);
/* One line that says what the op does and where ("route edge 10.0.1.0/24 via 172.25.33.1 dev int"),
 * without the body of rulesets and files.  Appends to `out`. */
void op_describe(const struct op *op, GString *out);

/* The kernel's device type for a tunnel whose outer addresses are of `family` (AF_INET, AF_INET6):
 * "ipip", "ip6tnl", ... */
const char *op_tunnel_device(enum tunnel_kind kind, int family);
/* Largest packet that the tunnel carries; 0: the kernel decides.  A VXLAN in WireGuard's place
 * keeps WireGuard's figure, so that sizes stay true. */
unsigned op_tunnel_mtu_bytes(const struct op_tunnel *t);

enum plan_format { PLAN_TEXT, PLAN_JSON, PLAN_SH };
/* Reads "text", "json" or "sh" into `ret`.  Returns false, and leaves `ret`, for anything else. */
bool plan_format_parse(const char *name, enum plan_format *ret);

/* The plan for people (text: one op a line), for programs (json), or as a POSIX shell script of ip
 * and nft commands that builds the same network in named namespaces PREFIX-NODE and removes it with
 * the argument "down" (sh).  Appends to `out`. */
void plan_print(const plan *p, enum plan_format format, GString *out);

#endif
