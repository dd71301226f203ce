/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The load of the machine that the labs run on. */
#ifndef TESTBED_MATRIX_LOAD_H
#define TESTBED_MATRIX_LOAD_H

#include "testbed/matrix/pace.h"

/* Processor times of the machine; false, and zeros, where /proc/stat can't be read. */
bool load_read(struct pace_times *ret);

#endif
