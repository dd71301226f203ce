/* SPDX-License-Identifier: GPL-2.0-or-later */
/* serve: the live page of a lab that is up.  What it needs is opened first; then it gives up its
 * ids and all rights, for the page's viewers come from outside. */
#include "testbed/cmd/exercise_lab.h"
#include "testbed/cmd/serve_trial.h"
#include "testbed/cmd/signals.h"
#include "testbed/exec/confine.h"
#include "testbed/exec/ids.h"
#include "testbed/serve/serve.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Reads --port.  False: an error was printed. */
static bool read_port(const struct options *o, guint16 *ret)
{
	guint64 port = 0;

	if (o->port && !g_ascii_string_to_unsigned(o->port, 10, 1, G_MAXUINT16, &port, NULL))
		return cmd_error("--port '%s': 1 to 65535", o->port);
	*ret = (guint16)port;
	return true;
}

/* --- rights ----------------------------------------------------------------------------------- */

static bool give_up_capabilities(void)
{
	cap_t none = cap_init();
	bool ok = none && cap_set_proc(none) == 0;

	cap_free(none);
	return ok;
}

/* Root becomes somebody who has nothing; everybody gives up what they could still get.  A container
 * may know no such ids: then they stay, without any capability.  False: an error was printed. */
static bool give_up_rights(void)
{
	guint32 id;

	confine_prepare();
	if (geteuid() == 0 && (!ids_draw(&id) || setgroups(0, NULL) != 0 ||
			       setresgid(id, id, id) != 0 || setresuid(id, id, id) != 0))
		cmd_note("the page's server keeps its ids, because this host knows no others: %s",
			 g_strerror(errno));
	if (!give_up_capabilities() || !confine_self(CONFINE_PROGRAM))
		return cmd_error("rights can't be given up: %s", g_strerror(errno));
	return true;
}

/* --- what is served --------------------------------------------------------------------------- */

/* The lab's topology without any changes; the caller frees it.  NULL: an error was printed. */
static model *base_of(const json_t *status)
{
	const struct scenario *sc;
	model *m = cmd_live_base(status, &sc);

	if (m)
		model_drop_changes(m);
	return m;
}

/* Another connection to the keeper; -1: an error was printed. */
static int connect_again(const char *name)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(runtime_dir) m = runtime_dir_open(&error);
	int fd = m ? runtime_dir_connect(m, name) : -1;

	if (fd < 0)
		cmd_error("%s", error ? error->message : "the lab is gone");
	return fd;
}

/* The process that tries fixes, where that may be asked for; false: an error was printed. */
static bool start_trials(const struct options *o, const char *name, int *ret_fd)
{
	*ret_fd = o->read_only ? -1 : cmd_serve_trial_start(name);
	return o->read_only || *ret_fd >= 0;
}

/* The page's server; NULL: an error was printed, and *ret_code is the exit code. */
static serve *serve_lab(const json_t *status, const struct options *o, guint16 port, int trials,
			GMainLoop *loop, char **ret_hidden, int *ret_code)
{
	const json_t *exercise = json_object_get(status, "exercise");
	struct serve_job job = {.status = status,
				.port = port,
				.read_only = o->read_only,
				.trials = trials,
				.explains = !exercise || member_true(exercise, "explain")};
	g_autoptr(GError) error = NULL;
	serve *s;

	*ret_code = CMD_INPUT;
	if (job.explains && !cmd_hidden_changes(status, ret_hidden))
		return NULL;
	job.network.base = base_of(status);
	if (!job.network.base)
		return NULL;
	job.network.scenario = model_scenario(job.network.base, member_text(status, "scenario"));
	job.network.hidden = *ret_hidden;
	*ret_code = CMD_INTERNAL;
	for (guint i = 0; i < G_N_ELEMENTS(job.control); i++) {
		job.control[i] = connect_again(member_text(status, "name"));
		if (job.control[i] < 0)
			return NULL;
	}
	job.lessons = cmd_shipped_lessons();
	s = serve_new(&job, (void (*)(gpointer))g_main_loop_quit, loop, &error);
	if (!s)
		cmd_error("%s", error->message);
	return s;
}

static void on_signal(int number G_GNUC_UNUSED, gpointer user_data)
{
	serve *const *s = user_data;

	if (*s)
		serve_end(*s);
}

/* Serves until a signal or the lab's end.  Returns the exit code. */
static int serve_until_end(serve *s, const signals *watched, GMainLoop *loop, const char *lab)
{
	g_autofree char *line = g_strdup_printf("%s\n", serve_url(s));
	int number, code = give_up_rights() ? cmd_print(line, -1) : CMD_INTERNAL;

	if (code == CMD_AS_EXPECTED) {
		cmd_note("the live page of lab '%s' is at this address, on this machine only; "
			 "Ctrl-C ends it",
			 lab);
		if (signals_seen(watched) == 0)
			g_main_loop_run(loop);
	}
	number = signals_seen(watched);
	if (code == CMD_AS_EXPECTED && number == 0)
		cmd_note("lab '%s' is down", lab);
	return number != 0 && number != SIGINT ? CMD_SIGNAL + number : code;
}

/* Signals are watched before the server is made: its libraries start threads, and a signal goes to
 * any thread that was there before it was blocked. */
static int watch_and_serve(const json_t *status, const struct options *o, guint16 port, int trials)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
	g_autofree char *hidden = NULL;
	serve *s = NULL;
	signals *watched = signals_watch(on_signal, &s, &error);
	int code;

	if (!watched)
		return cmd_failed(error);
	s = serve_lab(status, o, port, trials, loop, &hidden, &code);
	if (s)
		code = serve_until_end(s, watched, loop, member_text(status, "name"));
	signals_unwatch(watched);
	serve_free(s);
	return code;
}

int cmd_serve(const struct options *o)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(live_client) c = NULL;
	json_auto_t *status = NULL;
	guint16 port = 0;
	int trials;

	if (!read_port(o, &port))
		return CMD_USAGE;
	c = live_connect(o->name, &error);
	status = c ? live_ask(c, "status", &error) : NULL;
	if (!status)
		return cmd_failed(error);
	if (json_is_null(json_object_get(status, "up_ms")))
		return cmd_fail(CMD_USAGE, "lab '%s' is still coming up",
				member_text(status, "name"));
	g_clear_pointer(&c, object_free);
	if (!start_trials(o, member_text(status, "name"), &trials))
		return CMD_INTERNAL;
	return watch_and_serve(status, o, port, trials);
}
