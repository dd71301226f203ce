/* SPDX-License-Identifier: GPL-2.0-or-later */
/* view: the files that the processes of a lab see.
 *
 * A new root in memory, with nothing of the machine but what programs need, read-only: /usr and the
 * folders beside it, some of /etc, the devices that everybody may use, this project's programs
 * (VIEW_PROGRAMS) and the folders of clients that the topology names (view_client_folder).  /etc
 * has accounts of its own, and places for resolv.conf and hosts.  Folders at the top of the
 * machine's root are there and empty, so that something can be shown in them (view_show).
 *
 * The view is made once for a lab, before the lab's user namespace when root makes it: then the
 * kernel lets nobody in the lab take a mount away.  Depends on GLib.
 */
#ifndef TESTBED_EXEC_VIEW_H
#define TESTBED_EXEC_VIEW_H

#include <glib.h>
#include <stdbool.h>

#define VIEW_PROGRAMS "/testbed/bin"
/* What programs are looked for in, inside. */
#define VIEW_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:" VIEW_PROGRAMS
#define VIEW_HOME "/tmp"

struct view {
	const char *program_dir;    /* NULL: none */
	const char *const *clients; /* folders, or files, by their real paths; NULL: none */
};

/* Gives the calling process, which must have a mount namespace of its own, this view as its root.
 * False: see errno; `ret_step` says what was refused. */
bool view_enter(const struct view *v, const char **ret_step);

/* Where the view has the folder or file number `i` of `clients`; the caller frees it. */
char *view_client_place(guint i);
/* Whether every view shows this path of the machine. */
bool view_shows(const char *path);
/* What of a client's program the view has: its folder, or the file alone where the folder is
 * somebody's home, above one, or everybody's.  `program`: a real path.  The caller frees it. */
char *view_client_folder(const char *program);

/* Makes a place for a file or folder at `path`, over what is there: where it can't be made, its
 * topmost folder is covered first.  The calling process has a private mount namespace, and what it
 * covers is covered for it alone.  System calls only.  False: see errno. */
bool view_make_place(const char *path, bool folder);

#endif
