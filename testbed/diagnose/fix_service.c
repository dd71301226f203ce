/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/fix_service.h"

#include "testbed/diagnose/cause_service.h"

#include <string.h>

static void command(fix *x, char *text)
{
	g_ptr_array_add(x->commands, text);
}

/* --- names ------------------------------------------------------------------------------------ */

/* "edge" in "contoso.com" */
static char *label_in(const model *m, const char *name)
{
	g_autofree char *suffix = g_strconcat(".", m->domain, NULL);

	return g_str_has_suffix(name, suffix) ? g_strndup(name, strlen(name) - strlen(suffix)) :
						g_strdup(name);
}

static void command_record(fix *x, const model *m, const char *name, const char *address)
{
	g_autofree char *label = label_in(m, name);

	command(x, g_strdup_printf("Add-DnsServerResourceRecordA -ZoneName \"%s\" -Name \"%s\" "
				   "-IPv4Address %s",
				   m->domain, label, address));
}

/* A line of the hosts file: the only place for names of the inside on a machine that asks the
 * outside. */
static fix *add_host(const struct node *n, const char *name, const char *address, bool replace)
{
	g_autofree char *remove =
		replace ? g_strdup_printf("- remove-host: {node: %s, name: %s}\n", n->name, name) :
			  g_strdup("");
	fix *x = fix_new(g_strdup_printf("%s- add-host: {node: %s, name: %s, a: %s}\n", remove,
					 n->name, name, address));

	command(x,
		g_strdup_printf("Add-Content $env:windir\\System32\\drivers\\etc\\hosts \"%s %s\"",
				address, name));
	return x;
}

/* What a service record of clients should lead to: inside the Front End, outside the Access Edge.
 */
static fix *add_service(const model *m, const struct node *n, const char *name)
{
	bool inside = strstr(name, "_sipinternaltls") != NULL;
	g_autofree char *label = label_in(m, name);

	for (guint i = 0; i < m->nodes->len; i++) {
		const struct service *f =
			node_declared_service(m->nodes->pdata[i], SERVICE_FRONTEND);
		const struct service *e = node_declared_service(m->nodes->pdata[i], SERVICE_EDGE);
		const char *target = inside ? (f ? f->frontend.fqdn : NULL) :
				     e	    ? e->edge.access_fqdn :
					      NULL;
		char text[ADDR_TEXT_MAX];
		fix *x;

		if (!target)
			continue;
		addr_print(inside ? &f->frontend.address : &e->edge.access_public, text);
		x = fix_new(g_strdup_printf(
			"- set-record: {node: %s, name: %s, target: %s, port: %d}\n"
			"- set-record: {node: %s, name: %s, a: %s}\n",
			n->name, name, target, inside ? 5061 : 443, n->name, target, text));
		command(x, g_strdup_printf("Add-DnsServerResourceRecord -Srv -ZoneName \"%s\" "
					   "-Name \"%s\" -DomainName \"%s\" -Priority 0 "
					   "-Weight 0 -Port %d",
					   m->domain, label, target, inside ? 5061 : 443));
		command_record(x, m, target, text);
		return x;
	}
	return NULL;
}

fix *fix_record(const model *m, const struct node *n, const struct finding *f)
{
	struct addr right;
	char text[ADDR_TEXT_MAX];
	fix *x;

	if (!f->object)
		return NULL;
	if (f->object[0] == '_')
		return add_service(m, n, f->object);
	if (!service_named(m, f->object, &right))
		return NULL;
	addr_print(&right, text);
	if (!node_declared_service(n, SERVICE_DNS))
		return add_host(n, f->object, text, false);
	x = fix_new(g_strdup_printf("- add-record: {node: %s, name: %s, a: %s}\n", n->name,
				    f->object, text));
	command_record(x, m, f->object, text);
	return x;
}

fix *fix_answer(const model *m, const struct node *n, const struct finding *f)
{
	char text[ADDR_TEXT_MAX];
	fix *x;

	if (!f->object || !addr_is_set(&f->flow.dst))
		return NULL;
	addr_print(&f->flow.dst, text);
	if (!node_declared_service(n, SERVICE_DNS))
		return add_host(n, f->object, text, true);
	x = fix_new(g_strdup_printf("- set-record: {node: %s, name: %s, a: %s}\n", n->name,
				    f->object, text));
	command(x, g_strdup_printf("Remove-DnsServerResourceRecord -ZoneName \"%s\" -RRType A "
				   "-Name \"%s\" -Force",
				   m->domain, f->object));
	command_record(x, m, f->object, text);
	return x;
}

/* The wrong answer of a right server, or the wrong server. */
fix *fix_view(const model *m, const struct node *n, const struct finding *f)
{
	char text[ADDR_TEXT_MAX];
	struct addr asked;
	fix *x;

	if (!f->object || !addr_is_set(&f->flow.dst))
		return NULL;
	if (!addr_parse(f->object, &asked))
		return fix_answer(m, n, f);
	addr_print(&f->flow.dst, text);
	x = fix_new(g_strdup_printf("- set-resolvers: {node: %s, servers: [%s]}\n", n->name, text));
	command(x, g_strdup_printf(
			   "Set-DnsClientServerAddress -InterfaceAlias \"%s\" -ServerAddresses %s",
			   n->interfaces->len > 0 ?
				   ((const struct iface *)n->interfaces->pdata[0])->name :
				   "*",
			   text));
	return x;
}

/* --- listeners -------------------------------------------------------------------------------- */

static const struct {
	const char *object; /* as cause_no_listener begins it */
	enum service_kind kind;
	int part; /* of an Edge; -1: none */
	const char *change, *command;
} services[] = {
	{"dns ", SERVICE_DNS, -1, "service: dns", "Start-Service DNS"},
	{"frontend ", SERVICE_FRONTEND, -1, "service: frontend",
	 "Start-CsWindowsService -Name RTCSRV"},
	{"edge access ", SERVICE_EDGE, EDGE_ACCESS, "service: edge, part: access",
	 "Start-CsWindowsService -Name RTCSRV"},
	{"edge mras ", SERVICE_EDGE, EDGE_MRAS, "service: edge, part: mras",
	 "Start-CsWindowsService -Name RTCMRAUTH"},
	{"edge av ", SERVICE_EDGE, EDGE_AV, "service: edge, part: av",
	 "Start-CsWindowsService -Name RTCMEDIARELAY"},
};

/* Of a service that does not run at all every part is started again. */
static fix *start_service(const struct node *n, guint row)
{
	const struct service *s = node_declared_service(n, services[row].kind);
	bool whole = s && !s->enabled && services[row].part >= 0;
	fix *x;

	if (!s ||
	    (s->enabled && (services[row].part < 0 || s->edge.parts & 1u << services[row].part)))
		return NULL;
	x = fix_new(g_strdup_printf("- start-service: {node: %s, %s}\n", n->name,
				    whole ? "service: edge" : services[row].change));
	command(x, g_strdup(whole ? "Start-CsWindowsService" : services[row].command));
	return x;
}

/* An Edge that calls its next hop at a port where that does not listen. */
static fix *fix_port(const model *m, const struct finding *f)
{
	const struct node *edge = f->other ? model_node(m, f->other) : NULL;

	if (!edge || !node_service(edge, SERVICE_EDGE) ||
	    node_service(edge, SERVICE_EDGE)->edge.next_hop_port == 5061)
		return NULL;
	return fix_new(
		g_strdup_printf("- set-edge: {node: %s, next_hop_port: 5061}\n", edge->name));
}

fix *fix_listener(const model *m, const struct node *n, const struct finding *f)
{
	for (guint i = 0; f->object && i < G_N_ELEMENTS(services); i++)
		if (g_str_has_prefix(f->object, services[i].object))
			return start_service(n, i);
	return fix_port(m, f);
}

/* --- certificates and accounts ---------------------------------------------------------------- */

fix *fix_certificate(const model *m, const struct node *n, const struct finding *f)
{
	const struct service *e = node_declared_service(n, SERVICE_EDGE),
			     *fe = node_declared_service(n, SERVICE_FRONTEND);
	fix *x;

	(void)f;
	if (!e && !fe)
		return NULL;
	x = fix_new(g_strdup_printf("- set-certificate: {node: %s, issuer: lab, validity: valid}\n",
				    n->name));
	if (fe)
		command(x, g_strdup_printf("Request-CsCertificate -New -Type Default -ComputerFqdn "
					   "\"%s\" -DomainName \"sip.%s\" -AllSipDomain",
					   fe->frontend.fqdn, m->domain));
	if (e) {
		command(x, g_strdup_printf(
				   "Request-CsCertificate -New -Type Internal -ComputerFqdn \"%s\"",
				   e->edge.fqdn));
		command(x, g_strdup_printf(
				   "Request-CsCertificate -New -Type "
				   "AccessEdgeExternal,AudioVideoAuthentication -DomainName \"%s\"",
				   e->edge.access_fqdn));
	}
	command(x, g_strdup("Set-CsCertificate -Type <as above> -Thumbprint <of the new one>"));
	return x;
}

static const struct node *node_of_user(const model *m, const char *user)
{
	for (guint i = 0; user && i < m->nodes->len; i++) {
		const struct node *n = m->nodes->pdata[i];

		if (n->endpoint && g_strcmp0(n->endpoint->user, user) == 0)
			return n;
	}
	return NULL;
}

/* Where the finding blames the client it is its password, else the account. */
fix *fix_account(const model *m, const struct node *n, const struct finding *f)
{
	const struct node *client = node_of_user(m, f->object);
	bool missing = client && client->endpoint->account == ACCOUNT_MISSING;
	fix *x;

	if (!client)
		return NULL;
	if (client == n) {
		x = fix_new(g_strdup_printf("- set-password: {node: %s}\n", n->name));
		command(x, g_strdup_printf("cmdkey /delete:%s", m->domain));
		return x;
	}
	x = fix_new(g_strdup_printf("- set-account: {node: %s, account: enabled}\n", client->name));
	command(x,
		missing ?
			g_strdup_printf(
				"Enable-CsUser -Identity \"%s\" -RegistrarPool \"%s\" -SipAddress "
				"\"sip:%s\"",
				f->object,
				node_declared_service(n, SERVICE_FRONTEND) ?
					node_declared_service(n, SERVICE_FRONTEND)->frontend.fqdn :
					n->name,
				f->object) :
			g_strdup_printf("Set-CsUser -Identity \"%s\" -Enabled $true", f->object));
	return x;
}

/* --- settings of an Edge or a Front End ------------------------------------------------------- */

/* Prefixes that stay when those with `peer` in them go. */
static char *peers_without(const GArray *prefixes, const struct addr *peer)
{
	g_autoptr(GStrvBuilder) left = g_strv_builder_new();
	g_auto(GStrv) texts = NULL;

	for (guint i = 0; i < prefixes->len; i++) {
		const struct prefix *p = &g_array_index(prefixes, struct prefix, i);
		struct prefix network = prefix_network(p);
		char buf[PREFIX_TEXT_MAX];

		if (!prefix_contains(p, peer))
			g_strv_builder_add(left, prefix_print(&network, buf));
	}
	texts = g_strv_builder_end(left);
	return g_strjoinv(", ", texts);
}

static char *right_next_hop(const model *m, const struct node *n)
{
	const struct service *e = node_declared_service(n, SERVICE_EDGE);
	const struct node *hop = e ? model_node(m, e->edge.next_hop) : NULL;
	const struct service *fe = hop ? node_declared_service(hop, SERVICE_FRONTEND) : NULL;

	return fe ? g_strdup(fe->frontend.fqdn) : NULL;
}

static char *right_peers(const struct node *n, const struct finding *f)
{
	const struct service *e = node_declared_service(n, SERVICE_EDGE);
	g_autofree char *left = e ? peers_without(e->edge.relay_not_to, &f->flow.dst) : NULL;

	return left ? g_strdup_printf("[%s]", left) : NULL;
}

/* The value that a setting should have; where it does not depend on anything, and the command that
 * sets it. */
static const struct setting {
	const char *key, *value, *command;
} settings[] = {
	{"credential_lifetime", "8h", "Set-CsAVEdgeConfiguration -MaxTokenLifetime 0.08:00:00"},
	{"mras_secret", "shared", "Restart-Service RTCMRAUTH, RTCMEDIARELAY"},
	{"relay_ports", "50000-59999",
	 "Set-CsEdgeServer -Identity <the Edge pool> -MediaCommunicationPortStart 50000 "
	 "-MediaCommunicationPortCount 10000"},
	{"relays_per_user", "128", NULL},
	{"media_relay", "true",
	 "Set-CsRegistrar -Identity <the registrar> -EdgeServer <the Edge pool>"},
	{"relay_not_to", NULL, NULL},
	{"next_hop_fqdn", NULL, "Enable-CsTopology"},
	{"domain", NULL, "New-CsSipDomain -Identity \"%s\""},
};

static char *value_of(const model *m, const struct node *n, const struct finding *f,
		      const struct setting *s)
{
	if (s->value)
		return g_strdup(s->value);
	if (g_str_equal(s->key, "domain"))
		return g_strdup(m->domain);
	return g_str_equal(s->key, "next_hop_fqdn") ? right_next_hop(m, n) : right_peers(n, f);
}

fix *fix_setting(const model *m, const struct node *n, const struct finding *f)
{
	for (guint i = 0; f->object && i < G_N_ELEMENTS(settings); i++) {
		const struct setting *s = &settings[i];
		bool named = g_str_has_prefix(f->object, s->key) &&
			     strchr(" ", f->object[strlen(s->key)]);
		g_autofree char *value = named ? value_of(m, n, f, s) : NULL;
		g_auto(GStrv) parts = s->command ? g_strsplit(s->command, "%s", 2) : NULL;
		fix *x;

		if (!value)
			continue;
		x = fix_new(g_strdup_printf("- set-%s: {node: %s, %s: %s}\n",
					    node_declared_service(n, SERVICE_EDGE) ? "edge" :
										     "frontend",
					    n->name, s->key, value));
		if (parts)
			command(x, g_strjoinv(value, parts));
		return x;
	}
	return NULL;
}
