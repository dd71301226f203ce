/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exercise list, start, hint and give-up. */
#include "testbed/cmd/exercise_lab.h"
#include "testbed/cmd/rundir.h"
#include "testbed/cmd/up.h"
#include "testbed/report/wrap.h"
#include "testbed/exercise/calls.h"
#include "testbed/exercise/data.h"

#include "common/base/files.h"

#include <pwd.h>
#include <unistd.h>

#define HIDDEN "hidden" /* the name of the fault's changes, in findings */

int cmd_exercise_list(const struct options *o)
{
	g_autoptr(exercise_book) b = cmd_exercise_book();
	g_autoptr(GString) text = g_string_new(NULL);
	json_auto_t *list = json_array();

	if (!b)
		return CMD_INPUT;
	ptr_array_foreach(const struct exercise, e, b->exercises) {
		if (o->level != 0 && e->level != (unsigned)o->level)
			continue;
		g_string_append_printf(text, "%u  %-24s %s\n", e->level, e->name, e->title);
		json_array_append_new(list, json_pack("{s:s, s:s, s:i, s:b}", "name", e->name,
						      "title", e->title, "level", (int)e->level,
						      "lasting", e->lasting));
	}
	if (o->json) {
		json_auto_t *document =
			json_pack("{s:s, s:O}", "schema", "testbed.exercises/1", "exercises", list);

		return cmd_write_document(o->json, document, 1);
	}
	return cmd_print(text->str, (gssize)text->len);
}

/* --- start ------------------------------------------------------------------------------------ */

/* What a start works with. */
struct beginning {
	const struct exercise *exercise;
	model *model; /* with the fault */
	const struct scenario *scenario;
	GPtrArray *calls; /* struct judged_call */
	exercise_record *record;
	char *record_path;
	const char *lab;
};

static void beginning_clear(struct beginning *b)
{
	model_free(b->model);
	if (b->calls)
		g_ptr_array_unref(b->calls);
	object_free(b->record);
	g_free(b->record_path);
}

/* The user's name: who called sudo, if anybody did.  The caller frees it. */
static char *user_name(void)
{
	uid_t uid;
	gid_t gid;
	const struct passwd *user = getpwuid(files_sudo_user(&uid, &gid) ? uid : getuid());

	return g_strdup(user ? user->pw_name : "unknown");
}

/* Makes the record and its file.  0, or the exit code after an error was printed. */
static int make_record(struct beginning *b, const struct options *o, gint64 seed)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *state = rundir_state(),
			*folder = g_build_filename(state, "exercises", NULL),
			*when = g_date_time_format(now, "%Y%m%dT%H%M%S"),
			*name = g_strdup_printf("%s-%s-%s.json", b->exercise->name, b->lab, when);
	files_folder made;
	exercise_record *r = b->record = record_new();

	r->exercise = g_strdup(b->exercise->name);
	r->title = g_strdup(b->exercise->title);
	r->topology = g_strdup(b->exercise->fault->topology);
	r->scenario = g_strdup(b->exercise->fault->scenario);
	r->student = o->student ? g_utf8_make_valid(o->student, -1) : user_name();
	r->level = b->exercise->level;
	r->lasting = b->exercise->lasting;
	r->seed = seed;
	r->started_s = exercise_now_s();
	b->record_path = g_build_filename(folder, name, NULL);
	if (!files_open_folder(folder, true, &made, &error))
		return cmd_fail(CMD_INTERNAL, "%s", error->message);
	files_close(&made);
	return record_save(r, b->record_path, &error) ?
		       0 :
		       cmd_fail(CMD_INTERNAL, "%s", error->message);
}

/* Reads the network, finds the calls that should work, and adds the fault.  0, or the exit code
 * after an error was printed. */
static int make_network(struct beginning *b)
{
	const struct fault *f = b->exercise->fault;
	g_autoptr(diags) found = diags_new();
	g_autoptr(model) whole = NULL;

	b->model = cmd_exercise_model(f);
	b->scenario = b->model ? cmd_scenario(b->model, f->scenario) : NULL;
	whole = b->scenario ? cmd_scenario_model(b->model, b->scenario) : NULL;
	if (!whole)
		return CMD_INPUT;
	b->calls = judged_calls(whole, b->scenario);
	if (model_add_changes(b->model, HIDDEN, f->changes, found))
		return 0;
	cmd_tell_findings(found);
	return CMD_INPUT;
}

/* Has the keeper remember how the calls came out, and the state of the kernels. */
static bool remember(live_client *c, const struct beginning *b, GError **error)
{
	json_t *states = json_object(), *kernels = live_ask(c, "inspect", error);
	json_auto_t *done = NULL;

	ptr_array_foreach(const struct judged_call, call, b->calls)
		json_object_set_new(states, call->name, json_integer(call->before));
	if (kernels)
		done = live_request(c,
				    json_pack("{s:s, s:{s:o, s:o}}", "do", "remember", "value",
					      "calls", states, "kernels", kernels),
				    NULL, NULL, error);
	else
		json_decref(states);
	return done != NULL;
}

/* Appends the names of calls that came out so, if there are any. */
static void add_calls(GString *text, const struct beginning *b, const char *title,
		      enum call_state state, guint columns)
{
	g_autoptr(GString) names = g_string_new(NULL);

	ptr_array_foreach(const struct judged_call, c, b->calls)
		if (c->before == state)
			g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", c->name);
	if (names->len == 0)
		return;
	g_string_append_printf(text, "\n%s\n", title);
	wrap_prose(text, names->str, 2, columns);
}

/* Prints what the student is told at the beginning.  Returns the exit code. */
static int print_beginning(const struct beginning *b, const struct options *o)
{
	g_autoptr(GString) text = g_string_new(NULL);
	guint columns = cmd_style(o, STDOUT_FILENO).columns;
	const struct exercise *e = b->exercise;
	g_autofree char *head = NULL, *seed = NULL;

	seed = b->record->seed < 0 ? g_strdup("") :
				     g_strdup_printf(", seed %" G_GINT64_FORMAT, b->record->seed);
	head = g_strdup_printf("exercise %s (level %u%s): %s", e->name, e->level, seed, e->title);
	wrap_prose(text, head, 0, columns);
	g_string_append_c(text, '\n');
	wrap_prose(text, e->story, 0, columns);
	if (e->lasting)
		wrap_prose(text,
			   "\nThe repair must last: it must be there when what you have "
			   "repaired has started again.",
			   0, columns);
	add_calls(text, b, "calls that fail:", CALL_FAILS, columns);
	add_calls(text, b, "calls that work, but over a detour:", CALL_DETOUR, columns);
	g_string_append_printf(
		text,
		"\nThe lab is up, and every verb works in it%s:\n"
		"  testbed call -n %s A B\n  testbed shell -n %s NODE\n"
		"When you know: testbed exercise answer --node N --cause CODE --object O\n"
		"When it is repaired: testbed exercise check\n"
		"At the end: testbed down -n %s\n",
		e->level <= EXERCISE_EXPLAIN_LEVEL ? ", even explain" : " but explain", b->lab,
		b->lab, b->lab);
	return cmd_print(text->str, (gssize)text->len);
}

/* Takes the lab down that can't be used.  Returns the exit code of the error. */
static int abandon(live_client *c, const GError *error)
{
	json_decref(live_ask(c, "down", NULL));
	return error ? cmd_failed(error) :
		       cmd_fail(CMD_INTERNAL, "the fault shows in no call on this machine now");
}

/* Brings the lab up with the fault, and looks which calls it breaks.  Returns the exit code. */
static int begin(struct beginning *b, const struct options *o, json_t *told)
{
	g_autofree char *program_dir = cmd_program_dir();
	struct keeper_job job = {.name = b->lab,
				 .program_dir = program_dir,
				 .base = b->model,
				 .scenario = b->scenario,
				 .hidden = b->exercise->fault->changes,
				 .exercise = told};
	g_autoptr(GError) error = NULL;
	g_autoptr(live_client) c = NULL;
	json_auto_t *status = NULL;
	guint broken = 0;
	int code;

	c = cmd_bring_up(&job, b->exercise->fault->topology, &status, &code);
	if (!c)
		return code;
	if (!o->quiet)
		cmd_note("lab '%s' is up; placing %u calls to see which fail", b->lab,
			 b->calls->len);
	if (!calls_place(b->lab, b->calls, offsetof(struct judged_call, before), &error) ||
	    !remember(c, b, &error))
		return abandon(c, error);
	ptr_array_foreach(const struct judged_call, call, b->calls)
		broken += judged_is_broken(call);
	return broken > 0 ? print_beginning(b, o) : abandon(c, NULL);
}

/* What the keeper tells of the exercise; the caller owns it. */
static json_t *told_of(const struct beginning *b, const struct options *o, const char *digest)
{
	const struct exercise *e = b->exercise;
	gint64 seed = b->record->seed;

	return json_pack("{s:s, s:s, s:i, s:o, s:i, s:b, s:b, s:s, s:s}", "name", e->name, "title",
			 e->title, "level", (int)e->level, "seed",
			 seed < 0 ? json_null() : json_integer((json_int_t)seed), "drawn_from",
			 o->level, "explain", e->level <= EXERCISE_EXPLAIN_LEVEL, "lasting",
			 e->lasting, "record", b->record_path, "digest", digest);
}

static int print_no_exercise(const exercise_book *b, const char *name)
{
	const char *near = exercise_book_near(b, name);

	return cmd_fail(CMD_USAGE, "no exercise '%s'%s%s%s; 'testbed exercise list' has all", name,
			near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

int cmd_exercise_start(const struct options *o)
{
	g_autoptr(exercise_book) book = NULL;
	g_autoptr(GError) error = NULL;
	struct exercise *drawn = NULL;
	struct beginning b = {.lab = o->name ? o->name : EXERCISE_LAB};
	const char *name = o->random ? EXERCISE_DRAWN : o->arguments[0];
	json_auto_t *told = NULL;
	guint64 seed;
	int code;

	if (!name || (o->random && o->arguments[0]))
		return cmd_fail(CMD_USAGE, "which exercise: NAME, or --random?");
	if (!o->random && (o->seed || o->level))
		return cmd_fail(CMD_USAGE, "--seed and --level are for --random");
	if (!runtime_dir_check_name(b.lab, &error))
		return cmd_failed(error);
	if (o->level < 0 || o->level > EXERCISE_LEVELS)
		return cmd_fail(CMD_USAGE, "--level is a number from 1 to %d", EXERCISE_LEVELS);
	if (!cmd_seed(o, &seed))
		return CMD_USAGE;
	book = cmd_exercise_book();
	if (!book)
		return CMD_INPUT;
	b.exercise = cmd_exercise_choose(book, name, (unsigned)o->level, seed, &drawn);
	if (!b.exercise)
		return print_no_exercise(book, name);
	code = make_network(&b);
	if (!code)
		code = make_record(&b, o, o->random ? (gint64)seed : -1);
	if (!code) {
		told = told_of(&b, o, book->digest);
		code = begin(&b, o, told);
	}
	beginning_clear(&b);
	object_free(drawn);
	return code;
}

/* --- hint and give-up ------------------------------------------------------------------------- */

int cmd_exercise_hint(const struct options *o)
{
	g_auto(exercise_lab) l = {0};
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *hint = NULL;
	int code = exercise_lab_open(o, &l);

	if (code)
		return code;
	hint = exercise_hint(l.exercise, l.record->hints);
	if (!hint) {
		cmd_note("there are no more hints; 'testbed exercise give-up' tells the rest");
		return CMD_DIFFERS;
	}
	l.record->hints++;
	code = exercise_lab_save(&l);
	wrap_prose(text, hint, 0, cmd_style(o, STDOUT_FILENO).columns);
	return code ? code : cmd_print(text->str, (gssize)text->len);
}

int cmd_exercise_give_up(const struct options *o)
{
	g_auto(exercise_lab) l = {0};
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *truth = NULL;
	const struct fault *f;
	guint columns = cmd_style(o, STDOUT_FILENO).columns;
	int code = exercise_lab_open(o, &l);

	if (code)
		return code;
	f = l.exercise->fault;
	if (!l.record->gave_up_s)
		l.record->gave_up_s = exercise_now_s();
	code = exercise_lab_save(&l);
	truth = exercise_truth(l.exercise);
	wrap_prose(text, truth, 0, columns);
	if (l.exercise->solution)
		wrap_prose(text, l.exercise->solution, 0, columns);
	if (l.exercise->repair)
		g_string_append_printf(text, "\nThese changes mend it ('testbed set'):\n%s\n",
				       l.exercise->repair);
	g_string_append_printf(text,
			       "\nThe fault was made by these changes (docs/FORMATS.md):\n%s\n"
			       "and breaks %s/%s.\n",
			       f->changes, f->scenario, f->cell);
	return code ? code : cmd_print(text->str, (gssize)text->len);
}
