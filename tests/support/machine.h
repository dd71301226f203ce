/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of the machine no lab may change, as text: links, addresses, routes, rules, nftables, the
 * settings of networks, mounts, named namespaces.  Without what changes by itself: counters,
 * lifetimes, numbers of tracked sessions. */
#ifndef TESTS_SUPPORT_MACHINE_H
#define TESTS_SUPPORT_MACHINE_H

/* The caller frees it.  What this host has no tool for, or we no right to, is left out. */
char *machine_snapshot(void);
/* The test fails, with the lines that differ, when the machine is not as in `before`. */
void machine_expect_untouched(const char *before, const char *when);

#endif
