/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/names.h"

#include "common/wire/event.h"
#include "common/wire/pack.h"

struct names {
	const struct client_config *config;
	channel *events;
	dns *dns;
};

names *names_new(const struct client_config *config, channel *events, GError **error)
{
	dns *d = dns_new(error);
	if (!d)
		return NULL;
	names *n = g_new0(names, 1);
	*n = (names){.config = config, .events = events, .dns = d};
	return n;
}

void names_free(names *n)
{
	if (!n)
		return;
	dns_free(n->dns);
	g_free(n);
}

guint names_families(const struct client_config *config)
{
	return client_config_has_ipv4(config) && client_config_has_ipv6(config) ? 2 : 1;
}

void names_query_addresses(names *n, const char *name, dns_func done, gpointer user_data)
{
	if (client_config_has_ipv4(n->config))
		dns_query(n->dns, name, DNS_A, done, user_data);
	if (client_config_has_ipv6(n->config))
		dns_query(n->dns, name, DNS_AAAA, done, user_data);
}

void names_query_service(names *n, const char *name, dns_func done, gpointer user_data)
{
	dns_query(n->dns, name, DNS_SRV, done, user_data);
}

json_t *names_event(const names *n, const struct dns_answer *answer)
{
	json_t *list = json_array(), *servers = json_array();
	g_auto(GStrv) asked = dns_servers(n->dns);
	for (guint i = 0; asked[i]; i++)
		json_array_append_new(servers, event_text(asked[i]));
	for (guint i = 0; i < answer->texts->len; i++)
		json_array_append_new(list, event_text(g_ptr_array_index(answer->texts, i)));
	return event_pack("{s:s, s:s, s:o, s:s?, s:s?, s:o}", "query", answer->query, "type",
			  dns_type_name(answer->type), "answer", list, "code",
			  reason_code(answer->error), "error", reason_words(answer->error),
			  "servers", servers);
}

void names_report(const names *n, const struct dns_answer *answer)
{
	channel_event(n->events, EVENT_DNS, names_event(n, answer));
}
