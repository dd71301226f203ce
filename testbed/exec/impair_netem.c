/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's own queueing discipline, with a token bucket below it for the rate. */
#include "testbed/exec/impair_netem.h"

#include "testbed/exec/impair_backend.h"
#include "testbed/exec/impair_queue.h"
#include "testbed/exec/link.h"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <math.h>
#include <net/if.h>
#include <netlink/cache.h>
#include <netlink/route/qdisc.h>
#include <sys/ioctl.h>

#define NETEM_HANDLE 0x10000u /* 1: */
#define NETEM_TABLE 4096
#define FRAME_HEADERS_BYTES 100u /* more than the headers of any frame */
#define MTU_DEFAULT 1500u

static bool netem_works(const struct exec_features *f)
{
	return f->netem && f->tbf;
}

static guint32 netem_share(double pct)
{
	return (guint32)llround(MIN(pct, 100) / 100 * G_MAXUINT32);
}

/* Quantiles of the normal distribution in netem's scale, by bisection of the error function. */
static void normal_table(gint16 table[NETEM_TABLE])
{
	for (int i = 0; i < NETEM_TABLE; i++) {
		double p = (i + 0.5) / NETEM_TABLE, low = -4, high = 4;

		for (int step = 0; step < 40; step++) {
			double middle = (low + high) / 2;

			if (0.5 * erfc(-middle / G_SQRT2) < p)
				low = middle;
			else
				high = middle;
		}
		table[i] = (gint16)lround(CLAMP(low * NETEM_DIST_SCALE, G_MININT16, G_MAXINT16));
	}
}

static void put_netem_loss(struct nl_msg *msg, const struct impairment *w)
{
	struct tc_netem_gemodel gilbert = {.p = netem_share(impairment_burst_start_pct(w)),
					   .r = netem_share(100.0 / w->burst_packets),
					   .h = 0,
					   .k1 = 0};
	struct nlattr *loss = nl_nest(msg, TCA_NETEM_LOSS);

	nl_put(msg, NETEM_LOSS_GE, &gilbert, sizeof gilbert);
	nl_nest_end(msg, loss);
}

struct nl_msg *netem_request(unsigned ifindex, const struct impairment *w)
{
	struct tcmsg header = {
		.tcm_ifindex = (int)ifindex, .tcm_parent = TC_H_ROOT, .tcm_handle = NETEM_HANDLE};
	struct nl_msg *msg = nl_request_large(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, &header,
					      sizeof header);
	struct tc_netem_qopt options = {.limit = IMPAIR_FRAMES_MAX,
					.loss = w->burst_packets > 0 ? 0 : netem_share(w->loss_pct),
					.duplicate = netem_share(w->duplicate_pct),
					.gap = w->reorder_pct > 0};
	struct tc_netem_reorder reorder = {.probability = netem_share(w->reorder_pct)};
	gint64 delay_ns = w->delay_us * 1000LL, jitter_ns = w->jitter_us * 1000LL;
	gint16 table[NETEM_TABLE];
	struct nlattr *nest;

	nl_put_text(msg, TCA_KIND, "netem");
	nest = nl_nest(msg, TCA_OPTIONS);
	memcpy(nlmsg_reserve(msg, sizeof options, NLMSG_ALIGNTO), &options, sizeof options);
	nl_put(msg, TCA_NETEM_LATENCY64, &delay_ns, sizeof delay_ns);
	nl_put(msg, TCA_NETEM_JITTER64, &jitter_ns, sizeof jitter_ns);
	if (w->jitter_us > 0 && w->shape == JITTER_NORMAL) {
		normal_table(table);
		nl_put(msg, TCA_NETEM_DELAY_DIST, table, sizeof table);
	}
	if (w->reorder_pct > 0)
		nl_put(msg, TCA_NETEM_REORDER, &reorder, sizeof reorder);
	if (w->burst_packets > 0)
		put_netem_loss(msg, w);
	nl_nest_end(msg, nest);
	return msg;
}

struct nl_msg *netem_bucket_request(const struct tcmsg *at, guint32 rate, guint32 limit,
				    guint32 burst)
{
	struct nl_msg *msg = nl_request(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, at, sizeof *at);
	struct tc_tbf_qopt options = {.rate = {.rate = rate, .linklayer = TC_LINKLAYER_ETHERNET},
				      .limit = limit};
	struct nlattr *nest;

	nl_put_text(msg, TCA_KIND, "tbf");
	nest = nl_nest(msg, TCA_OPTIONS);
	nl_put(msg, TCA_TBF_PARMS, &options, sizeof options);
	nl_put(msg, TCA_TBF_BURST, &burst, sizeof burst);
	nl_nest_end(msg, nest);
	return msg;
}

struct nl_msg *netem_rate_request(unsigned ifindex, const struct impairment *w, unsigned mtu)
{
	struct tcmsg header = {.tcm_ifindex = (int)ifindex,
			       .tcm_parent = NETEM_HANDLE | 1,
			       .tcm_handle = 2 * NETEM_HANDLE};

	/* a burst of one full frame, so that the rate holds from the first packet on */
	return netem_bucket_request(&header, w->rate_kbit * 125u,
				    (guint32)MIN(impairment_queue_bytes(w), G_MAXUINT32),
				    mtu + FRAME_HEADERS_BYTES);
}

/* Of an interface of the namespace that this process is in. */
static unsigned mtu_of(const char *ifname)
{
	struct ifreq r = {.ifr_mtu = 0};

	return link_ask(ifname, SIOCGIFMTU, &r) ? (unsigned)r.ifr_mtu : MTU_DEFAULT;
}

static gboolean netem_remove(struct netns *s, unsigned ifindex, const struct op *op)
{
	struct tcmsg header = {.tcm_ifindex = (int)ifindex, .tcm_parent = TC_H_ROOT};
	const struct op *failed = NULL;

	/* refused when there is none, which is fine */
	return nl_queue_add(s->queue, nl_request(RTM_DELQDISC, 0, &header, sizeof header), op,
			    &failed, NULL) &&
	       nl_queue_flush(s->queue, &failed, NULL);
}

static gboolean netem_set(struct linux_backend *r, struct netns *s, const struct op *op,
			  GError **error)
{
	unsigned ifindex = netns_ifindex(s, op->impair.ifname, error);
	const struct impairment *w = &op->impair.what;
	const struct op *failed = NULL;

	if (ifindex == 0 || !netns_enter(r, s, error) ||
	    !impair_stop_offload(op->impair.ifname, error))
		return FALSE;
	(void)netem_remove(s, ifindex, op);
	return nl_queue_add(s->queue, netem_request(ifindex, w), op, &failed, error) &&
	       (w->rate_kbit == 0 ||
		nl_queue_add(s->queue, netem_rate_request(ifindex, w, mtu_of(op->impair.ifname)),
			     op, &failed, error)) &&
	       nl_queue_flush(s->queue, &failed, error);
}

static gboolean netem_clear(G_GNUC_UNUSED struct linux_backend *r, struct netns *s,
			    const struct op *op, GError **error)
{
	unsigned ifindex = netns_ifindex(s, op->impair.ifname, error);

	if (ifindex == 0)
		return FALSE;
	(void)netem_remove(s, ifindex, op);
	return TRUE;
}

/* netem counts a packet that the rate's queue refuses as its own loss, too. */
static void count_qdisc(struct rtnl_tc *tc, struct impair_counts *ret)
{
	guint64 drops = rtnl_tc_get_stat(tc, RTNL_TC_DROPS);

	if (g_strcmp0(rtnl_tc_get_kind(tc), "netem") == 0) {
		ret->sent = rtnl_tc_get_stat(tc, RTNL_TC_PACKETS);
		ret->lost += drops;
	} else if (g_strcmp0(rtnl_tc_get_kind(tc), "tbf") == 0) {
		ret->overflowed = drops;
		ret->lost -= drops;
	}
}

static bool netem_counts(G_GNUC_UNUSED struct linux_backend *r, G_GNUC_UNUSED const struct netns *s,
			 const struct kernel_link *link, struct impair_counts *ret)
{
	struct nl_sock *sock = nl_socket_alloc();
	struct nl_cache *all = NULL;
	bool found = false;

	*ret = (struct impair_counts){.received = 0};
	if (nl_connect(sock, NETLINK_ROUTE) == 0)
		(void)rtnl_qdisc_alloc_cache(sock, &all);
	for (struct nl_object *o = all ? nl_cache_get_first(all) : NULL; o;
	     o = nl_cache_get_next(o)) {
		struct rtnl_tc *tc = (struct rtnl_tc *)o;

		if (rtnl_tc_get_ifindex(tc) != (int)link->ifindex)
			continue;
		found = found || g_strcmp0(rtnl_tc_get_kind(tc), "netem") == 0;
		count_qdisc(tc, ret);
	}
	ret->received = ret->sent + ret->lost + ret->overflowed;
	nl_cache_free(all);
	nl_socket_free(sock);
	return found;
}

const struct impair_backend impair_netem = {
	.name = "netem",
	.works = netem_works,
	.set = netem_set,
	.clear = netem_clear,
	.counts = netem_counts,
};
