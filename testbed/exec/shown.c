/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/shown.h"

#include "testbed/base/diag.h"
#include "testbed/exec/view.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct shown {
	char *path;
	int tree; /* a copy of what is mounted there */
};

static void clear_shown(gpointer shown)
{
	struct shown *s = shown;

	g_free(s->path);
	if (s->tree >= 0)
		close(s->tree);
}

/* --- owners ----------------------------------------------------------------------------------- */

/* A child that moves into the user namespace (-1: a new one), says so, and waits for its end. */
static pid_t start_in_user(int user_fd)
{
	int ends[2];
	char byte = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		int moved = user_fd < 0 ? unshare(CLONE_NEWUSER) : setns(user_fd, CLONE_NEWUSER);

		if (moved == 0 && write(ends[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(ends[1]);
	if (pid > 0 && read(ends[0], &byte, 1) != 1) {
		waitpid(pid, NULL, 0);
		pid = -1;
	}
	close(ends[0]);
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* The id of the machine that the lab's root is; 0: none of the lab's own. */
static unsigned lab_root(int user_fd)
{
	pid_t pid = start_in_user(user_fd);
	g_autofree char *path = g_strdup_printf("/proc/%d/uid_map", (int)pid), *map = NULL;
	unsigned inside, outside = 0;

	if (pid < 0)
		return 0;
	if (!g_file_get_contents(path, &map, NULL, NULL) ||
	    sscanf(map, "%u %u", &inside, &outside) != 2)
		outside = 0;
	end_child(pid);
	return outside;
}

static bool write_map(pid_t pid, const char *file, unsigned owner, unsigned root)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, file);
	g_autofree char *line = g_strdup_printf("%u %u 1", owner, root);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line);

	if (fd >= 0)
		close(fd);
	return ok;
}

/* A user namespace that says: who is this owner on disk is this root.  -1: it can't be made. */
static int owner_map(const struct stat *owner, unsigned root)
{
	pid_t pid = start_in_user(-1);
	g_autofree char *path = g_strdup_printf("/proc/%d/ns/user", (int)pid);
	int fd = -1;

	if (pid < 0)
		return -1;
	if (write_map(pid, "uid_map", owner->st_uid, root) &&
	    write_map(pid, "gid_map", owner->st_gid, root))
		fd = open(path, O_RDONLY | O_CLOEXEC);
	end_child(pid);
	return fd;
}

/* Where a file system can't do it, what everybody may do has to be enough. */
static void give_owner(const struct shown *s, unsigned root)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP};
	struct stat st;
	int map;

	if (root == 0 || fstat(s->tree, &st) != 0 || st.st_uid == 0)
		return;
	map = owner_map(&st, root);
	if (map < 0)
		return;
	attr.userns_fd = (unsigned)map;
	(void)!mount_setattr(s->tree, "", AT_EMPTY_PATH, &attr, sizeof attr);
	close(map);
}

/* --- trees ------------------------------------------------------------------------------------ */

static bool take_tree(struct shown *s, bool writable)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					      (writable ? 0 : MOUNT_ATTR_RDONLY)};

	s->tree = open_tree(AT_FDCWD, s->path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	return s->tree >= 0 &&
	       mount_setattr(s->tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr) == 0;
}

static bool take_one(struct shown *s, const char *asked, unsigned root, GError **error)
{
	bool writable = g_str_has_suffix(asked, ":rw");
	g_autofree char *word = g_strndup(asked, strlen(asked) - (writable ? 3 : 0));
	char *path = realpath(word, NULL);

	*s = (struct shown){.path = g_strdup(path), .tree = -1};
	free(path);
	if (!s->path || !take_tree(s, writable))
		return tb_error_set(error, TB_ERROR_INPUT, "can't show '%s': %s", word,
				    g_strerror(errno));
	give_owner(s, root);
	return true;
}

GArray *shown_take(const char *const *asked, int user_fd, GError **error)
{
	g_autoptr(GArray) taken = g_array_new(FALSE, TRUE, sizeof(struct shown));
	unsigned root = asked && *asked && user_fd >= 0 ? lab_root(user_fd) : 0;

	g_array_set_clear_func(taken, clear_shown);
	for (; asked && *asked; asked++) {
		struct shown s;
		bool ok = take_one(&s, *asked, root, error);

		g_array_append_val(taken, s);
		if (!ok)
			return NULL;
	}
	return g_steal_pointer(&taken);
}

bool shown_show(const GArray *taken)
{
	for (guint i = 0; i < taken->len; i++) {
		const struct shown *s = &g_array_index(taken, struct shown, i);
		struct stat st;

		if (fstat(s->tree, &st) != 0 || !view_make_place(s->path, S_ISDIR(st.st_mode)) ||
		    move_mount(s->tree, "", AT_FDCWD, s->path, MOVE_MOUNT_F_EMPTY_PATH) != 0)
			return false;
	}
	return true;
}
