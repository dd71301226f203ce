/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A verb's end of the control socket, with a keeper that the test plays. */
#include "common/wire/line_socket.h"
#include "testbed/base/diag.h"
#include "testbed/live/client.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct pair {
	live_client *client;
	line_socket *keeper;
};

static void pair_init(struct pair *p)
{
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	p->client = live_client_new(fds[0]);
	p->keeper = line_socket_new_blocking(fds[1], 1 << 20);
}

static void pair_clear(struct pair *p)
{
	object_free(p->client);
	line_socket_free(p->keeper);
}

/* What the keeper says, before it is asked: the socket keeps it. */
static void say(const struct pair *p, const char *line)
{
	line_socket_send(p->keeper, line, strlen(line));
}

static void append_line(const json_t *line, gpointer text)
{
	char *dumped = json_dumps(line, JSON_COMPACT | JSON_SORT_KEYS);

	g_string_append_printf(text, "%s\n", dumped);
	free(dumped);
}

Test(client, sends_one_line_and_hears_lines_until_the_answer)
{
	struct pair p;
	g_autoptr(GString) heard = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	json_t *done;
	char *asked;
	gsize length;

	pair_init(&p);
	say(&p, "{\"agent\": \"a\", \"event\": {\"event\": \"talking\"}}");
	say(&p, "no JSON");
	say(&p, "{\"done\": {\"n\": 1}}");
	say(&p, "{\"done\": {\"n\": 2}}");
	done = live_request(p.client, json_pack("{s:s, s:s}", "do", "call", "a", "x"), append_line,
			    heard, &error);
	cr_assert_not_null(done, "%s", error ? error->message : "");
	cr_expect_eq(json_integer_value(json_object_get(done, "n")), 1);
	cr_expect_str_eq(heard->str, "{\"agent\":\"a\",\"event\":{\"event\":\"talking\"}}\n{}\n",
			 "%s", heard->str);
	json_decref(done);
	asked = line_socket_wait_line(p.keeper, -1, &length);
	cr_expect_str_eq(asked, "{\"do\":\"call\",\"a\":\"x\"}", "%s", asked);
	/* the next answer is that of the next request */
	done = live_ask(p.client, "status", &error);
	cr_expect_eq(json_integer_value(json_object_get(done, "n")), 2);
	json_decref(done);
	asked = line_socket_wait_line(p.keeper, -1, &length);
	cr_expect_str_eq(asked, "{\"do\":\"status\"}", "%s", asked);
	pair_clear(&p);
}

struct waiting {
	const struct pair *pair;
	guint calls;
};

/* The keeper answers only when its client has waited three times, and then goes. */
static void on_waiting(gpointer user_data)
{
	struct waiting *w = user_data;

	if (++w->calls == 3)
		say(w->pair, "{\"done\": {\"n\": 1}}");
}

Test(client, whoever_waits_is_told_that_time_goes_on)
{
	struct pair p;
	struct waiting w = {.pair = &p};
	g_autoptr(GError) error = NULL;
	json_t *done;

	pair_init(&p);
	live_client_while_waiting(p.client, 1, on_waiting, &w);
	done = live_ask(p.client, "status", &error);
	cr_expect_not_null(done, "%s", error ? error->message : "");
	cr_expect_geq(w.calls, 3);
	json_decref(done);
	g_clear_pointer(&p.keeper, line_socket_free);
	cr_expect_null(live_ask(p.client, "status", &error));
	cr_expect(g_error_matches(error, TB_ERROR, TB_ERROR_DIED));
	pair_clear(&p);
}

static const struct refusal {
	const char *line;
	int code;
	const char *message;
} refusals[] = {
	{"{\"error\": {\"code\": 2, \"message\": \"no node 'x'\"}}", 2, "no node 'x'"},
	{"{\"error\": {\"code\": 3}}", 3, "refused"},
	{"{\"error\": {}}", 0, "refused"},
};

Test(client, a_refusal_is_the_keepers_error)
{
	for (guint i = 0; i < G_N_ELEMENTS(refusals); i++) {
		const struct refusal *r = &refusals[i];
		g_autoptr(GError) error = NULL;
		struct pair p;

		pair_init(&p);
		say(&p, r->line);
		cr_expect_null(live_ask(p.client, "enter", &error), "%s", r->line);
		cr_assert_not_null(error, "%s", r->line);
		cr_expect_eq(error->domain, TB_ERROR);
		cr_expect_eq(error->code, r->code, "%s: %d", r->line, error->code);
		cr_expect_str_eq(error->message, r->message, "%s: %s", r->line, error->message);
		pair_clear(&p);
	}
}

Test(client, a_keeper_that_goes_takes_its_lab_with_it)
{
	static const char *const last_words[] = {"", "{\"agent\": \"a\"}\n", "{\"done\": {"};

	for (guint i = 0; i < G_N_ELEMENTS(last_words); i++) {
		g_autoptr(GError) error = NULL;
		int fds[2];
		live_client *c;

		cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
		c = live_client_new(fds[0]);
		cr_assert_eq(write(fds[1], last_words[i], strlen(last_words[i])),
			     (ssize_t)strlen(last_words[i]));
		shutdown(fds[1], SHUT_WR);
		cr_expect_null(live_ask(c, "status", &error), "'%s'", last_words[i]);
		cr_expect(g_error_matches(error, TB_ERROR, TB_ERROR_DIED), "'%s': %s",
			  last_words[i], error ? error->message : "no error");
		object_free(c);
		close(fds[1]);
	}
}

Test(client, descriptors_come_with_the_answer_oldest_first)
{
	struct pair p;
	g_autoptr(GError) error = NULL;
	int pipes[2][2], got[2];
	json_t *done;
	char byte = 0;

	pair_init(&p);
	cr_assert(pipe(pipes[0]) == 0 && pipe(pipes[1]) == 0);
	cr_assert(line_socket_send_json_fds(p.keeper, json_pack("{s:{}}", "done"),
					    (const int[]){pipes[0][0], pipes[1][0]}, 2));
	done = live_ask(p.client, "enter", &error);
	cr_assert_not_null(done, "%s", error ? error->message : "");
	json_decref(done);
	for (int i = 0; i < 2; i++) {
		got[i] = live_take_fd(p.client);
		cr_assert_geq(got[i], 0, "descriptor %d", i);
		cr_assert_eq(write(pipes[i][1], (const char[]){(char)('a' + i)}, 1), 1);
		cr_assert_eq(read(got[i], &byte, 1), 1);
		cr_expect_eq(byte, 'a' + i, "descriptor %d reads '%c'", i, byte);
		close(got[i]);
	}
	cr_expect_eq(live_take_fd(p.client), -1);
	pair_clear(&p);
}

Test(client, inspect_takes_a_state_and_nothing_else)
{
	static const struct {
		const char *line;
		bool state;
	} rows[] = {
		{"{\"done\": {\"nodes\": {\"a\": {}}}}", true},
		{"{\"done\": \"well\"}", false},
		{"{\"done\": [1]}", false},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(netstate) state = NULL;
		struct pair p;

		pair_init(&p);
		say(&p, rows[i].line);
		state = live_inspect(p.client, NULL, &error);
		cr_expect_eq(state != NULL, rows[i].state, "%s", rows[i].line);
		cr_expect_eq(error != NULL, !rows[i].state, "%s: %s", rows[i].line,
			     error ? error->message : "no error");
		if (state)
			cr_expect_not_null(netstate_node(state, "a"));
		pair_clear(&p);
	}
}
