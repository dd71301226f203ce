/* SPDX-License-Identifier: GPL-2.0-or-later */
/* programs: finds the programs that a lab runs, and names the packages of missing ones. Depends
 * on exec. */
#ifndef TESTBED_LAB_PROGRAMS_H
#define TESTBED_LAB_PROGRAMS_H

#include "testbed/base/diag.h"

/* The file of a program: of `program_dir` when that is given; else as it is when it has a slash in
 * it, or from PATH and the directories of system daemons, which a user's PATH often lacks.
 * TB_ERROR_UNSUPPORTED with the package that brings it when there is none.  The caller frees. */
char *program_find(const char *name, const char *program_dir, GError **error);

#endif
