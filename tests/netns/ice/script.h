/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a test's network is made with. */
#ifndef TESTS_NETNS_ICE_SCRIPT_H
#define TESTS_NETNS_ICE_SCRIPT_H

/* Runs it by sh, in the namespace of the calling thread; fails the test when it fails. */
void run_script(const char *script);

#endif
