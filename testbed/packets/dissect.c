/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/packets/dissect.h"

#include "testbed/packets/part.h"

#include <string.h>

#define STUN_COOKIE 0x2112A442u
#define XOR_PEER_ADDRESS 0x0012u
#define XOR_RELAYED_ADDRESS 0x0016u
#define DNS_HEADER_BYTES 12
#define DNS_ANSWERS_MAX 8 /* that are told */
#define DNS_NAME_MAX 255
#define TLS_HANDSHAKE 0x16
#define TLS_CLIENT_HELLO 1
#define TLS_EXTENSION_SERVER_NAME 0

static const struct object_shape field_shape =
	OBJECT_SHAPE(packet_field, NULL, OWNS_TEXT(packet_field, value));

void packet_field_add(GPtrArray *fields, const char *name, char *value)
{
	struct packet_field *f = object_new(&field_shape);

	f->name = name;
	f->value = value;
	g_ptr_array_add(fields, f);
}

static void add_number(GPtrArray *fields, const char *name, guint32 value)
{
	packet_field_add(fields, name, g_strdup_printf("%u", value));
}

const char *dissect_value(const GPtrArray *fields, const char *name)
{
	ptr_array_foreach(const struct packet_field, f, fields)
		if (g_str_equal(f->name, name))
			return f->value;
	return NULL;
}

/* Bytes as text; what is not printable ASCII becomes a dot. */
static char *text_of(struct part p)
{
	char *text = g_strndup((const char *)p.data, p.length);

	for (char *c = text; *c; c++)
		*c = g_ascii_isprint(*c) ? *c : '.';
	return text;
}

static char *hex_of(struct part p, gsize length)
{
	GString *text = g_string_new(NULL);

	for (gsize i = 0; i < length && i < p.length; i++)
		g_string_append_printf(text, "%02x", p.data[i]);
	return g_string_free(text, FALSE);
}

/* --- STUN and TURN ---------------------------------------------------------------------------- */

static void xor_address(struct part value, struct part message, struct addr *ret,
			uint16_t *ret_port)
{
	gsize length = byte_at(value, 1) == 2 ? 16 : 4;

	*ret = (struct addr){.family = length == 16 ? AF_INET6 : AF_INET};
	*ret_port = u16_at(value, 2) ^ (STUN_COOKIE >> 16);
	for (gsize i = 0; i < length; i++)
		ret->bytes[i] = byte_at(value, 4 + i) ^ byte_at(message, 4 + i);
}

static char *address_value(struct part value, struct part message)
{
	char text[ADDR_PORT_TEXT_MAX];
	struct addr a;
	uint16_t port;

	xor_address(value, message, &a, &port);
	return g_strdup(addr_port_print(&a, port, text));
}

static char *number_value(struct part value, struct part message G_GNUC_UNUSED)
{
	return g_strdup_printf("%u", value.length >= 4 ? u32_at(value, 0) : u16_at(value, 0));
}

static char *channel_value(struct part value, struct part message G_GNUC_UNUSED)
{
	return g_strdup_printf("0x%04x", u16_at(value, 0));
}

static char *text_value(struct part value, struct part message G_GNUC_UNUSED)
{
	return text_of(value);
}

static char *flag_value(struct part value G_GNUC_UNUSED, struct part message G_GNUC_UNUSED)
{
	return g_strdup("set");
}

static char *error_value(struct part value, struct part message G_GNUC_UNUSED)
{
	g_autofree char *reason = text_of(rest(value, 4));

	return g_strdup_printf("%u %s", (byte_at(value, 2) & 7u) * 100u + byte_at(value, 3),
			       reason);
}

static char *transport_value(struct part value, struct part message G_GNUC_UNUSED)
{
	return g_strdup(byte_at(value, 0) == IPPROTO_TCP ? "TCP" : "UDP");
}

static const struct {
	guint16 type;
	const char *name;
	char *(*value)(struct part value, struct part message);
} stun_attributes[] = {
	{0x0006, "USERNAME", text_value},
	{STUN_ATTRIBUTE_ERROR, "ERROR-CODE", error_value},
	{0x000c, "CHANNEL-NUMBER", channel_value},
	{0x000d, "LIFETIME", number_value},
	{XOR_PEER_ADDRESS, "XOR-PEER-ADDRESS", address_value},
	{0x0014, "REALM", text_value},
	{XOR_RELAYED_ADDRESS, "XOR-RELAYED-ADDRESS", address_value},
	{0x0019, "REQUESTED-TRANSPORT", transport_value},
	{0x0020, "XOR-MAPPED-ADDRESS", address_value},
	{0x0024, "PRIORITY", number_value},
	{0x0025, "USE-CANDIDATE", flag_value},
	{0x8022, "SOFTWARE", text_value},
	{0x8029, "ICE-CONTROLLED", flag_value},
	{0x802a, "ICE-CONTROLLING", flag_value},
};

static void add_rtp(GPtrArray *fields, struct part p)
{
	add_number(fields, "payload type", byte_at(p, 1) & 0x7f);
	add_number(fields, "sequence number", u16_at(p, 2));
	add_number(fields, "time stamp", u32_at(p, 4));
	packet_field_add(fields, "SSRC", hex_of(rest(p, 8), 4));
}

static void add_payload(GPtrArray *fields, struct part p, bool inside);

static void add_attribute(GPtrArray *fields, guint16 type, struct part value, struct part message)
{
	for (guint i = 0; i < G_N_ELEMENTS(stun_attributes); i++)
		if (stun_attributes[i].type == type)
			packet_field_add(fields, stun_attributes[i].name,
					 stun_attributes[i].value(value, message));
}

static void add_stun(GPtrArray *fields, struct part p, bool inside)
{
	struct part data = stun_attribute(p, STUN_ATTRIBUTE_DATA);

	if (p.length < STUN_BYTES || u32_at(p, 4) != STUN_COOKIE)
		return;
	packet_field_add(fields, "transaction", hex_of(rest(p, 8), 12));
	for (gsize at = STUN_BYTES; at + 4 <= p.length;) {
		gsize length = u16_at(p, at + 2);
		struct part value = rest(p, at + 4);

		if (value.length >= length) {
			value.length = length;
			add_attribute(fields, u16_at(p, at), value, p);
		}
		at += 4 + (length + 3) / 4 * 4;
	}
	if (!inside && data.length > 0)
		add_payload(fields, data, true);
}

/* By the first byte (RFC 7983); `inside` a TURN message. */
static void add_payload(GPtrArray *fields, struct part p, bool inside)
{
	guint8 first = byte_at(p, 0);

	if (p.length == 0)
		return;
	if (first < 0x40) {
		add_stun(fields, p, inside);
	} else if (first >= 0x80 && first < 0xc0) {
		add_rtp(fields, p);
	} else if (first < 0x80 && !inside) {
		packet_field_add(fields, "TURN channel", g_strdup_printf("0x%04x", u16_at(p, 0)));
		add_payload(fields, rest(p, 4), true);
	}
}

static bool find_address(const struct sighting *s, guint16 attribute, struct addr *ret,
			 uint16_t *ret_port)
{
	struct part message = s->bytes ? packet_payload(s) : (struct part){0};
	struct part value = stun_attribute(message, attribute);

	if (message.length < STUN_BYTES || u32_at(message, 4) != STUN_COOKIE || value.length < 8)
		return false;
	xor_address(value, message, ret, ret_port);
	return true;
}

bool dissect_peer(const struct sighting *s, struct addr *ret, uint16_t *ret_port)
{
	return find_address(s, XOR_PEER_ADDRESS, ret, ret_port);
}

bool dissect_relayed(const struct sighting *s, struct addr *ret, uint16_t *ret_port)
{
	return find_address(s, XOR_RELAYED_ADDRESS, ret, ret_port);
}

/* --- DNS -------------------------------------------------------------------------------------- */

static const struct {
	guint16 type;
	const char *name;
} dns_types[] = {{1, "A"}, {5, "CNAME"}, {12, "PTR"}, {28, "AAAA"}, {33, "SRV"}};

static const char *dns_type_name(guint16 type)
{
	for (guint i = 0; i < G_N_ELEMENTS(dns_types); i++)
		if (dns_types[i].type == type)
			return dns_types[i].name;
	return "other";
}

/* Appends the name at `at` (RFC 1035 section 4.1.4; NULL: nothing is appended), and returns where
 * what follows it begins. */
static gsize dns_name(struct part p, gsize at, GString *out)
{
	gsize end = 0;

	for (guint jumps = 0; at < p.length && byte_at(p, at) != 0 && jumps < 16;) {
		gsize length = byte_at(p, at);

		if (length >= 0xc0) {
			end = end ? end : at + 2;
			at = u16_at(p, at) & 0x3fff;
			jumps++;
			continue;
		}
		for (gsize i = 0; out && i < length && out->len < DNS_NAME_MAX; i++) {
			char c = (char)byte_at(p, at + 1 + i);

			g_string_append_c(out, g_ascii_isgraph(c) ? c : '.');
		}
		at += 1 + length;
		if (out && byte_at(p, at) != 0)
			g_string_append_c(out, '.');
	}
	return end ? end : at + 1;
}

/* An answer's data: an address, a name, or the target and port of a service. */
static void dns_data(struct part p, gsize at, guint16 type, gsize length, GString *out)
{
	struct addr a = {.family = type == 28 ? AF_INET6 : AF_INET};
	char text[ADDR_TEXT_MAX];

	if ((type == 1 && length == 4) || (type == 28 && length == 16)) {
		memcpy(a.bytes, p.data + at, length);
		g_string_append(out, addr_print(&a, text));
	} else if (type == 5 || type == 12) {
		dns_name(p, at, out);
	} else if (type == 33) {
		dns_name(p, at + 6, out);
		g_string_append_printf(out, " port %u", u16_at(p, at + 4));
	} else {
		g_string_append(out, dns_type_name(type));
	}
}

bool dissect_is_dns_answer(const struct sighting *s)
{
	return s->id.kind == PACKET_DNS && (s->id.bytes[2] & 0x80) != 0;
}

static void add_dns(GPtrArray *fields, struct part p)
{
	static const char *const codes[] = {"no error",	    "format error",    "server failure",
					    "no such name", "not implemented", "refused"};
	g_autoptr(GString) name = g_string_new(NULL);
	gsize at = dns_name(p, DNS_HEADER_BYTES, name);
	guint code = byte_at(p, 3) & 0x0f, answers = MIN(u16_at(p, 6), DNS_ANSWERS_MAX);

	if (p.length < DNS_HEADER_BYTES)
		return;
	packet_field_add(fields, "transaction", hex_of(p, 2));
	packet_field_add(fields, "name", g_strdup(name->str));
	packet_field_add(fields, "type", g_strdup(dns_type_name(u16_at(p, at))));
	if (!(byte_at(p, 2) & 0x80))
		return;
	packet_field_add(fields, "result",
			 g_strdup(code < G_N_ELEMENTS(codes) ? codes[code] : "other error"));
	at += 4;
	for (guint i = 0; i < answers; i++) {
		gsize head = dns_name(p, at, NULL), length = u16_at(p, head + 8);
		GString *data = g_string_new(NULL);

		if (head + 10 + length > p.length) {
			g_string_free(data, TRUE);
			return;
		}
		dns_data(p, head + 10, u16_at(p, head), length, data);
		packet_field_add(fields, "answer", g_string_free(data, FALSE));
		at = head + 10 + length;
	}
}

/* --- TCP and TLS ------------------------------------------------------------------------------ */

const char *dissect_tls_name(const struct sighting *s)
{
	static const char *const names[] = {[1] = "ClientHello", [2] = "ServerHello"};
	guint8 type = s->tls == TLS_HANDSHAKE && s->bytes ? byte_at(packet_payload(s), 5) : 0;

	return type < G_N_ELEMENTS(names) ? names[type] : NULL;
}

/* The name that the client asks for (RFC 6066 section 3); NULL: none, or it was cut off. */
static char *tls_server_name(struct part record)
{
	/* record 5, handshake 4, version 2, random 32 */
	gsize at = 43, end;

	at += 1u + byte_at(record, at);
	at += 2u + u16_at(record, at);
	at += 1u + byte_at(record, at);
	end = at + 2u + u16_at(record, at);
	for (at += 2; at + 4 <= MIN(end, record.length);) {
		gsize length = u16_at(record, at + 2), name = u16_at(record, at + 7);
		struct part text = rest(record, at + 9);

		if (u16_at(record, at) == TLS_EXTENSION_SERVER_NAME) {
			text.length = MIN(text.length, name);
			return text.length == name && name > 0 ? text_of(text) : NULL;
		}
		at += 4 + length;
	}
	return NULL;
}

static void add_tcp(GPtrArray *fields, const struct sighting *s, struct part payload)
{
	static const struct {
		guint8 bit;
		const char *name;
	} flags[] = {{TCP_FLAG_SYN, "SYN"},
		     {TCP_FLAG_FIN, "FIN"},
		     {TCP_FLAG_RST, "RST"},
		     {TCP_FLAG_ACK, "ACK"}};
	struct part header = {payload.data ? s->bytes : NULL, s->length};
	gsize ip = byte_at(header, 0) >> 4 == 6 ? 40 : (gsize)(byte_at(header, 0) & 0x0f) * 4;
	const char *tls = dissect_tls_name(s);
	GString *set = g_string_new(NULL);
	char *name;

	for (guint i = 0; i < G_N_ELEMENTS(flags); i++)
		if (s->tcp_flags & flags[i].bit)
			g_string_append_printf(set, "%s%s", set->len > 0 ? " " : "", flags[i].name);
	packet_field_add(fields, "flags", g_string_free(set, FALSE));
	add_number(fields, "sequence number", u32_at(header, ip + 4));
	if (tls)
		packet_field_add(fields, "TLS handshake", g_strdup(tls));
	name = tls && byte_at(payload, 5) == TLS_CLIENT_HELLO ? tls_server_name(payload) : NULL;
	if (name)
		packet_field_add(fields, "server name", name);
	if (s->tls == 0)
		add_payload(fields, payload, false);
}

/* --- ICMP ------------------------------------------------------------------------------------- */

#define ANY_CODE 0xffu

/* RFC 792, RFC 1191 section 4, RFC 1812 section 5.2.7.1; RFC 4443 section 3. */
static const struct icmp_error {
	int family;
	guint8 type, code;
	const char *name;
} icmp_errors[] = {
	{AF_INET, 3, 0, "ICMP network unreachable"},
	{AF_INET, 3, 1, "ICMP host unreachable"},
	{AF_INET, 3, 2, "ICMP protocol unreachable"},
	{AF_INET, 3, 3, "ICMP port unreachable"},
	{AF_INET, 3, 4, "ICMP packet too big"},
	{AF_INET, 3, 9, "ICMP prohibited"},
	{AF_INET, 3, 10, "ICMP prohibited"},
	{AF_INET, 3, 13, "ICMP prohibited"},
	{AF_INET, 3, ANY_CODE, "ICMP unreachable"},
	{AF_INET, 5, ANY_CODE, "ICMP redirect"},
	{AF_INET, 11, 0, "ICMP time exceeded"},
	{AF_INET, 11, ANY_CODE, "ICMP fragments missing"},
	{AF_INET, 12, ANY_CODE, "ICMP wrong header"},
	{AF_INET6, 1, 0, "ICMP network unreachable"},
	{AF_INET6, 1, 1, "ICMP prohibited"},
	{AF_INET6, 1, 3, "ICMP host unreachable"},
	{AF_INET6, 1, 4, "ICMP port unreachable"},
	{AF_INET6, 1, 5, "ICMP prohibited"},
	{AF_INET6, 1, 6, "ICMP prohibited"},
	{AF_INET6, 1, ANY_CODE, "ICMP unreachable"},
	{AF_INET6, 2, ANY_CODE, "ICMP packet too big"},
	{AF_INET6, 3, 0, "ICMP time exceeded"},
	{AF_INET6, 3, ANY_CODE, "ICMP fragments missing"},
	{AF_INET6, 4, ANY_CODE, "ICMP wrong header"},
};

const char *dissect_icmp_name(const struct sighting *s)
{
	guint8 type = s->id.bytes[0], code = s->id.bytes[1];

	for (guint i = 0; s->id.kind == PACKET_ICMP && i < G_N_ELEMENTS(icmp_errors); i++) {
		const struct icmp_error *e = &icmp_errors[i];

		if (e->family == s->src.family && e->type == type &&
		    (e->code == code || e->code == ANY_CODE))
			return e->name;
	}
	return NULL;
}

static void add_icmp(GPtrArray *fields, const struct sighting *s, struct part p)
{
	const char *name = dissect_icmp_name(s);
	struct sighting about;
	char end[ADDR_PORT_TEXT_MAX];

	add_number(fields, "type", byte_at(p, 0));
	add_number(fields, "code", byte_at(p, 1));
	if (g_strcmp0(name, "ICMP packet too big") == 0)
		add_number(fields, "MTU of the next link",
			   s->src.family == AF_INET ? u16_at(p, 6) : u32_at(p, 4));
	if (!name || !packet_read_about(s, &about))
		return;
	packet_field_add(fields, "about a packet from",
			 g_strdup(addr_port_print(&about.src, about.sport, end)));
	packet_field_add(fields, "about a packet to",
			 g_strdup(addr_port_print(&about.dst, about.dport, end)));
}

/* --- public ----------------------------------------------------------------------------------- */

guint dissect_ttl(const struct sighting *s)
{
	struct part p = {s->bytes, s->bytes ? s->length : 0};

	return byte_at(p, 0) >> 4 == 6 ? byte_at(p, 7) : byte_at(p, 8);
}

GPtrArray *dissect_fields(const struct sighting *s)
{
	GPtrArray *fields = g_ptr_array_new_with_free_func(object_free);
	struct part payload = s->bytes ? packet_payload(s) : (struct part){0};

	if (!s->bytes)
		return fields;
	if (s->id.kind == PACKET_DNS)
		add_dns(fields, payload);
	else if (s->proto == PROTO_TCP)
		add_tcp(fields, s, payload);
	else if (s->proto == PROTO_UDP)
		add_payload(fields, payload, false);
	else if (s->proto == PROTO_ICMP)
		add_icmp(fields, s, payload);
	return fields;
}
