/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/base/addr.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#define V4(len_, ...)                                                              \
	{                                                                          \
		.addr = {.family = AF_INET, .bytes = {__VA_ARGS__}}, .len = (len_) \
	}
#define V6(len_, ...)                                                               \
	{                                                                           \
		.addr = {.family = AF_INET6, .bytes = {__VA_ARGS__}}, .len = (len_) \
	}

static const struct prefix private_prefixes[] = {
	V4(8, 10), /* RFC 1918 section 3 */
	V4(12, 172, 16),
	V4(16, 192, 168),
	V4(10, 100, 64),    /* RFC 6598 section 7: carrier-grade NAT */
	V4(8, 127),	    /* RFC 1122 section 3.2.1.3: loopback */
	V4(16, 169, 254),   /* RFC 3927: link-local */
	V6(7, 0xfc),	    /* RFC 4193: unique local */
	V6(10, 0xfe, 0x80), /* RFC 4291 section 2.5.6: link-local */
	V6(128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	   1), /* RFC 4291 section 2.5.3: loopback */
};

/* RFC 4291 section 2.5.5.2 */
static const struct prefix v4_mapped = V6(96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

static guint family_bits(int family)
{
	if (family == AF_INET)
		return 32;
	return family == AF_INET6 ? 128 : 0;
}

bool addr_parse(const char *text, struct addr *ret)
{
	struct addr parsed = {.family = text && strchr(text, ':') ? AF_INET6 : AF_INET};

	if (!text || inet_pton(parsed.family, text, parsed.bytes) != 1)
		return false;
	*ret = parsed;
	return true;
}

const char *addr_port_print(const struct addr *a, uint16_t port,
			    char buf[static ADDR_PORT_TEXT_MAX])
{
	char text[ADDR_TEXT_MAX];

	g_snprintf(buf, ADDR_PORT_TEXT_MAX, a->family == AF_INET6 ? "[%s]:%u" : "%s:%u",
		   addr_print(a, text), port);
	return buf;
}

char *addr_port_text(const char *address, unsigned port)
{
	return g_strdup_printf(strchr(address, ':') ? "[%s]:%u" : "%s:%u", address, port);
}

bool addr_port_parse(const char *text, struct addr *ret, uint16_t *ret_port)
{
	bool bracket = text && text[0] == '[';
	const char *start = text ? text + bracket : NULL;
	const char *end = text ? strchr(start, bracket ? ']' : ':') : NULL;
	const char *colon = end ? end + bracket : NULL;
	g_autofree char *address = end ? g_strndup(start, (gsize)(end - start)) : NULL;
	guint64 port;

	if (!colon || *colon != ':' || !g_ascii_isdigit(colon[1]) || !addr_parse(address, ret))
		return false;
	port = g_ascii_strtoull(colon + 1, NULL, 10);
	if (port > G_MAXUINT16)
		return false;
	*ret_port = (uint16_t)port;
	return true;
}

/* Parses a prefix length from 0 to `max`: decimal digits only, no sign, no leading zero.  Returns
 * false and leaves *ret when it is something else. */
static bool length_parse(const char *text, guint max, uint8_t *ret)
{
	guint value = 0;

	if (!*text || strlen(text) > 3 || (text[0] == '0' && text[1]))
		return false;
	for (const char *p = text; *p; p++) {
		if (!g_ascii_isdigit(*p))
			return false;
		value = value * 10 + (guint)(*p - '0');
	}
	if (value > max)
		return false;
	*ret = (uint8_t)value;
	return true;
}

bool prefix_parse(const char *text, struct prefix *ret)
{
	struct prefix parsed = {.len = 0};
	char address[ADDR_TEXT_MAX];
	const char *slash = text ? strchr(text, '/') : NULL;
	size_t length = slash ? (size_t)(slash - text) : text ? strlen(text) : 0;

	if (!text)
		return false;
	if (strcmp(text, "default") == 0) {
		*ret = (struct prefix){.addr.family = AF_INET};
		return true;
	}
	if (length >= sizeof address)
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	if (!addr_parse(address, &parsed.addr))
		return false;
	parsed.len = addr_bits(&parsed.addr);
	if (slash && !length_parse(slash + 1, parsed.len, &parsed.len))
		return false;
	*ret = parsed;
	return true;
}

const char *addr_print(const struct addr *a, char buf[static ADDR_TEXT_MAX])
{
	if (!addr_is_set(a) || !inet_ntop(a->family, a->bytes, buf, ADDR_TEXT_MAX))
		g_strlcpy(buf, "unset", ADDR_TEXT_MAX);
	return buf;
}

const char *prefix_print(const struct prefix *p, char buf[static PREFIX_TEXT_MAX])
{
	char address[ADDR_TEXT_MAX];

	g_snprintf(buf, PREFIX_TEXT_MAX, "%s/%u", addr_print(&p->addr, address), p->len);
	return buf;
}

bool addr_is_set(const struct addr *a)
{
	return a->family != 0;
}

int addr_compare(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, family_bits(a->family) / 8);
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return addr_compare(a, b) == 0;
}

uint8_t addr_bits(const struct addr *a)
{
	return (uint8_t)family_bits(a->family);
}

/* The mask of byte `index` of an address: its bits that belong to a prefix of `len` bits. */
static uint8_t network_bits(guint len, guint index)
{
	if (len >= (index + 1) * 8)
		return 0xff;
	if (len <= index * 8)
		return 0;
	return (uint8_t)(0xff << ((index + 1) * 8 - len));
}

struct prefix prefix_network(const struct prefix *p)
{
	struct prefix network = *p;

	for (guint i = 0; i < sizeof network.addr.bytes; i++)
		network.addr.bytes[i] &= network_bits(p->len, i);
	return network;
}

bool prefix_contains(const struct prefix *p, const struct addr *a)
{
	if (!addr_is_set(a) || p->addr.family != a->family)
		return false;
	for (guint i = 0; i < family_bits(a->family) / 8; i++) {
		if ((p->addr.bytes[i] ^ a->bytes[i]) & network_bits(p->len, i))
			return false;
	}
	return true;
}

bool prefix_overlaps(const struct prefix *a, const struct prefix *b)
{
	return a->len <= b->len ? prefix_contains(a, &b->addr) : prefix_contains(b, &a->addr);
}

bool prefix_is_reserved(const struct prefix *p)
{
	static const struct prefix reserved[] = {
		{{AF_INET, {0}}, 32},
		{{AF_INET, {127}}, 8},
		{{AF_INET, {224}}, 4},
		{{AF_INET, {255, 255, 255, 255}}, 32},
		{{AF_INET6, {0}}, 127}, /* :: and ::1 */
		{{AF_INET6, {[10] = 0xff, [11] = 0xff}}, 96},
		{{AF_INET6, {0xff}}, 8},
	};

	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (p->addr.family == reserved[i].addr.family && prefix_overlaps(p, &reserved[i]))
			return true;
	return false;
}

bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->len == b->len && a->addr.family == b->addr.family &&
	       (!addr_is_set(&a->addr) || prefix_contains(a, &b->addr));
}

bool prefix_is_default(const struct prefix *p)
{
	return addr_is_set(&p->addr) && p->len == 0;
}

bool addr_is_link_local6(const struct addr *a)
{
	static const struct prefix all = V6(10, 0xfe, 0x80);

	return prefix_contains(&all, a);
}

bool addr_is_private(const struct addr *a)
{
	struct addr inner = {.family = AF_INET};

	if (prefix_contains(&v4_mapped, a)) {
		memcpy(inner.bytes, a->bytes + 12, 4);
		a = &inner;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(private_prefixes); i++) {
		if (prefix_contains(&private_prefixes[i], a))
			return true;
	}
	return false;
}
