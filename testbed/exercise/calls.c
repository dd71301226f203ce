/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exercise/calls.h"

#include "common/wire/line_socket.h"
#include "testbed/live/runtime_dir.h"
#include "testbed/report/json.h"

#include <glib-unix.h>

#define LINE_MAX_BYTES (1024 * 1024) /* of what the keeper tells of a call */
#define AT_ONCE 16
#define AGAIN_AT_ONCE 2 /* of those that a busy machine spoilt */
#define ROUNDS_MAX 3

/* The calls of a round. */
struct placing {
	const GPtrArray *calls;
	size_t offset;
	GMainContext *context;
	GMainLoop *loop;
	guint next, open; /* open: connections with a call */
	bool gone;	  /* the lab */
};

/* A connection to the lab's keeper, with one call after the other. */
struct caller {
	struct placing *p;
	line_socket *channel;
	struct judged_call *call;
};

/* Has the connection place the next call; without one it has ended. */
static void place_next(struct caller *c)
{
	struct placing *p = c->p;

	if (p->next >= p->calls->len) {
		if (--p->open == 0)
			g_main_loop_quit(p->loop);
		return;
	}
	c->call = p->calls->pdata[p->next++];
	line_socket_send_json(c->channel,
			      json_pack("{s:s, s:s, s:s, s:s}", "do", "call", "a", c->call->a, "b",
					c->call->b, "media", media_name(c->call->media)));
}

/* Where the state of the call is written. */
static enum call_state *state_at(struct judged_call *c, size_t offset)
{
	return (gpointer)((char *)c + offset);
}

/* Writes down what came of the connection's call. */
static void end_call(struct caller *c, const json_t *answer)
{
	struct cell *cell = report_cell_parse(json_object_get(answer, "cell"), "", NULL);

	*state_at(c->call, c->p->offset) =
		cell ? judged_state(c->call, cell->verdict, cell->path) : CALL_UNKNOWN;
	cell_free(cell);
	place_next(c);
}

static void on_line(line_socket *s G_GNUC_UNUSED, char *line, gsize length, gpointer user_data)
{
	json_auto_t *answer = json_loadb(line, length, 0, NULL);

	if (json_object_get(answer, "done"))
		end_call(user_data, json_object_get(answer, "done"));
	else if (json_object_get(answer, "error"))
		end_call(user_data, NULL);
}

static void on_closed(line_socket *s G_GNUC_UNUSED, gpointer user_data)
{
	struct caller *c = user_data;

	c->p->gone = true;
	g_main_loop_quit(c->p->loop);
}

/* Opens a connection with a call on it; NULL: the lab is gone. */
static struct caller *caller_new(struct placing *p, const runtime_dir *runtime, const char *lab)
{
	static const struct line_socket_handlers handlers = {.line = on_line, .closed = on_closed};
	int fd = runtime_dir_connect(runtime, lab);
	struct caller *c;

	if (fd < 0 || !g_unix_set_fd_nonblocking(fd, TRUE, NULL))
		return NULL;
	c = g_new0(struct caller, 1);
	c->p = p;
	c->channel = line_socket_new(fd, fd, p->context, LINE_MAX_BYTES, &handlers, c);
	p->open++;
	place_next(c);
	return c;
}

static void caller_free(gpointer caller)
{
	struct caller *c = caller;

	line_socket_free(c->channel);
	g_free(c);
}

/* Places the calls, so many at once.  False: the lab is gone. */
static bool place_round(const runtime_dir *runtime, const char *lab, const GPtrArray *calls,
			size_t offset, guint at_once)
{
	g_autoptr(GMainContext) context = g_main_context_new();
	g_autoptr(GMainLoop) loop = g_main_loop_new(context, FALSE);
	g_autoptr(GPtrArray) callers = g_ptr_array_new_with_free_func(caller_free);
	struct placing p = {.calls = calls, .offset = offset, .context = context, .loop = loop};

	for (guint i = 0; i < MIN(at_once, calls->len) && !p.gone; i++) {
		struct caller *c = caller_new(&p, runtime, lab);

		p.gone = !c;
		if (c)
			g_ptr_array_add(callers, c);
	}
	if (p.open > 0 && !p.gone)
		g_main_loop_run(loop);
	return !p.gone;
}

bool calls_place(const char *lab, const GPtrArray *calls, size_t offset, GError **error)
{
	g_autoptr(runtime_dir) runtime = runtime_dir_open(error);
	bool there = runtime != NULL;

	ptr_array_foreach(struct judged_call, c, calls)
		*state_at(c, offset) = CALL_UNKNOWN;
	for (guint round = 0; there && round < ROUNDS_MAX; round++) {
		g_autoptr(GPtrArray) left = g_ptr_array_new();

		ptr_array_foreach(struct judged_call, c, calls)
			if (*state_at(c, offset) == CALL_UNKNOWN)
				g_ptr_array_add(left, c);
		there = place_round(runtime, lab, left, offset, round ? AGAIN_AT_ONCE : AT_ONCE);
	}
	return there || (error && *error) ? there :
					    tb_error_set(error, TB_ERROR_DIED, "the lab is gone");
}
