/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/enter.h"

#include "testbed/base/diag.h"
#include "testbed/exec/capabilities.h"
#include "testbed/exec/confine.h"
#include "testbed/exec/mounts.h"
#include "testbed/exec/process.h"
#include "testbed/exec/shown.h"
#include "testbed/exec/view.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_PROGRAM 127
#define CANT_EXECUTE 126

/* What tools for networks, files and debugging take, and a browser for its own sandbox (SETFCAP: to
 * map user 0 once more).  Not CAP_SYS_ADMIN: the view stays as it is.
 */
static const cap_value_t visitor_capabilities[] = {
	CAP_CHOWN,   CAP_DAC_OVERRIDE,	   CAP_FOWNER,	      CAP_FSETID,
	CAP_KILL,    CAP_SETGID,	   CAP_SETUID,	      CAP_SETPCAP,
	CAP_SETFCAP, CAP_NET_BIND_SERVICE, CAP_NET_BROADCAST, CAP_NET_ADMIN,
	CAP_NET_RAW, CAP_IPC_LOCK,	   CAP_SYS_CHROOT,    CAP_SYS_PTRACE,
};

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

/* Root of the machine becomes the lab's, who is nobody outside.  A lab with one id has no other
 * groups to leave. */
static gboolean become_lab_root(int user_fd, GError **error)
{
	if (user_fd < 0 || is_own_user(user_fd))
		return TRUE;
	(void)!setgroups(0, NULL);
	return (setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0) || cant_enter(error, "user");
}

/* --- the child -------------------------------------------------------------------------------- */

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

/* What the child finds ready. */
struct prepared {
	const GArray *trees;
	char **environment;
	cap_t kept;
	const char *folder; /* where the user is */
};

static G_NORETURN void child_main(const struct enter_target *target, const struct prepared *p,
				  char *const *argv)
{
	struct sigaction as_usual = {.sa_handler = SIG_DFL};
	int number;

	set_signals(false);
	sigaction(SIGPIPE, &as_usual, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 ||
	    (target->net >= 0 && setns(target->net, CLONE_NEWNET) != 0) || !mounts_unshare() ||
	    !spawn_mount_files(target->files) || !shown_show(p->trees) ||
	    !capabilities_keep(p->kept, true) || !confine_self(CONFINE_VISITOR)) {
		fprintf(stderr, "testbed: error: enter the node: %s\n", g_strerror(errno));
		_exit(CANT_EXECUTE);
	}
	setenv("PATH", VIEW_PATH, 1); /* where execvpe looks */
	if (chdir(p->folder) == 0 || chdir(VIEW_HOME) == 0 || chdir("/") == 0)
		execvpe(argv[0], argv, p->environment);
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

/* What is shown is taken as the user, or, where only the lab's user namespace gives the right to
 * mount, in it. */
static GArray *take_shown(const struct enter_target *target, bool root, GError **error)
{
	if (target->shown && *target->shown && !mounts_unshare())
		return cant_enter(error, "mount namespace"), NULL;
	return shown_take(target->shown, root ? target->user : -1, error);
}

static gboolean enter_others(const struct enter_target *target, GError **error)
{
	if (target->mnt >= 0 && setns(target->mnt, CLONE_NEWNS) != 0)
		return cant_enter(error, "mount namespace");
	if (target->pid >= 0 && setns(target->pid, CLONE_NEWPID) != 0)
		return cant_enter(error, "process namespace");
	return become_lab_root(target->user, error);
}

/* What is shown; NULL with `error`. */
static GArray *enter_namespaces(const struct enter_target *target, GError **error)
{
	bool root = geteuid() == 0;
	g_autoptr(GArray) shown = root ? take_shown(target, true, error) : NULL;

	if ((root && !shown) || !enter_user(target->user, error))
		return NULL;
	if (!root)
		shown = take_shown(target, false, error);
	return shown && enter_others(target, error) ? g_steal_pointer(&shown) : NULL;
}

int enter_run(const struct enter_target *target, char *const *argv, GError **error)
{
	pid_t group = tcgetpgrp(STDIN_FILENO), pid;
	g_autofree char *folder = g_get_current_dir();
	g_auto(GStrv) environment = confine_environment(target->environment);
	g_autoptr(GArray) trees = NULL;
	g_auto(cap_t) kept =
		capabilities_new(visitor_capabilities, G_N_ELEMENTS(visitor_capabilities));
	struct prepared p = {.environment = environment, .kept = kept, .folder = folder};
	int status;

	confine_prepare();
	trees = enter_namespaces(target, error);
	if (!trees)
		return -1;
	p.trees = trees;
	set_signals(true);
	pid = fork();
	if (pid == 0)
		child_main(target, &p, argv);
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
