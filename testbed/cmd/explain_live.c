/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain A B -n NAME: the call is placed in a lab that is up, and explained by the events, packets
 * and kernel states of that lab. */
#include "testbed/cmd/explain.h"
#include "testbed/cmd/live_view.h"
#include "testbed/live/client.h"
#include "testbed/session/machine.h"
#include "testbed/report/json.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A call that is placed. */
struct observed_call {
	struct observation *seen;
	live_view *view;
};

/* Keeps an event line of the call, and shows it. */
static void keep_heard(const json_t *line, gpointer user_data)
{
	const struct observed_call *c = user_data;
	const char *agent;
	bool again;

	live_view_event(c->view, line, &agent, &again);
	observation_hear(c->seen, line);
}

/* Has the lab record packets from now on.  Returns a descriptor to read them from, which the caller
 * closes; -1: not possible, which was noted, and the call is explained without packets. */
static int watch_packets(live_client *c)
{
	g_autoptr(GError) error = NULL;
	json_auto_t *watched = live_ask(c, "watch", &error);
	g_autofree char *path = NULL;
	int shared, own;

	if (!watched) {
		cmd_note("no packets are watched: %s", error->message);
		return -1;
	}
	shared = live_take_fd(c);
	/* opened again to get a file offset of its own: others may read the same recording */
	path = g_strdup_printf("/proc/self/fd/%d", shared);
	own = open(path, O_RDONLY | O_CLOEXEC);
	if (own < 0)
		cmd_note("no packets are watched: %s", g_strerror(errno));
	if (shared >= 0)
		close(shared);
	return own;
}

/* Places the call and observes it in `seen`: events, packets, and the kernels after it.  The caller
 * frees the cell; NULL with `error`. */
static struct cell *place_observed_call(live_client *c, const struct options *o, enum media media,
					struct observation *seen, GError **error)
{
	json_t *request = json_pack("{s:s, s:s, s:s, s:s, s:i, s:b}", "do", "call", "a",
				    o->arguments[0], "b", o->arguments[1], "media",
				    media_name(media), "media_ms", CELL_MEDIA_MS, "servers", true);
	int packets = watch_packets(c);
	g_autoptr(live_view) view = live_view_new(o, true);
	struct observed_call placed = {seen, view};
	struct cell *cell;
	json_auto_t *answer = NULL;

	live_view_follow(view, c);
	progress_stage(view->progress, "placing the call");
	seen->start_us = g_get_monotonic_time();
	answer = live_request(c, request, keep_heard, &placed, error);
	live_view_end(view);
	seen->end_us = g_get_monotonic_time();
	cell = answer ? live_cell(answer, error) : NULL;
	seen->state = cell ? live_inspect(c, NULL, error) : NULL;
	if (cell && !seen->state)
		g_clear_pointer(&cell, cell_free);
	if (cell && packets >= 0 && !observation_failed_before(seen))
		observation_read_packets(seen, packets);
	if (packets >= 0)
		close(packets);
	return cell;
}

/* Places the call of `s` (taken over) and explains it.  Returns the exit code. */
static int explain_call(live_client *c, const model *base, matrix_selection *s, const char *name,
			const struct options *o, enum media media, guint64 seed)
{
	g_autoptr(GError) error = NULL;
	struct recorded recorded = {.lab = g_strdup(name),
				    .missing = g_ptr_array_new_with_free_func(g_free)};
	struct cell *cell;
	int status;

	observation_init(&recorded.seen);
	cell = place_observed_call(c, o, media, &recorded.seen, &error);
	if (cell) {
		cell->done = true;
		recorded.cell = cell;
		status = cmd_explain_cell(base, s, &recorded, NULL, o, seed);
		cell_free(cell);
	} else {
		object_free(s);
		status = cmd_failed(error);
	}
	recorded_clear(&recorded);
	return status;
}

/* Explains in the lab with that status.  Its network with all changes is also that of the copies in
 * which fixes are tried.  Returns the exit code. */
static int explain_in_live_lab(live_client *c, const json_t *status, const struct options *o,
			       enum media media, guint64 seed)
{
	const struct scenario *sc;
	g_autoptr(model) base = cmd_live_base(status, &sc);
	g_autoptr(GError) error = NULL;
	matrix_selection *s;

	if (!base)
		return CMD_INPUT;
	s = explain_select_call(base, sc->name, o->arguments[0], o->arguments[1], media, &error);
	if (!s)
		return cmd_failed(error);
	return explain_call(c, base, s, member_text(status, "name"), o, media, seed);
}

/* Whether this lab may be explained: in an exercise only where its level lets it.  If not, an error
 * was printed. */
static bool may_explain(const json_t *status)
{
	const json_t *exercise = json_object_get(status, "exercise");

	return !exercise || member_true(exercise, "explain") ||
	       cmd_error("'explain' is off in this exercise: it would tell what is wrong; "
			 "'testbed exercise hint' helps");
}

/* Whether the options can be used with -n; if not, an error was printed. */
static bool options_fit(const struct options *o)
{
	if (o->topology || o->scenario || o->changes || o->run || o->fresh)
		cmd_error("-n names a lab that is up; -t, -s, --change, --run and --fresh are for "
			  "others");
	else if (!o->arguments[1])
		cmd_error("usage: testbed explain A B -n LAB: in a lab that is up calls have no "
			  "names");
	else
		return true;
	return false;
}

int cmd_explain_live(const struct options *o, guint64 seed)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(live_client) c = NULL;
	enum media media;
	json_auto_t *status = NULL;

	if (!options_fit(o) || !cmd_explain_medium(o->media, &media))
		return CMD_USAGE;
	c = live_connect(o->name, &error);
	status = c ? live_ask(c, "status", &error) : NULL;
	if (!status)
		return cmd_failed(error);
	if (!may_explain(status))
		return CMD_USAGE;
	return explain_in_live_lab(c, status, o, media, seed);
}
