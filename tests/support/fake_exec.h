/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An exec without a kernel: records the operations that it is asked for, and fails when told to. */
#ifndef TESTS_SUPPORT_FAKE_EXEC_H
#define TESTS_SUPPORT_FAKE_EXEC_H

#include "testbed/exec/exec.h"

/* Fails at the N-th operation that is applied or taken back (counting from 1; 0: never). */
exec *exec_new_fake(unsigned fail_at);
/* What was recorded, one line an operation (char *); borrowed. */
const GPtrArray *exec_fake_log(const exec *x);

#endif
