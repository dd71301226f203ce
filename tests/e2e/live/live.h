/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Labs that stay up, as tests use them: the program is run with a run-time folder of the test's
 * own. */
#ifndef TESTS_E2E_LIVE_LIVE_H
#define TESTS_E2E_LIVE_LIVE_H

#include "tests/support/program.h"

#define COMPANY "tests/data/topologies/company.yaml"

struct home {
	char *folder;  /* XDG_RUNTIME_DIR of everything that is run */
	char *program; /* build/bin/testbed, or a copy that anybody may run */
	unsigned uid;  /* as whom; 0: as we are */
	pid_t guard;   /* ends the labs when the test is killed */
	int guarded;   /* the guard waits until this is closed */
};

/* Ends all its labs with it. */
void home_new(struct home *h, unsigned uid);
void home_clear(struct home *h);

/* Runs the program with these arguments (up to NULL) and waits; `input` (NULL: none) is its
 * standard input. */
void home_run(const struct home *h, struct outcome *ret, const char *input,
	      ...) G_GNUC_NULL_TERMINATED;
/* The same, and the test fails when it exits with another code. */
void home_expect(const struct home *h, int exit_code, ...) G_GNUC_NULL_TERMINATED;
/* Status of one lab, from --json; the caller owns it.  NULL: it is not up. */
json_t *home_status(const struct home *h, const char *name);
/* State of all nodes' kernels without what differs from one moment to the next: numbers, counters,
 * neighbours. */
json_t *home_state(const struct home *h, const char *name);
/* How many files are in the folder of labs. */
guint home_files(const struct home *h);

#endif
