/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every process of a lab that is up has, read back from /proc and held against a table: ids,
 * capabilities, descriptors, files, environment. */
#include "tests/e2e/live/live.h"
#include "tests/support/process.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534
#define NET_CAPABILITIES 0x3000u /* CAP_NET_ADMIN, CAP_NET_RAW */

/* By command name; the last row is for all others. */
static const struct kind {
	const char *name;
	bool whole; /* the supervisor: everything in its own user namespace, no filter */
	guint64 capabilities;
} kinds[] = {
	{"testbed-lab", true, 0},
	{"testbed-link", false, 0},
	{"wireguard-go", false, NET_CAPABILITIES},
	{NULL, false, 0},
};

struct found {
	pid_t pid;
	char *name;
	const struct kind *kind;
	unsigned uid; /* of whom the lab is */
};

static char *proc_text(pid_t pid, const char *file, gsize *ret_length)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, file);
	char *text = NULL;

	return g_file_get_contents(path, &text, ret_length, NULL) ? text : g_strdup("");
}

static guint64 status_number(const char *status, const char *member, guint base)
{
	g_autofree char *key = g_strdup_printf("\n%s:\t", member);
	const char *at = strstr(status, key);

	cr_assert(at, "no %s in\n%s", member, status);
	return g_ascii_strtoull(at + strlen(key), NULL, base);
}

/* --- the rows --------------------------------------------------------------------------------- */

/* Four of each, and all of one range that is nobody's. */
static void expect_ids(const struct found *f, const char *status)
{
	static const char *const members[] = {"Uid", "Gid"};

	for (guint i = 0; i < 2; i++) {
		guint64 id = status_number(status, members[i], 10);
		g_autofree char *four =
			g_strdup_printf("\n%s:\t%u\t%u\t%u\t%u\n", members[i], (unsigned)id,
					(unsigned)id, (unsigned)id, (unsigned)id);

		cr_expect(strstr(status, four), "%s: %s differ:\n%s", f->name, members[i], status);
		cr_expect(f->uid == 0 ? id >= 524288 : id == f->uid, "%s: %s is %u", f->name,
			  members[i], (unsigned)id);
	}
}

static void expect_privileges(const struct found *f, const char *status)
{
	static const char *const sets[] = {"CapPrm", "CapEff", "CapBnd"};

	for (guint i = 0; i < G_N_ELEMENTS(sets) && !f->kind->whole; i++)
		cr_expect_eq(status_number(status, sets[i], 16), f->kind->capabilities, "%s: %s",
			     f->name, sets[i]);
	cr_expect_eq(status_number(status, "NoNewPrivs", 10), 1u, "%s", f->name);
	cr_expect_eq(status_number(status, "Seccomp", 10), f->kind->whole ? 0u : 2u, "%s: seccomp",
		     f->name);
}

/* Which descriptor a process was given may be there: sockets, pipes and the like, and devices. */
static bool may_be_given(const char *target)
{
	static const char *const allowed[] = {
		"socket:", "pipe:", "anon_inode:", "/dev/null", "/dev/net/tun", "/memfd:"};

	for (guint i = 0; i < G_N_ELEMENTS(allowed); i++)
		if (g_str_has_prefix(target, allowed[i]))
			return true;
	return false;
}

/* Whether the process could have opened it by itself: the file is on a mount of its own view, as
 * a library's configuration is, for a moment. */
static bool is_on_own_mount(const struct found *f, int held)
{
	g_autofree char *info_path = g_strdup_printf("/proc/self/fdinfo/%d", held);
	g_autofree char *info = NULL;
	g_autofree char *mounts = proc_text(f->pid, "mountinfo", NULL);
	g_autofree char *padded = g_strdup_printf("\n%s", mounts);
	g_autofree char *line = NULL;

	cr_assert(g_file_get_contents(info_path, &info, NULL, NULL));
	line = g_strdup_printf("\n%u ", (unsigned)status_number(info, "mnt_id", 10));
	return strstr(padded, line);
}

/* A process opens and closes files while they are read here: each is held first, and then looked
 * at as one object. */
static void expect_descriptor(const struct found *f, const char *path)
{
	int held = open(path, O_PATH | O_CLOEXEC);
	g_autofree char *own_path = g_strdup_printf("/proc/self/fd/%d", held);
	g_autofree char *target = NULL;

	if (held < 0)
		return;
	target = g_file_read_link(own_path, NULL);
	cr_assert(target);
	cr_expect(may_be_given(target) || is_on_own_mount(f, held), "%s has %s open: %s", f->name,
		  path, target);
	close(held);
}

static void expect_descriptors(const struct found *f)
{
	g_autofree char *folder = g_strdup_printf("/proc/%d/fd", (int)f->pid);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	int of_the_machine = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	const char *entry;

	if (f->kind->whole)
		return;
	cr_assert(dir, "%s", folder);
	cr_expect(!is_on_own_mount(f, of_the_machine), "%s could open the machine's files",
		  f->name);
	close(of_the_machine);
	while ((entry = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, entry, NULL);

		expect_descriptor(f, path);
	}
}

/* Every mount is read-only, or memory, or a file system of the kernel's own. */
static void expect_mounts(const struct found *f)
{
	g_autofree char *text = proc_text(f->pid, "mounts", NULL);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	cr_expect_gt(g_strv_length(lines), 5u, "%s: %s", f->name, text);
	for (guint i = 0; lines[i] && *lines[i]; i++) {
		g_auto(GStrv) part = g_strsplit(lines[i], " ", -1);
		bool own = g_str_equal(part[2], "tmpfs") || g_str_equal(part[2], "proc") ||
			   g_str_equal(part[2], "devpts");

		cr_expect(own || g_str_has_prefix(part[3], "ro,"), "%s may write to %s", f->name,
			  lines[i]);
	}
}

/* Of the machine's root nothing is left but names. */
static void expect_root(const struct found *f)
{
	static const char *const hidden[] = {"root/.profile",
					     "home",
					     "var/lib/dpkg",
					     "etc/shadow",
					     "boot",
					     "sys/kernel",
					     "var/log",
					     "srv",
					     "proc/1/root/etc/shadow",
					     "run/systemd/private",
					     "mnt"};

	for (guint i = 0; i < G_N_ELEMENTS(hidden); i++) {
		g_autofree char *path = g_strdup_printf("/proc/%d/root/%s", (int)f->pid, hidden[i]);
		g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);

		cr_expect(dir ? !g_dir_read_name(dir) : access(path, F_OK) != 0, "%s sees %s",
			  f->name, hidden[i]);
	}
}

static bool is_listed(const char *name)
{
	static const char *const names[] = {"PATH",
					    "HOME",
					    "USER",
					    "LOGNAME",
					    "SHELL",
					    "LANG",
					    "LANGUAGE",
					    "TERM",
					    "COLORTERM",
					    "TZ",
					    "SSLKEYLOGFILE",
					    "G_MESSAGES_DEBUG",
					    "NO_COLOR",
					    "ASAN_OPTIONS",
					    "UBSAN_OPTIONS",
					    "WG_PROCESS_FOREGROUND",
					    "WG_UAPI_FD",
					    "LOG_LEVEL",
					    NULL};

	return g_str_has_prefix(name, "LC_") || g_strv_contains(names, name);
}

static void expect_environment(const struct found *f)
{
	gsize length = 0;
	g_autofree char *text = proc_text(f->pid, "environ", &length);

	/* a process that executed nothing has its parent's text, in memory that nobody else sees */
	for (gsize at = 0; at < length && !f->kind->whole && f->kind->name != kinds[1].name;
	     at += strlen(text + at) + 1) {
		g_autofree char *name = g_strndup(text + at, strcspn(text + at, "="));

		cr_expect(is_listed(name), "%s has %s", f->name, name);
	}
}

/* Its own namespaces, but for those that the lab's processes share. */
static void expect_namespaces(const struct found *f)
{
	static const char *const names[] = {"user", "mnt", "pid", "net", "ipc", "uts"};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_strdup_printf("/proc/%d/ns/%s", (int)f->pid, names[i]);
		g_autofree char *ours = g_strdup_printf("/proc/self/ns/%s", names[i]);
		g_autofree char *its = g_file_read_link(path, NULL),
				*own = g_file_read_link(ours, NULL);

		cr_expect(its && g_strcmp0(its, own) != 0, "%s: %s", f->name, names[i]);
	}
}

/* --- all of them ------------------------------------------------------------------------------ */

static const struct kind *kind_of(const char *name)
{
	const struct kind *k = kinds;

	while (k->name && !g_str_equal(k->name, name))
		k++;
	return k;
}

static void expect_process(pid_t pid, unsigned uid)
{
	g_autofree char *name = g_strstrip(proc_text(pid, "comm", NULL)),
			*status = proc_text(pid, "status", NULL);
	const struct found f = {pid, name, kind_of(name), uid};

	expect_ids(&f, status);
	expect_privileges(&f, status);
	expect_descriptors(&f);
	expect_mounts(&f);
	expect_root(&f);
	expect_environment(&f);
	expect_namespaces(&f);
}

/* `uid` 0: of the user that this is. */
static void expect_contained(unsigned uid)
{
	g_autofree char *topology = NULL;
	struct home h;
	json_t *status;
	g_autoptr(GArray) all = NULL;

	g_setenv("TESTBED_TEST_SECRET", "1", TRUE);
	home_new(&h, uid);
	topology = program_edited_topology(h.folder, COMPANY, &(const struct edit){0});
	home_expect(&h, 0, "up", "-t", topology, NULL);
	status = home_status(&h, "lab");
	all = process_descendants((pid_t)json_integer_value(json_object_get(status, "pid")));
	cr_expect_geq(all->len, 12u, "a company has more than %u processes", all->len);
	for (guint i = 0; i < all->len; i++)
		expect_process(g_array_index(all, struct process_id, i).pid,
			       uid == 0 ? geteuid() : uid);
	json_decref(status);
	home_clear(&h);
}

Test(contain, every_process_of_a_lab, .timeout = 60)
{
	expect_contained(0);
}

Test(contain, every_process_of_a_plain_users_lab, .timeout = 60)
{
	/* else the other test is this one */
	if (geteuid() == 0)
		expect_contained(NOBODY);
}

/* --- what the user starts in it --------------------------------------------------------------- */

static void expect_said(const struct home *h, const char *command, const char *said)
{
	struct outcome s;

	home_run(h, &s, "piped\n", "exec", "dc1", "--", "sh", "-c", command, NULL);
	cr_expect_str_eq(s.out, said, "%s: '%s' %s", command, s.out, s.err);
	outcome_clear(&s);
}

static void folders_are_shown(const struct home *h)
{
	g_autofree char *folder = g_build_filename(h->folder, "shown", NULL),
			*file = g_build_filename(folder, "file", NULL),
			*made = g_strconcat(file, ".new", NULL),
			*writable = g_strconcat(folder, ":rw", NULL);
	unsigned owner = geteuid() == 0 ? NOBODY : geteuid();
	struct stat st;

	cr_assert_eq(g_mkdir(folder, 0700), 0);
	cr_assert(
		g_file_set_contents_full(file, "mine\n", -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
	cr_assert(chown(folder, owner, owner) == 0 && chown(file, owner, owner) == 0);
	home_expect(h, 1, "exec", "dc1", "--", "cat", file, NULL);
	home_expect(h, 0, "exec", "--bind", folder, "dc1", "--", "cat", file, NULL);
	home_expect(h, 0, "exec", "--bind", file, "dc1", "--", "cat", file, NULL);
	home_expect(h, 2, "exec", "--bind", folder, "dc1", "--", "sh", "-c", "echo >>\"$0\"", file,
		    NULL);
	/* what its owner may do, and as its owner */
	home_expect(h, 0, "exec", "--bind", writable, "dc1", "--", "sh", "-c",
		    "echo >>\"$0\"; echo >\"$0\".new", file, NULL);
	cr_expect_eq(stat(made, &st), 0);
	cr_expect_eq(st.st_uid, owner);
	home_expect(h, 2, "exec", "--bind", "/there-is-no-such-folder", "dc1", "--", "true", NULL);
}

Test(contain, commands_see_the_lab_and_what_they_are_shown, .timeout = 60)
{
	struct home h;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-t", COMPANY, NULL);
	expect_said(&h, "cat", "piped\n");
	expect_said(&h, "id -u; pwd; echo $HOME", "0\n/tmp\n/tmp\n");
	expect_said(&h, "echo kept >/tmp/file", "");
	expect_said(&h, "cat /tmp/file", "kept\n");
	expect_said(&h, "command -v nft; command -v ip; command -v tb-client",
		    "/usr/sbin/nft\n/usr/sbin/ip\n"
		    "/testbed/bin/tb-client\n");
	expect_said(&h, "echo x 2>&1 >/proc/sys/kernel/core_pattern | grep -c denied", "1\n");
	expect_said(&h,
		    "sysctl -qw net.ipv4.ip_default_ttl=63 && cat "
		    "/proc/sys/net/ipv4/ip_default_ttl",
		    "63\n");
	expect_said(&h, "umount /proc 2>/dev/null || echo no", "no\n");
	expect_said(&h, "ls /run/testbed", "dc1\ntrust\n");
	expect_said(&h, "unshare -Ur id -u", "0\n");
	folders_are_shown(&h);
	home_clear(&h);
}
