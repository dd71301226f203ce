/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a run was made, as the arguments of a command that goes on from it.  Every command that is
 * printed for a user to type next is made here, so that it names the same network and can be
 * pasted.
 *
 * Depends on model.  Pure.
 */
#ifndef TESTBED_REPORT_RUN_ARGS_H
#define TESTBED_REPORT_RUN_ARGS_H

#include "testbed/model/results.h"

struct run_args {
	const char *program;  /* in a shell's words: "sudo build/bin/testbed"; NULL: "testbed" */
	const char *topology; /* NULL: the one that verbs take when none is named */
	char *const *changes; /* of -c; NULL: none */
	const char *folder;   /* that --out named; NULL: the run is the last one */
	const char *seed;     /* NULL: nothing in the run was drawn by lot but the order of calls */
	bool allow_commands;
};

/* Those of a run whose results say it; borrows from `r` and `ret_seed`. */
struct run_args run_args_of(const results *r, char ret_seed[static 24]);

/* Appends the word, quoted for a shell where it must be. */
void run_args_word(GString *out, const char *word);
/* "testbed VERB -t FILE -c CHANGE": a command on the same network; the caller appends the rest and
 * frees it. */
GString *run_args_begin(const struct run_args *a, const char *verb);
/* The same for a command that places the run's calls again: with seed and consent. */
GString *run_args_begin_run(const struct run_args *a, const char *verb);
/* The command that explains a cell of the run; the caller frees it. */
char *run_args_explain(const struct run_args *a, const char *cell_id);

#endif
