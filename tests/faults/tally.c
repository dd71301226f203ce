#include "tests/faults/tally.h"

#include <string.h>

struct row {
	guint truth, named, right; /* faults of this cause; times it was named; times it was named rightly */
};

struct tally {
	GHashTable *rows; /* code -> struct row */
	guint right, wrong, unknown, singles, doubles, doubles_right;
	guint fixes, fixes_good;
	GPtrArray *bad_fixes; /* char * */
};

tally *tally_new(void)
{
	tally *t = g_new0(tally, 1);

	t->rows = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	t->bad_fixes = g_ptr_array_new_with_free_func(g_free);
	return t;
}

void tally_free(tally *t)
{
	if (!t)
		return;
	g_hash_table_unref(t->rows);
	g_ptr_array_unref(t->bad_fixes);
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
		g_ptr_array_add(t->bad_fixes, g_strdup_printf("%s: %s", text_of(step, "fault"), text_of(step, "fix_flaw")));
}

static void truth_text(const struct fault *f, GString *line)
{
	g_ptr_array_add(f->codes, NULL);
	g_autofree char *codes = g_strjoinv("|", (char **)f->codes->pdata);

	g_ptr_array_remove_index(f->codes, f->codes->len - 1);
	g_string_append_printf(line, "        truth: %s, %s, %s%s%s\n", codes, (char *)f->nodes->pdata[0],
			       f->objects->len > 0 ? (char *)f->objects->pdata[0] : "-", f->direction ? ", " : "",
			       f->direction ? f->direction : "");
}

static bool add_step(tally *t, const struct fault *f, const json_t *step, GString *line)
{
	bool right = json_is_true(json_object_get(step, "right"));
	const char *code = text_of(step, "code"), *truth = right ? code : f->codes->pdata[0];

	row_of(t, code)->named++;
	row_of(t, truth)->truth++;
	row_of(t, truth)->right += right;
	t->right += right;
	t->unknown += g_str_equal(code, "UNKNOWN");
	t->wrong += !right && !g_str_equal(code, "UNKNOWN");
	g_string_append_printf(line, "  %-40s %s, %s, %s\n", f->name, code, text_of(step, "node"), text_of(step, "object"));
	if (right)
		return true;
	g_string_append_printf(line, "        %s: %s (%s)\n", text_of(step, "flaw"), text_of(step, "why"),
			       text_of(step, "direction"));
	truth_text(f, line);
	return false;
}

bool tally_add(tally *t, const struct attempt *a, const json_t *answer, double seconds, GString *line)
{
	const json_t *steps = json_object_get(answer, "steps"), *error = json_object_get(answer, "error");
	guint wanted = a->faults[1] ? 2 : 1;
	bool right = true;

	g_string_append_printf(line, "%5.1f s", seconds);
	for (guint i = 0; i < wanted; i++) {
		const json_t *step = json_array_get(steps, i);

		if (i > 0)
			g_string_append(line, "   then");
		if (step) {
			right = add_step(t, a->faults[i], step, line) && right;
			count_fix(t, step);
		} else {
			g_string_append_printf(line, "  %-40s not explained: %s\n", a->faults[i]->name,
					       json_is_string(error) ? json_string_value(error) : "no answer");
			t->wrong++;
			right = false;
			break;
		}
	}
	t->singles += wanted == 1;
	t->doubles += wanted == 2;
	t->doubles_right += wanted == 2 && right;
	return right;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(a, b);
}

void tally_table(const tally *t, GString *text)
{
	GList *codes = g_list_sort(g_hash_table_get_keys(t->rows), by_name);

	g_string_append_printf(text, "\n%-24s %6s %6s %6s %10s\n", "cause", "faults", "named", "right", "precision");
	for (const GList *i = codes; i; i = i->next) {
		const struct row *row = g_hash_table_lookup(t->rows, i->data);

		g_string_append_printf(text, "%-24s %6u %6u %6u", (const char *)i->data, row->truth, row->named, row->right);
		if (row->named > 0)
			g_string_append_printf(text, " %9.0f%%", 100.0 * row->right / row->named);
		g_string_append_c(text, '\n');
	}
	g_list_free(codes);
	g_string_append_printf(text, "\n%u single and %u double faults: %u causes right, %u wrong, %u unknown", t->singles,
			       t->doubles, t->right, t->wrong, t->unknown);
	if (t->doubles > 0)
		g_string_append_printf(text, "; %u of %u double faults right in both", t->doubles_right, t->doubles);
	g_string_append_c(text, '\n');
	if (t->fixes == 0)
		return;
	g_string_append_printf(text, "%u of %u fixes flip their cell and break no other\n", t->fixes_good, t->fixes);
	for (guint i = 0; i < t->bad_fixes->len; i++)
		g_string_append_printf(text, "  %s\n", (char *)t->bad_fixes->pdata[i]);
}
