/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/capture.h"

#include "testbed/exec/exec.h"

#include "testbed/base/diag.h"
#include "testbed/exec/capture_filter.h"
#include "testbed/exec/namespace.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOCK_BYTES (64u * 1024u)
/* TPACKET_ALIGN(sizeof(struct tpacket2_hdr)), without its signed arithmetic. */
#define ADDRESS_OFFSET                                                                \
	((sizeof(struct tpacket2_hdr) + TPACKET_ALIGNMENT - 1u) / TPACKET_ALIGNMENT * \
	 TPACKET_ALIGNMENT)

struct ring_size {
	unsigned frame_bytes, blocks;
};

/* 8 MiB, 1024 packets.  A frame has room for what a TCP connection of these programs sends at once:
 * inside a machine that is one packet, however small the MTU. */
static const struct ring_size whole_packets = {8192, 128};
/* 128 KiB, 512 packets: what a busy node has in a tenth of a second.  A frame holds the ring's own
 * header, too. */
static const struct ring_size evidence_only = {256, 2};

struct capture {
	struct ring_size size;
	int fd;
	guint8 *ring;
	unsigned next_frame;
	unsigned n_frames;
};

static void set_capture_error(GError **error, const char *what, const char *ifname)
{
	g_set_error(error, TB_ERROR, errno == EPERM ? TB_ERROR_UNSUPPORTED : TB_ERROR_FAILED,
		    "capture on %s: %s: %s", ifname ? ifname : "all interfaces", what,
		    g_strerror(errno));
}

static bool bind_to(int fd, const char *ifname)
{
	struct sockaddr_ll where = {.sll_family = AF_PACKET, .sll_protocol = g_htons(ETH_P_ALL)};

	if (ifname) {
		struct ifreq request = {.ifr_ifindex = 0};

		g_strlcpy(request.ifr_name, ifname, sizeof request.ifr_name);
		if (ioctl(fd, SIOCGIFINDEX, &request) != 0)
			return false;
		where.sll_ifindex = request.ifr_ifindex;
	}
	return bind(fd, (const struct sockaddr *)&where, sizeof where) == 0;
}

static bool set_ring(capture *c)
{
	struct tpacket_req request = {
		.tp_block_size = BLOCK_BYTES,
		.tp_block_nr = c->size.blocks,
		.tp_frame_size = c->size.frame_bytes,
		.tp_frame_nr = c->size.blocks * (BLOCK_BYTES / c->size.frame_bytes),
	};
	int version = TPACKET_V2;

	c->n_frames = request.tp_frame_nr;
	if (setsockopt(c->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0 ||
	    setsockopt(c->fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) != 0)
		return false;
	c->ring = mmap(NULL, (gsize)c->size.blocks * BLOCK_BYTES, PROT_READ | PROT_WRITE,
		       MAP_SHARED, c->fd, 0);
	return c->ring != MAP_FAILED;
}

static capture *start_capture(int netns_fd, const char *ifname, const struct ring_size *size,
			      bool filtered, const struct sock_fprog *filter, GError **error)
{
	g_autoptr(capture) c = g_new0(capture, 1);

	c->ring = MAP_FAILED;
	c->size = *size;
	/* protocol 0: nothing is queued before the ring is there */
	c->fd = namespace_socket(netns_fd, AF_PACKET, SOCK_RAW);
	if (c->fd < 0) {
		set_capture_error(error, "open a packet socket", ifname);
		return NULL;
	}
	if (filtered && !capture_filter_attach(c->fd)) {
		set_capture_error(error, "attach the filter", ifname);
		return NULL;
	}
	if (filter &&
	    setsockopt(c->fd, SOL_SOCKET, SO_ATTACH_FILTER, filter, sizeof *filter) != 0) {
		set_capture_error(error, "attach the filter", ifname);
		return NULL;
	}
	if (!set_ring(c)) {
		set_capture_error(error, "make the ring", ifname);
		return NULL;
	}
	if (!bind_to(c->fd, ifname)) {
		set_capture_error(error, "bind to the interface", ifname);
		return NULL;
	}
	return g_steal_pointer(&c);
}

capture *capture_new(int netns_fd, const char *ifname, GError **error)
{
	return start_capture(netns_fd, ifname, &whole_packets, false, NULL, error);
}

capture *capture_new_evidence(int netns_fd, GError **error)
{
	return start_capture(netns_fd, NULL, &evidence_only, true, NULL, error);
}

capture *capture_new_filtered(int netns_fd, const char *ifname, const struct sock_fprog *filter,
			      GError **error)
{
	return start_capture(netns_fd, ifname, &whole_packets, false, filter, error);
}

void capture_free(capture *c)
{
	if (!c)
		return;
	if (c->ring != MAP_FAILED)
		munmap(c->ring, (gsize)c->size.blocks * BLOCK_BYTES);
	if (c->fd >= 0)
		close(c->fd);
	g_free(c);
}

int capture_fd(const capture *c)
{
	return c->fd;
}

char *capture_ifname(const capture *c, unsigned ifindex)
{
	struct ifreq request = {.ifr_ifindex = (int)ifindex};

	if (ioctl(c->fd, SIOCGIFNAME, &request) != 0)
		return g_strdup_printf("%u", ifindex);
	return g_strndup(request.ifr_name, sizeof request.ifr_name);
}

static struct tpacket2_hdr *frame_at(capture *c, unsigned index)
{
	return (struct tpacket2_hdr *)(void *)(c->ring + (gsize)index * c->size.frame_bytes);
}

void capture_read(capture *c, capture_func func, gpointer user_data)
{
	for (;;) {
		struct tpacket2_hdr *frame = frame_at(c, c->next_frame);
		const struct sockaddr_ll *from;
		struct capture_packet packet;

		if (!(__atomic_load_n(&frame->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
			return;
		from = (const struct sockaddr_ll *)(const void *)((const guint8 *)frame +
								  ADDRESS_OFFSET);
		packet = (struct capture_packet){
			.time_ns = (guint64)frame->tp_sec * 1000000000u + frame->tp_nsec,
			.ifindex = (unsigned)from->sll_ifindex,
			.outgoing = from->sll_pkttype == PACKET_OUTGOING,
			.ethernet = from->sll_hatype == ARPHRD_ETHER ||
				    from->sll_hatype == ARPHRD_LOOPBACK,
			.data = (const guint8 *)frame + frame->tp_mac,
			.captured = frame->tp_snaplen,
			.original = frame->tp_len,
		};
		if (packet.ifindex < EXEC_HIDDEN_IFINDEX)
			func(&packet, user_data);
		__atomic_store_n(&frame->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		c->next_frame = (c->next_frame + 1) % c->n_frames;
	}
}

guint32 capture_dropped(capture *c)
{
	struct tpacket_stats stats = {0};
	socklen_t length = sizeof stats;

	if (getsockopt(c->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &length) != 0)
		return 0;
	return stats.tp_drops;
}
