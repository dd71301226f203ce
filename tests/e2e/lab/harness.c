/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/e2e/lab/harness.h"

#include <criterion/criterion.h>
#include <string.h>

#define TOPOLOGY "tests/data/topologies/company.yaml"

static void on_built(lab *l G_GNUC_UNUSED, const struct lab_build *build, gpointer user_data)
{
	struct watched *w = user_data;

	w->built = true;
	cr_expect_gt(build->build_ms, 0.0, "building took no time");
	cr_expect_not_null(build->vpn, "the tunnel's kind is not told");
}

static void on_event(lab *l G_GNUC_UNUSED, const char *agent, json_t *event, gpointer user_data)
{
	struct watched *w = user_data;
	const char *name = json_string_value(json_object_get(event, "event"));

	if (g_strcmp0(name, "ready") == 0)
		g_ptr_array_add(w->ready, g_strdup(agent));
	if (g_strcmp0(name, "stats") == 0)
		g_ptr_array_add(w->answers, g_strdup(agent));
}

static void on_died(lab *l G_GNUC_UNUSED, const char *agent, enum reason code G_GNUC_UNUSED,
		    const char *how, gpointer user_data)
{
	struct watched *w = user_data;

	g_ptr_array_add(w->died, g_strdup_printf("%s: %s", agent, how));
}

static void on_failed(lab *l G_GNUC_UNUSED, const GError *error, gpointer user_data)
{
	struct watched *w = user_data;

	cr_expect_not(w->failed, "a second failure was told: %s", error->message);
	w->failed = true;
	w->code = error->code;
	w->message = g_strdup(error->message);
}

char *built_programs(void)
{
	const char *build = g_getenv("TESTBED_BUILD");

	return g_build_filename(build != NULL ? build : "build", "bin", NULL);
}

void watched_start(struct watched *w, const char *scenario, const char *program_dir)
{
	static const struct lab_callbacks callbacks = {
		.built = on_built, .event = on_event, .agent_died = on_died, .failed = on_failed};
	const struct lab_options options = {.name = scenario, .program_dir = program_dir};
	g_autoptr(GError) error = NULL;

	*w = (struct watched){.found = diags_new()};
	w->ready = g_ptr_array_new_with_free_func(g_free);
	w->died = g_ptr_array_new_with_free_func(g_free);
	w->answers = g_ptr_array_new_with_free_func(g_free);
	w->base = model_load(TOPOLOGY, w->found);
	cr_assert_not_null(w->base, "%s does not load", TOPOLOGY);
	w->m = model_instantiate(w->base, model_scenario(w->base, scenario), w->found);
	cr_assert_not_null(w->m, "scenario %s can't be made", scenario);
	w->p = plan_build(w->m);
	w->l = lab_start(w->m, w->p, &options, &callbacks, w, &error);
	cr_assert_not_null(w->l, "lab can't be started: %s", error != NULL ? error->message : "");
}

void watched_up(struct watched *w, const char *scenario)
{
	g_autofree char *programs = built_programs();

	watched_start(w, scenario, programs);
	cr_assert(run_until(is_settled, w), "lab of %s neither stands nor fails", scenario);
	cr_assert(w->built, "lab of %s can't be built: %s", scenario, w->message);
}

void watched_end(struct watched *w)
{
	lab_free(w->l);
	plan_free(w->p);
	model_free(w->m);
	model_free(w->base);
	diags_free(w->found);
	g_ptr_array_unref(w->ready);
	g_ptr_array_unref(w->died);
	g_ptr_array_unref(w->answers);
	g_free(w->message);
}

bool is_settled(gpointer watched)
{
	const struct watched *w = watched;

	return w->built || w->failed;
}

static gboolean on_deadline(gpointer user_data)
{
	bool *over = user_data;

	*over = true;
	return G_SOURCE_REMOVE;
}

bool run_until(bool (*condition)(gpointer user_data), gpointer user_data)
{
	bool over = false;
	guint timer = g_timeout_add_seconds(DEADLINE_S, on_deadline, &over);

	while (!condition(user_data) && !over)
		g_main_context_iteration(NULL, TRUE);
	if (!over)
		g_source_remove(timer);
	return !over;
}

bool has_text(const GPtrArray *list, const char *text)
{
	for (guint i = 0; i < list->len; i++)
		if (strcmp(g_ptr_array_index(list, i), text) == 0)
			return true;
	return false;
}
