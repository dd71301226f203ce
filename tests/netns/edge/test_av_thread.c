/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The A/V Edge in its thread, asked over real sockets on the loopback of a namespace: what it tells
 * comes in the maker's thread, in order, with the time at which it happened, and nothing is lost at
 * the end.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <stun/usages/turn.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/mras.h"
#include "edge/av_thread.h"

#define SECRET "s3cret"
#define ANSWER_MS 5000 /* a deadline; it takes microseconds */

struct told {
	GThread *maker;
	GPtrArray *names;
	gint64 last_us; /* of the events */
	bool elsewhere, out_of_order;
};

static void on_event(const char *name, json_t *fields, gpointer user_data)
{
	struct told *t = user_data;
	gint64 time_us = json_integer_value(json_object_get(fields, "time_us"));

	t->elsewhere |= g_thread_self() != t->maker;
	t->out_of_order |= time_us < t->last_us || time_us > g_get_monotonic_time();
	t->last_us = time_us;
	g_ptr_array_add(t->names, g_strdup(name));
	json_decref(fields);
}

static guint times_told(const struct told *t, const char *name)
{
	guint n = 0;

	for (guint i = 0; i < t->names->len; i++)
		n += g_str_equal(t->names->pdata[i], name);
	return n;
}

static void make_network(void)
{
	if (unshare(CLONE_NEWNET) != 0)
		cr_skip_test("needs namespaces: %s", strerror(errno));
	cr_assert_eq(system("ip link set lo up && ip addr add 203.0.113.3/32 dev lo && ip addr add "
			    "203.0.113.4/32 dev lo"),
		     0);
}

static struct edge_config *make_config(void)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
				   "name", "edge", "fqdn", "edge.example.com", "domain",
				   "example.com", "next_hop", "fe.example.com", "ca", "/ca",
				   "certificate", "/c", "key", "/k", "secret", SECRET, "internal",
				   "127.0.0.1", "access", "127.0.0.1", "av", "203.0.113.3");
	g_autoptr(GError) error = NULL;
	struct edge_config *c = edge_config_parse(object, &error);

	json_decref(object);
	cr_assert_not_null(c, "%s", error ? error->message : "");
	return c;
}

static int client_socket(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(AV_EDGE_UDP_PORT)};
	struct timeval limit = {.tv_sec = ANSWER_MS / 1000};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, "203.0.113.3", &to.sin_addr);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
	cr_assert_eq(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

/* Sends an Allocate with what the answer before asked for; the answer. */
static void ask(int fd, StunAgent *agent, StunMessage *previous, char *user, char *password,
		StunMessage *ret, guint8 *buffer, gsize size)
{
	guint8 out[1024];
	StunMessage request;
	gsize length =
		stun_usage_turn_create(agent, &request, out, sizeof out, previous,
				       STUN_USAGE_TURN_REQUEST_PORT_NORMAL, -1, 600,
				       (uint8_t *)user, strlen(user), (uint8_t *)password,
				       strlen(password), STUN_USAGE_TURN_COMPATIBILITY_RFC5766);
	gssize n;

	cr_assert_gt(length, 0u);
	cr_assert_eq(send(fd, out, length, 0), (gssize)length);
	n = recv(fd, buffer, size, 0);
	cr_assert_gt(n, 0, "no answer");
	stun_agent_validate(agent, ret, buffer, (size_t)n, NULL, NULL);
}

static void allocate(int fd)
{
	static const uint16_t known[] = {STUN_ATTRIBUTE_XOR_RELAYED_ADDRESS,
					 STUN_ATTRIBUTE_LIFETIME, 0};
	StunAgent agent;
	StunMessage challenge, answer;
	int code;
	guint8 first[1024], second[1024];
	g_autofree char *user = NULL, *password = NULL;

	mras_credentials(SECRET, "alice", g_get_real_time() / G_USEC_PER_SEC + 600, &user,
			 &password);
	stun_agent_init(&agent, known, STUN_COMPATIBILITY_RFC5389,
			STUN_AGENT_USAGE_LONG_TERM_CREDENTIALS);
	ask(fd, &agent, NULL, user, password, &challenge, first, sizeof first);
	cr_assert_eq(stun_message_get_class(&challenge), STUN_ERROR, "credentials are asked for");
	ask(fd, &agent, &challenge, user, password, &answer, second, sizeof second);
	code = 0;
	stun_message_find_error(&answer, &code);
	cr_assert_eq(stun_message_get_class(&answer), STUN_RESPONSE, "no allocation: %d", code);
}

static void told_init(struct told *t)
{
	*t = (struct told){.maker = g_thread_self(),
			   .names = g_ptr_array_new_with_free_func(g_free)};
}

Test(av_thread, tells_what_happens_in_its_makers_thread)
{
	struct told told;
	struct edge_config *config;
	json_t *stats = json_object();
	g_autoptr(GError) error = NULL;
	av_thread *t;
	int fd;

	make_network();
	told_init(&told);
	config = make_config();
	t = av_thread_new(config, on_event, &told, &error);
	cr_assert_not_null(t, "%s", error ? error->message : "");
	cr_expect_eq(times_told(&told, "listening"), 4u,
		     "told before it returns: inside and outside, UDP and TCP");
	fd = client_socket();
	allocate(fd);
	cr_expect_eq(times_told(&told, "allocation"), 0u, "not before the loop runs");
	while (times_told(&told, "allocation") == 0)
		g_main_context_iteration(NULL, TRUE);
	av_thread_stats(t, stats);
	cr_expect_eq(json_integer_value(json_object_get(stats, "allocations_open")), 1);
	av_thread_free(t);
	cr_expect_eq(times_told(&told, "allocation-end"), 1u, "what is left is told at the end");
	cr_expect_not(told.elsewhere, "an event came in another thread");
	cr_expect_not(told.out_of_order, "the times of events");
	close(fd);
	json_decref(stats);
	edge_config_free(config);
	g_ptr_array_unref(told.names);
}

Test(av_thread, says_what_it_cannot_bind)
{
	struct told told;
	struct edge_config *config;
	g_autoptr(GError) error = NULL;
	av_thread *first;

	make_network();
	told_init(&told);
	config = make_config();
	first = av_thread_new(config, on_event, &told, NULL);
	cr_assert_not_null(first);
	cr_assert_null(av_thread_new(config, on_event, &told, &error));
	cr_expect_not_null(strstr(error->message, "cannot bind UDP 127.0.0.1:3478"), "%s",
			   error->message);
	av_thread_free(first);
	edge_config_free(config);
	g_ptr_array_unref(told.names);
}
