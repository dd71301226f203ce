/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lesson: a guided session in a live lab of its own. */
#include "testbed/cmd/up.h"
#include "testbed/report/wrap.h"
#include "testbed/exercise/lesson.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAB "lesson"

/* A lesson that is being given. */
struct session_of_lesson {
	const struct lesson *lesson;
	const char *lab;
	guint columns;
	bool asks; /* somebody sits at a terminal */
	bool over; /* nothing more comes from standard input: go on without waiting */
	int code;
};

json_t *cmd_shipped_lessons(void)
{
	g_autofree char *folder = cmd_shipped("lessons", NULL);
	g_autoptr(diags) unheard = diags_new();
	g_autoptr(GPtrArray) lessons = lessons_load(folder, unheard);

	return lessons ? lessons_to_json(lessons) : NULL;
}

/* Prints prose with an empty line behind it; NULL: nothing. */
static void say(struct session_of_lesson *s, const char *mark, const char *prose)
{
	g_autoptr(GString) text = g_string_new(NULL);
	guint indent = (guint)strlen(mark);

	if (!prose)
		return;
	wrap_prose(text, prose, indent, s->columns);
	memcpy(text->str, mark, indent);
	g_string_append_c(text, '\n');
	s->code = cmd_print(text->str, (gssize)text->len);
}

/* Waits for a line.  False: the user wants no more. */
static bool wait_for_enter(struct session_of_lesson *s)
{
	char line[256];

	if (s->over)
		return true;
	if (s->asks)
		cmd_tell("(Enter goes on, q ends) ");
	if (!fgets(line, sizeof(line), stdin)) {
		s->over = true;
		return !s->asks;
	}
	return line[0] != 'q';
}

/* Runs one command, whose output goes to ours.  How it ends does not matter: calls fail in lessons.
 */
static void run_command(struct session_of_lesson *s, const char *command)
{
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) words = lesson_command(command, s->lab, &error), argv = NULL;
	g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
	g_autoptr(GStrvBuilder) all = g_strv_builder_new();
	g_auto(GStrv) parts = g_strsplit(command, LESSON_LAB, 0);
	g_autofree char *shown = g_strjoinv(s->lab, parts),
			*prompt = g_strdup_printf("$ %s\n", shown);

	s->code = cmd_print(prompt, -1);
	if (!words || !program)
		return;
	g_strv_builder_add(all, program);
	for (guint i = 0; words[i]; i++)
		g_strv_builder_add(all, words[i]);
	argv = g_strv_builder_end(all);
	if (!g_spawn_sync(NULL, argv, NULL,
			  G_SPAWN_CHILD_INHERITS_STDIN | G_SPAWN_LEAVE_DESCRIPTORS_OPEN, NULL, NULL,
			  NULL, NULL, NULL, &error))
		cmd_error("%s", error->message);
	s->code = cmd_print("\n", -1);
}

/* One step.  False: the user wants no more, or nothing can be printed. */
static bool take_step(struct session_of_lesson *s, const struct lesson_step *step)
{
	say(s, "", step->text);
	say(s, "? ", step->question);
	if (s->code || !wait_for_enter(s))
		return false;
	ptr_array_foreach(const char, command, step->run)
		run_command(s, command);
	say(s, "", step->answer);
	return s->code == 0;
}

/* Brings the lab up, which ends with this process, and takes the steps.  Returns the exit code. */
static int give(const struct lesson *l, const struct options *o)
{
	g_autofree char *name = g_strconcat(l->topology, ".yaml", NULL),
			*path = cmd_shipped_topology(name), *program_dir = cmd_program_dir(),
			*head = g_strdup_printf("lesson %s: %s", l->name, l->title);
	const struct options like = {.topology = path, .quiet = TRUE};
	g_autoptr(model) m = cmd_topology_load(&like);
	struct keeper_job job = {.name = o->name ? o->name : LAB,
				 .program_dir = program_dir,
				 .base = m,
				 .scenario = m ? cmd_scenario(m, l->scenario) : NULL,
				 .tied = true};
	struct session_of_lesson s = {.lesson = l,
				      .lab = job.name,
				      .columns = cmd_style(o, STDOUT_FILENO).columns,
				      .asks = isatty(STDIN_FILENO)};
	g_autoptr(live_client) c = NULL;
	json_auto_t *status = NULL;

	if (!job.scenario)
		return CMD_INPUT;
	say(&s, "", head);
	cmd_note("bringing lab '%s' up", s.lab);
	c = s.code ? NULL : cmd_bring_up(&job, path, &status, &s.code);
	for (guint i = 0; c && i < l->steps->len; i++)
		if (!take_step(&s, l->steps->pdata[i]))
			break;
	if (c)
		json_decref(live_ask(c, "down", NULL));
	return s.code;
}

/* Prints all lessons.  Returns the exit code. */
static int list(const GPtrArray *lessons)
{
	g_autoptr(GString) text = g_string_new(NULL);

	ptr_array_foreach(const struct lesson, l, lessons)
		g_string_append_printf(text, "%-18s %s\n", l->name, l->title);
	return cmd_print(text->str, (gssize)text->len);
}

int cmd_lesson(const struct options *o)
{
	g_autofree char *folder = cmd_shipped("lessons", NULL);
	g_autoptr(diags) found = diags_new();
	g_autoptr(GPtrArray) lessons = lessons_load(folder, found);
	g_autoptr(GError) error = NULL;
	const struct lesson *l;
	const char *near;

	cmd_tell_findings(found);
	if (!lessons)
		return CMD_INPUT;
	if (!o->arguments[0])
		return list(lessons);
	if (o->name && !runtime_dir_check_name(o->name, &error))
		return cmd_failed(error);
	l = lessons_find(lessons, o->arguments[0]);
	if (l)
		return give(l, o);
	near = lessons_near(lessons, o->arguments[0]);
	return cmd_fail(CMD_USAGE, "no lesson '%s'%s%s%s; 'testbed lesson' lists them",
			o->arguments[0], near ? " (did you mean '" : "", near ? near : "",
			near ? "'?)" : "");
}
