/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines over a socket: whole, in order, with their descriptors, and without blocking each other. */
#include "common/wire/line_socket.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096

struct end {
	line_socket *s;
	GPtrArray *lines;
	guint closed;
	bool free_at_once;
};

static void on_line(line_socket *s, char *line, gsize length, gpointer user_data)
{
	struct end *e = user_data;

	cr_expect_eq(strlen(line), length);
	g_ptr_array_add(e->lines, g_strdup(line));
	if (e->free_at_once) {
		line_socket_free(s);
		e->s = NULL;
	}
}

static void on_closed(G_GNUC_UNUSED line_socket *s, gpointer user_data)
{
	struct end *e = user_data;

	e->closed++;
}

static void end_init(struct end *e, int in_fd, int out_fd)
{
	static const struct line_socket_handlers handlers = {.line = on_line, .closed = on_closed};

	*e = (struct end){.lines = g_ptr_array_new_with_free_func(g_free)};
	e->s = line_socket_new(in_fd, out_fd, g_main_context_default(), LINE_MAX_BYTES, &handlers,
			       e);
}

static void end_done(struct end *e)
{
	line_socket_free(e->s);
	g_ptr_array_unref(e->lines);
}

static void make_pair(int fds[2])
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
}

static void run_all(void)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
}

static void send_text(struct end *e, const char *text)
{
	line_socket_send(e->s, text, strlen(text));
}

static void write_text(int fd, const char *text)
{
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static const char *line_of(const struct end *e, guint i)
{
	return i < e->lines->len ? e->lines->pdata[i] : "";
}

/* --- lines ------------------------------------------------------------------------------------ */

Test(line_socket, lines_are_put_together_from_pieces)
{
	static const char *const pieces[] = {"one\ntw", "o\n", "\nfo", "ur\nrest"};
	static const char *const lines[] = {"one", "two", "", "four"};
	struct end e;
	int fds[2];

	make_pair(fds);
	end_init(&e, fds[0], fds[0]);
	for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
		write_text(fds[1], pieces[i]);
		run_all();
	}
	cr_expect_eq(e.closed, 0u);
	close(fds[1]);
	run_all();
	cr_expect_eq(e.closed, 1u, "end of file was not told");
	cr_assert_eq(e.lines->len, G_N_ELEMENTS(lines), "%u lines; what has no newline is none",
		     e.lines->len);
	for (guint i = 0; i < e.lines->len; i++)
		cr_expect_str_eq(line_of(&e, i), lines[i]);
	end_done(&e);
}

Test(line_socket, a_line_that_is_too_long_ends_it)
{
	static const struct {
		gsize length;
		bool newline;
		guint lines, closed;
	} rows[] = {
		{LINE_MAX_BYTES, false, 0, 0},
		{LINE_MAX_BYTES, true, 1, 0},
		{LINE_MAX_BYTES + 1, false, 0, 1},
		{LINE_MAX_BYTES + 1, true, 0, 1},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = g_strnfill(rows[i].length, 'x');
		struct end e;
		int fds[2];

		make_pair(fds);
		end_init(&e, fds[0], fds[0]);
		write_text(fds[1], text);
		if (rows[i].newline)
			write_text(fds[1], "\n");
		run_all();
		cr_expect_eq(e.lines->len, rows[i].lines, "row %zu", i);
		cr_expect_eq(e.closed, rows[i].closed, "row %zu", i);
		end_done(&e);
		close(fds[1]);
	}
}

Test(line_socket, bursts_in_both_directions_arrive_whole_and_in_order)
{
	enum { LINES = 20000 };
	struct end ends[2];
	int fds[2];

	make_pair(fds);
	for (int i = 0; i < 2; i++)
		end_init(&ends[i], fds[i], fds[i]);
	for (int n = 0; n < LINES; n++)
		for (int i = 0; i < 2; i++) {
			char text[64];

			snprintf(text, sizeof text, "{\"n\":%d,\"from\":%d}", n, i);
			send_text(&ends[i], text);
		}
	run_all();
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(ends[i].lines->len, LINES, "end %d got %u lines of %d", i,
			     ends[i].lines->len, LINES);
		for (int n = 0; n < LINES; n++) {
			char text[64];

			snprintf(text, sizeof text, "{\"n\":%d,\"from\":%d}", n, 1 - i);
			cr_assert_str_eq(line_of(&ends[i], (guint)n), text);
		}
	}
	for (int i = 0; i < 2; i++)
		end_done(&ends[i]);
}

Test(line_socket, json_is_one_line)
{
	struct end a, b;
	int fds[2];

	make_pair(fds);
	end_init(&a, fds[0], fds[0]);
	end_init(&b, fds[1], fds[1]);
	cr_expect(line_socket_send_json(a.s, json_pack("{s:s}", "text", "two\nlines")));
	cr_expect_not(line_socket_send_json(a.s, json_pack("{s:s}", "text", "\xff")),
		      "not UTF-8: no JSON");
	run_all();
	cr_expect_eq(b.lines->len, 1u);
	cr_expect_str_eq(line_of(&b, 0), "{\"text\":\"two\\nlines\"}");
	end_done(&a);
	end_done(&b);
}

/* --- the end ---------------------------------------------------------------------------------- */

Test(line_socket, may_be_freed_by_its_own_callback)
{
	struct end e;
	int fds[2];

	make_pair(fds);
	end_init(&e, fds[0], fds[0]);
	e.free_at_once = true;
	write_text(fds[1], "one\ntwo\n");
	run_all();
	cr_expect_eq(e.lines->len, 1u, "lines came after it was freed");
	end_done(&e);
	close(fds[1]);
}

Test(line_socket, sending_to_nobody_is_harmless)
{
	struct end e;
	int fds[2];

	make_pair(fds);
	end_init(&e, fds[0], fds[0]);
	close(fds[1]);
	send_text(&e, "hello");
	run_all();
	cr_expect_eq(e.closed, 1u);
	send_text(&e, "still there?");
	line_socket_flush(e.s, 1000);
	end_done(&e);
}

/* The last lines of a process that is gone are in the socket, and a failed write does not hide
 * them. */
Test(line_socket, what_came_before_a_failed_write_is_read)
{
	struct end e;
	int fds[2];

	make_pair(fds);
	end_init(&e, fds[0], fds[0]);
	write_text(fds[1], "last words\n");
	close(fds[1]);
	send_text(&e, "hello");
	line_socket_drain(e.s);
	cr_expect_str_eq(line_of(&e, 0), "last words");
	cr_expect_eq(e.closed, 1u);
	end_done(&e);
}

static gpointer read_all(gpointer p)
{
	const int *fd = p;
	GString *all = g_string_new(NULL);
	char buffer[65536];
	ssize_t n;

	while ((n = read(*fd, buffer, sizeof buffer)) > 0)
		g_string_append_len(all, buffer, n);
	return all;
}

/* More than a socket holds. */
static void send_much(line_socket *s, guint lines)
{
	g_autofree char *text = g_strnfill(1000, 'x');

	for (guint i = 0; i < lines; i++)
		line_socket_send(s, text, 1000);
}

Test(line_socket, end_of_file_does_not_drop_what_is_queued)
{
	struct end e;
	int fds[2];
	GThread *reader;
	GString *all;

	make_pair(fds);
	end_init(&e, fds[0], fds[0]);
	send_much(e.s, 3000);
	shutdown(fds[1], SHUT_WR);
	run_all();
	cr_expect_eq(e.closed, 1u);
	reader = g_thread_new(NULL, read_all, &fds[1]);
	line_socket_flush(e.s, 60000);
	end_done(&e);
	all = g_thread_join(reader);
	cr_expect_eq(all->len, 3000u * 1001u, "%zu bytes came", all->len);
	g_string_free(all, TRUE);
	close(fds[1]);
}

Test(line_socket, flush_ends_at_its_deadline)
{
	struct end e;
	int fds[2];

	make_pair(fds);
	end_init(&e, fds[0], fds[0]);
	send_much(e.s, 3000);
	line_socket_flush(e.s, 1);
	end_done(&e);
	close(fds[1]);
}

Test(line_socket, an_output_of_its_own_without_reader_ends_it)
{
	struct end e;
	int in[2], out[2];

	signal(SIGPIPE, SIG_IGN);
	cr_assert_eq(pipe2(in, O_CLOEXEC), 0);
	cr_assert_eq(pipe2(out, O_CLOEXEC), 0);
	end_init(&e, in[0], out[1]);
	write_text(in[1], "one\n");
	send_text(&e, "two");
	run_all();
	cr_expect_str_eq(line_of(&e, 0), "one");
	cr_expect_eq(e.closed, 0u);
	close(out[0]);
	send_text(&e, "three");
	cr_expect_eq(e.closed, 0u, "nothing is called from inside of a send");
	run_all();
	cr_expect_eq(e.closed, 1u);
	end_done(&e);
	close(in[1]);
}

/* --- descriptors ------------------------------------------------------------------------------ */

/* Each line names the byte that its descriptor's pipe gives. */
static void send_with_pipe(struct end *e, char byte)
{
	char name[2] = {byte, '\0'};
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	cr_assert_eq(write(ends[1], &byte, 1), 1);
	cr_assert(line_socket_send_json_fds(e->s, json_pack("{s:s}", "byte", name), ends, 1));
	close(ends[0]);
	close(ends[1]);
}

static void take_pipe(line_socket *s, char *line)
{
	char byte = 0;
	int fd = line_socket_take_fd(s);

	cr_assert_geq(fd, 0, "no descriptor came with %s", line);
	cr_expect_eq(read(fd, &byte, 1), 1);
	cr_expect_eq(byte, *(strchr(line, ':') + 2), "%s has the descriptor of '%c'", line, byte);
	cr_expect_eq(read(fd, &byte, 1), 0, "a copy of the other end is still open");
	close(fd);
}

static void on_line_with_pipe(line_socket *s, char *line, G_GNUC_UNUSED gsize length,
			      gpointer user_data)
{
	if (*line == '{') {
		take_pipe(s, line);
		++*(guint *)user_data;
	}
}

static void ignore_closed(G_GNUC_UNUSED line_socket *s, G_GNUC_UNUSED gpointer user_data)
{
}

Test(line_socket, descriptors_come_with_their_lines)
{
	static const struct line_socket_handlers handlers = {.line = on_line_with_pipe,
							     .closed = ignore_closed};
	enum { PIPES = 20 };
	struct end a;
	guint came = 0;
	line_socket *b;
	int fds[2];

	make_pair(fds);
	end_init(&a, fds[0], fds[0]);
	send_much(a.s, 300); /* so that the socket is full, and what follows is queued */
	for (char i = 0; i < PIPES; i++) {
		send_with_pipe(&a, (char)('a' + i));
		send_much(a.s, (guint)i % 3);
	}
	b = line_socket_new(fds[1], fds[1], g_main_context_default(), LINE_MAX_BYTES, &handlers,
			    &came);
	run_all();
	cr_expect_eq(came, (guint)PIPES);
	cr_expect_eq(line_socket_take_fd(b), -1);
	line_socket_free(b);
	end_done(&a);
}

Test(line_socket, descriptors_that_nobody_takes_are_closed)
{
	struct end a, b;
	char byte;
	int fds[2], ends[2];

	make_pair(fds);
	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	end_init(&a, fds[0], fds[0]);
	end_init(&b, fds[1], fds[1]);
	cr_expect(line_socket_send_json_fds(a.s, json_object(), &ends[1], 1));
	run_all();
	send_much(a.s, 3000);
	cr_expect(line_socket_send_json_fds(a.s, json_object(), &ends[1], 1), "this one is queued");
	close(ends[1]);
	end_done(&b);
	end_done(&a);
	cr_expect_eq(read(ends[0], &byte, 1), 0, "a copy is still open");
	close(ends[0]);
}

/* Somebody who sends descriptors all the time must not use ours up. */
Test(line_socket, descriptors_that_nobody_takes_are_few)
{
	struct end a, b;
	int fds[2];

	make_pair(fds);
	end_init(&a, fds[0], fds[0]);
	end_init(&b, fds[1], fds[1]);
	for (int i = 0; i < 100; i++)
		send_with_pipe(&a, 'a');
	run_all();
	cr_expect_eq(b.closed, 1u);
	cr_expect_lt(b.lines->len, 3 * LINE_SOCKET_FDS_MAX);
	end_done(&a);
	end_done(&b);
}

Test(line_socket, what_is_no_descriptor_is_not_sent)
{
	struct end a, b;
	int fds[2], some[2] = {0, -1};

	make_pair(fds);
	end_init(&a, fds[0], fds[0]);
	end_init(&b, fds[1], fds[1]);
	cr_expect_not(line_socket_send_json_fds(a.s, json_object(), some, 2));
	cr_expect_not(line_socket_send_json_fds(a.s, NULL, some, 1));
	send_text(&a, "next");
	run_all();
	cr_expect_eq(b.lines->len, 1u);
	cr_expect_eq(line_socket_take_fd(b.s), -1);
	end_done(&a);
	end_done(&b);
}

/* --- without main context --------------------------------------------------------------------- */

/* Writes all before it reads anything. */
static gpointer say_much_then_read(gpointer p)
{
	const int *fd = p;
	g_autofree char *text = g_strnfill(1000, 'x');

	text[999] = '\n';
	for (guint i = 0; i < 3000; i++)
		cr_assert_eq(write(*fd, text, 1000), 1000);
	shutdown(*fd, SHUT_WR);
	return read_all(p);
}

Test(line_socket, waiting_for_a_line_writes_what_is_queued)
{
	line_socket *s;
	GThread *other;
	GString *all;
	gsize length;
	guint lines = 0;
	int fds[2];

	make_pair(fds);
	s = line_socket_new_blocking(fds[0], LINE_MAX_BYTES);
	send_much(s, 3000);
	other = g_thread_new(NULL, say_much_then_read, &fds[1]);
	while (line_socket_wait_line(s, -1, &length)) {
		cr_expect_eq(length, 999u);
		lines++;
	}
	cr_expect_eq(lines, 3000u);
	line_socket_flush(s, 60000);
	line_socket_free(s);
	all = g_thread_join(other);
	cr_expect_eq(all->len, 3000u * 1001u);
	g_string_free(all, TRUE);
	close(fds[1]);
}

Test(line_socket, waiting_ends_at_its_deadline)
{
	line_socket *s;
	gsize length;
	int fds[2];

	make_pair(fds);
	s = line_socket_new_blocking(fds[0], LINE_MAX_BYTES);
	write_text(fds[1], "no line yet");
	cr_expect_null(line_socket_wait_line(s, 1, &length));
	write_text(fds[1], "\n");
	cr_expect_not_null(line_socket_wait_line(s, 0, &length), "it has come already");
	line_socket_free(s);
	close(fds[1]);
}

static int answer_fd;
static volatile sig_atomic_t n_signals;

static void on_alarm(G_GNUC_UNUSED int number)
{
	if (++n_signals == 3)
		(void)!write(answer_fd, "answer\n", 7);
}

Test(line_socket, a_signal_does_not_end_the_waiting)
{
	const struct sigaction action = {.sa_handler = on_alarm}; /* no SA_RESTART */
	const struct itimerval every = {.it_interval.tv_usec = 1000, .it_value.tv_usec = 1000};
	const struct itimerval never = {.it_value.tv_usec = 0};
	line_socket *s;
	const char *line;
	gsize length;
	int fds[2];

	make_pair(fds);
	answer_fd = fds[1];
	s = line_socket_new_blocking(fds[0], LINE_MAX_BYTES);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	line = line_socket_wait_line(s, -1, &length);
	setitimer(ITIMER_REAL, &never, NULL);
	cr_assert_not_null(line);
	cr_expect_str_eq(line, "answer");
	line_socket_free(s);
	close(fds[1]);
}
