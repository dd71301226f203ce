/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model: what a topology file says, as typed data, with the place of every value.
 *
 * Nouns: a `model` is one company's network.  A `scenario` is a list of `change`s on it plus
 * `expect`ations.  `model_instantiate` gives the changed network, again a plain model, so nothing
 * below this layer knows that scenarios exist.
 * Depends on base only (and libyaml inside load.c).  Pure apart from reading the file.
 *
 *   g_autoptr(diags) d = diags_new();
 *   g_autoptr(model) base = model_load("topologies/lync.yaml", d);      NULL: findings are in d
 *   const struct scenario *sc = model_scenario(base, "missing-route");
 *   g_autoptr(model) m = model_instantiate(base, sc, d);                the network of that
 * scenario
 *
 * Ownership: everything below a model is owned by it and freed by model_free.  Names (char *) that
 * refer to another object (network, node, interface) have been resolved by the checker: the pointer
 * beside them is never NULL in a model that loaded without errors, unless its comment says so.
 */
#ifndef TESTBED_MODEL_MODEL_H
#define TESTBED_MODEL_MODEL_H

#include "common/base/each.h"
#include "testbed/base/addr.h"
#include "testbed/base/diag.h"

#include <net/if.h>

struct site {
	char *name;
	char *title;
	char *media_edge; /* the node whose Edge serves this site's users for media; NULL: the first
			     node that has an Edge */
	struct loc loc;
};

enum jitter_shape { JITTER_UNIFORM, JITTER_NORMAL }; /* distribution of the delay */
enum queue_unit { QUEUE_MS, QUEUE_PACKETS, QUEUE_BYTES };

/* What happens to packets that leave by an interface.  0 means none of it; docs/FORMATS.md, section
 * "Impairment", says what each does. */
struct impairment {
	unsigned delay_us, jitter_us;
	enum jitter_shape shape;
	double loss_pct;
	unsigned burst_packets; /* mean length of a run of lost packets; 0: each packet is lost
				   independently */
	double reorder_pct, duplicate_pct;
	unsigned rate_kbit; /* 1000 bit/s */
	unsigned queue; /* what may wait for the rate, in `queue_unit`; 0: IMPAIRMENT_QUEUE_MS */
	enum queue_unit queue_unit;
};

#define IMPAIRMENT_QUEUE_MS 100

struct network {
	char *name;
	char *site; /* NULL: belongs to no site (the Internet) */
	char *title;
	struct prefix subnet;
	bool has_no_subnet;    /* `subnet` is unset on purpose: interfaces have host addresses */
	struct prefix subnet6; /* the IPv6 prefix on the same wire; unset: none */
	bool reusable;	       /* private behind a NAT: its subnet may appear elsewhere too */
	struct impairment
		*impair; /* of every interface on it that has none of its own; NULL: none */
	struct loc loc;
};

struct iface {
	char *name; /* at most IFNAMSIZ-1 characters, as seen inside the node */
	char *network_name;
	const struct network *network;
	GArray *addresses; /* struct prefix; the first is the primary one */
	struct addr peer;  /* the other end of a line without a subnet: of the first host address of
			      its family; unset: none */
	bool up;	   /* false: administratively down (change link-down) */
	unsigned mtu_bytes;	   /* largest IP packet it sends and takes; 0: the default, 1500 */
	struct impairment *impair; /* of what leaves by it; NULL: the network's */
	struct loc loc;
};

/* What a route does with packets.  ROUTE_UNICAST sends them on; the others throw them away and
 * answer host unreachable, nothing, or administratively prohibited. */
enum route_type {
	ROUTE_UNICAST,
	ROUTE_UNREACHABLE,
	ROUTE_BLACKHOLE,
	ROUTE_PROHIBIT,
	ROUTE_TYPE_COUNT
};

#define ROUTE_TABLE_MAIN 254u
#define ROUTE_TABLE_STRONG 100u /* of a strong host's first interface; the next has the next */
/* The metric that the kernel gives an IPv6 route without one. */
#define ROUTE_METRIC_IPV6 1024u

struct route {
	enum route_type type;
	struct prefix to;
	struct addr via; /* unset when `dev` alone says where, or nothing is sent on */
	char *dev;   /* interface or tunnel interface name, or NULL: decided by `via` or `type` */
	bool onlink; /* `via` is a neighbour on `dev`, whatever subnets say */
	unsigned metric; /* of several to one destination the lowest wins; 0: the kernel's own */
	unsigned table;	 /* that it is in; ROUTE_TABLE_MAIN unless a policy rule names another */
	bool persistent; /* survives a restart of the node; routes of the base file default to true
			  */
	struct loc loc;
};

/* Packets from these addresses are looked up in a table of their own before the main one. */
struct policy_rule {
	struct prefix from;
	char *in_iface; /* that they came in by; NULL: any, the node's own packets too */
	unsigned table;
	struct loc loc;
};

/* Packets to the node, through it, and from it. */
enum fw_chain { FW_INPUT, FW_FORWARD, FW_OUTPUT, FW_CHAIN_COUNT };
enum fw_action { FW_ACCEPT, FW_DROP, FW_REJECT }; /* FW_REJECT: drops and tells the sender */
enum ip_proto { PROTO_ANY, PROTO_TCP, PROTO_UDP, PROTO_ICMP };
/* What a rule asks of a TCP connection's first payload. */
enum fw_inspect { INSPECT_NONE, INSPECT_TLS };

struct port_range {
	uint16_t first, last; /* host order, inclusive */
};

struct fw_rule {
	char *name; /* unique on its node; becomes the nft comment next to the counter */
	enum fw_chain chain;
	enum fw_action action;
	char *in_iface, *out_iface; /* NULL: any */
	GArray *src, *dst;	    /* struct prefix; empty: any */
	enum ip_proto proto;
	GArray *sports, *dports; /* struct port_range; empty: any */
	/* INSPECT_TLS: a connection that the rule accepts goes on only when its first payload
	 * begins as a TLS record.  Of accept rules for TCP only. */
	enum fw_inspect inspect;
	struct loc loc;
};

/* Behind a rule's name: the counter of the connections that it reset, as they were no TLS. */
#define INSPECTION_COUNTER "-no-tls"

struct firewall {
	enum fw_action policy[FW_CHAIN_COUNT]; /* FW_ACCEPT or FW_DROP; default FW_ACCEPT */
	bool stateful;	  /* replies of what was allowed are allowed (default true) */
	GPtrArray *rules; /* struct fw_rule, first match wins */
};

/* NAT_MASQUERADE: many inside behind the outside interface's address.  NAT_FORWARD: some ports of
 * an outside address lead to one inside.  NAT_STATIC: 1:1.  A later kind goes before the others. */
enum nat_kind { NAT_MASQUERADE, NAT_FORWARD, NAT_STATIC };
/* RFC 4787 sections 4.1 and 5: what of the peer a mapping (a filter) depends on. */
enum nat_behaviour {
	NAT_ENDPOINT_INDEPENDENT,
	NAT_ADDRESS_DEPENDENT,
	NAT_ADDRESS_AND_PORT_DEPENDENT
};

/* NATs that people meet, by name; docs/FORMATS.md says what each stands for.  NAT_CUSTOM: none
 * named, the defaults. */
enum nat_preset {
	NAT_CUSTOM,
	NAT_HOME_ROUTER,
	NAT_FULL_CONE,
	NAT_CARRIER_GRADE,
	NAT_SYMMETRIC_CORPORATE,
	NAT_HOTEL,
	NAT_PRESET_COUNT
};

struct nat_rule {
	char *name;
	enum nat_kind kind;
	enum nat_preset
		preset;	 /* what the behaviour started from; single keys have overridden it */
	char *out_iface; /* the outside interface */
	GArray *src;	 /* struct prefix; empty: every source leaving by out_iface */
	enum nat_behaviour mapping, filtering;
	bool hairpin;		     /* insiders reach each other by their outside addresses */
	bool preserve_port;	     /* the outside port is the inside one where that is free */
	unsigned udp_timeout_ms;     /* 0: the kernel's default */
	struct addr inside, outside; /* NAT_STATIC: 1:1; NAT_FORWARD: its ports only */
	enum ip_proto proto;	     /* this and the next two NAT_FORWARD only; TCP or UDP */
	GArray *ports;		     /* struct port_range: of the outside address */
	uint16_t to_port;	     /* the inside port of the only one; 0: the same as outside */
	struct loc loc;
};

struct dns_record {
	char *name;    /* fully qualified, without the last dot */
	struct addr a; /* set for A/AAAA records */
	char *target;  /* set for SRV records */
	uint16_t port, priority, weight;
	struct loc loc;
};

struct nrpt_rule {
	char *namespace; /* ".contoso.com" matches the suffix, "sip.contoso.com" the name (as
			    Windows does) */
	GArray *servers; /* struct addr; empty: the name must not resolve */
	struct loc loc;
};

enum service_kind {
	SERVICE_DNS,
	SERVICE_FRONTEND,
	SERVICE_EDGE,
	SERVICE_REVERSE_PROXY,
	SERVICE_KIND_COUNT
};

struct dns_service {
	GPtrArray *records;  /* struct dns_record */
	GPtrArray *zones;    /* char *: answered from records only, NXDOMAIN otherwise */
	struct addr forward; /* other names go there; unset: refused */
};

#define WEB_NAME_INTERNAL "lyncdiscoverinternal." /* and the domain: what clients ask for first */
#define WEB_NAME_EXTERNAL "lyncdiscover."

/* The Front End's web sites, where clients ask for their server (autodiscover).  The site decides
 * what the answer says: the internal one names the Front End, the external one the Access Edge. */
struct web_sites {
	bool exist;
	/* host names; NULL in no model that loaded and has them */
	char *internal, *external;
	uint16_t internal_port, external_port;
};

struct frontend_service {
	char *fqdn;
	char *domain; /* whose users it serves; NULL in no model that loaded (default: the file's)
		       */
	bool media_relay;	       /* tells its users of their Edge's relays (default true) */
	struct addr address, address6; /* where it listens; the latter: the node's IPv6 address
					  beside IPv4, unset: none */
	struct web_sites web;
};

/* The services that an Edge consists of, each of which can be down by itself: SIP, relay
 * credentials, relays. */
enum edge_part { EDGE_ACCESS, EDGE_MRAS, EDGE_AV, EDGE_PART_COUNT };
#define EDGE_ALL_PARTS ((1u << EDGE_PART_COUNT) - 1)

/* Which relay a client gets that asks for no family: an IPv4 one (RFC 8656), or one of the family
 * of the Edge's address that it asked. */
enum relay_family { RELAY_FAMILY_IPV4, RELAY_FAMILY_SAME };

/* What the credentials of MRAS are signed with: the secret that the relays check them with, or
 * another one, so that the relays refuse them. */
enum mras_secret { MRAS_SECRET_SHARED, MRAS_SECRET_OWN };

struct edge_service {
	char *fqdn;	   /* internal name, on the internal interface */
	char *access_fqdn; /* public name of the Access Edge */
	char *av_fqdn;	   /* public name of the A/V Edge */
	char *internal_iface, *external_iface;
	struct addr internal, internal6; /* addresses on the internal interface: its first, and its
					    first IPv6 beside it (unset: none) */
	struct addr access, av,
		av_tcp; /* on the external interface; av_tcp relays allocations born over TCP */
	struct addr access_public, av_public,
		av_tcp_public; /* as seen outside a 1:1 NAT; equal to the above without NAT */
	struct addr access6, av6, av_tcp6; /* the IPv6 ones beside them; unset: none */
	uint16_t access_port, av_tcp_port; /* where clients outside reach the Access Edge, and the
					      A/V Edge over TCP */
	enum relay_family relay_family;
	struct port_range relay_ports;
	char *next_hop;	     /* node name of the Front End */
	char *next_hop_fqdn; /* the name it is called by; NULL: the Front End's own */
	uint16_t next_hop_port;
	char *domain; /* whose users may come in; NULL in no model that loaded (default: the file's)
		       */
	unsigned parts;	  /* bits 1u << EDGE_*: which of its services run */
	GArray *relay_to; /* struct prefix: private peers it may relay to besides public unicast */
	GArray *relay_not_to; /* struct prefix: peers it must not relay to, public ones too */
	uint16_t relays_per_user;
	enum mras_secret mras_secret;
	unsigned credential_lifetime_ms; /* longest life of relay credentials; 0: over when they are
					    given */
	char *engine;			 /* "builtin" or "coturn" */
};

/* Publishes a Front End's external web site: HTTPS from clients outside to the next hop, for these
 * host names only. */
struct reverse_proxy_service {
	GPtrArray *names; /* char * */
	char *internal_iface, *external_iface;
	struct addr address; /* on the external interface, where it listens */
	char *next_hop;	     /* node name of the Front End */
	uint16_t next_hop_port;
};

#define REVERSE_PROXY_PORT 443

struct service {
	enum service_kind kind;
	bool enabled;
	union {
		struct dns_service dns;
		struct frontend_service frontend;
		struct edge_service edge;
		struct reverse_proxy_service proxy;
	};
	struct loc loc;
};

enum account_state { /* at the Front End */
		     ACCOUNT_ENABLED,
		     ACCOUNT_DISABLED,
		     ACCOUNT_MISSING,
		     ACCOUNT_INSIDE_ONLY, /* not enabled for remote access */
};

struct endpoint {
	char *user;		 /* "dc1@contoso.com" */
	char *media_edge;	 /* node name; NULL: the site's */
	GPtrArray *command;	 /* char *: a user's own client program; NULL: tb-client */
	char *ice_profile;	 /* "standard" or "fast" */
	char *discovery;	 /* how it finds its server: "auto", "web" or "srv" */
	unsigned packet_time_ms; /* how much speech a packet to it should hold; 0: the codec's frame
				  */
	char *password;		 /* what the client gives; NULL: the account's */
	enum account_state account;
};

/* The authority that all of the lab trust, or one that none does. */
enum certificate_issuer { ISSUER_LAB, ISSUER_OTHER };
enum certificate_validity { VALIDITY_VALID, VALIDITY_EXPIRED, VALIDITY_NOT_YET };

/* The certificate that a node's services show. */
struct certificate {
	enum certificate_issuer issuer;
	enum certificate_validity validity;
	GPtrArray *names; /* char *; empty: every name of its services */
};

/* HOST_STRONG: packets leave by the interface that has their source address (as Windows Server
 * does).  HOST_WEAK: by the interface that the route to their destination names. */
enum host_model { HOST_WEAK, HOST_STRONG };

struct sysctl_setting {
	char *key; /* "net.ipv4.conf.all.rp_filter" */
	char *value;
	struct loc loc;
};

struct node {
	char *name;
	char *site; /* NULL: none */
	char *title;
	enum host_model host_model;
	bool forwarding;	 /* routes packets between its interfaces */
	bool bogon_filter;	 /* an Internet router: drops and counts packets from and to private
				    addresses */
	GPtrArray *interfaces;	 /* struct iface */
	GPtrArray *routes;	 /* struct route */
	GPtrArray *policy_rules; /* struct policy_rule, the first that leads somewhere wins */
	GPtrArray *lost_routes;	 /* struct route: not persistent, removed by a change `reboot` */
	struct firewall firewall;
	GPtrArray *nat;	     /* struct nat_rule */
	GArray *resolvers;   /* struct addr: /etc/resolv.conf */
	GPtrArray *nrpt;     /* struct nrpt_rule */
	GPtrArray *hosts;    /* struct dns_record with `a` set: /etc/hosts */
	GPtrArray *sysctls;  /* struct sysctl_setting: beyond the defaults every node gets */
	GPtrArray *services; /* struct service */
	struct certificate certificate;
	struct endpoint *endpoint; /* NULL: no client runs here */
	struct loc loc;
};

enum tunnel_kind { TUNNEL_WIREGUARD, TUNNEL_VXLAN, TUNNEL_GRE, TUNNEL_IPIP, TUNNEL_KIND_COUNT };

struct tunnel_end {
	char *node_name;
	const struct node *node;
	char *iface;	       /* name of the tunnel interface inside the node */
	struct prefix address; /* of the tunnel interface */
	struct addr underlay;  /* the node's address that the outer packets use */
	GArray *prefixes; /* struct prefix behind this end: what the OTHER end sends here (allowed
			     IPs) */
	struct impairment *impair; /* of what enters the tunnel here; NULL: the tunnel's */
};

struct tunnel {
	char *name;
	enum tunnel_kind kind;
	uint16_t port;	    /* outer UDP port (host order) */
	unsigned mtu_bytes; /* 0: the kind's default */
	struct tunnel_end ends[2];
	bool up;
	struct impairment *impair; /* of both ends; NULL: none */
	struct loc loc;
};

enum media {
	MEDIA_IM,
	MEDIA_AUDIO,
	MEDIA_VIDEO,
	MEDIA_IM_CONFERENCE,
	MEDIA_AV_CONFERENCE,
	MEDIA_COUNT
};
/* VERDICT_FAIL: the network let the call fail.  VERDICT_ERROR: nothing is known of the network. */
enum verdict { VERDICT_PASS, VERDICT_FAIL, VERDICT_ERROR, VERDICT_COUNT };
/* Which way the media of a call went. */
enum path_class {
	PATH_SIGNALLING, /* an instant message: no media, only SIP */
	PATH_UDP_DIRECT, /* no address translated */
	PATH_UDP_NAT,	 /* straight, through at least one NAT */
	PATH_UDP_RELAY,	 /* over a relay; both ends reach theirs over UDP */
	PATH_TCP_RELAY,	 /* over a relay that an end reaches over TCP */
	PATH_MCU,	 /* a conference: each participant to the server */
	PATH_NONE,	 /* no media */
	PATH_COUNT
};

enum conference_start { CONFERENCE_SCHEDULED, CONFERENCE_AD_HOC, CONFERENCE_START_COUNT };

struct conference {
	char *name;
	char *organiser;	 /* node name of an endpoint */
	GPtrArray *participants; /* char *: node names, organiser not among them */
	unsigned media_mask;	 /* bits 1u << MEDIA_IM_CONFERENCE, 1u << MEDIA_AV_CONFERENCE */
	enum conference_start
		start; /* ad hoc: organiser and first participant talk to each other first */
	struct loc loc;
};

/* One rule of what must come out; the last one that matches a cell wins. */
struct expect {
	GPtrArray *between; /* char *: endpoint or site names, or "*"; one side of the pair... */
	GPtrArray *and;	    /* ...and the other side; order does not matter */
	unsigned media_mask;
	enum verdict verdict; /* VERDICT_PASS or VERDICT_FAIL */
	unsigned path_mask;   /* bits 1u << PATH_*; 0: any */
	char *cause;	      /* NULL: not judged */
	struct loc loc;
};

struct change; /* private to the model layer: testbed/model/change.h */

struct scenario {
	char *name;
	char *title;
	GPtrArray *changes; /* struct change */
	GPtrArray *expects; /* struct expect: the file's common rules first, the scenario's own
			       after them */
	struct loc loc;
};

typedef struct model {
	char *file;   /* as given */
	char *sha256; /* hex digest of the file's bytes */
	char *name, *title;
	char *domain;	     /* the SIP domain, "contoso.com" */
	char *ice_profile;   /* "standard" or "fast": default of endpoints that name none */
	char *discovery;     /* "auto", "web" or "srv": the same */
	double max_loss_pct; /* media loss a call may have and still pass (default 1) */
	GPtrArray *sites, *networks, *nodes, *tunnels, *conferences, *scenarios;
	struct model_source *source; /* private: the parsed text, for model_instantiate */
} model;

/* Reads a topology file, checks it and tries every scenario of it.  Findings go to `d`; returns
 * NULL when there is an error among them, also when the file can't be read.  For model_free. */
model *model_load(const char *path, diags *d);
/* The same from memory; `path` is only used in locations. */
model *model_load_text(const char *path, const char *text, gsize length, diags *d);
void model_free(model *m); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(model, model_free)

/* The network with the changes of the scenario (and of model_add_changes) applied, checked again;
 * for model_free, independent of `m`.  NULL with findings in `d`; without added changes that can't
 * happen, as model_load has tried every scenario. */
model *model_instantiate(const model *m, const struct scenario *scenario, diags *d);

/* The same with more changes after those: `changes` is text as under `changes:` in a file, one
 * change ("add-route: {...}") or a list of them.  `name` stands for a file name in findings. */
model *model_instantiate_with(const model *m, const struct scenario *scenario, const char *name,
			      const char *changes, diags *d);

/* From now on model_instantiate makes these changes too, in every scenario, after its own and after
 * those added before; `changes` and `name` as above.  False with findings in `d` when they can't be
 * read.  Whether they fit a scenario is found out when it is instantiated. */
bool model_add_changes(model *m, const char *name, const char *changes, diags *d);
/* Forgets all that model_add_changes has added. */
void model_drop_changes(model *m);

/* The object of that name, borrowed; NULL when there is none.  So are all pointers below unless
 * said otherwise. */
const struct scenario *model_scenario(const model *m, const char *name);
const struct node *model_node(const model *m, const char *name);
const struct network *model_network(const model *m, const char *name);
const struct site *model_site(const model *m, const char *name);
const struct iface *node_iface(const struct node *n, const char *name);
/* The name of a node that is so much like this one that it may be meant; NULL: none is. */
const char *model_nearest_node(const model *m, const char *name);
/* The prefix of the network that the address belongs to; of no network, the address alone. */
struct prefix model_prefix_of(const model *m, const struct addr *a);
/* The first node that has the address on an interface; tunnel interfaces don't count. */
const struct node *model_owner(const model *m, const struct addr *a);
/* The first node on which such a service is enabled. */
const struct node *model_server(const model *m, enum service_kind kind);
/* The tunnel with an end on this interface of the node; `ret_end`, unless NULL, gets the end's
 * index. */
const struct tunnel *model_tunnel_at(const model *m, const char *node, const char *iface,
				     guint *ret_end);
/* Whether the tunnel's own packets are UDP: the others have no ports. */
bool tunnel_is_udp(enum tunnel_kind kind);
/* How many bytes such a tunnel adds to each packet, its outer IP header of that family included. */
unsigned tunnel_overhead_bytes(enum tunnel_kind kind, int family);
/* What happens to packets that enter the tunnel at this end: the end's own impairment, else the
 * tunnel's; NULL: nothing. */
const struct impairment *tunnel_impairment(const struct tunnel *t, guint end);
/* What happens to packets that leave by this interface: its own or the network's. */
const struct impairment *iface_impairment(const struct iface *f);
/* The same of an interface of the node, its own or a tunnel's; NULL: nothing. */
const struct impairment *node_impairment(const model *m, const struct node *n, const char *iface);
/* Whether there is an impaired interface at all. */
bool model_is_impaired(const model *m);
/* The first masquerade rule for packets that leave by this interface. */
const struct nat_rule *node_masquerade(const struct node *n, const char *iface);
/* Whether each interface answers ARP for its own addresses alone.  Those of a weak host answer for
 * all; with two on one network both would, and chance would decide by which one it is spoken to. */
bool node_answers_by_card(const struct node *n);
/* The peer of that address, one of the interface's (its line's other end); NULL: it has none. */
const struct addr *iface_peer(const struct iface *f, const struct prefix *address);
/* The interface's first address of the family (AF_UNSPEC: any); a link-local one only where it has
 * no other. */
const struct prefix *iface_prefix(const struct iface *f, int family);
/* The same for an interface of the node or the interface of a tunnel's end on it. */
const struct prefix *node_prefix_on(const model *m, const struct node *n, const char *iface,
				    int family);
/* Whether the node has an interface of that name, its own or a tunnel's. */
bool node_has_link(const model *m, const struct node *n, const char *iface);
/* A new endpoint with nothing set, for a node that gets a client later; the caller gives it to the
 * node, which frees it. */
struct endpoint *endpoint_new(void);
/* The forward of the node that takes this port of the outside address; NULL: none. */
const struct nat_rule *node_forward(const struct node *n, const struct addr *outside,
				    enum ip_proto proto, uint16_t port);
/* The inside port that a forward leads this outside one to, and the outside port that leads to this
 * inside one; 0: it does not forward it. */
uint16_t nat_forward_inside(const struct nat_rule *forward, uint16_t port);
uint16_t nat_forward_outside(const struct nat_rule *forward, uint16_t port);
/* Whether one of the ranges (struct port_range) contains the port. */
bool port_ranges_contain(const GArray *ranges, uint16_t port);
/* How many nodes run a client. */
guint model_count_endpoints(const model *m);
/* The node's service of that kind; NULL also when it is disabled. */
const struct service *node_service(const struct node *n, enum service_kind kind);
/* The same, also when disabled: clients are told of a service whether it runs or not. */
const struct service *node_declared_service(const struct node *n, enum service_kind kind);
/* Whether the node has a service, running or not, that shows a certificate. */
bool node_shows_certificate(const struct node *n);
/* Whether both mean the same packets and table. */
bool policy_rule_equal(const struct policy_rule *a, const struct policy_rule *b);
/* The metric that the kernel looks at. */
unsigned route_metric(const struct route *r);
/* Whether a kernel can't have both: same destination, table and metric. */
bool route_excludes(const struct route *a, const struct route *b);
/* The first address of the node's first interface; unset when there is none. */
struct addr node_address(const struct node *n);
/* The first IPv6 address on any interface of the node; unset when there is none. */
struct addr node_address6(const struct node *n);
/* Whether any interface has an address of the family. */
bool node_has_family(const struct node *n, int family);
bool iface_has_address(const struct iface *f, const struct addr *a);
/* The table in which a strong host looks up what leaves from that interface's addresses; 0: it is a
 * weak one, or has no such interface. */
unsigned node_route_table(const struct node *n, const char *iface);
/* The interface by which the route leaves: the named one, or that in whose subnet its gateway is;
 * NULL: none. */
const struct iface *node_route_iface(const struct node *n, const struct route *r);
/* Whether one of its interfaces has the address; tunnel interfaces don't count. */
bool node_has_address(const struct node *n, const struct addr *a);
/* Whether the text is "NODE", or "NODE:IF" with one of its interfaces, its own or a tunnel's. */
bool model_has_place(const model *m, const char *place);
/* What is wrong with a text that is no such place: "no node 'edg' (did you mean 'edge'?)", or which
 * interfaces the node has.  The caller frees. */
char *model_no_place(const model *m, const char *place);
/* The node whose Edge serves this endpoint for media: its own setting, else its site's, else the
 * first Edge, running or not.  NULL: there is none. */
const struct node *model_media_edge(const model *m, const struct node *endpoint);
/* The Front End of the node of that name (a next hop), running or not; NULL: it has none. */
const struct frontend_service *model_next_hop(const model *m, const char *node);

/* The last rule of the scenario that fits a call between endpoints `a` and `b` (either way round;
 * `b` NULL: a conference of organiser `a`, of which one pair of organiser and participant must
 * fit).  NULL: none fits, which means pass over any path. */
const struct expect *scenario_expect(const model *m, const struct scenario *sc, const char *a,
				     const char *b, enum media media);

/* Whether nothing happens to packets; NULL counts as none. */
bool impairment_is_none(const struct impairment *i);
/* Appends the impairment in the words of the file, each with a space before it: " delay 20ms jitter
 * 2ms distribution normal loss 1%"; " none" when nothing happens to packets. */
void impairment_print(const struct impairment *i, GString *out);
/* ", delay: 20ms, loss: 1%": as keys of a file, after others. */
void impairment_print_keys(const struct impairment *i, GString *out);
/* The chance in percent that a run of losses begins at a packet when the one before was not lost:
 * Gilbert's model, by which runs of `burst_packets` on average make up `loss_pct`. */
double impairment_burst_start_pct(const struct impairment *i);
const char *jitter_shape_name(enum jitter_shape v);
/* How many bytes may wait for the rate, whatever unit the file uses; 0 without a rate. */
guint64 impairment_queue_bytes(const struct impairment *i);

/* Names of the enums, as files and results write them ("udp-relay", "im-conference"); "unknown" for
 * a number that is none of them.  Static. */
const char *media_name(enum media v);
const char *verdict_name(enum verdict v);
const char *path_class_name(enum path_class v);
const char *route_type_name(enum route_type v); /* as in `ip route`: "blackhole" */
const char *tunnel_kind_name(enum tunnel_kind v);
const char *fw_chain_name(enum fw_chain v);
const char *service_kind_name(enum service_kind v);
const char *edge_part_name(enum edge_part v);
const char *nat_behaviour_name(enum nat_behaviour v);
const char *ip_proto_name(enum ip_proto v);
const char *nat_preset_name(enum nat_preset v);
/* The value of a name.  False, and *ret unchanged: no such name, or NULL. */
bool media_parse(const char *name, enum media *ret);
bool verdict_parse(const char *name, enum verdict *ret);
bool path_class_parse(const char *name, enum path_class *ret);
bool nat_behaviour_parse(const char *name, enum nat_behaviour *ret);

#endif
