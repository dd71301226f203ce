/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the kernel has no netem: a rule on the interface's egress hook (nftables, family netdev)
 * forwards every packet to a tap, a veth pair whose other half lies outside all nodes; the process
 * behind it (impair_daemon) keeps each for its time and sends it out of the interface with a mark
 * that the rule lets pass.  For a device that carries bare IP packets (a tunnel) the tap is a TUN
 * device.  The network's own links stay as they are, so an impairment can come and go while the lab
 * lives; and what is captured on the interface is what leaves, when it leaves.
 */
#include "testbed/exec/impair_backend.h"
#include "testbed/exec/impair_daemon.h"
#include "testbed/exec/link.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define TABLE "tb_link"
#define RING_FRAMES 2048u
#define RING_HEADER_BYTES \
	128u /* TPACKET2_HDRLEN, the address and the link header, with room to spare */
#define RING_BLOCK_BYTES (64u * 1024u)

static bool link_works(const struct exec_features *f)
{
	return f->egress;
}

struct device {
	bool ethernet; /* else it carries bare IP packets */
	unsigned mtu_bytes;
};

/* The device is of the namespace that the thread is in. */
static gboolean read_device(const char *ifname, struct device *ret, GError **error)
{
	struct ifreq kind = {.ifr_flags = 0}, mtu = {.ifr_mtu = 0};
	bool ok = (link_ask(ifname, SIOCGIFHWADDR, &kind) && link_ask(ifname, SIOCGIFMTU, &mtu)) ||
		  impair_fail_errno(error, "look at the interface", ifname);

	*ret = (struct device){.ethernet = kind.ifr_hwaddr.sa_family == ARPHRD_ETHER,
			       .mtu_bytes = (unsigned)mtu.ifr_mtu};
	return ok;
}

/* Only forwarded packets may go through a tap, so IPv6 is switched off there.  `ifname` is of the
 * namespace that the thread is in. */
static void stop_ipv6(const char *ifname)
{
	g_autofree char *path = g_strdup_printf("/proc/sys/net/ipv6/conf/%s/disable_ipv6", ifname);
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	/* without the file there is no IPv6 */
	if (fd >= 0 && write(fd, "1", 1) != 1)
		g_debug("%s: %s", path, g_strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* The namespace of the far halves, which belongs to no node. */
static struct netns *need_far_side(struct linux_backend *r, GError **error)
{
	char name[] = "@taps";
	const struct op op = {.kind = OP_NETNS, .node = name};
	const struct op *failed = NULL;

	if (!r->far_side && netns_row.apply(r, &op, &failed, error))
		r->far_side = linux_netns(r, name, error);
	return r->far_side;
}

static gboolean raise_link(nl_queue *q, unsigned ifindex, const struct op *op, GError **error)
{
	struct ifinfomsg header = {
		.ifi_index = (int)ifindex, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	const struct op *failed = NULL;

	return nl_queue_add(q, nl_request(RTM_NEWLINK, 0, &header, sizeof header), op, &failed,
			    error) &&
	       nl_queue_flush(q, &failed, error);
}

/* A name that says what it is a tap of, where it is short enough. */
static char *tap_name(const char *ifname, unsigned ifindex)
{
	if (strlen(ifname) + strlen("tap-") < IFNAMSIZ)
		return g_strconcat("tap-", ifname, NULL);
	return g_strdup_printf("tap%u", ifindex);
}

/* The pair: the near half in the node, the far half where no node sees it. */
static gboolean make_tap(struct linux_backend *r, struct netns *s, const struct op *op,
			 char *near_name, char *far_name, unsigned ifindex, GError **error)
{
	const struct op_veth_end ends[2] = {{.ifname = near_name, .ifindex = ifindex},
					    {.ifname = far_name, .ifindex = ifindex + 1}};
	const int netns[2] = {s->fd, r->far_side->fd};
	const struct op *failed = NULL;

	if (!nl_queue_add(s->queue, link_veth_request(ends, netns, 0), op, &failed, error) ||
	    !nl_queue_flush(s->queue, &failed, error) || !netns_enter(r, r->far_side, error))
		return FALSE;
	stop_ipv6(far_name);
	if (!netns_enter(r, s, error) || !impair_stop_offload(near_name, error))
		return FALSE;
	stop_ipv6(near_name);
	if (!raise_link(s->queue, ifindex, op, error))
		return FALSE;
	return TRUE;
}

/* The kernel chooses the number of the far half. */
static gboolean raise_far(struct linux_backend *r, const struct op *op, const char *far_name,
			  unsigned *ret_ifindex, GError **error)
{
	if (!netns_enter(r, r->far_side, error))
		return FALSE;
	*ret_ifindex = if_nametoindex(far_name);
	return (*ret_ifindex > 0 || impair_fail_errno(error, "find the far half", far_name)) &&
	       raise_link(r->far_side->queue, *ret_ifindex, op, error);
}

static int packet_socket(unsigned ifindex, int protocol)
{
	struct sockaddr_ll where = {.sll_family = AF_PACKET,
				    .sll_protocol = g_htons((guint16)protocol),
				    .sll_ifindex = (int)ifindex};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&where, sizeof where) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* On the far side: what comes out of the far half, in a ring. */
static int open_tap(unsigned ifindex, unsigned frame_bytes)
{
	struct tpacket_req ring = {.tp_frame_size = frame_bytes,
				   .tp_frame_nr = RING_FRAMES,
				   .tp_block_size = MAX(RING_BLOCK_BYTES, frame_bytes)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), version = TPACKET_V2, one = 1;
	struct sockaddr_ll where = {.sll_family = AF_PACKET,
				    .sll_protocol = g_htons(ETH_P_ALL),
				    .sll_ifindex = (int)ifindex};

	ring.tp_block_nr = ring.tp_frame_nr / (ring.tp_block_size / frame_bytes);
	if (fd >= 0 && setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) == 0 &&
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one) == 0 &&
	    setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring) == 0 &&
	    bind(fd, (const struct sockaddr *)&where, sizeof where) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* In the node: what it sends has the mark; it receives nothing.  What it sends passes the whole of
 * the kernel's way out (no PACKET_QDISC_BYPASS), because else no capture would see it leave. */
static int open_out(unsigned ifindex, unsigned mark)
{
	int fd = packet_socket(ifindex, 0);

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int open_tun(const char *ifname, unsigned ifindex)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	g_strlcpy(request.ifr_name, ifname, sizeof request.ifr_name);
	if (fd >= 0 &&
	    (ioctl(fd, TUNSETIFINDEX, &ifindex) != 0 || ioctl(fd, TUNSETIFF, &request) != 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Gives the device the MTU of the impaired one, and a queue as long as a ring. */
static gboolean raise_tun(struct netns *s, unsigned ifindex, const struct op *op,
			  const struct device *d, GError **error)
{
	struct ifinfomsg header = {
		.ifi_index = (int)ifindex, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	struct nl_msg *msg = nl_request(RTM_NEWLINK, 0, &header, sizeof header);
	const struct op *failed = NULL;

	nl_put_u32(msg, IFLA_MTU, d->mtu_bytes);
	nl_put_u32(msg, IFLA_TXQLEN, RING_FRAMES);
	return nl_queue_add(s->queue, msg, op, &failed, error) &&
	       nl_queue_flush(s->queue, &failed, error);
}

/* A power of two that holds the frame and its header. */
static unsigned ring_frame_bytes(unsigned mtu_bytes)
{
	unsigned size = 2048;

	while (size < mtu_bytes + RING_HEADER_BYTES)
		size *= 2;
	return size;
}

/* A veth pair with a ring at its far half. */
static int make_ethernet_tap(struct linux_backend *r, struct netns *s, const struct op *op,
			     char *near_name, unsigned ifindex, const struct device *d,
			     GError **error)
{
	g_autofree char *far_name = g_strdup_printf("far%u", ifindex);
	unsigned far;
	int fd;

	if (!need_far_side(r, error) || !make_tap(r, s, op, near_name, far_name, ifindex, error) ||
	    !raise_far(r, op, far_name, &far, error))
		return -1;
	g_array_append_val(s->unsettled, ifindex);
	if (!links_settle(r, error) || !netns_enter(r, r->far_side, error))
		return -1;
	fd = open_tap(far, ring_frame_bytes(d->mtu_bytes));
	if (fd < 0)
		impair_fail_errno(error, "open the tap", op->impair.ifname);
	return fd;
}

static int make_ip_tap(struct linux_backend *r, struct netns *s, const struct op *op,
		       char *near_name, unsigned ifindex, const struct device *d, GError **error)
{
	int fd = -1;

	if (!netns_enter(r, s, error))
		return -1;
	fd = open_tun(near_name, ifindex);
	if (fd < 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_UNSUPPORTED,
			    "'%s' carries bare IP packets; impairing it needs netem in the kernel "
			    "(modprobe sch_netem) or "
			    "a TUN device, and /dev/net/tun says: %s; a tunnel of kind vxlan or "
			    "the interface below the "
			    "tunnel can be impaired",
			    op->impair.ifname, g_strerror(errno));
		return -1;
	}
	stop_ipv6(near_name);
	if (raise_tun(s, ifindex, op, d, error))
		return fd;
	close(fd);
	return -1;
}

/* Gives the process both ends; the tap is closed here. */
static int connect_link(struct linux_backend *r, struct netns *s, const struct op *op, int tap,
			unsigned mark, const struct device *d, GError **error)
{
	g_autofree char *key = g_strdup_printf("%s/%s", s->node, op->impair.ifname);
	const struct impair_link_ends ends = {
		.tap = tap,
		.frame_bytes = d->ethernet ? ring_frame_bytes(d->mtu_bytes) : 0,
		.frames = RING_FRAMES,
		.out = netns_enter(r, s, error) ?
			       open_out(netns_ifindex(s, op->impair.ifname, NULL), mark) :
			       -1};
	int link = -1;

	if (ends.out < 0)
		impair_fail_errno(error, "open a packet socket", op->impair.ifname);
	else
		link = impair_daemon_add(r->impair_daemon, &ends,
					 r->seed * 2654435761u + g_str_hash(key), error);
	close(tap);
	if (ends.out >= 0)
		close(ends.out);
	return link;
}

struct tap {
	char *ifname; /* its near half */
	/* What has been through the tap has the near half's number as its mark. Each link has a
	 * mark of its own, because a packet may go through several (into a tunnel, then out of
	 * the node) and must go through each once. */
	unsigned mark;
	int link; /* number in the daemon */
};

static void tap_free(gpointer data)
{
	struct tap *t = data;

	g_free(t->ifname);
	g_free(t);
}

/* The tap of an interface, made when it is first wanted; it stays as long as the lab. */
static const struct tap *need_tap(struct linux_backend *r, struct netns *s, const struct op *op,
				  GError **error)
{
	g_autofree char *key = g_strdup_printf("%s/%s", s->node, op->impair.ifname);
	unsigned ifindex = EXEC_HIDDEN_IFINDEX + 2 * r->n_taps;
	g_autofree char *near_name = tap_name(op->impair.ifname, ifindex);
	struct tap *t = r->taps ? g_hash_table_lookup(r->taps, key) : NULL;
	struct device d;
	int tap, link;

	if (t)
		return t;
	if (!netns_enter(r, s, error) || !read_device(op->impair.ifname, &d, error) ||
	    (!r->impair_daemon && !(r->impair_daemon = impair_daemon_new(error))))
		return NULL;
	tap = (d.ethernet ? make_ethernet_tap : make_ip_tap)(r, s, op, near_name, ifindex, &d,
							     error);
	if (tap < 0 || (link = connect_link(r, s, op, tap, ifindex, &d, error)) < 0)
		return NULL;
	t = g_new0(struct tap, 1);
	*t = (struct tap){.ifname = g_steal_pointer(&near_name), .mark = ifindex, .link = link};
	if (!r->taps)
		r->taps = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, tap_free);
	g_hash_table_insert(r->taps, g_steal_pointer(&key), t);
	r->n_taps++;
	return t;
}

static gboolean run_rules(struct linux_backend *r, struct netns *s, const struct op *op, char *text,
			  GError **error)
{
	const struct op rules = {.kind = OP_NFT, .node = op->node, .nft = {.text = text}};
	const struct op *failed = NULL;

	return netns_enter(r, s, error) && nft_row.apply(r, &rules, &failed, error);
}

static gboolean link_set(struct linux_backend *r, struct netns *s, const struct op *op,
			 GError **error)
{
	const struct tap *t = need_tap(r, s, op, error);
	g_autofree char *rules = NULL;

	if (!t || !impair_daemon_set(r->impair_daemon, t->link, &op->impair.what, error))
		return FALSE;
	rules = g_strdup_printf("table netdev " TABLE " {\n\tchain tb_%s {\n"
				"\t\ttype filter hook egress device \"%s\" priority 0\n\t}\n}\n"
				"flush chain netdev " TABLE " tb_%s\n"
				"add rule netdev " TABLE " tb_%s mark != %u fwd to \"%s\"\n",
				op->impair.ifname, op->impair.ifname, op->impair.ifname,
				op->impair.ifname, t->mark, t->ifname);
	return run_rules(r, s, op, rules, error);
}

/* Packets that are already inside leave at their time. */
static gboolean link_clear(struct linux_backend *r, struct netns *s, const struct op *op,
			   GError **error)
{
	g_autofree char *key = g_strdup_printf("%s/%s", s->node, op->impair.ifname), *rules = NULL;

	if (!r->taps || !g_hash_table_contains(r->taps, key))
		return TRUE;
	rules = g_strdup_printf("flush chain netdev " TABLE " tb_%s\n", op->impair.ifname);
	return run_rules(r, s, op, rules, error);
}

/* Removes the tap; packets inside are lost. */
static gboolean link_forget(struct linux_backend *r, struct netns *s, const struct op *op,
			    const struct op **failed, GError **error)
{
	g_autofree char *key = g_strdup_printf("%s/%s", op->node, op->impair.ifname), *rules = NULL;
	const struct tap *t = r->taps ? g_hash_table_lookup(r->taps, key) : NULL;

	if (!t)
		return TRUE;
	rules = g_strdup_printf("delete chain netdev " TABLE " tb_%s\n", op->impair.ifname);
	if (!run_rules(r, s, op, rules, error))
		return FALSE;
	g_hash_table_insert(s->ifindexes, g_strdup(t->ifname), GUINT_TO_POINTER(t->mark));
	if (!link_remove(s, t->ifname, op, failed, error))
		return FALSE;
	g_hash_table_remove(r->taps, key);
	return TRUE;
}

static bool link_counts(struct linux_backend *r, const struct netns *s,
			const struct kernel_link *link, struct impair_counts *ret)
{
	g_autofree char *key = g_strdup_printf("%s/%s", s->node, link->name);
	const struct tap *t = r->taps ? g_hash_table_lookup(r->taps, key) : NULL;

	return t && impair_daemon_counts(r->impair_daemon, t->link, ret, NULL);
}

static void link_end(struct linux_backend *r)
{
	impair_daemon_free(r->impair_daemon);
	g_clear_pointer(&r->taps, g_hash_table_unref);
}

const struct impair_backend impair_link = {
	.name = "testbed-link",
	.works = link_works,
	.set = link_set,
	.clear = link_clear,
	.forget = link_forget,
	.counts = link_counts,
	.end = link_end,
};
