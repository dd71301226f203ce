/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `ip rule`, as JSON or as text. */
#include "testbed/import/facts.h"
#include "testbed/import/lines.h"
#include "testbed/import/tree.h"

#include <string.h>

#define RULE_MAIN 32766 /* priority of the rule "from all lookup main" */

/* Adds a rule, unless it is one of those that every machine has, as "from all lookup main", or
 * every machine with a VRF. */
static void add_rule(struct facts *f, const struct fact_rule *rule, diags *d)
{
	static const char *const usual[] = {"from all lookup local",
					    "from all lookup main",
					    "from all lookup default",
					    "from all lookup 255",
					    "from all lookup 254",
					    "from all lookup 253",
					    NULL};

	if (!g_strv_contains(usual, rule->text) && !strstr(rule->text, "l3mdev"))
		facts_rule(f, rule, d);
}

/* Whether the word is one that a topology's rules have, too, or says nothing; then `value` follows.
 */
static bool read_rule_word(struct fact_rule *r, const char *word, char *value)
{
	static const char *const kernels[] = {"local", "main", "default", "253",
					      "254",   "255",  NULL};

	if (g_str_equal(word, "from")) {
		if (prefix_parse(value, &r->from))
			r->from = prefix_network(&r->from);
		else
			r->is_plain = r->is_plain && g_str_equal(value, "all");
	} else if (g_str_equal(word, "iif")) {
		r->in = value;
		r->is_plain = r->is_plain && !g_str_equal(value, "lo");
	} else if (g_str_equal(word, "lookup")) {
		r->table = value;
		r->is_plain = r->is_plain && !g_strv_contains(kernels, value);
	} else {
		return g_str_equal(word, "proto");
	}
	return true;
}

/* A rule after that of the main table is for what main has no route to: a topology has none. */
static void add_rule_words(struct facts *f, const char *priority, const char *rule, struct loc loc,
			   diags *d)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	g_autofree char *copy = g_strdup(rule), *text = NULL;
	struct fact_rule r = {.loc = loc};
	char *rest = copy;

	for (char *word; (word = strsep(&rest, " \t"));) {
		if (*word)
			g_ptr_array_add(words, word);
	}
	g_ptr_array_add(words, NULL);
	r.is_plain = g_ascii_strtoull(priority ? priority : "", NULL, 10) < RULE_MAIN;
	for (guint i = 0; i + 1 < words->len; i++) {
		if (i + 2 < words->len && read_rule_word(&r, words->pdata[i], words->pdata[i + 1]))
			i++;
		else
			r.is_plain = false;
	}
	r.is_plain = r.is_plain && r.table;
	r.text = text = g_strjoinv(" ", (char **)words->pdata);
	add_rule(f, &r, d);
}

/* The members of a rule as the words that 'ip rule' has for them. */
static void read_json_rule(struct tree *j, const yaml_node_t *item, struct facts *f, diags *d)
{
	static const struct {
		const char *key, *word;
	} names[] = {{"src", "from"},	  {"dst", "to"},       {"srclen", "/"},
		     {"dstlen", "/"},	  {"table", "lookup"}, {"protocol", "proto"},
		     {"uid_start", "uid"}};
	g_autoptr(GString) text = g_string_new(NULL);

	for (const yaml_node_pair_t *p = item->data.mapping.pairs.start;
	     p < item->data.mapping.pairs.top; p++) {
		const char *key = (const char *)yaml_document_get_node(&j->document, p->key)
					  ->data.scalar.value;
		const char *value = tree_word(j, item, key), *word = key;

		for (guint i = 0; i < G_N_ELEMENTS(names); i++)
			word = g_str_equal(key, names[i].key) ? names[i].word : word;
		if (g_str_equal(key, "priority"))
			continue;
		if (!g_str_equal(word, "/"))
			g_string_append_printf(text, " %s ", word);
		if (value && !g_str_equal(value, "null"))
			g_string_append_printf(text, "%s%s", *word == '/' ? "/" : "", value);
	}
	add_rule_words(f, tree_word(j, item, "priority"), text->str, tree_loc(j, item, "src"), d);
}

/* "32765: from 10.0.2.0/24 lookup 100" */
static bool is_rule_line(const struct line *l)
{
	const char *first = l->words->len > 2 ? line_word(l, 0)->text : "";
	guint at = l->words->len > 2 && g_str_equal(line_word(l, 1)->text, "not") ? 2 : 1;

	return g_ascii_isdigit(*first) && g_str_has_suffix(first, ":") &&
	       g_str_equal(line_word(l, at)->text, "from");
}

bool is_ip_rule(const char *file, const char *text)
{
	return (strstr(text, "\"priority\"") && strstr(text, "\"src\"")) ||
	       lines_any(file, text, is_rule_line);
}

void parse_ip_rule(const char *file, const char *text, struct facts *f, diags *d)
{
	struct line l = {.file = file, .rest = text};

	if (tree_begins(text)) {
		tree_each_object(file, text, f, d, read_json_rule);
		return;
	}
	while (line_next(&l)) {
		if (is_rule_line(&l))
			add_rule_words(f, l.text, strchr(l.text, ':') + 1, line_loc(&l), d);
	}
}
