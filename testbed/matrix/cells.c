/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/matrix/cells.h"

/* Names of all endpoints, borrowed, in the order of the file; the caller frees the array. */
static GPtrArray *endpoints_of(const model *m)
{
	GPtrArray *names = g_ptr_array_new();

	ptr_array_foreach(const struct node, n, m->nodes)
		if (n->endpoint)
			g_ptr_array_add(names, n->name);
	return names;
}

/* Whether a NULL-terminated list has the name; a NULL list has none. */
static bool list_has(const char *const *list, const char *name)
{
	return list && g_strv_contains(list, name);
}

/* Sets TB_ERROR_INPUT "no WHAT 'NAME'" with the nearest of the known names, or all of them. */
static void set_unknown_name(GError **error, const char *what, const char *name,
			     const GPtrArray *known)
{
	g_autofree const char **names = g_new0(const char *, known->len + 1);
	const char *near;

	for (guint i = 0; i < known->len; i++)
		names[i] = known->pdata[i];
	near = diag_nearest(name, names);
	if (near) {
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "no %s '%s' (did you mean '%s'?)",
			    what, name, near);
	} else {
		g_autofree char *all = g_strjoinv(", ", (char **)(gpointer)names);

		g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "no %s '%s' (there are: %s)", what,
			    name, all);
	}
}

/* Whether the array of strings has the name. */
static bool known_name(const GPtrArray *known, const char *name)
{
	return g_ptr_array_find_with_equal_func((GPtrArray *)(gpointer)(guintptr)known, name,
						g_str_equal, NULL);
}

/* False with `error` when a wanted scenario (NULL: none) is not in the model. */
static bool check_scenarios(const model *base, const char *const *wanted, GError **error)
{
	g_autoptr(GPtrArray) known = g_ptr_array_new();

	for (guint i = 0; i < base->scenarios->len; i++)
		g_ptr_array_add(known, ((struct scenario *)base->scenarios->pdata[i])->name);
	for (guint i = 0; wanted && wanted[i]; i++) {
		if (!known_name(known, wanted[i])) {
			set_unknown_name(error, "scenario", wanted[i], known);
			return false;
		}
	}
	return true;
}

/* False with `error` unless `pair` is "A:B", with two different names of `known`. */
static bool check_pair(const char *pair, const GPtrArray *known, GError **error)
{
	g_auto(GStrv) ends = g_strsplit(pair, ":", 0);

	if (g_strv_length(ends) != 2 || !*ends[0] || !*ends[1])
		return tb_error_set(error, TB_ERROR_INPUT, "pair '%s' is not of the form A:B",
				    pair);
	for (guint i = 0; i < 2; i++) {
		if (!known_name(known, ends[i])) {
			set_unknown_name(error, "endpoint", ends[i], known);
			return false;
		}
	}
	if (g_str_equal(ends[0], ends[1]))
		return tb_error_set(error, TB_ERROR_INPUT,
				    "pair '%s' names the same endpoint twice", pair);
	return true;
}

/* The same for all pairs (NULL: none) and the endpoints of all selected scenarios. */
static bool check_pairs(const matrix_selection *s, const char *const *pairs, GError **error)
{
	g_autoptr(GPtrArray) known = g_ptr_array_new();

	for (guint i = 0; i < s->results->endpoints->len; i++)
		g_ptr_array_add(known,
				((struct result_endpoint *)s->results->endpoints->pdata[i])->name);
	for (guint i = 0; pairs && pairs[i]; i++) {
		if (!check_pair(pairs[i], known, error))
			return false;
	}
	return true;
}

/* Whether the filter wants calls between a and b; *ret_swap: b is to place them. */
static bool pair_wanted(const struct matrix_filter *f, const char *a, const char *b, bool *ret_swap)
{
	g_autofree char *forward = g_strconcat(a, ":", b, NULL);
	g_autofree char *backward = g_strconcat(b, ":", a, NULL);

	*ret_swap = f->directed && list_has(f->pairs, backward);
	return !f->pairs || list_has(f->pairs, forward) || list_has(f->pairs, backward);
}

/* Whether the filter wants cells of this medium. */
static bool media_wanted(const struct matrix_filter *f, enum media media)
{
	return f->media_mask == 0 || (f->media_mask & 1u << media);
}

/* A cell that is expected to pass, by any path; `what` is the middle of its id.  The caller owns
 * it. */
static struct cell *new_cell(const struct scenario *sc, const char *what, enum media media)
{
	struct cell *c = cell_new();

	c->id = g_strdup_printf("%s/%s/%s", sc->name, what, media_name(media));
	c->scenario = g_strdup(sc->name);
	c->media = media;
	c->expected_verdict = VERDICT_PASS;
	return c;
}

/* Takes over what the scenario's rule expects of a cell. */
static void expect_from(struct cell *c, const struct expect *e)
{
	c->expected_verdict = e->verdict;
	c->expected_path_mask = e->path_mask;
	c->has_expected_path = e->path_mask != 0;
	g_free(c->expected_cause);
	c->expected_cause = g_strdup(e->cause);
}

/* The expression of --only.  It is not compiled to machine code (G_REGEX_OPTIMIZE): GLib's matching
 * by that ends in a NULL pointer when there is no memory. */
struct id_search {
	GRegex *only;  /* NULL: every id */
	GError *error; /* the first match that could not be carried out; NULL: none */
};

/* Takes `c` over: adds it to the result, or frees it when its id is not searched for. */
static void add_cell(struct scenario_result *result, struct cell *c, struct id_search *search)
{
	if (!search->only || search->error ||
	    g_regex_match_full(search->only, c->id, -1, 0, 0, NULL, &search->error))
		g_ptr_array_add(result->cells, c);
	else
		cell_free(c);
}

/* Adds the cells of one pair, `a` being the caller, for all wanted media. */
static void add_pair(const struct selected_scenario *s, const char *a, const char *b,
		     const struct matrix_filter *f, struct id_search *search)
{
	static const enum media pair_media[] = {MEDIA_IM, MEDIA_AUDIO, MEDIA_VIDEO};
	g_autofree char *what = g_strdup_printf("%s-%s", a, b);

	for (guint i = 0; i < G_N_ELEMENTS(pair_media); i++) {
		const struct expect *e =
			scenario_expect(s->model, s->scenario, a, b, pair_media[i]);
		struct cell *c;

		if (!media_wanted(f, pair_media[i]))
			continue;
		c = new_cell(s->scenario, what, pair_media[i]);
		c->a = g_strdup(a);
		c->b = g_strdup(b);
		g_ptr_array_add(c->participants, g_strdup(a));
		g_ptr_array_add(c->participants, g_strdup(b));
		if (e)
			expect_from(c, e);
		add_cell(s->result, c, search);
	}
}

/* Adds the cells of all pairs of endpoints. */
static void add_pairs(const struct selected_scenario *s, const struct matrix_filter *f,
		      struct id_search *search)
{
	g_autoptr(GPtrArray) names = endpoints_of(s->model);

	for (guint i = 0; i < names->len; i++) {
		for (guint k = i + 1; k < names->len; k++) {
			bool swap;

			if (!pair_wanted(f, names->pdata[i], names->pdata[k], &swap))
				continue;
			if (swap)
				add_pair(s, names->pdata[k], names->pdata[i], f, search);
			else
				add_pair(s, names->pdata[i], names->pdata[k], f, search);
		}
	}
}

/* Sets what is expected.  A conference passes only as a whole, so the first participant who is
 * expected to fail decides. */
static void expect_conference(const struct selected_scenario *s, struct cell *c)
{
	for (guint i = 1; i < c->participants->len; i++) {
		const struct expect *e = scenario_expect(s->model, s->scenario, c->a,
							 c->participants->pdata[i], c->media);

		if (e && (i == 1 || e->verdict != VERDICT_PASS))
			expect_from(c, e);
	}
}

/* Adds the cells of one conference, for all wanted media that it has. */
static void add_conference(const struct selected_scenario *s, const struct conference *conf,
			   const struct matrix_filter *f, struct id_search *search)
{
	for (enum media media = MEDIA_IM_CONFERENCE; media <= MEDIA_AV_CONFERENCE; media++) {
		struct cell *c;

		if (!(conf->media_mask & 1u << media) || !media_wanted(f, media))
			continue;
		c = new_cell(s->scenario, conf->name, media);
		c->conference = g_strdup(conf->name);
		c->ad_hoc = conf->start == CONFERENCE_AD_HOC;
		c->a = g_strdup(conf->organiser);
		g_ptr_array_add(c->participants, g_strdup(conf->organiser));
		for (guint i = 0; i < conf->participants->len; i++)
			g_ptr_array_add(c->participants, g_strdup(conf->participants->pdata[i]));
		expect_conference(s, c);
		add_cell(s->result, c, search);
	}
}

static const struct object_shape selected_scenario_shape =
	OBJECT_SHAPE(selected_scenario, NULL, OWNS(selected_scenario, model, model_free));

/* Adds a scenario with its network to the selection; false with `error` when its changes can't be
 * applied. */
static bool add_scenario(matrix_selection *s, const model *base, const struct scenario *sc,
			 GError **error)
{
	g_autoptr(diags) d = diags_new();
	struct selected_scenario *selected;
	model *m = model_instantiate(base, sc, d);

	if (!m)
		return diags_set_error(d, TB_ERROR_CHANGE, "", error);
	selected = object_new(&selected_scenario_shape);
	selected->scenario = sc;
	selected->model = m;
	selected->result = scenario_result_new(sc->name, sc->title);
	g_ptr_array_add(s->results->scenarios, selected->result);
	g_ptr_array_add(s->scenarios, selected);
	results_add_endpoints(s->results, m);
	return true;
}

/* Removes the scenario at `index` if it has no cell. */
static void remove_empty(matrix_selection *s, guint index)
{
	const struct selected_scenario *one = s->scenarios->pdata[index];

	if (one->result->cells->len > 0)
		return;
	g_ptr_array_remove_index(s->results->scenarios, index);
	g_ptr_array_remove_index(s->scenarios, index);
}

/* Fills in the cells of every scenario, and removes scenarios without any.  Returns the number of
 * cells. */
static guint fill_cells(matrix_selection *s, const struct matrix_filter *f,
			struct id_search *search)
{
	guint n = 0;

	for (guint i = s->scenarios->len; i-- > 0;) {
		const struct selected_scenario *one = s->scenarios->pdata[i];

		add_pairs(one, f, search);
		for (guint k = 0; !f->pairs && k < one->model->conferences->len; k++)
			add_conference(one, one->model->conferences->pdata[k], f, search);
		n += one->result->cells->len;
		remove_empty(s, i);
	}
	return n;
}

/* A cell of the selection, for dealing them out. */
struct dealt_cell {
	char *digest; /* of its id */
	guint number; /* in the order of the matrix, from 1 */
};

static gint by_digest(gconstpointer a, gconstpointer b)
{
	const struct dealt_cell *x = a, *y = b;

	return g_strcmp0(x->digest, y->digest);
}

/* Numbers all cells and returns them in the order in which they are dealt out, that of the digests
 * of their ids: so every shard gets some of each scenario and medium.  The caller frees. */
static GArray *deal_order(const matrix_selection *s)
{
	GArray *order = g_array_new(FALSE, FALSE, sizeof(struct dealt_cell));
	guint number = 0;

	ptr_array_foreach(const struct scenario_result, one, s->results->scenarios) {
		ptr_array_foreach(struct cell, c, one->cells) {
			struct dealt_cell dealt = {g_compute_checksum_for_string(G_CHECKSUM_SHA256,
										 c->id, -1),
						   c->number = ++number};

			g_array_append_val(order, dealt);
		}
	}
	g_array_sort(order, by_digest);
	return order;
}

/* Leaves the cells of one shard: the first is dealt to shard 1, the next to shard 2, and so on. */
static void keep_shard(matrix_selection *s, const struct matrix_shard *shard)
{
	g_autoptr(GArray) order = deal_order(s);
	g_autofree bool *keeps = g_new0(bool, order->len + 1);

	for (guint i = 0; i < order->len; i++) {
		struct dealt_cell *dealt = &g_array_index(order, struct dealt_cell, i);

		keeps[dealt->number] = i % shard->count == shard->index - 1;
		g_free(dealt->digest);
	}
	for (guint i = s->scenarios->len; i-- > 0;) {
		const struct selected_scenario *one = s->scenarios->pdata[i];
		GPtrArray *cells = one->result->cells;

		for (guint k = cells->len; k-- > 0;) {
			if (!keeps[((struct cell *)cells->pdata[k])->number])
				g_ptr_array_remove_index(cells, k);
		}
		remove_empty(s, i);
	}
	s->results->shard = shard->index;
	s->results->shards = shard->count;
	s->results->shards_cells = order->len;
}

static const struct object_shape matrix_selection_shape =
	OBJECT_SHAPE(matrix_selection, NULL, OWNS(matrix_selection, scenarios, g_ptr_array_unref),
		     OWNS(matrix_selection, results, results_free));

matrix_selection *matrix_select(const model *base, const struct matrix_filter *filter,
				GError **error)
{
	g_autoptr(matrix_selection) s = object_new(&matrix_selection_shape);
	g_autoptr(GRegex) only = NULL;
	struct id_search search = {0};
	guint n;

	s->results = results_new();
	s->scenarios = g_ptr_array_new_with_free_func(object_free);
	s->results->topology_name = g_strdup(base->name);
	s->results->topology_sha256 = g_strdup(base->sha256);
	s->results->topology_file = g_strdup(base->file);
	if (filter->only) {
		g_autoptr(GError) why = NULL;

		only = g_regex_new(filter->only, 0, 0, &why);
		if (!only) {
			g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "--only '%s': %s",
				    filter->only, why->message);
			return NULL;
		}
	}
	if (!check_scenarios(base, filter->scenarios, error))
		return NULL;
	ptr_array_foreach(const struct scenario, sc, base->scenarios)
		if ((!filter->scenarios || list_has(filter->scenarios, sc->name)) &&
		    !add_scenario(s, base, sc, error))
			return NULL;
	if (!check_pairs(s, filter->pairs, error))
		return NULL;
	search.only = only;
	n = fill_cells(s, filter, &search);
	if (search.error) {
		tb_error_set(error, TB_ERROR_INPUT, "--only: %s", search.error->message);
		g_error_free(search.error);
		return NULL;
	}
	if (n == 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "nothing to run: %s",
			    model_count_endpoints(base) < 2 ?
				    "a call needs two nodes with 'endpoint: "
				    "{}', and a Front End to sign in at" :
				    "no cell is left by these filters");
		return NULL;
	}
	if (filter->shard.count > 0)
		keep_shard(s, &filter->shard);
	return g_steal_pointer(&s);
}
