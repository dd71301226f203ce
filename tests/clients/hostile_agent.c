/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client that somebody's topology names and that means harm: it tries what no program of a lab
 * may do, prints "BROKE OUT: ..." for each that works, and ends (tests/e2e/clients).
 *
 * usage: hostile-agent FILE-OF-THE-USER... --control-fd=3 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static void tried(bool worked, const char *what, const char *detail)
{
	if (worked)
		printf("BROKE OUT: %s %s\n", what, detail);
}

/* --- files ------------------------------------------------------------------------------------ */

static void try_open(const char *path, int flags, const char *what)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	tried(fd >= 0, what, path);
	if (fd >= 0)
		close(fd);
}

static void try_files(int n, char **of_user)
{
	static const char *const to_write[] = {
		"/etc/shadow",
		"/etc/passwd",
		"/etc/hosts.new",
		"/usr/bin/new",
		"/new",
		"/testbed/bin/tb-client",
		"/testbed/bin/new",
		"/dev/new",
		"/proc/sys/kernel/core_pattern",
		"/proc/sysrq-trigger",
		"/proc/sys/vm/drop_caches",
	};
	static const char *const to_read[] = {
		"/etc/shadow",	   "/etc/sudoers", "/dev/mem",
		"/dev/kmsg",	   "/dev/sda",	   "/dev/vda",
		"/run/nodes",	   "/proc/kcore",  "/run/testbed/trust/fe.key",
		"/run/testbed/fe",
	};

	for (size_t i = 0; i < sizeof to_write / sizeof *to_write; i++)
		try_open(to_write[i], O_WRONLY | O_CREAT, "wrote");
	for (size_t i = 0; i < sizeof to_read / sizeof *to_read; i++)
		try_open(to_read[i], O_RDONLY, "read");
	for (int i = 0; i < n; i++)
		try_open(of_user[i], O_RDONLY, "read the user's");
	tried(mknod("/tmp/disk", S_IFBLK | 0600, makedev(8, 0)) == 0, "made a device", "");
	tried(chroot("/tmp") == 0, "changed the root", "");
}

/* --- others ----------------------------------------------------------------------------------- */

static void try_process(int pid)
{
	char path[64], name[32];

	snprintf(name, sizeof name, "%d", pid);
	tried(true, "sees the process", name);
	tried(kill(pid, 0) == 0, "may signal", name);
	snprintf(path, sizeof path, "/proc/%d/environ", pid);
	try_open(path, O_RDONLY, "opened");
	snprintf(path, sizeof path, "/proc/%d/mem", pid);
	try_open(path, O_RDWR, "opened");
	tried(ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0, "traces", name);
}

static void try_processes(void)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;

	while (proc && (entry = readdir(proc)))
		if (atoi(entry->d_name) > 0 && atoi(entry->d_name) != getpid())
			try_process(atoi(entry->d_name));
	if (proc)
		closedir(proc);
	tried(getppid() != 0, "knows its parent", "");
	tried(getenv("TESTBED_TEST_SECRET"), "has the user's environment", "");
	for (int fd = 5; fd < 1024; fd++)
		tried(fcntl(fd, F_GETFD) >= 0, "inherited a descriptor", "");
}

#define UPPER_HALF (1ul << 32)

/* --- the kernel ------------------------------------------------------------------------------- */

static void try_sockets(void)
{
	static const struct {
		int family, type, protocol;
		const char *name;
	} sockets[] = {
		{AF_PACKET, SOCK_RAW, 0, "AF_PACKET"}, {AF_INET, SOCK_RAW, 1, "raw ICMP"},
		{AF_ALG, SOCK_SEQPACKET, 0, "AF_ALG"}, {AF_VSOCK, SOCK_STREAM, 0, "AF_VSOCK"},
		{AF_KEY, SOCK_RAW, 2, "AF_KEY"},
	};

	for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++) {
		int fd = socket(sockets[i].family, sockets[i].type, sockets[i].protocol);

		tried(fd >= 0, "opened a socket", sockets[i].name);
		if (fd >= 0)
			close(fd);
	}
}

static void try_kernel(void)
{
	int net = open("/proc/self/ns/net", O_RDONLY);

	tried(mount("none", "/tmp", "tmpfs", 0, NULL) == 0, "mounted", "");
	tried(umount2("/etc/hosts", MNT_DETACH) == 0, "unmounted", "/etc/hosts");
	tried(umount2("/proc", MNT_DETACH) == 0, "unmounted", "/proc");
	tried(net >= 0 && setns(net, CLONE_NEWNET) == 0, "entered", "a network namespace");
	tried(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1) >= 0,
	      "has a keyring", "");
	tried(syscall(SYS_bpf, 0, NULL, 0) >= 0 || errno != EPERM, "reached", "bpf");
	tried(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0) >= 0 || errno != EPERM, "reached",
	      "perf_event_open");
	tried(syscall(SYS_io_uring_setup, 1, NULL) >= 0 || errno != EPERM, "reached", "io_uring");
	tried(syscall(SYS_userfaultfd, 0) >= 0 || errno != EPERM, "reached", "userfaultfd");
	tried(syscall(SYS_init_module, NULL, 0, "") == 0 || errno != EPERM, "reached",
	      "init_module");
	/* of an int the kernel takes the lower half of the register */
	tried(syscall(SYS_ioctl, 0, TIOCSTI, "x") == 0 || errno != EPERM, "reached", "TIOCSTI");
	tried(syscall(SYS_ioctl, 0, TIOCSTI | UPPER_HALF, "x") == 0 || errno != EPERM, "reached",
	      "TIOCSTI with an upper half");
	tried(syscall(SYS_socket, AF_ALG | UPPER_HALF, SOCK_SEQPACKET, 0) >= 0 || errno != EPERM,
	      "reached", "AF_ALG with an upper half");
	tried(unshare(CLONE_NEWNET) == 0, "made", "a network namespace");
	tried(unshare(CLONE_NEWUSER) == 0, "made", "a user namespace");
}

int main(int argc, char **argv)
{
	static const char ready[] = "{\"event\":\"ready\",\"time_us\":0}\n";

	setvbuf(stdout, NULL, _IOLBF, 0);
	try_files(argc - 2, argv + 1);
	try_processes();
	try_sockets();
	try_kernel();
	printf("all was tried, as %d of what is\n", (int)getuid());
	return write(3, ready, strlen(ready)) < 0;
}
