/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control channel over a socket pair: lines cut anywhere, commands in, events out, and its end.
 */
#include "common/channel.h"
#include "common/wire/line_socket.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct end {
	channel *c;
	int far;
	GString *log;
	guint closed;
	bool free_on_command;
};

static void command(channel *c, const char *name, json_t *object, gpointer user_data)
{
	struct end *e = user_data;

	cr_expect(c == e->c);
	cr_expect_str_eq(name, json_string_value(json_object_get(object, "cmd")));
	g_string_append_printf(e->log, "%s ", name);
	if (e->free_on_command)
		g_clear_pointer(&e->c, channel_free);
}

static void closed(G_GNUC_UNUSED channel *c, gpointer user_data)
{
	struct end *e = user_data;

	e->closed++;
}

static const struct channel_handlers handlers = {.command = command, .closed = closed};

static void end_init(struct end *e)
{
	int pair[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	*e = (struct end){.far = pair[1], .log = g_string_new(NULL)};
	e->c = channel_new(pair[0], pair[0], &handlers, e);
}

static void settle(void)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
}

static void end_done(struct end *e)
{
	channel_free(e->c);
	if (e->far >= 0)
		close(e->far);
	g_string_free(e->log, TRUE);
}

static void say(struct end *e, const char *bytes, gsize length)
{
	cr_assert_eq(write(e->far, bytes, length), (gssize)length);
	settle();
}

static json_t *heard(struct end *e)
{
	char buffer[4096];
	gssize n;

	settle();
	n = recv(e->far, buffer, sizeof buffer, MSG_DONTWAIT);
	cr_assert_gt(n, 0, "an event");
	cr_expect_eq(buffer[n - 1], '\n');
	return json_loadb(buffer, (size_t)n, 0, NULL);
}

Test(channel, commands_cut_at_every_byte)
{
	static const char lines[] = "{\"cmd\":\"start\",\"config\":{}}\n\r\n{\"cmd\":\"im\","
				    "\"text\":\"a\\nb\"}\r\n{\"cmd\":\"quit\"}\n";

	for (gsize cut = 0; cut <= strlen(lines); cut++) {
		struct end e;

		end_init(&e);
		say(&e, lines, cut);
		say(&e, lines + cut, strlen(lines) - cut);
		cr_expect_str_eq(e.log->str, "start im quit ", "cut at %zu: %s", cut, e.log->str);
		cr_expect_eq(e.closed, 0u);
		end_done(&e);
	}
}

Test(channel, events)
{
	struct end e;
	gint64 before = g_get_monotonic_time();

	end_init(&e);
	channel_event(e.c, "im-received",
		      json_pack("{s:s, s:s}", "call", "1", "text", "h\xC3\xA9\n"));

	json_t *event = heard(&e);

	cr_assert(event);
	cr_expect_str_eq(json_string_value(json_object_get(event, "event")), "im-received");
	cr_expect_str_eq(json_string_value(json_object_get(event, "text")), "h\xC3\xA9\n");
	cr_expect_geq(json_integer_value(json_object_get(event, "time_us")), before);
	json_decref(event);
	channel_event(e.c, "bare", NULL);
	event = heard(&e);
	cr_expect_str_eq(json_string_value(json_object_get(event, "event")), "bare");
	json_decref(event);
	channel_event(e.c, "earlier", json_pack("{s:i}", "time_us", 7));
	event = heard(&e);
	cr_expect_eq(json_integer_value(json_object_get(event, "time_us")), 7,
		     "what happened earlier says when");
	json_decref(event);
	channel_log(e.c, "warning", "broken text: %s", "\xFF");
	event = heard(&e);
	cr_expect_str_eq(json_string_value(json_object_get(event, "level")), "warning");
	cr_expect(g_str_has_prefix(json_string_value(json_object_get(event, "text")),
				   "broken text: "));
	json_decref(event);
	end_done(&e);
}

/* Reads lines at the far end in a thread, so that the channel gets rid of them. */
static gpointer read_lines(gpointer p)
{
	struct end *e = p;
	GByteArray *got = g_byte_array_new();
	guint8 buffer[65536];
	gssize n;

	while ((n = recv(e->far, buffer, sizeof buffer, 0)) > 0)
		g_byte_array_append(got, buffer, (guint)n);
	return got;
}

/* Sends what is queued, closes, and returns all lines that came at the far end, without the last,
 * empty one; the caller frees. */
static char **lines_of(struct end *e)
{
	GThread *reader = g_thread_new(NULL, read_lines, e);
	GByteArray *got;
	char **lines, *text;

	channel_flush(e->c, 10000);
	g_clear_pointer(&e->c, channel_free);
	got = g_thread_join(reader);
	text = g_strndup((const char *)got->data, got->len);
	lines = g_strsplit(g_strchomp(text), "\n", -1);
	g_free(text);
	g_byte_array_unref(got);
	return lines;
}

/* What comes from the network is told cut where a line would be too long: 60,000 control bytes are
 * 360,000 in JSON, and the other side would end the agent. */
Test(channel, long_events_are_cut)
{
	struct end e;
	g_autofree char *junk = g_strnfill(60000, '\1');
	g_auto(GStrv) lines = NULL;
	json_t *event;

	end_init(&e);
	channel_event(e.c, "request-refused", json_pack("{s:s, s:i}", "user", junk, "status", 403));
	channel_log(e.c, "info", "%s", junk);
	lines = lines_of(&e);
	cr_assert_eq(g_strv_length(lines), 2u);
	for (guint i = 0; i < 2; i++)
		cr_expect_leq(strlen(lines[i]), CONTROL_LINE_MAX_BYTES);
	event = json_loads(lines[0], 0, NULL);
	cr_expect_eq(json_integer_value(json_object_get(event, "status")), 403);
	cr_expect(json_is_true(json_object_get(event, "cut")));
	cr_expect(g_str_has_suffix(json_string_value(json_object_get(event, "user")),
				   "... (cut, 60000 bytes)"));
	json_decref(event);
	end_done(&e);
}

/* While nobody reads, what waits is bounded; then how much is missing is told. */
Test(channel, backlog_is_bounded)
{
	struct end e;
	g_autofree char *text = g_strnfill(200000, 'x');
	g_auto(GStrv) lines = NULL;
	guint told = 0;

	end_init(&e);
	for (guint i = 0; i < 300; i++)
		channel_log(e.c, "info", "%s", text);
	for (guint got = 0; got < 40000000;) { /* somebody reads again */
		static char buffer[1 << 20];
		gssize n = recv(e.far, buffer, sizeof buffer, MSG_DONTWAIT);

		if (n <= 0 && !g_main_context_iteration(NULL, FALSE))
			break;
		got += (guint)MAX(n, 0);
	}
	channel_log(e.c, "info", "the end");
	lines = lines_of(&e);
	for (guint i = 0; lines[i]; i++)
		told += strstr(lines[i], "events were dropped") != NULL;
	cr_expect_eq(told, 1u);
	cr_expect_lt(g_strv_length(lines), 200u);
	cr_expect(g_strrstr(lines[g_strv_length(lines) - 1], "the end"));
	end_done(&e);
}

Test(channel, fields_do_not_replace_the_envelope)
{
	struct end e;

	end_init(&e);
	channel_event(e.c, "real", json_pack("{s:s}", "event", "false"));

	json_t *event = heard(&e);

	cr_expect_str_eq(json_string_value(json_object_get(event, "event")), "real");
	json_decref(event);
	end_done(&e);
}

Test(channel, command_without_name_is_answered_by_a_log)
{
	struct end e;

	end_init(&e);
	say(&e, "{\"x\":1}\n", 8);

	json_t *event = heard(&e);

	cr_expect_str_eq(json_string_value(json_object_get(event, "event")), "log");
	json_decref(event);
	cr_expect_str_eq(e.log->str, "");
	cr_expect_eq(e.closed, 0u);
	end_done(&e);
}

Test(channel, broken_lines_end_it)
{
	static const char *const rows[] = {"hello\n", "[1]\n", "{\"cmd\":\"a\"\n", "\"x\"\n",
					   "{\"cmd\":\"a\",\"cmd\":\"b\"}\n"};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct end e;
		g_autofree char *text = g_strconcat(rows[i], "{\"cmd\":\"quit\"}\n", NULL);

		end_init(&e);
		say(&e, text, strlen(text));
		cr_expect_eq(e.closed, 1u, "%s", rows[i]);
		cr_expect_str_eq(e.log->str, "", "nothing after it: %s", rows[i]);
		end_done(&e);
	}
}

static gpointer write_all(gpointer p)
{
	struct end *e = p;
	g_autofree char *junk = g_strnfill(CONTROL_LINE_MAX_BYTES + 1, 'a');

	send(e->far, junk, CONTROL_LINE_MAX_BYTES + 1, MSG_NOSIGNAL);
	return NULL;
}

Test(channel, line_too_long)
{
	struct end e;

	end_init(&e);

	GThread *writer = g_thread_new(NULL, write_all, &e);

	while (!e.closed)
		g_main_context_iteration(NULL, TRUE);
	cr_expect_eq(e.closed, 1u);
	g_clear_pointer(&e.c, channel_free);
	g_thread_join(writer);
	end_done(&e);
}

Test(channel, end_of_file)
{
	struct end e;

	end_init(&e);
	say(&e, "{\"cmd\":\"a\"}\n{\"cmd\":", 19);
	close(e.far);
	e.far = -1;
	settle();
	cr_expect_str_eq(e.log->str, "a ");
	cr_expect_eq(e.closed, 1u);
	channel_event(e.c, "too-late", NULL);
	settle();
	cr_expect_eq(e.closed, 1u);
	end_done(&e);
}

Test(channel, freed_inside_a_command)
{
	struct end e;

	end_init(&e);
	e.free_on_command = true;
	say(&e, "{\"cmd\":\"a\"}\n{\"cmd\":\"b\"}\n", 24);
	cr_expect_str_eq(e.log->str, "a ");
	cr_expect_eq(e.closed, 0u);
	end_done(&e);
}

static gpointer read_all(gpointer p)
{
	const int *fd = p;
	GString *all = g_string_new(NULL);
	char buffer[65536];
	gssize n;

	while ((n = read(*fd, buffer, sizeof buffer)) > 0)
		g_string_append_len(all, buffer, n);
	return all;
}

static guint count_lines(const GString *text)
{
	guint lines = 0;

	for (gsize i = 0; i < text->len; i++)
		lines += text->str[i] == '\n';
	return lines;
}

/* More than the socket takes: nothing blocks, nothing is lost. */
static void fill_and_flush(int in_fd, int out_fd, int far)
{
	struct end e = {.far = -1, .log = g_string_new(NULL)};
	g_autofree char *text = g_strnfill(1000, 'x');
	GThread *reader;
	GString *all;

	e.c = channel_new(in_fd, out_fd, &handlers, &e);
	for (int i = 0; i < 2000; i++)
		channel_event(e.c, "e", json_pack("{s:s}", "text", text));
	channel_flush(e.c, 0);
	reader = g_thread_new(NULL, read_all, &far);
	channel_flush(e.c, 10000);
	g_clear_pointer(&e.c, channel_free);
	all = g_thread_join(reader);
	cr_expect_eq(count_lines(all), 2000u, "%u lines", count_lines(all));
	g_string_free(all, TRUE);
	end_done(&e);
}

Test(channel, flush_socket)
{
	int pair[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	fill_and_flush(pair[0], pair[0], pair[1]);
	close(pair[1]);
}

Test(channel, flush_pipe)
{
	int pair[2];

	cr_assert_eq(pipe2(pair, O_CLOEXEC), 0);
	fill_and_flush(open("/dev/null", O_RDONLY | O_CLOEXEC), pair[1], pair[0]);
	close(pair[0]);
}

/* --- command line ----------------------------------------------------------------------------- */

Test(channel, config_comes_first)
{
	g_autofree char *file = NULL;
	int fd = g_file_open_tmp("testbed-XXXXXX.json", &file, NULL);
	int pair[2];
	struct end e = {.log = g_string_new(NULL)};

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, "{\"name\":\"x\"}", 12), 12);
	close(fd);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	e.far = pair[1];
	cr_assert_eq(write(e.far, "{\"cmd\":\"sign-in\"}\n", 18), 18);

	g_autofree char *control = g_strdup_printf("--control-fd=%d", pair[0]);
	g_autofree char *config = g_strdup_printf("--config=%s", file);
	g_auto(GStrv) kept = g_strsplit("tb-test", " ", -1);
	char *list[] = {kept[0], control, config, NULL};
	char **argv = list;
	int argc = 3;

	e.c = channel_from_args(&argc, &argv, "A test.", &handlers, &e);
	settle();
	cr_expect_str_eq(e.log->str, "start sign-in ");
	unlink(file);
	end_done(&e);
}

static void from_args(const char *argument)
{
	g_autofree char *copy = g_strdup(argument);
	g_autofree char *name = g_strdup("tb-test");
	char *list[] = {name, copy, NULL};
	char **argv = list;
	int argc = 2;

	channel_from_args(&argc, &argv, "A test.", &handlers, NULL);
}

Test(channel, usage_unknown_option, .exit_code = 2)
{
	from_args("--nonsense");
}

Test(channel, usage_extra_argument, .exit_code = 2)
{
	from_args("nonsense");
}

Test(channel, usage_closed_descriptor, .exit_code = 2)
{
	from_args("--control-fd=987");
}

Test(channel, usage_no_such_config, .exit_code = 2)
{
	from_args("--config=/nonexistent");
}

Test(channel, version, .exit_code = 0)
{
	from_args("--version");
	cr_assert(false, "it exits");
}
