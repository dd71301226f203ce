/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lab in a test: started from a topology, its callbacks written down. */
#ifndef TESTS_E2E_LAB_HARNESS_H
#define TESTS_E2E_LAB_HARNESS_H

#include "testbed/lab/lab.h"

#include <stdbool.h>

#define DEADLINE_S 60

struct watched {
	diags *found;
	model *base, *m;
	plan *p;
	lab *l;
	bool built, failed;
	int code;	    /* of the failure */
	char *message;	    /* of the failure */
	GPtrArray *ready;   /* names of agents that said so */
	GPtrArray *died;    /* "NAME: how" */
	GPtrArray *answers; /* names of agents that sent a `stats` event */
};

/* Starts the lab of a scenario; fails the test when it can't. */
void watched_start(struct watched *w, const char *scenario, const char *program_dir);
/* The same with the built programs, until it stands; fails the test when that fails. */
void watched_up(struct watched *w, const char *scenario);
/* Kills it and frees everything. */
void watched_end(struct watched *w);

/* Runs the main loop until the condition holds; false after DEADLINE_S. */
bool run_until(bool (*condition)(gpointer user_data), gpointer user_data);
bool is_settled(gpointer watched); /* built or failed */

/* "BUILD/bin"; the caller frees. */
char *built_programs(void);
bool has_text(const GPtrArray *list, const char *text);

#endif
