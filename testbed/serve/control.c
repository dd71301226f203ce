/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/serve/control.h"

#include "common/wire/line_socket.h"

/* A whole answer is one line: the state of a big lab takes many megabytes. */
#define ANSWER_MAX_BYTES (1u << 30)

struct asked {
	json_t *request; /* NULL: it was sent */
	control_line_func line;
	control_done_func done;
	gpointer user_data;
};

struct control {
	line_socket *lines; /* NULL: the lab is gone */
	GQueue asked;	    /* struct asked; the first is being answered */
	struct control_handlers handlers;
	gpointer user_data;
};

static void asked_free(gpointer data)
{
	struct asked *a = data;

	json_decref(a->request);
	g_free(a);
}

static void send_first(control *c)
{
	struct asked *a = g_queue_peek_head(&c->asked);

	if (a && a->request && c->lines)
		line_socket_send_json(c->lines, g_steal_pointer(&a->request));
}

static void answer_first(control *c, const json_t *done, const char *error, int fd)
{
	struct asked *a = g_queue_pop_head(&c->asked);

	send_first(c);
	a->done(done, error, fd, a->user_data);
	asked_free(a);
}

static void on_control_line(line_socket *s, char *text, gsize length, gpointer user_data)
{
	control *c = user_data;
	json_auto_t *line = json_loadb(text, length, 0, NULL);
	const json_t *done = json_object_get(line, "done"), *error = json_object_get(line, "error");
	const struct asked *first = g_queue_peek_head(&c->asked);

	if (json_object_get(line, "changed"))
		c->handlers.changed(c->user_data);
	else if (first && (done || error))
		answer_first(c, done, error ? member_text(error, "message") : NULL,
			     line_socket_take_fd(s));
	else if (first && first->line)
		first->line(line, first->user_data);
}

static void on_control_closed(line_socket *s G_GNUC_UNUSED, gpointer user_data)
{
	control *c = user_data;

	g_clear_pointer(&c->lines, line_socket_free);
	while (!g_queue_is_empty(&c->asked))
		answer_first(c, NULL, "the lab is gone", -1);
	c->handlers.gone(c->user_data);
}

control *control_new(int fd, const struct control_handlers *handlers, gpointer user_data)
{
	static const struct line_socket_handlers lines = {.line = on_control_line,
							  .closed = on_control_closed};
	control *c = g_new0(control, 1);

	c->handlers = *handlers;
	c->user_data = user_data;
	g_queue_init(&c->asked);
	c->lines = line_socket_new(fd, fd, g_main_context_default(), ANSWER_MAX_BYTES, &lines, c);
	return c;
}

void control_free(control *c)
{
	if (!c)
		return;
	line_socket_free(c->lines);
	g_queue_clear_full(&c->asked, asked_free);
	g_free(c);
}

void control_ask(control *c, json_t *request, control_line_func line, control_done_func done,
		 gpointer user_data)
{
	struct asked *a = g_new0(struct asked, 1);

	*a = (struct asked){request, line, done, user_data};
	g_queue_push_tail(&c->asked, a);
	if (!c->lines)
		answer_first(c, NULL, "the lab is gone", -1);
	else if (c->asked.length == 1)
		send_first(c);
}
