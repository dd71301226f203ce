/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/confine.h"

#include "testbed/exec/view.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- what is refused -------------------------------------------------------------------------- */

#define BOTH (1u << CONFINE_PROGRAM | 1u << CONFINE_VISITOR)
#define PROGRAM (1u << CONFINE_PROGRAM)

static const struct {
	const char *call;
	unsigned kinds;
} refused[] = {
	/* another kernel, or code in this one */
	{"kexec_load", BOTH},
	{"kexec_file_load", BOTH},
	{"init_module", BOTH},
	{"finit_module", BOTH},
	{"delete_module", BOTH},
	{"bpf", BOTH},
	/* the machine as a whole: its power, swap, clock, log, accounting, quotas */
	{"reboot", BOTH},
	{"swapon", BOTH},
	{"swapoff", BOTH},
	{"settimeofday", BOTH},
	{"clock_settime", BOTH},
	{"clock_settime64", BOTH},
	{"syslog", BOTH},
	{"acct", BOTH},
	{"quotactl", BOTH},
	{"quotactl_fd", BOTH},
	{"iopl", BOTH},
	{"ioperm", BOTH},
	/* keys are kept by user, across namespaces */
	{"add_key", BOTH},
	{"request_key", BOTH},
	{"keyctl", BOTH},
	/* parts of the kernel with a history of faults, which no program of a lab needs */
	{"perf_event_open", BOTH},
	{"userfaultfd", BOTH},
	{"io_uring_setup", BOTH},
	{"io_uring_enter", BOTH},
	{"io_uring_register", BOTH},
	{"vmsplice", BOTH},
	{"migrate_pages", BOTH},
	{"move_pages", BOTH},
	{"fanotify_init", BOTH},
	{"lookup_dcookie", BOTH},
	/* files by number instead of by path, past any view */
	{"open_by_handle_at", BOTH},
	/* the view is made: nothing mounts any more */
	{"mount", BOTH},
	{"umount2", BOTH},
	{"umount", BOTH},
	{"pivot_root", BOTH},
	{"move_mount", BOTH},
	{"open_tree", BOTH},
	{"open_tree_attr", BOTH},
	{"fsopen", BOTH},
	{"fsconfig", BOTH},
	{"fsmount", BOTH},
	{"fspick", BOTH},
	{"mount_setattr", BOTH},
	{"setns", BOTH},
	/* a new user namespace has all capabilities inside: most of the kernel can be reached */
	{"unshare", PROGRAM},
	{"chroot", PROGRAM},
	/* the memory, and the descriptors, of others */
	{"ptrace", PROGRAM},
	{"process_vm_readv", PROGRAM},
	{"process_vm_writev", PROGRAM},
	{"process_madvise", PROGRAM},
	{"pidfd_getfd", PROGRAM},
	{"kcmp", PROGRAM},
};

/* What a lab's programs talk by; all other families are code that nobody here needs.  Packets
 * and settings of a network (AF_PACKET, AF_NETLINK) take a capability anyway. */
static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET};

/* Text put into a terminal as if its user had typed it. */
static const unsigned long refused_ioctls[] = {TIOCSTI, TIOCLINUX};

/* --- the filter ------------------------------------------------------------------------------- */

static struct confine_support support;
static struct sock_fprog filters[CONFINE_KINDS];
static bool prepared;

static bool refuse(scmp_filter_ctx c, const char *call, int errno_value)
{
	int number = seccomp_syscall_resolve_name(call);

	/* unknown to this version of the library, or to this processor */
	return number == __NR_SCMP_ERROR ||
	       seccomp_rule_add(c, SCMP_ACT_ERRNO((unsigned)errno_value), number, 0) == 0;
}

static bool refuse_if(scmp_filter_ctx c, int number, struct scmp_arg_cmp compared)
{
	return seccomp_rule_add_array(c, SCMP_ACT_ERRNO(EPERM), number, 1, &compared) == 0;
}

/* Where an argument is a C int: the kernel ignores the upper half of the register, and so must the
 * comparison, or a number with anything there would pass. */
static struct scmp_arg_cmp is_int(unsigned argument, guint32 value)
{
	return (struct scmp_arg_cmp){.arg = argument,
				     .op = SCMP_CMP_MASKED_EQ,
				     .datum_a = G_MAXUINT32,
				     .datum_b = value};
}

static bool refuse_families(scmp_filter_ctx c)
{
	for (int family = 0; family < AF_MAX; family++) {
		bool allowed = false;

		for (guint i = 0; i < G_N_ELEMENTS(families); i++)
			allowed = allowed || families[i] == family;
		if (!allowed && !refuse_if(c, SCMP_SYS(socket), is_int(0, (guint32)family)))
			return false;
	}
	return refuse_if(c, SCMP_SYS(socket),
			 (struct scmp_arg_cmp){.arg = 0, .op = SCMP_CMP_GE, .datum_a = AF_MAX});
}

static bool add_rules(scmp_filter_ctx c, enum confine_kind kind)
{
	for (guint i = 0; i < G_N_ELEMENTS(refused); i++)
		if ((refused[i].kinds & 1u << kind) && !refuse(c, refused[i].call, EPERM))
			return false;
	for (guint i = 0; i < G_N_ELEMENTS(refused_ioctls); i++)
		if (!refuse_if(c, SCMP_SYS(ioctl), is_int(1, (guint32)refused_ioctls[i])))
			return false;
	if (kind == CONFINE_VISITOR)
		return refuse_families(c);
	/* flags of clone3 are in memory, where a filter can't look: libraries take clone then */
	return refuse_families(c) && refuse(c, "clone3", ENOSYS) &&
	       refuse_if(c, SCMP_SYS(clone),
			 SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER));
}

/* Programs for the processor's 32-bit mode are filtered, too.  What remains (x32) gets an error. */
static bool add_architectures(scmp_filter_ctx c)
{
	static const struct {
		uint32_t native, other;
	} pairs[] = {{SCMP_ARCH_X86_64, SCMP_ARCH_X86}, {SCMP_ARCH_AARCH64, SCMP_ARCH_ARM}};

	for (guint i = 0; i < G_N_ELEMENTS(pairs); i++)
		if (seccomp_arch_native() == pairs[i].native &&
		    seccomp_arch_add(c, pairs[i].other) != 0)
			return false;
	return seccomp_attr_set(c, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM)) == 0;
}

/* The filter as the kernel takes it; true: `ret` has it. */
static bool export_filter(scmp_filter_ctx c, struct sock_fprog *ret)
{
	int fd = memfd_create("filter", MFD_CLOEXEC);
	off_t size = fd >= 0 && seccomp_export_bpf(c, fd) == 0 ? lseek(fd, 0, SEEK_END) : 0;
	size_t n = (size_t)size / sizeof *ret->filter;

	if (n > 0 && n <= G_MAXUSHORT) {
		ret->filter = g_new(struct sock_filter, n);
		ret->len = (unsigned short)n;
		if (pread(fd, ret->filter, (size_t)size, 0) != size)
			ret->len = 0;
	}
	if (fd >= 0)
		close(fd);
	return ret->len > 0;
}

static bool make_filter(enum confine_kind kind)
{
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_ALLOW);
	bool ok =
		c && add_architectures(c) && add_rules(c, kind) && export_filter(c, &filters[kind]);

	if (c)
		seccomp_release(c);
	return ok;
}

/* --- Landlock --------------------------------------------------------------------------------- */

/* linux/landlock.h, which older systems have without the last member. */
struct ruleset {
	guint64 files, network, scopes;
};
#define MAKE_DEVICES (1u << 6 | 1u << 11) /* LANDLOCK_ACCESS_FS_MAKE_CHAR, _MAKE_BLOCK */
#define SCOPES 3u /* LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, LANDLOCK_SCOPE_SIGNAL */
#define SCOPES_SINCE 6
#define ASK_VERSION 1u

/* A domain of its own: no other one's memory can be reached from it.  Files are the view's
 * business. */
static bool enter_landlock(void)
{
	struct ruleset rules = {.files = MAKE_DEVICES,
				.scopes = support.landlock >= SCOPES_SINCE ? SCOPES : 0};
	size_t size = support.landlock >= SCOPES_SINCE ? sizeof rules : sizeof rules.files;
	int fd;
	bool ok;

	if (support.landlock < 1)
		return true;
	fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
	if (fd < 0)
		return false;
	ok = syscall(SYS_landlock_restrict_self, fd, 0) == 0;
	close(fd);
	return ok;
}

/* --- limits ----------------------------------------------------------------------------------- */

/* Some lab's whole traffic log is far below this; a full disk is worse. */
#define FILE_BYTES_MAX (4ull << 30)
/* All processes and threads of the lab together: a thousand nodes have some three each. */
#define PROCESSES_MAX 16384
#define DESCRIPTORS_MAX 65536

static bool limit(int resource, rlim_t most)
{
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)resource, &now) != 0)
		return false;
	now.rlim_max = MIN(now.rlim_max, most);
	now.rlim_cur = MIN(now.rlim_cur, now.rlim_max);
	return setrlimit((__rlimit_resource_t)resource, &now) == 0;
}

static bool set_limits(void)
{
	/* a core file would be written by the machine, outside of the lab */
	return limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, FILE_BYTES_MAX) &&
	       limit(RLIMIT_NPROC, PROCESSES_MAX) && limit(RLIMIT_NOFILE, DESCRIPTORS_MAX);
}

/* --- public ----------------------------------------------------------------------------------- */

const struct confine_support *confine_prepare(void)
{
	if (prepared)
		return &support;
	prepared = true;
	support.landlock = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION);
	support.landlock = MAX(support.landlock, 0);
	support.seccomp = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
	for (int kind = 0; kind < CONFINE_KINDS; kind++)
		support.seccomp = support.seccomp && make_filter((enum confine_kind)kind);
	return &support;
}

bool confine_self(enum confine_kind kind)
{
	if (!set_limits() || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return false;
	/* a visitor may look at everything in the lab */
	if (kind == CONFINE_PROGRAM && !enter_landlock())
		return false;
	return !support.seccomp || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filters[kind]) == 0;
}

char **confine_environment(const char *const *more)
{
	/* sanitizers' options: a lab of a build that has them */
	static const char *const passed[] = {"LANG",
					     "LANGUAGE",
					     "TERM",
					     "COLORTERM",
					     "TZ",
					     "SSLKEYLOGFILE",
					     "G_MESSAGES_DEBUG",
					     "NO_COLOR",
					     "ASAN_OPTIONS",
					     "UBSAN_OPTIONS",
					     NULL};
	g_auto(GStrv) all = g_get_environ();
	char **list = g_environ_setenv(NULL, "PATH", VIEW_PATH, TRUE);

	list = g_environ_setenv(list, "HOME", VIEW_HOME, TRUE);
	list = g_environ_setenv(list, "USER", "root", TRUE);
	list = g_environ_setenv(list, "LOGNAME", "root", TRUE);
	list = g_environ_setenv(list, "SHELL", "/bin/sh", TRUE);
	for (guint i = 0; all && all[i]; i++) {
		g_auto(GStrv) part = g_strsplit(all[i], "=", 2);

		if (part[1] && (g_str_has_prefix(part[0], "LC_") ||
				g_strv_contains((const char *const *)passed, part[0])))
			list = g_environ_setenv(list, part[0], part[1], TRUE);
	}
	for (guint i = 0; more && more[i]; i++) {
		g_auto(GStrv) part = g_strsplit(more[i], "=", 2);

		list = g_environ_setenv(list, part[0], part[1], TRUE);
	}
	return list;
}
