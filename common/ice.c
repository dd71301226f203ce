/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/ice_internal.h"

#include <gio/gio.h>
#include <string.h>

#include "common/descriptors.h"

/* Theory of operation.
 *
 * Agents.  Each stream has a libnice agent of its own (why: ice_agent.c).  The agent gathers host
 * candidates, and server-reflexive and relayed ones from TURN Allocate responses.
 *
 * Relays.  Allocates go out over UDP first and over TCP later (ice_relays.c), so that a relay that
 * works over UDP is known by UDP first.
 *
 * Checks.  Remote candidates are held back until both ends have gathered, or for hold_ms, and the
 * peer's checks cause none until each own check was sent once (ice_checks.c), because libnice drops
 * pairs that are unchecked at nomination.
 *
 * Events.  libnice emits signals also from inside calls made to it.  They are queued and the main
 * loop passes them on, so no handler runs inside a function of this module.  Received packets are
 * the exception: the receiving source passes them on at once.
 *
 * Failure.  libnice reports FAILED when all pairs have failed, nothing is being gathered and
 * idle-timeout has passed.  It is believed only when both ends have gathered, because a better
 * candidate may arrive before that.  But a relay that never answers a SYN keeps gathering going for
 * stun-reliable-timeout, and a silent peer never ends its own; so each stream also fails
 * deadline_ms after the peer's credentials arrived. */

static const struct ice_profile profiles[] = {
	{.name = "standard",
	 .stun_initial_timeout_ms = 500,
	 .stun_max_retransmissions = 3,
	 .idle_timeout_ms = 4000,
	 .pacing_ms = 10,
	 .udp_head_start_ms = 700,
	 .hold_ms = 400,
	 .deadline_ms = 6500},
	{.name = "fast",
	 .stun_initial_timeout_ms = 200,
	 .stun_max_retransmissions = 2,
	 .idle_timeout_ms = 1000,
	 .pacing_ms = 5,
	 .udp_head_start_ms = 300,
	 .hold_ms = 200,
	 .deadline_ms = 4500},
};

const struct ice_profile *ice_profile_by_name(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(profiles); i++)
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	return NULL;
}

/* --- events to the owner ---------------------------------------------------------------------- */

static void event_free(struct ice_event *e)
{
	g_free(e->sdp);
	g_free(e);
}

static void deliver_event(ice *i, const struct ice_event *e)
{
	switch (e->kind) {
	case ICE_EVENT_CANDIDATE:
		i->handlers.candidate(i, e->stream, &e->candidate, e->sdp, i->user_data);
		break;
	case ICE_EVENT_GATHERED:
		i->handlers.gathered(i, e->stream, i->user_data);
		break;
	case ICE_EVENT_STATE:
		i->handlers.state(i, e->stream, e->state, i->user_data);
		break;
	}
}

/* Passes all queued events to the handlers; stops when one of them calls ice_free. */
static gboolean dispatch_events(gpointer data)
{
	ice *i = data;
	i->dispatch = 0;
	/* A handler may call ice_free, which frees the memory later (see on_agent_closed()). */
	while (!i->closed && !g_queue_is_empty(&i->events)) {
		struct ice_event *e = g_queue_pop_head(&i->events);
		deliver_event(i, e);
		event_free(e);
	}
	return G_SOURCE_REMOVE;
}

void ice_queue_event(ice *i, const struct ice_event *e)
{
	if (i->closed) {
		g_free(e->sdp);
		return;
	}
	g_queue_push_tail(&i->events, g_memdup2(e, sizeof *e));
	if (i->dispatch == 0)
		i->dispatch = g_idle_add_full(G_PRIORITY_DEFAULT, dispatch_events, i, NULL);
}

/* --- states ----------------------------------------------------------------------------------- */

void ice_set_state(ice *i, guint stream, enum ice_state state)
{
	struct ice_stream *s = &i->streams[stream];
	/* libnice repeats states, and checks further pairs after READY. */
	if (state <= s->state || s->state == ICE_READY)
		return;
	s->state = state;
	if (state == ICE_READY || state == ICE_FAILED)
		g_clear_handle_id(&s->deadline, g_source_remove);
	ice_queue_event(
		i, &(struct ice_event){.kind = ICE_EVENT_STATE, .stream = stream, .state = state});
}

void ice_fail_if_gathered(ice *i, guint stream)
{
	const struct ice_stream *s = &i->streams[stream];
	if (s->failed && s->gathered && s->remote_gathered)
		ice_set_state(i, stream, ICE_FAILED);
}

struct ice_timer {
	ice *owner;
	guint stream, *id;
	void (*passed)(ice *i, guint stream);
};

static gboolean on_ice_timer(gpointer data)
{
	const struct ice_timer *t = data;
	*t->id = 0;
	t->passed(t->owner, t->stream);
	return G_SOURCE_REMOVE;
}

void ice_timer_set(ice *i, guint stream, guint *id, guint ms, void (*passed)(ice *i, guint stream))
{
	struct ice_timer *t = g_new(struct ice_timer, 1);
	*t = (struct ice_timer){.owner = i, .stream = stream, .id = id, .passed = passed};
	*id = g_timeout_add_full(G_PRIORITY_DEFAULT, ms, on_ice_timer, t, g_free);
}

/* Fails the stream, or calls it READY when it is connected: libnice never did, but it can be used
 * as it is. */
static void deadline_passed(ice *i, guint stream)
{
	ice_set_state(i, stream,
		      i->streams[stream].state == ICE_CONNECTED ? ICE_READY : ICE_FAILED);
}

void ice_be_patient(ice *i)
{
	enum { PATIENCE_MS = 3 * 7900 };

	i->deadline_ms = MAX(i->deadline_ms, PATIENCE_MS);
	for (guint n = 0; n < i->n_streams; n++)
		g_object_set(i->streams[n].agent, "idle-timeout", (guint)PATIENCE_MS, NULL);
}

void ice_start_deadline(ice *i, guint stream)
{
	ice_timer_set(i, stream, &i->streams[stream].deadline, i->deadline_ms, deadline_passed);
}

/* --- life ------------------------------------------------------------------------------------- */

/* A copy of the text that the session owns. */
static const char *keep_text(ice *i, const char *text)
{
	g_ptr_array_add(i->texts, g_strdup(text));
	return g_ptr_array_index(i->texts, i->texts->len - 1);
}

/* Copies what is needed of the configuration after ice_new. */
static void keep_config(ice *i, const struct ice_config *config)
{
	i->texts = g_ptr_array_new_with_free_func(g_free);
	i->n_relays = config->n_relays;
	i->relays = g_memdup2(config->relays, config->n_relays * sizeof *config->relays);
	for (guint r = 0; r < i->n_relays; r++) {
		i->relays[r].address = keep_text(i, i->relays[r].address);
		i->relays[r].username = keep_text(i, i->relays[r].username);
		i->relays[r].password = keep_text(i, i->relays[r].password);
	}
	i->deadline_ms = config->profile->deadline_ms;
	i->hold_ms = config->profile->hold_ms;
	i->udp_head_start_ms = config->profile->udp_head_start_ms;
	i->pacing_ms = config->profile->pacing_ms;
}

ice *ice_new(const struct ice_config *config, const struct ice_handlers *handlers,
	     gpointer user_data, GError **error)
{
	ice *i;

	/* GLib ends a program that has none left for the session's loop. */
	if (descriptors_are_short()) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES,
				    "no descriptors are left for ICE");
		return NULL;
	}
	i = g_new0(ice, 1);
	i->handlers = *handlers;
	i->user_data = user_data;
	i->n_streams = config->n_streams;
	i->streams = g_new0(struct ice_stream, config->n_streams);
	keep_config(i, config);
	i->parked = g_main_context_new();
	g_queue_init(&i->events);
	for (guint n = 0; n < config->n_streams; n++) {
		i->streams[n].agent = ice_agent_new(config, i);
		i->streams[n].held = g_ptr_array_new_with_free_func(g_free);
		i->streams[n].may_check = config->controlling;
	}
	bool ok = true;
	for (guint n = 0; ok && n < config->n_streams; n++)
		ok = ice_agent_start(i, n, config, error);
	if (ok)
		return i;
	ice_free(i);
	return NULL;
}

/* Frees the session when the last of its agents has released its relays. */
static void on_agent_closed(GObject *agent, GAsyncResult *result G_GNUC_UNUSED, gpointer data)
{
	ice *i = data;
	g_object_unref(agent);
	if (--i->n_open > 0)
		return;
	for (guint n = 0; n < i->n_streams; n++)
		g_clear_pointer(&i->streams[n].held, g_ptr_array_unref);
	g_free(i->streams);
	g_free(i->relays);
	g_main_context_unref(i->parked);
	g_ptr_array_unref(i->texts);
	g_free(i);
}

void ice_free(ice *i)
{
	if (!i)
		return;
	i->closed = true;
	for (guint n = 0; n < i->n_streams; n++) {
		g_signal_handlers_disconnect_by_data(i->streams[n].agent, i);
		g_clear_handle_id(&i->streams[n].deadline, g_source_remove);
		g_clear_handle_id(&i->streams[n].hold, g_source_remove);
		g_clear_handle_id(&i->streams[n].relay_timer, g_source_remove);
		g_clear_handle_id(&i->streams[n].pacing, g_source_remove);
		g_clear_pointer(&i->streams[n].ufrag, g_free);
		g_clear_pointer(&i->streams[n].pwd, g_free);
		g_clear_pointer(&i->streams[n].remote_ufrag, g_free);
		g_clear_pointer(&i->streams[n].remote_pwd, g_free);
	}
	g_clear_handle_id(&i->dispatch, g_source_remove);
	g_queue_clear_full(&i->events, (GDestroyNotify)event_free);
	/* Sends the Refresh with lifetime 0 and calls back when it was answered or timed out. */
	i->n_open = i->n_streams;
	for (guint n = 0, all = i->n_streams; n < all; n++) {
		ice_agent_read(i, n, true);
		nice_agent_close_async(i->streams[n].agent, on_agent_closed, i);
	}
}

/* --- use -------------------------------------------------------------------------------------- */

void ice_local_credentials(ice *i, guint stream, const char **ret_ufrag, const char **ret_pwd)
{
	*ret_ufrag = i->streams[stream].ufrag;
	*ret_pwd = i->streams[stream].pwd;
}

gssize ice_send(ice *i, guint stream, const guint8 *data, gsize length)
{
	return nice_agent_send(i->streams[stream].agent, i->streams[stream].id, ICE_COMPONENT,
			       (guint)length, (const char *)data);
}

enum ice_state ice_stream_state(const ice *i, guint stream)
{
	return i->streams[stream].state;
}

void ice_get_report(const ice *i, struct ice_report *ret)
{
	*ret = i->report;
}
