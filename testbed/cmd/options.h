/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of the verbs: one table, used for parsing and for help.
 *
 * Depends on GLib.
 */
#ifndef TESTBED_CMD_OPTIONS_H
#define TESTBED_CMD_OPTIONS_H

#include <glib.h>
#include <stdbool.h>

/* What a verb takes: a bit for each option, or for several that come together. */
#define OPTION_BIT(n) (G_GUINT64_CONSTANT(1) << (n))
#define OPT_TOPOLOGY OPTION_BIT(0)
#define OPT_SCENARIO OPTION_BIT(1)
#define OPT_ONLY OPTION_BIT(2)
#define OPT_MEDIA OPTION_BIT(3)
#define OPT_PAIRS OPTION_BIT(4)
#define OPT_JOBS OPTION_BIT(5)
#define OPT_SEED OPTION_BIT(6)
#define OPT_OUT OPTION_BIT(7)
#define OPT_JSON OPTION_BIT(8)
#define OPT_FORMAT OPTION_BIT(9)
#define OPT_VERBOSE OPTION_BIT(10)
#define OPT_QUIET OPTION_BIT(11)
#define OPT_COLOR OPTION_BIT(12)
#define OPT_CAPTURE OPTION_BIT(13)
#define OPT_PROTO OPTION_BIT(14)
#define OPT_PORT OPTION_BIT(15)
#define OPT_ALL OPTION_BIT(16)
#define OPT_ICEWARN OPTION_BIT(17)
#define OPT_NO_TRIAL OPTION_BIT(18)
#define OPT_CHANGE OPTION_BIT(19)
#define OPT_NAME OPTION_BIT(20)
#define OPT_WRITE OPTION_BIT(21)
#define OPT_PUBLISH OPTION_BIT(22)
#define OPT_COMMAND OPTION_BIT(23) /* takes a command after "--" */
#define OPT_DRAWING OPTION_BIT(24)
#define OPT_FILE OPTION_BIT(25)
#define OPT_FORCE OPTION_BIT(26)
#define OPT_AT_ONCE OPTION_BIT(27)
#define OPT_EVIDENCE OPTION_BIT(28)
#define OPT_RUN OPTION_BIT(29)
#define OPT_CAPACITY OPTION_BIT(30) /* --rate, --calls, --plot */
#define OPT_IMPORT OPTION_BIT(31)   /* --node, --format, --complete */
#define OPT_SECONDS OPTION_BIT(32)
#define OPT_IPV6 OPTION_BIT(33)
#define OPT_BIND OPTION_BIT(34)
#define OPT_ALLOW OPTION_BIT(35) /* --allow-commands */
#define OPT_LEVEL OPTION_BIT(36)
#define OPT_RANDOM OPTION_BIT(37) /* --random, --student */
#define OPT_ANSWER OPTION_BIT(38) /* --node, --cause, --object */
#define OPT_CSV OPTION_BIT(39)
#define OPT_HTML OPTION_BIT(40)
#define OPT_STORY OPTION_BIT(41)
#define OPT_PROFILE OPTION_BIT(42) /* --wireshark-profile */
#define OPT_READ_ONLY OPTION_BIT(43)
#define OPT_WAY OPTION_BIT(44) /* --trace */
#define OPT_CI OPTION_BIT(45)  /* --junit, --tap, --github */
#define OPT_FRESH OPTION_BIT(50)
#define OPT_STRICT OPTION_BIT(51)
#define OPT_CHANGE_REPORT OPTION_BIT(53)
#define OPT_PRUNE OPTION_BIT(52) /* --prune, --keep, --older-than */
#define OPT_SHARD OPTION_BIT(55)
#define OPT_MERGE OPTION_BIT(56)

/* Values of options; text that was not given is NULL.  GOption asks for gboolean. */
struct options {
	char *topology;
	char *scenario; /* as given: "A,B" */
	char *only, *media, *pairs, *shard, *out, *json, *format, *seed, *seconds, *proto, *port,
		*icewarn, *evidence, *run, *html, *story, *junit, *tap;
	int jobs;
	int verbose; /* how often -v was given */
	gboolean quiet, no_color, all, no_trial, fresh, merge, help;
	int at_once; /* calls that stand at the same time; 0: as the machine's load allows */
	char *file;  /* of -o: where to write to */
	char *rate, *plot;
	char *node, *cause, *object, *student;
	int calls, level; /* level 0: any */
	gboolean trace, github, force, publish, ipv6, complete, allow_commands, random, csv, full;
	gboolean read_only, strict, prune;
	char *keep, *older_than, *change_report;
	char **shown;	  /* "DIR[:rw]"; NULL: none */
	char *name;	  /* of a lab that is up */
	char *write;	  /* capture file */
	char *profile;	  /* folder of a profile for Wireshark */
	char **command;	  /* the words after "--", for verbs that run a command; NULL: none */
	char **captures;  /* "NODE[:IF]"; NULL: none */
	char **changes;	  /* each as under `changes:` of a scenario; NULL: none */
	char **arguments; /* what is left: positional arguments */
};

/* Takes the options in `mask` out of `argv` (NULL-terminated, without program and verb).  false
 * with a G_OPTION_ERROR.  Clear `ret` in both cases. */
bool options_parse(struct options *ret, guint64 mask, const char *const *argv, GError **error);
/* The options of `mask`, ended by one without a name, with the texts that they have for that verb
 * (NULL: any); values go to `o`.  The caller frees the array. */
GOptionEntry *options_of(struct options *o, guint64 mask, const char *verb);
/* For the first "--word" that is no option of `mask`: the one that it is most like, borrowed.
 * NULL: there is none. */
const char *options_meant(guint64 mask, const char *const *argv);
/* Frees all values. */
void options_clear(struct options *o);

/* Help text of a verb, in lines of `columns` columns.  The caller frees it. */
char *options_help(const char *verb, const char *arguments, const char *summary,
		   const char *description, guint64 mask, guint columns);

/* What one option of the verb does, in a line or more; the caller frees it.  NULL: it has none of
 * that name (without its dashes), and *ret_near is the one that it is most like, borrowed, or NULL.
 */
char *options_help_of(const char *verb, guint64 mask, const char *name, guint columns,
		      const char **ret_near);

/* The parts of "a,b,c", which the caller frees with g_strfreev; NULL for NULL. */
char **options_list(const char *text);

#endif
