/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/clone.h"

#include "testbed/exec/ids.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAMESPACES (CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)

#define IDS_DRAWN 1 /* said to the child: its user namespace has ids of its own */

struct request {
	const struct clone_request *asked;
	int life;      /* the child's end of the socket */
	int report;    /* the starter's answer goes here */
	guint32 first; /* of the lab's ids; 0: none were drawn */
};

/* What the starter tells this process, which it is a copy of. */
struct answer {
	pid_t pid;
	int error;	  /* errno of what failed; 0: the child lives */
	const char *step; /* what failed; NULL: to make namespaces */
};

static int read_sysctl(const char *path)
{
	g_autofree char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) ? atoi(text) : -1;
}

char *clone_cure(int errno_value)
{
	static const struct {
		const char *path;
		int bad;
		const char *cure;
	} switches[] = {
		{"/proc/sys/kernel/unprivileged_userns_clone", 0,
		 "sysctl -w kernel.unprivileged_userns_clone=1"},
		{"/proc/sys/user/max_user_namespaces", 0,
		 "sysctl -w user.max_user_namespaces=15000"},
		{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1,
		 "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile "
		 "with "
		 "'userns,'"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(switches); i++)
		if (read_sysctl(switches[i].path) == switches[i].bad)
			return g_strdup_printf("%s; or run it with sudo", switches[i].cure);
	if (errno_value == ENOSPC || errno_value == EUSERS)
		return g_strdup("raise the limits in /proc/sys/user/max_*_namespaces");
	if (errno_value == EAGAIN || errno_value == ENOMEM)
		return g_strdup("raise the process limit (ulimit -u) or free memory");
	if (geteuid() == 0)
		return g_strdup("a container needs CAP_SYS_ADMIN and a seccomp profile that allows "
				"clone and mount "
				"(docker run --privileged)");
	return g_strdup("run it with sudo");
}

/* --- in the child ----------------------------------------------------------------------------- */

static int compare_fds(gconstpointer a, gconstpointer b)
{
	return *(const int *)a - *(const int *)b;
}

/* Closes all above the socket but what is kept, which keeps its numbers: the copied memory has
 * them. */
static bool close_others(const struct clone_request *asked)
{
	g_autofree int *kept = g_memdup2(asked->kept, asked->n_kept * sizeof *kept);
	unsigned next = CLONE_SOCKET + 1;

	qsort(kept, asked->n_kept, sizeof *kept, compare_fds);
	for (guint i = 0; i < asked->n_kept; i++) {
		if ((unsigned)kept[i] > next && close_range(next, (unsigned)kept[i] - 1, 0) != 0)
			return false;
		next = MAX(next, (unsigned)kept[i] + 1);
	}
	return close_range(next, ~0U, 0) == 0;
}

/* Moves the socket to its place and closes everything else, above all the sockets of other labs,
 * which would keep those labs alive. */
static bool keep_only(int life, const struct clone_request *asked)
{
	int high = fcntl(life, F_DUPFD_CLOEXEC, CLONE_SOCKET + 1);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (high < 0 || null < 0 || dup3(high, CLONE_SOCKET, O_CLOEXEC) < 0)
		return false;
	/* `null` may be one of 0 to 2 already, when this process was started without them */
	for (int fd = 0; fd <= 2; fd++)
		if (fd == null ? fcntl(fd, F_SETFD, 0) < 0 : dup2(null, fd) < 0)
			return false;
	return close_others(asked);
}

static void default_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Until here this is still the machine's user, in a user namespace where that is nobody. */
static bool become_lab_root(void)
{
	return setgroups(0, NULL) == 0 && setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0;
}

static _Noreturn void child_main(const struct request *r, int go)
{
	char byte;

	/* end of file without the byte: the starter died before our ids were mapped */
	if (read(go, &byte, 1) != 1)
		_exit(1);
	if (byte == IDS_DRAWN && !become_lab_root())
		_exit(1);
	/* in a session of its own the terminal's Ctrl-C does not reach it; the first process of
	 * a PID namespace ignores SIGTERM and the like unless it has a handler
	 * (pid_namespaces(7)) */
	if (setsid() < 0 || !keep_only(r->life, r->asked) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		_exit(1);
	default_signals();
	_exit(r->asked->main(r->asked->data));
}

/* --- in the starter, between the two ---------------------------------------------------------- */

static bool write_proc(pid_t pid, const char *name, const char *text)
{
	char path[64];
	ssize_t length = (ssize_t)strlen(text), n;
	int fd;

	g_snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = write(fd, text, (size_t)length);
	close(fd);
	return n == length;
}

/* Our own id becomes root. */
static bool map_own_id(pid_t pid)
{
	char one[64];

	g_snprintf(one, sizeof one, "0 %u 1", geteuid());
	if (!write_proc(pid, "uid_map", one))
		return false;
	/* user_namespaces(7): without CAP_SETGID outside, setgroups must be denied first */
	write_proc(pid, "setgroups", "deny");
	g_snprintf(one, sizeof one, "0 %u 1", getegid());
	return write_proc(pid, "gid_map", one);
}

static bool map_ids(pid_t pid, guint32 first)
{
	char range[64];

	g_snprintf(range, sizeof range, "0 %u %u", first, IDS_COUNT);
	return first != 0 && write_proc(pid, "uid_map", range) && write_proc(pid, "gid_map", range);
}

/* The new process becomes a child of the orchestrator, not of the starter.  0 in the child. */
static pid_t clone_into(unsigned long flags)
{
	return (pid_t)syscall(SYS_clone, flags | CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
}

/* Root has the right to mount, and makes the view before the lab's user namespace, to which the
 * view's mounts are locked then.  Anybody else, and root of some containers (`root` becomes false),
 * has that right in the new namespace only. */
static bool enter_view(const struct request *r, bool *root, struct answer *answer)
{
	*root = *root && unshare(CLONE_NEWNS) == 0;
	if (!*root && (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 || !map_own_id(getpid())))
		return false;
	if (!view_enter(&r->asked->view, &answer->step))
		return false;
	answer->step = NULL;
	return true;
}

/* The child, with its ids.  Root that may not make user namespaces, or not give them ids, as in
 * some containers, goes on without (contained.h tells). */
static pid_t clone_child(const struct request *r, bool root, const int go[2])
{
	pid_t pid = clone_into(NAMESPACES | (root ? CLONE_NEWUSER : 0));
	bool userns = root && pid >= 0;
	char byte = 0;

	if (root && pid < 0)
		pid = clone_into(NAMESPACES);
	if (pid == 0) {
		close(go[1]);
		child_main(r, go[0]);
	}
	if (userns && map_ids(pid, r->first))
		byte = IDS_DRAWN;
	else if (userns && !map_own_id(pid))
		return -1;
	return pid > 0 && write(go[1], &byte, 1) == 1 ? pid : -1;
}

static _Noreturn void starter_main(struct request *r)
{
	struct answer answer = {.pid = -1};
	bool root = geteuid() == 0;
	int go[2];

	if (root && !ids_draw(&r->first))
		r->first = 0;
	if (pipe2(go, O_CLOEXEC) == 0 && enter_view(r, &root, &answer))
		answer.pid = clone_child(r, root, go);
	if (answer.pid < 0)
		answer.error = errno != 0 ? errno : EIO;
	_exit(write(r->report, &answer, sizeof answer) == sizeof answer ? 0 : 1);
}

/* --- in the orchestrator ---------------------------------------------------------------------- */

static void wait_for(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* The clone is made by a forked process, which has one thread: fork() leaves the C library's
 * locks usable, which the bare system call does not, and GnuTLS notices a fork and seeds its
 * random numbers anew. */
static struct answer run_starter(struct request *r, int report_read)
{
	struct answer answer = {.pid = -1, .error = EIO};
	sigset_t all, before;
	pid_t starter;
	ssize_t n;

	/* no signal handler of ours may run in the copies */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	starter = fork();
	if (starter == 0)
		starter_main(r);
	if (starter < 0)
		answer.error = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(r->report);
	if (starter < 0)
		return answer;
	do
		n = read(report_read, &answer, sizeof answer);
	while (n < 0 && errno == EINTR);
	wait_for(starter);
	return answer;
}

static gboolean cant_clone(GError **error, const struct answer *answer)
{
	g_autofree char *cure = clone_cure(answer->error);

	if (answer->step)
		return tb_error_set(error, TB_ERROR_UNSUPPORTED,
				    "can't %s for a lab's own view of files: %s (%s)", answer->step,
				    g_strerror(answer->error), cure);
	return tb_error_set(error, TB_ERROR_UNSUPPORTED, "can't make namespaces for a lab: %s (%s)",
			    g_strerror(answer->error), cure);
}

static gboolean no_descriptors(GError **error, const char *what)
{
	return tb_error_set(error, TB_ERROR_FAILED, "can't make a %s for a lab: %s", what,
			    g_strerror(errno));
}

gboolean clone_start(const struct clone_request *request, struct clone_child *ret, GError **error)
{
	struct request r = {.asked = request};
	struct answer answer;
	int life[2], report[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, life) < 0)
		return no_descriptors(error, "socket");
	if (pipe2(report, O_CLOEXEC) < 0) {
		no_descriptors(error, "pipe");
		close(life[0]);
		close(life[1]);
		return FALSE;
	}
	r.life = life[1];
	r.report = report[1];
	answer = run_starter(&r, report[0]);
	close(report[0]);
	close(life[1]);
	*ret = (struct clone_child){.pid = answer.pid, .pidfd = -1, .socket = life[0]};
	if (answer.error == 0 && (ret->pidfd = pidfd_open(answer.pid, 0)) < 0)
		answer.error = errno;
	if (answer.error == 0)
		return TRUE;
	/* it ends when the socket is closed */
	close(life[0]);
	if (answer.pid > 0) {
		kill(answer.pid, SIGKILL);
		wait_for(answer.pid);
	}
	return cant_clone(error, &answer);
}
