/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/value.h"

#include "testbed/model/model.h"
#include "testbed/model/names.h"

#include <string.h>

const struct charset charset_name = {
	.what = "a name: letters, digits, '-', '_' and '.', the first a letter or digit, at most "
		"63",
	.first = "",
	.rest = "-_.",
	.max = 63,
};
/* A dot in an interface's name would be taken for a separator in sysctl keys. */
const struct charset charset_iface = {
	.what = "an interface name: letters, digits, '-' and '_', the first a letter or digit, at "
		"most 15",
	.first = "",
	.rest = "-_",
	.max = IFNAMSIZ - 1,
};
/* '_' for SRV records (RFC 2782); 253: RFC 1035 section 2.3.4 without the last dot. */
const struct charset charset_dns = {
	.what = "a DNS name: labels of letters, digits, '-' and '_', without the last dot",
	.first = "_",
	.rest = "-_.",
	.max = 253,
};
const struct charset charset_namespace = {
	.what = "a DNS name, or a suffix such as .example.com",
	.first = "_.",
	.rest = "-_.",
	.max = 253,
};
const struct charset charset_user = {
	.what = "a user such as alice@example.com",
	.first = "",
	.rest = "-_.@",
	.max = 253,
};
const struct charset charset_sysctl = {
	.what = "a key of the network such as net.ipv4.conf.all.rp_filter",
	.first = "",
	.rest = "-_./",
	.max = 253,
};
const struct charset charset_cause = {
	.what = "a cause code: capital letters, digits and '_'",
	.first = "",
	.rest = "_",
	.max = 63,
};
const struct charset charset_selector = {
	.what = "an endpoint, a site or \"*\"",
	.first = "*",
	.rest = "-_.",
	.max = 63,
};

static const struct unit duration_units[] = {{"ms", 1}, {"s", 1000}, {"min", 60000}, {NULL, 0}};
const struct quantity quantity_duration_ms = {
	.what = "a time such as 500ms, 30s or 5min",
	.units = duration_units,
	.min = 1,
	.max = 24 * 3600 * 1000,
};
static const struct unit size_units[] = {{"B", 1}, {NULL, 0}};
/* 576: RFC 791's least; 9000: jumbo frames. */
const struct quantity quantity_mtu_bytes = {
	.what = "a size such as 1420B",
	.units = size_units,
	.min = 576,
	.max = 9000,
};

const struct prefix_type prefix_subnet = {.need_length = true, .is_network = true};
const struct prefix_type prefix_address = {.need_length = true};
const struct prefix_type prefix_route = {.is_network = true, .may_be_default = true};

static void replace_text(void *target, const char *text)
{
	char **at = target;

	g_free(*at);
	*at = g_strdup(text);
}

/* "'KEY' is 'TEXT', expected EXPECTED", at the value. */
static bool value_error(struct reader *r, const yaml_node_t *value, const char *text,
			const char *expected)
{
	const char *hint =
		strstr(text, "$(") ? "numbers come from a 'count' beside or around this" : NULL;

	return reader_error(r, value, hint, "'%s' is '%s', expected %s", r->key, text, expected);
}

bool read_text(struct reader *r, const yaml_node_t *value, void *target,
	       const void *arg G_GNUC_UNUSED)
{
	const char *text = read_scalar(r, value);

	if (!text)
		return false;
	for (const char *p = text; *p; p++) {
		if (g_ascii_iscntrl(*p))
			return reader_error(r, value, NULL,
					    "'%s' must be one line without control characters",
					    r->key);
	}
	replace_text(target, text);
	return true;
}

static bool charset_matches(const struct charset *c, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (!g_ascii_isalnum(*p) && !strchr(p == text ? c->first : c->rest, *p))
			return false;
	}
	return *text && strlen(text) <= c->max;
}

/* Rules of a kind of word that a set of characters can't express. */
static bool word_is_well_formed(const struct charset *c, const char *text)
{
	const char *at = strchr(text, '@');

	if (c == &charset_user)
		return at && at > text && at[1] && !strchr(at + 1, '@');
	if (c == &charset_selector)
		return text[0] != '*' || !text[1];
	/* Only settings of the network are a node's own; others are the whole machine's. */
	if (c == &charset_sysctl && !g_str_has_prefix(text, "net.") &&
	    !g_str_has_prefix(text, "net/"))
		return false;
	if (c == &charset_dns || c == &charset_namespace || c == &charset_sysctl)
		return !strstr(text, "..") && text[strlen(text) - 1] != '.';
	return true;
}

bool read_word(struct reader *r, const yaml_node_t *value, void *target, const void *arg)
{
	const struct charset *c = arg;
	const char *text = read_scalar(r, value);

	if (!text)
		return false;
	if (!charset_matches(c, text) || !word_is_well_formed(c, text))
		return value_error(r, value, text, c->what);
	replace_text(target, text);
	return true;
}

/* The index of the value's word in a table, if its bit is among `allowed`; -1 with a finding. */
static int read_index(struct reader *r, const yaml_node_t *value, const char *const *names,
		      unsigned allowed)
{
	const char *text = read_scalar(r, value), *nearest;
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	g_autofree char *list = NULL, *hint = NULL;
	int index;

	if (!text)
		return -1;
	index = name_index(names, text);
	if (index >= 0 && (allowed & (1u << index)))
		return index;
	for (unsigned i = 0; names[i]; i++) {
		if (allowed & (1u << i))
			g_ptr_array_add(words, (gpointer)(guintptr)names[i]);
	}
	g_ptr_array_add(words, NULL);
	list = g_strjoinv(", ", (char **)words->pdata);
	nearest = diag_nearest(text, (const char *const *)words->pdata);
	if (nearest)
		hint = g_strdup_printf("did you mean '%s'?", nearest);
	reader_error(r, value, hint, "'%s' is '%s', expected one of: %s", r->key, text, list);
	return -1;
}

bool read_choice(struct reader *r, const yaml_node_t *value, void *target, const void *arg)
{
	const char *const *names = arg;
	int index = read_index(r, value, names, ~0u);

	if (index < 0)
		return false;
	replace_text(target, names[index]);
	return true;
}

bool read_enum(struct reader *r, const yaml_node_t *value, void *target, const void *arg)
{
	int index = read_index(r, value, arg, ~0u);

	if (index < 0)
		return false;
	/* The model's enums have no negative values and so are stored as unsigned int. */
	*(unsigned *)target = (unsigned)index;
	return true;
}

struct mask_read {
	const struct mask_type *type;
	unsigned *mask;
};

static void read_mask_bit(struct reader *r, const yaml_node_t *value, gpointer user_data)
{
	struct mask_read *m = user_data;
	int index = read_index(r, value, m->type->names, m->type->allowed);

	if (index >= 0)
		*m->mask |= 1u << index;
}

bool read_mask(struct reader *r, const yaml_node_t *value, void *target, const void *arg)
{
	struct mask_read m = {.type = arg, .mask = target};

	if (value->type != YAML_SCALAR_NODE)
		return read_list(r, value, read_mask_bit, &m);
	read_mask_bit(r, value, &m);
	return true;
}

bool read_bool(struct reader *r, const yaml_node_t *value, void *target,
	       const void *arg G_GNUC_UNUSED)
{
	const char *text = read_scalar(r, value);

	if (!text)
		return false;
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return value_error(r, value, text, "true or false");
	*(bool *)target = text[0] == 't';
	return true;
}

bool read_addr(struct reader *r, const yaml_node_t *value, void *target,
	       const void *arg G_GNUC_UNUSED)
{
	const char *text = read_scalar(r, value);

	if (!text)
		return false;
	if (!addr_parse(text, target))
		return value_error(r, value, text, "an address such as 10.0.1.10");
	return true;
}

/* For "10.20.0.0/255.255.255.0" and, as Windows writes it, "10.20.0.0 mask 255.255.255.0": a hint
 * that says "did you mean '10.20.0.0/24'?"; the caller frees.  NULL for other texts. */
static char *masked_prefix(const char *text)
{
	g_auto(GStrv) parts =
		g_regex_split_simple("^\\s*([0-9.]+)\\s*(?:/|\\s+mask\\s+)\\s*([0-9.]+)\\s*$", text,
				     G_REGEX_CASELESS, 0);
	struct addr network, mask;
	guint32 bits = 0;
	int length;

	if (g_strv_length(parts) < 4 || !addr_parse(parts[1], &network) ||
	    !addr_parse(parts[2], &mask))
		return NULL;
	for (int i = 0; i < 4; i++)
		bits = bits << 8 | mask.bytes[i];
	length = __builtin_popcount(bits);
	if (length > 0 && bits != ~0u << (32 - length))
		return NULL;
	return g_strdup_printf("did you mean '%s/%d'?", parts[1], length);
}

bool read_prefix(struct reader *r, const yaml_node_t *value, void *target, const void *arg)
{
	const struct prefix_type *type = arg;
	const char *text = read_scalar(r, value);
	char buf[PREFIX_TEXT_MAX];
	struct prefix p, network;

	if (!text)
		return false;
	if (!prefix_parse(text, &p) ||
	    (strcmp(text, "default") == 0 && !(type && type->may_be_default)) ||
	    (type && type->need_length && !strchr(text, '/'))) {
		const char *expected = type && !type->is_network ?
					       "an address with its length such as 10.0.1.10/24" :
					       "a prefix such as 10.0.1.0/24";
		g_autofree char *hint = masked_prefix(text);

		if (hint)
			reader_error(r, value, hint, "'%s' is '%s', expected %s", r->key, text,
				     expected);
		else
			value_error(r, value, text, expected);
		return false;
	}
	network = prefix_network(&p);
	if (type && type->is_network && !addr_equal(&network.addr, &p.addr)) {
		g_autofree char *hint =
			g_strdup_printf("did you mean '%s'?", prefix_print(&network, buf));

		return reader_error(r, value, hint, "'%s' is '%s', which has host bits set", r->key,
				    text);
	}
	*(struct prefix *)target = p;
	return true;
}

/* Parses a whole number up to `max` that is written in digits only; false: it is none. */
static bool parse_number(const char *text, guint64 max, guint64 *ret)
{
	return g_ascii_string_to_unsigned(text, 10, 0, max, ret, NULL);
}

/* Reads a number from `min` to 65535 into a uint16_t; `expected` says so in words. */
static bool read_16_bits(struct reader *r, const yaml_node_t *value, uint16_t *target, guint64 min,
			 const char *expected)
{
	const char *text = read_scalar(r, value);
	guint64 number;

	if (!text)
		return false;
	if (!parse_number(text, G_MAXUINT16, &number) || number < min)
		return value_error(r, value, text, expected);
	*target = (uint16_t)number;
	return true;
}

bool read_port(struct reader *r, const yaml_node_t *value, void *target,
	       const void *arg G_GNUC_UNUSED)
{
	return read_16_bits(r, value, target, 1, "a port from 1 to 65535");
}

bool read_number16(struct reader *r, const yaml_node_t *value, void *target,
		   const void *arg G_GNUC_UNUSED)
{
	return read_16_bits(r, value, target, 0, "a number from 0 to 65535");
}

bool read_number32(struct reader *r, const yaml_node_t *value, void *target,
		   const void *arg G_GNUC_UNUSED)
{
	const char *text = read_scalar(r, value);
	guint64 number;

	if (!text)
		return false;
	if (!parse_number(text, G_MAXUINT32, &number))
		return value_error(r, value, text, "a number from 0 to 4294967295");
	*(unsigned *)target = (unsigned)number;
	return true;
}

bool read_ports(struct reader *r, const yaml_node_t *value, void *target,
		const void *arg G_GNUC_UNUSED)
{
	const char *text = read_scalar(r, value), *dash;
	g_autofree char *head = NULL;
	guint64 first, last;

	if (!text)
		return false;
	dash = strchr(text, '-');
	head = dash ? g_strndup(text, (gsize)(dash - text)) : g_strdup(text);
	if (!parse_number(head, G_MAXUINT16, &first) || first == 0 ||
	    !parse_number(dash ? dash + 1 : head, G_MAXUINT16, &last))
		return value_error(r, value, text, "a port or a range such as 50000-59999");
	if (last < first)
		return reader_error(r, value, NULL, "'%s' is '%s', which ends before it starts",
				    r->key, text);
	*(struct port_range *)target =
		(struct port_range){.first = (uint16_t)first, .last = (uint16_t)last};
	return true;
}

/* Parses a decimal number at the start of `text`, without sign or exponent; *unit is the text after
 * it.  False: there is none. */
static bool parse_decimal(const char *text, double *ret, const char **unit)
{
	size_t digits = strspn(text, "0123456789.");
	g_autofree char *number = g_strndup(text, digits);
	char *end;

	if (digits == 0 || digits > 12 || !g_ascii_isdigit(number[0]) ||
	    !g_ascii_isdigit(number[digits - 1]))
		return false;
	*ret = g_ascii_strtod(number, &end);
	*unit = text + digits;
	return *end == '\0';
}

bool read_quantity(struct reader *r, const yaml_node_t *value, void *target, const void *arg)
{
	const struct quantity *q = arg;
	const char *text = read_scalar(r, value), *suffix;
	const struct unit *unit = q->units;
	double number;

	if (!text)
		return false;
	if (!parse_decimal(text, &number, &suffix))
		return value_error(r, value, text, q->what);
	while (unit->suffix && strcmp(unit->suffix, suffix) != 0)
		unit++;
	if (!unit->suffix)
		return reader_error(r, value, NULL,
				    *suffix ? "'%s' is '%s', whose unit is unknown, expected %s" :
					      "'%s' is '%s', which has no unit, expected %s",
				    r->key, text, q->what);
	number *= unit->factor;
	if (number < q->min || number > q->max)
		return reader_error(r, value, NULL, "'%s' is '%s', expected from %u to %u%s",
				    r->key, text, q->min, q->max, q->units[0].suffix);
	*(unsigned *)target = (unsigned)(number + 0.5);
	return true;
}

bool read_percent(struct reader *r, const yaml_node_t *value, void *target,
		  const void *arg G_GNUC_UNUSED)
{
	const char *text = read_scalar(r, value), *suffix;
	double number;

	if (!text)
		return false;
	if (!parse_decimal(text, &number, &suffix) || strcmp(suffix, "%") != 0 || number > 100)
		return value_error(r, value, text, "a share such as 1%, from 0% to 100%");
	*(double *)target = number;
	return true;
}
