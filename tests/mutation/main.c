/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: mutation-matrix [OPTION...]
 * Makes random changes to networks in which a call works, one at a time, places the call again, and
 * where it no longer works holds the explanation against the change. Exit status: 0 no wrong answer
 * and at least 99 % right; 1 otherwise; 2 wrong arguments; 3 a bad topology; 77 this host can't run
 * labs. */
#include "tests/faults/attempt.h"
#include "tests/mutation/mutant.h"
#include "tests/mutation/network.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNSUPPORTED 77	 /* this host can't run labs */
#define RIGHT_PCT 99.0	 /* of the changes that broke their call */
#define DRAWS_MAX 100	 /* in one network: what is drawn may fit nothing */
#define NETWORKS_MAX 100 /* for one mutant */
#define DRAWN "drawn"	 /* the topology's name, before its seed */
#define NETWORKS 100000	 /* so many are drawn from */
#define RUNS_PER_FLIP 8	 /* when fewer changes than that break a call, something else is wrong */

typedef struct settings {
	char *word, *topology, *folder;
	gint count, seed, jobs, number, network;
	gboolean no_fixes, others, list;
} settings;

/* How the changes of one word came out. */
struct figures {
	guint made, flipped, right, unknown, wrong;
	guint fixes, fixes_good;
};

struct run {
	const settings *s;
	const struct attempt_options *options;
	GPtrArray *names;    /* char *: topologies */
	GPtrArray *bases;    /* model *, by the same index */
	GHashTable *words;   /* struct figures */
	GPtrArray *attempts; /* struct try: all that were started */
	GPtrArray *again;    /* char *: how to repeat what was not right */
	guint next_number, flipped, done;
};

/* --- drawing ---------------------------------------------------------------------------------- */

/* An attempt at one mutant, which it owns. */
struct
try {
	struct attempt attempt; /* first, so that one is the other */
	struct mutant *mutant;
};

static void try_free(gpointer data)
{
	struct try *t = data;

	mutant_free(t->mutant);
	g_free(t);
}

static const struct mutant *mutant_of(const struct attempt *a)
{
	return ((const struct try *)(gconstpointer)a)->mutant;
}

static char *drawn_name(guint32 seed)
{
	return g_strdup_printf(DRAWN "-%" G_GUINT32_FORMAT, seed);
}

/* A network of its own, and its text; a network that is not valid is this program's fault. */
static model *draw_network(GRand *rand, char **ret_name, char **ret_text)
{
	guint32 seed = g_rand_int(rand) % NETWORKS;
	g_autoptr(diags) d = diags_new();
	model *m;

	*ret_name = drawn_name(seed);
	*ret_text = network_draw(*ret_name, seed);
	m = model_load_text(*ret_name, *ret_text, strlen(*ret_text), d);
	if (!m) {
		g_autofree char *text = diags_to_text(d);

		fprintf(stderr, "%s%smutation-matrix: not valid\n", *ret_text, text);
		exit(4);
	}
	return m;
}

/* NULL: the change does not fit the network. */
static struct mutant *draw_once(const struct run *r, guint number, GRand *rand, const model *base,
				const char *name, const char *text)
{
	g_autoptr(diags) d = diags_new();
	struct mutant *m = mutant_draw(base, name, number, r->s->word, rand);
	g_autoptr(model) network = NULL;
	struct attempt a = {.network = text};

	if (!m)
		return NULL;
	a.faults[0] = &m->fault;
	m->network = g_strdup(text);
	network = attempt_network(&a, r->options, d);
	if (!network)
		g_clear_pointer(&m, mutant_free);
	return m;
}

/* Whether the number's network is drawn, too: every second one, or as --topology says. */
static bool is_drawn(const settings *s, GRand *rand)
{
	bool lot = g_rand_int_range(rand, 0, 2) == 0;

	return s->topology ? g_str_equal(s->topology, DRAWN) : lot;
}

static struct mutant *draw_in_network(const struct run *r, guint number, GRand *rand)
{
	g_autofree char *name = NULL, *text = NULL;
	g_autoptr(model) own = is_drawn(r->s, rand) ? draw_network(rand, &name, &text) : NULL;
	struct mutant *m = NULL;

	for (guint i = 0; !m && i < DRAWS_MAX; i++) {
		guint k = own ? 0 : (guint)g_rand_int_range(rand, 0, (gint32)r->bases->len);

		m = own ? draw_once(r, number, rand, own, name, text) :
			  draw_once(r, number, rand, r->bases->pdata[k], r->names->pdata[k], NULL);
	}
	return m;
}

/* Each number draws by a lot of its own, so that one can be repeated without the others. */
static struct mutant *draw_number(struct run *r, guint number)
{
	const guint32 seeds[] = {(guint32)r->s->seed, number};
	g_autoptr(GRand) rand = g_rand_new_with_seed_array(seeds, G_N_ELEMENTS(seeds));
	struct mutant *m = NULL;

	for (guint i = 0; !m && i < NETWORKS_MAX; i++)
		m = draw_in_network(r, number, rand);
	return m;
}

static struct attempt *next_attempt(gpointer data)
{
	struct run *r = data;
	guint most = (guint)r->s->count * RUNS_PER_FLIP;
	struct try *t;
	struct mutant *m;

	if (r->flipped >= (guint)r->s->count || r->next_number > most ||
	    (r->s->number > 0 && r->next_number > 1))
		return NULL;
	m = draw_number(r, r->s->number > 0 ? (guint)r->s->number : r->next_number);
	r->next_number++;
	if (!m)
		return NULL;
	t = g_new0(struct try, 1);
	t->mutant = m;
	t->attempt.faults[0] = &m->fault;
	t->attempt.network = m->network;
	g_ptr_array_add(r->attempts, t);
	return &t->attempt;
}

/* --- counting --------------------------------------------------------------------------------- */

static struct figures *figures_of(struct run *r, const char *word)
{
	struct figures *f = g_hash_table_lookup(r->words, word);

	if (!f) {
		f = g_new0(struct figures, 1);
		g_hash_table_insert(r->words, g_strdup(word), f);
	}
	return f;
}

static const char *text_of(const json_t *step, const char *key)
{
	const char *text = json_string_value(json_object_get(step, key));

	return text ? text : "-";
}

static char *names_text(const GPtrArray *names)
{
	GString *text = g_string_new(names->len == 0 ? "any" : NULL);

	for (guint i = 0; i < names->len; i++)
		g_string_append_printf(text, "%s%s", i > 0 ? "|" : "", (char *)names->pdata[i]);
	return g_string_free(text, FALSE);
}

static void print_flaw(const struct mutant *m, const json_t *step)
{
	g_autofree char *nodes = names_text(m->fault.nodes),
			*objects = names_text(m->fault.objects);

	printf("        %s %s %s\n        change %s", m->fault.topology, m->fault.scenario,
	       m->fault.cell, m->fault.changes);
	printf("        said   %s, %s, %s: %s\n        truth  %s, %s\n", text_of(step, "code"),
	       text_of(step, "node"), text_of(step, "object"), text_of(step, "why"), nodes,
	       objects);
}

/* The answer's word for the line: what is wrong, or "ok". */
static const char *judge(struct figures *f, const json_t *step, const char **ret_flaw)
{
	const char *flaw = json_string_value(json_object_get(step, "flaw"));

	*ret_flaw = flaw;
	f->flipped++;
	if (!flaw) {
		f->right++;
		return "ok";
	}
	if (g_str_equal(text_of(step, "code"), "UNKNOWN")) {
		f->unknown++;
		return "UNKNOWN";
	}
	f->wrong++;
	return "WRONG";
}

static void judge_fix(struct run *r, struct figures *f, const struct mutant *m, const json_t *step)
{
	const json_t *flaw = json_object_get(step, "fix_flaw");

	if (!flaw || !m->mendable)
		return;
	f->fixes++;
	if (json_is_null(flaw)) {
		f->fixes_good++;
		return;
	}
	printf("        fix    %s: %s\n        change %s", text_of(step, "fix"),
	       json_string_value(flaw), m->fault.changes);
	g_ptr_array_add(r->again, g_strdup_printf("%s (fix)", m->fault.name));
}

static void on_flip(struct run *r, struct figures *f, const struct mutant *m, const json_t *step,
		    double seconds)
{
	const char *flaw, *verdict = judge(f, step, &flaw);

	r->flipped++;
	printf("%4u/%-4d %-8s %3.0f s %-22s %s%s%s\n", r->flipped, r->s->count, verdict, seconds,
	       m->fault.name, text_of(step, "code"), flaw ? ", " : "", flaw ? flaw : "");
	if (flaw) {
		print_flaw(m, step);
		g_ptr_array_add(r->again, g_strdup(m->fault.name));
	}
	judge_fix(r, f, m, step);
}

static void on_answer(const struct attempt *a, const json_t *answer, double seconds, gpointer data)
{
	struct run *r = data;
	const struct mutant *m = mutant_of(a);
	const json_t *step = json_array_get(json_object_get(answer, "steps"), 0);
	struct figures *f = figures_of(r, m->word);

	/* a kernel may lack a kind of tunnel that a drawn network has */
	if (json_is_true(json_object_get(answer, "unsupported")) && m->network)
		return;
	if (json_is_true(json_object_get(answer, "unsupported"))) {
		fprintf(stderr, "mutation-matrix: %s\n", text_of(answer, "error"));
		exit(UNSUPPORTED);
	}
	r->done++;
	f->made++;
	if (!step) {
		f->flipped++;
		f->wrong++;
		r->flipped++;
		printf("%4u/%-4d WRONG    %3.0f s %-22s not explained: %s\n", r->flipped,
		       r->s->count, seconds, m->fault.name, text_of(answer, "error"));
		g_ptr_array_add(r->again, g_strdup(m->fault.name));
	} else if (!g_str_equal(text_of(step, "code"), "NONE")) {
		on_flip(r, f, m, step, seconds);
	}
	fflush(stdout);
}

/* --- at the end ------------------------------------------------------------------------------- */

static gint by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(a, b);
}

static gint by_pointed_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_figures(struct figures *all, const struct figures *f)
{
	all->made += f->made;
	all->flipped += f->flipped;
	all->right += f->right;
	all->unknown += f->unknown;
	all->wrong += f->wrong;
	all->fixes += f->fixes;
	all->fixes_good += f->fixes_good;
}

static void print_row(const char *word, const struct figures *f)
{
	printf("%-18s %6u %6u %6u %8u %6u %6u/%u\n", word, f->made, f->flipped, f->right,
	       f->unknown, f->wrong, f->fixes_good, f->fixes);
}

static int print_table(const struct run *r)
{
	GList *words = g_list_sort(g_hash_table_get_keys(r->words), by_name);
	struct figures all = {0};
	double right_pct;

	printf("\n%-18s %6s %6s %6s %8s %6s %s\n", "change", "made", "broke", "right", "unknown",
	       "wrong", "fixes that mend");
	for (const GList *i = words; i; i = i->next) {
		const struct figures *f = g_hash_table_lookup(r->words, i->data);

		print_row(i->data, f);
		add_figures(&all, f);
	}
	g_list_free(words);
	print_row("all", &all);
	right_pct = all.flipped > 0 ? 100.0 * all.right / all.flipped : 0;
	printf("\nseed %d: %u changes, %u broke their call, %.1f %% named rightly, %u wrong, "
	       "%u unknown; %u of %u fixes mend\n",
	       r->s->seed, all.made, all.flipped, right_pct, all.wrong, all.unknown, all.fixes_good,
	       all.fixes);
	for (guint i = 0; i < r->again->len; i++) {
		const char *name = r->again->pdata[i];
		const char *number = strrchr(name, '-');

		printf("again: make mutation-matrix SEED=%d NUMBER=%ld  # %s\n", r->s->seed,
		       strtol(number + 1, NULL, 10), name);
	}
	return all.wrong == 0 && right_pct >= RIGHT_PCT ? 0 : 1;
}

/* --- the program ------------------------------------------------------------------------------ */

/* Every topology of the folder, or the one that is named. */
static bool load_bases(struct run *r, const settings *s, diags *d)
{
	g_autoptr(GDir) dir = g_dir_open(s->folder, 0, NULL);
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
	const char *file;

	while (dir && (file = g_dir_read_name(dir))) {
		if (g_str_has_suffix(file, ".yaml"))
			g_ptr_array_add(files, g_strdup(file));
	}
	g_ptr_array_sort(files, by_pointed_name);
	for (guint i = 0; i < files->len; i++) {
		g_autofree char *name = g_strndup(files->pdata[i], strlen(files->pdata[i]) - 5);
		g_autofree char *path = g_build_filename(s->folder, files->pdata[i], NULL);
		model *m;

		if (s->topology ? !g_str_equal(name, s->topology) :
				  g_str_equal(name, "scale") || g_str_equal(name, "nat-grid"))
			continue;
		m = model_load(path, d);
		if (!m)
			return false;
		g_ptr_array_add(r->bases, m);
		g_ptr_array_add(r->names, g_steal_pointer(&name));
	}
	return r->bases->len > 0 || g_strcmp0(s->topology, DRAWN) == 0;
}

static gboolean read_arguments(int argc, char **argv, settings *s, GError **error)
{
	const GOptionEntry entries[] = {
		{"count", 'n', 0, G_OPTION_ARG_INT, &s->count,
		 "until so many changes have broken their call (default: 20)", "N"},
		{"seed", 0, 0, G_OPTION_ARG_INT, &s->seed, "of the lot (default: 1)", "N"},
		{"number", 0, 0, G_OPTION_ARG_INT, &s->number, "only the change of this number",
		 "N"},
		{"word", 0, 0, G_OPTION_ARG_STRING, &s->word, "only changes of this word", "WORD"},
		{"topology", 0, 0, G_OPTION_ARG_STRING, &s->topology,
		 "only this one (default: all but scale and nat-grid, which are big, and 'drawn')",
		 "NAME"},
		{"network", 0, 0, G_OPTION_ARG_INT, &s->network,
		 "print the drawn network of this seed, run nothing", "N"},
		{"topologies", 0, 0, G_OPTION_ARG_FILENAME, &s->folder, "default: topologies",
		 "DIR"},
		{"no-fixes", 0, 0, G_OPTION_ARG_NONE, &s->no_fixes, "do not try the fixes", NULL},
		{"others", 0, 0, G_OPTION_ARG_NONE, &s->others,
		 "try each fix on every other call of the scenario, too", NULL},
		{"list", 0, 0, G_OPTION_ARG_NONE, &s->list, "list the changes, run nothing", NULL},
		{"jobs", 'j', 0, G_OPTION_ARG_INT, &s->jobs,
		 "labs at once (default: 3 a processor)", "N"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, error))
		return FALSE;
	if (argc > 1)
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "unexpected argument '%s'", argv[1]);
	else if (s->count < 1 || s->jobs < 1 || s->number < 0)
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT,
			    "--count, --jobs and --number count upwards");
	else if (s->word && !mutant_has_word(s->word))
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "no change is drawn for '%s'",
			    s->word);
	else
		return TRUE;
	return FALSE;
}

static void list_mutants(struct run *r)
{
	for (guint i = 1; i <= (guint)r->s->count; i++) {
		struct mutant *m = draw_number(r, i);

		if (!m)
			return;
		printf("%-22s %s %s %s\n%s", m->fault.name, m->fault.topology, m->fault.scenario,
		       m->fault.cell, m->fault.changes);
		mutant_free(m);
	}
}

static int run_all(struct run *r)
{
	printf("%d changes that break a call, %d labs at once, seed %d\n", r->s->count, r->s->jobs,
	       r->s->seed);
	attempts_run((guint)r->s->jobs, r->options, next_attempt, on_answer, r);
	return print_table(r);
}

static int print_network(guint32 seed)
{
	g_autofree char *name = drawn_name(seed), *text = network_draw(name, seed);

	fputs(text, stdout);
	return 0;
}

static void settings_clear(settings *s)
{
	g_free(s->word);
	g_free(s->topology);
	g_free(s->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(settings, settings_clear)

int main(int argc, char **argv)
{
	g_auto(settings) s = {
		.seed = 1, .count = 20, .jobs = 3 * (gint)g_get_num_processors(), .network = -1};
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL),
			*dir = self ? g_path_get_dirname(self) : NULL,
			*program_dir = g_build_filename(dir ? dir : ".", "..", "bin", NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(diags) d = diags_new();
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free),
			     bases = g_ptr_array_new_with_free_func((GDestroyNotify)model_free),
			     attempts = g_ptr_array_new_with_free_func(try_free),
			     again = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GHashTable) words =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	struct attempt_options o = {.program_dir = program_dir};
	struct run r = {.s = &s,
			.options = &o,
			.names = names,
			.bases = bases,
			.words = words,
			.attempts = attempts,
			.again = again,
			.next_number = 1};

	if (!read_arguments(argc, argv, &s, &error)) {
		fprintf(stderr, "mutation-matrix: %s\n", error->message);
		return 2;
	}
	if (!s.folder)
		s.folder = g_strdup("topologies");
	o.topologies = s.folder;
	o.fixes = !s.no_fixes;
	o.others = s.others;
	o.seed = (guint64)s.seed;
	if (!load_bases(&r, &s, d)) {
		g_autofree char *text = diags_to_text(d);

		fprintf(stderr, "%smutation-matrix: no topology in %s\n", text, s.folder);
		return 3;
	}
	if (s.network >= 0)
		return print_network((guint32)s.network);
	if (!s.list)
		return run_all(&r);
	list_mutants(&r);
	return 0;
}
