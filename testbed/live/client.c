/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/live/client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES 65536
#define FDS_MAX 16

struct live_client {
	int fd;
	GByteArray *received;
	GArray *fds;
};

live_client *live_client_new(int fd)
{
	live_client *c = g_new0(live_client, 1);

	c->fd = fd;
	c->received = g_byte_array_new();
	c->fds = g_array_new(FALSE, FALSE, sizeof(int));
	return c;
}

void live_client_free(live_client *c)
{
	int fd;

	if (!c)
		return;
	while ((fd = live_take_fd(c)) >= 0)
		close(fd);
	close(c->fd);
	g_byte_array_unref(c->received);
	g_array_unref(c->fds);
	g_free(c);
}

int live_client_fd(const live_client *c)
{
	return c->fd;
}

int live_take_fd(live_client *c)
{
	int fd;

	if (c->fds->len == 0)
		return -1;
	fd = g_array_index(c->fds, int, 0);
	g_array_remove_index(c->fds, 0);
	return fd;
}

/* --- finding the lab -------------------------------------------------------------------------- */

/* Tidies up; what is left are labs that are up. */
static char **living(const runtime_dir *m)
{
	g_auto(GStrv) names = runtime_dir_names(m);
	GPtrArray *up = g_ptr_array_new();

	for (guint i = 0; names[i]; i++)
		if (!runtime_dir_tidy(m, names[i]))
			g_ptr_array_add(up, g_strdup(names[i]));
	g_ptr_array_add(up, NULL);
	return (char **)g_ptr_array_free(up, FALSE);
}

static void set_choice(GError **error, char **names, const char *wanted)
{
	g_autofree char *all = g_strjoinv(", ", names);

	if (!names[0])
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT,
			    "no lab %s%s%sis up; 'testbed up' starts one", wanted ? "'" : "",
			    wanted ? wanted : "", wanted ? "' " : "");
	else if (wanted)
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "no lab '%s' is up (there are: %s)",
			    wanted, all);
	else
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT,
			    "several labs are up: choose with -n NAME (there are: %s)", all);
}

live_client *live_connect(const char *name, GError **error)
{
	g_autoptr(runtime_dir) m = runtime_dir_open(error);
	g_auto(GStrv) names = NULL;
	int fd = -1;

	if (!m || (name && !runtime_dir_check_name(name, error)))
		return NULL;
	names = living(m);
	if (name || (names[0] && !names[1]))
		fd = runtime_dir_connect(m, name ? name : names[0]);
	if (fd >= 0)
		return live_client_new(fd);
	set_choice(error, names, name);
	return NULL;
}

/* --- requests --------------------------------------------------------------------------------- */

static gboolean gone(GError **error)
{
	g_set_error(error, TB_ERROR, TB_ERROR_DIED, "the lab is gone");
	return FALSE;
}

static gboolean send_all(live_client *c, const char *text, gsize length)
{
	while (length > 0) {
		ssize_t n = send(c->fd, text, length, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return FALSE;
		text += n;
		length -= (gsize)n;
	}
	return TRUE;
}

static bool receive(live_client *c)
{
	union {
		struct cmsghdr header; /* for its alignment */
		char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control;
	guint8 data[READ_BYTES];
	struct iovec part = {.iov_base = data, .iov_len = sizeof(data)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	ssize_t n;

	do
		n = recvmsg(c->fd, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	for (struct cmsghdr *h = CMSG_FIRSTHDR(&message); h; h = CMSG_NXTHDR(&message, h))
		if (h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS)
			g_array_append_vals(c->fds, CMSG_DATA(h),
					    (guint)((h->cmsg_len - CMSG_LEN(0)) / sizeof(int)));
	g_byte_array_append(c->received, data, (guint)n);
	return true;
}

/* The next line as JSON; NULL: the keeper is gone. */
static json_t *next_line(live_client *c)
{
	for (;;) {
		guint8 *end = c->received->len > 0 ?
				      memchr(c->received->data, '\n', c->received->len) :
				      NULL;
		json_t *line;

		if (!end) {
			if (!receive(c))
				return NULL;
			continue;
		}
		line = json_loadb((const char *)c->received->data, (gsize)(end - c->received->data),
				  0, NULL);
		g_byte_array_remove_range(c->received, 0, (guint)(end - c->received->data) + 1);
		return line ? line : json_object();
	}
}

static void set_error(GError **error, const json_t *e)
{
	const char *message = json_string_value(json_object_get(e, "message"));

	g_set_error_literal(error, TB_ERROR, (int)json_integer_value(json_object_get(e, "code")),
			    message ? message : "refused");
}

json_t *live_request(live_client *c, json_t *request, live_line_func func, gpointer user_data,
		     GError **error)
{
	char *text = json_dumps(request, JSON_COMPACT);
	gboolean sent = text && send_all(c, text, strlen(text)) && send_all(c, "\n", 1);
	json_t *line;

	json_decref(request);
	free(text);
	if (!sent) {
		gone(error);
		return NULL;
	}
	while ((line = next_line(c))) {
		json_t *done = json_object_get(line, "done"),
		       *refused = json_object_get(line, "error");

		json_incref(done);
		if (refused)
			set_error(error, refused);
		else if (!done && func)
			func(line, user_data);
		json_decref(line);
		if (done || refused)
			return done;
	}
	gone(error);
	return NULL;
}
