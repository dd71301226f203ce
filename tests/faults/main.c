/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: fault-matrix [OPTION...]
 * Makes every fault of the catalogue in a lab of its own, has it explained, and holds that against
 * what is true. Exit status: 0 all right; 1 a cause or a fix that was not; 2 wrong arguments; 3 a
 * bad catalogue; 77 this host can't run labs. */
#include "tests/faults/tally.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

#define NO_JOBS G_MININT /* none given */
#define UNSUPPORTED 77	 /* this host can't run labs */

typedef struct settings {
	char *only, *catalogue, *topologies;
	gint jobs, doubles, seed;
	gboolean fixes, list;
} settings;

/* --- what to run ------------------------------------------------------------------------------ */

static struct attempt *attempt_new(const struct fault *first, const struct fault *second)
{
	struct attempt *a = g_new0(struct attempt, 1);

	a->faults[0] = first;
	a->faults[1] = second;
	return a;
}

static GPtrArray *chosen(const GPtrArray *faults, const struct settings *s, GError **error)
{
	g_autoptr(GRegex) only = g_regex_new(s->only ? s->only : "", G_REGEX_OPTIMIZE, 0, error);
	GPtrArray *some = only ? g_ptr_array_new() : NULL;

	for (guint i = 0; some && i < faults->len; i++) {
		struct fault *f = faults->pdata[i];

		if (g_regex_match(only, f->name, 0, NULL) || g_regex_match(only, f->file, 0, NULL))
			g_ptr_array_add(some, f);
	}
	return some;
}

static void shuffle(GPtrArray *list, GRand *rand)
{
	for (guint i = list->len; i > 1; i--) {
		guint k = (guint)g_rand_int_range(rand, 0, (gint32)i);
		gpointer was = list->pdata[i - 1];

		list->pdata[i - 1] = list->pdata[k];
		list->pdata[k] = was;
	}
}

/* As many pairs as wanted, by lot, of those that fit together. */
static GPtrArray *pairs_of(const GPtrArray *faults, const struct settings *s,
			   const struct attempt_options *o)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	GPtrArray *some = g_ptr_array_new_with_free_func(g_free);
	GRand *rand = g_rand_new_with_seed((guint32)s->seed);

	for (guint i = 0; i < faults->len; i++) {
		for (guint k = 0; k < faults->len; k++) {
			if (fault_precedes(faults->pdata[i], faults->pdata[k]))
				g_ptr_array_add(all,
						attempt_new(faults->pdata[i], faults->pdata[k]));
		}
	}
	shuffle(all, rand);
	g_rand_free(rand);
	for (guint i = 0; i < all->len; i++) {
		g_autoptr(diags) d = diags_new();
		g_autoptr(model) m =
			some->len < (guint)s->doubles ? attempt_network(all->pdata[i], o, d) : NULL;

		if (m)
			g_ptr_array_add(some, all->pdata[i]);
		else
			g_free(all->pdata[i]);
	}
	return some;
}

static GPtrArray *singles_of(const GPtrArray *faults)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < faults->len; i++)
		g_ptr_array_add(all, attempt_new(faults->pdata[i], NULL));
	return all;
}

/* --- running ---------------------------------------------------------------------------------- */

/* What the loop over the attempts works with. */
struct run {
	const GPtrArray *attempts;
	tally *tally;
	guint next, done;
	bool right;
};

static struct attempt *next_attempt(gpointer data)
{
	struct run *r = data;

	return r->next < r->attempts->len ? r->attempts->pdata[r->next++] : NULL;
}

static void on_answer(const struct attempt *a, const json_t *answer, double seconds, gpointer data)
{
	struct run *r = data;
	g_autoptr(GString) line = g_string_new(NULL);

	r->right = tally_add(r->tally, a, answer, seconds, line) && r->right;
	printf("%3u/%-3u %s", ++r->done, r->attempts->len, line->str);
	fflush(stdout);
	if (json_is_true(json_object_get(answer, "unsupported"))) {
		fprintf(stderr, "fault-matrix: %s\n",
			json_string_value(json_object_get(answer, "error")));
		exit(UNSUPPORTED);
	}
}

/* --- the program ------------------------------------------------------------------------------ */

static gboolean read_arguments(int argc, char **argv, struct settings *s, GError **error)
{
	const GOptionEntry entries[] = {
		{"only", 0, 0, G_OPTION_ARG_STRING, &s->only, "faults whose name, or file, matches",
		 "REGEX"},
		{"fixes", 0, 0, G_OPTION_ARG_NONE, &s->fixes,
		 "also try each suggested fix on its cell and all others", NULL},
		{"double", 0, 0, G_OPTION_ARG_INT, &s->doubles,
		 "instead of single faults N pairs, drawn by lot", "N"},
		{"seed", 0, 0, G_OPTION_ARG_INT, &s->seed, "of that lot (default: 1)", "N"},
		{"jobs", 'j', 0, G_OPTION_ARG_INT, &s->jobs,
		 "labs at once (default: three a processor, one with --fixes)", "N"},
		{"list", 0, 0, G_OPTION_ARG_NONE, &s->list, "list the faults, run nothing", NULL},
		{"catalogue", 0, 0, G_OPTION_ARG_FILENAME, &s->catalogue,
		 "default: exercises/catalogue", "DIR"},
		{"topologies", 0, 0, G_OPTION_ARG_FILENAME, &s->topologies, "default: topologies",
		 "DIR"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, error))
		return FALSE;
	if (s->jobs ==
	    NO_JOBS) /* A trial of a fix fills the machine with calls, one fault mostly waits. */
		s->jobs = (gint)g_get_num_processors() * (s->fixes ? 1 : 3);
	if (argc == 1 && s->jobs > 0 && s->doubles >= 0)
		return TRUE;
	g_set_error(error, TB_ERROR, TB_ERROR_INPUT,
		    argc > 1 ? "unexpected argument" : "--jobs and --double count upwards");
	return FALSE;
}

static void list(const GPtrArray *faults)
{
	for (guint i = 0; i < faults->len; i++) {
		const struct fault *f = faults->pdata[i];

		printf("%-17s %-38s %s\n", f->file, f->name, (const char *)f->codes->pdata[0]);
	}
}

static int run(const GPtrArray *faults, const struct settings *s, const struct attempt_options *o)
{
	g_autoptr(GPtrArray) attempts =
		s->doubles > 0 ? pairs_of(faults, s, o) : singles_of(faults);
	g_autoptr(GString) table = g_string_new(NULL);
	g_autoptr(tally) t = tally_new();
	struct run r = {.attempts = attempts, .tally = t, .right = true};

	if (attempts->len == 0 || (s->doubles > 0 && attempts->len < (guint)s->doubles)) {
		fprintf(stderr, "fault-matrix: only %u to run\n", attempts->len);
		return 2;
	}
	printf("%u %s faults, %d labs at once, seed %d\n", attempts->len,
	       s->doubles > 0 ? "double" : "single", s->jobs, s->seed);
	attempts_run((guint)s->jobs, o, next_attempt, on_answer, &r);
	tally_table(t, s->seed, table);
	fputs(table->str, stdout);
	return r.right ? 0 : 1;
}

static void settings_clear(struct settings *s)
{
	g_free(s->only);
	g_free(s->catalogue);
	g_free(s->topologies);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(settings, settings_clear)

int main(int argc, char **argv)
{
	g_auto(settings) s = {.seed = 1, .jobs = NO_JOBS};
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL),
			*dir = self ? g_path_get_dirname(self) : NULL;
	g_autofree char *program_dir = g_build_filename(dir ? dir : ".", "..", "bin", NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(diags) d = diags_new();
	g_autoptr(GPtrArray) all = NULL, some = NULL;
	struct attempt_options o = {.program_dir = program_dir};

	if (!read_arguments(argc, argv, &s, &error)) {
		fprintf(stderr, "fault-matrix: %s\n", error->message);
		return 2;
	}
	o.topologies = s.topologies ? s.topologies : "topologies";
	o.fixes = o.others = s.fixes;
	o.seed = (guint64)s.seed;
	all = catalogue_load(s.catalogue ? s.catalogue : "exercises/catalogue", d);
	if (!all) {
		g_autofree char *text = diags_to_text(d);

		fputs(text, stderr);
		return 3;
	}
	some = chosen(all, &s, &error);
	if (!some) {
		fprintf(stderr, "fault-matrix: %s\n", error->message);
		return 2;
	}
	if (!s.list)
		return run(some, &s, &o);
	list(some);
	return 0;
}
