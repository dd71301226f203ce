/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nat/probe.h"

#include "nat/binding.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Theory of operation.
 *
 * A request whose answer must come is repeated until it is answered or given up
 * (send_until_answered).  The harder question is whether a packet does not come because the NAT
 * filters it, or not yet because the machine is busy.  No time limit is long enough for that.  So
 * each such request is followed by a marker, a request whose answer must come.  When the marker's
 * answer has come, the other packets should have come, too; they get the same time once more and
 * GRACE_MS.  As packets can be lost, this is done in ROUNDS rounds.
 *
 * Filtering and lifetime are tested with new sockets, because each packet changes the NAT's filters
 * and renews the mapping. */

#define RTO_MS 100    /* doubled for each retransmission */
#define REPETITIONS 5 /* 100 + 200 + ... = 3.1 s */
#define ROUNDS 3
#define GRACE_MS 30
#define LIFETIME_SLACK_MS 600 /* the mapping is tested this long before and after its lifetime */

/* A request, and its answer. */
struct probe_request {
	struct binding_message sent, got;
	struct sockaddr_in from; /* source of `got` */
	bool seen;
};

/* A UDP socket, bound to the source address that the route to `towards` selects and to a free port,
 * which *ret_local gets.  The caller closes it. -1: it can't be bound. */
static int udp_socket(struct sockaddr_in *ret_local, const struct sockaddr_in *towards)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
	    route = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in any = {.sin_family = AF_INET};
	socklen_t size = sizeof *ret_local;

	/* a connected socket has the source address that its route selects */
	if (connect(route, (const struct sockaddr *)towards, sizeof *towards) == 0)
		getsockname(route, (struct sockaddr *)&any, &size);
	any.sin_port = 0;
	close(route);
	if (bind(fd, (const struct sockaddr *)&any, sizeof any) != 0) {
		close(fd);
		return -1;
	}
	size = sizeof *ret_local;
	getsockname(fd, (struct sockaddr *)ret_local, &size);
	return fd;
}

static struct probe_request new_request(guint32 change, guint16 response_port)
{
	struct probe_request p = {
		.sent = {.request = true, .change = change, .response_port = response_port}};

	binding_new_id(p.sent.id);
	return p;
}

static void send_to(int fd, const struct probe_request *p, const struct sockaddr_in *to)
{
	guint8 data[BINDING_MESSAGE_MAX];
	gsize length = binding_write(&p->sent, data);

	/* Errors are ignored: the request is sent again, as if it were lost. */
	(void)!sendto(fd, data, length, MSG_DONTWAIT, (const struct sockaddr *)to, sizeof *to);
}

/* Receives one packet and stores it with the request of `all` that it answers, if any. */
static void receive_answer(int fd, struct probe_request *all, guint n)
{
	guint8 data[BINDING_MESSAGE_MAX];
	struct binding_message m;
	struct sockaddr_in from;
	socklen_t size = sizeof from;
	ssize_t length =
		recvfrom(fd, data, sizeof data, MSG_DONTWAIT, (struct sockaddr *)&from, &size);

	if (length <= 0 || !binding_read(data, (gsize)length, &m))
		return;
	for (guint i = 0; i < n; i++) {
		if (memcmp(all[i].sent.id, m.id, sizeof m.id) != 0)
			continue;
		all[i].seen = true;
		all[i].got = m;
		all[i].from = from;
	}
}

/* Receives answers to the `n` requests of `all` until `wanted` (NULL: none in particular) is
 * answered or the time is over. */
static void receive_until(int fd, struct probe_request *all, guint n,
			  const struct probe_request *wanted, gint64 timeout_ms)
{
	gint64 end_us = g_get_monotonic_time() + timeout_ms * 1000, now_us;

	while (!(wanted && wanted->seen) && (now_us = g_get_monotonic_time()) < end_us) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		if (poll(&p, 1, (int)((end_us - now_us + 999) / 1000)) > 0)
			receive_answer(fd, all, n);
	}
}

/* Sends `all[which]` until it is answered or REPETITIONS are used up; receives answers to the
 * others meanwhile.  Returns whether it was answered. */
static bool send_until_answered(int fd, struct probe_request *all, guint n, guint which,
				const struct sockaddr_in *to)
{
	gint64 wait_ms = RTO_MS;

	for (guint i = 0; i < REPETITIONS && !all[which].seen; i++, wait_ms *= 2) {
		send_to(fd, &all[which], to);
		receive_until(fd, all, n, &all[which], wait_ms);
	}
	return all[which].seen;
}

/* Makes a plain request, sends it until it is answered, and returns whether it was. */
static bool request_once(int fd, const struct sockaddr_in *to, struct probe_request *ret)
{
	*ret = new_request(0, 0);
	return send_until_answered(fd, ret, 1, 0, to);
}

static bool same_endpoint(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
	return a->sin_addr.s_addr == b->sin_addr.s_addr && a->sin_port == b->sin_port;
}

/* The mapping behaviour, by what the three endpoints of server_endpoints saw. */
static enum probe_behaviour mapping_of(const struct sockaddr_in mapped[3])
{
	if (same_endpoint(&mapped[0], &mapped[1]))
		return PROBE_ENDPOINT_INDEPENDENT;
	return same_endpoint(&mapped[1], &mapped[2]) ? PROBE_ADDRESS_DEPENDENT :
						       PROBE_ADDRESS_AND_PORT_DEPENDENT;
}

/* The server's endpoints in the order of RFC 5780 section 4.3: first address and port, second
 * address and first port, second address and port. */
static void server_endpoints(const struct sockaddr_in *first, const struct sockaddr_in *other,
			     struct sockaddr_in ret[3])
{
	ret[0] = *first;
	ret[1] = *other;
	ret[1].sin_port = first->sin_port;
	ret[2] = *other;
}

/* --- section 4.3: mapping --------------------------------------------------------------------- */

/* Sets mapped address, translation, port preservation and mapping; *ret_other is the server's other
 * endpoint.  False: the server did not answer everywhere. */
static bool measure_mapping(const struct probe_asked *asked, int fd, struct sockaddr_in *ret_other,
			    struct probe_measured *ret)
{
	struct sockaddr_in to[3], mapped[3];
	struct probe_request p;

	if (!request_once(fd, &asked->judge, &p) || p.got.other.sin_family == 0)
		return false;
	*ret_other = p.got.other;
	ret->mapped = mapped[0] = p.got.mapped;
	ret->translated = !same_endpoint(&ret->local, &ret->mapped);
	ret->port_preserved = ret->local.sin_port == ret->mapped.sin_port;
	server_endpoints(&asked->judge, ret_other, to);
	for (guint i = 1; i < 3; i++) {
		if (!request_once(fd, &to[i], &p))
			return false;
		mapped[i] = p.got.mapped;
	}
	ret->mapping = mapping_of(mapped);
	return true;
}

/* --- section 4.4: filtering ------------------------------------------------------------------- */

/* Sends all but the last of `all` to `to`, then the last one to the server as the marker; ROUNDS
 * times. */
static void send_with_marker(int fd, struct probe_request *all, guint n,
			     const struct sockaddr_in *to, const struct sockaddr_in *judge)
{
	for (guint round = 0; round < ROUNDS; round++) {
		gint64 began_us = g_get_monotonic_time();

		for (guint i = 0; i + 1 < n; i++)
			send_to(fd, &all[i], to);
		all[n - 1].seen = false;
		send_until_answered(fd, all, n, n - 1, judge);
		receive_until(fd, all, n, NULL,
			      GRACE_MS + (g_get_monotonic_time() - began_us) / 1000);
	}
}

/* With a new socket: asks for answers from the server's other address and from its other port. */
static void measure_filtering(const struct probe_asked *asked, struct probe_measured *ret)
{
	struct probe_request all[] = {new_request(BINDING_CHANGE_ADDRESS | BINDING_CHANGE_PORT, 0),
				      new_request(BINDING_CHANGE_PORT, 0), new_request(0, 0)};
	struct sockaddr_in local;
	int fd = udp_socket(&local, &asked->judge);

	if (fd < 0)
		return;
	send_with_marker(fd, all, G_N_ELEMENTS(all), &asked->judge, &asked->judge);
	if (all[2].seen)
		ret->filtering = all[0].seen ? PROBE_ENDPOINT_INDEPENDENT :
				 all[1].seen ? PROBE_ADDRESS_DEPENDENT :
					       PROBE_ADDRESS_AND_PORT_DEPENDENT;
	close(fd);
}

/* --- section 4.5: hairpin --------------------------------------------------------------------- */

/* Whether a second socket reaches the first one's mapped address; its marker goes to the server. */
static void measure_hairpin(const struct probe_asked *asked, int first, struct probe_measured *ret)
{
	struct probe_request hairpin = new_request(0, 0), marker;
	struct sockaddr_in local;
	int second = udp_socket(&local, &asked->judge);

	for (guint round = 0; second >= 0 && round < ROUNDS && !hairpin.seen; round++) {
		gint64 began_us = g_get_monotonic_time();

		send_to(second, &hairpin, &ret->mapped);
		request_once(second, &asked->judge, &marker);
		receive_until(first, &hairpin, 1, &hairpin,
			      GRACE_MS + (g_get_monotonic_time() - began_us) / 1000);
	}
	ret->hairpin = hairpin.seen;
	ret->hairpin_outside =
		hairpin.seen && hairpin.from.sin_addr.s_addr == ret->mapped.sin_addr.s_addr;
	if (second >= 0)
		close(second);
}

/* --- section 4.6: lifetime -------------------------------------------------------------------- */

struct idle {
	int fd;
	struct sockaddr_in local;
	guint16 mapped_port; /* 0: none */
	gint64 since_us;     /* of the last packet */
};

/* A new socket with a mapping that begins to be idle; the caller closes its descriptor (-1:
 * none). */
static struct idle idle_new(const struct probe_asked *asked)
{
	struct idle i = {.fd = -1};
	struct probe_request p;

	i.fd = udp_socket(&i.local, &asked->judge);
	if (i.fd >= 0 && request_once(i.fd, &asked->judge, &p))
		i.mapped_port = g_ntohs(p.got.mapped.sin_port);
	i.since_us = g_get_monotonic_time();
	return i;
}

/* Whether the NAT lets a packet in to the idle socket's mapped port.  Another socket asks the
 * server for it with RESPONSE-PORT. */
static bool still_mapped(const struct idle *idle, const struct probe_asked *asked)
{
	struct probe_request to_idle = new_request(0, idle->mapped_port), marker;
	struct sockaddr_in local;
	int fd = udp_socket(&local, &asked->judge);

	for (guint round = 0; fd >= 0 && round < ROUNDS && !to_idle.seen; round++) {
		gint64 began_us = g_get_monotonic_time();

		send_to(fd, &to_idle, &asked->judge);
		request_once(fd, &asked->judge, &marker);
		receive_until(idle->fd, &to_idle, 1, &to_idle,
			      GRACE_MS + (g_get_monotonic_time() - began_us) / 1000);
	}
	if (fd >= 0)
		close(fd);
	return to_idle.seen;
}

/* Waits until no packet has passed the mapping for `idle_ms`; a late packet renews it. */
static void stay_idle(struct idle *i, gint64 idle_ms)
{
	gint64 left_us;

	while (i->mapped_port != 0 &&
	       (left_us = i->since_us + idle_ms * 1000 - g_get_monotonic_time()) > 0) {
		struct pollfd p = {.fd = i->fd, .events = POLLIN};

		if (poll(&p, 1, (int)((left_us + 999) / 1000)) <= 0)
			continue;
		receive_answer(i->fd, NULL, 0);
		i->since_us = g_get_monotonic_time();
	}
}

/* Whether mappings still exist shortly before lifetime_ms and no longer exist shortly after.  Uses
 * two sockets, because the first test renews the mapping of its socket.  Blocks for that time. */
static void measure_lifetime(const struct probe_asked *asked, struct probe_measured *ret)
{
	struct idle before = idle_new(asked), after = idle_new(asked);

	stay_idle(&before, (gint64)asked->lifetime_ms - LIFETIME_SLACK_MS);
	ret->lived = before.mapped_port != 0 && still_mapped(&before, asked);
	stay_idle(&after, (gint64)asked->lifetime_ms + LIFETIME_SLACK_MS);
	ret->ended = after.mapped_port != 0 && !still_mapped(&after, asked);
	if (before.fd >= 0)
		close(before.fd);
	if (after.fd >= 0)
		close(after.fd);
}

/* --- TCP: mapping only (RFC 5382 section 4.1) ------------------------------------------------- */

/* Blocks until the socket is ready for `events`; false: it was not by `end_us`. */
static bool tcp_wait(int fd, short events, gint64 end_us)
{
	struct pollfd p = {.fd = fd, .events = events};
	gint64 left_us = end_us - g_get_monotonic_time();

	return left_us > 0 && poll(&p, 1, (int)(left_us / 1000 + 1)) == 1;
}

/* Sends a request on a connection and reads the mapped address from its answer; false: none by
 * `end_us`. */
static bool tcp_request(int fd, struct sockaddr_in *ret_mapped, gint64 end_us)
{
	struct probe_request p = new_request(0, 0);
	guint8 data[BINDING_MESSAGE_MAX];
	gsize length = binding_write(&p.sent, data), have = 0, want;

	if (send(fd, data, length, MSG_NOSIGNAL) != (ssize_t)length)
		return false;
	do {
		ssize_t n = tcp_wait(fd, POLLIN, end_us) ?
				    recv(fd, data + have, sizeof data - have, MSG_DONTWAIT) :
				    0;

		if (n <= 0)
			return false;
		have += (gsize)n;
		want = binding_length(data, have);
	} while (want == 0 || have < want);
	if (!binding_read(data, want, &p.got))
		return false;
	*ret_mapped = p.got.mapped;
	return true;
}

/* A connected socket, for the caller to close; -1: no connection by `end_us`.  Its local port is
 * *port (network order); for 0 a free one is chosen and stored there. */
static int tcp_connect(const struct sockaddr_in *to, guint16 *port, gint64 end_us)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1,
	    failure = 0;
	struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = *port};
	socklen_t size = sizeof local, failure_size = sizeof failure;

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes) == 0 &&
	    bind(fd, (const struct sockaddr *)&local, sizeof local) == 0 &&
	    (connect(fd, (const struct sockaddr *)to, sizeof *to) == 0 || errno == EINPROGRESS) &&
	    tcp_wait(fd, POLLOUT, end_us) &&
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &failure_size) == 0 && failure == 0 &&
	    getsockname(fd, (struct sockaddr *)&local, &size) == 0) {
		*port = local.sin_port;
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Connects from one port to three endpoints of the server and compares what they see; takes at most
 * three seconds. */
static void measure_tcp(const struct sockaddr_in to[3], struct probe_measured *ret)
{
	gint64 end_us = g_get_monotonic_time() + 3000000;
	struct sockaddr_in mapped[3];
	guint16 port = 0;
	int fds[3] = {-1, -1, -1};
	bool all = true;

	for (guint i = 0; i < 3 && all; i++) {
		fds[i] = tcp_connect(&to[i], &port, end_us);
		all = fds[i] >= 0 && tcp_request(fds[i], &mapped[i], end_us);
	}
	if (all)
		ret->tcp_mapping = mapping_of(mapped);
	for (guint i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* --- the probe -------------------------------------------------------------------------------- */

void probe_run(const struct probe_asked *asked, struct probe_measured *ret)
{
	struct sockaddr_in other = {.sin_family = 0}, to[3];
	int fd;

	*ret = (struct probe_measured){.udp = false};
	fd = udp_socket(&ret->local, &asked->judge);
	if (fd < 0)
		return;
	ret->udp = measure_mapping(asked, fd, &other, ret);
	if (ret->udp) {
		measure_filtering(asked, ret);
		measure_hairpin(asked, fd, ret);
		server_endpoints(&asked->judge, &other, to);
		measure_tcp(to, ret);
		if (asked->lifetime_ms > 0)
			measure_lifetime(asked, ret);
	}
	close(fd);
}

const char *probe_behaviour_name(enum probe_behaviour b)
{
	static const char *const names[] = {
		[PROBE_ENDPOINT_INDEPENDENT] = "endpoint-independent",
		[PROBE_ADDRESS_DEPENDENT] = "address-dependent",
		[PROBE_ADDRESS_AND_PORT_DEPENDENT] = "address-and-port-dependent",
	};

	return b == PROBE_UNKNOWN ? NULL : names[b];
}
