/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Something is scarce: room on the disk, descriptors, processes, memory, a system call, a program.
 * A run does what it would do, or ends with one clear line and the exit code for that; nothing is
 * left of its labs.
 *
 * TESTBED_SCARCITY=whole tries every row (make check-scarcity). */
#include "tests/support/figures.h"
#include "tests/support/process.h"
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define COMPANY "tests/data/topologies/company.yaml"
#define GONE_MS 10000
#define CALL "run call dc1 branch1 --media im -t " COMPANY " -s persistent-route"
#define LANES 4

/* Exit codes that are right. */
enum {
	DONE = 1 << 0,	   /* 0 */
	FAILED = 1 << 1,   /* 4, with a line */
	REFUSED = 1 << 2,  /* 77, with a line */
	NO_MEMORY = 1 << 3 /* a signal, with GLib's line */
};

struct row {
	const char *name;
	const char *line; /* of sh; $PROGRAM, $TOOLS, $OUT */
	unsigned ends;
	const char *says; /* in the line; NULL: anything */
	bool quick;	  /* also in make check */
};

#define IN_PLACE(mount) "unshare -m sh -c 'mount -t tmpfs -o " mount " none $OUT && exec "
#define MASKED(file) "unshare -m sh -c 'mount --bind /dev/null " file " && exec "
#define DENIED(call, error)                                                                     \
	{                                                                                       \
		"no " call " (" #error ")", "$TOOLS/deny '" call "' " #error " $PROGRAM " CALL, \
			DONE | FAILED | REFUSED, NULL, false                                    \
	}
#define DENIED_QUICK(call, error)                                                               \
	{                                                                                       \
		"no " call " (" #error ")", "$TOOLS/deny '" call "' " #error " $PROGRAM " CALL, \
			DONE | FAILED | REFUSED, NULL, true                                     \
	}

static const struct row rows[] = {
	/* the disk */
	{"a full disk", IN_PLACE("size=40k") "$PROGRAM " CALL " --out $OUT/run'", FAILED,
	 "No space left", true},
	{"a full disk for packets",
	 IN_PLACE("size=160k") "$PROGRAM run matrix -q --capture edge -t " COMPANY
			       " -s persistent-route --media im --out $OUT/run'",
	 FAILED, "No space left", false},
	{"a read-only disk", IN_PLACE("ro") "$PROGRAM " CALL " --out $OUT/run'", FAILED,
	 "Read-only", true},
	{"a disk without files", IN_PLACE("nr_inodes=3") "$PROGRAM " CALL " --out $OUT/run'",
	 FAILED, "No space left", false},
	{"a slow disk",
	 "LD_PRELOAD=$TOOLS/scarce.so SCARCE_WRITE_MS=20 $PROGRAM " CALL " --out $OUT/run", DONE,
	 NULL, false},
	{"a full standard output", "$PROGRAM " CALL " >/dev/full", FAILED, "standard output",
	 false},
	{"a full document", "$PROGRAM " CALL " --json /dev/full", FAILED, "/dev/full", false},
	/* limits */
	{"8 descriptors", "ulimit -n 8; $PROGRAM " CALL, FAILED | REFUSED | NO_MEMORY, NULL, false},
	{"16 descriptors", "ulimit -n 16; $PROGRAM " CALL, FAILED | REFUSED | NO_MEMORY, NULL,
	 true},
	{"24 descriptors", "ulimit -n 24; $PROGRAM " CALL, DONE | FAILED | REFUSED, NULL, false},
	{"32 descriptors", "ulimit -n 32; $PROGRAM " CALL, DONE | FAILED | REFUSED, NULL, false},
	{"48 descriptors", "ulimit -n 48; $PROGRAM " CALL, DONE | FAILED | REFUSED, NULL, false},
	{"64 descriptors", "ulimit -n 64; $PROGRAM " CALL, DONE | FAILED | REFUSED, NULL, false},
	{"96 descriptors", "ulimit -n 96; $PROGRAM " CALL, DONE | FAILED | REFUSED, NULL, false},
	{"256 descriptors", "ulimit -n 256; $PROGRAM " CALL, DONE, NULL, false},
	{"32 MiB of addresses", "ulimit -v 32768; $PROGRAM " CALL, FAILED | REFUSED | NO_MEMORY,
	 NULL, false},
	{"64 MiB of addresses", "ulimit -v 65536; $PROGRAM " CALL,
	 DONE | FAILED | REFUSED | NO_MEMORY, NULL, false},
	{"200 MiB of addresses", "ulimit -v 204800; $PROGRAM " CALL,
	 DONE | FAILED | REFUSED | NO_MEMORY, NULL, false},
	{"files of 4 KiB", "ulimit -f 4; $PROGRAM " CALL " --out $OUT/run", FAILED, NULL, false},
	/* programs */
	{"no dnsmasq", MASKED("$(command -v dnsmasq)") "$PROGRAM " CALL "'", REFUSED, "dnsmasq",
	 true},
	{"no wireguard-go", MASKED("$(command -v wireguard-go)") "$PROGRAM " CALL "'",
	 DONE | REFUSED, NULL, false},
	{"no nginx",
	 MASKED("$(command -v nginx)") "$PROGRAM run call dc1 branch1 --media im -t "
				       "topologies/lync.yaml -s branch-edge'",
	 REFUSED, "nginx", false},
	{"no tb-client",
	 "mkdir $OUT/bin && cp $(dirname $PROGRAM)/testbed $(dirname $PROGRAM)/tb-[enf]* $OUT/bin "
	 "&& $OUT/bin/testbed " CALL,
	 REFUSED, "tb-client", false},
	{"no names of protocols and services, as on a bare Debian 12",
	 MASKED("/etc/protocols && mount --bind /dev/null /etc/services") "$PROGRAM " CALL "'",
	 DONE, NULL, true},
	/* the kernel; 1: EPERM, 38: ENOSYS, 23: ENFILE, 12: ENOMEM */
	DENIED_QUICK("unshare", 1),
	DENIED("unshare", 38),
	DENIED_QUICK("clone:0&0x40000000", 1), /* CLONE_NEWNET */
	DENIED("clone:0&0x10000000", 1),       /* CLONE_NEWUSER */
	DENIED("clone:0&0x10000000", 28),
	DENIED("clone:0&0x20000000", 1), /* CLONE_NEWPID */
	DENIED("clone3", 38),
	DENIED("clone3", 1),
	DENIED("setns", 1),
	DENIED_QUICK("mount", 1),
	DENIED("mount", 38),
	DENIED("umount2", 1),
	DENIED("pivot_root", 1),
	DENIED("open_tree", 38),
	DENIED("move_mount", 38),
	DENIED("mount_setattr", 38),
	DENIED("fsopen", 38),
	DENIED("socket:0=16", 1),  /* AF_NETLINK */
	DENIED("socket:0=16", 97), /* EAFNOSUPPORT */
	DENIED("socket:2=12", 93), /* NETLINK_NETFILTER: EPROTONOSUPPORT */
	DENIED("socket:0=17", 1),  /* AF_PACKET */
	DENIED("socket:0=10", 97), /* AF_INET6 */
	DENIED("socketpair", 23),
	DENIED("pipe2", 23),
	DENIED("memfd_create", 38),
	DENIED("pidfd_open", 38),
	DENIED("pidfd_send_signal", 38),
	DENIED("signalfd4", 38),
	DENIED("eventfd2", 38),
	DENIED("timerfd_create", 38),
	DENIED("epoll_create1", 38),
	DENIED("inotify_init1", 38),
	DENIED("openat2", 38),
	DENIED("close_range", 38),
	DENIED("getrandom", 38),
	DENIED("prctl:0=38", 22), /* PR_SET_NO_NEW_PRIVS: EINVAL */
	DENIED("prctl:0=22", 22), /* PR_SET_SECCOMP */
	DENIED("prctl:0=36", 22), /* PR_SET_CHILD_SUBREAPER */
	DENIED("prctl:0=1", 22),  /* PR_SET_PDEATHSIG */
	DENIED("seccomp", 38),
	DENIED("landlock_create_ruleset", 38),
	DENIED("landlock_restrict_self", 38),
	DENIED("capset", 1),
	DENIED("setuid", 1),
	DENIED("setresuid", 1),
	DENIED("setgroups", 1),
	DENIED("sethostname", 1),
	DENIED("prlimit64", 1),
	DENIED("mknodat", 1),
	DENIED("bpf", 1),
	DENIED("perf_event_open", 1),
	DENIED("sendmmsg", 38),
	DENIED("recvmmsg", 38),
	DENIED("statx", 38),
	DENIED("renameat2", 38),
	DENIED("fallocate", 95),
};

static bool is_whole(void)
{
	return g_strcmp0(g_getenv("TESTBED_SCARCITY"), "whole") == 0;
}

static bool nobody_is_left(gpointer data G_GNUC_UNUSED)
{
	g_autoptr(GArray) left = process_descendants(getpid());

	return left->len == 0;
}

static unsigned end_of(const struct outcome *o)
{
	switch (o->exit_code) {
	case 0:
		return DONE;
	case 4:
		return FAILED;
	case 77:
		return REFUSED;
	case 128 + SIGTRAP:
	case 128 + SIGABRT:
		return NO_MEMORY;
	default:
		return 0;
	}
}

/* Whether the last line says what is wrong. */
static bool is_told(const struct outcome *o, unsigned end, const char *says)
{
	if (end == NO_MEMORY)
		return strstr(o->err, "failed to allocate") || strstr(o->err, "ERROR");
	return end == DONE ||
	       (strstr(o->err, "testbed: error: ") && (!says || strstr(o->err, says)));
}

static void run_line(const char *line, const char *folder, struct outcome *ret)
{
	g_autofree char *program = program_path("testbed"), *bin = g_path_get_dirname(program),
			*tools = g_canonicalize_filename("../tests", bin);
	g_auto(GStrv) environment = g_get_environ();
	struct start how = {.environment = NULL};

	environment = g_environ_setenv(environment, "PROGRAM", program, TRUE);
	environment = g_environ_setenv(environment, "TOOLS", tools, TRUE);
	environment = g_environ_setenv(environment, "OUT", folder, TRUE);
	environment = g_environ_setenv(environment, "SUDO_UID", "", TRUE);
	how.environment = environment;
	program_shell(line, &how, ret);
}

static void try_row(const struct row *r, guint counts[static 4])
{
	char *folder = program_folder_new();
	struct outcome o;
	unsigned end;

	run_line(r->line, folder, &o);
	end = end_of(&o);
	cr_expect(end & r->ends, "%s: exit %d\n%s%s", r->name, o.exit_code, o.out, o.err);
	cr_expect(is_told(&o, end, r->says), "%s: exit %d, not told:\n%s%s", r->name, o.exit_code,
		  o.out, o.err);
	cr_expect(process_wait_until(nobody_is_left, NULL, GONE_MS), "%s: processes are left",
		  r->name);
	for (guint i = 0; i < 4; i++)
		counts[i] += end == 1u << i;
	outcome_clear(&o);
	program_folder_free(folder);
}

/* The rows of a lane: tests that run at the same time. */
static guint lanes[LANES] = {0, 1, 2, 3};

ParameterizedTestParameters(scarcity, is_told_and_leaves_nothing)
{
	return cr_make_param_array(guint, lanes, is_whole() ? LANES : 1);
}

ParameterizedTest(guint *lane, scarcity, is_told_and_leaves_nothing, .timeout = 3600)
{
	static const char *const ends[] = {"went on", "failed with a line (4)",
					   "refused with a line (77)",
					   "ended for want of memory, with a line"};
	guint counts[4] = {0}, of = is_whole() ? LANES : 1, n = 0;

	if (geteuid() != 0)
		cr_skip_test("needs root: to mount what is scarce");
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if ((is_whole() || rows[i].quick) && n++ % of == *lane)
			try_row(&rows[i], counts);
	for (guint i = 0; i < 4; i++)
		figure_add("check-scarcity", "%u runs without something %s", counts[i], ends[i]);
}

/* --- what is not contained -------------------------------------------------------------------- */

/* In a container that forbids its root user namespaces the ids of a lab are the machine's: every
 * verb that builds one says so. */
Test(scarcity, what_is_not_contained_is_told, .timeout = 300)
{
	static const char *const verbs[] = {
		"run call dc1 branch1 --media im", "trace dc1 branch1",
		"explain dc1 branch1 --media im --no-trial", "run nat home1",
		"run capacity -s persistent-route --calls 1 --seconds 1"};
	guint n = is_whole() ? G_N_ELEMENTS(verbs) : 2;

	if (geteuid() != 0)
		cr_skip_test("needs root: anybody else's ids are the machine's anyway");
	for (guint i = 0; i < n; i++) {
		g_autofree char *line = g_strdup_printf(
			"$TOOLS/deny 'clone:0&0x10000000' 1 $PROGRAM %s -t " COMPANY, verbs[i]);
		struct outcome o;

		run_line(line, "/nonexistent", &o);
		cr_expect(strstr(o.out, "user ids") || strstr(o.err, "user ids"),
			  "%s: exit %d\n%s%s", verbs[i], o.exit_code, o.out, o.err);
		outcome_clear(&o);
	}
}
