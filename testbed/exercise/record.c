/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exercise/record.h"

#include "common/base/files.h"
#include "testbed/report/json.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIAGNOSIS_SHARE 40 /* of the score, in percent; the rest is the repair's */
#define WRONG_ANSWER_POINTS 10
#define HINT_POINTS 5
#define RECORD_MAX_BYTES (1024 * 1024)

static const struct object_shape answer_shape =
	OBJECT_SHAPE(record_answer, NULL, OWNS_TEXT(record_answer, cause),
		     OWNS_TEXT(record_answer, node), OWNS_TEXT(record_answer, object));
static const struct object_shape check_shape =
	OBJECT_SHAPE(record_check, NULL, OWNS_LIST(record_check, reasons, g_free));
static const struct object_shape record_shape =
	OBJECT_SHAPE(exercise_record, (&(const exercise_record){.seed = -1}),
		     OWNS_TEXT(exercise_record, exercise), OWNS_TEXT(exercise_record, title),
		     OWNS_TEXT(exercise_record, topology), OWNS_TEXT(exercise_record, scenario),
		     OWNS_TEXT(exercise_record, student),
		     OWNS_LIST(exercise_record, answers, object_free),
		     OWNS_LIST(exercise_record, checks, object_free));

exercise_record *record_new(void)
{
	return object_new(&record_shape);
}

void record_add_answer(exercise_record *r, gint64 time_s, const char *cause, const char *node,
		       const char *object, struct answer_grade grade)
{
	struct record_answer *a = object_new(&answer_shape);

	*a = (struct record_answer){time_s, g_strdup(cause), g_strdup(node), g_strdup(object),
				    grade};
	g_ptr_array_add(r->answers, a);
}

/* Adds a check without reasons, and returns it. */
static struct record_check *add_check(exercise_record *r, gint64 time_s, unsigned percent,
				      bool passed)
{
	struct record_check *c = object_new(&check_shape);

	c->time_s = time_s;
	c->percent = percent;
	c->passed = passed;
	g_ptr_array_add(r->checks, c);
	return c;
}

void record_add_check(exercise_record *r, gint64 time_s, const struct repair_grade *grade)
{
	struct record_check *c = add_check(r, time_s, grade->percent, grade->passed);

	ptr_array_foreach(const char, reason, grade->reasons)
		g_ptr_array_add(c->reasons, g_strdup(reason));
}

/* --- the score -------------------------------------------------------------------------------- */

G_GNUC_PRINTF(2, 3) static void add_reason(struct score *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_ptr_array_add(s->reasons, g_strdup_vprintf(format, args));
	va_end(args);
}

/* The best answer, less what those before it cost. */
static void score_answers(const exercise_record *r, struct score *s)
{
	unsigned best = 0;
	guint at = 0;

	for (guint i = 0; i < r->answers->len; i++) {
		const struct record_answer *a = r->answers->pdata[i];
		unsigned cost = WRONG_ANSWER_POINTS * i;
		unsigned worth = a->grade.percent > cost ? a->grade.percent - cost : 0;

		if (worth <= best)
			continue;
		best = worth;
		at = i;
	}
	s->diagnosis = best;
	if (r->answers->len == 0)
		add_reason(s, "no answer was given");
	else
		add_reason(s, "the answer is worth %u %% (%u before it)", best, at);
}

static void score_checks(const exercise_record *r, struct score *s)
{
	const struct record_check *best = NULL;

	ptr_array_foreach(const struct record_check, c, r->checks)
		if (!best || c->percent > best->percent)
			best = c;
	s->repair = best ? best->percent : 0;
	if (!best)
		add_reason(s, "no repair was checked");
	else
		add_reason(s, "the repair is worth %u %%", best->percent);
	for (guint i = 0; best && !best->passed && i < best->reasons->len; i++)
		add_reason(s, "%s", (const char *)best->reasons->pdata[i]);
}

void record_score(const exercise_record *r, struct score *ret)
{
	unsigned hints = r->hints * HINT_POINTS, whole;

	*ret = (struct score){.reasons = g_ptr_array_new_with_free_func(g_free)};
	score_answers(r, ret);
	score_checks(r, ret);
	whole = (ret->diagnosis * DIAGNOSIS_SHARE + ret->repair * (100 - DIAGNOSIS_SHARE)) / 100;
	ret->percent = whole > hints ? whole - hints : 0;
	if (r->hints > 0)
		add_reason(ret, "%u hint%s cost %u %%", r->hints, r->hints > 1 ? "s" : "", hints);
	if (r->gave_up_s)
		add_reason(ret, "given up: what came later does not count");
}

void score_clear(struct score *s)
{
	g_clear_pointer(&s->reasons, g_ptr_array_unref);
}

/* --- the document ----------------------------------------------------------------------------- */

static json_t *answer_json(gconstpointer answer)
{
	const struct record_answer *a = answer;

	return json_pack("{s:I, s:s?, s:s?, s:s?, s:b, s:b, s:b, s:i}", "time_s",
			 (json_int_t)a->time_s, "cause", a->cause, "node", a->node, "object",
			 a->object, "cause_right", a->grade.cause, "node_right", a->grade.node,
			 "object_right", a->grade.object, "percent", (int)a->grade.percent);
}

static json_t *check_json(gconstpointer check)
{
	const struct record_check *c = check;

	return json_pack("{s:I, s:i, s:b, s:o}", "time_s", (json_int_t)c->time_s, "percent",
			 (int)c->percent, "passed", c->passed, "reasons",
			 report_texts_json(c->reasons));
}

static json_t *score_json(const exercise_record *r)
{
	struct score s;
	json_t *json;

	record_score(r, &s);
	json = json_pack("{s:i, s:i, s:i, s:o}", "percent", (int)s.percent, "diagnosis",
			 (int)s.diagnosis, "repair", (int)s.repair, "reasons",
			 report_texts_json(s.reasons));
	score_clear(&s);
	return json;
}

json_t *record_to_json(const exercise_record *r)
{
	json_t *seed = r->seed < 0 ? json_null() : json_integer((json_int_t)r->seed),
	       *gave_up = r->gave_up_s ? json_integer((json_int_t)r->gave_up_s) : json_null();

	return json_pack("{s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:i, s:o, s:b, s:I, s:o, s:i, s:o, "
			 "s:o, s:o}",
			 "schema", RECORD_SCHEMA, "exercise", r->exercise, "title", r->title,
			 "topology", r->topology, "scenario", r->scenario, "student", r->student,
			 "level", (int)r->level, "seed", seed, "lasting", r->lasting, "started_s",
			 (json_int_t)r->started_s, "gave_up_s", gave_up, "hints", (int)r->hints,
			 "answers", report_list_json(r->answers, answer_json), "checks",
			 report_list_json(r->checks, check_json), "score", score_json(r));
}

static unsigned percent_member(const json_t *o)
{
	return (unsigned)MIN(member_count(o, "percent"), 100);
}

exercise_record *record_from_json(const json_t *document, GError **error)
{
	exercise_record *r;
	const json_t *item;
	size_t i;

	if (!member_is(document, "schema", RECORD_SCHEMA) || !member_text(document, "exercise")) {
		tb_error_set(error, TB_ERROR_INPUT, "no record of an exercise (%s)", RECORD_SCHEMA);
		return NULL;
	}
	r = record_new();
	r->exercise = g_strdup(member_text(document, "exercise"));
	r->title = g_strdup(member_text(document, "title"));
	r->topology = g_strdup(member_text(document, "topology"));
	r->scenario = g_strdup(member_text(document, "scenario"));
	r->student = g_strdup(member_text(document, "student"));
	r->level = (unsigned)MIN(member_count(document, "level"), G_MAXINT);
	if (json_is_integer(json_object_get(document, "seed")))
		r->seed = (gint64)member_count(document, "seed");
	r->lasting = member_true(document, "lasting");
	r->started_s = (gint64)member_count(document, "started_s");
	r->gave_up_s = (gint64)member_count(document, "gave_up_s");
	r->hints = (guint)MIN(member_count(document, "hints"), 100);
	json_array_foreach(json_object_get(document, "answers"), i, item)
		record_add_answer(r, (gint64)member_count(item, "time_s"),
				  member_text(item, "cause"), member_text(item, "node"),
				  member_text(item, "object"),
				  (struct answer_grade){member_true(item, "cause_right"),
							member_true(item, "node_right"),
							member_true(item, "object_right"),
							percent_member(item)});
	json_array_foreach(json_object_get(document, "checks"), i, item) {
		const json_t *reasons = json_object_get(item, "reasons"), *reason;
		struct record_check *c =
			add_check(r, (gint64)member_count(item, "time_s"), percent_member(item),
				  member_true(item, "passed"));
		size_t k;

		json_array_foreach(reasons, k, reason)
			if (json_is_string(reason))
				g_ptr_array_add(c->reasons, g_strdup(json_string_value(reason)));
	}
	return r;
}

exercise_record *record_load(const char *path, GError **error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	gsize length;
	g_autofree char *text = NULL;
	json_auto_t *document = NULL;
	exercise_record *r;

	if (fd < 0) {
		tb_error_set(error, TB_ERROR_INPUT, "can't open '%s': %s", path, g_strerror(errno));
		return NULL;
	}
	text = files_read(fd, RECORD_MAX_BYTES, &length, error);
	close(fd);
	document = text ? json_loadb(text, length, 0, NULL) : NULL;
	r = text ? record_from_json(document, error) : NULL;
	if (!r)
		g_prefix_error(error, "%s: ", path);
	return r;
}

bool record_save(const exercise_record *r, const char *path, GError **error)
{
	json_auto_t *document = record_to_json(r);
	g_autofree char *text = report_document_text(document, JSON_INDENT(1));

	return files_replace(path, text, -1, error);
}

/* --- CSV -------------------------------------------------------------------------------------- */

static const char *const columns[] = {"student", "exercise", "level",	  "seed",    "started",
				      "minutes", "score",    "diagnosis", "answers", "repair",
				      "checks",	 "hints",    "gave_up"};

/* Appends a field.  A text that a spreadsheet would take for a formula gets an apostrophe in
 * front. */
static void add_field(GString *out, const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text ? text : "", "\"", 0);
	g_autofree char *doubled = g_strjoinv("\"\"", parts);
	const char *mark = text && *text && strchr("=+-@\t\r", *text) ? "'" : "";

	if (out->len > 0 && out->str[out->len - 1] != '\n')
		g_string_append_c(out, ',');
	if (strpbrk(doubled, ",\"\r\n"))
		g_string_append_printf(out, "\"%s%s\"", mark, doubled);
	else
		g_string_append_printf(out, "%s%s", mark, doubled);
}

static void add_number(GString *out, gint64 number)
{
	g_string_append_printf(out, ",%" G_GINT64_FORMAT, number);
}

void record_csv_header(GString *out)
{
	for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
		add_field(out, columns[i]);
	g_string_append_c(out, '\n');
}

/* When the last thing was done that the record tells. */
static gint64 end_of(const exercise_record *r)
{
	gint64 end = MAX(r->started_s, r->gave_up_s);

	ptr_array_foreach(const struct record_answer, a, r->answers)
		end = MAX(end, a->time_s);
	ptr_array_foreach(const struct record_check, c, r->checks)
		end = MAX(end, c->time_s);
	return end;
}

void record_csv_row(const exercise_record *r, GString *out)
{
	g_autoptr(GDateTime) started = g_date_time_new_from_unix_utc(r->started_s);
	g_autofree char *when = started ? g_date_time_format_iso8601(started) : NULL;
	struct score s;

	record_score(r, &s);
	add_field(out, r->student);
	add_field(out, r->exercise);
	add_number(out, r->level);
	if (r->seed < 0)
		g_string_append_c(out, ',');
	else
		add_number(out, r->seed);
	add_field(out, when);
	add_number(out, (end_of(r) - r->started_s + 59) / 60);
	add_number(out, s.percent);
	add_number(out, s.diagnosis);
	add_number(out, r->answers->len);
	add_number(out, s.repair);
	add_number(out, r->checks->len);
	add_number(out, r->hints);
	add_field(out, r->gave_up_s ? "yes" : "no");
	g_string_append_c(out, '\n');
	score_clear(&s);
}
