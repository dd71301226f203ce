/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process in a node: its namespaces, its own files, and no privileges.
 *
 * It is the first process of a PID namespace, with a /proc of its own: it sees, and can signal, its
 * own children only.  So what it leaves behind ends with it, too.
 *
 * Between fork and exec the child makes system calls only: no memory is allocated and no lock
 * taken, for the parent may have threads.  A failure is written to a pipe, which exec closes on
 * success.
 */
#include "testbed/exec/process.h"

#include "testbed/base/diag.h"
#include "testbed/exec/capabilities.h"
#include "testbed/exec/confine.h"
#include "testbed/exec/mounts.h"
#include "testbed/exec/view.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Descriptors are moved above this number while 0 to 5 are filled. */
#define PARKED_FD 64

/* The packages of programs that a lab may need, or who looks around in it. */
static const struct {
	const char *program, *package;
} packages[] = {
	{"dnsmasq", "dnsmasq-base"},	  {"turnserver", "coturn"},  {"nginx", "nginx"},
	{"wireguard-go", "wireguard-go"}, {"wg", "wireguard-tools"}, {"ping", "iputils-ping"},
	{"tcpdump", "tcpdump"},		  {"dig", "bind9-dnsutils"},
};

enum step {
	STEP_SESSION,
	STEP_NETNS,
	STEP_MOUNTS,
	STEP_FILES,
	STEP_DESCRIPTORS,
	STEP_PRIVILEGES,
	STEP_CONFINE,
	STEP_EXEC,
	STEP_COUNT
};
static const char *const step_names[] = {
	[STEP_SESSION] = "start a session",
	[STEP_NETNS] = "enter the network namespace",
	[STEP_MOUNTS] = "make a mount namespace",
	[STEP_FILES] = "mount its files",
	[STEP_DESCRIPTORS] = "set up its descriptors",
	[STEP_PRIVILEGES] = "drop privileges",
	[STEP_CONFINE] = "confine itself",
	[STEP_EXEC] = "execute",
};
G_STATIC_ASSERT(G_N_ELEMENTS(step_names) == STEP_COUNT);

/* What the child writes when it can't execute the program. */
struct start_error {
	int number; /* errno */
	enum step step;
};

/* --- the parent's part: everything that needs memory ------------------------------------------ */

char *spawn_find_program(const char *name)
{
	static const char *const folders[] = {"/usr/local/sbin", "/usr/sbin", "/sbin",
					      "/usr/local/bin",	 "/usr/bin",  "/bin"};
	char *path = g_find_program_in_path(name);

	for (gsize i = 0; !path && !strchr(name, '/') && i < G_N_ELEMENTS(folders); i++) {
		path = g_build_filename(folders[i], name, NULL);
		if (access(path, X_OK) != 0)
			g_clear_pointer(&path, g_free);
	}
	return path;
}

const char *spawn_package_of(const char *program)
{
	for (gsize i = 0; i < G_N_ELEMENTS(packages); i++)
		if (g_str_equal(packages[i].program, program))
			return packages[i].package;
	return NULL;
}

static void set_no_program(GError **error, const char *program)
{
	const char *package = spawn_package_of(program);

	if (package)
		g_set_error(error, TB_ERROR, TB_ERROR_UNSUPPORTED,
			    "program '%s' not found: install the package '%s'", program, package);
	else
		g_set_error(error, TB_ERROR, TB_ERROR_UNSUPPORTED, "program '%s' not found",
			    program);
}

/* --- the child's part: system calls only ------------------------------------------------------ */

bool spawn_mount_files(const char *const *files)
{
	for (const char *const *f = files; f && f[0]; f += 2) {
		struct stat st;

		if (stat(f[1], &st) != 0 || !view_make_place(f[0], S_ISDIR(st.st_mode)) ||
		    mount(f[1], f[0], NULL, MS_BIND | MS_REC, NULL) != 0)
			return false;
	}
	return true;
}

static bool mount_files(const struct spawn_request *q)
{
	int fd;

	/* refused where parts of /proc are masked: then it sees the lab's processes */
	mounts_own_proc();
	if (!spawn_mount_files(q->files))
		return false;
	if (!q->run_file)
		return true;
	if (mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") != 0)
		return false;
	if (mkdir("/run/wireguard", 0700) != 0)
		return false;
	fd = open(q->run_file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return fd >= 0 && close(fd) == 0;
}

static int park(int fd)
{
	return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, PARKED_FD);
}

/* 0, 1, 2 and what the request gives; everything else closes at exec. */
static bool set_descriptors(const struct spawn_request *q, int *exe_fd, int *error_fd)
{
	int null_fd = park(open("/dev/null", O_RDWR | O_CLOEXEC)), log_fd = park(q->log_fd),
	    fds[SPAWN_FDS];
	int next = 3 + SPAWN_FDS;

	for (int i = 0; i < SPAWN_FDS; i++)
		fds[i] = park(q->fds[i]);
	*exe_fd = park(*exe_fd);
	*error_fd = park(*error_fd);
	if (null_fd < 0 || *exe_fd < 0 || *error_fd < 0)
		return false;
	if (dup2(null_fd, 0) < 0 || dup2(log_fd < 0 ? null_fd : log_fd, 1) < 0 || dup2(1, 2) < 0)
		return false;
	for (int i = SPAWN_FDS - 1; i >= 0; i--) {
		if (fds[i] >= 0 && dup2(fds[i], 3 + i) < 0)
			return false;
		if (fds[i] < 0 && next == 3 + i + 1)
			next = 3 + i;
	}
	for (int i = 0; i < SPAWN_FDS; i++)
		if (fds[i] < 0)
			close(3 + i);
	return close_range((unsigned)next, ~0u, CLOSE_RANGE_CLOEXEC) == 0;
}

static void reset_signals(void)
{
	struct sigaction as_usual = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		sigaction(s, &as_usual, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void execute(const struct spawn_request *q, const char *path, int exe_fd,
		    char *const *environment)
{
	syscall(SYS_execveat, exe_fd, "", q->argv, environment, AT_EMPTY_PATH);
	/* A script: its interpreter must open it by name, because the descriptor is closed then. */
	if (errno == ENOENT)
		execve(path, q->argv, environment);
}

/* So that a failure is told with the step it happened in.  Always true. */
static bool begin_step(struct start_error *e, enum step step)
{
	e->step = step;
	return true;
}

/* What the child needs and can't make itself. */
struct prepared {
	const char *path;
	char *const *environment;
	cap_t kept;
	int exe_fd;
};

G_NORETURN static void child_main(const struct spawn_request *q, const struct prepared *p,
				  int error_fd)
{
	int exe_fd = p->exe_fd;
	struct start_error failed = {.step = STEP_SESSION};

	reset_signals();
	if (setsid() >= 0 && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 &&
	    begin_step(&failed, STEP_NETNS) && setns(q->netns_fd, CLONE_NEWNET) == 0 &&
	    begin_step(&failed, STEP_MOUNTS) && mounts_unshare() &&
	    begin_step(&failed, STEP_FILES) && mount_files(q) &&
	    begin_step(&failed, STEP_DESCRIPTORS) && set_descriptors(q, &exe_fd, &error_fd) &&
	    begin_step(&failed, STEP_PRIVILEGES) && capabilities_keep(p->kept, false) &&
	    begin_step(&failed, STEP_CONFINE) && confine_self(CONFINE_PROGRAM) &&
	    begin_step(&failed, STEP_EXEC)) {
		bool there = q->directory && chdir(q->directory) == 0;

		if (there || chdir("/") == 0)
			execute(q, p->path, exe_fd, p->environment);
	}
	failed.number = errno;
	if (write(error_fd, &failed, sizeof failed) < 0)
		_exit(126); /* the parent is gone */
	_exit(127);
}

/* --- both together ---------------------------------------------------------------------------- */

static gboolean read_start_error(int fd, const char *path, GPid pid, GError **error)
{
	struct start_error failed;
	ssize_t n;

	do
		n = read(fd, &failed, sizeof failed);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return TRUE;
	waitpid(pid, NULL, 0);
	return tb_error_set(error, TB_ERROR_FAILED, "start '%s': %s: %s", path,
			    n == sizeof failed ? step_names[failed.step] : "child process",
			    g_strerror(n == sizeof failed ? failed.number : errno));
}

/* fork(2) into a PID namespace of its own.  The child makes system calls only, so nothing that the
 * C library does at a fork is missed. */
static GPid fork_apart(void)
{
	return (GPid)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL);
}

static GPid fork_child(const struct spawn_request *q, const struct prepared *p, GError **error)
{
	const char *path = p->path;
	int ends[2];
	GPid pid;

	if (pipe2(ends, O_CLOEXEC) != 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "start '%s': %s", path,
			    g_strerror(errno));
		return -1;
	}
	pid = fork_apart();
	if (pid == 0)
		child_main(q, p, ends[1]);
	close(ends[1]);
	if (pid < 0)
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "start '%s': %s", path,
			    g_strerror(errno));
	else if (!read_start_error(ends[0], path, pid, error))
		pid = -1;
	close(ends[0]);
	return pid;
}

GPid spawn_in_namespace(const struct spawn_request *request, GError **error)
{
	static const cap_value_t net[] = {CAP_NET_ADMIN, CAP_NET_RAW};
	g_autofree char *path = request->program ? g_strdup(request->argv[0]) :
						   spawn_find_program(request->argv[0]);
	g_auto(GStrv) environment = NULL;
	g_auto(cap_t) kept = capabilities_new(net, request->keep_net_admin ? G_N_ELEMENTS(net) : 0);
	struct prepared p = {.path = path, .kept = kept};
	GPid pid;

	if (!path) {
		set_no_program(error, request->argv[0]);
		return -1;
	}
	confine_prepare();
	p.environment = environment = confine_environment(request->environment);
	p.exe_fd = open(request->program ? request->program : path, O_PATH | O_CLOEXEC);
	if (p.exe_fd < 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "start '%s': %s", path,
			    g_strerror(errno));
		return -1;
	}
	pid = fork_child(request, &p, error);
	close(p.exe_fd);
	return pid;
}
