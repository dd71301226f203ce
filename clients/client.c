/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/client.h"

#include <string.h>

#include "clients/call.h"
#include "clients/conference.h"
#include "clients/im.h"
#include "common/agent.h"
#include "common/call_sdp.h"
#include "common/media.h"
#include "common/wire/pack.h"

/* Time for BYEs and for the release of relays at the end. */
#define QUIT_MS 500
#define MEDIA_MS_DEFAULT 2000

typedef struct {
	struct client_core core;
	agent *agent;
	bool started;
	guint warm_up; /* source: runs after the sign-in, before the first call */
	guint quitting;
} client;

static const char *command_text(json_t *command, const char *name)
{
	const char *value = member_text(command, name);
	return value ? value : "";
}

static guint command_media_ms(json_t *command)
{
	json_int_t value = json_is_integer(json_object_get(command, "media_ms")) ?
				   member_integer(command, "media_ms") :
				   MEDIA_MS_DEFAULT;
	return (guint)CLAMP(value, 0, 3600 * 1000);
}

/* --- requests from the server ----------------------------------------------------------------- */

/* Answers OPTIONS. */
static void tell_capabilities(client *c, const sip_msg *m)
{
	g_autofree char *tag = sip_new_tag();
	g_autoptr(sip_msg) response = sip_response_new(m, 200, "OK", tag);
	session_add_supported(response);
	sip_add_header(response, "Allow",
		       "INVITE, ACK, CANCEL, BYE, INFO, MESSAGE, OPTIONS, UPDATE");
	sip_add_header(response, "Accept", "application/sdp");
	sip_conn_send(account_conn(c->core.account), response);
}

static bool offers_messages(const sip_msg *m)
{
	g_autoptr(call_sdp) sdp = call_sdp_of(m);
	return call_sdp_is_messages(sdp);
}

/* Passes a request to its session, or begins a new one, or refuses it. */
static void on_server_request(sip_msg *m, gpointer data)
{
	client *c = data;
	const char *method = sip_method(m);
	struct client_session *s = g_hash_table_lookup(c->core.sessions, sip_call_id(m));
	g_autoptr(sip_msg) unsupported = sip_refuse_extensions(m, "Require", NULL, NULL);
	if (unsupported) {
		sip_conn_send(account_conn(c->core.account), unsupported);
		return;
	}
	if (s && dialog_matches(&s->dialog, m)) {
		/* The request may close the session. */
		s->refs++;
		s->ops->request(s, m);
		session_unref(s);
	} else if (strcmp(method, "ACK") == 0) {
		/* For a refusal, or a closed session: needs no action. */
	} else if (strcmp(method, "OPTIONS") == 0) {
		tell_capabilities(c, m);
	} else if (s || strcmp(method, "INVITE") != 0 || sip_to_tag(m)) {
		session_refuse(&c->core, m, 481, "Call/Transaction Does Not Exist");
	} else if (c->quitting) {
		session_refuse(&c->core, m, 480, "Temporarily Unavailable");
	} else if (conference_is_invitation(m)) {
		conference_accept(&c->core, m);
	} else if (offers_messages(m)) {
		im_accept(&c->core, m);
	} else {
		call_accept(&c->core, m);
	}
}

/* Calls `func` for each session, which may remove itself from the table. */
static void for_each_session(client *c, void (*func)(struct client_session *s))
{
	g_autoptr(GList) all = g_hash_table_get_values(c->core.sessions);
	for (const GList *l = all; l; l = l->next)
		((struct client_session *)l->data)->refs++;
	for (const GList *l = all; l; l = l->next) {
		func(l->data);
		session_unref(l->data);
	}
}

static void session_lost(struct client_session *s)
{
	s->ops->lost(s);
}

static void session_hang_up(struct client_session *s)
{
	s->ops->hang_up(s);
}

/* Ends all sessions. */
static void on_connection_lost(gpointer data)
{
	client *c = data;
	for_each_session(c, session_lost);
	session_drop_pending(&c->core);
}

/* --- commands --------------------------------------------------------------------------------- */

/* Starts the crypto library after the sign-in, when nothing else is to be done. */
static gboolean on_warm_up(gpointer data)
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
		c->warm_up = g_idle_add_full(G_PRIORITY_LOW, on_warm_up, c, NULL);
}

static void command_start(client *c, json_t *command)
{
	static const struct account_handlers handlers = {.message = on_server_request,
							 .signed_in = on_signed_in,
							 .lost = on_connection_lost};
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

static void command_sign_in(client *c, json_t *command G_GNUC_UNUSED)
{
	account_sign_in(c->core.account);
}

static void command_im(client *c, json_t *command)
{
	im_start(&c->core, command_text(command, "call"), command_text(command, "to"),
		 command_text(command, "text"), member_true(command, "keep"));
}

static void command_call(client *c, json_t *command)
{
	call_start(&c->core, command_text(command, "call"), command_text(command, "to"),
		   json_object_get(command, "media"), command_media_ms(command),
		   member_true(command, "keep"), member_true(command, "stand"));
}

static void command_conference(client *c, json_t *command)
{
	conference_make(&c->core, command_text(command, "call"),
			command_text(command, "conference"), json_object_get(command, "invite"));
}

static void command_join(client *c, json_t *command)
{
	const char *call = command_text(command, "call"), *focus = command_text(command, "focus");
	json_t *names = json_object_get(command, "participants");
	if (strcmp(command_text(command, "media"), "im") == 0)
		im_join(&c->core, call, focus, command_text(command, "text"), names,
			command_media_ms(command));
	else
		call_join(&c->core, call, focus, names, command_media_ms(command),
			  member_true(command, "stand"));
}

static struct client_session *command_session(client *c, json_t *command)
{
	return g_hash_table_lookup(c->core.sessions, command_text(command, "call"));
}

static void command_watch(client *c, json_t *command)
{
	struct client_session *s = command_session(c, command);
	json_int_t every_ms = json_integer_value(json_object_get(command, "every_ms"));
	if (s && s->ops->watch)
		s->ops->watch(s, (guint)CLAMP(every_ms, 0, G_MAXINT));
}

static void command_hang_up(client *c, json_t *command)
{
	struct client_session *s = command_session(c, command);
	if (s)
		s->ops->hang_up(s);
	else
		channel_log(c->core.channel, "info", "no call \"%s\" to hang up",
			    command_text(command, "call"));
}

static void command_stats(client *c, json_t *command G_GNUC_UNUSED)
{
	channel_event(c->core.channel, EVENT_STATS,
		      event_pack("{s:b, s:i, s:i}", "signed_in",
				 account_is_signed_in(c->core.account), "sessions",
				 (int)g_hash_table_size(c->core.sessions), "pending",
				 (int)g_hash_table_size(c->core.pending)));
}

static gboolean on_quit_timer(gpointer data)
{
	client *c = data;
	c->quitting = 0;
	agent_stop(c->agent, 0);
	return G_SOURCE_REMOVE;
}

/* Hangs up everything and ends the program, after QUIT_MS if relays may have to be released. */
static void command_quit(client *c, json_t *command G_GNUC_UNUSED)
{
	if (c->quitting)
		return;
	for_each_session(c, session_hang_up);
	c->quitting = g_timeout_add(c->core.used_ice ? QUIT_MS : 0, on_quit_timer, c);
}

static const struct {
	const char *name;
	bool needs_call, before_start;
	void (*handle)(client *c, json_t *command);
} commands[] = {
	{"start", false, true, command_start},
	{"sign-in", false, false, command_sign_in},
	{"im", true, false, command_im},
	{"call", true, false, command_call},
	{"conference", true, false, command_conference},
	{"join", true, false, command_join},
	{"watch", false, false, command_watch},
	{"hang-up", false, false, command_hang_up},
	{"stats", false, false, command_stats},
	{"quit", false, true, command_quit},
};

/* Whether no session has the command's call id: a second one with the same Call-ID would get the
 * first one's messages.  False is logged. */
static bool call_is_free(client *c, json_t *command)
{
	const char *call = command_text(command, "call");
	if (call[0] && !g_hash_table_contains(c->core.sessions, call))
		return true;
	channel_log(c->core.channel, "error", "ignoring a command: call id \"%s\" is %s", call,
		    call[0] ? "in use" : "missing");
	return false;
}

/* Passes a command to its row's function, unless it comes too early or its call id is in use. */
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

static void client_end(gpointer data)
{
	client *c = data;
	g_clear_handle_id(&c->quitting, g_source_remove);
	g_clear_handle_id(&c->warm_up, g_source_remove);
	if (c->core.account)
		on_connection_lost(c);
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
		.end = client_end,
	};
	client c = {.core = {.clock = media_clock_new(),
			     .sessions = g_hash_table_new(g_str_hash, g_str_equal),
			     .pending = g_hash_table_new(NULL, NULL)}};

	return agent_main(argc, argv, &kind, &c);
}
