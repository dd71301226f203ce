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
	CMD_INTERNAL = 4,     /* an error that is not the user's: a full disk, a bug */
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

/* All verbs, ended by one without a name, and what `testbed --help` says beside them. */
extern const struct verb cmd_verbs[];
extern const char cmd_about[], cmd_exit_status[];
/* Whether the verb is for scripts only: lists leave it out. */
bool verb_is_hidden(const struct verb *v);
/* The verb that these words begin with, and how many of them it takes; NULL: none. */
const struct verb *cmd_find_verb(char *const *words, guint *ret_words);

/* The verbs, in the file of their name or in run.c and inspect.c.  Each carries out the verb of its
 * name with the options, prints its results and errors, and returns an exit code. */
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
int cmd_nodes(const struct options *o);
int cmd_validate(const struct options *o);
int cmd_schema(const struct options *o);
int cmd_doctor(const struct options *o);
int cmd_scenarios(const struct options *o);
int cmd_report(const struct options *o);
int cmd_runs(const struct options *o);
int cmd_diff(const struct options *o);
int cmd_whatif(const struct options *o);
int cmd_version(const struct options *o);
/* For the installation (manual.c) and for shells (complete.c); hidden. */
int cmd_manual(const struct options *o);
int cmd_complete(const struct options *o);
/* The same for labs that stay up (up.c, live.c, enter.c, live_call.c, set.c, capture.c,
 * serve.c). */
int cmd_up(const struct options *o);
int cmd_down(const struct options *o);
int cmd_status(const struct options *o);
int cmd_credentials(const struct options *o);
int cmd_shell(const struct options *o);
int cmd_exec(const struct options *o);
int cmd_call(const struct options *o);
int cmd_set(const struct options *o);
int cmd_reset(const struct options *o);
int cmd_reboot(const struct options *o);
int cmd_capture(const struct options *o);
int cmd_serve(const struct options *o);
/* Lessons and exercises (lesson.c, exercise.c, exercise_grade.c, exercise_score.c). */
int cmd_lesson(const struct options *o);
int cmd_exercise_list(const struct options *o);
int cmd_exercise_start(const struct options *o);
int cmd_exercise_hint(const struct options *o);
int cmd_exercise_answer(const struct options *o);
int cmd_exercise_check(const struct options *o);
int cmd_exercise_give_up(const struct options *o);
int cmd_exercise_score(const struct options *o);

/* --- topology.c ------------------------------------------------------------------------------- */

/* Folder of the programs that run in a lab (tb-client and its kin).  The caller frees it. */
char *cmd_program_dir(void);
/* A file of the project in one of its folders ("topologies", "lessons", "exercises"; `name` NULL:
 * the folder), beside the program or installed.  The caller frees it. */
char *cmd_shipped(const char *folder, const char *name);
/* The lessons that come with testbed, for a page (docs/STORY.md); NULL: they can't be read, and the
 * page has none. */
json_t *cmd_shipped_lessons(void);
/* The same in "topologies". */
char *cmd_shipped_topology(const char *name);
/* File of -t, or the reference topology beside the program or installed.  The caller frees it. */
char *cmd_topology_path(const struct options *o);
/* The bytes of a regular file that the user named, with a NUL behind them; the caller frees them.
 * NULL: an error was printed. */
char *cmd_read_file(const char *path, gsize max, gsize *ret_length);
/* Puts the text of FILE in the place of each -c @FILE.  False: an error was printed. */
bool cmd_read_changes(struct options *o);
/* Loads that file with the changes of -c; the caller frees the model.  Errors and warnings go to
 * stderr (with --quiet only errors).  NULL: exit with CMD_INPUT. */
model *cmd_topology_load(const struct options *o);
/* The same, with the findings in `found`; nothing is printed. */
model *cmd_topology_read(const struct options *o, diags *found);
/* For a path that does not exist: notes the file that may have been meant, if there is one. */
void cmd_note_meant(const char *path);
/* For a topology that a run names and that could not be loaded: notes, where it is not there, that
 * the name is as seen from where the run was made. */
void cmd_note_elsewhere(const char *path, const char *run_id);
/* Prints errors and warnings about a file on stderr. */
void cmd_tell_findings(const diags *found);
/* The scenario of that name (NULL: the first one), borrowed.  NULL: unknown, which was printed. */
const struct scenario *cmd_scenario(const model *m, const char *name);
/* The topology of a lab that is up with all changes made to it, by its status (docs/LIVE.md); the
 * caller frees it.  NULL: an error was printed. */
model *cmd_live_base(const json_t *status, const struct scenario **ret_scenario);
/* Prints on stderr which endpoints could not sign in and why (live.c); returns how many. */
guint cmd_tell_troubled(const json_t *endpoints);
/* The network of that lab; the caller frees it.  NULL: an error was printed. */
model *cmd_live_model(const json_t *status);
/* The network of a scenario; the caller frees it.  NULL: errors were printed; exit by CMD_INPUT. */
model *cmd_scenario_model(const model *m, const struct scenario *sc);

/* --- next_command.c --------------------------------------------------------------------------- */

/* Sets how the program was called: argv[0]. */
void cmd_set_program(const char *called);
/* What a command begins with that goes on from this one, in a shell's words; borrowed. */
const char *cmd_program(void);
/* The -t of a command about that file, borrowed; NULL: it needs none. */
const char *cmd_topology_argument(const char *file);
/* How a run was made, for the commands that go on from it.  `folder` is the run's, or NULL where it
 * is the last run.  Borrows from all of them. */
struct run_args cmd_run_args(const results *r, const struct options *o, const char *folder,
			     char ret_seed[static 24]);

/* --- live.c ----------------------------------------------------------------------------------- */

/* Whether a verb that could use a fresh lab works in one that is up: in that of -n, and where no
 * option describes a network, in the one that `call` would take.  Where no option decides it, a
 * note says which it is. */
bool cmd_uses_live_lab(const struct options *o);

/* --- trace.c ---------------------------------------------------------------------------------- */

struct flow;
/* The flow that the arguments A B, --proto, --port and --ipv6 describe; borrows from them.  False:
 * an error was printed. */
bool cmd_parse_flow(const model *m, const struct options *o, struct flow *ret);

/* --- commands.c ------------------------------------------------------------------------------- */

/* Whether the programs that the topology or a scenario names as clients are there and may run: by
 * --allow-commands, or because the user says so at the terminal, where they are shown.  0, or the
 * exit code after an error was printed. */
int cmd_allow_commands(const struct options *o, const model *m);
/* Adds an error for each that is not there. */
void cmd_find_commands(const model *m, diags *found);
/* Notes which they are, if there are any. */
void cmd_tell_commands(const char *path, const model *m);

/* What -t and -s choose. */
typedef struct network_choice {
	model *base; /* owns the scenario */
	const struct scenario *scenario;
	model *model; /* the scenario's network */
} network_choice;
/* 0, or the exit code after an error was printed.  Call network_choice_clear in both cases. */
int cmd_network_choose(const struct options *o, network_choice *ret);
/* The same; without -s it is the network of the file itself, and there is no scenario. */
int cmd_network_declared(const struct options *o, network_choice *ret);
void network_choice_clear(network_choice *c);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(network_choice, network_choice_clear)

/* --- output.c --------------------------------------------------------------------------------- */

/* Style of a stream (1 or 2): colour and width as the terminal and the options say. */
struct report_style cmd_style(const struct options *o, int fd);
/* Columns for text on a stream: the terminal's from 40 to 120, else 80. */
unsigned cmd_columns(int fd);
/* Whether stderr is a terminal on which lines can be drawn anew. */
bool cmd_redraws(void);
unsigned cmd_rows(void); /* of stderr's terminal */
/* These are the only ways to stdout and stderr, and let nothing through that could control a
 * terminal (report/style.h).  Text (cmd_print, cmd_tell) is broken at words on a terminal; a
 * document, which programs read, is not.
 * They write to stdout (`length` -1: up to its NUL).  Return CMD_AS_EXPECTED; 128+SIGPIPE when the
 * reader has gone; CMD_INTERNAL when writing fails, which was printed on stderr. */
int cmd_print(const char *text, gssize length);
int cmd_print_document(const char *text, gssize length);
void cmd_tell(const char *text); /* writes it to stderr */
/* Draws lines on stderr's terminal in place of those drawn before; "" takes them away, as all other
 * output does.  Of more lines than the terminal has rows the last ones are drawn. */
void cmd_draw(const char *text);
/* These print "testbed: error: ..." and "testbed: ..." on stderr.  cmd_error returns false, and
 * cmd_fail `code`, for the caller to return. */
bool cmd_error(const char *format, ...) G_GNUC_PRINTF(1, 2);
int cmd_fail(int code, const char *format, ...) G_GNUC_PRINTF(2, 3);
void cmd_note(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* Whether a file's name on the command line stands for stdout: "-"; NULL is no file. */
bool cmd_is_stdout(const char *where);
/* Notes what this host could not contain of a lab (struct lab_build); NULL: it contains all. */
void cmd_note_uncontained(const char *parts);
/* The exit code for an error of a lower layer. */
int cmd_exit_of(const GError *error);
/* Prints the error on stderr and returns its exit code. */
int cmd_failed(const GError *error);
/* How long media is sent, by --seconds or the default.  False: an error was printed. */
bool cmd_media_ms(const struct options *o, guint default_ms, guint *ret_ms);
/* The seed of --seed, or a random one.  False: an error was printed. */
bool cmd_seed(const struct options *o, guint64 *ret);
/* Writes a JSON document to the file `where`, which is replaced as a whole; "-": to stdout. Returns
 * the exit code; an error was printed. */
int cmd_write_json(const char *where, const char *text);
int cmd_write_document(const char *where, const json_t *document, size_t indent);

#endif
