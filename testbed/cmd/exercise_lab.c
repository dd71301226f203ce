/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/exercise_lab.h"

exercise_book *cmd_exercise_book(void)
{
	g_autofree char *folder = cmd_shipped("exercises", NULL);
	g_autoptr(diags) found = diags_new();
	exercise_book *b = exercise_book_load(folder, found);

	cmd_tell_findings(found);
	return b;
}

model *cmd_exercise_model(const struct fault *f)
{
	g_autofree char *name = g_strconcat(f->topology, ".yaml", NULL),
			*path = cmd_shipped_topology(name);
	const struct options like = {.topology = path, .quiet = TRUE};

	return cmd_topology_load(&like);
}

/* The first fault of the lot that breaks a call; NULL: none does. */
static const struct fault *draw(const exercise_book *b, unsigned level, guint64 seed)
{
	g_autoptr(GPtrArray) lots = exercise_lots(b, level, seed);

	ptr_array_foreach(const struct fault, f, lots) {
		g_autoptr(model) m = cmd_exercise_model(f);

		if (exercise_can_be_drawn(f, m))
			return f;
	}
	return NULL;
}

const struct exercise *cmd_exercise_choose(const exercise_book *b, const char *name, unsigned level,
					   guint64 seed, struct exercise **ret_drawn)
{
	const struct fault *f;

	if (!g_str_equal(name, EXERCISE_DRAWN))
		return exercise_book_find(b, name);
	f = draw(b, level, seed);
	*ret_drawn = f ? exercise_of_fault(f) : NULL;
	return *ret_drawn;
}

/* The connection to the lab of -n, to that of EXERCISE_LAB, or to the only one. */
static live_client *connect_to(const struct options *o, GError **error)
{
	live_client *c = o->name ? NULL : live_connect(EXERCISE_LAB, NULL);

	return c ? c : live_connect(o->name, error);
}

/* Finds the exercise that is going on in the lab with that status: `book`, `drawn` and `exercise`
 * of `ret`.  0, or the exit code after an error was printed. */
static int find_exercise(const json_t *status, exercise_lab *ret)
{
	const json_t *told = json_object_get(status, "exercise");

	ret->book = cmd_exercise_book();
	if (!ret->book)
		return CMD_INPUT;
	if (!member_is(told, "digest", ret->book->digest))
		return cmd_fail(CMD_USAGE,
				"the exercises have changed since lab '%s' came up: "
				"take it down and begin again",
				member_text(status, "name"));
	ret->exercise = cmd_exercise_choose(ret->book, member_text(told, "name"),
					    (unsigned)member_count(told, "drawn_from"),
					    member_count(told, "seed"), &ret->drawn);
	return ret->exercise ? 0 : cmd_fail(CMD_INTERNAL, "the exercise is gone");
}

bool cmd_hidden_changes(const json_t *status, char **ret)
{
	g_auto(exercise_lab) found = {0};

	*ret = NULL;
	if (!json_object_get(status, "exercise"))
		return true;
	find_exercise(status, &found);
	if (!found.exercise)
		return false;
	*ret = g_strdup(found.exercise->fault->changes);
	return true;
}

int exercise_lab_open(const struct options *o, exercise_lab *ret)
{
	g_autoptr(GError) error = NULL;
	const json_t *told;
	int code;

	*ret = (exercise_lab){.client = connect_to(o, &error)};
	ret->status = ret->client ? live_ask(ret->client, "status", &error) : NULL;
	if (!ret->status)
		return cmd_failed(error);
	told = json_object_get(ret->status, "exercise");
	if (!told)
		return cmd_fail(CMD_USAGE,
				"lab '%s' is no exercise; 'testbed exercise list' has some",
				exercise_lab_name(ret));
	code = find_exercise(ret->status, ret);
	if (code)
		return code;
	ret->record_path = member_text(told, "record");
	ret->record = ret->record_path ? record_load(ret->record_path, &error) : NULL;
	return ret->record ? 0 : error ? cmd_failed(error) : CMD_INTERNAL;
}

void exercise_lab_clear(exercise_lab *l)
{
	object_free(l->client);
	json_decref(l->status);
	object_free(l->drawn);
	object_free(l->book);
	object_free(l->record);
	*l = (exercise_lab){0};
}

const char *exercise_lab_name(const exercise_lab *l)
{
	return member_text(l->status, "name");
}

int exercise_lab_save(const exercise_lab *l)
{
	g_autoptr(GError) error = NULL;

	return record_save(l->record, l->record_path, &error) ?
		       0 :
		       cmd_fail(CMD_INTERNAL, "%s", error->message);
}

gint64 exercise_now_s(void)
{
	return g_get_real_time() / G_USEC_PER_SEC;
}
