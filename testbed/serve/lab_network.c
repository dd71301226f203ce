/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/serve/lab_network.h"

#include "testbed/explain/storybook.h"
#include "testbed/model/change_text.h"

#include <sys/utsname.h>

struct lab_network {
	model *base;
	const struct scenario *scenario;
	char *hidden;
};

/* --- states ----------------------------------------------------------------------------------- */

struct lab_network_state *lab_network_state_ref(struct lab_network_state *s)
{
	return g_atomic_rc_box_acquire(s);
}

static void state_clear(gpointer data)
{
	struct lab_network_state *s = data;

	model_free(s->model);
	g_ptr_array_unref(s->changes);
	json_decref(s->index);
}

void lab_network_state_unref(struct lab_network_state *s)
{
	if (s)
		g_atomic_rc_box_release_full(s, state_clear);
}

lab_network *lab_network_new(const struct lab_network_origin *from)
{
	lab_network *n = g_new0(lab_network, 1);

	n->base = from->base;
	n->scenario = from->scenario;
	n->hidden = g_strdup(from->hidden);
	return n;
}

void lab_network_free(lab_network *n)
{
	if (!n)
		return;
	model_free(n->base);
	g_free(n->hidden);
	g_free(n);
}

/* The base has these changes, and no others, from now on. */
static bool use_changes(const lab_network *n, const char *hidden, const GPtrArray *texts,
			diags *found)
{
	bool good;

	model_drop_changes(n->base);
	good = !hidden || model_add_changes(n->base, "hidden", hidden, found);
	ptr_array_foreach(const char, text, texts)
		good = good && model_add_changes(n->base, "set", text, found);
	return good;
}

/* The network with these changes, which the caller owns; NULL with findings. */
static model *changed_model(const lab_network *n, const char *hidden, const GPtrArray *texts,
			    diags *found)
{
	return use_changes(n, hidden, texts, found) ?
		       model_instantiate(n->base, n->scenario, found) :
		       NULL;
}

/* A run of this one scenario, without cells. */
static results *as_results(const lab_network *n, const model *m, const json_t *status)
{
	results *r = results_new();
	const char *vpn = member_text(status, "vpn");
	struct utsname host;

	r->version = g_strdup(TESTBED_VERSION);
	r->kernel = uname(&host) == 0 ? g_strdup(host.release) : NULL;
	r->topology_name = g_strdup(n->base->name);
	if (vpn)
		g_hash_table_insert(r->features, g_strdup("vpn"), g_strdup(vpn));
	results_add_endpoints(r, m);
	g_ptr_array_add(r->scenarios, scenario_result_new(n->scenario->name, n->scenario->title));
	return r;
}

/* The base has the changes of the state. */
static json_t *index_of(const lab_network *n, const model *m, const json_t *status)
{
	g_autoptr(results) r = as_results(n, m, status);
	const struct storybook_about about = {
		.results = r, .started_us = member_integer(status, "started_s") * G_USEC_PER_SEC};
	g_autoptr(storybook) book = storybook_new(n->base, &about);

	return storybook_index(book);
}

static bool is_same(const struct lab_network_state *s, const GPtrArray *texts, guint declared)
{
	bool same = s && s->declared == declared && s->changes->len == texts->len;

	for (guint i = 0; same && i < texts->len; i++)
		same = g_strcmp0(s->changes->pdata[i], texts->pdata[i]) == 0;
	return same;
}

struct lab_network_state *lab_network_by_status(const lab_network *n, const json_t *status,
						struct lab_network_state *now, GError **error)
{
	const json_t *changes = json_object_get(status, "changes");
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(diags) found = diags_new();
	g_autoptr(model) shown = NULL;
	struct lab_network_state *s;
	guint declared;

	for (size_t i = 0; i < json_array_size(changes); i++)
		g_ptr_array_add(texts, g_strdup(json_string_value(json_array_get(changes, i))));
	declared = (guint)MIN(member_count(status, "declared"), texts->len);
	if (is_same(now, texts, declared))
		return lab_network_state_ref(now);
	shown = changed_model(n, NULL, texts, found);
	if (!shown) {
		diags_set_error(found, TB_ERROR_FAILED, "", error);
		return NULL;
	}
	s = g_atomic_rc_box_new0(struct lab_network_state);
	s->index = index_of(n, shown, status);
	if (n->hidden)
		s->model = changed_model(n, n->hidden, texts, found);
	if (!s->model)
		s->model = g_steal_pointer(&shown);
	s->changes = g_steal_pointer(&texts);
	s->declared = declared;
	return s;
}

/* --- scenarios -------------------------------------------------------------------------------- */

/* char *; the caller frees. */
static GPtrArray *changes_of(const lab_network *n, const struct scenario *sc)
{
	GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < sc->changes->len; i++) {
		g_autofree char *node = NULL;

		g_ptr_array_add(texts, model_change_text(n->base, sc, i, &node));
	}
	return texts;
}

json_t *lab_network_scenarios(const lab_network *n)
{
	json_t *all = json_array();

	ptr_array_foreach(const struct scenario, sc, n->base->scenarios) {
		g_autoptr(GPtrArray) texts = changes_of(n, sc);
		json_t *list = json_array();

		ptr_array_foreach(const char, text, texts)
			json_array_append_new(list, json_string(text));
		json_array_append_new(all, json_pack("{s:s, s:s?, s:o}", "name", sc->name, "title",
						     sc->title, "changes", list));
	}
	return all;
}

/* Whether `texts` begin with those of `first`. */
static bool begins_with(const GPtrArray *texts, const GPtrArray *first)
{
	if (texts->len < first->len)
		return false;
	for (guint i = 0; i < first->len; i++)
		if (g_strcmp0(texts->pdata[i], first->pdata[i]) != 0)
			return false;
	return true;
}

GPtrArray *lab_network_way_to(const lab_network *n, const char *name, GError **error)
{
	const struct scenario *sc = name ? model_scenario(n->base, name) : NULL;
	g_autoptr(GPtrArray) own = changes_of(n, n->scenario), texts = NULL;

	if (!sc) {
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "no scenario '%s'", name ? name : "");
		return NULL;
	}
	texts = changes_of(n, sc);
	if (!begins_with(texts, own)) {
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT,
			    "this lab was brought up as '%s', and what that changes can't be taken "
			    "back: 'testbed up -s %s' brings up another one",
			    n->scenario->name, sc->name);
		return NULL;
	}
	if (own->len > 0)
		g_ptr_array_remove_range(texts, 0, own->len);
	return g_steal_pointer(&texts);
}

const char *lab_network_scenario_of(const lab_network *n, const struct lab_network_state *s)
{
	ptr_array_foreach(const struct scenario, sc, n->base->scenarios) {
		g_autoptr(GPtrArray) way = lab_network_way_to(n, sc->name, NULL);

		if (way && way->len + s->declared == s->changes->len) {
			bool same = true;

			for (guint i = 0; i < way->len; i++)
				same = same && g_strcmp0(way->pdata[i],
							 s->changes->pdata[s->declared + i]) == 0;
			if (same)
				return sc->name;
		}
	}
	return NULL;
}

/* --- programs --------------------------------------------------------------------------------- */

/* "NODE WORD..." of each client that is another program than tb-client. */
static GHashTable *programs_of(const model *m)
{
	GHashTable *all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	ptr_array_foreach(const struct node, n, m->nodes) {
		GString *line;

		if (!n->endpoint || !n->endpoint->command)
			continue;
		line = g_string_new(n->name);
		ptr_array_foreach(const char, word, n->endpoint->command)
			g_string_append_printf(line, "\n%s", word);
		g_hash_table_add(all, g_string_free(line, FALSE));
	}
	return all;
}

bool lab_network_adds_programs(const lab_network *n, const struct lab_network_state *s,
			       const GPtrArray *added, bool instead)
{
	g_autoptr(GPtrArray) texts = g_ptr_array_new();
	g_autoptr(diags) unheard = diags_new();
	g_autoptr(GHashTable) known = programs_of(s->model), wanted = NULL;
	g_autoptr(model) next = NULL;
	GHashTableIter iter;
	gpointer program;

	for (guint i = 0; i < (instead ? s->declared : s->changes->len); i++)
		g_ptr_array_add(texts, s->changes->pdata[i]);
	ptr_array_foreach(char, text, added)
		g_ptr_array_add(texts, text);
	next = changed_model(n, NULL, texts, unheard);
	if (!next)
		return false;
	wanted = programs_of(next);
	g_hash_table_iter_init(&iter, wanted);
	while (g_hash_table_iter_next(&iter, &program, NULL))
		if (!g_hash_table_contains(known, program))
			return true;
	return false;
}
