/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration of nginx as a reverse proxy: one process without privileges, whose files are
 * all below the node's folder.  It answers the published host names only, and sends their requests
 * to the next hop over TLS with the host name kept, after it has verified who that is.  The next
 * hop's address is the Front End's own: no name is looked up. */
#include "testbed/plan/build.h"

/* Shorter than a client waits, so that it is told (504) instead of left alone. */
#define CONNECT_S 2
#define READ_S 4
/* A client that sends slowly or nothing is let go. */
#define REQUEST_S 5
/* Requests of one sign-in share a connection to the next hop; those of later ones need not find
 * the way of today's. */
#define IDLE_S 2
#define IDLE_CONNECTIONS 4

static void put_process(GString *out, const char *node)
{
	static const char *const folders[] = {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"};

	g_string_append_printf(out,
			       "daemon off;\nmaster_process off;\nuser root root;\n"
			       "pid /run/testbed/%s/nginx.pid;\nerror_log stderr info;\n"
			       "events {\n\tworker_connections 512;\n}\nhttp {\n"
			       "\taccess_log /dev/stdout;\n\tserver_tokens off;\n"
			       "\tssl_protocols TLSv1.2 TLSv1.3;\n"
			       "\tclient_header_timeout %ds;\n\tclient_body_timeout %ds;\n"
			       "\tkeepalive_timeout %ds;\n",
			       node, REQUEST_S, REQUEST_S, REQUEST_S);
	for (gsize i = 0; i < G_N_ELEMENTS(folders); i++)
		g_string_append_printf(out, "\t%s_temp_path /run/testbed/%s/nginx-%s;\n",
				       folders[i], node, folders[i]);
}

/* What is the same in every `server`: where it listens and what it shows. */
static void put_listener(GString *out, const struct node *n, const char *more)
{
	const struct reverse_proxy_service *s = &node_service(n, SERVICE_REVERSE_PROXY)->proxy;
	char text[ADDR_PORT_TEXT_MAX];

	addr_port_print(&s->address, REVERSE_PROXY_PORT, text);
	g_string_append_printf(out,
			       "\tserver {\n\t\tlisten %s ssl%s;\n"
			       "\t\tssl_certificate /run/testbed/trust/%s.pem;\n"
			       "\t\tssl_certificate_key /run/testbed/trust/%s.key;\n",
			       text, more, n->name, n->name);
}

/* The next hop's address of the proxy's family. */
static const struct addr *next_hop_address(const struct reverse_proxy_service *s,
					   const struct frontend_service *frontend)
{
	return s->address.family == AF_INET6 && addr_is_set(&frontend->address6) ?
		       &frontend->address6 :
		       &frontend->address;
}

static void put_published(GString *out, const struct node *n, const struct reverse_proxy_service *s,
			  const struct frontend_service *frontend)
{
	char text[ADDR_PORT_TEXT_MAX];

	addr_port_print(next_hop_address(s, frontend), s->next_hop_port, text);
	g_string_append_printf(out,
			       "\tupstream next_hop {\n\t\tserver %s;\n\t\tkeepalive %d;\n"
			       "\t\tkeepalive_timeout %ds;\n\t}\n",
			       text, IDLE_CONNECTIONS, IDLE_S);
	put_listener(out, n, "");
	g_string_append(out, "\t\tserver_name");
	ptr_array_foreach(const char, name, s->names)
		g_string_append_printf(out, " %s", name);
	g_string_append_printf(out,
			       ";\n\t\tlocation / {\n\t\t\tproxy_pass https://next_hop;\n"
			       "\t\t\tproxy_http_version 1.1;\n"
			       "\t\t\tproxy_set_header Connection \"\";\n"
			       "\t\t\tproxy_set_header Host $http_host;\n"
			       "\t\t\tproxy_set_header X-Forwarded-For $remote_addr;\n"
			       "\t\t\tproxy_ssl_server_name on;\n\t\t\tproxy_ssl_name %s;\n"
			       "\t\t\tproxy_ssl_verify on;\n"
			       "\t\t\tproxy_ssl_trusted_certificate /run/testbed/trust/ca.pem;\n"
			       "\t\t\tproxy_connect_timeout %ds;\n"
			       "\t\t\tproxy_read_timeout %ds;\n\t\t}\n\t}\n",
			       frontend->fqdn, CONNECT_S, READ_S);
}

void build_nginx_file(struct builder *b, const struct node *n)
{
	const struct service *s = node_service(n, SERVICE_REVERSE_PROXY);
	GString *out;

	if (!s)
		return;
	out = g_string_new(NULL);
	put_process(out, n->name);
	put_listener(out, n, " default_server");
	g_string_append(out, "\t\treturn 404;\n\t}\n");
	put_published(out, n, &s->proxy, model_next_hop(b->m, s->proxy.next_hop));
	g_string_append(out, "}\n");
	builder_add_file(b, n, g_strdup_printf("/run/testbed/%s/nginx.conf", n->name),
			 g_string_free(out, FALSE));
}
