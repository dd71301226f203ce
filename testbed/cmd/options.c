/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/options.h"

#include "testbed/base/diag.h"
#include "testbed/report/wrap.h"

#include <stddef.h>
#include <string.h>

#define ROW(bit_, member, letter, type, name, value, text)                              \
	{                                                                               \
		(bit_), offsetof(struct options, member),                               \
		{                                                                       \
			(name), (letter), 0, G_OPTION_ARG_##type, NULL, (text), (value) \
		}                                                                       \
	}

static const struct option_row {
	guint64 bit; /* 0: every verb has it */
	size_t offset;
	GOptionEntry entry; /* arg_data is filled in when it is used */
} option_rows[] = {
	ROW(OPT_TOPOLOGY, topology, 't', FILENAME, "topology", "FILE",
	    "topology file (default: the reference topology)"),
	ROW(OPT_SCENARIO, scenario, 's', STRING, "scenario", "NAME,...",
	    "scenarios, separated by commas"),
	ROW(OPT_CHANGE, changes, 'c', STRING_ARRAY, "change", "CHANGE",
	    "one more change of the network, as in a scenario; @FILE: a list of them"),
	ROW(OPT_ONLY, only, 0, STRING, "only", "REGEX",
	    "only cells whose id matches this regular expression"),
	ROW(OPT_MEDIA, media, 0, STRING, "media", "MEDIUM,...",
	    "im, audio, video, im-conference, av-conference"),
	ROW(OPT_PAIRS, pairs, 0, STRING, "pairs", "A:B,...", "only calls between these endpoints"),
	ROW(OPT_JOBS, jobs, 'j', INT, "jobs", "N", "labs that run at the same time (default: all)"),
	ROW(OPT_AT_ONCE, at_once, 0, INT, "at-once", "N",
	    "calls that are all in progress before the first is hung up"),
	ROW(OPT_SEED, seed, 0, STRING, "seed", "NUMBER",
	    "order of calls and all else that is drawn by lot"),
	ROW(OPT_SECONDS, seconds, 0, STRING, "seconds", "S",
	    "how long the call's media runs (default: 0.8)"),
	ROW(OPT_OUT, out, 'o', FILENAME, "out", "DIR",
	    "run folder: events.jsonl, results.json, nodes/"),
	ROW(OPT_SHARD, shard, 0, STRING, "shard", "I/N",
	    "only the Ith of N equal parts of the cells, for as many machines"),
	ROW(OPT_MERGE, merge, 0, NONE, "merge", NULL,
	    "take the results of several runs as those of one"),
	ROW(OPT_CAPTURE, captures, 0, STRING_ARRAY, "capture", "NODE[:IF]",
	    "record packets into the run folder (pcapng)"),
	ROW(OPT_JSON, json, 0, FILENAME, "json", "FILE",
	    "write JSON to this file; '-', or no FILE at the end: to stdout, and nothing else "
	    "there"),
	ROW(OPT_HTML, html, 0, FILENAME, "html", "FILE",
	    "write a page that shows it, one file for any browser"),
	ROW(OPT_STORY, story, 0, FILENAME, "story", "FILE",
	    "write what the page shows as JSON (docs/STORY.md)"),
	ROW(OPT_CI, junit, 0, FILENAME, "junit", "FILE",
	    "write JUnit's XML to this file, a test for each cell; '-': to stdout"),
	ROW(OPT_CI, tap, 0, FILENAME, "tap", "FILE",
	    "write TAP to this file, a test for each cell; '-': to stdout"),
	ROW(OPT_CI, github, 0, NONE, "github", NULL,
	    "tell GitHub each cause of what differs, and write the step's summary"),
	ROW(OPT_CHANGE_REPORT, change_report, 0, FILENAME, "change-report", "FILE",
	    "write a page for a change: tested, broken, cause, fix, rollback (HTML, or Markdown: "
	    ".md, '-')"),
	ROW(OPT_FORMAT, format, 'f', STRING, "format", "FORMAT",
	    "text, json or sh (ip and nft commands)"),
	ROW(OPT_DRAWING, format, 'f', STRING, "format", "FORMAT",
	    "svg, dot or mermaid (default: as FILE ends, else dot)"),
	ROW(OPT_FILE, file, 'o', FILENAME, "output", "FILE",
	    "write to this file (default: stdout)"),
	ROW(OPT_FORCE, force, 0, NONE, "force", NULL, "replace a file that is there"),
	ROW(OPT_PROTO, proto, 0, STRING, "proto", "PROTOCOL", "udp, tcp or icmp (default: udp)"),
	ROW(OPT_WAY, trace, 0, NONE, "trace", NULL, "draw the way of a packet from A to B, too"),
	ROW(OPT_PORT, port, 0, STRING, "port", "N",
	    "destination port (default: none, no rule about ports matches)"),
	ROW(OPT_IPV6, ipv6, '6', NONE, "ipv6", NULL,
	    "to the IPv6 address of B (default: to its first)"),
	ROW(OPT_ALL, all, 0, NONE, "all", NULL, "not only a part"),
	ROW(OPT_RUN, run, 0, FILENAME, "run", "RUNDIR", "explain what this earlier run recorded"),
	ROW(OPT_FRESH, fresh, 0, NONE, "fresh", NULL,
	    "in a fresh lab, whatever is up or was recorded"),
	ROW(OPT_PRUNE, prune, 0, NONE, "prune", NULL,
	    "remove runs, as --keep and --older-than say"),
	ROW(OPT_PRUNE, keep, 0, STRING, "keep", "N", "the N newest stay"),
	ROW(OPT_PRUNE, older_than, 0, STRING, "older-than", "DAYS",
	    "what is not so many days old stays"),
	ROW(OPT_STRICT, strict, 0, NONE, "strict", NULL,
	    "also warn of what nobody uses and what can't be found; any warning is exit status 1"),
	ROW(OPT_CAPACITY, rate, 0, STRING, "rate", "RATE",
	    "of every tunnel, each way (default: the topology's)"),
	ROW(OPT_CAPACITY, calls, 0, INT, "calls", "N",
	    "most calls at once that are tried (default: 32)"),
	ROW(OPT_CAPACITY, plot, 0, FILENAME, "plot", "FILE",
	    "draw MOS, delay and load against calls (SVG)"),
	ROW(OPT_IMPORT, node, 0, STRING, "node", "NAME",
	    "whose output it is (default: FILE's name up to its first dot)"),
	ROW(OPT_IMPORT, format, 'f', STRING, "format", "FORMAT",
	    "of all files (default: each as it looks)"),
	ROW(OPT_IMPORT, complete, 0, NONE, "complete", NULL,
	    "add what calls need: servers, clients, and what connects them"),
	ROW(OPT_EVIDENCE, evidence, 0, STRING, "evidence", "on|off",
	    "keep what 'testbed explain' needs (default: on)"),
	ROW(OPT_EVIDENCE, full, 0, NONE, "full", NULL,
	    "keep whole packets of all nodes, so that Wireshark reads the TLS in them"),
	ROW(OPT_NO_TRIAL, no_trial, 0, NONE, "no-trial", NULL, "derive the fix, and do not try it"),
	ROW(OPT_NAME, name, 'n', STRING, "name", "NAME",
	    "name of a lab that is up (default: the only one)"),
	ROW(OPT_WRITE, write, 'w', FILENAME, "write", "FILE",
	    "write pcapng to this file; '-': to stdout, and nothing else there"),
	ROW(OPT_PROFILE, profile, 0, FILENAME, "wireshark-profile", "DIR",
	    "make a profile for Wireshark in this new folder, capture nothing"),
	ROW(OPT_READ_ONLY, read_only, 0, NONE, "read-only", NULL,
	    "viewers look on: the page calls nobody and changes nothing"),
	ROW(OPT_PUBLISH, publish, 0, NONE, "publish", NULL,
	    "show the nodes to 'ip netns' (as root; undone by 'down')"),
	ROW(OPT_BIND, shown, 'b', FILENAME_ARRAY, "bind", "DIR[:rw]",
	    "show the command this folder of yours, read-only or ':rw'"),
	ROW(OPT_ALLOW, allow_commands, 0, NONE, "allow-commands", NULL,
	    "run the programs that the topology names as clients"),
	ROW(OPT_RANDOM, random, 0, NONE, "random", NULL, "draw a fault by lot (see --seed)"),
	ROW(OPT_LEVEL, level, 'l', INT, "level", "N", "only of this level: 1, 2 or 3"),
	ROW(OPT_RANDOM, student, 0, STRING, "student", "NAME",
	    "whose record it is (default: the user)"),
	ROW(OPT_ANSWER, node, 0, STRING, "node", "NODE", "where the fault is"),
	ROW(OPT_ANSWER, cause, 0, STRING, "cause", "CODE",
	    "what it is, by a code of docs/EXPLAIN.md: NO_ROUTE"),
	ROW(OPT_ANSWER, object, 0, STRING, "object", "OBJECT",
	    "which route, rule, interface, name or service: 10.20.0.0/24"),
	ROW(OPT_CSV, csv, 0, NONE, "csv", NULL, "as a table for a spreadsheet (CSV)"),
	ROW(OPT_ICEWARN, icewarn, 0, STRING, "icewarn", "VALUE",
	    "say what the bits of a client's ICEWarn mean, run nothing"),
	ROW(OPT_VERBOSE, verbose, 'v', NONE, "verbose", NULL, "say more; -vv: still more"),
	ROW(OPT_QUIET, quiet, 'q', NONE, "quiet", NULL, "no progress"),
	ROW(OPT_COLOR, no_color, 0, NONE, "no-color", NULL,
	    "no colours (also: NO_COLOR in the environment)"),
	ROW(0, help, 'h', NONE, "help", NULL, "show this"),
};

/* Help texts of options that mean something else to one verb. */
static const struct meaning_row {
	const char *verb, *option, *text;
} meanings[] = {
	{"report", "topology", "that the run was of, for --html (default: where it was)"},
	{"down", "all", "every lab that is up"},
	{"explain", "all", "try the fix on every other call, too"},
	{"explain", "change-report",
	 "write a page for a change: the call, its cause, fix, commands, rollback (HTML, or "
	 "Markdown: .md, '-')"},
	{"explain", "write", "write the call's packets to this file, as pcapng for Wireshark"},
	{"run nat", "all", "wait for long timeouts, too"},
	{"trace", "name",
	 "a lab that is up, as it is now (default: the only one, else a fresh one)"},
	{"explain", "name", "a lab that is up (default for A B: the only one, else a fresh one)"},
	{"serve", "port", "to listen on (default: any that is free)"},
	{"status", "name", "only this lab (default: all)"},
	{"up", "name", "its name (default: lab)"},
	{"exercise start", "name", "the name of its lab (default: exercise)"},
	{"exercise start", "seed", "of the lot"},
	{"lesson", "name", "the name of its lab (default: lesson)"},
	{"run matrix", "force", "replace the run that the folder of --out has"},
	{"run call", "force", "replace the run that the folder of --out has"},
	{"run call", "scenario", "the scenario (default: the first)"},
	{"run nat", "scenario", "the scenario (default: the first)"},
	{"trace", "scenario", "the scenario (default: the first)"},
	{"explain", "scenario", "the scenario (default: the first)"},
	{"up", "scenario", "the scenario (default: the first)"},
	{"graph", "scenario", "as this scenario changes it (default: as the file says)"},
	{"graph", "all", "draw every node, however many there are"},
	{"nodes", "scenario", "as this scenario changes it (default: as the file says)"},
	{"plan", "scenario", "the scenario (default: the first)"},
	{"run call", "media", "im, audio or video (default: audio)"},
	{"explain", "media", "im, audio or video (default: audio)"},
	{"call", "media", "im, audio or video (default: audio)"},
	{"run capacity", "media", "audio, or video with audio (default: video)"},
	{"run capacity", "seconds", "how long a call's media runs (default: 5)"},
};

/* The help text of an option for that verb (NULL: any). */
static const char *option_text(const char *verb, const GOptionEntry *entry)
{
	for (guint i = 0; verb && i < G_N_ELEMENTS(meanings); i++) {
		if (g_str_equal(meanings[i].verb, verb) &&
		    g_str_equal(meanings[i].option, entry->long_name))
			return meanings[i].text;
	}
	return entry->description;
}

GOptionEntry *options_of(struct options *o, guint64 mask, const char *verb)
{
	GOptionEntry *entries = g_new0(GOptionEntry, G_N_ELEMENTS(option_rows) + 1);
	guint n = 0;

	for (guint i = 0; i < G_N_ELEMENTS(option_rows); i++) {
		const struct option_row *row = &option_rows[i];

		if (row->bit != 0 && !(mask & row->bit))
			continue;
		entries[n] = row->entry;
		entries[n].description = option_text(verb, &row->entry);
		entries[n++].arg_data = (char *)o + row->offset;
	}
	return entries;
}

/* A GOption context with the options of `mask`, which writes into `o`; the caller frees it. */
static GOptionContext *context_new(struct options *o, guint64 mask, const char *verb)
{
	GOptionContext *context = g_option_context_new(NULL);
	g_autofree GOptionEntry *entries = options_of(o, mask, verb);

	g_option_context_set_help_enabled(context, FALSE);
	g_option_context_add_main_entries(context, entries, NULL);
	return context;
}

/* How often -v was given; GOption knows only whether it was. */
static int count_verbose(const char *const *argv)
{
	int n = 0;

	for (; *argv && !g_str_equal(*argv, "--"); argv++) {
		size_t length = strlen(*argv);

		if (g_str_equal(*argv, "--verbose"))
			n++;
		else if (length > 1 && (*argv)[0] == '-' && strspn(*argv + 1, "v") == length - 1)
			n += (int)length - 1;
	}
	return n;
}

/* Numbers of which there is at least one; GOption does not tell 0 from none given. */
static const struct count_row {
	const char *option;
	size_t offset;
} counts[] = {
	{"jobs", offsetof(struct options, jobs)},
	{"at-once", offsetof(struct options, at_once)},
	{"calls", offsetof(struct options, calls)},
	{"level", offsetof(struct options, level)},
};

#define NOT_GIVEN G_MININT

static int *count_of(struct options *o, guint i)
{
	return (int *)(gpointer)((char *)o + counts[i].offset);
}

/* Those that were not given become 0; false with `error`: one that was is less than 1. */
static bool check_counts(struct options *o, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(counts); i++) {
		int *n = count_of(o, i);

		if (*n == NOT_GIVEN) {
			*n = 0;
		} else if (*n < 1) {
			g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
				    "--%s %d: at least 1", counts[i].option, *n);
			return false;
		}
	}
	return true;
}

const char *options_meant(guint64 mask, const char *const *argv)
{
	const char *names[G_N_ELEMENTS(option_rows) + 1] = {0};
	struct options unused;
	g_autofree GOptionEntry *entries = options_of(&unused, mask, NULL);

	for (guint i = 0; entries[i].long_name; i++)
		names[i] = entries[i].long_name;
	for (; *argv && !g_str_equal(*argv, "--"); argv++) {
		g_autofree char *name = g_str_has_prefix(*argv, "--") ?
						g_strndup(*argv + 2, strcspn(*argv + 2, "=")) :
						NULL;

		if (name && !g_strv_contains(names, name))
			return diag_nearest(name, names);
	}
	return NULL;
}

/* Whether the last word is --json, without a file behind it: that means stdout. */
static bool ends_with_json(const char *const *argv)
{
	for (; *argv && !g_str_equal(*argv, "--"); argv++)
		if (!argv[1] && g_str_equal(*argv, "--json"))
			return true;
	return false;
}

bool options_parse(struct options *ret, guint64 mask, const char *const *argv, GError **error)
{
	g_autoptr(GOptionContext) context = NULL;
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	guint first = 1;
	char **args;

	*ret = (struct options){0};
	for (guint i = 0; i < G_N_ELEMENTS(counts); i++)
		*count_of(ret, i) = NOT_GIVEN;
	context = context_new(ret, mask, NULL);
	g_ptr_array_add(all, g_strdup("testbed")); /* GOption passes over the program's name */
	for (guint i = 0; argv[i]; i++)
		g_ptr_array_add(all, g_strdup(argv[i]));
	if (ends_with_json(argv))
		g_ptr_array_add(all, g_strdup("-"));
	g_ptr_array_add(all, NULL);
	args = (char **)g_ptr_array_free(g_steal_pointer(&all), FALSE);
	if (!g_option_context_parse_strv(context, &args, error) || !check_counts(ret, error)) {
		g_strfreev(args);
		return false;
	}
	if (ret->verbose)
		ret->verbose = MAX(count_verbose(argv), 1);
	if (args[first] && g_str_equal(args[first], "--"))
		first++;
	ret->arguments = g_strdupv(args + first);
	g_strfreev(args);
	return true;
}

/* Frees the value of one option. */
static void clear_value(struct options *o, const struct option_row *row)
{
	void *place = (char *)o + row->offset;

	switch (row->entry.arg) {
	case G_OPTION_ARG_STRING:
	case G_OPTION_ARG_FILENAME:
		g_clear_pointer((char **)place, g_free);
		break;
	case G_OPTION_ARG_STRING_ARRAY:
	case G_OPTION_ARG_FILENAME_ARRAY:
		g_clear_pointer((char ***)place, g_strfreev);
		break;
	case G_OPTION_ARG_NONE:
	case G_OPTION_ARG_INT:
	case G_OPTION_ARG_INT64:
	case G_OPTION_ARG_DOUBLE:
	case G_OPTION_ARG_CALLBACK:
		break;
	}
}

void options_clear(struct options *o)
{
	for (guint i = 0; i < G_N_ELEMENTS(option_rows); i++)
		clear_value(o, &option_rows[i]);
	g_strfreev(o->command);
	g_strfreev(o->arguments);
	*o = (struct options){0};
}

char *options_help(const char *verb, const char *arguments, const char *summary,
		   const char *description, guint64 mask, guint columns)
{
	struct options unused = {0};
	g_autofree char *what =
		arguments ? g_strconcat(verb, " ", arguments, NULL) : g_strdup(verb);
	g_autoptr(GOptionContext) context = context_new(&unused, mask, verb);
	g_autofree char *help = NULL, *whole = NULL;
	g_autofree char *about = g_strdup_printf("%s.", summary);
	const char *options;

	g_option_context_set_summary(context, about);
	g_option_context_set_description(context, description);
	help = g_option_context_get_help(context, TRUE, NULL);
	/* GOption's own usage line knows no verb. */
	options = strstr(help, "\n\n");
	whole = g_strdup_printf("Usage: testbed %s [OPTION...]%s", what, options ? options : "\n");
	return wrap_text(whole, columns);
}

char *options_help_of(const char *verb, guint64 mask, const char *name, guint columns,
		      const char **ret_near)
{
	const char *names[G_N_ELEMENTS(option_rows) + 1] = {0};
	guint n = 0;

	*ret_near = NULL;
	for (guint i = 0; i < G_N_ELEMENTS(option_rows); i++) {
		const GOptionEntry *e = &option_rows[i].entry;
		const char letter[] = {e->short_name, '\0'};
		g_autofree char *text = NULL;

		if (option_rows[i].bit != 0 && !(mask & option_rows[i].bit))
			continue;
		names[n++] = e->long_name;
		if (!g_str_equal(e->long_name, name))
			continue;
		text = g_strdup_printf("--%s%s%s%s%s: %s.\n", e->long_name,
				       e->arg_description ? "=" : "",
				       e->arg_description ? e->arg_description : "",
				       e->short_name ? ", -" : "", letter, option_text(verb, e));
		return wrap_text(text, columns);
	}
	*ret_near = diag_nearest(name, names);
	return NULL;
}

char **options_list(const char *text)
{
	char **list = text ? g_strsplit(text, ",", 0) : NULL;

	for (guint i = 0; list && list[i]; i++)
		g_strstrip(list[i]);
	return list;
}
