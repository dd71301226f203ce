/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/client.h"

#include <string.h>

#include "clients/call.h"
#include "clients/conference.h"
#include "clients/im.h"
#include "common/agent.h"
#include "common/call_sdp.h"
#include "common/media.h"

/* Time at the end for BYEs and for relays to be given back. */
#define QUIT_MS 500
#define MEDIA_MS_DEFAULT 2000

typedef struct {
	struct client_core core;
	agent *agent;
	bool started;
	guint warm_up; /* source: once signed in, before the first call */
	guint quitting;
} client;

static const char *text_of(json_t *command, const char *name)
{
	const char *value = json_string_value(json_object_get(command, name));
	return value ? value : "";
}

static guint media_ms_of(json_t *command)
{
	json_int_t value = json_is_integer(json_object_get(command, "media_ms")) ?
				   json_integer_value(json_object_get(command, "media_ms")) :
				   MEDIA_MS_DEFAULT;
	return (guint)CLAMP(value, 0, 3600 * 1000);
}

/* --- requests from the server ----------------------------------------------------------------- */

static void refuse(client *c, const sip_msg *m, int status, const char *reason)
{
	g_autofree char *tag = sip_new_tag();
	g_autoptr(sip_msg) response = sip_response_new(m, status, reason, tag);
	sip_conn_send(account_conn(c->core.account), response);
}

static bool is_message_offer(const sip_msg *m)
{
	gsize length = 0;
	const char *body = sip_body(m, &length);
	g_autoptr(call_sdp) sdp = body ? call_sdp_parse(body, length, NULL) : NULL;
	if (!sdp || sdp->media->len != 1)
		return false;
	const struct call_sdp_media *first = g_ptr_array_index(sdp->media, 0);
	return strcmp(first->kind, "message") == 0;
}

static void on_request(sip_msg *m, gpointer data)
{
	client *c = data;
	const char *method = sip_method(m);
	struct session *s = g_hash_table_lookup(c->core.sessions, sip_call_id(m));
	if (s) {
		/* The session may be closed by what it is told. */
		s->refs++;
		s->ops->request(s, m);
		session_unref(s);
	} else if (strcmp(method, "ACK") == 0) {
		/* For a refusal or a session that is over: nothing to do, and nothing to answer. */
	} else if (strcmp(method, "OPTIONS") == 0) {
		refuse(c, m, 200, "OK");
	} else if (strcmp(method, "INVITE") != 0 || sip_to_tag(m)) {
		refuse(c, m, 481, "Call/Transaction Does Not Exist");
	} else if (c->quitting) {
		refuse(c, m, 480, "Temporarily Unavailable");
	} else if (conference_is_invitation(m)) {
		conference_accept(&c->core, m);
	} else if (is_message_offer(m)) {
		im_accept(&c->core, m);
	} else {
		call_accept(&c->core, m);
	}
}

/* Each session once; it may take itself out of the table. */
static void for_each_session(client *c, void (*func)(struct session *s))
{
	g_autoptr(GList) all = g_hash_table_get_values(c->core.sessions);
	for (const GList *l = all; l; l = l->next)
		((struct session *)l->data)->refs++;
	for (const GList *l = all; l; l = l->next) {
		func(l->data);
		session_unref(l->data);
	}
}

static void session_lost(struct session *s)
{
	s->ops->lost(s);
}

static void session_hang_up(struct session *s)
{
	s->ops->hang_up(s);
}

static void on_lost(gpointer data)
{
	client *c = data;
	for_each_session(c, session_lost);
	session_drop_pending(&c->core);
}

/* --- commands --------------------------------------------------------------------------------- */

static gboolean on_idle(gpointer data)
{
	client *c = data;
	c->warm_up = 0;
	media_warm_up();
	return G_SOURCE_REMOVE;
}

static void on_signed_in(gpointer data)
{
	client *c = data;
	if (!c->warm_up)
		c->warm_up = g_idle_add_full(G_PRIORITY_LOW, on_idle, c, NULL);
}

static void on_start(client *c, json_t *command)
{
	static const struct account_handlers handlers = {
		.message = on_request, .signed_in = on_signed_in, .lost = on_lost};
	g_autoptr(GError) error = NULL;
	if (c->started) {
		channel_log(c->core.channel, "warning", "started already");
		return;
	}
	if (client_config_parse(json_object_get(command, "config"), &c->core.config, &error))
		c->core.account =
			account_new(&c->core.config, c->core.channel, &handlers, c, &error);
	if (!c->core.account) {
		agent_failed(c->agent, error);
		return;
	}
	c->started = true;
	agent_ready(c->agent);
}

static void on_sign_in(client *c, json_t *command G_GNUC_UNUSED)
{
	account_sign_in(c->core.account);
}

static bool is_set(json_t *command, const char *name)
{
	return json_is_true(json_object_get(command, name));
}

static void on_im(client *c, json_t *command)
{
	im_start(&c->core, text_of(command, "call"), text_of(command, "to"),
		 text_of(command, "text"), is_set(command, "keep"));
}

static void on_call(client *c, json_t *command)
{
	call_start(&c->core, text_of(command, "call"), text_of(command, "to"),
		   json_object_get(command, "media"), media_ms_of(command), is_set(command, "keep"),
		   is_set(command, "stand"));
}

static void on_conference(client *c, json_t *command)
{
	conference_make(&c->core, text_of(command, "call"), text_of(command, "conference"),
			json_object_get(command, "invite"));
}

static void on_join(client *c, json_t *command)
{
	const char *call = text_of(command, "call"), *focus = text_of(command, "focus");
	json_t *names = json_object_get(command, "participants");
	if (strcmp(text_of(command, "media"), "im") == 0)
		im_join(&c->core, call, focus, text_of(command, "text"), names,
			media_ms_of(command));
	else
		call_join(&c->core, call, focus, names, media_ms_of(command));
}

static void on_hang_up(client *c, json_t *command)
{
	struct session *s = g_hash_table_lookup(c->core.sessions, text_of(command, "call"));
	if (s)
		s->ops->hang_up(s);
	else
		channel_log(c->core.channel, "info", "no call \"%s\" to hang up",
			    text_of(command, "call"));
}

static void on_stats(client *c, json_t *command G_GNUC_UNUSED)
{
	channel_event(c->core.channel, EVENT_STATS,
		      json_pack("{s:b, s:i, s:i}", "signed_in",
				account_is_signed_in(c->core.account), "sessions",
				(int)g_hash_table_size(c->core.sessions), "pending",
				(int)g_hash_table_size(c->core.pending)));
}

static gboolean on_quit_time(gpointer data)
{
	client *c = data;
	c->quitting = 0;
	agent_stop(c->agent, 0);
	return G_SOURCE_REMOVE;
}

static void on_quit(client *c, json_t *command G_GNUC_UNUSED)
{
	if (c->quitting)
		return;
	for_each_session(c, session_hang_up);
	c->quitting = g_timeout_add(c->core.used_ice ? QUIT_MS : 0, on_quit_time, c);
}

static const struct {
	const char *name;
	bool needs_call, before_start;
	void (*handle)(client *c, json_t *command);
} commands[] = {
	{"start", false, true, on_start},
	{"sign-in", false, false, on_sign_in},
	{"im", true, false, on_im},
	{"call", true, false, on_call},
	{"conference", true, false, on_conference},
	{"join", true, false, on_join},
	{"hang-up", false, false, on_hang_up},
	{"stats", false, false, on_stats},
	{"quit", false, true, on_quit},
};

/* A second session under a Call-ID that is in use would take the first one's messages. */
static bool call_is_free(client *c, json_t *command)
{
	const char *call = text_of(command, "call");
	if (call[0] && !g_hash_table_contains(c->core.sessions, call))
		return true;
	channel_log(c->core.channel, "error", "ignoring a command: call id \"%s\" is %s", call,
		    call[0] ? "in use" : "missing");
	return false;
}

static void on_command(agent *a, const char *name, json_t *command, gpointer data)
{
	client *c = data;
	c->agent = a;
	c->core.channel = agent_channel(a);
	for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
		if (strcmp(commands[i].name, name) != 0)
			continue;
		if (!c->started && !commands[i].before_start)
			channel_log(c->core.channel, "error", "ignoring \"%s\" before \"start\"",
				    name);
		else if (!commands[i].needs_call || call_is_free(c, command))
			commands[i].handle(c, command);
		return;
	}
	channel_log(c->core.channel, "warning", "ignoring unknown command \"%s\"", name);
}

/* --- life ------------------------------------------------------------------------------------- */

static void end(gpointer data)
{
	client *c = data;
	g_clear_handle_id(&c->quitting, g_source_remove);
	g_clear_handle_id(&c->warm_up, g_source_remove);
	if (c->core.account)
		on_lost(c);
	account_free(c->core.account);
	session_drop_pending(&c->core);
	g_hash_table_unref(c->core.sessions);
	g_hash_table_unref(c->core.pending);
	media_clock_free(c->core.clock);
	client_config_done(&c->core.config);
}

int client_main(int *argc, char ***argv)
{
	static const struct agent_kind kind = {
		.program = "tb-client",
		.summary =
			"an endpoint: signs in, sends instant messages, places and answers calls",
		.command = on_command,
		.end = end,
	};
	client c = {.core = {.clock = media_clock_new(),
			     .sessions = g_hash_table_new(g_str_hash, g_str_equal),
			     .pending = g_hash_table_new(NULL, NULL)}};

	return agent_main(argc, argv, &kind, &c);
}
