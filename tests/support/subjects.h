/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Subjects by hand, for findings that no walk has made. */
#ifndef TESTS_SUPPORT_SUBJECTS_H
#define TESTS_SUPPORT_SUBJECTS_H

#include "testbed/model/subject.h"

/* The subject of that kind of node `node`: of a rule, NAT, tunnel, interface or record by its name,
 * of a policy by its chain's, of an address or a route by what it reads in a file, of an account by
 * its user.  Fails the test when the model has no such rule, NAT or tunnel.  For subject_clear. */
struct subject subject_find(const model *m, const char *node, enum subject_kind kind,
			    const char *name);

#endif
