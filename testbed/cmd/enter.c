/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shell and exec: run a program in a node of a lab that is up. */
#include "testbed/cmd/cmd.h"
#include "testbed/exec/enter.h"
#include "testbed/live/client.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define RC_FD 63 /* bash's start file; a number that users do not use, as bash does for <(...) */

/* A prompt with the node's name; the descriptor is closed when all is read.  Where the lab has only
 * one user id, tcpdump must not change to another one. */
static const char rc_format[] =
	"grep -q '[^0-9]1$' /proc/self/uid_map && alias tcpdump='tcpdump -Z root'\n"
	"PS1='%s:\\w\\$ '\nexec %d<&-\n";

/* Gets the node's namespaces from the keeper and runs the command there.  Ends the process with the
 * command's exit code; returns an exit code only when it could not be started. */
static int enter_node(const struct options *o, char *const *argv, const char *const *environment)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(live_client) c = live_connect(o->name, &error);
	json_t *way =
		c ? live_request(c, json_pack("{s:s, s:s}", "do", "enter", "node", o->arguments[0]),
				 NULL, NULL, &error) :
		    NULL;
	const json_t *files = json_object_get(way, "files");
	g_autofree const char **paths = g_new0(const char *, json_array_size(files) + 1);
	struct enter_target target = {
		.files = paths, .shown = (const char *const *)o->shown, .environment = environment};
	int status = -1;

	if (way) {
		int *const fds[] = {&target.user, &target.mnt, &target.pid, &target.net};

		for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
			*fds[i] = live_take_fd(c);
		for (size_t i = 0; i < json_array_size(files); i++)
			paths[i] = json_string_value(json_array_get(files, i));
		status = enter_run(&target, argv, &error);
	}
	/* This process is in the lab's namespaces now, and its children are processes of the lab,
	 * which do not see it.  A leak checker starts a helper at exit, and would wait for ever. */
	if (status >= 0) {
		fflush(NULL);
		_exit(status);
	}
	if (error)
		status = cmd_failed(error);
	json_decref(way);
	return status;
}

/* Makes bash's start file.  Returns its descriptor, which bash inherits; -1: it could not be
 * made. */
static int make_start_file(const char *node)
{
	g_autofree char *text = g_strdup_printf(rc_format, node, RC_FD);
	int fd = memfd_create("testbed-rc", 0), high;

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) ||
	    lseek(fd, 0, SEEK_SET) != 0)
		return -1;
	high = dup2(fd, RC_FD);
	close(fd);
	return high;
}

int cmd_shell(const struct options *o)
{
	g_autofree char *bash = g_find_program_in_path("bash");
	g_autofree char *rc = g_strdup_printf("/dev/fd/%d", RC_FD);
	char *with_bash[] = {bash, (char[]){"--rcfile"}, rc, (char[]){"-i"}, NULL};
	char *with_sh[] = {(char[]){"/bin/sh"}, (char[]){"-i"}, NULL};
	g_autofree char *prompt = g_strdup_printf("PS1=%s$ ", o->arguments[0]);
	const char *const environment[] = {prompt, NULL};

	if (bash && make_start_file(o->arguments[0]) >= 0)
		return enter_node(o, with_bash, NULL);
	return enter_node(o, with_sh, environment);
}

int cmd_exec(const struct options *o)
{
	if (!o->command || !o->command[0])
		return cmd_fail(CMD_USAGE, "usage: testbed exec NODE -- CMD...");
	return enter_node(o, o->command, NULL);
}
