/* Options of the verbs: one table, from which parsing and help both come.
 *
 * Depends on GLib.
 */
#ifndef TESTBED_CMD_OPTIONS_H
#define TESTBED_CMD_OPTIONS_H

#include <glib.h>
#include <stdbool.h>

enum {
	OPT_TOPOLOGY = 1u << 0,
	OPT_SCENARIO = 1u << 1,
	OPT_ONLY = 1u << 2,
	OPT_MEDIA = 1u << 3,
	OPT_PAIRS = 1u << 4,
	OPT_JOBS = 1u << 5,
	OPT_SEED = 1u << 6,
	OPT_OUT = 1u << 7,
	OPT_JSON = 1u << 8,
	OPT_FORMAT = 1u << 9,
	OPT_VERBOSE = 1u << 10,
	OPT_QUIET = 1u << 11,
	OPT_COLOR = 1u << 12,
	OPT_CAPTURE = 1u << 13,
	OPT_PROTO = 1u << 14,
	OPT_PORT = 1u << 15,
	OPT_ALL = 1u << 16,
	OPT_ICEWARN = 1u << 17,
	OPT_NO_TRIAL = 1u << 18,
	OPT_CHANGE = 1u << 19,
	OPT_NAME = 1u << 20,
	OPT_WRITE = 1u << 21,
	OPT_PUBLISH = 1u << 22,
	OPT_COMMAND = 1u << 23, /* takes a command after "--" */
	OPT_AT_ONCE = 1u << 27,
	OPT_DRAWING = 1u << 24,
	OPT_FILE = 1u << 25,
	OPT_FORCE = 1u << 26,
	OPT_EVIDENCE = 1u << 28,
	OPT_RUN = 1u << 29,
	OPT_CAPACITY = 1u << 30, /* --rate, --calls, --plot */
};
/* An enumerator is an int, which has no such bits. */
#define OPT_IMPORT (G_GUINT64_CONSTANT(1) << 31) /* --node, --format */
#define OPT_SECONDS (G_GUINT64_CONSTANT(1) << 32)

struct options {
	char *topology;
	char *scenario; /* as given: "A,B" */
	char *only, *media, *pairs, *out, *json, *format, *seed, *seconds, *proto, *port, *icewarn, *evidence, *run;
	int jobs;
	int verbose; /* how often -v was given */
	gboolean quiet, no_color, all, no_trial, fresh, help;
	int at_once; /* calls that stand at the same time; 0: as the machine's load allows */
	char *file; /* where to write to */
	char *rate, *plot;
	char *node;
	int calls;
	gboolean force, publish;
	char *name;  /* of a lab that is up */
	char *write; /* capture file */
	char **command; /* what stood after "--", for verbs that run a command; NULL: nothing */
	char **captures; /* NULL: none */
	char **changes;  /* the same; each as under `changes:` of a scenario */
	char **arguments; /* what is left: positional arguments */
};

/* Takes the options in `mask` out of `argv` (NULL-terminated, without program and verb).  FALSE with a
 * G_OPTION_ERROR.  Clear `ret` in both cases. */
gboolean options_parse(struct options *ret, guint64 mask, const char *const *argv, GError **error);
void options_clear(struct options *o);

/* Help text of a verb.  The caller frees it. */
char *options_help(const char *verb, const char *arguments, const char *summary, const char *description, guint64 mask);

/* "a,b,c" -> list; NULL stays NULL.  Free with g_strfreev. */
char **options_list(const char *text);

#endif
