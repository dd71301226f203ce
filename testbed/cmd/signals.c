/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/signals.h"

#include "testbed/base/diag.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct signals {
	void (*func)(int number, gpointer user_data);
	gpointer user_data;
	int seen;
	sigset_t watched;
	int fd;
	GSource *source;
};

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};

/* Reports the first signal; later ones end the process as usual. */
static gboolean on_signal(int fd, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
	signals *s = data;
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof info) != (ssize_t)sizeof info)
		return G_SOURCE_CONTINUE;
	s->seen = (int)info.ssi_signo;
	sigprocmask(SIG_UNBLOCK, &s->watched, NULL);
	s->func(s->seen, s->user_data);
	return G_SOURCE_REMOVE;
}

/* Whether the signal is ignored (nohup). */
static bool is_ignored(int number)
{
	struct sigaction was;

	return sigaction(number, NULL, &was) == 0 && was.sa_handler == SIG_IGN;
}

signals *signals_watch(void (*func)(int number, gpointer user_data), gpointer user_data,
		       GError **error)
{
	signals *s = g_new0(signals, 1);

	s->func = func;
	s->user_data = user_data;
	sigemptyset(&s->watched);
	for (guint i = 0; i < G_N_ELEMENTS(ending_signals); i++) {
		if (!is_ignored(ending_signals[i]))
			sigaddset(&s->watched, ending_signals[i]);
	}
	s->fd = signalfd(-1, &s->watched, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->fd < 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "cannot watch signals: %s",
			    g_strerror(errno));
		g_free(s);
		return NULL;
	}
	sigprocmask(SIG_BLOCK, &s->watched, NULL);
	s->source = g_unix_fd_source_new(s->fd, G_IO_IN);
	g_source_set_callback(s->source, G_SOURCE_FUNC(on_signal), s, NULL);
	g_source_attach(s->source, NULL);
	return s;
}

void signals_cancel(int number G_GNUC_UNUSED, gpointer user_data)
{
	g_cancellable_cancel(user_data);
}

void signals_unwatch(signals *s)
{
	if (!s)
		return;
	g_source_destroy(s->source);
	g_source_unref(s->source);
	close(s->fd);
	sigprocmask(SIG_UNBLOCK, &s->watched, NULL);
	g_free(s);
}

int signals_seen(const signals *s)
{
	return s ? s->seen : 0;
}
