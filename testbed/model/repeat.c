/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/repeat.h"

#include "testbed/model/expression.h"

#include <string.h>

#define COUNT_KEY "count"
#define DEFAULT_NAME "n"
#define COUNT_MAX 10000
#define COUNT_HINT "write 'count: 50', or 'count: {n: 50, k: 0-4}' for several numbers"

/* One counted name: its values from first to last. */
struct range {
	const char *name;
	gint64 first, last;
};

struct repeat {
	struct source *source;
	yaml_document_t *made;
	diags *d;
	guint left;	 /* values that may still be made */
	gsize text_left; /* bytes of scalars that may still be read or made */
	bool failed;
	bool full; /* nothing more is made */
};

static int copy_value(struct repeat *r, int number, const struct variable *variables);

/* Adds an error at the value `at`, with printf-like text; the whole expansion has failed then. */
static void repeat_error(struct repeat *r, const yaml_node_t *at, const char *hint,
			 const char *format, ...) G_GNUC_PRINTF(4, 5);

static void repeat_error(struct repeat *r, const yaml_node_t *at, const char *hint,
			 const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	diags_add(r->d, DIAG_ERROR, source_loc(r->source, at), hint, "%s", text);
	r->failed = true;
}

/* --- what `count` says ------------------------------------------------------------------------ */

static const char *scalar_text(const yaml_node_t *value)
{
	return value->type == YAML_SCALAR_NODE ? (const char *)value->data.scalar.value : NULL;
}

/* The value of `count` in a mapping's own pairs; NULL: not counted. */
static const yaml_node_t *count_of(const struct source *s, const yaml_node_t *value)
{
	if (value->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *p = value->data.mapping.pairs.start;
	     p < value->data.mapping.pairs.top; p++)
		if (g_strcmp0(scalar_text(source_value(s, p->key)), COUNT_KEY) == 0)
			return source_value(s, p->value);
	return NULL;
}

/* "50" is from 1 to 50, "0-49" from 0 to 49.  False: it is neither. */
static bool parse_range(const char *text, struct range *ret)
{
	g_auto(GStrv) ends = g_strsplit(text, "-", 2);
	guint64 first = 1, last;

	if (!ends[0] ||
	    (ends[1] && !g_ascii_string_to_unsigned(ends[0], 10, 0, G_MAXINT32, &first, NULL)) ||
	    !g_ascii_string_to_unsigned(ends[ends[1] ? 1 : 0], 10, 0, G_MAXINT32, &last, NULL))
		return false;
	ret->first = (gint64)first;
	ret->last = (gint64)last;
	return true;
}

static bool is_name(const char *text)
{
	return g_ascii_islower(text[0]) &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz_") == strlen(text);
}

/* Appends a counted name and its range to `ranges` (struct range), or reports what is wrong with it
 * at its name or value.  `outer`: names that are in use around it. */
static void add_range(struct repeat *r, const yaml_node_t *at, const yaml_node_t *value,
		      const char *name, const struct variable *outer, GArray *ranges)
{
	const char *text = scalar_text(value);
	struct range range = {.name = name};

	if (!is_name(name))
		repeat_error(r, at, NULL,
			     "'%s' can't be counted by: a name of small letters is needed", name);
	else if (variable_find(outer, name))
		repeat_error(r, at, "give it another name: 'count: {k: 5}'",
			     "'%s' is counted around this already", name);
	else if (!text)
		repeat_error(r, value, COUNT_HINT,
			     "'count' must be a number or a range such as 0-49");
	else if (!parse_range(text, &range))
		repeat_error(r, value, COUNT_HINT,
			     "'count' is '%s', expected a number or a range such as 0-49", text);
	else if (range.last < range.first || range.last - range.first >= COUNT_MAX)
		repeat_error(r, value, NULL, "'count' is '%s', expected from 1 to %d of them", text,
			     COUNT_MAX);
	else
		g_array_append_val(ranges, range);
}

/* Reads `count: 50`, or `count: {n: 50, k: 0-4}`, into `ranges`. */
static void read_count(struct repeat *r, const yaml_node_t *count, const struct variable *outer,
		       GArray *ranges)
{
	if (count->type != YAML_MAPPING_NODE) {
		add_range(r, count, count, DEFAULT_NAME, outer, ranges);
		return;
	}
	if (count->data.mapping.pairs.start == count->data.mapping.pairs.top)
		repeat_error(r, count, COUNT_HINT, "'count' is empty");
	for (yaml_node_pair_t *p = count->data.mapping.pairs.start;
	     p < count->data.mapping.pairs.top; p++) {
		const yaml_node_t *key = source_value(r->source, p->key);
		const char *name = scalar_text(key);

		if (name) /* the source has reported it otherwise */
			add_range(r, key, source_value(r->source, p->value), name, outer, ranges);
	}
}

static int digits_of(gint64 number)
{
	int digits = 1;

	for (; number >= 10; number /= 10)
		digits++;
	return digits;
}

/* Calls `each` for every combination; the first name counts slowest. */
typedef void (*each_function)(struct repeat *r, const struct variable *variables,
			      gpointer user_data);

/* Calls `each` for every combination of values of the ranges from `index` on; the first range
 * counts slowest.  `outer`: the variables around them. */
static void for_each(struct repeat *r, const GArray *ranges, guint index,
		     const struct variable *outer, each_function each, gpointer user_data)
{
	const struct range *range = &g_array_index(ranges, struct range, index);
	struct variable v = {.name = range->name, .width = digits_of(range->last), .outer = outer};

	for (v.value = range->first; v.value <= range->last && !r->full; v.value++) {
		if (index + 1 < ranges->len)
			for_each(r, ranges, index + 1, &v, each, user_data);
		else
			each(r, &v, user_data);
	}
}

/* Calls `each` for every combination that the value of a `count` asks for; none if it is wrong. */
static void repeat_value(struct repeat *r, const yaml_node_t *count, const struct variable *outer,
			 each_function each, gpointer user_data)
{
	g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(struct range));

	read_count(r, count, outer, ranges);
	if (ranges->len > 0)
		for_each(r, ranges, 0, outer, each, user_data);
}

/* --- making the document ---------------------------------------------------------------------- */

/* Gives the new value `made` (its number in the new document) the place of the old one and counts
 * it; reports once when there are too many.  Returns `made`. */
static int finish_value(struct repeat *r, int made, const yaml_node_t *old)
{
	yaml_node_t *value;

	if (made == 0)
		g_error("out of memory");
	value = r->made->nodes.start + (made - 1);
	value->start_mark = old->start_mark;
	value->end_mark = old->end_mark;
	if (r->left > 0) {
		r->left--;
	} else if (!r->full) {
		r->full = true;
		repeat_error(r, old, NULL,
			     "more than %u values when all that is counted is written out",
			     SOURCE_VALUES_MAX);
	}
	return made;
}

static int copy_scalar(struct repeat *r, const yaml_node_t *old, const struct variable *variables)
{
	const char *text = (const char *)old->data.scalar.value;
	g_autoptr(GString) expanded = g_string_new(NULL);
	g_autofree char *problem = NULL;
	size_t length = old->data.scalar.length, larger;

	if (variables && !r->full && strstr(text, "$(")) {
		if (expression_expand(text, variables, expanded, &problem)) {
			text = expanded->str;
			length = expanded->len;
		} else {
			repeat_error(r, old, NULL, "in '%s': %s", text, problem);
		}
	}
	/* what is evaluated takes time even if little comes of it */
	larger = MAX(length, old->data.scalar.length);
	if (larger > r->text_left && !r->full) {
		r->full = true;
		repeat_error(r, old, NULL,
			     "more than %u MiB of text when all that is counted is written out",
			     SOURCE_TEXT_MAX >> 20);
	}
	r->text_left -= MIN(larger, r->text_left);
	if (r->full)
		length = 0;
	return finish_value(r,
			    yaml_document_add_scalar(r->made, NULL, (yaml_char_t *)(guintptr)text,
						     (int)length, old->data.scalar.style),
			    old);
}

struct counted_item {
	int into, value;
};

static void add_item(struct repeat *r, const struct variable *variables, gpointer user_data)
{
	const struct counted_item *item = user_data;

	yaml_document_append_sequence_item(r->made, item->into,
					   copy_value(r, item->value, variables));
}

static int copy_sequence(struct repeat *r, const yaml_node_t *old, const struct variable *variables)
{
	int into = finish_value(
		r, yaml_document_add_sequence(r->made, NULL, old->data.sequence.style), old);

	for (int *i = old->data.sequence.items.start; i < old->data.sequence.items.top && !r->full;
	     i++) {
		struct counted_item item = {.into = into, .value = *i};
		const yaml_node_t *count = count_of(r->source, source_value(r->source, *i));

		if (count)
			repeat_value(r, count, variables, add_item, &item);
		else
			add_item(r, variables, &item);
	}
	return into;
}

struct counted_pair {
	int into;
	const yaml_node_pair_t *pair;
	GHashTable *keys; /* texts that the counted pairs of this mapping have made */
};

/* Adds one copy of a pair; a key that was made before is an error. */
static void add_pair(struct repeat *r, const struct variable *variables, gpointer user_data)
{
	const struct counted_pair *c = user_data;
	const yaml_node_t *old = source_value(r->source, c->pair->key);
	int key = copy_value(r, c->pair->key, variables), value;
	char *text = g_strdup(scalar_text(r->made->nodes.start + (key - 1)));

	if (text && !g_hash_table_add(c->keys, text))
		repeat_error(r, old, "put the number into the name: 'branch-$(0n)'",
			     "'%s' is made twice by its 'count'", scalar_text(old));
	value = copy_value(r, c->pair->value, variables);
	yaml_document_append_mapping_pair(r->made, c->into, key, value);
}

/* Copies a mapping without its own `count`; a pair whose value has one is repeated. */
static int copy_mapping(struct repeat *r, const yaml_node_t *old, const struct variable *variables)
{
	g_autoptr(GHashTable) keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	int into = finish_value(
		r, yaml_document_add_mapping(r->made, NULL, old->data.mapping.style), old);
	const yaml_node_t *own = count_of(r->source, old);

	for (yaml_node_pair_t *p = old->data.mapping.pairs.start;
	     p < old->data.mapping.pairs.top && !r->full; p++) {
		struct counted_pair c = {.into = into, .pair = p, .keys = keys};
		const yaml_node_t *key = source_value(r->source, p->key),
				  *value = source_value(r->source, p->value);
		const yaml_node_t *count = count_of(r->source, value);
		const char *text = scalar_text(key);

		/* At the top `count` is an unknown key like others, and what only aliases refer to
		 * has been copied there. */
		if (old == r->source->root ? text && g_str_has_prefix(text, "x-") :
					     own && value == own)
			continue;
		if (count && g_strcmp0(text, "<<") == 0)
			repeat_error(r, count, "write 'count' beside '<<'",
				     "'count' can't be merged");
		else if (count)
			repeat_value(r, count, variables, add_pair, &c);
		else
			add_pair(r, variables, &c);
	}
	return into;
}

/* Copies a value of the old document, with all below it, into the new one: counted parts repeated,
 * $(...) replaced.  Returns its number there. */
static int copy_value(struct repeat *r, int number, const struct variable *variables)
{
	const yaml_node_t *old = source_value(r->source, number);

	if (old->type == YAML_SEQUENCE_NODE)
		return copy_sequence(r, old, variables);
	if (old->type == YAML_MAPPING_NODE)
		return copy_mapping(r, old, variables);
	return copy_scalar(r, old, variables);
}

static bool counts_anything(const struct source *s)
{
	for (const yaml_node_t *value = s->document.nodes.start; value < s->document.nodes.top;
	     value++)
		if (count_of(s, value))
			return true;
	return false;
}

/* Replaces the source's document by one in which everything counted is written out.  Returns false,
 * with findings, when that can't be done. */
static bool expand_source(struct source *s, diags *d)
{
	yaml_document_t made;
	struct repeat r = {.source = s,
			   .made = &made,
			   .d = d,
			   .left = SOURCE_VALUES_MAX,
			   .text_left = SOURCE_TEXT_MAX};

	if (!counts_anything(s))
		return true;
	if (!yaml_document_initialize(&made, NULL, NULL, NULL, 1, 1))
		g_error("out of memory");
	copy_value(&r, (int)(s->root - s->document.nodes.start) + 1, NULL);
	yaml_document_delete(&s->document);
	s->document = made;
	s->root = yaml_document_get_root_node(&s->document);
	s->repeated = true;
	s->values = SOURCE_VALUES_MAX - r.left;
	return !r.failed;
}

struct source *repeat_source_new(const char *file, GBytes *text, diags *d)
{
	struct source *s = source_new(file, text, d);

	if (!s || expand_source(s, d))
		return s;
	source_unref(s);
	return NULL;
}
