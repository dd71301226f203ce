/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines over a socket: whole, in order, and without locking up. */
#include "testbed/lab/wire.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096

struct end {
	wire *w;
	GPtrArray *lines;
	bool closed, free_at_once;
};

static void on_line(wire *w, char *line, gsize length, gpointer user_data)
{
	struct end *e = user_data;

	cr_expect_eq(strlen(line), length);
	g_ptr_array_add(e->lines, g_strdup(line));
	if (e->free_at_once) {
		wire_free(w);
		e->w = NULL;
	}
}

static void on_closed(wire *w G_GNUC_UNUSED, gpointer user_data)
{
	struct end *e = user_data;

	e->closed = true;
}

static void start(struct end *e, int fd)
{
	static const struct wire_handlers handlers = {.line = on_line, .closed = on_closed};

	*e = (struct end){.lines = g_ptr_array_new_with_free_func(g_free)};
	e->w = wire_new(fd, g_main_context_default(), LINE_MAX_BYTES, &handlers, e);
}

static void stop(struct end *e)
{
	wire_free(e->w);
	g_ptr_array_unref(e->lines);
}

/* Runs what can run; true: something did. */
static bool iterate(void)
{
	bool any = false;

	while (g_main_context_iteration(NULL, FALSE))
		any = true;
	return any;
}

static void send_text(struct end *e, const char *text)
{
	wire_send(e->w, text, strlen(text));
}

Test(wire, bursts_in_both_directions_arrive_whole_and_in_order)
{
	enum { LINES = 20000 };
	struct end ends[2];
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	for (int i = 0; i < 2; i++)
		start(&ends[i], fds[i]);
	for (int n = 0; n < LINES; n++)
		for (int i = 0; i < 2; i++) {
			char text[64];

			snprintf(text, sizeof(text), "{\"n\":%d,\"from\":%d}", n, i);
			send_text(&ends[i], text);
		}
	while (iterate())
		;
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(ends[i].lines->len, LINES, "end %d got %u lines of %d", i,
			     ends[i].lines->len, LINES);
		for (int n = 0; n < LINES; n++) {
			char text[64];

			snprintf(text, sizeof(text), "{\"n\":%d,\"from\":%d}", n, 1 - i);
			cr_assert_str_eq(g_ptr_array_index(ends[i].lines, n), text);
		}
	}
	for (int i = 0; i < 2; i++)
		stop(&ends[i]);
}

Test(wire, lines_are_put_together_from_pieces)
{
	static const char *const pieces[] = {"one\ntw", "o\n", "\nfo", "ur\nrest"};
	static const char *const lines[] = {"one", "two", "", "four"};
	struct end e;
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	start(&e, fds[0]);
	for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
		cr_assert_eq(write(fds[1], pieces[i], strlen(pieces[i])),
			     (ssize_t)strlen(pieces[i]));
		iterate();
	}
	cr_expect_not(e.closed);
	close(fds[1]);
	iterate();
	cr_expect(e.closed, "end of file was not told");
	cr_assert_eq(e.lines->len, G_N_ELEMENTS(lines), "%u lines; what has no newline is none",
		     e.lines->len);
	for (guint i = 0; i < e.lines->len; i++)
		cr_expect_str_eq(g_ptr_array_index(e.lines, i), lines[i]);
	stop(&e);
}

Test(wire, a_line_without_end_closes)
{
	static char flood[LINE_MAX_BYTES + 1];
	struct end e;
	int fds[2];

	memset(flood, 'x', sizeof(flood));
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	start(&e, fds[0]);
	cr_assert_eq(write(fds[1], flood, sizeof(flood)), (ssize_t)sizeof(flood));
	iterate();
	cr_expect(e.closed);
	cr_expect_eq(e.lines->len, 0);
	stop(&e);
	close(fds[1]);
}

Test(wire, may_be_freed_by_its_own_callback)
{
	struct end e;
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	start(&e, fds[0]);
	e.free_at_once = true;
	cr_assert_eq(write(fds[1], "one\ntwo\n", 8), 8);
	iterate();
	cr_expect_eq(e.lines->len, 1, "%u lines came after the wire was freed", e.lines->len - 1);
	stop(&e);
	close(fds[1]);
}

Test(wire, sending_to_nobody_is_harmless)
{
	struct end e;
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	start(&e, fds[0]);
	close(fds[1]);
	send_text(&e, "hello");
	iterate();
	cr_expect(e.closed);
	send_text(&e, "still there?");
	stop(&e);
}

Test(wire, descriptors_come_with_their_line)
{
	struct end a, b;
	int pair[2], pipes[2], fd;
	char byte = 0;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	cr_assert_eq(pipe(pipes), 0);
	start(&a, pair[0]);
	start(&b, pair[1]);
	wire_send(a.w, "before", 6);
	wire_send_fds(a.w, "with", 4, &pipes[1], 1);
	wire_send(a.w, "after", 5);
	close(pipes[1]);
	while (iterate())
		;
	cr_expect_eq(b.lines->len, 3);
	fd = wire_take_fd(b.w);
	cr_assert_geq(fd, 0);
	cr_expect_eq(wire_take_fd(b.w), -1);
	cr_expect_eq(write(fd, "x", 1), 1);
	close(fd);
	cr_expect_eq(read(pipes[0], &byte, 1), 1);
	cr_expect_eq(read(pipes[0], &byte, 1), 0, "a copy of the descriptor is still open");
	close(pipes[0]);
	stop(&a);
	stop(&b);
}
