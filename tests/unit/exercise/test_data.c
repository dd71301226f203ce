/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of faults, exercises and lessons: what comes with testbed, and mistakes at their
 * places. */
#include "testbed/exercise/exercise.h"
#include "testbed/exercise/lesson.h"
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

static model *topology_of(const struct fault *f)
{
	g_autofree char *path = g_strdup_printf("topologies/%s.yaml", f->topology);
	g_autoptr(diags) d = diags_new();
	model *m = model_load(path, d);

	cr_assert_not_null(m, "%s", path);
	return m;
}

Test(shipped, exercises_break_a_call_that_should_work)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(exercise_book) b = exercise_book_load("exercises", d);
	g_autoptr(GHashTable) families = g_hash_table_new(g_str_hash, g_str_equal),
			      all = g_hash_table_new(g_str_hash, g_str_equal);
	g_autofree char *text = diags_to_text(d);
	guint levels[4] = {0};

	cr_assert_not_null(b, "%s", text);
	cr_expect_geq(b->exercises->len, 25);
	ptr_array_foreach(const struct fault, f, b->faults)
		g_hash_table_add(all, f->file);
	ptr_array_foreach(const struct exercise, e, b->exercises) {
		g_autoptr(model) m = topology_of(e->fault);
		g_autoptr(diags) found = diags_new();
		g_autoptr(model) whole = NULL;

		cr_expect(exercise_can_be_drawn(e->fault, m), "%s", e->name);
		cr_expect(model_add_changes(m, "fault", e->fault->changes, found) &&
				  model_add_changes(m, "repair", e->repair, found),
			  "%s", e->name);
		whole = model_instantiate(m, model_scenario(m, e->fault->scenario), found);
		cr_expect_not_null(whole, "%s", e->name);
		g_hash_table_add(families, e->fault->file);
		levels[e->level]++;
	}
	for (guint i = 1; i <= 3; i++)
		cr_expect_geq(levels[i], 5, "level %u", i);
	cr_expect_eq(g_hash_table_size(families), g_hash_table_size(all),
		     "exercises are of %u families of %u", g_hash_table_size(families),
		     g_hash_table_size(all));
}

/* What a student is told before the answer has none of the truth's words. */
Test(shipped, titles_and_stories_tell_nothing)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(exercise_book) b = exercise_book_load("exercises", d);

	cr_assert_not_null(b);
	ptr_array_foreach(const struct exercise, e, b->exercises) {
		g_autofree char *told = g_strdup_printf("%s\n%s\n%s", e->name, e->title, e->story);

		cr_expect(!strstr(told, e->fault_name), "%s", e->name);
		ptr_array_foreach(const char, code, e->fault->codes)
			cr_expect(!strstr(told, code), "%s: %s", e->name, code);
		ptr_array_foreach(const char, object, e->fault->objects)
			cr_expect(g_str_equal(object, "certificate") || strlen(object) < 6 ||
					  !strstr(told, object),
				  "%s: %s", e->name, object);
	}
}

Test(shipped, lots_are_the_same_for_the_same_seed)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(exercise_book) b = exercise_book_load("exercises", d);
	g_autoptr(GPtrArray) one = exercise_lots(b, 2, 7), same = exercise_lots(b, 2, 7),
			     other = exercise_lots(b, 2, 8);
	bool differs = false;

	cr_assert_eq(one->len, same->len);
	cr_assert_gt(one->len, 50);
	for (guint i = 0; i < one->len; i++) {
		const struct fault *f = one->pdata[i];

		cr_expect_eq(f->level, 2, "%s", f->name);
		cr_expect_eq(f, same->pdata[i]);
		differs = differs || f != other->pdata[i];
	}
	cr_expect(differs);
}

/* Of each level there are many, and none that breaks only what fails anyway. */
Test(shipped, most_faults_can_be_drawn)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(exercise_book) b = exercise_book_load("exercises", d);
	g_autoptr(GHashTable) models =
		g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)model_free);
	guint drawn[4] = {0};

	ptr_array_foreach(const struct fault, f, b->faults) {
		model *m = g_hash_table_lookup(models, f->topology);

		if (!m)
			g_hash_table_insert(models, f->topology, m = topology_of(f));
		drawn[f->level] += exercise_can_be_drawn(f, m);
		cr_expect(!f->latent || !exercise_can_be_drawn(f, m), "%s", f->name);
	}
	for (guint i = 1; i <= 3; i++)
		cr_expect_gt(drawn[i], 35, "level %u: %u", i, drawn[i]);
}

Test(shipped, hints_end_with_the_cause)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(exercise_book) b = exercise_book_load("exercises", d);
	const struct exercise *e = exercise_book_find(b, "strict-core");
	g_autofree char *own = NULL, *stage = NULL, *node = NULL, *cause = NULL;

	cr_assert_not_null(e);
	cr_assert_eq(e->hints->len, 1);
	own = exercise_hint(e, 0);
	stage = exercise_hint(e, 1);
	node = exercise_hint(e, 2);
	cause = exercise_hint(e, 3);
	cr_expect_str_eq(own, e->hints->pdata[0]);
	cr_expect_str_eq(stage, "It goes wrong when a client opens the connection to its server.");
	cr_expect_str_eq(node, "Look at core.");
	cr_expect_str_eq(cause, "The cause is FW_DROP.");
	cr_expect_null(exercise_hint(e, 4));
	cr_expect_str_eq(exercise_book_near(b, "strict-cor"), "strict-core");
}

Test(shipped, lessons_have_topologies_and_commands)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(GPtrArray) lessons = lessons_load("lessons", d);
	g_autofree char *text = diags_to_text(d);

	cr_assert_not_null(lessons, "%s", text);
	cr_expect_geq(lessons->len, 3);
	ptr_array_foreach(const struct lesson, l, lessons) {
		const struct fault like = {.topology = l->topology};
		g_autoptr(model) m = topology_of(&like);

		cr_expect_not_null(model_scenario(m, l->scenario), "%s", l->name);
		ptr_array_foreach(const struct lesson_step, s, l->steps)
			cr_expect(s->question != NULL || s->run->len == 0, "%s:%d", l->name,
				  s->loc.line);
	}
}

Test(lesson, a_command_is_of_testbed_and_names_the_lab)
{
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) words = lesson_command("testbed set -n $LAB 'a: {b: c}'", "mine", &error);

	cr_assert_not_null(words);
	cr_expect_str_eq(words[0], "set");
	cr_expect_str_eq(words[2], "mine");
	cr_expect_str_eq(words[3], "a: {b: c}");
	cr_expect_null(lesson_command("rm -rf /", "mine", &error));
	g_clear_error(&error);
	cr_expect_null(lesson_command("testbed 'open", "mine", &error));
}

/* --- mistakes --------------------------------------------------------------------------------- */

#define FAULT                                                                             \
	"faults:\n  f:\n    topology: lync\n    scenario: persistent-route\n    cell: "   \
	"a-b/audio\n    changes:\n      - link-down: {node: a, interface: b}\n    code: " \
	"LINK_DOWN\n    node: a\n    object: b\n    stage: dns\n"

#define REST "solution: s, repair: []"

static const struct mistake {
	const char *exercises; /* of the file x.yaml */
	const char *told;
} mistakes[] = {
	{"exercises: {a: {title: t, level: 4, fault: f, story: s, " REST "}}",
	 "x.yaml:1:34: error: 'level' is a number from 1 to 3"},
	{"exercises: {a: {title: t, level: 1, fault: g, story: s, " REST "}}",
	 "x.yaml:1:13: error: exercise 'a': no fault 'g' (exercises/catalogue has them)"},
	{"exercises:\n  a: {title: t, level: 1, fault: f, " REST "}",
	 "x.yaml:2:6: error: 'story' is missing"},
	{"exercises:\n  a: {title: t, level: 1, fault: f, story: s, hint: h, " REST "}",
	 "x.yaml:2:47: error: unknown key 'hint'"},
	{"exercises: []", "x.yaml:1:12: error:"},
};

Test(mistakes, are_told_at_their_places)
{
	char *folder = program_folder_new();
	g_autofree char *path = g_build_filename(folder, "x.yaml", NULL),
			*catalogue = g_build_filename(folder, "catalogue", NULL),
			*faults = g_build_filename(catalogue, "f.yaml", NULL);

	cr_assert_eq(g_mkdir(catalogue, 0700), 0);
	cr_assert(g_file_set_contents(faults, FAULT, -1, NULL));
	for (guint i = 0; i < G_N_ELEMENTS(mistakes); i++) {
		g_autoptr(diags) d = diags_new();
		g_autofree char *text = NULL;

		cr_assert(g_file_set_contents(path, mistakes[i].exercises, -1, NULL));
		cr_expect_null(exercise_book_load(folder, d), "%s", mistakes[i].exercises);
		text = diags_to_text(d);
		cr_expect(strstr(text, mistakes[i].told), "%s\nnot\n%s", text, mistakes[i].told);
	}
	program_folder_free(folder);
}

Test(mistakes, lessons_run_no_other_program)
{
	char *folder = program_folder_new();
	g_autofree char *path = g_build_filename(folder, "x.yaml", NULL), *text = NULL;
	g_autoptr(diags) d = diags_new();

	cr_assert(g_file_set_contents(path,
				      "lessons:\n  a:\n    title: t\n    topology: lync\n    "
				      "scenario: s\n    steps:\n      - run: [rm -rf /]\n",
				      -1, NULL));
	cr_expect_null(lessons_load(folder, d));
	text = diags_to_text(d);
	cr_expect(strstr(text, "x.yaml:7:15: error: 'rm -rf /' is no command of testbed"), "%s",
		  text);
	program_folder_free(folder);
}
