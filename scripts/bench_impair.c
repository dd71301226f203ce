/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: bench-impair
 *
 * What a link impaired in user space carries: packets a second through one link, flat out, and how
 * much later than asked packets arrive at 5000 packets a second (arrival by the kernel's stamp).
 * Prints one line each. Needs CAP_SYS_ADMIN in its user namespace: `unshare -Urnm bench-impair`.
 */
#include "testbed/exec/exec.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RECEIVER "10.0.1.2"
#define PORT 4000
#define NS_PER_S 1000000000LL
#define FLOOD_NS (2 * NS_PER_S)
#define BATCH 64
#define PACED 10000
#define PACED_INTERVAL_NS 200000 /* 5000 a second */
#define DELAY_US 20000

static const char topology[] =
	"topology: bench\ndomain: example.com\n"
	"networks: {lan: {subnet: 10.0.1.0/24}}\n"
	"nodes:\n"
	"  a: {interfaces: {eth0: {network: lan, address: 10.0.1.1/24, impair: {delay: 20ms}}}}\n"
	"  b: {interfaces: {eth0: {network: lan, address: 10.0.1.2/24}}}\n"
	"scenarios: {base: {}}\n";

static gint64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static exec *build_network(void)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load_text("bench", topology, sizeof topology - 1, d);
	g_autoptr(model) m = base ? model_instantiate(base, model_scenario(base, "base"), d) : NULL;
	g_autoptr(plan) p = m ? plan_build(m) : NULL;
	g_autoptr(GError) error = NULL;
	struct exec_features f;
	exec *x;

	exec_probe(&f);
	f.netem = false;
	x = p ? exec_new_linux(&f, NULL, NULL, &error) : NULL;
	if (x && exec_run(x, p, &error))
		return x;
	fprintf(stderr, "bench-impair: %s\n", error ? error->message : "the network does not load");
	exit(1);
}

static int socket_in(exec *x, const char *node, const char *address)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int fd, one = 1;

	inet_pton(AF_INET, address, &at.sin_addr);
	if (setns(exec_netns_fd(x, node), CLONE_NEWNET) != 0)
		exit(1);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one) != 0)
		exit(1);
	inet_pton(AF_INET, RECEIVER, &at.sin_addr);
	if (strcmp(address, RECEIVER) != 0 && connect(fd, (struct sockaddr *)&at, sizeof at) != 0)
		exit(1);
	return fd;
}

/* Packets that eth0 of the namespace we are in has received. */
static guint64 packets_received(void)
{
	g_autofree char *text = NULL;
	const char *at;
	guint64 bytes = 0, packets = 0;

	g_file_get_contents("/proc/thread-self/net/dev", &text, NULL, NULL);
	at = text ? strstr(text, "eth0:") : NULL;
	if (!at ||
	    sscanf(at, "eth0: %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, &bytes, &packets) != 2)
		return 0;
	return packets;
}

static void flood(int from)
{
	static char data[64];
	struct iovec part = {data, sizeof data};
	struct mmsghdr batch[BATCH];
	gint64 start_ns = now_ns(), end_ns;
	guint64 before = packets_received(), sent = 0, came;
	struct pollfd nothing = {.fd = -1};

	for (int i = 0; i < BATCH; i++)
		batch[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
	while (now_ns() - start_ns < FLOOD_NS) {
		int n = sendmmsg(from, batch, BATCH, 0);

		sent += n > 0 ? (guint64)n : 0;
	}
	end_ns = now_ns();
	came = packets_received() -
	       before; /* within the time: what is still under way does not count */
	printf("impaired link in user space, packets/s   %10.0f   (of %.0f offered)\n",
	       (double)came * 1e9 / (double)(end_ns - start_ns),
	       (double)sent * 1e9 / (double)(end_ns - start_ns));
	poll(&nothing, 0, 200); /* until the link is empty */
}

static bool receive(int fd, double *ret_late_ms)
{
	gint64 sent_ns;
	char control[CMSG_SPACE(sizeof(struct timespec))];
	struct iovec part = {&sent_ns, sizeof sent_ns};
	struct msghdr m = {.msg_iov = &part,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof control};
	const struct cmsghdr *stamped;
	struct timespec stamp;

	if (recvmsg(fd, &m, MSG_DONTWAIT) < (ssize_t)sizeof sent_ns ||
	    !(stamped = CMSG_FIRSTHDR(&m)))
		return false;
	memcpy(&stamp, CMSG_DATA(stamped), sizeof stamp);
	*ret_late_ms = (double)(stamp.tv_sec * NS_PER_S + stamp.tv_nsec - sent_ns) / 1e6 -
		       DELAY_US / 1000.0;
	return true;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void pace(int from, int to)
{
	static double late_ms[PACED];
	gint64 start_ns = now_ns();
	guint sent = 0, came = 0;
	char rest[65536];

	while (recv(to, rest, sizeof rest, MSG_DONTWAIT) > 0)
		; /* of the flood */
	for (gint64 end_ns = start_ns + PACED * (gint64)PACED_INTERVAL_NS + NS_PER_S;
	     came < PACED && now_ns() < end_ns;) {
		struct pollfd p = {.fd = to, .events = POLLIN};
		gint64 wait_ns =
			sent < PACED ?
				MAX(start_ns + sent * (gint64)PACED_INTERVAL_NS - now_ns(), 0) :
				NS_PER_S / 10;
		struct timespec timeout = {0, wait_ns};
		gint64 stamp;

		ppoll(&p, 1, &timeout, NULL);
		while (came < PACED && receive(to, &late_ms[came]))
			came++;
		if (sent < PACED && now_ns() >= start_ns + sent * (gint64)PACED_INTERVAL_NS) {
			stamp = now_ns();
			sent += send(from, &stamp, sizeof stamp, 0) == (ssize_t)sizeof stamp;
		}
	}
	qsort(late_ms, came, sizeof *late_ms, by_value);
	if (came > 0)
		printf("its lateness at 5000 packets/s, ms       %10.3f   (median; p99 %.3f, p99.9 "
		       "%.3f; %u of %u came)\n",
		       late_ms[came / 2], late_ms[came * 99 / 100], late_ms[came * 999 / 1000],
		       came, sent);
}

int main(void)
{
	exec *x = build_network();
	int from = socket_in(x, "a", "10.0.1.1"), to = socket_in(x, "b", RECEIVER);

	printf("link %s\n", exec_impair_backend(x));
	flood(from);
	pace(from, to);
	exec_free(x);
	return 0;
}
