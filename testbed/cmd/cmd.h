/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd: the verbs of `testbed`, and what they share.
 *
 * Depends on every other layer.  Only this layer prints.
 */
#ifndef TESTBED_CMD_CMD_H
#define TESTBED_CMD_CMD_H

#include "common/base/json.h"
#include "testbed/cmd/options.h"
#include "testbed/model/model.h"
#include "testbed/report/text.h"

enum cmd_exit {
	CMD_AS_EXPECTED = 0,  /* every cell came out as expected */
	CMD_DIFFERS = 1,      /* at least one did not */
	CMD_USAGE = 2,	      /* wrong arguments, or nothing to run */
	CMD_INPUT = 3,	      /* a topology or scenario file is wrong */
	CMD_INTERNAL = 4,     /* a trouble of our own: a disk that is full, a bug */
	CMD_UNSUPPORTED = 77, /* this host can't run labs */
	CMD_SIGNAL = 128,     /* plus the signal's number, after partial results were written */
};

struct verb {
	const char *name;      /* one or two words: "run matrix" */
	const char *arguments; /* for the usage line, or NULL */
	const char *summary;
	const char *description;  /* for the verb's own help, or NULL */
	guint64 options;	  /* bits OPT_* */
	guint args_min, args_max; /* positional arguments */
	int (*run)(const struct options *o);
};

/* The whole program; returns its exit code. */
int cmd_main(int argc, char **argv);

/* The verbs (run.c, trace.c, explain.c, plan.c, graph.c, init.c, import.c, inspect.c); each returns
 * an exit code. */
int cmd_run_matrix(const struct options *o);
int cmd_run_call(const struct options *o);
int cmd_run_nat(const struct options *o);
int cmd_run_capacity(const struct options *o);
int cmd_trace(const struct options *o);
int cmd_explain(const struct options *o);
int cmd_plan(const struct options *o);
int cmd_init(const struct options *o);
int cmd_import(const struct options *o);
int cmd_graph(const struct options *o);
int cmd_validate(const struct options *o);
int cmd_doctor(const struct options *o);
int cmd_scenarios(const struct options *o);
int cmd_report(const struct options *o);
int cmd_version(const struct options *o);
/* Labs that stay up (up.c, live.c, enter.c, live_call.c, set.c) */
int cmd_up(const struct options *o);
int cmd_down(const struct options *o);
int cmd_status(const struct options *o);
int cmd_shell(const struct options *o);
int cmd_exec(const struct options *o);
int cmd_call(const struct options *o);
int cmd_set(const struct options *o);
int cmd_reset(const struct options *o);
int cmd_reboot(const struct options *o);
int cmd_capture(const struct options *o);

/* --- topology.c ------------------------------------------------------------------------------- */

/* Folder of the running program (where the agents are too).  The caller frees it. */
char *cmd_program_dir(void);
/* A topology file of the project, beside the program or installed.  The caller frees it. */
char *cmd_shipped_topology(const char *name);
/* File of -t, or the reference topology beside the program or installed.  The caller frees it. */
char *cmd_topology_path(const struct options *o);
/* Loads it; findings go to stderr.  NULL: exit with CMD_INPUT. */
model *cmd_topology_load(const struct options *o);
/* Findings about a file go to stderr. */
void cmd_tell_findings(const diags *found);
/* The scenario of that name or, with NULL, the first one; unknown names are told on stderr. */
const struct scenario *cmd_scenario(const model *m, const char *name);
/* The topology of a lab that is up with all that was changed since, by its status (docs/LIVE.md);
 * NULL: told on stderr.  The caller owns it. */
model *cmd_live_base(const json_t *status, const struct scenario **ret_scenario);
/* The cell that the answer to a call holds (live_call.c); NULL with `error`.  The caller owns it.
 */
struct cell *cmd_live_cell(const json_t *answer, GError **error);
/* Tells on stderr which endpoints could not sign in and why (live.c); returns how many. */
guint cmd_tell_troubled(const json_t *endpoints);
/* The network of that lab's scenario. */
model *cmd_live_model(const json_t *status);
/* The network of that scenario; findings go to stderr.  NULL: exit with CMD_INPUT. */
model *cmd_scenario_model(const model *m, const struct scenario *sc);

/* All three by -t and -s. */
typedef struct network_choice {
	model *base; /* owns the scenario */
	const struct scenario *scenario;
	model *model;
} network_choice;
/* 0, or the exit status after the reason was told on stderr.  network_choice_clear in both cases.
 */
int cmd_network_choose(const struct options *o, network_choice *ret);
void network_choice_clear(network_choice *c);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(network_choice, network_choice_clear)

/* --- output.c --------------------------------------------------------------------------------- */

/* Style of a stream (1 or 2): colour and width as the terminal and the options say. */
struct report_style cmd_style(const struct options *o, int fd);
/* Writes all of `text` to stdout.  Returns CMD_AS_EXPECTED; 128+SIGPIPE when nobody reads any more,
 * CMD_INTERNAL when it can't be written (told on stderr). */
int cmd_print(const char *text, gssize length);
/* "testbed: error: ..." on stderr. */
void cmd_error(const char *format, ...) G_GNUC_PRINTF(1, 2);
void cmd_note(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* The exit code for an error of a lower layer. */
int cmd_exit_of(const GError *error);
/* Tells the error on stderr.  Returns its exit code. */
int cmd_failed(const GError *error);
/* Media's time by --seconds, or the default.  false: told on stderr. */
bool cmd_media_ms(const struct options *o, guint default_ms, guint *ret_ms);
/* Seed of --seed, or one drawn by lot.  false: told on stderr. */
bool cmd_seed(const struct options *o, guint64 *ret);
/* Writes a JSON document where --json says; the file is replaced as a whole. */
int cmd_write_json(const char *where, const char *text);
int cmd_write_document(const char *where, const json_t *document, size_t indent);

#endif
