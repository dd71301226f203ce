/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/live_view.h"

#include <unistd.h>

#define REDRAW_MS 100

static const struct object_shape live_view_shape =
	OBJECT_SHAPE(live_view, NULL, OWNS(live_view, progress, object_free));

static gboolean on_redraw(gpointer data)
{
	live_view_show(data);
	return G_SOURCE_CONTINUE;
}

live_view *live_view_new(const struct options *o, bool wanted)
{
	live_view *v = object_new(&live_view_shape);

	v->progress = progress_new(g_get_monotonic_time());
	v->options = o;
	wanted = wanted && !o->quiet && isatty(STDERR_FILENO);
	v->draws = wanted && cmd_redraws();
	v->prints = wanted && !v->draws;
	if (v->draws)
		v->redraw = g_timeout_add(REDRAW_MS, on_redraw, v);
	return v;
}

void live_view_show(live_view *v)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct report_style style;

	if (v->ended || (!v->draws && !v->prints))
		return;
	style = cmd_style(v->options, STDERR_FILENO);
	if (v->draws) {
		progress_draw(v->progress, &style, cmd_rows(), g_get_monotonic_time(), text);
		cmd_draw(text->str);
	} else {
		progress_lines(v->progress, &style, text);
		cmd_tell(text->str);
	}
}

static void on_waiting(gpointer view)
{
	live_view_show(view);
}

void live_view_follow(live_view *v, live_client *c)
{
	if (v->draws)
		live_client_while_waiting(c, REDRAW_MS, on_waiting, v);
}

json_t *live_view_event(live_view *v, const json_t *line, const char **ret_agent, bool *ret_again)
{
	json_t *event = json_object_get(line, "event");

	*ret_agent = member_text(line, "agent");
	*ret_again = json_object_get(line, "again") != NULL;
	if (*ret_again)
		progress_runs(v->progress, NULL);
	if (!*ret_agent || !event)
		return NULL;
	progress_heard(v->progress, *ret_agent, event);
	live_view_show(v);
	return event;
}

void live_view_end(live_view *v)
{
	g_clear_handle_id(&v->redraw, g_source_remove);
	cmd_draw("");
	v->ended = true;
}
