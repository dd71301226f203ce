/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/import/import.h"

#include "testbed/import/draft.h"
#include "testbed/import/facts.h"
#include "testbed/import/tree.h"

#include <string.h>

const char *const import_kind_names[] = {[IMPORT_CS_TOPOLOGY] = "cs-topology",
					 [IMPORT_CS_CMDLETS] = "cs-cmdlets",
					 [IMPORT_IP_ADDR] = "ip-addr",
					 [IMPORT_POWERSHELL] = "powershell",
					 [IMPORT_IP_RULE] = "ip-rule",
					 [IMPORT_IP_ROUTE] = "ip-route",
					 [IMPORT_ROUTE_PRINT] = "route-print",
					 [IMPORT_NETSTAT] = "netstat",
					 [IMPORT_SDP] = "sdp",
					 NULL};

/* In the order of enum import_kind, in which kinds are also tried.  A text tells of one node, or of
 * all servers. */
static const struct {
	bool (*is)(const char *file, const char *text);
	void (*parse)(const char *file, const char *text, struct facts *f, diags *d);
	void (*parse_all)(const char *file, const char *text, struct deployment *dep, diags *d);
} kinds[IMPORT_KINDS] = {
	[IMPORT_CS_TOPOLOGY] = {is_cs_topology, NULL, parse_cs_topology},
	[IMPORT_CS_CMDLETS] = {is_cs_cmdlets, NULL, parse_cs_cmdlets},
	[IMPORT_IP_ADDR] = {is_ip_addr, parse_ip_addr, NULL},
	[IMPORT_POWERSHELL] = {is_powershell, parse_powershell, NULL},
	[IMPORT_IP_RULE] = {is_ip_rule, parse_ip_rule, NULL},
	[IMPORT_IP_ROUTE] = {is_ip_route, parse_ip_route, NULL},
	[IMPORT_ROUTE_PRINT] = {is_route_print, parse_route_print, NULL},
	[IMPORT_NETSTAT] = {is_netstat, parse_netstat, NULL},
	[IMPORT_SDP] = {is_sdp, parse_candidates, NULL},
};

#define WANTED                                                                               \
	"'route print', 'ip route', 'ip addr', 'netstat -rn', Get-NetRoute as JSON, an SDP " \
	"with candidates, or Get-CsTopology -AsXML; see --format"

/* What people paste by mistake, and what they should paste. */
static const struct {
	const char *word, *hint;
} mistakes[] = {
	{"<?xml", "this XML is no topology of Lync or Skype for Business: Get-CsTopology -AsXML"},
	{"m=audio", "the description has no line that begins with 'a=candidate:'"},
	{"topology:", "this is a topology: use 'testbed validate'"},
	{"IPv4", "this may be 'ipconfig': paste 'route print'"},
	{"netmask", "this may be 'ifconfig': paste 'ip addr' or 'netstat -rn'"},
	{"inet addr:", "this may be 'ifconfig': paste 'ip addr' or 'netstat -rn'"},
	{"Active Routes:", "the table of 'route print' is empty: paste all of it"},
};

bool import_node_fits(const char *name)
{
	return facts_node_fits(name);
}

char *import_node_of(const char *file)
{
	g_autofree char *base = g_path_get_basename(file);
	g_autoptr(GString) name = g_string_new(NULL);

	for (const char *p = base; *p && *p != '.' && name->len < NODE_NAME_MAX; p++) {
		if (g_ascii_isalnum(*p) || ((*p == '-' || *p == '_') && name->len > 0))
			g_string_append_c(name, *p);
		else if (name->len > 0)
			g_string_append_c(name, '-');
	}
	return g_strdup(name->len > 0 && import_node_fits(name->str) ? name->str : "node");
}

/* Takes out the escape sequences by which terminals colour text (ECMA-48 section 5.4), and what
 * ends with BEL. */
static void strip_colours(char *text)
{
	char *to = text;

	for (const char *p = text; *p;) {
		if (*p != '\x1b') {
			*to++ = *p++;
			continue;
		}
		p++;
		if (*p == '[') {
			p += 1 + strspn(p + 1, "0123456789;:<=>? !\"#$%&'*+-./");
			p += *p == '@' || g_ascii_isalpha(*p) ? 1 : 0;
		} else if (*p == ']') {
			p += strcspn(p, "\a\n\x1b");
			p += *p == '\a' ? 1 : 0;
		} else if (*p == '(' || *p == ')') {
			p += g_ascii_isalnum(p[1]) ? 2 : 1;
		}
	}
	*to = '\0';
}

/* UTF-16 without a byte order mark, as `cmd /u` writes it: every other byte of ASCII is zero. */
static const char *utf16_of(const guchar *bytes, gsize length)
{
	if (length >= 2 && bytes[0] == 0xff && bytes[1] == 0xfe)
		return "UTF-16LE";
	if (length >= 2 && bytes[0] == 0xfe && bytes[1] == 0xff)
		return "UTF-16BE";
	if (length >= 4 && bytes[0] && !bytes[1] && bytes[2] && !bytes[3])
		return "UTF-16LE";
	return length >= 4 && !bytes[0] && bytes[1] && !bytes[2] && bytes[3] ? "UTF-16BE" : NULL;
}

/* The text as UTF-8 without a byte order mark and colours.  NULL with an error in `d`. */
static char *decode_text(const struct import_input *in, diags *d)
{
	const char *text = in->text;
	gsize length = in->length;
	const char *utf16 = utf16_of((const guchar *)text, length);
	struct loc top = {g_intern_string(in->file), 1, 1};
	char *utf8 = NULL;

	if (utf16) {
		gsize mark = (guchar)text[0] >= 0xfe ? 2 : 0;

		utf8 = g_convert(text + mark, (gssize)(length - mark), "UTF-8", utf16, NULL,
				 &length, NULL);
		if (utf8 && strlen(utf8) != length)
			g_clear_pointer(&utf8, g_free);
	} else {
		gsize mark = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

		/* Words may be in an old code page; no address or number is. */
		if (!memchr(text, 0, length))
			utf8 = g_utf8_make_valid(text + mark, (gssize)(length - mark));
	}
	if (!utf8)
		diags_add(
			d, DIAG_ERROR, top,
			length >= 4 && memcmp(text, "PK\3\4", 4) == 0 ?
				"unpack it: in one of Export-CsConfiguration it is DocItemSet.xml" :
				"paste it into a text file",
			"not a text file");
	else
		strip_colours(utf8);
	return utf8;
}

static enum import_kind recognise_kind(const char *file, const char *text, diags *d)
{
	struct loc top = {file, 1, 1};
	const char *hint = WANTED;

	for (unsigned k = 0; k < IMPORT_KINDS; k++) {
		if (kinds[k].is(file, text))
			return (enum import_kind)k;
	}
	/* 'ip -j' prints a list, which has no known word when it is cut off or empty. */
	if (tree_begins(text)) {
		if (tree_is_json(file, text, d))
			diags_add(d, DIAG_ERROR, top, WANTED,
				  "it contains no route and no interface");
		return IMPORT_KINDS;
	}
	for (guint i = G_N_ELEMENTS(mistakes); i-- > 0;) {
		if (strstr(text, mistakes[i].word))
			hint = mistakes[i].hint;
	}
	diags_add(d, DIAG_ERROR, top, hint, "unknown kind of input");
	return IMPORT_KINDS;
}

/* Whether a text is read as one of this kind: as that which it is, and a text of `ip addr` also as
 * what was pasted behind it. */
static bool is_read_as(const char *file, const char *text, enum import_kind found,
		       enum import_kind kind)
{
	if (found == kind)
		return true;
	return found == IMPORT_IP_ADDR && !tree_begins(text) &&
	       (kind == IMPORT_IP_ROUTE || kind == IMPORT_IP_RULE) && kinds[kind].is(file, text);
}

static struct facts *facts_of(GPtrArray *all, const char *node, struct loc loc)
{
	ptr_array_foreach(struct facts, f, all)
		if (g_str_equal(f->node, node))
			return f;
	g_ptr_array_add(all, facts_new(node, loc));
	return all->pdata[all->len - 1];
}

/* Reads one text, of a node or of all servers. */
static void parse_text(const struct import_input *in, const char *text, enum import_kind kind,
		       GPtrArray *all, struct deployment *dep, diags *d)
{
	const char *file = g_intern_string(in->file);

	if (kinds[kind].parse_all)
		kinds[kind].parse_all(file, text, dep, d);
	else
		kinds[kind].parse(file, text, facts_of(all, in->node, (struct loc){0}), d);
}

char *import_topology(const struct import_input *inputs, guint n, enum import_kind kind,
		      bool complete, diags *d)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(object_free);
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GString) from = g_string_new(NULL);
	g_autofree enum import_kind *found = g_new0(enum import_kind, n + 1);
	struct deployment *dep = deployment_new();
	bool deployed = false;
	char *topology = NULL;

	for (guint i = 0; i < n; i++) {
		const char *file = g_intern_string(inputs[i].file);
		char *text = decode_text(&inputs[i], d);

		g_ptr_array_add(texts, text);
		found[i] = kind != IMPORT_KINDS || !text ? kind : recognise_kind(file, text, d);
		if (found[i] < IMPORT_KINDS && kinds[found[i]].parse_all)
			deployed = true;
		else
			facts_of(all, inputs[i].node, (struct loc){file, 1, 1});
		g_string_append_printf(from, "%s%s", i > 0 ? ", " : "", file);
	}
	for (unsigned k = 0; k < IMPORT_KINDS; k++) {
		for (guint i = 0; i < n; i++) {
			if (texts->pdata[i] && is_read_as(inputs[i].file, texts->pdata[i], found[i],
							  (enum import_kind)k))
				parse_text(&inputs[i], texts->pdata[i], (enum import_kind)k, all,
					   dep, d);
		}
	}
	if (deployed && diags_errors(d) == 0)
		deployment_settle(dep, all, d);
	facts_settle(all, d);
	if (diags_errors(d) == 0)
		topology = draft_topology(all, deployed ? dep : NULL, from->str, complete, d);
	object_free(dep);
	return topology;
}
