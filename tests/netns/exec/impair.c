/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was asked of a link is what a probe measures on it, for every back end that this host has.
 */
#include "tests/netns/exec/built_network.h"

#include "testbed/exec/capture.h"
#include "testbed/exec/inspect.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT 4000
#define FRAME_OVERHEAD_BYTES 42 /* Ethernet, IPv4, UDP: a rate counts them, as netem does */

static const char network[] = "networks: {lan: {subnet: 10.0.1.0/24}}\n"
			      "nodes:\n"
			      "  a: {interfaces: {eth0: {network: lan, address: 10.0.1.1/24}}}\n"
			      "  b: {interfaces: {eth0: {network: lan, address: 10.0.1.2/24}}}\n";

static const struct backend {
	const char *name;
	bool netem;
} backends[] = {{"netem", true}, {"testbed-link", false}};

/* The network with one way of impairing it; NULL: this host has not got that one. */
static exec *network_with(const char *topology, const struct backend *b)
{
	g_autoptr(plan) p = topology_plan(topology);
	struct exec_features f;
	exec *x;

	need_features(&f);
	if (b->netem ? !f.netem || !f.tbf : !f.egress) {
		cr_log_info("%s: this kernel has none, so it was not measured",
			    b->name); /* a warning would fail the run */
		return NULL;
	}
	f.wireguard = f.wireguard_go = false;
	f.netem = b->netem;
	x = build(p, &f);
	exec_seed(x, 20);
	return x;
}

static void impair(exec *x, const struct impairment *what)
{
	char node[] = "a", ifname[] = "eth0";
	struct op op = {
		.kind = OP_IMPAIR, .node = node, .impair = {.ifname = ifname, .what = *what}};
	g_autoptr(GError) error = NULL;

	cr_assert(exec_apply(x, &op, &error), "%s", error ? error->message : "");
}

struct probe {
	const char *from, *to; /* addresses of a and b; NULL: those on the network */
	guint sent, length;
	gint64 interval_us;
};

struct figures {
	guint received, reordered, duplicates;
	double span_ms;	  /* from the first packet's leaving to the last one's */
	double *came_ms;  /* of each that came, in their order, since the first left */
	double *delay_ms; /* of each that came, sorted */
	double starved;	  /* share of the time that the process which carries packets waited for a
			     processor; 0: there is none */
};

static void figures_clear(struct figures *f)
{
	g_free(f->came_ms);
	g_free(f->delay_ms);
}

/* A measurement while it is made.  All times are the kernel's: when a packet was handed to the
 * interface, before any impairment, and when it came to the socket; when this process had its turn
 * is in none of them. */
struct watch {
	guint sent;
	int from, to;
	gint64 *left_ns, *came_ns; /* by number; 0: has not */
	guint32 *order;		   /* numbers as they came */
	struct figures f;
};

static gint64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static gint64 stamp_ns(const struct cmsghdr *c)
{
	struct timespec stamp;

	memcpy(&stamp, CMSG_DATA(c), sizeof stamp); /* the first of three, where there are three */
	return stamp.tv_sec * 1000000000LL + stamp.tv_nsec;
}

/* Into `ret_data` what has come (its beginning), and where its stamp says when.  FALSE: nothing
 * has. */
static bool receive(int fd, int flags, guint32 *ret_data, gint64 *ret_ns,
		    struct sock_extended_err *ret_about)
{
	char data[2048];
	union {
		struct cmsghdr header;
		char room[512];
	} control;
	struct iovec part = {data, sizeof data};
	struct msghdr m = {.msg_iov = &part,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof control};

	if (recvmsg(fd, &m, MSG_DONTWAIT | flags) < 0)
		return false;
	memcpy(ret_data, data, sizeof *ret_data);
	*ret_ns = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_level == SOL_SOCKET)
			*ret_ns = stamp_ns(c);
		else if (ret_about)
			memcpy(ret_about, CMSG_DATA(c), sizeof *ret_about);
	}
	return true;
}

/* The kernel numbers a socket's packets as this test does.  What enters a tunnel is handed to two
 * interfaces. */
static void take_left(struct watch *w)
{
	struct sock_extended_err about = {0};
	guint32 nothing;
	gint64 ns;

	while (receive(w->from, MSG_ERRQUEUE, &nothing, &ns, &about))
		if (about.ee_origin == SO_EE_ORIGIN_TIMESTAMPING && about.ee_data < w->sent &&
		    w->left_ns[about.ee_data] == 0)
			w->left_ns[about.ee_data] = ns;
}

static void take_come(struct watch *w)
{
	guint32 number;
	gint64 ns;

	while (receive(w->to, 0, &number, &ns, NULL)) {
		if (number >= w->sent || ns == 0)
			continue;
		if (w->came_ns[number] != 0) {
			w->f.duplicates++;
			continue;
		}
		w->f.reordered += w->f.received > 0 && number < w->order[w->f.received - 1];
		w->came_ns[number] = ns;
		w->order[w->f.received++] = number;
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void send_one(int fd, const struct probe *probe, guint number)
{
	char data[2048] = "";
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};

	inet_pton(AF_INET, probe->to ? probe->to : "10.0.1.2", &to.sin_addr);
	memcpy(data, &number, sizeof number);
	cr_assert_eq(sendto(fd, data, probe->length, 0, (struct sockaddr *)&to, sizeof to),
		     (ssize_t)probe->length, "send: %s", strerror(errno));
}

#define STARVED_MAX 0.2 /* so many packets late move the middle of all by less than is allowed */
#define SILENCE_NS 300000000LL /* longer than any delay that is asked for */

static void stamp(struct watch *w)
{
	int stamps = SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_SOFTWARE |
		     SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY;
	int one = 1, room = 1 << 22;
	const int fds[] = {w->from, w->to};

	cr_assert_eq(setsockopt(w->from, SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof stamps), 0,
		     "%s", strerror(errno));
	cr_assert_eq(setsockopt(w->to, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one), 0, "%s",
		     strerror(errno));
	/* what a busy machine makes this process miss must not look like loss */
	for (gsize i = 0; i < G_N_ELEMENTS(fds); i++) {
		setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
		setsockopt(fds[i], SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
	}
}

static void conclude(struct watch *w)
{
	struct figures *f = &w->f;

	f->came_ms = g_new0(double, w->sent);
	f->delay_ms = g_new0(double, w->sent);
	for (guint i = 0; i < f->received; i++) {
		guint32 number = w->order[i];

		cr_assert_neq(w->left_ns[number], 0, "the kernel tells when each packet left");
		f->came_ms[i] = (double)(w->came_ns[number] - w->left_ns[0]) / 1e6;
		f->delay_ms[i] = (double)(w->came_ns[number] - w->left_ns[number]) / 1e6;
	}
	f->span_ms = (double)(w->left_ns[w->sent - 1] - w->left_ns[0]) / 1e6;
	qsort(f->delay_ms, f->received, sizeof(double), by_value);
}

/* How long the process that carries the packets has waited for a processor; 0: there is none. */
static double waited_ms(void)
{
	g_autofree char *children = NULL;
	g_auto(GStrv) pids = NULL;
	double ms = 0;

	g_file_get_contents("/proc/thread-self/children", &children, NULL, NULL);
	pids = g_strsplit(children ? g_strstrip(children) : "", " ", 0);
	for (guint i = 0; pids[i]; i++) {
		g_autofree char *comm_path = g_strdup_printf("/proc/%s/comm", pids[i]),
				*comm = NULL;
		g_autofree char *stat_path = g_strdup_printf("/proc/%s/schedstat", pids[i]),
				*stat = NULL;
		char *waited;

		if (!g_file_get_contents(comm_path, &comm, NULL, NULL) ||
		    !g_str_equal(comm, "testbed-link\n") ||
		    !g_file_get_contents(stat_path, &stat, NULL, NULL))
			continue;
		waited = strchr(stat, ' '); /* it has run so long, has waited so long, so often */
		ms += waited ? (double)g_ascii_strtoull(waited, NULL, 10) / 1e6 : 0;
	}
	return ms;
}

/* A packet is late when its carrier has no processor, however right the carrier is: then times say
 * something about this machine only, and are not judged; what was lost, doubled or let through
 * always is. */
static bool timely(const struct backend *b, const struct figures *f, const char *what)
{
	if (f->starved <= STARVED_MAX)
		return true;
	cr_log_info("%s: %s not judged: its process waited for a processor for %.0f %% of the time",
		    b->name, what, 100 * f->starved);
	return false;
}

/* Sends and listens until nothing has come for so long after the last was sent. */
static struct figures measure(exec *x, const struct probe *probe)
{
	g_autofree gint64 *left_ns = g_new0(gint64, probe->sent),
			  *came_ns = g_new0(gint64, probe->sent);
	g_autofree guint32 *order = g_new0(guint32, probe->sent);
	struct watch w = {
		.sent = probe->sent, .left_ns = left_ns, .came_ns = came_ns, .order = order};
	double waited = waited_ms();
	gint64 start_ns;
	guint sent = 0;

	w.from = udp_in(x, "a", probe->from ? probe->from : "10.0.1.1", PORT);
	w.to = udp_in(x, "b", probe->to ? probe->to : "10.0.1.2", PORT);
	stamp(&w);
	start_ns = now_ns();
	for (;;) {
		gint64 next_ns = start_ns + sent * probe->interval_us * 1000, wait_ns;
		struct pollfd p = {.fd = w.to, .events = POLLIN};
		struct timespec timeout;

		take_left(&w);
		take_come(&w);
		if (sent < probe->sent && now_ns() >= next_ns) {
			send_one(w.from, probe, sent++);
			continue;
		}
		wait_ns = sent < probe->sent ? MAX(next_ns - now_ns(), 0) : SILENCE_NS;
		timeout = (struct timespec){wait_ns / 1000000000, wait_ns % 1000000000};
		if (ppoll(&p, 1, &timeout, NULL) == 0 && sent == probe->sent)
			break;
	}
	take_left(&w);
	conclude(&w);
	w.f.starved = (waited_ms() - waited) /
		      MAX(w.f.span_ms, w.f.received > 0 ? w.f.came_ms[w.f.received - 1] : 0);
	close(w.from);
	close(w.to);
	return w.f;
}

/* ARP has been through, so that it is not measured. */
static void warm_up(exec *x)
{
	const struct probe one = {.sent = 1, .length = 64};
	struct figures f = measure(x, &one);

	cr_assert_eq(f.received, 1, "the network carries packets");
	figures_clear(&f);
}

static void check_delay(const struct backend *b, exec *x, unsigned delay_ms)
{
	const struct impairment what = {.delay_us = delay_ms * 1000};
	const struct probe probe = {.sent = 200, .length = 200, .interval_us = 1000};
	double allowed_ms = MAX(1, 0.05 * delay_ms), median;
	struct figures f;

	impair(x, &what);
	f = measure(x, &probe);
	median = f.delay_ms[f.received / 2];
	cr_expect_eq(f.received, probe.sent, "%s: delay loses nothing (%u of %u came)", b->name,
		     f.received, probe.sent);
	if (timely(b, &f, "delay"))
		cr_expect(median >= delay_ms && median <= delay_ms + allowed_ms,
			  "%s: delay %u ms asked, %.3f ms measured", b->name, delay_ms, median);
	figures_clear(&f);
}

/* Uniform over +-10 ms, held at five places.  A process that carries the packets is late with a few
 * on a busy machine, which moves the longest of all delays and the deviation, and none of these by
 * more than it moves a share of packets. */
static void check_jitter(const struct backend *b, exec *x)
{
	static const double shares[] = {0.1, 0.25, 0.5, 0.75, 0.9};
	const struct impairment what = {.delay_us = 30000, .jitter_us = 10000};
	const struct probe probe = {.sent = 500, .length = 200, .interval_us = 1000};
	struct figures f;

	impair(x, &what);
	f = measure(x, &probe);
	cr_assert_eq(f.received, probe.sent, "%s: jitter loses nothing (%u of %u came)", b->name,
		     f.received, probe.sent);
	for (gsize i = 0; i < G_N_ELEMENTS(shares) && (i > 0 || timely(b, &f, "jitter")); i++) {
		double p = shares[i], due = 20 + 20 * p,
		       found = f.delay_ms[(guint)(p * f.received)];

		/* four deviations of that quantile of so many packets */
		cr_expect_float_eq(found, due, 4 * 20 * sqrt(p * (1 - p) / f.received),
				   "%s: %.0f %% of packets within %.2f ms, not %.0f", b->name,
				   100 * p, found, due);
	}
	cr_expect_geq(f.delay_ms[0], 20, "%s: one after %.3f ms", b->name, f.delay_ms[0]);
	cr_expect_gt(f.reordered, 0, "%s: jitter beyond the spacing reorders", b->name);
	figures_clear(&f);
}

/* `asked` of `n` within the binomial's 99 % interval. */
static bool plausible(guint found, guint n, double share)
{
	return fabs(found - n * share) <= 2.576 * sqrt(n * share * (1 - share)) + 0.5;
}

static void check_loss(const struct backend *b, exec *x)
{
	const struct impairment what = {.loss_pct = 5}, copies = {.duplicate_pct = 10};
	const struct probe probe = {.sent = 2500, .length = 100, .interval_us = 400};
	struct figures f;

	impair(x, &what);
	f = measure(x, &probe);
	cr_expect(plausible(probe.sent - f.received, probe.sent, 0.05),
		  "%s: loss 5 %% asked, %u of %u lost", b->name, probe.sent - f.received,
		  probe.sent);
	figures_clear(&f);
	impair(x, &copies);
	f = measure(x, &probe);
	cr_expect(f.received == probe.sent && plausible(f.duplicates, probe.sent, 0.1),
		  "%s: duplicates 10 %% asked, %u of %u", b->name, f.duplicates, probe.sent);
	figures_clear(&f);
}

/* The rate between each packet and the one half of all packets later; the middle one of these is
 * the link's, as a packet that came late moves two of them. */
static double rate_of(const struct figures *f, double bits)
{
	guint half = f->received / 2;
	g_autofree double *rates = g_new0(double, half);

	for (guint i = 0; i < half; i++)
		rates[i] = half * bits / (f->came_ms[i + half] - f->came_ms[i]);
	qsort(rates, half, sizeof(double), by_value);
	return rates[half / 2];
}

static void check_rate(const struct backend *b, exec *x, unsigned rate_kbit)
{
	const struct impairment what = {
		.rate_kbit = rate_kbit, .queue = 10000000, .queue_unit = QUEUE_BYTES};
	const struct probe probe = {.sent = 200, .length = 1200};
	double measured_kbit;
	struct figures f;

	impair(x, &what);
	f = measure(x, &probe);
	cr_assert_eq(f.received, probe.sent, "%s: the queue holds all (%u)", b->name, f.received);
	measured_kbit = rate_of(&f, (probe.length + FRAME_OVERHEAD_BYTES) * 8.0);
	if (timely(b, &f, "rate"))
		cr_expect(fabs(measured_kbit - rate_kbit) <= 0.03 * rate_kbit,
			  "%s: rate %u kbit/s asked, %.1f measured", b->name, rate_kbit,
			  measured_kbit);
	figures_clear(&f);
}

#define FRAME_MS 5 /* of 1250 bytes at 2 Mbit/s */

static void check_queue(const struct backend *b, exec *x)
{
	const struct impairment what = {.rate_kbit = 2000, .queue = 100, .queue_unit = QUEUE_MS};
	const struct probe probe = {.sent = 60, .length = 1208};
	double left, median;
	struct figures f;

	impair(x, &what);
	f = measure(x, &probe);
	/* 100 ms are 25000 bytes: 20 frames (netem's bucket holds one more); and those that leave
	 * while others still come */
	left = f.span_ms / FRAME_MS;
	cr_expect(f.received >= 20 && f.received <= 23 + left,
		  "%s: a queue of 100 ms let %u frames through in %.1f ms", b->name, f.received,
		  f.span_ms);
	/* they wait evenly up to the queue's end: the middle one of 23 is the twelfth */
	median = f.delay_ms[f.received / 2];
	if (timely(b, &f, "the wait in a queue"))
		cr_expect_leq(median, 12 * FRAME_MS + f.span_ms / 2,
			      "%s: half of them waited %.1f ms", b->name, median);
	figures_clear(&f);
}

static void check_none(const struct backend *b, exec *x)
{
	const struct impairment none = {0};
	const struct probe probe = {.sent = 100, .length = 100, .interval_us = 100};
	struct figures f;

	impair(x, &none);
	f = measure(x, &probe);
	cr_expect(f.received == probe.sent && f.delay_ms[f.received / 2] < 1,
		  "%s: none: %u came, %.3f ms", b->name, f.received, f.delay_ms[f.received / 2]);
	figures_clear(&f);
}

Test(impair, what_was_asked_is_what_is_measured, .timeout = 60)
{
	for (gsize i = 0; i < G_N_ELEMENTS(backends); i++) {
		const struct backend *b = &backends[i];
		g_autoptr(exec) x = network_with(network, b);

		if (!x)
			continue;
		warm_up(x);
		check_delay(b, x, 5);
		check_delay(b, x, 100);
		check_jitter(b, x);
		check_loss(b, x);
		check_rate(b, x, 1000);
		check_rate(b, x, 10000);
		check_queue(b, x);
		check_none(b, x);
		cr_expect_str_eq(exec_impair_backend(x), b->name);
	}
}

/* A packet into an impaired tunnel meets the tunnel's impairment, then, as the tunnel's packet, the
 * interface's. */
Test(impair, a_tunnel_and_what_is_below_it_each_count_once, .timeout = 30)
{
	static const char tunnelled[] =
		"networks: {lan: {subnet: 10.0.1.0/24}}\n"
		"nodes:\n"
		"  a: {interfaces: {eth0: {network: lan, address: 10.0.1.1/24, impair: {delay: "
		"20ms}}}}\n"
		"  b: {interfaces: {eth0: {network: lan, address: 10.0.1.2/24}}}\n"
		"tunnels:\n"
		"  t:\n"
		"    kind: vxlan\n"
		"    impair: {delay: 10ms}\n"
		"    ends:\n"
		"      - {node: a, iface: t0, address: 10.9.0.1/30, underlay: 10.0.1.1, prefixes: "
		"[10.9.0.0/30]}\n"
		"      - {node: b, iface: t0, address: 10.9.0.2/30, underlay: 10.0.1.2, prefixes: "
		"[10.9.0.0/30]}\n";
	const struct probe probe = {.from = "10.9.0.1",
				    .to = "10.9.0.2",
				    .sent = 100,
				    .length = 200,
				    .interval_us = 1000};

	for (gsize i = 0; i < G_N_ELEMENTS(backends); i++) {
		g_autoptr(exec) x = network_with(tunnelled, &backends[i]);
		struct figures f;
		double median;

		if (!x)
			continue;
		f = measure(x, &probe); /* ARP too */
		figures_clear(&f);
		f = measure(x, &probe);
		median = f.delay_ms[f.received / 2];
		cr_expect(f.received == probe.sent && median >= 30, "%s: %u came, after %.3f ms",
			  backends[i].name, f.received, median);
		if (timely(&backends[i], &f, "two delays"))
			cr_expect_leq(median, 31.5, "%s: after %.3f ms", backends[i].name, median);
		figures_clear(&f);
	}
}

/* --- what others see of it -------------------------------------------------------------------- */

static void count_leaving(const struct capture_packet *p, gpointer user_data)
{
	*(guint *)user_data += p->outgoing;
}

static struct link_losses losses_of(exec *x)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(node_state) n = exec_inspect(x, "a", &error);

	cr_assert(n, "%s", error ? error->message : "");
	return node_state_link(n, "eth0")->losses;
}

static void send_stun(int fd, guint times)
{
	static const guint8 request[20] = {0x00, 0x01, 0, 0, 0x21, 0x12, 0xa4, 0x42};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};

	inet_pton(AF_INET, "10.0.1.2", &to.sin_addr);
	for (guint i = 0; i < times; i++)
		cr_assert_eq(sendto(fd, request, sizeof request, 0, (struct sockaddr *)&to,
				    sizeof to),
			     (ssize_t)sizeof request);
}

/* A packet that was delayed is captured where it leaves, once; one that was lost is counted. */
Test(impair, what_leaves_is_captured_and_what_is_lost_is_counted)
{
	for (gsize i = 0; i < G_N_ELEMENTS(backends); i++) {
		const struct backend *b = &backends[i];
		g_autoptr(exec) x = network_with(network, b);
		g_autoptr(capture) seen =
			x ? capture_new_evidence(exec_netns_fd(x, "a"), NULL) : NULL;
		guint left = 0;
		int from, to;

		if (!x)
			continue;
		warm_up(x);
		cr_assert(seen);
		cr_expect_not(losses_of(x).told, "%s: nothing is impaired yet", b->name);
		from = udp_in(x, "a", "10.0.1.1", 0);
		to = udp_in(x, "b", "10.0.1.2", PORT);
		impair(x, &(const struct impairment){.delay_us = 1000});
		send_stun(from, 1);
		udp_receive(to);
		capture_read(seen, count_leaving, &left);
		cr_expect_eq(left, 1, "%s: seen %u times", b->name, left);
		cr_expect_eq(losses_of(x).lost, 0);
		impair(x, &(const struct impairment){.loss_pct = 100});
		send_stun(from, 3);
		impair(x, &(const struct impairment){.delay_us = 1000});
		send_stun(from, 1);
		udp_receive(to);
		cr_expect(losses_of(x).told);
		if (!b->netem) /* which is made anew with every change */
			cr_expect_eq(losses_of(x).lost, 3, "%s: %" G_GUINT64_FORMAT, b->name,
				     losses_of(x).lost);
		close(from);
		close(to);
	}
}
