/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes by which netem is asked for, held against what iproute2 6.1 was seen to send for the
 * same, and against the kernel's structures.  A kernel without netem can't tell. */
#include "testbed/exec/impair_netem.h"

#include <criterion/criterion.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <math.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#define IFINDEX 7

/* A message taken apart. */
struct request {
	struct nl_msg *msg;
	const struct tcmsg *header;
	struct nlattr *attrs[TCA_MAX + 1];
};

static struct request take(struct nl_msg *msg, const char *kind, guint32 parent, guint32 handle)
{
	struct request r = {.msg = msg, .header = nlmsg_data(nlmsg_hdr(msg))};

	cr_assert_eq(nlmsg_hdr(msg)->nlmsg_type, RTM_NEWQDISC);
	cr_expect_eq(nlmsg_hdr(msg)->nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE);
	cr_assert_eq(nlmsg_parse(nlmsg_hdr(msg), sizeof(struct tcmsg), r.attrs, TCA_MAX, NULL), 0);
	cr_expect_str_eq(nla_get_string(r.attrs[TCA_KIND]), kind);
	cr_expect_eq(r.header->tcm_ifindex, IFINDEX);
	cr_expect_eq(r.header->tcm_parent, parent);
	cr_expect_eq(r.header->tcm_handle, handle);
	cr_assert_not_null(r.attrs[TCA_OPTIONS]);
	return r;
}

/* netem's options: a structure, and attributes behind it. */
struct netem {
	struct request r;
	struct tc_netem_qopt q;
	struct nlattr *attrs[TCA_NETEM_MAX + 1];
};

static struct netem netem_of(const struct impairment *w)
{
	struct netem n = {.r = take(netem_request(IFINDEX, w), "netem", TC_H_ROOT, 0x10000)};
	char *data = nla_data(n.r.attrs[TCA_OPTIONS]);
	int length = nla_len(n.r.attrs[TCA_OPTIONS]);

	cr_assert(length >= (int)sizeof n.q);
	memcpy(&n.q, data, sizeof n.q);
	cr_assert_eq(nla_parse(n.attrs, TCA_NETEM_MAX,
			       (struct nlattr *)(void *)(data + NLMSG_ALIGN(sizeof n.q)),
			       length - (int)NLMSG_ALIGN(sizeof n.q), NULL),
		     0);
	cr_expect_eq(n.q.limit, 100000u);
	return n;
}

static gint64 time_ns(const struct netem *n, int attr)
{
	cr_assert(n->attrs[attr] && nla_len(n->attrs[attr]) == sizeof(gint64));
	return (gint64)nla_get_u64(n->attrs[attr]);
}

/* tc qdisc replace dev X root handle 1: netem limit 100000 delay 20ms 2ms loss 1% duplicate 5%
 * reorder 10% */
Test(netem, is_asked_for_as_tc_does)
{
	const struct impairment w = {.delay_us = 20000,
				     .jitter_us = 2000,
				     .loss_pct = 1,
				     .duplicate_pct = 5,
				     .reorder_pct = 10};
	struct netem n = netem_of(&w);
	struct tc_netem_reorder reorder;

	cr_expect_eq(time_ns(&n, TCA_NETEM_LATENCY64), 20000000);
	cr_expect_eq(time_ns(&n, TCA_NETEM_JITTER64), 2000000);
	cr_expect_eq(n.q.loss, 0x028f5c29u, "%x", n.q.loss);
	cr_expect_eq(n.q.duplicate, 0x0ccccccdu, "%x", n.q.duplicate);
	cr_expect_eq(n.q.gap, 1u, "any packet may overtake");
	cr_assert(n.attrs[TCA_NETEM_REORDER] &&
		  nla_len(n.attrs[TCA_NETEM_REORDER]) == sizeof reorder);
	memcpy(&reorder, nla_data(n.attrs[TCA_NETEM_REORDER]), sizeof reorder);
	cr_expect(reorder.probability == 0x1999999au && reorder.correlation == 0, "%x",
		  reorder.probability);
	cr_expect(!n.attrs[TCA_NETEM_DELAY_DIST] && !n.attrs[TCA_NETEM_LOSS]);
	nlmsg_free(n.r.msg);
}

Test(netem, long_delays_and_all_lost_fit)
{
	const struct impairment w = {.delay_us = 60000000, .loss_pct = 100};
	struct netem n = netem_of(&w);

	cr_expect_eq(time_ns(&n, TCA_NETEM_LATENCY64), 60000000000);
	cr_expect_eq(n.q.loss, 0xffffffffu);
	cr_expect_eq(n.q.gap, 0u, "a gap without reordering would let every packet overtake");
	nlmsg_free(n.r.msg);
}

/* tc ... loss gemodel 0.336700% 33.333333% 100% 0%: all is lost in the bad state, nothing in the
 * good one; 1 % in runs of three. */
Test(netem, bursts_are_gilberts_model)
{
	const struct impairment w = {.loss_pct = 1, .burst_packets = 3};
	struct netem n = netem_of(&w);
	struct nlattr *models[NETEM_LOSS_MAX + 1];
	struct tc_netem_gemodel g;
	double bad;

	cr_expect_eq(n.q.loss, 0u, "lost once, not twice");
	cr_assert(n.attrs[TCA_NETEM_LOSS]);
	cr_assert_eq(nla_parse_nested(models, NETEM_LOSS_MAX, n.attrs[TCA_NETEM_LOSS], NULL), 0);
	cr_assert(models[NETEM_LOSS_GE] && nla_len(models[NETEM_LOSS_GE]) == sizeof g);
	memcpy(&g, nla_data(models[NETEM_LOSS_GE]), sizeof g);
	cr_expect(g.h == 0 && g.k1 == 0);
	cr_expect_eq(g.r, 0x55555555u, "%x", g.r);
	bad = g.p / ((double)g.p + g.r);
	cr_expect_float_eq(bad, 0.01, 1e-6, "%f of the time in the bad state", bad);
	nlmsg_free(n.r.msg);
}

/* The table has 8 KiB, more than an ordinary request has room for.  Its scale is the kernel's:
 * NETEM_DIST_SCALE is one deviation. */
Test(netem, normal_jitter_has_a_table_of_deviations)
{
	const struct impairment w = {.delay_us = 20000, .jitter_us = 2000, .shape = JITTER_NORMAL};
	struct netem n = netem_of(&w);
	const gint16 *table;
	double sum = 0, squares = 0;

	cr_assert(n.attrs[TCA_NETEM_DELAY_DIST] &&
		  nla_len(n.attrs[TCA_NETEM_DELAY_DIST]) == 4096 * 2);
	table = nla_data(n.attrs[TCA_NETEM_DELAY_DIST]);
	for (int i = 0; i < 4096; i++) {
		double x = (double)table[i] / NETEM_DIST_SCALE;

		cr_expect(i == 0 || table[i] >= table[i - 1], "row %d", i);
		sum += x;
		squares += x * x;
	}
	cr_expect_float_eq(sum / 4096, 0, 0.001);
	cr_expect_float_eq(sqrt(squares / 4096), 1, 0.01);
	cr_expect_float_eq((double)table[3445] / NETEM_DIST_SCALE, 1, 0.01,
			   "84.1 %% are below one deviation");
	nlmsg_free(n.r.msg);
}

/* tc qdisc replace dev X parent 1:1 handle 2: tbf rate 2mbit burst 1600 limit 25000; 100 ms at 2
 * Mbit/s are 25000 bytes. */
Test(netem, a_rate_is_a_token_bucket_of_one_frame)
{
	const struct impairment w = {.rate_kbit = 2000, .queue = 100, .queue_unit = QUEUE_MS};
	static const unsigned mtus[] = {1500, 9000};

	for (gsize i = 0; i < G_N_ELEMENTS(mtus); i++) {
		struct request r =
			take(netem_rate_request(IFINDEX, &w, mtus[i]), "tbf", 0x10001, 0x20000);
		struct nlattr *attrs[TCA_TBF_MAX + 1];
		struct tc_tbf_qopt q;

		cr_assert_eq(nla_parse_nested(attrs, TCA_TBF_MAX, r.attrs[TCA_OPTIONS], NULL), 0);
		cr_assert(attrs[TCA_TBF_PARMS] && nla_len(attrs[TCA_TBF_PARMS]) == sizeof q);
		memcpy(&q, nla_data(attrs[TCA_TBF_PARMS]), sizeof q);
		cr_expect_eq(q.rate.rate, 250000u);
		cr_expect_eq(q.rate.linklayer, TC_LINKLAYER_ETHERNET,
			     "or the kernel wants a table");
		cr_expect_eq(q.limit, 25000u);
		cr_expect_eq(nla_get_u32(attrs[TCA_TBF_BURST]), mtus[i] + 100,
			     "a full frame passes");
		nlmsg_free(r.msg);
	}
}

Test(netem, the_fastest_rate_fits)
{
	const struct impairment w = {.rate_kbit = 10000000};
	struct request r = take(netem_rate_request(IFINDEX, &w, 1500), "tbf", 0x10001, 0x20000);
	struct nlattr *attrs[TCA_TBF_MAX + 1];
	struct tc_tbf_qopt q;

	cr_assert_eq(nla_parse_nested(attrs, TCA_TBF_MAX, r.attrs[TCA_OPTIONS], NULL), 0);
	memcpy(&q, nla_data(attrs[TCA_TBF_PARMS]), sizeof q);
	cr_expect_eq(q.rate.rate, 1250000000u);
	cr_expect_eq(q.limit, 125000000u, "100 ms by default: %u", q.limit);
	nlmsg_free(r.msg);
}
