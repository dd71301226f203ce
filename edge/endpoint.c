/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

bool endpoint_parse(const char *address, guint16 port, struct endpoint *ret)
{
	struct endpoint e = {.port = port};

	if (address && inet_pton(AF_INET, address, e.ip) == 1)
		e.family = ENDPOINT_V4;
	else if (address && inet_pton(AF_INET6, address, e.ip) == 1)
		e.family = ENDPOINT_V6;
	else
		return false;
	*ret = e;
	return true;
}

bool endpoint_from_sockaddr(const struct sockaddr_storage *address, struct endpoint *ret)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	*ret = (struct endpoint){0};
	if (address->ss_family == AF_INET) {
		memcpy(&v4, address, sizeof v4);
		ret->family = ENDPOINT_V4;
		ret->port = ntohs(v4.sin_port);
		memcpy(ret->ip, &v4.sin_addr, sizeof v4.sin_addr);
		return true;
	}
	if (address->ss_family == AF_INET6) {
		memcpy(&v6, address, sizeof v6);
		ret->family = ENDPOINT_V6;
		ret->port = ntohs(v6.sin6_port);
		memcpy(ret->ip, &v6.sin6_addr, sizeof v6.sin6_addr);
		return true;
	}
	return false;
}

socklen_t endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *ret)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(e->port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(e->port)};

	if (e->family == ENDPOINT_V6) {
		memcpy(&v6.sin6_addr, e->ip, sizeof v6.sin6_addr);
		memcpy(ret, &v6, sizeof v6);
		return sizeof v6;
	}
	memcpy(&v4.sin_addr, e->ip, sizeof v4.sin_addr);
	memcpy(ret, &v4, sizeof v4);
	return sizeof v4;
}

char *endpoint_print(const struct endpoint *e, char text[static ENDPOINT_TEXT_MAX])
{
	char ip[INET6_ADDRSTRLEN] = "none";

	if (e->family != ENDPOINT_NONE)
		inet_ntop(e->family == ENDPOINT_V4 ? AF_INET : AF_INET6, e->ip, ip, sizeof ip);
	g_snprintf(text, ENDPOINT_TEXT_MAX, e->family == ENDPOINT_V6 ? "[%s]:%u" : "%s:%u", ip,
		   e->port);
	return text;
}

bool endpoint_same_ip(const struct endpoint *a, const struct endpoint *b)
{
	return a->family == b->family && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && endpoint_same_ip(a, b);
}

guint endpoint_hash(const struct endpoint *e)
{
	guint hash = 2166136261u; /* FNV-1a */

	for (gsize i = 0; i < sizeof e->ip; i++)
		hash = (hash ^ e->ip[i]) * 16777619u;
	hash = (hash ^ (e->port & 0xffu)) * 16777619u;
	return (hash ^ (guint)(e->port >> 8)) * 16777619u;
}

struct endpoint endpoint_source(const struct endpoint *e)
{
	struct endpoint source = endpoint_with_port(e, 0);

	if (source.family == ENDPOINT_V6)
		memset(source.ip + 8, 0, 8);
	return source;
}

struct endpoint endpoint_with_port(const struct endpoint *e, guint16 port)
{
	struct endpoint copy = *e;

	copy.port = port;
	return copy;
}
