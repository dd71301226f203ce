/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/enter.h"

#include "testbed/base/diag.h"
#include "testbed/exec/mounts.h"
#include "testbed/exec/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_PROGRAM 127
#define CANT_EXECUTE 126

static volatile sig_atomic_t running; /* pid of the child, for the handler */

static gboolean cant_enter(GError **error, const char *what)
{
	return tb_error_set(error, errno == EPERM ? TB_ERROR_UNSUPPORTED : TB_ERROR_FAILED,
			    "enter the node: %s: %s", what, g_strerror(errno));
}

/* The kernel refuses setns into the own user namespace; a lab that root made may be in it. */
static bool is_own_user(int fd)
{
	struct stat own, other;

	return stat("/proc/self/ns/user", &own) == 0 && fstat(fd, &other) == 0 &&
	       own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

static gboolean enter_user(int user_fd, GError **error)
{
	if (user_fd < 0 || is_own_user(user_fd) || setns(user_fd, CLONE_NEWUSER) == 0)
		return TRUE;
	return cant_enter(error, "user namespace");
}

gboolean enter_network(int user_fd, int net_fd, GError **error)
{
	if (!enter_user(user_fd, error))
		return FALSE;
	return setns(net_fd, CLONE_NEWNET) == 0 || cant_enter(error, "network namespace");
}

/* setns into a mount namespace changes the root and the working directory: the latter is entered
 * again by its name, if it exists there. */
static gboolean enter_mounts(int fd, GError **error)
{
	g_autofree char *folder = g_get_current_dir();

	if (fd >= 0 && setns(fd, CLONE_NEWNS) != 0)
		return cant_enter(error, "mount namespace");
	if (chdir(folder) != 0 && chdir("/") != 0)
		return cant_enter(error, "working directory");
	return TRUE;
}

static void on_passed_signal(int number)
{
	if (running > 0)
		kill((pid_t)running, number);
}

static void set_signals(bool waiting)
{
	static const int left_to_child[] = {SIGINT, SIGQUIT}, passed_on[] = {SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = waiting ? SIG_IGN : SIG_DFL};

	for (gsize i = 0; i < G_N_ELEMENTS(left_to_child); i++)
		sigaction(left_to_child[i], &action, NULL);
	action.sa_handler = waiting ? on_passed_signal : SIG_DFL;
	for (gsize i = 0; i < G_N_ELEMENTS(passed_on); i++)
		sigaction(passed_on[i], &action, NULL);
}

static G_NORETURN void child_main(const struct enter_target *target, char *const *argv)
{
	struct sigaction as_usual = {.sa_handler = SIG_DFL};
	int number;

	set_signals(false);
	sigaction(SIGPIPE, &as_usual, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 ||
	    (target->net >= 0 && setns(target->net, CLONE_NEWNET) != 0) || !mounts_unshare() ||
	    !spawn_mount_files(target->files)) {
		fprintf(stderr, "testbed: error: enter the node: %s\n", g_strerror(errno));
		_exit(CANT_EXECUTE);
	}
	execvp(argv[0], argv);
	number = errno;
	fprintf(stderr, "testbed: error: %s: %s\n", argv[0], g_strerror(number));
	_exit(number == ENOENT ? NO_PROGRAM : CANT_EXECUTE);
}

static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* A shell takes the terminal for its own process group; whoever called us may need it back. */
static void take_terminal_back(pid_t group)
{
	sigset_t stop, before;

	if (group < 0)
		return;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTTOU);
	sigprocmask(SIG_BLOCK, &stop, &before);
	tcsetpgrp(STDIN_FILENO, group);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

int enter_run(const struct enter_target *target, char *const *argv, GError **error)
{
	pid_t group = tcgetpgrp(STDIN_FILENO), pid;
	int status;

	if (!enter_user(target->user, error) || !enter_mounts(target->mnt, error) ||
	    !spawn_prepare_files(target->files, error))
		return -1;
	if (target->pid >= 0 && setns(target->pid, CLONE_NEWPID) != 0) {
		cant_enter(error, "process namespace");
		return -1;
	}
	set_signals(true);
	pid = fork();
	if (pid == 0)
		child_main(target, argv);
	running = pid;
	if (pid < 0) {
		cant_enter(error, "fork");
		return -1;
	}
	status = wait_for(pid);
	running = 0;
	set_signals(false);
	take_terminal_back(group);
	return status;
}
