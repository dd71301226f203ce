/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/base/files_private.h"

#include <dirent.h>
#include <errno.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define COARSE_US 20000 /* file systems take the time of the last tick */
#define DEPTH_MAX 32	/* folders in each other */

/* --- trees ------------------------------------------------------------------------------------ */

/* Opens a copy of the folder for readdir; NULL: it can't be read.  The caller closes it. */
static DIR *open_listing(int folder)
{
	int fd = openat(folder, ".", FOLDER_FLAGS);
	DIR *listing = fd >= 0 ? fdopendir(fd) : NULL;

	if (!listing && fd >= 0)
		close(fd);
	return listing;
}

static const char *next_entry(DIR *listing)
{
	const struct dirent *entry;

	do {
		entry = readdir(listing);
	} while (entry && (g_str_equal(entry->d_name, ".") || g_str_equal(entry->d_name, "..")));
	return entry ? entry->d_name : NULL;
}

/* A tree that is given away. */
struct gift {
	uid_t uid;
	gid_t gid;
	dev_t device;
	gint64 since_us;
};

/* Whether it was made after `since_us`, by the file system's word, and may be given away: not by a
 * second name, and not if it was moved here. */
static bool is_of_run(int fd, const struct gift *g, struct statx *st)
{
	return statx(fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME,
		     st) == 0 &&
	       (st->stx_mask & STATX_BTIME) &&
	       st->stx_btime.tv_sec * G_USEC_PER_SEC + st->stx_btime.tv_nsec / 1000 >=
		       g->since_us &&
	       makedev(st->stx_dev_major, st->stx_dev_minor) == g->device &&
	       (S_ISDIR(st->stx_mode) || (S_ISREG(st->stx_mode) && st->stx_nlink == 1));
}

static void give_tree(int folder, const char *name, const struct gift *g, int depth)
{
	int fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), inside;
	struct statx st;
	const char *entry;
	DIR *listing;

	if (fd < 0)
		return;
	if (depth < DEPTH_MAX && is_of_run(fd, g, &st)) {
		inside = S_ISDIR(st.stx_mode) ? openat(fd, ".", FOLDER_FLAGS) : -1;
		listing = inside >= 0 ? open_listing(inside) : NULL;
		while (listing && (entry = next_entry(listing)))
			give_tree(inside, entry, g, depth + 1);
		if (listing)
			closedir(listing);
		if (inside >= 0)
			close(inside);
		if (fchownat(fd, "", g->uid, g->gid, AT_EMPTY_PATH) != 0)
			g_debug("cannot give '%s' away: %s", name, g_strerror(errno));
	}
	close(fd);
}

void files_give_to_user(const files_folder *f, const char *name, gint64 since_us)
{
	struct gift g = {.since_us = since_us - COARSE_US};
	struct stat st;

	if (!files_sudo_user(&g.uid, &g.gid) || fstat(f->fd, &st) != 0)
		return;
	g.device = st.st_dev;
	give_tree(f->fd, name, &g, 0);
}

static void remove_tree(int folder, const char *name, int depth)
{
	int fd = openat(folder, name, FOLDER_FLAGS);
	DIR *listing = fd >= 0 && depth < DEPTH_MAX ? open_listing(fd) : NULL;
	const char *entry;

	while (listing && (entry = next_entry(listing)))
		remove_tree(fd, entry, depth + 1);
	if (listing)
		closedir(listing);
	unlinkat(folder, name, fd >= 0 ? AT_REMOVEDIR : 0);
	if (fd >= 0)
		close(fd);
}

void files_remove_tree(const files_folder *f, const char *name)
{
	work_in(f);
	remove_tree(f->fd, name, 0);
	work_as_before();
}
