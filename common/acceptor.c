/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/acceptor.h"

#include <errno.h>
#include <glib-unix.h>
#include <unistd.h>

#include "common/base/source.h"

#define BACKLOG SOMAXCONN
/* In one iteration of the loop, before other sources get their turn: an iteration looks at every
 * connection, so that few would let a flood fill the queue and keep others out of it. */
#define ACCEPTS 64

struct acceptor {
	int fd;
	guests *guests;
	acceptor_func accepted;
	gpointer user_data;
	GSource *listening, *resting; /* one of them */
};

static void start_listening(acceptor *a);

static gboolean on_rested(gpointer user_data)
{
	acceptor *a = user_data;

	source_clear(&a->resting);
	start_listening(a);
	return G_SOURCE_REMOVE;
}

static void rest(acceptor *a, int code)
{
	const struct sockaddr_storage nobody = {.ss_family = AF_UNSPEC};

	guests_tell(a->guests, &nobody,
		    code == EMFILE || code == ENFILE ? REASON_NO_DESCRIPTOR : REASON_INTERNAL);
	source_clear(&a->listening);
	a->resting =
		timer_start(g_main_context_get_thread_default(), ACCEPTOR_REST_MS, on_rested, a);
}

/* Whether an error of accept(2) is of one connection only (accept(2), "Error handling"). */
static bool is_passing(int code)
{
	return code == EINTR || code == ECONNABORTED || code == EPROTO || code == ENETDOWN ||
	       code == EHOSTDOWN || code == ENONET || code == EHOSTUNREACH || code == ENETUNREACH ||
	       code == EPERM;
}

static gboolean on_connection(gint listen_fd, GIOCondition condition G_GNUC_UNUSED,
			      gpointer user_data)
{
	acceptor *a = user_data;

	for (guint i = 0; i < ACCEPTS; i++) {
		struct sockaddr_storage peer;
		socklen_t length = sizeof peer;
		int fd = accept4(listen_fd, (struct sockaddr *)&peer, &length,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			a->accepted(a, fd, &peer, a->user_data);
		} else if (errno == EAGAIN) {
			break;
		} else if (!is_passing(errno)) {
			rest(a, errno);
			return G_SOURCE_REMOVE;
		}
	}
	return G_SOURCE_CONTINUE;
}

static void start_listening(acceptor *a)
{
	a->listening = g_unix_fd_source_new(a->fd, G_IO_IN);
	g_source_set_callback(a->listening, G_SOURCE_FUNC(on_connection), a, NULL);
	g_source_attach(a->listening, g_main_context_get_thread_default());
}

/* A listening socket, for the caller to close; -1 with errno. */
static int open_listening_socket(const struct sockaddr_storage *address, socklen_t length)
{
	int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, code;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (const struct sockaddr *)address, length) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	code = errno;
	close(fd);
	errno = code;
	return -1;
}

acceptor *acceptor_new(const struct sockaddr_storage *address, socklen_t length,
		       const struct guest_limits *limits, acceptor_func accepted, guests_told told,
		       gpointer user_data, GError **error)
{
	int fd = open_listening_socket(address, length), code = errno;
	acceptor *a;

	if (fd < 0) {
		g_set_error_literal(error, G_IO_ERROR, (gint)g_io_error_from_errno(code),
				    g_strerror(code));
		return NULL;
	}
	a = g_new0(acceptor, 1);
	a->fd = fd;
	a->accepted = accepted;
	a->user_data = user_data;
	a->guests = guests_new(limits, told, user_data);
	start_listening(a);
	return a;
}

void acceptor_free(acceptor *a)
{
	if (!a)
		return;
	source_clear(&a->listening);
	source_clear(&a->resting);
	close(a->fd);
	guests_free(a->guests);
	g_free(a);
}

guest *acceptor_welcome(acceptor *a, int fd, GSocket *socket, const struct sockaddr_storage *peer)
{
	return guests_admit(a->guests, fd, socket, peer);
}

bool acceptor_may_tell(acceptor *a, guint *ret_more)
{
	return guests_may_tell(a->guests, ret_more);
}
