/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/faults/tally.h"

#include <string.h>

#define COLUMNS 80
#define INDENT 8
#define THEN_COLUMN 20 /* where the name of a second fault begins */

struct row {
	guint truth, named,
		right; /* faults of this cause; times it was named; times it was named rightly */
};

struct tally {
	GHashTable *rows; /* code -> struct row */
	guint right, wrong, unknown, singles, doubles, doubles_right;
	guint fixes, fixes_good;
	GPtrArray *bad_fixes; /* char * */
	GPtrArray *again;     /* char *: names of what was not right, joined by | */
};

tally *tally_new(void)
{
	tally *t = g_new0(tally, 1);

	t->rows = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	t->bad_fixes = g_ptr_array_new_with_free_func(g_free);
	t->again = g_ptr_array_new_with_free_func(g_free);
	return t;
}

void tally_free(tally *t)
{
	if (!t)
		return;
	g_hash_table_unref(t->rows);
	g_ptr_array_unref(t->bad_fixes);
	g_ptr_array_unref(t->again);
	g_free(t);
}

static struct row *row_of(tally *t, const char *code)
{
	struct row *row = g_hash_table_lookup(t->rows, code);

	if (!row) {
		row = g_new0(struct row, 1);
		g_hash_table_insert(t->rows, g_strdup(code), row);
	}
	return row;
}

static const char *text_of(const json_t *step, const char *key)
{
	const char *text = json_string_value(json_object_get(step, key));

	return text ? text : "-";
}

static void count_fix(tally *t, const json_t *step)
{
	const json_t *flaw = json_object_get(step, "fix_flaw");

	if (!flaw)
		return;
	t->fixes++;
	if (json_is_null(flaw))
		t->fixes_good++;
	else
		g_ptr_array_add(t->bad_fixes, g_strdup_printf("%s: %s", text_of(step, "fault"),
							      text_of(step, "fix_flaw")));
}

/* --- a line for each -------------------------------------------------------------------------- */

/* Words of `text` in lines of at most COLUMNS, all after `indent` blanks. */
static void put_wrapped(GString *out, guint indent, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", 0);
	gsize column = 0;

	for (guint i = 0; words[i]; i++) {
		if (column > 0 && column + 1 + strlen(words[i]) > COLUMNS) {
			g_string_append_c(out, '\n');
			column = 0;
		}
		if (column == 0)
			g_string_append_printf(out, "%*s%s", (int)indent, "", words[i]);
		else
			g_string_append_printf(out, " %s", words[i]);
		column = (column == 0 ? indent : column + 1) + strlen(words[i]);
	}
	g_string_append_c(out, '\n');
}

G_GNUC_PRINTF(2, 3) static void put_detail(GString *out, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	put_wrapped(out, INDENT, text);
}

/* "a|b", "any" when the list is empty. */
static char *names_text(const GPtrArray *names)
{
	g_autoptr(GStrvBuilder) all = g_strv_builder_new();
	g_auto(GStrv) list = NULL;

	for (guint i = 0; i < names->len; i++)
		g_strv_builder_add(all, names->pdata[i]);
	list = g_strv_builder_end(all);
	return list[0] ? g_strjoinv("|", list) : g_strdup("any");
}

static void put_truth(const struct fault *f, GString *out)
{
	g_autofree char *codes = names_text(f->codes), *nodes = names_text(f->nodes),
			*objects = names_text(f->objects);

	put_detail(out, "truth: %s, %s, %s, %s", codes, nodes, objects,
		   f->direction ? f->direction : "any direction");
}

static bool add_step(tally *t, const struct fault *f, const json_t *step, GString *line)
{
	bool right = json_is_true(json_object_get(step, "right"));
	const char *code = text_of(step, "code"), *truth = right ? code : f->codes->pdata[0];
	const char *fix_flaw = json_string_value(json_object_get(step, "fix_flaw"));

	row_of(t, code)->named++;
	row_of(t, truth)->truth++;
	row_of(t, truth)->right += right;
	t->right += right;
	t->unknown += g_str_equal(code, "UNKNOWN");
	t->wrong += !right && !g_str_equal(code, "UNKNOWN");
	g_string_append_printf(line, "%-38s %s\n", f->name, code);
	if (!right) {
		put_detail(line, "%s: %s, %s, %s, %s", text_of(step, "flaw"), code,
			   text_of(step, "node"), text_of(step, "object"),
			   text_of(step, "direction"));
		put_truth(f, line);
		put_detail(line, "why: %s", text_of(step, "why"));
	}
	if (fix_flaw)
		put_detail(line, "the fix: %s", fix_flaw);
	return right && !fix_flaw;
}

static bool add_steps(tally *t, const struct attempt *a, const json_t *answer, guint wanted,
		      GString *text)
{
	const char *error = json_string_value(json_object_get(answer, "error"));
	bool right = true;

	for (guint i = 0; i < wanted; i++) {
		const json_t *step = json_array_get(json_object_get(answer, "steps"), i);

		if (i > 0)
			g_string_append_printf(text, "%*s", THEN_COLUMN, "then ");
		if (!step) {
			g_string_append_printf(text, "%-38s -\n", a->faults[i]->name);
			put_detail(text, "not explained: %s", error ? error : "no answer");
			t->wrong++;
			return false;
		}
		right = add_step(t, a->faults[i], step, text) && right;
		count_fix(t, step);
	}
	return right;
}

bool tally_add(tally *t, const struct attempt *a, const json_t *answer, double seconds,
	       GString *line)
{
	guint wanted = a->faults[1] ? 2 : 1;
	g_autoptr(GString) steps = g_string_new(NULL);
	bool right = add_steps(t, a, answer, wanted, steps);

	g_string_append_printf(line, "%s %4.0f s %s", right ? "ok   " : "WRONG", seconds,
			       steps->str);
	t->singles += wanted == 1;
	t->doubles += wanted == 2;
	t->doubles_right += wanted == 2 && right;
	if (!right)
		g_ptr_array_add(t->again, wanted == 1 ? g_strdup(a->faults[0]->name) :
							g_strdup_printf("%s|%s", a->faults[0]->name,
									a->faults[1]->name));
	return right;
}

/* --- at the end ------------------------------------------------------------------------------- */

static gint by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(a, b);
}

void tally_table(const tally *t, int seed, GString *text)
{
	GList *codes = g_list_sort(g_hash_table_get_keys(t->rows), by_name);

	g_string_append_printf(text, "\n%-24s %6s %6s %6s %10s\n", "cause", "faults", "named",
			       "right", "precision");
	for (const GList *i = codes; i; i = i->next) {
		const struct row *row = g_hash_table_lookup(t->rows, i->data);

		g_string_append_printf(text, "%-24s %6u %6u %6u", (const char *)i->data, row->truth,
				       row->named, row->right);
		if (row->named > 0)
			g_string_append_printf(text, " %9.0f%%", 100.0 * row->right / row->named);
		g_string_append_c(text, '\n');
	}
	g_list_free(codes);
	g_string_append_printf(text,
			       "\n%u single and %u double faults, seed %d: %u causes right, %u "
			       "wrong, %u unknown\n",
			       t->singles, t->doubles, seed, t->right, t->wrong, t->unknown);
	if (t->doubles > 0)
		g_string_append_printf(text, "%u of %u double faults right in both\n",
				       t->doubles_right, t->doubles);
	if (t->fixes > 0)
		g_string_append_printf(text, "%u of %u fixes flip their cell and break no other\n",
				       t->fixes_good, t->fixes);
	for (guint i = 0; i < t->bad_fixes->len; i++)
		g_string_append_printf(text, "  %s\n", (char *)t->bad_fixes->pdata[i]);
	for (guint i = 0; i < t->again->len; i++)
		g_string_append_printf(text,
				       "again: make fault-matrix FAULTS='^(%s)$'%s%s SEED=%d\n",
				       (char *)t->again->pdata[i],
				       t->doubles > 0 ? " DOUBLE=1" : "",
				       t->fixes > 0 ? " FIXES=1" : "", seed);
}
