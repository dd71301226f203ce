/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PowerShell's Get-NetRoute, Get-NetIPAddress, Get-DnsClientNrptPolicy (and -NrptRule) and
 * Get-DnsClientServerAddress: as JSON (ConvertTo-Json), as CSV (Export-Csv, ConvertTo-Csv), or as
 * PowerShell shows lists ("Name : value") and tables.
 *
 * Each text becomes records of named values; what a record is, its names tell. */
#include "testbed/import/facts.h"
#include "testbed/import/lines.h"
#include "testbed/import/tree.h"

#include <string.h>

struct record {
	GArray *names, *values; /* struct word, as many */
	struct loc loc;
};

static void word_clear(gpointer data)
{
	g_free(((struct word *)data)->text);
}

static struct record *record_new(struct loc loc)
{
	struct record *r = g_new0(struct record, 1);

	r->loc = loc;
	r->names = g_array_new(FALSE, TRUE, sizeof(struct word));
	r->values = g_array_new(FALSE, TRUE, sizeof(struct word));
	g_array_set_clear_func(r->names, word_clear);
	g_array_set_clear_func(r->values, word_clear);
	return r;
}

static void record_free(gpointer data)
{
	struct record *r = data;

	g_array_unref(r->names);
	g_array_unref(r->values);
	g_free(r);
}

/* Takes `value`. */
static void record_add(struct record *r, const char *name, char *value, struct loc loc)
{
	struct word n = {.text = g_strstrip(g_strdup(name)), .loc = loc};
	struct word v = {.text = g_strstrip(value), .loc = loc};

	g_array_append_val(r->names, n);
	g_array_append_val(r->values, v);
}

/* The value of that name, whatever its case; NULL: none, or empty. */
static const struct word *record_word(const struct record *r, const char *name)
{
	for (guint i = 0; i < r->names->len; i++) {
		const struct word *v = &g_array_index(r->values, struct word, i);

		if (g_ascii_strcasecmp(g_array_index(r->names, struct word, i).text, name) == 0)
			return *v->text ? v : NULL;
	}
	return NULL;
}

static const char *record_text(const struct record *r, const char *name)
{
	const struct word *w = record_word(r, name);

	return w ? w->text : NULL;
}

static bool record_is(const struct record *r, const char *name, const char *const *words)
{
	const char *text = record_text(r, name);

	for (guint i = 0; text && words[i]; i++) {
		if (g_ascii_strcasecmp(text, words[i]) == 0)
			return true;
	}
	return false;
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void append_item(GString *text, yaml_document_t *document, int index)
{
	const yaml_node_t *value = yaml_document_get_node(document, index);

	if (text->len > 0)
		g_string_append_c(text, ' ');
	if (value->type == YAML_SCALAR_NODE)
		g_string_append(text, (const char *)value->data.scalar.value);
}

/* A list becomes words; Windows PowerShell puts a list into {"value": [...], "Count": n}. */
static char *value_text(struct tree *j, const yaml_node_t *value)
{
	GString *text = g_string_new(NULL);

	if (value->type == YAML_MAPPING_NODE && tree_member(j, value, "value"))
		value = tree_member(j, value, "value");
	if (value->type == YAML_SCALAR_NODE &&
	    !(value->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	      g_str_equal((const char *)value->data.scalar.value, "null")))
		g_string_append(text, (const char *)value->data.scalar.value);
	if (value->type == YAML_SEQUENCE_NODE) {
		for (const yaml_node_item_t *i = value->data.sequence.items.start;
		     i < value->data.sequence.items.top; i++)
			append_item(text, &j->document, *i);
	}
	return g_string_free(text, FALSE);
}

static void read_object(struct tree *j, const yaml_node_t *object, GPtrArray *records)
{
	struct record *r = record_new(tree_loc(j, object, ""));

	for (const yaml_node_pair_t *p = object->data.mapping.pairs.start;
	     p < object->data.mapping.pairs.top; p++) {
		const yaml_node_t *key = yaml_document_get_node(&j->document, p->key);
		const yaml_node_t *value = yaml_document_get_node(&j->document, p->value);

		if (key->type == YAML_SCALAR_NODE)
			record_add(r, (const char *)key->data.scalar.value, value_text(j, value),
				   tree_loc(j, object, (const char *)key->data.scalar.value));
	}
	g_ptr_array_add(records, r);
}

static void read_json_records(const char *file, const char *text, GPtrArray *records, diags *d)
{
	struct tree j;
	const yaml_node_t *top, *item;

	if (!tree_read(&j, file, text, d))
		return;
	top = yaml_document_get_root_node(&j.document);
	if (top && top->type == YAML_MAPPING_NODE) /* ConvertTo-Json of one object */
		read_object(&j, top, records);
	else if (tree_objects(&j, d)) {
		for (guint i = 0; (item = tree_object(&j, i)); i++)
			read_object(&j, item, records);
	}
	tree_clear(&j);
}

/* --- CSV -------------------------------------------------------------------------------------- */

/* Commas, or semicolons and tabs with -UseCulture and -Delimiter. */
static char delimiter_of(const char *heading)
{
	return strchr(heading, ';') ? ';' : strchr(heading, '\t') ? '\t' : ',';
}

/* The fields of a line; "" within quotes is one. */
static GPtrArray *split_fields(const char *line, char delimiter)
{
	GPtrArray *fields = g_ptr_array_new_with_free_func(g_free);
	GString *field = g_string_new(NULL);
	bool quoted = false;

	for (const char *p = line; *p; p++) {
		if (*p == '"' && quoted && p[1] == '"') {
			g_string_append_c(field, *p++);
		} else if (*p == '"') {
			quoted = !quoted;
		} else if (*p == delimiter && !quoted) {
			g_ptr_array_add(fields, g_strdup(field->str));
			g_string_truncate(field, 0);
		} else {
			g_string_append_c(field, *p);
		}
	}
	g_ptr_array_add(fields, g_string_free(field, FALSE));
	return fields;
}

static void read_csv_records(const char *file, const char *text, GPtrArray *records,
			     diags *d G_GNUC_UNUSED)
{
	struct line l = {.file = file, .rest = text};
	GPtrArray *heading = NULL;
	char delimiter = ',';

	while (line_next(&l)) {
		g_autoptr(GPtrArray) fields = NULL;
		struct record *r;

		if (l.words->len == 0 || g_str_has_prefix(l.text, "#TYPE")) {
			g_clear_pointer(&heading, g_ptr_array_unref);
			continue;
		}
		if (!heading) {
			delimiter = delimiter_of(l.text);
			heading = split_fields(l.text, delimiter);
			continue;
		}
		fields = split_fields(l.text, delimiter);
		r = record_new(line_loc(&l));
		for (guint i = 0; i < MIN(fields->len, heading->len); i++)
			record_add(r, heading->pdata[i], g_strdup(fields->pdata[i]), line_loc(&l));
		g_ptr_array_add(records, r);
	}
	g_clear_pointer(&heading, g_ptr_array_unref);
}

/* --- a list as PowerShell shows it ------------------------------------------------------------ */

/* "IPAddress         : 10.0.1.5"; an empty line ends a record. */
static void read_list_records(const char *file, const char *text, GPtrArray *records,
			      diags *d G_GNUC_UNUSED)
{
	struct line l = {.file = file, .rest = text};
	struct record *r = NULL;

	while (line_next(&l)) {
		const char *colon = strstr(l.text, " :");
		g_autofree char *name = colon ? g_strndup(l.text, (gsize)(colon - l.text)) : NULL;
		char *value;

		if (l.words->len == 0)
			r = NULL;
		if (!colon)
			continue;
		if (!r) {
			r = record_new(line_loc(&l));
			g_ptr_array_add(records, r);
		}
		value = g_strdup(colon + 2);
		record_add(r, name, g_strdelimit(value, "{},", ' '), line_loc(&l));
	}
}

/* --- a table as PowerShell shows it ----------------------------------------------------------- */

static char **words_of(const struct line *l)
{
	char **words = g_new0(char *, l->words->len + 1);

	for (guint i = 0; i < l->words->len; i++)
		words[i] = g_strdup(line_word(l, i)->text);
	return words;
}

static bool is_rule(const struct line *l)
{
	return l->words->len > 1 && strspn(l->text, "- ") == strlen(l->text);
}

/* A row with as many words as the heading; words beyond are of the interface's name. */
static void read_table_row(const struct line *l, char **names, GPtrArray *records, diags *d)
{
	guint columns = g_strv_length(names), more;
	struct record *r;
	guint at = 0;

	if (l->words->len < columns) {
		diags_add(d, DIAG_WARNING, line_loc(l), "ConvertTo-Json shows all values",
			  "this row has less columns than its table: left out");
		return;
	}
	more = l->words->len - columns;
	r = record_new(line_loc(l));
	for (guint i = 0; i < columns; i++) {
		GString *value = g_string_new(line_word(l, at++)->text);

		for (; more > 0 && g_ascii_strcasecmp(names[i], "InterfaceAlias") == 0; more--)
			g_string_append_printf(value, " %s", line_word(l, at++)->text);
		record_add(r, names[i], g_string_free(value, FALSE), line_loc(l));
	}
	g_ptr_array_add(records, r);
}

/* The heading is the line above one of dashes; an empty line ends a table. */
static void read_table_records(const char *file, const char *text, GPtrArray *records, diags *d)
{
	struct line l = {.file = file, .rest = text};
	g_auto(GStrv) before = NULL;
	bool in_table = false;

	while (line_next(&l)) {
		if (l.words->len == 0) {
			in_table = false;
		} else if (is_rule(&l)) {
			in_table = before;
		} else if (in_table) {
			read_table_row(&l, before, records, d);
		} else {
			g_strfreev(before);
			before = words_of(&l);
		}
	}
}

/* --- what a record shows ---------------------------------------------------------------------- */

/* "fe80::1%12" without its zone. */
static bool word_addr(const struct word *w, struct addr *ret)
{
	g_autofree char *text = w ? g_strndup(w->text, strcspn(w->text, "%")) : NULL;

	return w && addr_parse(text, ret);
}

static unsigned record_number(const struct record *r, const char *name)
{
	const char *text = record_text(r, name);

	return text ? (unsigned)g_ascii_strtoull(text, NULL, 10) : 0;
}

static const char *const number_names[] = {"InterfaceIndex", "ifIndex", NULL};

/* The name of the record's interface, or "ifN" by its number; the caller frees.  NULL: neither. */
static char *dev_of(const struct record *r)
{
	const char *alias = record_text(r, "InterfaceAlias");

	for (guint i = 0; !alias && number_names[i]; i++) {
		if (record_text(r, number_names[i]))
			return g_strdup_printf("if%s", record_text(r, number_names[i]));
	}
	return g_strdup(alias);
}

static void add_ip_address(const struct record *r, struct facts *f, diags *d)
{
	const struct word *w = record_word(r, "IPAddress");
	struct fact_address a = {.loc = w->loc};
	g_autofree char *dev = dev_of(r);
	struct fact_iface *i;

	if (!word_addr(w, &a.address.addr) || !dev) {
		diags_add(d, DIAG_WARNING, w->loc,
			  "InterfaceAlias, IPAddress and PrefixLength are needed",
			  "'%s' is left out: no address of an interface", w->text);
		return;
	}
	a.address.len = addr_bits(&a.address.addr);
	if (facts_is_usual(&a.address) && !facts_is_link_local(&a.address.addr)) {
		facts_usual(f, w->text);
		return;
	}
	a.guessed = !record_text(r, "PrefixLength");
	if (!a.guessed)
		a.address.len = (uint8_t)MIN(record_number(r, "PrefixLength"), a.address.len);
	else
		a.address.len = a.address.addr.family == AF_INET ? 24 : 64;
	i = a.address.len >= 8 ? facts_iface(f, dev, w->loc, d) : NULL;
	if (i)
		facts_address(i, &a, d);
	else
		diags_add(d, DIAG_WARNING, w->loc, NULL, "%s/%u is left out: not in a network",
			  w->text, a.address.len);
}

/* A route that Windows made for an address, and did not get from anybody. */
static bool is_made_by_windows(const struct record *r)
{
	static const char *const local[] = {"2", "Local", NULL};

	return record_text(r, "Protocol") ? record_is(r, "Protocol", local) :
					    record_number(r, "RouteMetric") == 256;
}

/* On link and made by Windows: an own address, a subnet or a broadcast address. */
static void add_own_route(const struct fact_route *route, struct facts *f, diags *d)
{
	struct fact_link link = {.dev = route->dev, .to = route->to, .loc = route->loc};

	link.own = route->to.len == addr_bits(&route->to.addr);
	facts_link(f, &link, d);
}

static void add_net_route(const struct record *r, struct facts *f, diags *d)
{
	static const char *const persistent[] = {"0", "PersistentStore", NULL};
	const struct word *w = record_word(r, "DestinationPrefix");
	g_autofree char *dev = dev_of(r);
	struct fact_route route = {.dev = dev, .persistent = true, .loc = w->loc};
	const struct word *hop = record_word(r, "NextHop");
	struct addr none = {0};
	struct prefix network;

	if (!prefix_parse(w->text, &route.to) || !dev || (hop && !word_addr(hop, &route.via))) {
		diags_add(d, DIAG_WARNING, w->loc,
			  "DestinationPrefix, NextHop and InterfaceAlias are needed",
			  "the route to %s is left out: %s", w->text,
			  dev ? "not an address" : "it names no interface");
		return;
	}
	network = prefix_network(&route.to);
	route.to = network;
	none.family = route.via.family; /* 0.0.0.0 and :: are no gateways */
	if (addr_equal(&route.via, &none))
		route.via = (struct addr){0};
	route.metric = record_number(r, "RouteMetric") + record_number(r, "InterfaceMetric");
	route.note =
		record_is(r, "Store", persistent) || prefix_is_default(&route.to) ?
			NULL :
			"guess: persistent ('Get-NetRoute -PolicyStore PersistentStore' tells)";
	if (!addr_is_set(&route.via) && is_made_by_windows(r))
		add_own_route(&route, f, d);
	else
		facts_route(f, &route, d);
}

static void add_name_servers(const struct record *r, const char *name, GArray *ret, diags *d)
{
	const struct word *w = record_word(r, name);
	g_auto(GStrv) words = g_strsplit_set(w ? w->text : "", " ,;\t", -1);

	for (guint i = 0; words[i]; i++) {
		struct addr a;

		if (addr_parse(words[i], &a) && ret->len < 16)
			g_array_append_val(ret, a);
		else if (*words[i])
			diags_add(d, DIAG_WARNING, w->loc,
				  "ConvertTo-Json shows lists, Export-Csv does not",
				  "'%s' is left out: not an address of a name server", words[i]);
	}
}

static void add_nrpt(const struct record *r, struct facts *f, diags *d)
{
	const struct word *w = record_word(r, "Namespace");
	g_auto(GStrv) names = g_strsplit_set(w->text, " ,;", -1);
	g_autoptr(GArray) servers = g_array_new(FALSE, TRUE, sizeof(struct addr));

	add_name_servers(r, "NameServers", servers, d);
	for (guint i = 0; names[i]; i++) {
		if (*names[i])
			facts_nrpt(f, names[i], servers, w->loc, d);
	}
}

static void add_resolvers(const struct record *r, struct facts *f, diags *d)
{
	add_name_servers(r, "ServerAddresses", f->resolvers, d);
}

static const struct {
	const char *name;
	void (*add)(const struct record *r, struct facts *f, diags *d);
} kinds[] = {{"DestinationPrefix", add_net_route},
	     {"IPAddress", add_ip_address},
	     {"Namespace", add_nrpt},
	     {"ServerAddresses", add_resolvers}};

bool is_powershell(const char *file G_GNUC_UNUSED, const char *text)
{
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (strstr(text, kinds[i].name))
			return true;
	}
	return false;
}

void parse_powershell(const char *file, const char *text, struct facts *f, diags *d)
{
	g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func(record_free);
	guint used = 0;

	f->windows = true;
	if (tree_begins(text))
		read_json_records(file, text, records, d);
	else if (strstr(text, "\",\"") || strstr(text, "\";\"") || strstr(text, "\"\t\""))
		read_csv_records(file, text, records, d);
	else if (strstr(text, "\n--"))
		read_table_records(file, text, records, d);
	else
		read_list_records(file, text, records, d);
	/* Addresses first, so that routes find them. */
	for (guint k = 0; k < records->len; k++) {
		for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
			if (!record_word(records->pdata[k], kinds[i].name))
				continue;
			kinds[i].add(records->pdata[k], f, d);
			used++;
			break;
		}
	}
	if (used == 0 && diags_errors(d) == 0)
		diags_add(d, DIAG_ERROR, (struct loc){file, 1, 1},
			  "ConvertTo-Json of Get-NetRoute, Get-NetIPAddress, "
			  "Get-DnsClientNrptPolicy",
			  "it contains no route and no address");
}
