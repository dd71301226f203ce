/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/change.h"
#include "testbed/model/internal.h"
#include "testbed/model/names.h"
#include "testbed/model/object.h"
#include "testbed/model/repeat.h"
#include "testbed/model/schema.h"
#include "testbed/model/value.h"

#include <string.h>

#define FINDINGS_PER_PLACE 2
/* Each scenario is made once to check it, from a file that has them all. */
#define WORK_MAX (64u << 20)

void model_retire(model *m, GPtrArray *list, guint index)
{
	g_ptr_array_add(m->source->retired, g_ptr_array_steal_index(list, index));
}

/* --- the top of the file ---------------------------------------------------------------------- */

/* A read_func: keeps the YAML value itself, to be read later. */
static bool remember_value(struct reader *r G_GNUC_UNUSED, const yaml_node_t *value, void *target,
			   const void *arg G_GNUC_UNUSED)
{
	*(const yaml_node_t **)target = value;
	return true;
}

static bool read_scenarios(struct reader *r, const yaml_node_t *value, void *target,
			   const void *arg)
{
	if (!read_named_objects(r, value, target, arg))
		return false;
	if (value->data.mapping.pairs.start == value->data.mapping.pairs.top)
		reader_error(r, value, "write at least 'base: {}'", "'scenarios' is empty");
	return true;
}

static const struct field source_fields[] = {
	{KEY("expect", remember_value, model_source, expect, NULL),
	 LIKE({.read = read_objects, .arg = &expect_type})},
	{0}};

const struct field model_fields[] = {
	{KEY("topology", read_word, model, name, &charset_name), .required = true},
	{KEY("title", read_text, model, title, NULL)},
	{KEY("domain", read_word, model, domain, &charset_dns), .required = true},
	{KEY("max_loss", read_percent, model, max_loss_pct, NULL)},
	{KEY("ice_profile", read_choice, model, ice_profile, ice_profile_names)},
	{KEY("discovery", read_choice, model, discovery, discovery_names)},
	{KEY("sites", read_named_objects, model, sites, &site_type)},
	{KEY("networks", read_named_objects, model, networks, &network_type), .required = true},
	{KEY("nodes", read_named_objects, model, nodes, &node_type), .required = true},
	{KEY("tunnels", read_named_objects, model, tunnels, &tunnel_type)},
	{KEY("conferences", read_objects, model, conferences, &conference_type)},
	{.include = source_fields, .offset = offsetof(model, source), .indirect = true},
	{KEY("scenarios", read_scenarios, model, scenarios, &scenario_type), .required = true,
	 LIKE({.read = read_named_objects, .arg = &scenario_type})},
	{.key = "x-*", .read = read_nothing}, /* templates for aliases and merges to refer to */
	{0}};

static const struct object_shape model_source_shape =
	OBJECT_SHAPE(model_source, NULL, OWNS(model_source, source, (GDestroyNotify)source_unref),
		     OWNS_LIST(model_source, retired, object_free),
		     OWNS_LIST(model_source, extras, (GDestroyNotify)source_unref));
static const struct object_shape model_shape =
	OBJECT_SHAPE(model, (&(const model){.max_loss_pct = 1}), OWNS_TEXT(model, file),
		     OWNS_TEXT(model, sha256), OWNS_TEXT(model, name), OWNS_TEXT(model, title),
		     OWNS_TEXT(model, domain), OWNS_TEXT(model, ice_profile),
		     OWNS_TEXT(model, discovery), OWNS_LIST(model, sites, object_free),
		     OWNS_LIST(model, networks, object_free), OWNS_LIST(model, nodes, object_free),
		     OWNS_LIST(model, tunnels, object_free),
		     OWNS_LIST(model, conferences, object_free),
		     OWNS_LIST(model, scenarios, object_free), OWNS(model, source, object_free));

static model *model_new(struct source *source)
{
	model *m = object_new(&model_shape);

	m->file = g_strdup(source->file);
	m->sha256 = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, source->text);
	m->source = object_new(&model_source_shape);
	m->source->source = source_ref(source);
	return m;
}

void model_free(model *m)
{
	object_free(m);
}

/* Reads the file's common rules and puts them before the scenario's own, as the last match wins. */
static void add_common_expects(struct reader *r, const yaml_node_t *common, GPtrArray *expects)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new();

	r->key = "expect";
	read_objects(r, common, &all, &expect_type);
	for (guint i = 0; i < all->len; i++)
		g_ptr_array_insert(expects, (gint)i, g_ptr_array_index(all, i));
}

/* Reads the file as it is, without changes.  NULL, with findings, when it is not a mapping at
 * all. */
static model *read_model(struct reader *r, struct source *source)
{
	model *m = model_new(source);

	r->key = "the file";
	if (!read_mapping(r, source->root, model_fields, m, NULL, NULL)) {
		model_free(m);
		return NULL;
	}
	for (guint i = 0; m->source->expect && i < m->scenarios->len; i++) {
		struct scenario *scenario = g_ptr_array_index(m->scenarios, i);

		add_common_expects(r, m->source->expect, scenario->expects);
	}
	return m;
}

/* --- loading ---------------------------------------------------------------------------------- */

static void check_all(model *m, struct reader *r)
{
	struct check c = {.m = m, .d = r->d, .places = r->places};

	model_resolve(&c);
	check_objects(&c);
	check_addresses(&c);
	check_routes(&c);
	check_policies(&c);
	check_services(&c);
	check_scenarios(&c, r);
}

/* Makes the changes of a text of their own: a list, or just one. */
static void apply_extra(const struct reader *r, model *m, const struct source *extra)
{
	struct reader own = {.source = extra, .d = r->d, .places = r->places, .key = "changes"};
	g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func(g_free);

	change_read_list(&own, extra->root, &changes, NULL);
	if (diags_errors(r->d) == 0)
		change_apply_all(&own, m, changes);
}

/* Reads the file, makes the changes of scenario `name` and of `extras` (struct source; either may
 * be NULL: none), resolves and checks.  Findings go to `d`; with errors among them the model is
 * incomplete.  NULL when there is not even that. */
static model *build(struct source *source, const char *name, const GPtrArray *extras, diags *d)
{
	struct reader r = {.source = source, .d = d, .places = places_new()};
	model *m = read_model(&r, source);
	const struct scenario *scenario = m && name ? model_scenario(m, name) : NULL;

	if (scenario)
		change_apply_all(&r, m, scenario->changes);
	for (guint i = 0; m && extras && i < extras->len; i++)
		apply_extra(&r, m, extras->pdata[i]);
	/* A change that could not be made would only cause findings that are not the file's. */
	if (m && (!name || diags_errors(d) == 0))
		check_all(m, &r);
	places_free(r.places);
	return m;
}

/* Counts a finding at its place; true when there were FINDINGS_PER_PLACE already.  What is wrong
 * with a template would else be reported for everything that is made from it. */
static bool has_enough_findings(GHashTable *seen, const struct diag *item)
{
	gpointer key = GINT_TO_POINTER(item->loc.line * 4096 + item->loc.col);
	guint count = GPOINTER_TO_UINT(g_hash_table_lookup(seen, key)) + 1;

	g_hash_table_insert(seen, key, GUINT_TO_POINTER(count));
	return count > FINDINGS_PER_PLACE;
}

/* As build, but returns NULL when there are errors, and findings name the scenario. */
static model *build_checked(struct source *source, const char *name, const GPtrArray *extras,
			    diags *d)
{
	g_autoptr(diags) found = diags_new();
	g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
	model *m = build(source, name, extras, found);

	for (guint i = 0; i < diags_count(found); i++) {
		const struct diag *item = diags_get(found, i);

		if (source->repeated && has_enough_findings(seen, item))
			continue;
		if (name)
			diags_add(d, item->level, item->loc, item->hint, "scenario '%s': %s", name,
				  item->message);
		else
			diags_add(d, item->level, item->loc, item->hint, "%s", item->message);
	}
	if (diags_errors(found) == 0)
		return m;
	model_free(m);
	return NULL;
}

/* Whether all scenarios of the file can be made in bounded time; else there is a finding. */
static bool check_work(const struct source *source, const model *m, diags *d)
{
	guint64 n = m->scenarios->len + 1;
	const struct scenario *last = n > 1 ? m->scenarios->pdata[n - 2] : NULL;

	if (!last || n * n <= WORK_MAX / MAX(source->values, 1))
		return true;
	return diags_add(d, DIAG_ERROR, last->loc, "write several files",
			 "%u scenarios of a file with %u values: values times the square of "
			 "scenarios must be at most %u",
			 m->scenarios->len, source->values, WORK_MAX);
}

/* Builds the model and, to prove that it is possible, every scenario of it.  NULL with findings. */
static model *load(struct source *source, diags *d)
{
	guint before = diags_errors(d);
	model *m = build_checked(source, NULL, NULL, d);
	const GPtrArray *scenarios = m && check_work(source, m, d) ? m->scenarios : NULL;

	ptr_array_foreach(const struct scenario, scenario, scenarios)
		model_free(build_checked(source, scenario->name, NULL, d));
	if (diags_errors(d) == before)
		return m;
	model_free(m);
	return NULL;
}

static model *load_bytes(const char *path, GBytes *bytes, diags *d)
{
	guint before = diags_errors(d);
	struct source *source = repeat_source_new(path, bytes, d);
	model *m = source ? load(source, d) : NULL;

	source_unref(source);
	/* Keys that appear twice are found while parsing. */
	if (diags_errors(d) == before)
		return m;
	model_free(m);
	return NULL;
}

model *model_load_text(const char *path, const char *text, gsize length, diags *d)
{
	g_autoptr(GBytes) bytes = g_bytes_new(text, length);

	return load_bytes(path, bytes, d);
}

model *model_load(const char *path, diags *d)
{
	g_autoptr(GBytes) bytes = source_read_file(path, d);

	return bytes ? load_bytes(path, bytes, d) : NULL;
}

/* Parses a text of changes; NULL with findings.  The caller unrefs it. */
static struct source *extra_new(const char *name, const char *changes, diags *d)
{
	g_autoptr(GBytes) text = g_bytes_new(changes, strlen(changes));
	guint before = diags_errors(d);
	struct source *extra = repeat_source_new(name, text, d);

	if (extra && diags_errors(d) == before)
		return extra;
	source_unref(extra);
	return NULL;
}

bool model_add_changes(model *m, const char *name, const char *changes, diags *d)
{
	guint before = diags_errors(d);
	struct source *extra = extra_new(name, changes, d);
	struct reader r = {.source = extra, .d = d, .places = places_new(), .key = "changes"};
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

	if (extra)
		change_read_list(&r, extra->root, &list, NULL);
	places_free(r.places);
	if (diags_errors(d) != before) {
		source_unref(extra);
		return false;
	}
	g_ptr_array_add(m->source->extras, extra);
	return true;
}

void model_drop_changes(model *m)
{
	g_ptr_array_set_size(m->source->extras, 0);
}

model *model_instantiate(const model *m, const struct scenario *scenario, diags *d)
{
	return build_checked(m->source->source, scenario->name, m->source->extras, d);
}

model *model_instantiate_with(const model *m, const struct scenario *scenario, const char *name,
			      const char *changes, diags *d)
{
	g_autoptr(GPtrArray) extras = g_ptr_array_new();
	struct source *extra = extra_new(name, changes, d);
	model *changed = NULL;

	if (extra) {
		g_ptr_array_extend(extras, m->source->extras, NULL, NULL);
		g_ptr_array_add(extras, extra);
		changed = build_checked(m->source->source, scenario->name, extras, d);
	}
	source_unref(extra);
	return changed;
}
