/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/closing.h"
#include "testbed/lab/supervisor_parts.h"
#include "testbed/lab/apply_difference.h"

#define SHUTDOWN_MS                                                                                \
	1000 /* how long a node that starts again keeps its network at most after its last process \
	      */

static model *changed_model(const struct supervisor *s, const json_t *changes, GError **error)
{
	const struct lab_options *options = s->job->options;
	g_autoptr(diags) found = diags_new();
	bool good = true;
	model *m = NULL;

	if (!options->base) {
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "this lab can't be changed");
		return NULL;
	}
	model_drop_changes(options->base);
	for (size_t i = 0; i < json_array_size(changes); i++)
		good = model_add_changes(options->base, "set",
					 json_string_value(json_array_get(changes, i)), found) &&
		       good;
	m = good ? model_instantiate(options->base, options->scenario, found) : NULL;
	if (m)
		return m;
	diags_set_error(found, TB_ERROR_INPUT, "", error);
	return NULL;
}

/* Makes `m` and `p` the model and plan of the lab; the former ones are returned in their place. */
static void exchange(struct supervisor *s, model **m, plan **p)
{
	model *old_model = s->model;
	plan *old_plan = s->plan;

	s->model = *m;
	s->plan = *p;
	*m = old_model;
	*p = old_plan;
}

static const char **names_of(const json_t *list)
{
	const char **names = g_new0(const char *, json_array_size(list) + 1);

	for (size_t i = 0; i < json_array_size(list); i++)
		names[i] = json_string_value(json_array_get(list, i));
	return names;
}

/* Whether one of these is no client: "NODE/PROGRAM". */
static bool has_server(const GPtrArray *names)
{
	ptr_array_foreach(const char, name, names)
		if (strchr(name, '/'))
			return true;
	return false;
}

/* Ends the processes that the present plan does not have, or has otherwise, and those that
 * `leave` names. */
static void end_processes(struct supervisor *s, const struct process_set_leave *leave)
{
	const struct process_set_source now = supervisor_process_set_source(s);
	g_autoptr(GPtrArray) ended = g_ptr_array_new_with_free_func(g_free);

	process_set_stop(s->processes, &now, leave, ended);
	/* clients of a server that starts again sign in again, as they would in a new lab */
	if (!leave->clients && !leave->reboot && has_server(ended)) {
		const struct process_set_leave all = {.clients = true, .spare = leave->spare};

		process_set_stop(s->processes, &now, &all, ended);
	}
	for (guint i = 0; i < ended->len; i++)
		json_array_append_new(s->restarted, json_string(ended->pdata[i]));
}

/* The same, and starts what is missing then. */
static gboolean settle(struct supervisor *s, const struct process_set_leave *leave, GError **error)
{
	const struct process_set_source now = supervisor_process_set_source(s);

	end_processes(s, leave);
	return supervisor_write(s, error) && process_set_resume(s->processes, &now, error);
}

/* As a machine that shuts down: its programs end first, and the network stays until the ends of
 * their connections (FIN) have arrived. Otherwise the peers would notice only by time-outs. */
static void shut_down(struct supervisor *s, const char *node)
{
	const struct process_set_leave leave = {.reboot = node};

	end_processes(s, &leave);
	/* The result does not matter: peers that can't be reached notice by time-outs. */
	exec_wait_closed(s->x, node, SHUTDOWN_MS);
}

/* Takes over `m` and `p`.  The answer comes when everybody is ready. */
static void turn_to(struct supervisor *s, model *m, plan *p, const json_t *message)
{
	const char *reboot = member_text(message, "reboot");
	g_autoptr(plan_difference) d = plan_difference_new(s->plan, p, reboot);
	g_autofree const char **spared = names_of(json_object_get(message, "spare"));
	struct process_set_leave leave = {.clients = !plan_difference_is_light(d), .spare = spared};
	g_autoptr(GError) second = NULL;

	s->restarted = json_array();
	if (reboot)
		shut_down(s, reboot);
	supervisor_watch_deadline(s);
	if (difference_apply(s->x, d, &s->refused)) {
		exchange(s, &m, &p);
		if (!settle(s, &leave, &s->refused)) {
			exchange(s, &m, &p);
			leave.clients = false;
			if (!difference_revert(s->x, d, &second) || !settle(s, &leave, &second))
				g_prefix_error(&s->refused, "(and taking it back failed: %s) ",
					       second->message);
		}
	} else if (!reboot) {
		supervisor_ready(s);
	} else {
		leave.clients = false;
		if (!settle(s, &leave, &second))
			g_prefix_error(&s->refused, "(and taking it back failed: %s) ",
				       second->message);
	}
	/* those that were not kept; the first one may be the job's, which is not used any more */
	g_clear_pointer(&d, object_free);
	plan_free(p);
	model_free(m);
}

void supervisor_change(struct supervisor *s, const json_t *message)
{
	model *m = changed_model(s, json_object_get(message, "change"), &s->refused);

	if (m) {
		turn_to(s, m, plan_build(m), message);
	} else {
		s->restarted = json_array();
		supervisor_ready(s);
	}
}
