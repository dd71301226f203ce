/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_limits: how large a lab this host allows, by the limits that labs meet first.  Depends on
 * base. */
#ifndef TESTBED_LAB_HOST_LIMITS_H
#define TESTBED_LAB_HOST_LIMITS_H

#include <jansson.h>

/* The feature "limits" of lab_probe (ok, detail, cure): not ok, but low, where the reference
 * topology's labs could not run side by side.  Reads /proc and /sys; the caller owns it. */
json_t *host_limits_probe(void);

#endif
