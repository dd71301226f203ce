/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/options.h"
#include "testbed/cmd/wrap.h"

#include <stddef.h>
#include <string.h>

static const struct option_row {
	guint64 bit; /* 0: every verb has it */
	size_t offset;
	GOptionEntry entry; /* arg_data is filled in when it is used */
} option_rows[] = {
	{OPT_TOPOLOGY,
	 offsetof(struct options, topology),
	 {"topology", 't', 0, G_OPTION_ARG_FILENAME, NULL,
	  "topology file (default: the reference topology)", "FILE"}},
	{OPT_SCENARIO,
	 offsetof(struct options, scenario),
	 {"scenario", 's', 0, G_OPTION_ARG_STRING, NULL, "scenarios, separated by commas",
	  "NAME,..."}},
	{OPT_CHANGE,
	 offsetof(struct options, changes),
	 {"change", 'c', 0, G_OPTION_ARG_STRING_ARRAY, NULL,
	  "one more change of the network, as in a scenario", "CHANGE"}},
	{OPT_ONLY,
	 offsetof(struct options, only),
	 {"only", 0, 0, G_OPTION_ARG_STRING, NULL,
	  "only cells whose id matches this regular expression", "REGEX"}},
	{OPT_MEDIA,
	 offsetof(struct options, media),
	 {"media", 0, 0, G_OPTION_ARG_STRING, NULL,
	  "im, audio, video, im-conference, av-conference", "MEDIUM,..."}},
	{OPT_PAIRS,
	 offsetof(struct options, pairs),
	 {"pairs", 0, 0, G_OPTION_ARG_STRING, NULL, "only calls between these endpoints",
	  "A:B,..."}},
	{OPT_JOBS,
	 offsetof(struct options, jobs),
	 {"jobs", 'j', 0, G_OPTION_ARG_INT, NULL, "labs that run at the same time (default: all)",
	  "N"}},
	{OPT_AT_ONCE,
	 offsetof(struct options, at_once),
	 {"at-once", 0, 0, G_OPTION_ARG_INT, NULL,
	  "calls that are all in progress before the first is hung up", "N"}},
	{OPT_SEED,
	 offsetof(struct options, seed),
	 {"seed", 0, 0, G_OPTION_ARG_STRING, NULL,
	  "order of calls and all else that is drawn by lot", "NUMBER"}},
	{OPT_SECONDS,
	 offsetof(struct options, seconds),
	 {"seconds", 0, 0, G_OPTION_ARG_STRING, NULL,
	  "how long the call's media runs (default: 0.8)", "S"}},
	{OPT_OUT,
	 offsetof(struct options, out),
	 {"out", 'o', 0, G_OPTION_ARG_FILENAME, NULL,
	  "run folder: events.jsonl, results.json, nodes/", "DIR"}},
	{OPT_CAPTURE,
	 offsetof(struct options, captures),
	 {"capture", 0, 0, G_OPTION_ARG_STRING_ARRAY, NULL,
	  "record packets into the run folder (pcapng)", "NODE[:IF]"}},
	{OPT_JSON,
	 offsetof(struct options, json),
	 {"json", 0, 0, G_OPTION_ARG_FILENAME, NULL,
	  "write JSON to this file; '-': to stdout, and nothing else there", "FILE"}},
	{OPT_FORMAT,
	 offsetof(struct options, format),
	 {"format", 'f', 0, G_OPTION_ARG_STRING, NULL, "text, json or sh (ip and nft commands)",
	  "FORMAT"}},
	{OPT_DRAWING,
	 offsetof(struct options, format),
	 {"format", 'f', 0, G_OPTION_ARG_STRING, NULL,
	  "svg, dot or mermaid (default: as FILE ends, else dot)", "FORMAT"}},
	{OPT_FILE,
	 offsetof(struct options, file),
	 {"output", 'o', 0, G_OPTION_ARG_FILENAME, NULL, "write to this file (default: stdout)",
	  "FILE"}},
	{OPT_FORCE,
	 offsetof(struct options, force),
	 {"force", 0, 0, G_OPTION_ARG_NONE, NULL, "replace a file that is there", NULL}},
	{OPT_PROTO,
	 offsetof(struct options, proto),
	 {"proto", 0, 0, G_OPTION_ARG_STRING, NULL, "udp, tcp or icmp (default: udp)", "PROTOCOL"}},
	{OPT_PORT,
	 offsetof(struct options, port),
	 {"port", 0, 0, G_OPTION_ARG_STRING, NULL,
	  "destination port (default: none, no rule about ports matches)", "N"}},
	{OPT_IPV6,
	 offsetof(struct options, ipv6),
	 {"ipv6", '6', 0, G_OPTION_ARG_NONE, NULL,
	  "to the IPv6 address of B (default: to its first)", NULL}},
	{OPT_ALL,
	 offsetof(struct options, all),
	 {"all", 0, 0, G_OPTION_ARG_NONE, NULL, "not only a part", NULL}},
	{OPT_RUN,
	 offsetof(struct options, run),
	 {"run", 0, 0, G_OPTION_ARG_FILENAME, NULL, "explain what this earlier run recorded",
	  "RUNDIR"}},
	{OPT_RUN,
	 offsetof(struct options, fresh),
	 {"fresh", 0, 0, G_OPTION_ARG_NONE, NULL,
	  "place the call in a fresh lab, whatever was recorded", NULL}},
	{OPT_CAPACITY,
	 offsetof(struct options, rate),
	 {"rate", 0, 0, G_OPTION_ARG_STRING, NULL,
	  "of every tunnel, each way (default: the topology's)", "RATE"}},
	{OPT_CAPACITY,
	 offsetof(struct options, calls),
	 {"calls", 0, 0, G_OPTION_ARG_INT, NULL, "most calls at once that are tried (default: 32)",
	  "N"}},
	{OPT_CAPACITY,
	 offsetof(struct options, plot),
	 {"plot", 0, 0, G_OPTION_ARG_FILENAME, NULL, "draw MOS, delay and load against calls (SVG)",
	  "FILE"}},
	{OPT_IMPORT,
	 offsetof(struct options, node),
	 {"node", 0, 0, G_OPTION_ARG_STRING, NULL,
	  "whose output it is (default: FILE's name up to its first dot)", "NAME"}},
	{OPT_IMPORT,
	 offsetof(struct options, format),
	 {"format", 'f', 0, G_OPTION_ARG_STRING, NULL,
	  "route-print, ip-route, ip-addr or sdp (default: as it looks)", "FORMAT"}},
	{OPT_EVIDENCE,
	 offsetof(struct options, evidence),
	 {"evidence", 0, 0, G_OPTION_ARG_STRING, NULL,
	  "keep what 'testbed explain' needs (default: on)", "on|off"}},
	{OPT_NO_TRIAL,
	 offsetof(struct options, no_trial),
	 {"no-trial", 0, 0, G_OPTION_ARG_NONE, NULL, "derive the fix, and do not try it", NULL}},
	{OPT_NAME,
	 offsetof(struct options, name),
	 {"name", 'n', 0, G_OPTION_ARG_STRING, NULL,
	  "name of a lab that is up (default: the only one)", "NAME"}},
	{OPT_WRITE,
	 offsetof(struct options, write),
	 {"write", 'w', 0, G_OPTION_ARG_FILENAME, NULL,
	  "write pcapng to this file; '-': to stdout, and nothing else there", "FILE"}},
	{OPT_PUBLISH,
	 offsetof(struct options, publish),
	 {"publish", 0, 0, G_OPTION_ARG_NONE, NULL,
	  "show the nodes to 'ip netns' (as root; undone by 'down')", NULL}},
	{OPT_ICEWARN,
	 offsetof(struct options, icewarn),
	 {"icewarn", 0, 0, G_OPTION_ARG_STRING, NULL,
	  "say what the bits of a client's ICEWarn mean, run nothing", "VALUE"}},
	{OPT_VERBOSE,
	 offsetof(struct options, verbose),
	 {"verbose", 'v', 0, G_OPTION_ARG_NONE, NULL, "say more; -vv: still more", NULL}},
	{OPT_QUIET,
	 offsetof(struct options, quiet),
	 {"quiet", 'q', 0, G_OPTION_ARG_NONE, NULL, "no progress", NULL}},
	{OPT_COLOR,
	 offsetof(struct options, no_color),
	 {"no-color", 0, 0, G_OPTION_ARG_NONE, NULL,
	  "no colours (also: NO_COLOR in the environment)", NULL}},
	{0,
	 offsetof(struct options, help),
	 {"help", 'h', 0, G_OPTION_ARG_NONE, NULL, "show this", NULL}},
};

/* What an option means to one verb, where that is not what it means to others. */
static const struct meaning_row {
	const char *verb, *option, *text;
} meanings[] = {
	{"down", "all", "every lab that is up"},
	{"explain", "all", "try the fix on every other call, too"},
	{"run nat", "all", "wait for long timeouts, too"},
	{"trace", "name", "a lab that is up, as it is now (default: a fresh one)"},
	{"status", "name", "only this lab (default: all)"},
	{"up", "name", "its name (default: lab)"},
	{"run call", "scenario", "the scenario (default: the first)"},
	{"run nat", "scenario", "the scenario (default: the first)"},
	{"trace", "scenario", "the scenario (default: the first)"},
	{"explain", "scenario", "the scenario (default: the first)"},
	{"up", "scenario", "the scenario (default: the first)"},
	{"graph", "scenario", "as this scenario changes it (default: as the file says)"},
	{"plan", "scenario", "the scenario (default: the first)"},
	{"run call", "media", "im, audio or video (default: audio)"},
	{"explain", "media", "im, audio or video (default: audio)"},
	{"call", "media", "im, audio or video (default: audio)"},
	{"run capacity", "media", "audio, or video with audio (default: video)"},
	{"run capacity", "seconds", "how long a call's media runs (default: 5)"},
};

static const char *meaning(const char *verb, const GOptionEntry *entry)
{
	for (guint i = 0; verb && i < G_N_ELEMENTS(meanings); i++) {
		if (g_str_equal(meanings[i].verb, verb) &&
		    g_str_equal(meanings[i].option, entry->long_name))
			return meanings[i].text;
	}
	return entry->description;
}

static GOptionContext *context_new(struct options *o, guint64 mask, const char *verb)
{
	GOptionContext *context = g_option_context_new(NULL);
	GOptionEntry entries[G_N_ELEMENTS(option_rows) + 1] = {0};
	guint n = 0;

	for (guint i = 0; i < G_N_ELEMENTS(option_rows); i++) {
		const struct option_row *row = &option_rows[i];

		if (row->bit != 0 && !(mask & row->bit))
			continue;
		entries[n] = row->entry;
		entries[n].description = meaning(verb, &row->entry);
		entries[n++].arg_data = (char *)o + row->offset;
	}
	g_option_context_set_help_enabled(context, FALSE);
	g_option_context_add_main_entries(context, entries, NULL);
	return context;
}

/* GOption knows only whether -v was given, not how often. */
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

bool options_parse(struct options *ret, guint64 mask, const char *const *argv, GError **error)
{
	g_autoptr(GOptionContext) context = NULL;
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	guint first = 1;
	char **args;

	*ret = (struct options){0};
	context = context_new(ret, mask, NULL);
	g_ptr_array_add(all, g_strdup("testbed")); /* GOption passes over the program's name */
	for (guint i = 0; argv[i]; i++)
		g_ptr_array_add(all, g_strdup(argv[i]));
	g_ptr_array_add(all, NULL);
	args = (char **)g_ptr_array_free(g_steal_pointer(&all), FALSE);
	if (!g_option_context_parse_strv(context, &args, error)) {
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
		   const char *description, guint64 mask)
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
	return wrap_text(whole);
}

char **options_list(const char *text)
{
	char **list = text ? g_strsplit(text, ",", 0) : NULL;

	for (guint i = 0; list && list[i]; i++)
		g_strstrip(list[i]);
	return list;
}
