/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the last word of a command line may go on: what completions/ asks for bash and zsh.
 *
 * The answer is a line for each word: the word, a tab, and what it means.  A line that begins with
 * a colon asks the shell for what it knows better: ":files", ":folders", ":commands".  Nothing is
 * printed about mistakes on the command line, since the user is still typing it.
 *
 * What may stand at a place is in two tables: values of options, and positional arguments by the
 * word that stands for them in the verb's usage line ("A B", "[FILE...]").
 */
#include "testbed/cmd/exercise_lab.h"
#include "testbed/diagnose/finding.h"
#include "testbed/exercise/lesson.h"
#include "testbed/matrix/cells.h"
#include "testbed/model/change_text.h"

#include <string.h>

/* A command line, up to where the user is. */
struct query {
	const struct verb *verb;
	struct options given; /* by the words before */
	const char *word;     /* the last one, as far as it is typed */
	const char *head;     /* what of it stays as it is: "--media=", "audio," */
	gsize head_bytes;
	GString *out;
};

/* Appends head, `word` and `tail` as a word that the typed one can become. */
static void propose_parts(struct query *q, const char *word, const char *tail, const char *meaning)
{
	g_autofree char *whole =
		g_strdup_printf("%.*s%s%s", (int)q->head_bytes, q->head, word, tail);

	if (g_str_has_prefix(whole, q->word))
		g_string_append_printf(q->out, "%s\t%s\n", whole, meaning ? meaning : "");
}

static void propose(struct query *q, const char *word, const char *meaning)
{
	propose_parts(q, word, "", meaning);
}

/* Of a list "a,b,c" the part after the last comma is what is being typed. */
static void skip_list(struct query *q)
{
	const char *comma = strrchr(q->word, ',');

	if (comma && comma + 1 > q->head + q->head_bytes) {
		q->head = q->word;
		q->head_bytes = (gsize)(comma + 1 - q->word);
	}
}

/* --- what there is ---------------------------------------------------------------------------- */

/* The topology of -t, or the reference topology; NULL: it can't be read. */
static model *topology_of(const struct query *q)
{
	g_autoptr(diags) found = diags_new();

	return cmd_topology_read(&q->given, found);
}

static void propose_files(struct query *q)
{
	g_string_append(q->out, ":files\n");
}

static void propose_folders(struct query *q)
{
	g_string_append(q->out, ":folders\n");
}

static void propose_commands(struct query *q)
{
	g_string_append(q->out, ":commands\n");
}

static void propose_scenarios(struct query *q)
{
	g_autoptr(model) m = topology_of(q);

	skip_list(q);
	if (m)
		ptr_array_foreach(const struct scenario, sc, m->scenarios)
			propose(q, sc->name, sc->title);
}

static void propose_labs(struct query *q)
{
	g_autoptr(runtime_dir) d = runtime_dir_open(NULL);
	g_auto(GStrv) names = d ? runtime_dir_names(d) : NULL;

	for (guint i = 0; names && names[i]; i++)
		propose(q, names[i], "a lab that is up");
}

/* Whether the verb can only mean a lab that is up, as it is given. */
static bool must_be_live(const struct query *q)
{
	return (q->verb->options & OPT_NAME) &&
	       (q->given.name || !(q->verb->options & OPT_TOPOLOGY));
}

/* Whether it means the lab that is up, if there is one. */
static bool may_be_live(const struct query *q)
{
	const struct options *o = &q->given;

	return must_be_live(q) || ((q->verb->options & OPT_FRESH) && !o->topology && !o->scenario &&
				   !o->changes && !o->fresh);
}

/* The topology file of that lab, which the caller frees; NULL: there is none. */
static char *live_topology(const struct query *q)
{
	g_autoptr(live_client) c = live_connect(q->given.name, NULL);
	json_auto_t *status = c ? live_ask(c, "status", NULL) : NULL;

	return g_strdup(member_text(json_object_get(status, "topology"), "file"));
}

typedef void node_func(struct query *q, const struct node *n);

/* Calls `func` with the nodes of the lab that is up, or of the topology. */
static void each_node(struct query *q, node_func *func)
{
	g_autofree char *file = may_be_live(q) ? live_topology(q) : NULL;
	const struct options of_lab = {.topology = file};
	g_autoptr(diags) found = diags_new();
	g_autoptr(model) m = NULL;

	if (file)
		m = cmd_topology_read(&of_lab, found);
	else if (!must_be_live(q))
		m = topology_of(q);
	if (m)
		ptr_array_foreach(const struct node, n, m->nodes)
			func(q, n);
}

static void propose_node(struct query *q, const struct node *n)
{
	propose(q, n->name, n->title);
}

static void propose_endpoint(struct query *q, const struct node *n)
{
	if (n->endpoint)
		propose_node(q, n);
}

static void propose_interfaces_of(struct query *q, const struct node *n)
{
	propose_node(q, n);
	ptr_array_foreach(const struct iface, i, n->interfaces) {
		g_autofree char *place = g_strdup_printf("%s:%s", n->name, i->name);

		propose(q, place, "");
	}
}

static void propose_nodes(struct query *q)
{
	each_node(q, propose_node);
}

static void propose_endpoints(struct query *q)
{
	each_node(q, propose_endpoint);
}

static void propose_interfaces(struct query *q)
{
	each_node(q, propose_interfaces_of);
}

static void propose_caller(struct query *q, const struct node *n)
{
	if (n->endpoint)
		propose_parts(q, n->name, ":", n->title);
}

/* "A:B,...": the caller, then the callee. */
static void propose_pairs(struct query *q)
{
	const char *colon;

	skip_list(q);
	colon = strchr(q->word + q->head_bytes, ':');
	if (!colon) {
		each_node(q, propose_caller);
		return;
	}
	q->head = q->word;
	q->head_bytes = (gsize)(colon + 1 - q->word);
	propose_endpoints(q);
}

/* Cells of the scenario that is typed, or the scenarios: of a large matrix nobody wants all. */
static void propose_cells(struct query *q)
{
	const char *slash = strchr(q->word, '/');
	g_autofree char *scenario = slash ? g_strndup(q->word, (gsize)(slash - q->word)) : NULL;
	const char *const one[] = {scenario, NULL};
	const struct matrix_filter filter = {.scenarios = one};
	g_autoptr(model) m = topology_of(q);
	g_autoptr(matrix_selection) s = NULL;

	if (m && !slash)
		ptr_array_foreach(const struct scenario, sc, m->scenarios)
			propose_parts(q, sc->name, "/", sc->title);
	if (m && slash)
		s = matrix_select(m, &filter, NULL);
	if (s)
		ptr_array_foreach(const struct scenario_result, r, s->results->scenarios)
			ptr_array_foreach(const struct cell, cell, r->cells)
				propose(q, cell->id, "");
}

/* The words of changes; a user goes on behind the colon, mostly inside of quotes. */
static void propose_changes(struct query *q)
{
	const char *word;

	for (guint i = 0; (word = model_change_word(i)); i++)
		propose_parts(q, word, ":", "");
}

static void propose_causes(struct query *q)
{
	for (enum cause_code code = CAUSE_NONE + 1; code < CAUSE_COUNT; code++)
		if (code != CAUSE_UNKNOWN)
			propose(q, cause_name(code), cause_text(code));
}

static void propose_lessons(struct query *q)
{
	g_autofree char *folder = cmd_shipped("lessons", NULL);
	g_autoptr(diags) found = diags_new();
	g_autoptr(GPtrArray) lessons = lessons_load(folder, found);

	if (lessons)
		ptr_array_foreach(const struct lesson, l, lessons)
			propose(q, l->name, l->title);
}

static void propose_exercises(struct query *q)
{
	g_autofree char *folder = cmd_shipped("exercises", NULL);
	g_autoptr(diags) found = diags_new();
	g_autoptr(exercise_book) book = exercise_book_load(folder, found);

	if (book)
		ptr_array_foreach(const struct exercise, e, book->exercises)
			propose(q, e->name, e->title);
}

/* --- what may stand where --------------------------------------------------------------------- */

typedef void source(struct query *q);

/* The first row that fits counts. */
static const struct value_row {
	const char *verb; /* NULL: any */
	const char *name; /* of an option, or the word of a usage line */
	source *from;	  /* NULL: `words` */
	const char *words;
} option_values[] =
	{
		{NULL, "scenario", propose_scenarios, NULL},
		{NULL, "media", NULL, "im audio video im-conference av-conference"},
		{NULL, "pairs", propose_pairs, NULL},
		{NULL, "capture", propose_interfaces, NULL},
		{NULL, "name", propose_labs, NULL},
		{NULL, "proto", NULL, "udp tcp icmp"},
		{NULL, "evidence", NULL, "on off"},
		{NULL, "level", NULL, "1 2 3"},
		{"plan", "format", NULL, "text json sh"},
		{"graph", "format", NULL, "svg dot mermaid"},
		{"import", "format", NULL,
		 "route-print powershell ip-addr ip-route ip-rule netstat sdp"},
		{"exercise answer", "node", propose_nodes, NULL},
		{NULL, "cause", propose_causes, NULL},
		{NULL, "change", propose_changes, NULL},
		{NULL, "out", propose_folders, NULL},
		{NULL, "run", propose_folders, NULL},
		{NULL, "bind", propose_folders, NULL},
},
  argument_values[] = {
	  {"trace", "A", propose_nodes, NULL},
	  {"trace", "B", propose_nodes, NULL},
	  {"graph", "A", propose_nodes, NULL},
	  {"graph", "B", propose_nodes, NULL},
	  {"capture", "NODE", propose_interfaces, NULL},
	  {"run nat", "NODE", propose_endpoints, NULL},
	  {"credentials", "NODE", propose_endpoints, NULL},
	  {"lesson", "NAME", propose_lessons, NULL},
	  {"exercise start", "NAME", propose_exercises, NULL},
	  {NULL, "CHANGE", propose_changes, NULL},
	  {NULL, "A", propose_endpoints, NULL},
	  {NULL, "B", propose_endpoints, NULL},
	  {NULL, "NODE", propose_nodes, NULL},
	  {NULL, "CELL", propose_cells, NULL},
	  {NULL, "FILE", propose_files, NULL},
	  {NULL, "RUNDIR", propose_folders, NULL},
	  {NULL, "FOLDER", propose_folders, NULL},
	  {NULL, "RUN1", propose_folders, NULL},
	  {NULL, "RUN2", propose_folders, NULL},
};

/* False: no row is for that name. */
static bool propose_row(struct query *q, const struct value_row *rows, gsize n, const char *name)
{
	for (gsize i = 0; i < n; i++) {
		g_auto(GStrv) words = NULL;

		if ((rows[i].verb && !g_str_equal(rows[i].verb, q->verb->name)) ||
		    !g_str_equal(rows[i].name, name))
			continue;
		if (rows[i].from) {
			rows[i].from(q);
			return true;
		}
		skip_list(q);
		words = g_strsplit(rows[i].words, " ", 0);
		for (guint k = 0; words[k]; k++)
			propose(q, words[k], "");
		return true;
	}
	return false;
}

static void propose_value(struct query *q, const GOptionEntry *e)
{
	if (!propose_row(q, option_values, G_N_ELEMENTS(option_values), e->long_name) &&
	    (e->arg == G_OPTION_ARG_FILENAME || e->arg == G_OPTION_ARG_FILENAME_ARRAY))
		propose_files(q);
}

/* "[NODE[:IF]...]" is "NODE". */
static char *argument_name(const char *token)
{
	token += strspn(token, "[");
	return g_strndup(token, strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"));
}

/* What may be positional argument number `place` of one alternative of a usage line. */
static void propose_alternative(struct query *q, const char *usage, guint place)
{
	g_auto(GStrv) tokens = g_strsplit_set(usage, " ", 0);
	guint n = g_strv_length(tokens);

	for (guint i = 0; i < n; i++) {
		bool repeats = strstr(tokens[i], "...") != NULL;
		/* optional ones may be left out, so those behind them come earlier */
		bool reached = i <= place ? i == place || repeats :
					    tokens[place][0] == '[' && i == place + 1;
		g_autofree char *name = reached ? argument_name(tokens[i]) : NULL;

		if (name && *name)
			propose_row(q, argument_values, G_N_ELEMENTS(argument_values), name);
	}
}

static void propose_argument(struct query *q)
{
	g_auto(GStrv) alternatives =
		g_strsplit(q->verb->arguments ? q->verb->arguments : "", " | ", 0);
	guint place = g_strv_length(q->given.arguments);

	for (guint i = 0; alternatives[i]; i++)
		propose_alternative(q, alternatives[i], place);
}

/* --- the command line ------------------------------------------------------------------------- */

/* The option of `word`, whether it takes a value or not; NULL: it is none. */
static const GOptionEntry *find_option(const GOptionEntry *entries, const char *word)
{
	for (const GOptionEntry *e = entries; e->long_name; e++)
		if ((g_str_has_prefix(word, "--") && g_str_equal(word + 2, e->long_name)) ||
		    (word[0] == '-' && word[1] == e->short_name && word[1] && !word[2]))
			return e;
	return NULL;
}

static const GOptionEntry *option_with_value(const GOptionEntry *entries, const char *word)
{
	const GOptionEntry *e = find_option(entries, word);

	return e && e->arg != G_OPTION_ARG_NONE ? e : NULL;
}

static void propose_options(struct query *q, const GOptionEntry *entries)
{
	for (const GOptionEntry *e = entries; e->long_name; e++)
		propose_parts(q, "--", e->long_name, e->description);
}

/* The value of an option in one word, "--media=aud". */
static void propose_attached(struct query *q, const GOptionEntry *entries)
{
	gsize length = strcspn(q->word, "=");
	g_autofree char *option = g_strndup(q->word, length);
	const GOptionEntry *e = option_with_value(entries, option);

	q->head = q->word;
	q->head_bytes = length + 1;
	if (e)
		propose_value(q, e);
}

/* The words behind the verb; the last one is being typed. */
static void propose_for_verb(struct query *q, char **words)
{
	struct options unused;
	g_autofree GOptionEntry *entries = options_of(&unused, q->verb->options, q->verb->name);
	guint n = g_strv_length(words);
	const GOptionEntry *before = n > 1 ? option_with_value(entries, words[n - 2]) : NULL;
	g_autoptr(GStrvBuilder) earlier = g_strv_builder_new();
	g_auto(GStrv) known = NULL;

	q->word = q->head = words[n - 1];
	for (guint i = 0; i + (before ? 2 : 1) < n; i++)
		g_strv_builder_add(earlier, words[i]);
	known = g_strv_builder_end(earlier);
	if ((q->verb->options & OPT_COMMAND) && g_strv_contains((const char *const *)known, "--"))
		propose_commands(q);
	else if (!options_parse(&q->given, q->verb->options, (const char *const *)known, NULL))
		options_clear(&q->given);
	else if (before)
		propose_value(q, before);
	else if (g_str_has_prefix(q->word, "--") && strchr(q->word, '='))
		propose_attached(q, entries);
	else if (q->word[0] == '-')
		propose_options(q, entries);
	else
		propose_argument(q);
}

/* The verb itself: its first word, or the second. */
static void propose_verbs(struct query *q, char **words)
{
	g_autofree char *typed = g_strjoinv(" ", words);
	g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	gsize done = words[1] ? strlen(words[0]) + 1 : 0;

	q->word = q->head = typed + done;
	for (const struct verb *v = cmd_verbs; v->name; v++) {
		const char *rest = v->name + done;
		g_autofree char *word = NULL;
		gsize length;

		if (verb_is_hidden(v) || strncmp(v->name, typed, done) != 0)
			continue;
		length = strcspn(rest, " ");
		word = g_strndup(rest, length);
		if (!g_hash_table_contains(told, word))
			propose(q, word, rest[length] ? "" : v->summary);
		g_hash_table_add(told, g_steal_pointer(&word));
	}
	if (done == 0)
		propose(q, "help", "Show the verbs, or the options of one");
}

int cmd_complete(const struct options *o)
{
	char **words = o->command;
	struct query q = {.out = g_string_new(NULL)};
	guint taken = 0;
	int status;

	if (words && words[0] && words[1] && g_str_equal(words[0], "help"))
		words++;
	q.verb = words ? cmd_find_verb(words, &taken) : NULL;
	if (q.verb && words[taken])
		propose_for_verb(&q, words + taken);
	else if (words && words[0] && (!words[1] || !words[2]))
		propose_verbs(&q, words);
	options_clear(&q.given);
	status = cmd_print_document(q.out->str, (gssize)q.out->len);
	g_string_free(q.out, TRUE);
	return status;
}
