/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: flood HOW ADDRESS PORT COUNT [USER PASSWORD]
 *
 *   requests   unauthenticated STUN and TURN requests, COUNT a second; 0: as fast as it can
 *   hold       connections that say nothing
 *   drip       connections that send a TLS hello, a byte a second
 *   relays     relays for one user
 *   churn      no abuse: relays that are given back, one after the other
 *   bindings   no abuse: as many answers to Binding requests
 *   greet      no abuse: TLS handshakes of an honest client, one by one
 *
 * Abuses a server of a lab until its standard input ends (the last five: until all are done), and
 * prints what came of it as JSON.  For tests/e2e/abuse and tests/e2e/endurance. */
#include <arpa/inet.h>
#include <errno.h>
#include <gio/gio.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stun/usages/turn.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH 64
#define SOCKETS 8
#define CONNECTS 50    /* at a time */
#define ANSWER_MS 200  /* what is not there by then is lost */
#define SILENT_MAX 50u /* batches without an answer: there is nobody */

static struct sockaddr_in server;

static bool input_has_ended(int timeout_ms)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
	char byte;

	return poll(&p, 1, timeout_ms) > 0 && read(STDIN_FILENO, &byte, 1) <= 0;
}

static int open_udp(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&server, sizeof server) == 0)
		return fd;
	perror("flood: socket");
	exit(1);
}

/* --- requests --------------------------------------------------------------------------------- */

#define KINDS 3

/* Binding; Allocate without credentials; Allocate with false ones. */
static gsize write_kind(guint kind, guint8 *buffer, gsize size)
{
	StunAgent agent;
	StunMessage m;

	stun_agent_init(&agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389,
			STUN_AGENT_USAGE_LONG_TERM_CREDENTIALS);
	stun_agent_init_request(&agent, &m, buffer, size, kind == 0 ? STUN_BINDING : STUN_ALLOCATE);
	if (kind > 0)
		stun_message_append32(&m, STUN_ATTRIBUTE_REQUESTED_TRANSPORT, 17u << 24);
	if (kind < 2)
		return stun_agent_finish_message(&agent, &m, NULL, 0);
	stun_message_append_string(&m, STUN_ATTRIBUTE_USERNAME, "1999999999:mallory");
	stun_message_append_string(&m, STUN_ATTRIBUTE_REALM, "contoso.com");
	stun_message_append_string(&m, STUN_ATTRIBUTE_NONCE, "AAAAAAAA");
	return stun_agent_finish_message(&agent, &m, (const uint8_t *)"guess", 5);
}

/* Sends a batch and takes the answers that are there; returns how many were sent. */
static guint send_batch(int fd, struct mmsghdr *out, guint64 *answers)
{
	static guint8 junk[BATCH][1500];
	struct mmsghdr in[BATCH] = {0};
	struct iovec parts[BATCH];
	int sent = sendmmsg(fd, out, BATCH, 0), got;

	for (guint i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){junk[i], sizeof junk[i]};
		in[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
	}
	got = recvmmsg(fd, in, BATCH, MSG_DONTWAIT, NULL);
	*answers += (guint64)MAX(got, 0);
	return (guint)MAX(sent, 0);
}

static void flood_requests(guint64 rate)
{
	static guint8 texts[BATCH][256];
	struct mmsghdr out[BATCH] = {0};
	struct iovec parts[BATCH];
	guint64 sent = 0, answers = 0;
	gint64 begin_us = g_get_monotonic_time(), now_us = begin_us;
	int fds[SOCKETS];

	for (guint i = 0; i < SOCKETS; i++)
		fds[i] = open_udp();
	for (guint i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){texts[i], write_kind(i % KINDS, texts[i], 256)};
		out[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
	}
	for (guint turn = 0;; turn++) {
		gint64 ahead_us = 0;

		sent += send_batch(fds[turn % SOCKETS], out, &answers);
		now_us = g_get_monotonic_time();
		if (rate > 0)
			ahead_us = (gint64)(sent * G_USEC_PER_SEC / rate) - (now_us - begin_us);
		if (input_has_ended(ahead_us > 1000 ? (int)(ahead_us / 1000) : 0))
			break;
	}
	printf("{\"sent\": %" G_GUINT64_FORMAT ", \"answers\": %" G_GUINT64_FORMAT
	       ", \"per_s\": %" G_GUINT64_FORMAT "}\n",
	       sent, answers, sent * G_USEC_PER_SEC / (guint64)MAX(now_us - begin_us, 1));
}

/* --- connections ------------------------------------------------------------------------------ */

/* Begins a connection; -1: there is no descriptor. */
static int begin_connection(int epoll)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.fd = fd};

	if (fd < 0)
		return -1;
	connect(fd, (struct sockaddr *)&server, sizeof server);
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	return fd;
}

/* Whether a connection is established. */
static bool is_open(int fd)
{
	struct sockaddr_in peer;
	socklen_t length = sizeof peer;

	return getpeername(fd, (struct sockaddr *)&peer, &length) == 0;
}

/* Keeps `count` connections up; those that the server ends are made again. */
static void hold_connections(guint count, bool drip)
{
	static const guint8 hello[] = {22, 3, 1, 1, 0};
	g_autofree int *fds = g_new(int, count);
	guint begun = 0, open = 0, ended = 0, open_max = 0, at = 0;
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	gint64 dripped_us = 0;

	for (;;) {
		struct epoll_event events[256];
		int n = epoll_wait(epoll, events, 256, 0);

		for (int i = 0; i < n; i++) { /* ended: another in its place */
			guint k = 0;

			while (fds[k] != events[i].data.fd)
				k++;
			ended++;
			close(fds[k]);
			fds[k] = fds[--begun];
		}
		for (guint i = 0; i < CONNECTS && begun < count; i++) {
			int fd = begin_connection(epoll);

			if (fd < 0)
				break;
			fds[begun++] = fd;
		}
		if (drip && g_get_monotonic_time() - dripped_us > G_USEC_PER_SEC) {
			dripped_us = g_get_monotonic_time();
			for (guint i = 0; i < begun; i++)
				send(fds[i], at < sizeof hello ? &hello[at] : hello, 1,
				     MSG_NOSIGNAL | MSG_DONTWAIT);
			at++;
		}
		open = 0;
		for (guint i = 0; i < begun; i++)
			open += is_open(fds[i]);
		open_max = MAX(open_max, open);
		if (input_has_ended(20))
			break;
	}
	printf("{\"open\": %u, \"open_max\": %u, \"ended\": %u}\n", open, open_max, ended);
}

/* --- relays ----------------------------------------------------------------------------------- */

/* The code of the answer to an Allocate, 0: granted, -1: none came.  `challenge`: the answer
 * before, NULL: none; `ret` becomes this one. */
static int ask_relay(int fd, StunMessage *challenge, char *user, char *password, StunMessage *ret,
		     guint8 *buffer, gsize size)
{
	StunAgent agent;
	guint8 out[1024];
	StunMessage request;
	gsize length;
	gssize n;
	int code = -1;

	stun_agent_init(&agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389,
			STUN_AGENT_USAGE_LONG_TERM_CREDENTIALS);
	length = stun_usage_turn_create(&agent, &request, out, sizeof out, challenge,
					STUN_USAGE_TURN_REQUEST_PORT_NORMAL, -1, 600,
					(uint8_t *)user, strlen(user), (uint8_t *)password,
					strlen(password), STUN_USAGE_TURN_COMPATIBILITY_RFC5766);
	if (send(fd, out, length, 0) < 0 || (n = recv(fd, buffer, size, 0)) <= 0)
		return -1;
	stun_agent_validate(&agent, ret, buffer, (size_t)n, NULL, NULL);
	if (stun_message_get_class(ret) == STUN_RESPONSE)
		return 0;
	stun_message_find_error(ret, &code);
	return code;
}

static void take_relays(guint count, char *user, char *password)
{
	guint granted = 0, refused = 0, silent = 0;
	struct timeval limit = {.tv_usec = 200000};

	for (guint i = 0; i < count; i++) {
		guint8 first[1500], second[1500];
		StunMessage challenge, answer;
		int fd = open_udp(), code;

		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
		code = ask_relay(fd, NULL, user, password, &challenge, first, sizeof first);
		if (code == 401)
			code = ask_relay(fd, &challenge, user, password, &answer, second,
					 sizeof second);
		granted += code == 0;
		refused += code > 0;
		silent += code < 0;
		close(fd);
	}
	printf("{\"granted\": %u, \"refused\": %u, \"silent\": %u}\n", granted, refused, silent);
}

/* Gives a relay back; whether that was granted. */
static bool release_relay(int fd, StunMessage *challenge, char *user, char *password)
{
	StunAgent agent;
	guint8 out[1024], in[1500];
	StunMessage request, answer;
	gsize length;
	gssize n;

	stun_agent_init(&agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389,
			STUN_AGENT_USAGE_LONG_TERM_CREDENTIALS);
	length = stun_usage_turn_create_refresh(&agent, &request, out, sizeof out, challenge, 0,
						(uint8_t *)user, strlen(user), (uint8_t *)password,
						strlen(password),
						STUN_USAGE_TURN_COMPATIBILITY_RFC5766);
	if (send(fd, out, length, 0) < 0 || (n = recv(fd, in, sizeof in, 0)) <= 0)
		return false;
	stun_agent_validate(&agent, &answer, in, (size_t)n, NULL, NULL);
	return stun_message_get_class(&answer) == STUN_RESPONSE;
}

/* Takes a relay and gives it back, again and again. */
static void churn_relays(guint count, char *user, char *password)
{
	guint granted = 0, released = 0;
	struct timeval limit = {.tv_sec = 5};

	for (guint i = 0; i < count; i++) {
		guint8 first[1500], second[1500];
		StunMessage challenge, answer;
		int fd = open_udp();

		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
		if (ask_relay(fd, NULL, user, password, &challenge, first, sizeof first) == 401 &&
		    ask_relay(fd, &challenge, user, password, &answer, second, sizeof second) ==
			    0) {
			granted++;
			released += release_relay(fd, &challenge, user, password);
		}
		close(fd);
	}
	printf("{\"granted\": %u, \"released\": %u}\n", granted, released);
}

/* Asks for so many bindings and takes all answers, a batch at a time. */
static void ask_bindings(guint64 count)
{
	static guint8 texts[BATCH][256];
	struct mmsghdr out[BATCH] = {0};
	struct iovec parts[BATCH];
	guint64 answers = 0;
	guint silent = 0;
	int fd = open_udp();

	while (answers < count && silent < SILENT_MAX) {
		guint64 before = answers, sent;

		for (guint i = 0; i < BATCH; i++) {
			parts[i] = (struct iovec){texts[i], write_kind(0, texts[i], 256)};
			out[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
		}
		sent = send_batch(fd, out, &answers);
		while (answers < before + sent) {
			struct pollfd p = {.fd = fd, .events = POLLIN};
			guint8 junk[1500];

			if (poll(&p, 1, ANSWER_MS) <= 0)
				break;
			while (recv(fd, junk, sizeof junk, MSG_DONTWAIT) > 0)
				answers++;
		}
		silent = answers == before ? silent + 1 : 0;
	}
	printf("{\"answers\": %" G_GUINT64_FORMAT "}\n", answers);
	close(fd);
}

/* --- an honest client ------------------------------------------------------------------------- */

static bool greet_once(gnutls_certificate_credentials_t credentials)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), code = -1;
	gnutls_session_t session;

	if (fd >= 0 && connect(fd, (struct sockaddr *)&server, sizeof server) == 0) {
		gnutls_init(&session, GNUTLS_CLIENT);
		gnutls_set_default_priority(session);
		gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
		gnutls_transport_set_int(session, fd);
		gnutls_handshake_set_timeout(session, 5000);
		do
			code = gnutls_handshake(session);
		while (code < 0 && !gnutls_error_is_fatal(code));
		gnutls_deinit(session);
	}
	if (fd >= 0)
		close(fd);
	return code == 0;
}

static void greet(guint count)
{
	gnutls_certificate_credentials_t credentials;
	gint64 begin_us = g_get_monotonic_time();
	guint greeted = 0;

	gnutls_certificate_allocate_credentials(&credentials);
	for (guint i = 0; i < count; i++)
		greeted += greet_once(credentials);
	gnutls_certificate_free_credentials(credentials);
	printf("{\"greeted\": %u, \"of\": %u, \"ms\": %" G_GINT64_FORMAT "}\n", greeted, count,
	       (g_get_monotonic_time() - begin_us) / 1000);
}

int main(int argc, char **argv)
{
	struct rlimit limit;

	if (argc < 5 || inet_pton(AF_INET, argv[2], &server.sin_addr) != 1)
		return 2;
	server.sin_family = AF_INET;
	server.sin_port = htons((guint16)atoi(argv[3]));
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (!strcmp(argv[1], "requests"))
		flood_requests((guint64)atoi(argv[4]));
	else if (!strcmp(argv[1], "relays") && argc == 7)
		take_relays((guint)atoi(argv[4]), argv[5], argv[6]);
	else if (!strcmp(argv[1], "churn") && argc == 7)
		churn_relays((guint)atoi(argv[4]), argv[5], argv[6]);
	else if (!strcmp(argv[1], "bindings"))
		ask_bindings((guint64)atoi(argv[4]));
	else if (!strcmp(argv[1], "greet"))
		greet((guint)atoi(argv[4]));
	else
		hold_connections((guint)atoi(argv[4]), !strcmp(argv[1], "drip"));
	return 0;
}
