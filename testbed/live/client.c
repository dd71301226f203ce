/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/live/client.h"

#include "testbed/netstate/netstate_json.h"
#include "testbed/report/json.h"

#include "common/wire/line_socket.h"

#include <string.h>

/* A whole answer is one line: the state of a big lab takes many megabytes. */
#define ANSWER_MAX_BYTES (1u << 30)

struct live_client {
	line_socket *lines;
	void (*waiting)(gpointer user_data); /* NULL: nobody is called while nothing comes */
	gpointer user_data;
	guint every_ms;
};

static const struct object_shape live_client_shape =
	OBJECT_SHAPE(live_client, NULL, OWNS(live_client, lines, line_socket_free));

live_client *live_client_new(int fd)
{
	live_client *c = object_new(&live_client_shape);

	c->lines = line_socket_new_blocking(fd, ANSWER_MAX_BYTES);
	return c;
}

int live_client_fd(const live_client *c)
{
	return line_socket_fd(c->lines);
}

void live_client_while_waiting(live_client *c, guint every_ms, void (*func)(gpointer user_data),
			       gpointer user_data)
{
	c->every_ms = every_ms;
	c->waiting = func;
	c->user_data = user_data;
}

json_t *live_ask(live_client *c, const char *what, GError **error)
{
	return live_request(c, json_pack("{s:s}", "do", what), NULL, NULL, error);
}

netstate *live_inspect(live_client *c, const GPtrArray *questions, GError **error)
{
	json_t *ways = questions ? route_questions_to_json(questions) : NULL;
	json_t *answer = live_request(c, json_pack("{s:s, s:o*}", "do", "inspect", "ways", ways),
				      NULL, NULL, error);
	netstate *state = netstate_from_json(answer);

	if (answer && !state)
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED,
			    "the lab's keeper sent no state of a lab");
	json_decref(answer);
	return state;
}

int live_take_fd(live_client *c)
{
	return line_socket_take_fd(c->lines);
}

/* --- finding the lab -------------------------------------------------------------------------- */

/* Names of labs that are up; what dead ones left is removed.  The caller frees the list. */
static char **labs_that_are_up(const runtime_dir *m)
{
	g_auto(GStrv) names = runtime_dir_names(m);
	GPtrArray *up = g_ptr_array_new();

	for (guint i = 0; names[i]; i++)
		if (!runtime_dir_tidy(m, names[i]))
			g_ptr_array_add(up, g_strdup(names[i]));
	g_ptr_array_add(up, NULL);
	return (char **)g_ptr_array_free(up, FALSE);
}

guint live_labs_up(void)
{
	g_autoptr(runtime_dir) m = runtime_dir_open(NULL);
	g_auto(GStrv) names = m ? labs_that_are_up(m) : NULL;

	return names ? g_strv_length(names) : 0;
}

/* Sets the error for no lab of the wanted name (NULL: any), or for several to choose from. */
static void set_no_lab_error(GError **error, char **names, const char *wanted)
{
	g_autofree char *all = g_strjoinv(", ", names);

	if (!names[0])
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT,
			    "no lab %s%s%sis up; 'testbed up' starts one", wanted ? "'" : "",
			    wanted ? wanted : "", wanted ? "' " : "");
	else if (wanted)
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "no lab '%s' is up (there are: %s)",
			    wanted, all);
	else
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT,
			    "several labs are up: choose with -n NAME (there are: %s)", all);
}

live_client *live_connect(const char *name, GError **error)
{
	g_autoptr(runtime_dir) m = runtime_dir_open(error);
	g_auto(GStrv) names = NULL;
	int fd = -1;

	if (!m || (name && !runtime_dir_check_name(name, error)))
		return NULL;
	names = labs_that_are_up(m);
	if (name || (names[0] && !names[1]))
		fd = runtime_dir_connect(m, name ? name : names[0]);
	if (fd >= 0)
		return live_client_new(fd);
	set_no_lab_error(error, names, name);
	return NULL;
}

/* --- requests --------------------------------------------------------------------------------- */

/* The next line's text, borrowed; NULL: the connection is closed. */
static const char *next_line(live_client *c, gsize *ret_length)
{
	int timeout_ms = c->waiting ? (int)c->every_ms : -1;
	const char *text;

	while (!(text = line_socket_wait_line(c->lines, timeout_ms, ret_length)) &&
	       !line_socket_has_ended(c->lines))
		c->waiting(c->user_data);
	return text;
}

/* The next line as JSON, {} for one that is none; NULL: the connection is closed.  The caller owns
 * it. */
static json_t *next_answer(live_client *c)
{
	gsize length;
	const char *text = next_line(c, &length);
	json_t *line = text ? json_loadb(text, length, 0, NULL) : NULL;

	return text && !line ? json_object() : line;
}

/* Sets the error that the keeper answered. */
static void set_keeper_error(GError **error, const json_t *e)
{
	const char *message = member_text(e, "message");

	g_set_error_literal(error, TB_ERROR, (int)member_integer(e, "code"),
			    message ? message : "refused");
}

json_t *live_request(live_client *c, json_t *request, live_line_func func, gpointer user_data,
		     GError **error)
{
	bool sent = line_socket_send_json(c->lines, request);
	json_t *line;

	while (sent && (line = next_answer(c))) {
		json_t *done = json_object_get(line, "done"),
		       *refused = json_object_get(line, "error");

		json_incref(done);
		if (refused)
			set_keeper_error(error, refused);
		else if (!done && func)
			func(line, user_data);
		json_decref(line);
		if (done || refused)
			return done;
	}
	g_set_error(error, TB_ERROR, TB_ERROR_DIED, "the lab is gone");
	return NULL;
}

struct cell *live_cell(const json_t *answer, GError **error)
{
	const json_t *json = json_object_get(answer, "cell");
	const char *id = member_text(json, "id");
	g_autofree char *scenario = id ? g_strndup(id, strcspn(id, "/")) : NULL;
	struct cell *c = report_cell_parse(json, scenario, NULL);

	if (!c)
		g_set_error(
			error, TB_ERROR, TB_ERROR_FAILED,
			"the lab's keeper says nothing that is a call; is it of another version?");
	return c;
}
