/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rogue-web ADDRESS CERTIFICATE KEY FILE: a web server on 443 that answers every request as it
 * should not: FILE has the name of the answer, which is read for each connection.  Prints "ready"
 * when it listens.  Uses GIO only. */
#include <gio/gio.h>
#include <stdbool.h>
#include <string.h>

#define OK "HTTP/1.1 200 OK\r\n"
#define LEAD(where) "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " where "\r\n\r\n"
#define SLOW_US 200000

static const struct answer {
	const char *name, *first;
	const char *more; /* sent again and again; NULL: nothing */
	gulong pause_us;  /* before each of these */
} answers[] = {
	{"huge", OK "Content-Length: 99999999999\r\n\r\n", "0123456789", 0},
	{"endless", OK "Connection: close\r\n\r\n", "0123456789", 0},
	{"chunked", OK "Transfer-Encoding: chunked\r\n\r\n", "a\r\n0123456789\r\n", 0},
	{"slow", OK "Content-Length: 60000\r\n\r\n", "0", SLOW_US},
	{"slow-headers", OK, "X: y\r\n", SLOW_US},
	{"truncated", OK "Content-Length: 99\r\n\r\n<AutodiscoverResponse>", NULL, 0},
	{"page", OK "Connection: close\r\n\r\n<html><body>Welcome</body></html>", NULL, 0},
	{"circle", LEAD("/"), NULL, 0},
	{"foreign", LEAD("https://lyncdiscover.evil.example/"), NULL, 0},
	{"mail", "220 mail\r\n\r\n", NULL, 0},
};

static GTlsCertificate *certificate;
static const char *choice;

static const struct answer *chosen_answer(void)
{
	g_autofree char *name = NULL;

	if (!g_file_get_contents(choice, &name, NULL, NULL))
		return NULL;
	for (gsize i = 0; i < G_N_ELEMENTS(answers); i++)
		if (strcmp(answers[i].name, name) == 0)
			return &answers[i];
	return NULL;
}

/* Reads what there is, which is one request, and answers until the client has gone. */
static gboolean on_client(GThreadedSocketService *service G_GNUC_UNUSED, GSocketConnection *tcp,
			  GObject *source G_GNUC_UNUSED, gpointer user_data G_GNUC_UNUSED)
{
	g_autoptr(GIOStream) tls = g_tls_server_connection_new(G_IO_STREAM(tcp), certificate, NULL);
	const struct answer *chosen = chosen_answer();
	GInputStream *in = g_io_stream_get_input_stream(tls);
	GOutputStream *out = g_io_stream_get_output_stream(tls);
	bool again = chosen && strstr(chosen->first, "302");
	char request[4096];

	do {
		if (!chosen || g_input_stream_read(in, request, sizeof request, NULL, NULL) <= 0 ||
		    !g_output_stream_write_all(out, chosen->first, strlen(chosen->first), NULL,
					       NULL, NULL))
			return TRUE;
	} while (again);
	while (chosen->more &&
	       g_output_stream_write_all(out, chosen->more, strlen(chosen->more), NULL, NULL, NULL))
		g_usleep(chosen->pause_us);
	g_io_stream_close(tls, NULL, NULL);
	return TRUE;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GSocketService) service = g_threaded_socket_service_new(8);
	g_autoptr(GSocketAddress) where =
		argc == 5 ? g_inet_socket_address_new_from_string(argv[1], 443) : NULL;
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);

	if (!where) {
		g_printerr("usage: rogue-web ADDRESS CERTIFICATE KEY FILE\n");
		return 2;
	}
	choice = argv[4];
	certificate = g_tls_certificate_new_from_files(argv[2], argv[3], &error);
	if (!certificate ||
	    !g_socket_listener_add_address(G_SOCKET_LISTENER(service), where, G_SOCKET_TYPE_STREAM,
					   G_SOCKET_PROTOCOL_TCP, NULL, NULL, &error)) {
		g_printerr("rogue-web: %s\n", error->message);
		return 1;
	}
	g_signal_connect(service, "run", G_CALLBACK(on_client), NULL);
	g_socket_service_start(service);
	g_print("ready\n");
	g_main_loop_run(loop);
	return 0;
}
