/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/e2e/live/page.h"

#include "tests/support/process.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define URL_DEADLINE_MS 20000

/* --- the page's server ------------------------------------------------------------------------ */

/* What a program has printed so far; the caller frees. */
static char *printed(int fd)
{
	char text[512];
	ssize_t n = pread(fd, text, sizeof text, 0);

	return g_strndup(text, (gsize)MAX(n, 0));
}

static bool has_printed_line(gpointer fd)
{
	g_autofree char *text = printed(GPOINTER_TO_INT(fd));

	return strchr(text, '\n') != NULL;
}

void page_start(struct page *p, const struct home *h, const char *option)
{
	g_autofree char *runtime =
		h->uid != 0 ? g_build_filename(h->folder, "run", NULL) : g_strdup(h->folder);
	g_auto(GStrv) environment =
		g_environ_setenv(g_get_environ(), "XDG_RUNTIME_DIR", runtime, TRUE);
	const struct start how = {.environment = environment, .uid = h->uid};
	const char *const argv[] = {h->program, "serve", option, NULL};

	program_start(argv, &how, &p->program);
	cr_assert(process_wait_until(has_printed_line, GINT_TO_POINTER(p->program.out_fd),
				     URL_DEADLINE_MS));
	p->url = g_strchomp(printed(p->program.out_fd));
	cr_assert(g_str_has_prefix(p->url, "http://127.0.0.1:"), "%s", p->url);
	p->host = g_strndup(p->url + 7, strcspn(p->url + 7, "/"));
}

int page_end(struct page *p, int number)
{
	struct outcome o;
	int code;

	if (number != 0)
		kill(p->program.pid, number);
	program_end(&p->program, &o);
	code = o.exit_code;
	outcome_clear(&o);
	g_free(p->url);
	g_free(p->host);
	return code;
}

/* --- viewers ---------------------------------------------------------------------------------- */

static void on_message(SoupWebsocketConnection *socket G_GNUC_UNUSED,
		       SoupWebsocketDataType type G_GNUC_UNUSED, GBytes *bytes, gpointer looker)
{
	gsize length;
	const char *text = g_bytes_get_data(bytes, &length);

	g_queue_push_tail(&((struct looker *)looker)->messages, json_loadb(text, length, 0, NULL));
}

static void on_closed(SoupWebsocketConnection *socket G_GNUC_UNUSED, gpointer looker)
{
	((struct looker *)looker)->closed = true;
}

static void on_connected(GObject *session, GAsyncResult *result, gpointer user_data)
{
	struct looker *l = user_data;

	l->socket = soup_session_websocket_connect_finish(SOUP_SESSION(session), result, NULL);
	l->answered = true;
	if (!l->socket)
		return;
	soup_websocket_connection_set_max_incoming_payload_size(l->socket, 0);
	g_signal_connect(l->socket, "message", G_CALLBACK(on_message), l);
	g_signal_connect(l->socket, "closed", G_CALLBACK(on_closed), l);
}

void looker_new(struct looker *l, const struct page *p, const char *origin)
{
	g_autofree char *url = g_strdup_printf("ws%ssocket", p->url + 4),
			*own = g_strdup_printf("http://%s", p->host);
	g_autoptr(SoupMessage) m = soup_message_new("GET", url);

	*l = (struct looker){.session = soup_session_new()};
	soup_session_websocket_connect_async(l->session, m, origin ? origin : own, NULL,
					     G_PRIORITY_DEFAULT, NULL, on_connected, l);
	while (!l->answered)
		g_main_context_iteration(NULL, TRUE);
}

static void message_free(gpointer message)
{
	json_decref(message);
}

void looker_clear(struct looker *l)
{
	if (l->socket)
		g_signal_handlers_disconnect_by_data(l->socket, l);
	g_clear_object(&l->socket);
	g_clear_object(&l->session);
	g_queue_clear_full(&l->messages, message_free);
}

json_t *looker_next(struct looker *l)
{
	while (g_queue_is_empty(&l->messages) && !l->closed)
		g_main_context_iteration(NULL, TRUE);
	return g_queue_pop_head(&l->messages);
}

json_t *looker_await(struct looker *l, const char *event)
{
	json_t *message;

	while ((message = looker_next(l)) && !member_is(message, "event", event))
		json_decref(message);
	cr_assert(message, "no %s came", event);
	return message;
}

void looker_ask(struct looker *l, json_t *request)
{
	char *text;

	json_object_set_new(request, "id", json_integer(++l->asked));
	text = json_dumps(request, JSON_COMPACT);
	soup_websocket_connection_send_text(l->socket, text);
	free(text);
	json_decref(request);
}

json_t *looker_answer(struct looker *l, json_t **ret_state)
{
	json_t *message;

	while ((message = looker_next(l)) && member_integer(message, "answer") != l->asked) {
		if (ret_state && member_is(message, "event", "state")) {
			json_decref(*ret_state);
			*ret_state = json_incref(message);
		}
		json_decref(message);
	}
	cr_assert(message, "no answer came");
	return message;
}

json_t *looker_expect_done(struct looker *l, json_t *request)
{
	json_t *state = NULL;
	json_auto_t *done = NULL;

	looker_ask(l, request);
	done = looker_answer(l, &state);
	cr_assert(member_true(done, "ok"), "%s", member_text(done, "error"));
	cr_assert(state, "no state came before the answer");
	return state;
}

void looker_expect_refused(struct looker *l, json_t *request, const char *part)
{
	json_auto_t *done = NULL;

	looker_ask(l, request);
	done = looker_answer(l, NULL);
	cr_expect(!member_true(done, "ok"), "%s: was done", part);
	cr_expect(member_text(done, "error") && strstr(member_text(done, "error"), part),
		  "no '%s' in '%s'", part, member_text(done, "error"));
}

json_t *call_request(const char *from, const char *to, const char *media)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:f}", "do", "call", "from", from, "to", to, "media",
			 media, "seconds", 0.8);
}

json_t *set_request(const char *change)
{
	return json_pack("{s:s, s:[s]}", "do", "set", "changes", change);
}
