/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/base/object.h"
#include "testbed/exec/strain.h"
#include "testbed/lab/lab_parts.h"
#include "testbed/netstate/netstate_json.h"

#include <string.h>
#include <unistd.h>

/* Something asked of the supervisor, which answers in order. */
struct question {
	lab *l;
	lab_inspect_func inspected; /* one of these is set */
	lab_enter_func entered;
	lab_watch_func watched;
	lab_credentials_func told;
	lab_look_func looked;
	gpointer user_data;
	netstate *state; /* of the nodes that have come so far */
};

static const struct object_shape question_shape =
	OBJECT_SHAPE(question, NULL, OWNS(question, state, netstate_unref));

static struct question *question_new(lab *l, gpointer user_data)
{
	struct question *q = object_new(&question_shape);

	q->l = l;
	q->user_data = user_data;
	q->state = netstate_new();
	return q;
}

static void question_fail(const struct question *q, const GError *error)
{
	if (q->inspected)
		q->inspected(q->l, NULL, error, q->user_data);
	else if (q->entered)
		q->entered(q->l, NULL, error, q->user_data);
	else if (q->looked)
		q->looked(q->l, q->user_data);
	else if (q->watched)
		q->watched(q->l, -1, error, q->user_data);
	else
		q->told(q->l, NULL, error, q->user_data);
}

void lab_set_gone(GError **error, const lab *l, const char *how)
{
	g_set_error(error, TB_ERROR, TB_ERROR_DIED, "lab '%s' is gone: %s", l->name, how);
}

void lab_questions_fail(lab *l, const GError *error)
{
	while (!lab_is_freed(l) && !g_queue_is_empty(&l->questions)) {
		struct question *q = g_queue_pop_head(&l->questions);

		question_fail(q, error);
		object_free(q);
	}
}

void lab_questions_clear(lab *l)
{
	g_queue_clear_full(&l->questions, object_free);
}

/* --- asking ----------------------------------------------------------------------------------- */

/* The question came after the end of the lab. */
static gboolean on_idle_question(gpointer question)
{
	struct question *q = question;
	g_autoptr(GError) error = NULL;

	lab_set_gone(&error, q->l, "nothing can be asked any more");
	if (!lab_is_freed(q->l))
		question_fail(q, error);
	lab_unref(q->l);
	object_free(q);
	return G_SOURCE_REMOVE;
}

/* Takes `message` over. */
static void send_question(struct question *q, json_t *message)
{
	lab *l = q->l;

	if (l->over) {
		json_decref(message);
		l->refs++;
		g_idle_add(on_idle_question, q);
		return;
	}
	g_queue_push_tail(&l->questions, q);
	line_socket_send_json(l->channel, message);
}

void lab_inspect(lab *l, lab_inspect_func done, gpointer user_data)
{
	lab_inspect_asking(l, NULL, done, user_data);
}

void lab_inspect_asking(lab *l, const GPtrArray *questions, lab_inspect_func done,
			gpointer user_data)
{
	json_t *ways = questions ? route_questions_to_json(questions) : NULL;
	struct question *q = question_new(l, user_data);

	q->inspected = done;
	send_question(q, json_pack("{s:b, s:o*}", "inspect", 1, "ways", ways));
}

void lab_enter(lab *l, const char *node, lab_enter_func done, gpointer user_data)
{
	struct question *q = question_new(l, user_data);

	q->entered = done;
	send_question(q, json_pack("{s:s}", "enter", node));
}

void lab_credentials(lab *l, const char *node, lab_credentials_func done, gpointer user_data)
{
	struct question *q = question_new(l, user_data);

	q->told = done;
	send_question(q, json_pack("{s:s}", "credentials", node));
}

void lab_look(lab *l, lab_look_func done, gpointer user_data)
{
	struct question *q = question_new(l, user_data);

	q->looked = done;
	send_question(q, json_pack("{s:b}", "look", 1));
}

void lab_watch(lab *l, lab_watch_func done, gpointer user_data)
{
	struct question *q = question_new(l, user_data);

	q->watched = done;
	send_question(q, json_pack("{s:b}", "watch", 1));
}

void lab_unwatch(lab *l)
{
	if (!l->over)
		line_socket_send_json(l->channel, json_pack("{s:b}", "watch", 0));
}

/* --- answers ---------------------------------------------------------------------------------- */

void lab_on_state(lab *l, json_t *message, json_t *state)
{
	const struct question *q = g_queue_peek_head(&l->questions);
	const char *node = member_text(message, "node");

	if (q && node)
		netstate_add(q->state, node_state_from_json(node, state));
}

/* The oldest question when it is one that `is_one` knows; the caller frees it. */
static struct question *answered(lab *l, bool (*is_one)(const struct question *q))
{
	const struct question *q = g_queue_peek_head(&l->questions);

	return q && is_one(q) ? g_queue_pop_head(&l->questions) : NULL;
}

static bool is_inspection(const struct question *q)
{
	return q->inspected;
}

static bool is_entrance(const struct question *q)
{
	return q->entered;
}

static bool is_watch(const struct question *q)
{
	return q->watched;
}

static bool is_credentials(const struct question *q)
{
	return q->told;
}

static bool is_look(const struct question *q)
{
	return q->looked;
}

/* Whoever traces a lab's supervisor traces all of its children (strace -f, a debugger that follows
 * forks), and only who is outside of the lab sees that. */
static void tell_traced(lab *l)
{
	gint64 now_us = g_get_monotonic_time();

	if (strain_tracer(l->pid) != 0 && l->callbacks.witness) {
		struct witness *w = witness_new(WITNESS_TRACED, "the lab",
						(guint64)(now_us - l->traced_from_us) / 1000,
						l->traced_from_us, now_us);

		l->callbacks.witness(l, w, l->user_data);
		witness_free(w);
	}
	l->traced_from_us = now_us;
}

void lab_on_looked(lab *l, json_t *message G_GNUC_UNUSED, json_t *yes G_GNUC_UNUSED)
{
	struct question *q = answered(l, is_look);

	if (!q)
		return;
	tell_traced(l);
	q->looked(l, q->user_data);
	object_free(q);
}

/* All nodes have been read, or one can't be. */
void lab_on_inspected(lab *l, json_t *message, json_t *problem)
{
	struct question *q = answered(l, is_inspection);
	g_autoptr(GError) error = NULL;

	if (!q)
		return;
	if (json_is_string(problem)) {
		error = g_error_new(TB_ERROR, TB_ERROR_FAILED, "lab '%s': %s", l->name,
				    json_string_value(problem));
		question_fail(q, error);
	} else {
		netstate_read_evidence(q->state, json_object_get(message, "evidence"));
		q->inspected(l, q->state, NULL, q->user_data);
	}
	object_free(q);
}

static void pass_enter_target(lab *l, const struct question *q, const json_t *files)
{
	g_autoptr(GPtrArray) paths = g_ptr_array_new();
	struct lab_enter_target target;
	int *const fds[] = {&target.user, &target.mnt, &target.pid, &target.net, &target.keys};

	for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
		*fds[i] = line_socket_take_fd(l->channel);
	for (size_t i = 0; i < json_array_size(files); i++)
		g_ptr_array_add(paths,
				(gpointer)(guintptr)json_string_value(json_array_get(files, i)));
	g_ptr_array_add(paths, NULL);
	target.files = (const char *const *)paths->pdata;
	q->entered(l, &target, NULL, q->user_data);
	for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
		if (*fds[i] >= 0)
			close(*fds[i]);
}

void lab_on_entered(lab *l, json_t *message, json_t *problem)
{
	struct question *q = answered(l, is_entrance);
	g_autoptr(GError) error = NULL;

	if (!q)
		return;
	if (json_is_string(problem)) {
		error = g_error_new(TB_ERROR, TB_ERROR_INPUT, "%s", json_string_value(problem));
		question_fail(q, error);
	} else {
		pass_enter_target(l, q, json_object_get(message, "files"));
	}
	object_free(q);
}

void lab_on_watched(lab *l, json_t *message G_GNUC_UNUSED, json_t *problem)
{
	struct question *q = answered(l, is_watch);
	int fd = q && !json_is_string(problem) ? line_socket_take_fd(l->channel) : -1;
	g_autoptr(GError) error = NULL;

	if (!q)
		return;
	if (fd < 0)
		error = g_error_new(TB_ERROR, TB_ERROR_FAILED, "lab '%s': %s", l->name,
				    json_is_string(problem) ? json_string_value(problem) :
							      "no evidence came");
	q->watched(l, fd, error, q->user_data);
	if (fd >= 0)
		close(fd);
	object_free(q);
}

void lab_on_credentials(lab *l, json_t *message, json_t *problem)
{
	struct question *q = answered(l, is_credentials);
	g_autoptr(GError) error = NULL;

	if (!q)
		return;
	if (json_is_string(problem))
		error = g_error_new(TB_ERROR, TB_ERROR_INPUT, "%s", json_string_value(problem));
	q->told(l, error ? NULL : json_object_get(message, "of"), error, q->user_data);
	object_free(q);
}
