/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exercise/lesson.h"

#include "testbed/exercise/data.h"
#include "testbed/model/schema.h"
#include "testbed/model/value.h"

/* A command that can be run: its words can be told apart, and the first is "testbed". */
static bool read_command(struct reader *r, const yaml_node_t *value, void *target, const void *arg)
{
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) words = NULL;

	if (!read_text(r, value, target, arg))
		return false;
	words = lesson_command(*(char **)target, "lab", &error);
	return words ? true : reader_error(r, value, NULL, "%s", error->message);
}

static const struct list_type command_list = {.item = read_command, .may_be_empty = true};

static const struct field step_fields[] = {
	{KEY("text", read_prose, lesson_step, text, NULL)},
	{KEY("question", read_prose, lesson_step, question, NULL)},
	{KEY("run", read_texts, lesson_step, run, &command_list)},
	{KEY("answer", read_prose, lesson_step, answer, NULL)},
	{0}};
static const struct object_shape lesson_step_shape =
	OBJECT_SHAPE(lesson_step, NULL, OWNS_TEXT(lesson_step, text),
		     OWNS_TEXT(lesson_step, question), OWNS_LIST(lesson_step, run, g_free),
		     OWNS_TEXT(lesson_step, answer));
static const struct object_type step_type = OBJECT_TYPE("step", lesson_step, .fields = step_fields);

static const struct field lesson_fields[] = {
	{KEY("title", read_text, lesson, title, NULL), .required = true},
	{KEY("topology", read_word, lesson, topology, &charset_name), .required = true},
	{KEY("scenario", read_word, lesson, scenario, &charset_name), .required = true},
	{KEY("steps", read_objects, lesson, steps, &step_type), .required = true},
	{0}};
static const struct object_shape lesson_shape =
	OBJECT_SHAPE(lesson, NULL, OWNS_TEXT(lesson, name), OWNS_TEXT(lesson, title),
		     OWNS_TEXT(lesson, topology), OWNS_TEXT(lesson, scenario),
		     OWNS_LIST(lesson, steps, object_free));
static const struct object_type lesson_type =
	OBJECT_TYPE("lesson", lesson, .fields = lesson_fields, NAMED_BY(lesson, charset_name));

struct lesson_file {
	GPtrArray *lessons;
};

static const struct field file_fields[] = {
	{.key = "x-*", .read = read_nothing},
	{KEY("lessons", read_named_objects, lesson_file, lessons, &lesson_type), .required = true},
	{0}};

GPtrArray *lessons_load(const char *folder, diags *d)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(object_free);
	g_autoptr(GPtrArray) paths = data_files(folder, d);
	struct lesson_file file = {.lessons = all};

	ptr_array_foreach(const char, path, paths)
		data_read_file(path, file_fields, &file, d);
	data_check_names(all, offsetof(struct lesson, name), offsetof(struct lesson, loc), "lesson",
			 d);
	return diags_errors(d) == 0 ? g_steal_pointer(&all) : NULL;
}

static json_t *step_json(const struct lesson_step *s)
{
	json_t *run = json_array();

	ptr_array_foreach(const char, command, s->run)
		json_array_append_new(run, json_string(command));
	return json_pack("{s:s?, s:s?, s:o, s:s?}", "text", s->text, "question", s->question, "run",
			 run, "answer", s->answer);
}

json_t *lessons_to_json(const GPtrArray *lessons)
{
	json_t *all = json_array();

	ptr_array_foreach(const struct lesson, l, lessons) {
		json_t *steps = json_array();

		ptr_array_foreach(const struct lesson_step, s, l->steps)
			json_array_append_new(steps, step_json(s));
		json_array_append_new(all, json_pack("{s:s, s:s, s:s?, s:s?, s:o}", "name", l->name,
						     "title", l->title, "topology", l->topology,
						     "scenario", l->scenario, "steps", steps));
	}
	return all;
}

const struct lesson *lessons_find(const GPtrArray *lessons, const char *name)
{
	ptr_array_foreach(const struct lesson, l, lessons)
		if (g_str_equal(l->name, name))
			return l;
	return NULL;
}

const char *lessons_near(const GPtrArray *lessons, const char *name)
{
	g_autofree const char **names = g_new0(const char *, lessons->len + 1);

	for (guint i = 0; i < lessons->len; i++)
		names[i] = ((const struct lesson *)lessons->pdata[i])->name;
	return diag_nearest(name, names);
}

char **lesson_command(const char *command, const char *lab, GError **error)
{
	g_auto(GStrv) parts = g_strsplit(command, LESSON_LAB, 0), words = NULL;
	g_autofree char *named = g_strjoinv(lab, parts);

	if (!g_shell_parse_argv(named, NULL, &words, error))
		return NULL;
	if (g_str_equal(words[0], "testbed") && words[1])
		return g_strdupv(words + 1);
	tb_error_set(error, TB_ERROR_INPUT, "'%s' is no command of testbed", command);
	return NULL;
}
