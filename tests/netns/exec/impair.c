/* What was asked of a link is what a probe measures on it, for every back end that this host has. */
#include "tests/netns/exec/room.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
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
} backends[] = { { "netem", true }, { "testbed-link", false } };

/* The network with one way of impairing it; NULL: this host has not got that one. */
static exec *network_with(const char *topology, const struct backend *b)
{
	g_autoptr(plan) p = topology_plan(topology);
	struct exec_features f;
	exec *x;

	need_features(&f);
	if (b->netem ? !f.netem || !f.tbf : !f.egress) {
		cr_log_info("%s: this kernel has none, so it was not measured", b->name); /* a warning would fail the run */
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
	struct op op = { .kind = OP_IMPAIR, .node = node, .impair = { .ifname = ifname, .what = *what } };
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
	double first_ms, last_ms; /* arrivals, since the first packet was sent */
	double *delay_ms;         /* of each that came, sorted */
};

struct packet {
	guint32 number;
	gint64 sent_ns;
};

static gint64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* When the kernel got it, not when this process had its turn. */
static bool receive(int fd, struct packet *ret, gint64 *ret_came_ns)
{
	char data[2048];
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(struct timespec))];
	} control;
	struct iovec part = { data, sizeof data };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	const struct cmsghdr *stamped;
	struct timespec stamp;

	if (recvmsg(fd, &m, MSG_DONTWAIT) < (ssize_t)sizeof *ret)
		return false;
	memcpy(ret, data, sizeof *ret);
	stamped = CMSG_FIRSTHDR(&m);
	if (!stamped)
		return false;
	memcpy(&stamp, CMSG_DATA(stamped), sizeof stamp);
	*ret_came_ns = stamp.tv_sec * 1000000000LL + stamp.tv_nsec;
	return true;
}

static void take_all(int fd, gint64 start_ns, struct figures *f, gint64 *highest, guint8 *seen)
{
	struct packet p;
	gint64 came_ns;

	while (receive(fd, &p, &came_ns)) {
		f->duplicates += seen[p.number];
		if (seen[p.number]++)
			continue;
		f->reordered += p.number < *highest;
		*highest = MAX(*highest, p.number);
		f->delay_ms[f->received++] = (double)(came_ns - p.sent_ns) / 1e6;
		f->last_ms = (double)(came_ns - start_ns) / 1e6;
		if (f->received == 1)
			f->first_ms = f->last_ms;
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
	struct packet p = { .number = number, .sent_ns = now_ns() };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };

	inet_pton(AF_INET, probe->to ? probe->to : "10.0.1.2", &to.sin_addr);
	memcpy(data, &p, sizeof p);
	cr_assert_eq(sendto(fd, data, probe->length, 0, (struct sockaddr *)&to, sizeof to), (ssize_t)probe->length,
		     "send: %s", strerror(errno));
}

#define SILENCE_NS 300000000LL /* longer than any delay that is asked for */

/* Sends and listens until nothing has come for so long after the last was sent. */
static struct figures measure(exec *x, const struct probe *probe)
{
	int from = udp_in(x, "a", probe->from ? probe->from : "10.0.1.1", PORT), one = 1, room = 1 << 22;
	int to = udp_in(x, "b", probe->to ? probe->to : "10.0.1.2", PORT);
	struct figures f = { .delay_ms = g_new0(double, probe->sent) };
	g_autofree guint8 *seen = g_new0(guint8, probe->sent);
	gint64 start_ns, highest = 0;
	guint sent = 0;

	setsockopt(to, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
	/* what a busy machine makes this process miss must not look like loss */
	setsockopt(to, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	setsockopt(to, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
	start_ns = now_ns();
	for (;;) {
		gint64 next_ns = start_ns + sent * probe->interval_us * 1000, wait_ns;
		struct pollfd p = { .fd = to, .events = POLLIN };
		struct timespec timeout;

		take_all(to, start_ns, &f, &highest, seen);
		if (sent < probe->sent && now_ns() >= next_ns) {
			send_one(from, probe, sent++);
			continue;
		}
		wait_ns = sent < probe->sent ? MAX(next_ns - now_ns(), 0) : SILENCE_NS;
		timeout = (struct timespec){ wait_ns / 1000000000, wait_ns % 1000000000 };
		if (ppoll(&p, 1, &timeout, NULL) == 0 && sent == probe->sent)
			break;
	}
	qsort(f.delay_ms, f.received, sizeof(double), by_value);
	close(from);
	close(to);
	return f;
}

/* ARP has been through, so that it is not measured. */
static void warm_up(exec *x)
{
	const struct probe one = { .sent = 1, .length = 64 };
	struct figures f = measure(x, &one);

	cr_assert_eq(f.received, 1, "the network carries packets");
	g_free(f.delay_ms);
}

static void check_delay(const struct backend *b, exec *x, unsigned delay_ms)
{
	const struct impairment what = { .delay_us = delay_ms * 1000 };
	const struct probe probe = { .sent = 200, .length = 200, .interval_us = 1000 };
	double allowed_ms = MAX(1, 0.05 * delay_ms), median;
	struct figures f;

	impair(x, &what);
	f = measure(x, &probe);
	median = f.delay_ms[f.received / 2];
	cr_expect_eq(f.received, probe.sent, "%s: delay loses nothing (%u of %u came)", b->name, f.received, probe.sent);
	cr_expect(median >= delay_ms && median <= delay_ms + allowed_ms, "%s: delay %u ms asked, %.3f ms measured", b->name,
		  delay_ms, median);
	g_free(f.delay_ms);
}

static void check_jitter(const struct backend *b, exec *x)
{
	const struct impairment what = { .delay_us = 30000, .jitter_us = 10000 };
	const struct probe probe = { .sent = 500, .length = 200, .interval_us = 1000 };
	double sum = 0, squares = 0, mean, deviation;
	struct figures f;

	impair(x, &what);
	f = measure(x, &probe);
	for (guint i = 0; i < f.received; i++) {
		sum += f.delay_ms[i];
		squares += f.delay_ms[i] * f.delay_ms[i];
	}
	mean = sum / f.received;
	deviation = sqrt(squares / f.received - mean * mean);
	/* uniform over +-10 ms: a deviation of 10/sqrt(3) = 5.77 ms */
	cr_expect_float_eq(mean, 30, 1.5, "%s: mean %.2f ms", b->name, mean);
	cr_expect_float_eq(deviation, 5.77, 0.6, "%s: deviation %.2f ms", b->name, deviation);
	cr_expect(f.delay_ms[0] >= 20 && f.delay_ms[f.received * 99 / 100] <= 41, "%s: from %.2f to %.2f ms", b->name,
		  f.delay_ms[0], f.delay_ms[f.received * 99 / 100]);
	cr_expect_gt(f.reordered, 0, "%s: jitter beyond the spacing reorders", b->name);
	g_free(f.delay_ms);
}

/* `asked` of `n` within the binomial's 99 % interval. */
static bool plausible(guint found, guint n, double share)
{
	return fabs(found - n * share) <= 2.576 * sqrt(n * share * (1 - share)) + 0.5;
}

static void check_loss(const struct backend *b, exec *x)
{
	const struct impairment what = { .loss_pct = 5 }, copies = { .duplicate_pct = 10 };
	const struct probe probe = { .sent = 2500, .length = 100, .interval_us = 400 };
	struct figures f;

	impair(x, &what);
	f = measure(x, &probe);
	cr_expect(plausible(probe.sent - f.received, probe.sent, 0.05), "%s: loss 5 %% asked, %u of %u lost", b->name,
		  probe.sent - f.received, probe.sent);
	g_free(f.delay_ms);
	impair(x, &copies);
	f = measure(x, &probe);
	cr_expect(f.received == probe.sent && plausible(f.duplicates, probe.sent, 0.1),
		  "%s: duplicates 10 %% asked, %u of %u", b->name, f.duplicates, probe.sent);
	g_free(f.delay_ms);
}

static void check_rate(const struct backend *b, exec *x, unsigned rate_kbit)
{
	const struct impairment what = { .rate_kbit = rate_kbit, .queue = 10000000, .queue_unit = QUEUE_BYTES };
	const struct probe probe = { .sent = 200, .length = 1200 };
	double bits, measured_kbit;
	struct figures f;

	impair(x, &what);
	f = measure(x, &probe);
	bits = (f.received - 1) * (probe.length + FRAME_OVERHEAD_BYTES) * 8.0;
	measured_kbit = bits / (f.last_ms - f.first_ms);
	cr_expect_eq(f.received, probe.sent, "%s: the queue holds all (%u)", b->name, f.received);
	cr_expect(fabs(measured_kbit - rate_kbit) <= 0.03 * rate_kbit, "%s: rate %u kbit/s asked, %.1f measured", b->name,
		  rate_kbit, measured_kbit);
	g_free(f.delay_ms);
}

static void check_queue(const struct backend *b, exec *x)
{
	const struct impairment what = { .rate_kbit = 2000, .queue = 100, .queue_unit = QUEUE_MS };
	const struct probe probe = { .sent = 60, .length = 1208 };
	struct figures f;

	impair(x, &what);
	f = measure(x, &probe);
	/* 100 ms at 2 Mbit/s are 25000 bytes: 20 frames of 1250 bytes (netem's bucket holds one more) */
	cr_expect(f.received >= 20 && f.received <= 23, "%s: a queue of 100 ms let %u frames through", b->name, f.received);
	cr_expect_leq(f.delay_ms[f.received - 1], 110, "%s: the last waited %.1f ms", b->name, f.delay_ms[f.received - 1]);
	g_free(f.delay_ms);
}

static void check_none(const struct backend *b, exec *x)
{
	const struct impairment none = { 0 };
	const struct probe probe = { .sent = 100, .length = 100, .interval_us = 100 };
	struct figures f;

	impair(x, &none);
	f = measure(x, &probe);
	cr_expect(f.received == probe.sent && f.delay_ms[f.received / 2] < 1, "%s: none: %u came, %.3f ms", b->name,
		  f.received, f.delay_ms[f.received / 2]);
	g_free(f.delay_ms);
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

/* A packet into an impaired tunnel meets the tunnel's impairment, then, as the tunnel's packet, the interface's. */
Test(impair, a_tunnel_and_what_is_below_it_each_count_once, .timeout = 30)
{
	static const char tunnelled[] =
		"networks: {lan: {subnet: 10.0.1.0/24}}\n"
		"nodes:\n"
		"  a: {interfaces: {eth0: {network: lan, address: 10.0.1.1/24, impair: {delay: 20ms}}}}\n"
		"  b: {interfaces: {eth0: {network: lan, address: 10.0.1.2/24}}}\n"
		"tunnels:\n"
		"  t:\n"
		"    kind: vxlan\n"
		"    impair: {delay: 10ms}\n"
		"    ends:\n"
		"      - {node: a, iface: t0, address: 10.9.0.1/30, underlay: 10.0.1.1, prefixes: [10.9.0.0/30]}\n"
		"      - {node: b, iface: t0, address: 10.9.0.2/30, underlay: 10.0.1.2, prefixes: [10.9.0.0/30]}\n";
	const struct probe probe = { .from = "10.9.0.1", .to = "10.9.0.2", .sent = 100, .length = 200, .interval_us = 1000 };

	for (gsize i = 0; i < G_N_ELEMENTS(backends); i++) {
		g_autoptr(exec) x = network_with(tunnelled, &backends[i]);
		struct figures f;
		double median;

		if (!x)
			continue;
		f = measure(x, &probe); /* ARP too */
		g_free(f.delay_ms);
		f = measure(x, &probe);
		median = f.delay_ms[f.received / 2];
		cr_expect(f.received == probe.sent && median >= 30 && median <= 31.5, "%s: %u came, after %.3f ms",
			  backends[i].name, f.received, median);
		g_free(f.delay_ms);
	}
}
