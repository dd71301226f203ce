/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client_programs: the programs that a topology names as clients, and where a lab sees them.
 *
 * They are looked for before the lab starts, in the machine's files; the lab has a view of its own
 * (exec/view.h), which gets their folders.  Depends on exec, plan and base.
 */
#ifndef TESTBED_LAB_CLIENT_PROGRAMS_H
#define TESTBED_LAB_CLIENT_PROGRAMS_H

#include "testbed/plan/plan.h"

typedef struct client_programs client_programs;

/* Those of the plan; one that isn't found is left out.  A path with a slash is taken from the
 * working folder. */
client_programs *client_programs_find(const plan *p);
void client_programs_free(client_programs *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(client_programs, client_programs_free)

/* For struct view: borrowed, NULL-terminated. */
const char *const *client_programs_shown(const client_programs *c);

/* The path of the program that the topology calls `word`, borrowed; NULL: it was not found. */
const char *client_programs_path(const client_programs *c, const char *word);
/* What the program's process must be shown, as a pair for file_view_add_pair, which the caller
 * frees; false: nothing, every process sees it. */
bool client_programs_pair(const client_programs *c, const char *word, char **ret_path,
			  char **ret_content);
/* Where the lab's view, and not only the program's process, has the program; the caller frees. */
char *client_programs_place(const client_programs *c, const char *word);
/* Where they are started. */
const char *client_programs_folder(const client_programs *c);

#endif
