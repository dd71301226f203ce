/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/base/diag.h"
#include "common/base/object.h"
#include "common/base/printable.h"

#include <string.h>

/* Longer texts are cut: the file may contain anything, and a diagnostic is one line. */
#define MESSAGE_CHARS_MAX 400
#define DIAGS_MAX 1000 /* the others are only counted */
#define NEAREST_WORD_MAX 64

struct diags {
	GPtrArray *items; /* struct diag, in order of file, line and column */
	GHashTable *seen; /* the texts of all diagnostics so far */
	guint errors;
	guint left_out;
};

G_DEFINE_QUARK(testbed_error, tb_error)

bool tb_error_set(GError **error, enum tb_error code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_propagate_error(error, g_error_new_valist(TB_ERROR, (int)code, format, args));
	va_end(args);
	return false;
}

static const struct object_shape diag_shape =
	OBJECT_SHAPE(diag, NULL, OWNS_TEXT(diag, message), OWNS_TEXT(diag, hint));

diags *diags_new(void)
{
	diags *d = g_new0(diags, 1);

	d->items = g_ptr_array_new_with_free_func(object_free);
	d->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return d;
}

void diags_free(diags *d)
{
	if (!d)
		return;
	g_ptr_array_unref(d->items);
	g_hash_table_unref(d->seen);
	g_free(d);
}

/* Takes over `text` and returns it as one printable line of bounded length. */
static char *take_printable(char *text)
{
	GString *out = g_string_new(NULL);

	printable_append(out, text, -1, PRINTABLE_LINE);
	g_free(text);
	if (g_utf8_strlen(out->str, -1) > MESSAGE_CHARS_MAX) {
		g_string_truncate(
			out,
			(gsize)(g_utf8_offset_to_pointer(out->str, MESSAGE_CHARS_MAX) - out->str));
		g_string_append(out, "...");
	}
	return g_string_free(out, FALSE);
}

static int loc_compare(const struct loc *a, const struct loc *b)
{
	int files = g_strcmp0(a->file, b->file);

	if (files != 0)
		return files;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return (a->col > b->col) - (a->col < b->col);
}

/* Adds by position; diagnostics at the same position keep the order in which they were added. */
static void insert_sorted(GPtrArray *items, struct diag *item)
{
	guint at = items->len;

	while (at > 0) {
		const struct diag *before = g_ptr_array_index(items, at - 1);

		if (loc_compare(&before->loc, &item->loc) <= 0)
			break;
		at--;
	}
	g_ptr_array_insert(items, (gint)at, item);
}

/* Appends "file:line:col: error: message (hint)\n", without the parts that are not known. */
static void append_diag(GString *out, const struct diag *item)
{
	if (item->loc.file)
		g_string_append_printf(out, "%s:", item->loc.file);
	if (item->loc.line > 0)
		g_string_append_printf(out, "%d:", item->loc.line);
	if (item->loc.line > 0 && item->loc.col > 0)
		g_string_append_printf(out, "%d:", item->loc.col);
	if (out->len > 0 && out->str[out->len - 1] == ':')
		g_string_append_c(out, ' ');
	g_string_append_printf(out, "%s: %s", item->level == DIAG_ERROR ? "error" : "warning",
			       item->message);
	if (item->hint)
		g_string_append_printf(out, " (%s)", item->hint);
	g_string_append_c(out, '\n');
}

bool diags_add(diags *d, enum diag_level level, struct loc loc, const char *hint,
	       const char *format, ...)
{
	struct diag *item;
	GString *text = g_string_new(NULL);
	va_list args;

	if (d->items->len >= DIAGS_MAX) {
		d->errors += level == DIAG_ERROR;
		d->left_out++;
		g_string_free(text, TRUE);
		return false;
	}
	item = object_new(&diag_shape);
	item->level = level;
	item->loc = loc;
	va_start(args, format);
	item->message = take_printable(g_strdup_vprintf(format, args));
	va_end(args);
	item->hint = hint ? take_printable(g_strdup(hint)) : NULL;
	append_diag(text, item);
	if (!g_hash_table_add(d->seen, g_string_free(text, FALSE))) {
		object_free(item);
		return false;
	}
	if (level == DIAG_ERROR)
		d->errors++;
	insert_sorted(d->items, item);
	return false;
}

guint diags_count(const diags *d)
{
	return d->items->len;
}

guint diags_errors(const diags *d)
{
	return d->errors;
}

const struct diag *diags_get(const diags *d, guint index)
{
	return index < d->items->len ? g_ptr_array_index(d->items, index) : NULL;
}

char *diags_to_text(const diags *d)
{
	GString *all = g_string_new(NULL);

	for (guint i = 0; i < d->items->len; i++) {
		append_diag(all, g_ptr_array_index(d->items, i));
	}
	if (d->left_out > 0)
		g_string_append_printf(all, "%u more are not shown\n", d->left_out);
	return g_string_free(all, FALSE);
}

bool diags_set_error(const diags *d, int code, const char *before, GError **error)
{
	g_autofree char *text = diags_to_text(d);

	g_set_error(error, TB_ERROR, code, "%s%s", before, g_strchomp(text));
	return false;
}

/* How many single changes lead from one word to the other (optimal string alignment): a
 * character inserted, deleted or replaced, or two neighbours swapped.  Upper and lower case
 * count as equal. */
static guint edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	guint rows[3][NEAREST_WORD_MAX + 1];
	guint *before = rows[0], *last = rows[1], *now = rows[2];

	for (size_t j = 0; j <= b_len; j++)
		last[j] = (guint)j;
	for (size_t i = 1; i <= a_len; i++) {
		guint *spare = before;

		now[0] = (guint)i;
		for (size_t j = 1; j <= b_len; j++) {
			char x = g_ascii_tolower(a[i - 1]), y = g_ascii_tolower(b[j - 1]);
			guint best = last[j - 1] + (x != y);

			best = MIN(best, last[j] + 1);
			best = MIN(best, now[j - 1] + 1);
			if (i > 1 && j > 1 && x == g_ascii_tolower(b[j - 2]) &&
			    y == g_ascii_tolower(a[i - 2]))
				best = MIN(best, before[j - 2] + 1);
			now[j] = best;
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[b_len];
}

const char *diag_nearest(const char *word, const char *const *keys)
{
	const char *nearest = NULL;
	size_t word_len = strlen(word);
	guint nearest_distance = G_MAXUINT;

	if (word_len == 0 || word_len > NEAREST_WORD_MAX)
		return NULL;
	for (; *keys; keys++) {
		size_t key_len = strlen(*keys);
		guint distance, limit;

		if (key_len == 0 || key_len > NEAREST_WORD_MAX)
			continue;
		distance = edit_distance(word, word_len, *keys, key_len);
		limit = MAX(1, (guint)(MAX(word_len, key_len) / 3));
		if (distance <= limit && distance < nearest_distance) {
			nearest = *keys;
			nearest_distance = distance;
		}
	}
	return nearest;
}
