/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/fix_rules.h"

/* The port of the web site that the proxy's names belong to. */
static uint16_t site_port(const struct reverse_proxy_service *p, const struct frontend_service *s)
{
	ptr_array_foreach(const char, name, p->names)
		if (g_str_has_prefix(name, WEB_NAME_INTERNAL))
			return s->web.internal_port;
	return s->web.external_port;
}

/* The reverse proxy publishes the name too, or passes requests on to the web site of its names. */
fix *fix_proxy(const model *m, const struct node *n, const struct finding *f)
{
	const struct service *s = node_declared_service(n, SERVICE_REVERSE_PROXY);
	const struct frontend_service *frontend = s ? model_next_hop(m, s->proxy.next_hop) : NULL;
	g_autoptr(GString) names = NULL;
	uint16_t port;

	if (!frontend || f->subject.kind != SUBJECT_SETTING)
		return NULL;
	if (f->subject.setting == SETTING_NEXT_HOP_PORT) {
		port = site_port(&s->proxy, frontend);
		return s->proxy.next_hop_port == port ?
			       NULL :
			       fix_of("set-reverse-proxy: {node: %s, next_hop_port: %u}", n->name,
				      (unsigned)port);
	}
	if (f->subject.setting != SETTING_NAMES)
		return NULL;
	names = g_string_new(NULL);
	ptr_array_foreach(const char, name, s->proxy.names)
		g_string_append_printf(names, "%s, ", name);
	return fix_of("set-reverse-proxy: {node: %s, names: [%s%s]}", n->name, names->str,
		      f->subject.name);
}
