/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define BASE "/tmp" /* where the new root is mounted before it becomes the root */
#define OLD "/.old" /* the machine's root, while the view is made */
#define CLIENTS "/testbed/clients"

/* Folders that are the same for everybody, shown whole. */
static const char *const shown[] = {
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/libo32", "/opt", "/nix",
};

/* Of /etc: what programs need to start, to check certificates, to show text and pages. */
static const char *const shown_etc[] = {
	"alternatives",
	"bash.bashrc",
	"ca-certificates",
	"ca-certificates.conf",
	"chromium",
	"chromium.d",
	"crypto-policies",
	"debian_version",
	"ethertypes",
	"fonts",
	"gai.conf",
	"gnutls",
	"gtk-3.0",
	"host.conf",
	"inputrc",
	"iproute2",
	"ld.so.cache",
	"ld.so.conf",
	"ld.so.conf.d",
	"localtime",
	"magic",
	"mime.types",
	"mke2fs.conf",
	"nsswitch.conf",
	"os-release",
	"pki",
	"profile",
	"protocols",
	"rpc",
	"services",
	"ssl",
	"terminfo",
	"timezone",
	"vim",
	"wgetrc",
	"xattr.conf",
	"xdg",
};

static const struct {
	const char *name;
	unsigned major, minor;
} devices[] = {
	{"null", 1, 3},	   {"zero", 1, 5}, {"full", 1, 7},	 {"random", 1, 8},
	{"urandom", 1, 9}, {"tty", 5, 0},  {"net/tun", 10, 200},
};

static const struct {
	const char *path, *target;
} links[] = {
	{"/dev/ptmx", "pts/ptmx"},
	{"/dev/fd", "/proc/self/fd"},
	{"/dev/stdin", "/proc/self/fd/0"},
	{"/dev/stdout", "/proc/self/fd/1"},
	{"/dev/stderr", "/proc/self/fd/2"},
	{"/dev/shm", "/tmp"},
	{"/etc/mtab", "/proc/self/mounts"},
	{"/var/run", "/run"},
	{"/var/tmp", "/tmp"},
};

static const char *const folders[] = {
	"/dev",	    "/dev/net", "/dev/pts", "/etc", "/proc",	"/run",	 "/sys",
	"/testbed", CLIENTS,	"/tmp",	    "/var", "/var/lib", "/root", VIEW_PROGRAMS,
};

/* --- one mount -------------------------------------------------------------------------------- */

/* A device can be written to nevertheless. */
static bool make_read_only(const char *path, bool device)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID};
	unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID;

	attr.attr_set |= device ? 0 : MOUNT_ATTR_NODEV;
	flags |= device ? 0 : MS_NODEV;
	if (mount_setattr(AT_FDCWD, path, AT_RECURSIVE, &attr, sizeof attr) == 0)
		return true;
	/* before Linux 5.12 */
	return errno == ENOSYS && mount(NULL, path, NULL, flags, NULL) == 0;
}

static bool make_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode);
	size_t length = strlen(text);
	bool ok = fd >= 0 && write(fd, text, length) == (ssize_t)length;

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool make_folder(const char *path)
{
	return mkdir(path, 0755) == 0 || errno == EEXIST;
}

/* Shows what the machine has at `source` at `path`, read-only; nothing when it has nothing there.
 */
static bool show(const char *source, const char *path)
{
	g_autofree char *old = g_strconcat(OLD, source, NULL);
	struct stat st;

	if (stat(old, &st) != 0)
		return true;
	if (S_ISDIR(st.st_mode) ? !make_folder(path) : !make_file(path, "", 0644))
		return false;
	return mount(old, path, NULL, MS_BIND | MS_REC, NULL) == 0 && make_read_only(path, false);
}

/* --- the parts -------------------------------------------------------------------------------- */

/* A link of the machine's root ("/bin" to "usr/bin") is made again. */
static bool show_system(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(shown); i++) {
		g_autofree char *old = g_strconcat(OLD, shown[i], NULL);
		g_autofree char *target = g_file_read_link(old, NULL);

		if (target ? symlink(target, shown[i]) != 0 : !show(shown[i], shown[i]))
			return false;
	}
	return true;
}

/* Lines of passwd or group for root and for accounts of the system (ids below 1000, and nobody's):
 * some programs ask for theirs. */
static char *system_accounts(const char *path, const char *first)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	GString *kept = g_string_new(first);

	if (g_file_get_contents(path, &text, NULL, NULL))
		lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines && lines[i]; i++) {
		g_auto(GStrv) part = g_strsplit(lines[i], ":", -1);
		guint64 id;

		if (g_strv_length(part) >= 4 &&
		    g_ascii_string_to_unsigned(part[2], 10, 1, 65534, &id, NULL) &&
		    (id < 1000 || id == 65534))
			g_string_append_printf(kept, "%s\n", lines[i]);
	}
	return g_string_free(kept, FALSE);
}

static bool make_etc(void)
{
	g_autofree char *passwd =
		system_accounts(OLD "/etc/passwd", "root:x:0:0:root:" VIEW_HOME ":/bin/bash\n");
	g_autofree char *group = system_accounts(OLD "/etc/group", "root:x:0:\n");

	for (guint i = 0; i < G_N_ELEMENTS(shown_etc); i++) {
		g_autofree char *path = g_strconcat("/etc/", shown_etc[i], NULL);
		g_autofree char *old = g_strconcat(OLD, path, NULL);
		g_autofree char *target = g_file_read_link(old, NULL);

		if (target ? symlink(target, path) != 0 : !show(path, path))
			return false;
	}
	return make_file("/etc/passwd", passwd, 0644) && make_file("/etc/group", group, 0644) &&
	       make_file("/etc/resolv.conf", "", 0644) &&
	       make_file("/etc/hosts", "127.0.0.1 localhost\n", 0644) &&
	       make_file("/etc/shells", "/bin/sh\n/bin/bash\n", 0644);
}

/* Root makes device files of its own, which everybody in the lab may use: the machine's may be for
 * root alone (net/tun).  Others can only show the machine's. */
static bool make_device(const char *name, unsigned major, unsigned minor)
{
	g_autofree char *path = g_strconcat("/dev/", name, NULL);
	g_autofree char *old = g_strconcat(OLD, path, NULL);

	if (access(old, F_OK) != 0)
		return true;
	if (mknod(path, S_IFCHR | 0666, makedev(major, minor)) == 0) {
		int fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

		/* made, but not usable: a container without the right to devices */
		if (fd >= 0 || (errno != EPERM && errno != EACCES)) {
			if (fd >= 0)
				close(fd);
			return chmod(path, 0666) == 0;
		}
		unlink(path);
	}
	return make_file(path, "", 0644) && mount(old, path, NULL, MS_BIND, NULL) == 0 &&
	       make_read_only(path, true);
}

static bool make_devices(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(devices); i++)
		if (!make_device(devices[i].name, devices[i].major, devices[i].minor))
			return false;
	for (guint i = 0; i < G_N_ELEMENTS(links); i++)
		if (symlink(links[i].target, links[i].path) != 0)
			return false;
	return true;
}

/* The other folders of the machine's root, empty: their names tell nothing. */
static bool make_empty_folders(void)
{
	g_autoptr(GDir) root = g_dir_open(OLD, 0, NULL);
	const char *name;

	while (root && (name = g_dir_read_name(root))) {
		g_autofree char *path = g_strconcat("/", name, NULL);
		g_autofree char *old = g_strconcat(OLD, path, NULL);
		struct stat st;

		if (lstat(path, &st) != 0 && stat(old, &st) == 0 && S_ISDIR(st.st_mode) &&
		    !make_folder(path))
			return false;
	}
	return true;
}

static bool show_programs(const struct view *v)
{
	if (v->program_dir && !show(v->program_dir, VIEW_PROGRAMS))
		return false;
	for (guint i = 0; v->clients && v->clients[i]; i++) {
		g_autofree char *place = view_client_place(i);

		if (!show(v->clients[i], place))
			return false;
	}
	return true;
}

/* --- together --------------------------------------------------------------------------------- */

static bool make_folders(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(folders); i++)
		if (!make_folder(folders[i]))
			return false;
	return true;
}

static bool turn_root(void)
{
	return mount("testbed", BASE, "tmpfs", MS_NOSUID, "mode=0755,size=16m") == 0 &&
	       make_folder(BASE OLD) && syscall(SYS_pivot_root, BASE, BASE OLD) == 0 &&
	       chdir("/") == 0;
}

/* With all that is mounted below: else less would be seen than the kernel lets a lab see. */
static bool show_proc(void)
{
	return mount(OLD "/proc", "/proc", NULL, MS_BIND | MS_REC, NULL) == 0;
}

static bool leave_old_root(void)
{
	return umount2(OLD, MNT_DETACH) == 0 && rmdir(OLD) == 0 &&
	       mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID, NULL) == 0;
}

static bool step(const char **ret_step, const char *name)
{
	*ret_step = name;
	return true;
}

bool view_enter(const struct view *v, const char **ret_step)
{
	mode_t mask = umask(0);
	bool ok = step(ret_step, "make mounts private") &&
		  mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		  step(ret_step, "change the root") && turn_root() &&
		  step(ret_step, "make folders") && make_folders() &&
		  step(ret_step, "show /proc") && show_proc() &&
		  step(ret_step, "show the system's programs") && show_system() &&
		  step(ret_step, "make /etc") && make_etc() && step(ret_step, "make /dev") &&
		  make_devices() && step(ret_step, "show the lab's programs") && show_programs(v) &&
		  step(ret_step, "make folders") && make_empty_folders() &&
		  step(ret_step, "leave the machine's root") && leave_old_root();

	umask(mask);
	return ok;
}

/* --- clients of a user's own ------------------------------------------------------------------ */

char *view_client_place(guint i)
{
	return g_strdup_printf(CLIENTS "/%u", i);
}

static bool is_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return strncmp(path, folder, length) == 0 &&
	       (path[length] == '/' || path[length] == '\0' || g_str_equal(folder, "/"));
}

bool view_shows(const char *path)
{
	for (guint i = 0; i < G_N_ELEMENTS(shown); i++)
		if (is_below(path, shown[i]))
			return true;
	return false;
}

/* Folders of which a program shows itself only. */
static bool is_crowded(const char *folder)
{
	static const char *const common[] = {"/",    "/tmp", "/var/tmp", "/home",   "/root",
					     "/run", "/etc", "/srv",	 "/dev/shm"};
	const struct passwd *p;
	bool found = is_below(g_get_home_dir(), folder);

	for (guint i = 0; i < G_N_ELEMENTS(common); i++)
		found = found || g_str_equal(folder, common[i]);
	setpwent();
	while (!found && (p = getpwent()))
		found = g_path_is_absolute(p->pw_dir) && is_below(p->pw_dir, folder);
	endpwent();
	return found;
}

char *view_client_folder(const char *program)
{
	g_autofree char *folder = g_path_get_dirname(program);

	return is_crowded(folder) ? g_strdup(program) : g_steal_pointer(&folder);
}

/* --- places ----------------------------------------------------------------------------------- */

/* Makes the folders above `path`, and it. */
static bool make_all(const char *path, bool folder)
{
	char part[PATH_MAX];

	if (g_strlcpy(part, path, sizeof part) >= sizeof part) {
		errno = ENAMETOOLONG;
		return false;
	}
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0755) != 0 && errno != EEXIST)
			return false;
		*slash = '/';
	}
	return folder ? make_folder(path) : make_file(path, "", 0644);
}

bool view_make_place(const char *path, bool folder)
{
	char top[NAME_MAX + 2];
	const char *slash = strchr(path + 1, '/');

	if (access(path, F_OK) == 0 || make_all(path, folder))
		return true;
	if (!slash || (size_t)(slash - path) >= sizeof top)
		return false;
	g_strlcpy(top, path, (gsize)(slash - path) + 1);
	return mount("testbed", top, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m") == 0 &&
	       make_all(path, folder);
}
