/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words for what kernels say, and back. */
#include "testbed/netstate/netstate.h"

#include <errno.h>

static const char *const route_types[] = {
#define X(id, name) name,
	KERNEL_ROUTE_TYPES(X)
#undef X
};

static const char *const rule_actions[] = {
#define X(id, name) name,
	KERNEL_RULE_ACTIONS(X)
#undef X
};

static const char *const neighbour_states[] = {
#define X(id, name) name,
	NEIGHBOUR_STATES(X)
#undef X
};

struct word {
	int number;
	const char *name;
};

static const struct word errors[] = {
	{ENETUNREACH, "ENETUNREACH"},
	{EHOSTUNREACH, "EHOSTUNREACH"},
	{EXDEV, "EXDEV"},
	{EINVAL, "EINVAL"},
	{EACCES, "EACCES"},
	{EAGAIN, "EAGAIN"},
	{ENODEV, "ENODEV"},
};

/* As /etc/protocols has them. */
static const struct word protocols[] = {
	{IPPROTO_UDP, "udp"},	       {IPPROTO_TCP, "tcp"},   {IPPROTO_ICMP, "icmp"},
	{IPPROTO_ICMPV6, "ipv6-icmp"}, {IPPROTO_SCTP, "sctp"}, {IPPROTO_DCCP, "dccp"},
	{IPPROTO_UDPLITE, "udplite"},  {IPPROTO_GRE, "gre"},   {IPPROTO_IPIP, "ipencap"},
	{IPPROTO_IPV6, "ipv6"},	       {IPPROTO_ESP, "esp"},   {IPPROTO_AH, "ah"},
};

/* Static, or the number in `buf`. */
static const char *word_of(const struct word *words, gsize n, int number,
			   char buf[static KERNEL_WORD_MAX])
{
	for (gsize i = 0; i < n; i++)
		if (words[i].number == number)
			return words[i].name;
	g_snprintf(buf, KERNEL_WORD_MAX, "%d", number);
	return buf;
}

/* A name or the number itself, at most `max`; 0: neither. */
static int number_of(const struct word *words, gsize n, const char *name, int max)
{
	guint64 number;

	for (gsize i = 0; i < n; i++)
		if (g_str_equal(words[i].name, name))
			return words[i].number;
	return g_ascii_string_to_unsigned(name, 10, 1, (guint64)max, &number, NULL) ? (int)number :
										      0;
}

/* Enums without negative values are unsigned. */
static bool index_of(const char *const *names, guint n, const char *name, unsigned *ret)
{
	for (*ret = 0; *ret < n; (*ret)++)
		if (g_str_equal(names[*ret], name))
			return true;
	return false;
}

const char *kernel_route_type_name(enum kernel_route_type type)
{
	return type < KERNEL_ROUTE_TYPE_COUNT ? route_types[type] : "unknown";
}

bool kernel_route_type_named(const char *name, enum kernel_route_type *ret)
{
	return index_of(route_types, G_N_ELEMENTS(route_types), name, ret);
}

const char *kernel_rule_action_name(enum kernel_rule_action action)
{
	return action < KERNEL_RULE_ACTION_COUNT ? rule_actions[action] : "unknown";
}

bool kernel_rule_action_named(const char *name, enum kernel_rule_action *ret)
{
	return index_of(rule_actions, G_N_ELEMENTS(rule_actions), name, ret);
}

const char *neighbour_state_name(enum neighbour_state state)
{
	return state < NEIGHBOUR_STATE_COUNT ? neighbour_states[state] : "unknown";
}

bool neighbour_state_named(const char *name, enum neighbour_state *ret)
{
	return index_of(neighbour_states, G_N_ELEMENTS(neighbour_states), name, ret);
}

const char *kernel_error_name(int error, char buf[static KERNEL_WORD_MAX])
{
	return word_of(errors, G_N_ELEMENTS(errors), error, buf);
}

int kernel_error_named(const char *name)
{
	return number_of(errors, G_N_ELEMENTS(errors), name, G_MAXINT);
}

const char *ip_protocol_name(uint8_t proto, char buf[static KERNEL_WORD_MAX])
{
	return word_of(protocols, G_N_ELEMENTS(protocols), proto, buf);
}

uint8_t ip_protocol_named(const char *name)
{
	return (uint8_t)number_of(protocols, G_N_ELEMENTS(protocols), name, G_MAXUINT8);
}
