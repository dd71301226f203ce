/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The result of `run capacity` as a drawing.  Pure. */
#ifndef TESTBED_CMD_CAPACITY_H
#define TESTBED_CMD_CAPACITY_H

#include "testbed/matrix/capacity.h"

/* An SVG document: MOS, one-way delay and load of the tunnel against the number of calls at once, a
 * line for each design (struct capacity_design).  Appends to `out`. */
void capacity_plot(const GPtrArray *designs, GString *out);

#endif
