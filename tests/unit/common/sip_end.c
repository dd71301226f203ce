/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/common/sip_end.h"

#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

static void message(G_GNUC_UNUSED sip_conn *c, sip_msg *m, gpointer user_data)
{
	struct end *e = user_data;

	e->messages++;
	g_string_append_printf(e->log, "%s ", sip_is_request(m) ? sip_method(m) : "stray");
	if (e->on_message)
		e->on_message(e, m);
}

static void closed(G_GNUC_UNUSED sip_conn *c, const GError *error, gpointer user_data)
{
	struct end *e = user_data;

	cr_expect(!e->closed, "closed twice");
	cr_expect(error, "an error says why");
	e->closed = true;
	e->error = g_error_copy(error);
	if (e->on_closed)
		e->on_closed(e);
}

static const struct sip_conn_handlers handlers = {.message = message, .closed = closed};

void end_init(struct end *e)
{
	int pair[2];

	*e = (struct end){.log = g_string_new(NULL)};
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);

	g_autoptr(GSocket) socket = g_socket_new_from_fd(pair[0], NULL);

	e->far = pair[1];
	e->c = sip_conn_new(G_IO_STREAM(g_socket_connection_factory_create_connection(socket)),
			    "10.0.1.10:5061", &handlers, e);
}

void end_settle(void)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
}

void end_done(struct end *e)
{
	sip_conn_unref(e->c);
	end_settle();
	if (e->far >= 0)
		close(e->far);
	g_string_free(e->log, TRUE);
	g_clear_error(&e->error);
}

void end_say(struct end *e, const char *bytes, gsize length)
{
	cr_assert_eq(write(e->far, bytes, length), (gssize)length);
	end_settle();
}

char *end_heard(struct end *e)
{
	char buffer[65536];
	gssize n;

	end_settle();
	n = recv(e->far, buffer, sizeof buffer - 1, MSG_DONTWAIT);
	return g_strndup(buffer, n > 0 ? (gsize)n : 0);
}
