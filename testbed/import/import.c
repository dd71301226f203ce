/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/import/import.h"

#include "testbed/import/draft.h"
#include "testbed/import/facts.h"
#include "testbed/import/tree.h"

#include <string.h>

#define NODE_CHARS_MAX 63

const char *const import_kind_names[] = {"ip-addr", "ip-route", "route-print", "sdp", NULL};

static void (*const parsers[IMPORT_KINDS])(const char *file, const char *text, struct facts *f,
					   diags *d) = {
	[IMPORT_IP_ADDR] = parse_ip_addr,
	[IMPORT_IP_ROUTE] = parse_ip_route,
	[IMPORT_ROUTE_PRINT] = parse_route_print,
	[IMPORT_SDP] = parse_candidates,
};

/* Words that occur in one kind only.  The first row whose word is in the text decides. */
static const struct {
	const char *word;
	enum import_kind kind;
} signs[] = {
	{"\"addr_info\"", IMPORT_IP_ADDR},
	{"\"dst\"", IMPORT_IP_ROUTE},
	{"a=candidate:", IMPORT_SDP},
	{"candidate:", IMPORT_SDP},
	{"Active Routes:", IMPORT_ROUTE_PRINT},
	{"Persistent Routes:", IMPORT_ROUTE_PRINT},
	{"Network Destination", IMPORT_ROUTE_PRINT},
	{"IPv4 Route Table", IMPORT_ROUTE_PRINT},
};

/* What people paste by mistake, and what they should paste. */
static const struct {
	const char *word, *hint;
} mistakes[] = {
	{"link/ether", "paste 'ip -j addr': as JSON"},
	{"link/loopback", "paste 'ip -j addr': as JSON"},
	{"scope link", "paste 'ip -j route': as JSON"},
	{" via ", "paste 'ip -j route': as JSON"},
	{"Windows IP", "paste 'route print', not ipconfig"},
	{"m=audio", "the description has no line that begins with 'a=candidate:'"},
	{"255.255.255.255", "'route print' must come from an English Windows"},
	{"topology:", "this is a topology: use 'testbed validate'"},
};

bool import_node_fits(const char *name)
{
	if (!g_ascii_isalnum(name[0]) || strlen(name) > NODE_CHARS_MAX ||
	    g_str_equal(name, "count"))
		return false;
	for (; *name; name++) {
		if (!g_ascii_isalnum(*name) && !strchr("-_.", *name))
			return false;
	}
	return true;
}

char *import_node_of(const char *file)
{
	g_autofree char *base = g_path_get_basename(file);
	g_autoptr(GString) name = g_string_new(NULL);

	for (const char *p = base; *p && *p != '.' && name->len < NODE_CHARS_MAX; p++) {
		if (g_ascii_isalnum(*p) || ((*p == '-' || *p == '_') && name->len > 0))
			g_string_append_c(name, *p);
		else if (name->len > 0)
			g_string_append_c(name, '-');
	}
	return g_strdup(name->len > 0 && import_node_fits(name->str) ? name->str : "node");
}

/* The text as UTF-8 without a byte order mark.  NULL with an error in `d`. */
static char *decode_text(const struct import_input *in, diags *d)
{
	const guchar *bytes = (const guchar *)in->text;
	const char *text = in->text;
	gsize length = in->length;
	struct loc top = {g_intern_string(in->file), 1, 1};
	char *utf8 = NULL;

	if (length >= 2 &&
	    ((bytes[0] == 0xff && bytes[1] == 0xfe) || (bytes[0] == 0xfe && bytes[1] == 0xff))) {
		utf8 = g_convert(text + 2, (gssize)length - 2, "UTF-8",
				 bytes[0] == 0xff ? "UTF-16LE" : "UTF-16BE", NULL, &length, NULL);
		if (utf8 && strlen(utf8) != length)
			g_clear_pointer(&utf8, g_free);
	} else {
		gsize mark = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

		/* Only names of adapters may be in an old code page, and only comments use them. */
		if (!memchr(text, 0, length))
			utf8 = g_utf8_make_valid(text + mark, (gssize)(length - mark));
	}
	if (!utf8)
		diags_add(d, DIAG_ERROR, top, "paste it into a text file", "not a text file");
	return utf8;
}

static enum import_kind recognise_kind(const char *file, const char *text, diags *d)
{
	struct loc top = {file, 1, 1};

	for (guint i = 0; i < G_N_ELEMENTS(signs); i++) {
		if (strstr(text, signs[i].word))
			return signs[i].kind;
	}
	/* 'ip -j' prints a list, which has none of these words when it is cut off or empty. */
	if (g_str_has_prefix(text + strspn(text, " \t\r\n"), "[")) {
		if (tree_is_json(file, text, d))
			diags_add(d, DIAG_ERROR, top,
				  "paste the complete output of 'ip -j route' or 'ip -j addr'",
				  "it contains no route and no interface");
		return IMPORT_KINDS;
	}
	for (guint i = 0; i < G_N_ELEMENTS(mistakes); i++) {
		if (!strstr(text, mistakes[i].word))
			continue;
		diags_add(d, DIAG_ERROR, top, mistakes[i].hint, "unknown kind of input");
		return IMPORT_KINDS;
	}
	diags_add(d, DIAG_ERROR, top,
		  "'route print', 'ip -j route', 'ip -j addr', or an SDP with candidates; see "
		  "--format",
		  "unknown kind of input");
	return IMPORT_KINDS;
}

static struct facts *facts_of(GPtrArray *all, const char *node, struct loc loc)
{
	ptr_array_foreach(struct facts, f, all)
		if (g_str_equal(f->node, node))
			return f;
	g_ptr_array_add(all, facts_new(node, loc));
	return all->pdata[all->len - 1];
}

char *import_topology(const struct import_input *inputs, guint n, enum import_kind kind, diags *d)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(object_free);
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GString) from = g_string_new(NULL);
	g_autofree enum import_kind *kinds = g_new0(enum import_kind, n + 1);

	for (guint i = 0; i < n; i++) {
		const char *file = g_intern_string(inputs[i].file);
		char *text = decode_text(&inputs[i], d);

		g_ptr_array_add(texts, text);
		kinds[i] = kind != IMPORT_KINDS || !text ? kind : recognise_kind(file, text, d);
		facts_of(all, inputs[i].node, (struct loc){file, 1, 1});
		g_string_append_printf(from, "%s%s", i > 0 ? ", " : "", file);
	}
	for (unsigned k = 0; k < IMPORT_KINDS; k++) {
		for (guint i = 0; i < n; i++) {
			if (texts->pdata[i] && kinds[i] == k)
				parsers[k](g_intern_string(inputs[i].file), texts->pdata[i],
					   facts_of(all, inputs[i].node, (struct loc){0}), d);
		}
	}
	return diags_errors(d) == 0 ? draft_topology(all, from->str, d) : NULL;
}
