/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/terminal.h"

#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BYTES_AT_ONCE 4096

struct terminal {
	const struct sitting *how;
	GPtrArray *lines;  /* GString: the last `rows` of them are the screen */
	guint row, column; /* of the cursor; row counts from the first line */
	GString *rest;	   /* of what came: not a whole sequence or character yet */
	GHashTable *seen;
	GPtrArray *seen_order;
	struct screen *screen;
};

static GString *line_at(struct terminal *t, guint row)
{
	while (t->lines->len <= row)
		g_ptr_array_add(t->lines, g_string_new(NULL));
	return t->lines->pdata[row];
}

/* What stands on the line is remembered before it changes. */
static void remember(struct terminal *t, guint row)
{
	const char *text = line_at(t, row)->str;

	if (*text && !g_hash_table_contains(t->seen, text)) {
		char *copy = g_strdup(text);

		g_hash_table_add(t->seen, copy);
		g_ptr_array_add(t->seen_order, copy);
	}
}

static guint top_row(const struct terminal *t)
{
	return t->lines->len > t->how->rows ? t->lines->len - t->how->rows : 0;
}

static void feed_line(struct terminal *t)
{
	remember(t, t->row);
	t->row++;
	line_at(t, t->row);
}

/* Of the first character, by its first byte. */
static gsize character_bytes(const char *p)
{
	return (gsize)g_utf8_skip[*(const guchar *)p];
}

/* One character, at the cursor. */
static void put_character(struct terminal *t, const char *p, gsize bytes)
{
	GString *line;
	const char *at;

	if (t->column == t->how->columns) {
		t->screen->broken++;
		feed_line(t);
		t->column = 0;
	}
	line = line_at(t, t->row);
	while (g_utf8_strlen(line->str, -1) < (glong)t->column)
		g_string_append_c(line, ' ');
	at = g_utf8_offset_to_pointer(line->str, t->column);
	if (*at)
		g_string_erase(line, at - line->str, (gssize)character_bytes(at));
	g_string_insert_len(line, g_utf8_offset_to_pointer(line->str, t->column) - line->str, p,
			    (gssize)bytes);
	t->column++;
}

/* "\033[NX": up (A), erase below (J), colours (m). */
static void obey(struct terminal *t, const char *arguments, char what)
{
	guint n = MAX((guint)g_ascii_strtoull(arguments, NULL, 10), 1);

	cr_assert(strchr("AJm", what), "an escape sequence that ends in '%c'", what);
	if (what == 'A')
		t->row = t->row - MIN(n, t->row - top_row(t));
	for (guint i = t->row; what == 'J' && i < t->lines->len; i++) {
		GString *line = line_at(t, i);

		remember(t, i);
		if (i > t->row || t->column == 0)
			g_string_truncate(line, 0);
	}
	if (what == 'J')
		g_ptr_array_set_size(t->lines, (gint)t->row + 1);
}

/* Takes one item from the beginning of what came; its length, 0: it is not whole. */
static gsize take(struct terminal *t, const char *p, gsize left)
{
	if (*p == '\033') {
		gsize n = 2 + (left > 2 ? strspn(p + 2, "0123456789;") : 0);

		if (n >= left)
			return 0;
		obey(t, p + 2, p[n]);
		return n + 1;
	}
	if (*p == '\n')
		feed_line(t);
	else if (*p == '\r')
		t->column = 0;
	else if (!g_utf8_validate(p, (gssize)MIN(left, character_bytes(p)), NULL))
		return 0;
	else
		put_character(t, p, character_bytes(p));
	return *p == '\n' || *p == '\r' ? 1 : character_bytes(p);
}

static void show(struct terminal *t, const char *bytes, gsize n)
{
	gsize used, at = 0;

	g_string_append_len(t->rest, bytes, (gssize)n);
	while (at < t->rest->len && (used = take(t, t->rest->str + at, t->rest->len - at)) > 0)
		at += used;
	g_string_erase(t->rest, 0, (gssize)at);
	t->screen->bytes += (guint)n;
}

static bool shows(const struct terminal *t, const char *text)
{
	for (guint i = 0; i < t->lines->len; i++)
		if (strstr(((const GString *)t->lines->pdata[i])->str, text))
			return true;
	return false;
}

static void run_child(const struct sitting *how, const char *const *args)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();

	/* as a shell at a terminal has it; who runs tests in the background ignores Ctrl-C */
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	g_setenv("TERM", how->term ? how->term : "xterm", TRUE);
	g_setenv("LC_ALL", "C.UTF-8", TRUE);
	g_ptr_array_add(argv, program_path("testbed"));
	for (; *args; args++)
		g_ptr_array_add(argv, (gpointer)(guintptr)*args);
	g_ptr_array_add(argv, NULL);
	execv(argv->pdata[0], (char *const *)(gpointer)argv->pdata);
	_exit(127);
}

static void free_line(gpointer line)
{
	g_string_free(line, TRUE);
}

void terminal_testbed(const struct sitting *how, const char *const *args, struct screen *ret)
{
	const struct winsize size = {.ws_col = (unsigned short)how->columns,
				     .ws_row = (unsigned short)how->rows};
	struct terminal t = {.how = how, .screen = ret, .rest = g_string_new(NULL)};
	g_autoptr(GString) text = g_string_new(NULL);
	const char *wanted = how->interrupt_at;
	char bytes[BYTES_AT_ONCE];
	int fd, status = 0;
	ssize_t n;
	pid_t pid;

	*ret = (struct screen){0};
	t.lines = g_ptr_array_new_with_free_func(free_line);
	t.seen = g_hash_table_new(g_str_hash, g_str_equal);
	t.seen_order = g_ptr_array_new_with_free_func(g_free);
	pid = forkpty(&fd, NULL, NULL, &size);
	cr_assert_geq(pid, 0, "a pty");
	if (pid == 0)
		run_child(how, args);
	while ((n = read(fd, bytes, sizeof bytes)) > 0) {
		show(&t, bytes, (gsize)n);
		if (wanted && shows(&t, wanted)) {
			cr_assert_eq(write(fd, "\003", 1), 1);
			wanted = NULL;
		}
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	close(fd);
	ret->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	for (guint i = 0; i < t.lines->len; i++) {
		remember(&t, i);
		g_string_append_printf(text, "%s\n", line_at(&t, i)->str);
	}
	ret->text = g_strdup(text->str);
	g_ptr_array_add(t.seen_order, NULL);
	ret->seen = g_strjoinv("\n", (char **)t.seen_order->pdata);
	g_hash_table_unref(t.seen);
	g_ptr_array_unref(t.seen_order);
	g_ptr_array_unref(t.lines);
	g_string_free(t.rest, TRUE);
}

void screen_clear(struct screen *s)
{
	g_free(s->text);
	g_free(s->seen);
	*s = (struct screen){0};
}
