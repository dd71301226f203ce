/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/serve_trial.h"

#include "testbed/cmd/cmd.h"
#include "testbed/explain/explain.h"
#include "testbed/live/client.h"
#include "testbed/report/story_json.h"

#include "common/wire/line_socket.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_BYTES_MAX (16u << 20)

/* What the trial came to, and the call as it went then; the caller owns it.  NULL with `error`. */
static json_t *trial_json(const struct trial *t, const fix *mend, const char *vpn, GError **error)
{
	json_t *with;

	if (!t->made || !t->after) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "%s",
			    t->error ? t->error : "the call was not placed");
		return NULL;
	}
	with = story_cell_json(&(const struct story_source){.model = t->network,
							    .cell = t->after,
							    .seen = &t->seen,
							    .packed = true,
							    .vpn = vpn});
	return story_trial_json(t, mend, with);
}

static fix *fix_of_request(const json_t *changes)
{
	fix *x = fix_new();

	for (size_t i = 0; i < json_array_size(changes); i++) {
		const char *change = json_string_value(json_array_get(changes, i));

		if (change)
			fix_add_change(x, "%s", change);
	}
	return x;
}

/* What the lab's keeper says of it, with the changes that it had when the call was placed.  Only
 * these are taken from the server: it talks to strangers, and must not choose a file that this
 * process, which has all rights, reads and runs.  The caller owns it; NULL with `error`. */
static json_t *status_then(const char *name, const json_t *changes, GError **error)
{
	g_autoptr(live_client) c = live_connect(name, error);
	json_t *status = c ? live_ask(c, "status", error) : NULL;

	if (status)
		json_object_set(status, "changes", (json_t *)(gpointer)(guintptr)changes);
	return status;
}

/* Tries the request's fix; as trial_json. */
static json_t *try_fix(const char *name, const json_t *request, GError **error)
{
	const json_t *call = json_object_get(request, "cell");
	json_auto_t *status = status_then(name, json_object_get(request, "changes"), error);
	const char *lost = member_text(request, "lost");
	g_autoptr(fix) mend = fix_of_request(json_object_get(request, "fix"));
	g_autofree char *program_dir = cmd_program_dir();
	const struct explain_options options = {
		.program_dir = program_dir, .seed = g_random_int(), .steps_max = 1};
	const struct scenario *sc;
	g_autoptr(model) base = status ? cmd_live_base(status, &sc) : NULL;
	struct cell *ran = base ? live_cell(request, error) : NULL;
	enum path_class path = PATH_NONE;
	matrix_selection *s = NULL;
	struct trial t = {0};
	json_t *told = NULL;

	if (status && !base)
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "the lab's topology can't be read");
	else if (ran && mend->changes->len > 0 && (!lost || path_class_parse(lost, &path)))
		s = explain_select_call(base, sc->name, member_text(call, "a"),
					member_text(call, "b"), ran->media, error);
	if (s) {
		explain_try(base, s, ran, mend, path, &options, &t);
		told = trial_json(&t, mend, member_text(status, "vpn"), error);
		trial_clear(&t);
		object_free(s);
	}
	cell_free(ran);
	return told;
}

static json_t *answer_to(const char *name, const json_t *request)
{
	g_autoptr(GError) error = NULL;
	json_t *trial = try_fix(name, request, &error);

	return trial ? json_pack("{s:{s:o}}", "done", "trial", trial) :
		       json_pack("{s:{s:i, s:s}}", "error", "code", TB_ERROR_FAILED, "message",
				 error ? error->message : "nothing to try");
}

/* The server has ended, maybe while a copy is up: that ends with this process. */
static gboolean on_server_gone(gint fd G_GNUC_UNUSED, GIOCondition why G_GNUC_UNUSED,
			       gpointer user_data G_GNUC_UNUSED)
{
	_exit(0);
}

static void serve_trials(int fd, const char *name)
{
	line_socket *lines = line_socket_new_blocking(fd, REQUEST_BYTES_MAX);
	const char *text;
	gsize length;

	g_unix_fd_add(fd, G_IO_HUP | G_IO_ERR, on_server_gone, NULL);
	while ((text = line_socket_wait_line(lines, -1, &length))) {
		json_auto_t *request = json_loadb(text, length, 0, NULL);

		line_socket_send_json(lines, answer_to(name, request));
	}
	_exit(0);
}

int cmd_serve_trial_start(const char *name)
{
	int fds[2];
	pid_t pid = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0 ?
			    fork() :
			    -1;

	if (pid < 0) {
		cmd_error("no process to try fixes with: %s", g_strerror(errno));
		return -1;
	}
	close(fds[pid == 0 ? 0 : 1]);
	if (pid == 0)
		serve_trials(fds[1], name);
	return fds[0];
}
