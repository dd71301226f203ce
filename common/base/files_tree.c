/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/base/files_private.h"

#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#define DEPTH_MAX 32 /* folders in each other */

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
