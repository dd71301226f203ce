/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recorded run whose members are gone, of another type or out of all bounds, one at a time, and
 * whose lines are cut: `report` and `explain` must say what they can.
 *
 * Every member of every kind of event is damaged in several ways, in all events of that kind and in
 * the last one alone.  What crashes names its damage on standard error. */
#include "testbed/explain/finished.h"
#include "testbed/report/explain_json.h"
#include "testbed/report/explain_text.h"
#include "testbed/report/text.h"
#include "testbed/report/timeline.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAILED "missing-route/branch1-home1/audio"
#define TOPOLOGY "tests/data/topologies/company.yaml"
#define RECORDED "tests/data/run/events.jsonl"

/* JSON text that takes a member's place, NULL: it is gone; and in the last event alone? */
#define ESCAPES "\\u001b[2J\\u001b]0;t\\u0007\\u009b1m\\u202e\\n\\r"
#define TEN(x) x x x x x x x x x x
static const struct damage {
	const char *text;
	bool in_last;
} damages[] = {
	{NULL, false},
	{"\"x\"", false},
	{"9007199254740993", false},
	{"[null]", false},
	{"{}", false},
	{NULL, true},
	{"-1", true},
	{"null", false},
	{"true", false},
	{"\"\"", false},
	{"0", false},
	{"1e308", false},
	{"-9223372036854775808", true},
	{"[]", false},
	{"[{}, 1, \"x\", [[]], null]", true},
	{"\"" ESCAPES "\"", false},
	{"\"" TEN(TEN(TEN("lo "))) "\"", true},
	{TEN(TEN("[")) "1" TEN(TEN("]")), true},
	{"\"10.0.0.1\"", true},
	{"\"%s%n$(x)/../../\"", true},
};
/* Of them, each member gets one in so many; all of them with TESTBED_THOROUGH. */
#define ONE_IN 3

struct recorded_run {
	model *m;
	char *dir, *path;
	GPtrArray *lines;    /* json_t */
	GPtrArray *texts;    /* char *: the same as text */
	GHashTable *members; /* "EVENT.a.b[].c": members by their way from the event */
};

static char now[400]; /* what is being read, for who has to mend it */

static void on_crash(int number)
{
	if (write(STDERR_FILENO, now, strlen(now)) < 0 || write(STDERR_FILENO, "\n", 1) < 0)
		_exit(1);
	signal(number, SIG_DFL);
	raise(number);
}

static void run_open(struct recorded_run *r)
{
	g_autoptr(diags) d = diags_new();
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	r->m = model_load(TOPOLOGY, d);
	cr_assert_not_null(r->m);
	cr_assert(g_file_get_contents(RECORDED, &text, NULL, NULL));
	r->dir = g_dir_make_tmp("testbed-damaged-XXXXXX", NULL);
	r->path = g_build_filename(r->dir, "events.jsonl", NULL);
	r->lines = g_ptr_array_new_with_free_func((GDestroyNotify)json_decref);
	r->texts = g_ptr_array_new_with_free_func(g_free);
	r->members = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	lines = g_strsplit(text, "\n", 0);
	for (guint i = 0; *lines[i]; i++) {
		g_ptr_array_add(r->lines, json_loads(lines[i], 0, NULL));
		g_ptr_array_add(r->texts, g_strdup(lines[i]));
	}
	signal(SIGSEGV, on_crash);
	signal(SIGABRT, on_crash);
}

static void run_close(struct recorded_run *r)
{
	g_unlink(r->path);
	g_rmdir(r->dir);
	g_free(r->path);
	g_free(r->dir);
	g_hash_table_unref(r->members);
	g_ptr_array_unref(r->texts);
	g_ptr_array_unref(r->lines);
	model_free(r->m);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* As it is printed, nothing in it controls a terminal. */
static void expect_harmless(const GString *text)
{
	g_autoptr(GString) printed = g_string_new(NULL);

	ink_print(printed, text->str, (gssize)text->len);
	cr_assert(!strpbrk(printed->str, "\x1b\a\r") && !strstr(printed->str, "\u202e") &&
			  !strstr(printed->str, "\xc2\x9b"),
		  "%s", now);
}

static void show_timeline(const struct recorded *recorded, GString *out)
{
	static const struct report_style style = {.columns = 80};
	g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(object_free);

	for (guint i = 0; i < recorded->seen.heard->len; i++) {
		const struct heard *h = recorded->seen.heard->pdata[i];

		g_ptr_array_add(events, timeline_event_new(h->agent, h->event));
	}
	report_timeline(recorded->cell, events, true, false, &style, out);
}

static void explain_one(finished *f, const model *m, const char *id)
{
	static const struct explain_options options = {.no_trial = true};
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *document = NULL;
	matrix_selection *s = explain_select_id(m, id, NULL);
	g_autoptr(explanation) x = NULL;
	struct recorded recorded;

	if (!s)
		return;
	finished_read(f, id, &recorded);
	show_timeline(&recorded, out);
	x = explain_recorded(m, s, &recorded, &options);
	explain_text(x, &(const struct run_args){0}, 2, 80, out);
	expect_harmless(out);
	document = explain_json_text(x);
	cr_assert_not_null(document, "%s", now);
}

static void report_all(const results *r)
{
	const struct report_text how = {.style = {.columns = 80}};
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *document = report_results_text(r);

	cr_assert_not_null(document, "%s", now);
	report_text(r, &how, out);
	expect_harmless(out);
}

/* Whether there was anything to report. */
static bool read_run(const struct recorded_run *r)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(finished) f = finished_open(r->dir, d);

	cr_assert((f == NULL) == (diags_errors(d) > 0), "%s: a run or a reason", now);
	if (!f)
		return false;
	report_all(f->results);
	if (finished_cell(f, FAILED))
		explain_one(f, r->m, FAILED);
	return true;
}

static bool read_texts(struct recorded_run *r)
{
	g_autoptr(GString) all = g_string_new(NULL);

	for (guint i = 0; i < r->texts->len; i++)
		g_string_append_printf(all, "%s\n", (const char *)r->texts->pdata[i]);
	cr_assert(g_file_set_contents_full(r->path, all->str, (gssize)all->len,
					   G_FILE_SET_CONTENTS_NONE, 0600, NULL));
	return read_run(r);
}

/* Takes `text` over. */
static void set_text(struct recorded_run *r, guint line, char *text)
{
	g_free(r->texts->pdata[line]);
	r->texts->pdata[line] = text;
}

/* --- members ---------------------------------------------------------------------------------- */

/* A map's members are of one kind: nodes by name, settings, features. */
static bool is_map(const char *name)
{
	static const char *const maps[] = {"nodes", "sysctl", "features", "counters"};

	for (gsize i = 0; i < G_N_ELEMENTS(maps); i++)
		if (g_str_equal(name, maps[i]))
			return true;
	return false;
}

static void list_members(struct recorded_run *r, json_t *value, const char *name, const char *where)
{
	const char *key;
	json_t *member;
	size_t i;

	json_object_foreach(value, key, member) {
		const char *kind = is_map(name) ? "*" : key;
		char *path = g_strdup_printf("%s.%s", where, kind);

		g_hash_table_add(r->members, path);
		list_members(r, member, kind, path);
	}
	json_array_foreach(value, i, member) {
		char *path = g_strdup_printf("%s.[]", where);

		g_hash_table_add(r->members, path);
		list_members(r, member, "[]", path);
	}
}

/* Damages all that `steps` leads to; `damage` NULL: takes it away. */
static void damage_value(json_t *value, char **steps, const json_t *damage)
{
	bool last = !steps[1], is_list = g_str_equal(steps[0], "[]"),
	     any = g_str_equal(steps[0], "*");
	const char *key;
	json_t *member;
	void *next;

	for (size_t i = is_list ? json_array_size(value) : 0; i > 0; i--) {
		if (!last)
			damage_value(json_array_get(value, i - 1), steps + 1, damage);
		else if (damage)
			json_array_set_new(value, i - 1, json_deep_copy(damage));
		else
			json_array_remove(value, i - 1);
	}
	json_object_foreach_safe(value, next, key, member) {
		if (is_list || (!any && !g_str_equal(key, steps[0])))
			continue;
		if (!last)
			damage_value(member, steps + 1, damage);
		else if (damage)
			json_object_set_new(value, key, json_deep_copy(damage));
		else
			json_object_del(value, key);
	}
}

/* In every event of the kind, or in the last one of them. */
static void try_damage(struct recorded_run *r, const char *member, const struct damage *d)
{
	g_auto(GStrv) steps = g_strsplit(member, ".", -1);
	json_t *by = d->text ? json_loads(d->text, JSON_DECODE_ANY, NULL) : NULL;
	g_autoptr(GArray) lines = g_array_new(FALSE, FALSE, sizeof(guint));

	for (guint i = r->lines->len; i > 0 && !(d->in_last && lines->len > 0); i--) {
		json_t *event = r->lines->pdata[i - 1], *damaged;
		guint line = i - 1;
		char *text;

		if (g_strcmp0(json_string_value(json_object_get(event, "event")), steps[0]) != 0)
			continue;
		damaged = json_deep_copy(event);
		damage_value(damaged, steps + 1, by);
		text = json_dumps(damaged, JSON_COMPACT);
		set_text(r, line, g_strdup(text));
		g_array_append_val(lines, line);
		free(text);
		json_decref(damaged);
	}
	json_decref(by);
	g_snprintf(now, sizeof now, "%s %s: %s", d->in_last ? "the last" : "every", member,
		   d->text ? d->text : "gone");
	read_texts(r);
	for (guint i = 0; i < lines->len; i++) {
		guint line = g_array_index(lines, guint, i);
		char *text = json_dumps(r->lines->pdata[line], JSON_COMPACT);

		set_text(r, line, g_strdup(text));
		free(text);
	}
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* `part` of PARTS, so that they run side by side. */
#define PARTS 4
static void damage_members(guint part)
{
	struct recorded_run r;
	g_autofree gpointer *members = NULL;
	guint n;

	run_open(&r);
	for (guint i = 0; i < r.lines->len; i++) {
		const char *name = json_string_value(json_object_get(r.lines->pdata[i], "event"));

		list_members(&r, r.lines->pdata[i], name, name);
	}
	members = g_hash_table_get_keys_as_array(r.members, &n);
	qsort(members, n, sizeof *members, compare_names);
	cr_expect_gt(n, 300, "only %u members", n);
	for (guint i = part; i < n; i += PARTS) {
		for (guint k = 0; k < G_N_ELEMENTS(damages); k++)
			if ((i / PARTS + k) % ONE_IN == 0 || g_getenv("TESTBED_THOROUGH"))
				try_damage(&r, members[i], &damages[k]);
	}
	run_close(&r);
}

Test(damaged, members_a, .timeout = 600)
{
	damage_members(0);
}

Test(damaged, members_b, .timeout = 600)
{
	damage_members(1);
}

Test(damaged, members_c, .timeout = 600)
{
	damage_members(2);
}

Test(damaged, members_d, .timeout = 600)
{
	damage_members(3);
}

/* Only the first line, which says what was to run, can't be missed. */
Test(damaged, lines_that_are_cut)
{
	struct recorded_run r;

	run_open(&r);
	for (guint i = 0; i < r.texts->len; i++) {
		char *text = r.texts->pdata[i];

		g_snprintf(now, sizeof now, "line %u is cut", i + 1);
		r.texts->pdata[i] = g_strndup(text, strlen(text) / 2);
		cr_expect_eq(read_texts(&r), i > 0, "%s", now);
		set_text(&r, i, g_strdup(""));
		cr_expect_eq(read_texts(&r), i > 0, "%s", now);
		set_text(&r, i, text);
	}
	run_close(&r);
}
