/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/fix_rules.h"

#include "testbed/diagnose/cause_name.h"
#include "testbed/diagnose/service.h"

#include <string.h>

static void add_command(fix *x, char *text)
{
	fix_add_command(x, FIX_ON_WINDOWS, text);
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

	add_command(x, g_strdup_printf("Add-DnsServerResourceRecordA -ZoneName \"%s\" -Name \"%s\" "
				       "-IPv4Address %s",
				       m->domain, label, address));
}

/* A line of the hosts file, the only place for names of the inside on a node that asks servers
 * outside. */
static fix *add_host(const struct node *n, const char *name, const char *address, bool replace)
{
	fix *x = fix_new();

	if (replace)
		fix_add_change(x, "remove-host: {node: %s, name: %s}", n->name, name);
	fix_add_change(x, "add-host: {node: %s, name: %s, a: %s}", n->name, name, address);
	add_command(x, g_strdup_printf(
			       "Add-Content $env:windir\\System32\\drivers\\etc\\hosts \"%s %s\"",
			       address, name));
	return x;
}

/* What a service record of clients should lead to: in the view of the inside the Front End, else
 * the Access Edge. */
static fix *add_service(const model *m, const struct node *n, const char *name)
{
	const struct addr own = node_address(n);
	bool inside = cause_is_inside_view(m, &own);
	g_autofree char *label = label_in(m, name);
	struct meeting to;
	char text[ADDR_TEXT_MAX];
	fix *x;

	if (!service_for_clients(m, inside, &to))
		return NULL;
	addr_print(&to.address, text);
	x = fix_of("set-record: {node: %s, name: %s, target: %s, port: %d}", n->name, name, to.fqdn,
		   to.port);
	fix_add_change(x, "set-record: {node: %s, name: %s, a: %s}", n->name, to.fqdn, text);
	add_command(x, g_strdup_printf("Add-DnsServerResourceRecord -Srv -ZoneName \"%s\" "
				       "-Name \"%s\" -DomainName \"%s\" -Priority 0 "
				       "-Weight 0 -Port %d",
				       m->domain, label, to.fqdn, to.port));
	command_record(x, m, to.fqdn, text);
	return x;
}

static const char *record_at_fault(const struct finding *f)
{
	return f->subject.kind == SUBJECT_RECORD ? f->subject.name : NULL;
}

fix *fix_record(const model *m, const struct node *n, const struct finding *f)
{
	const char *name = record_at_fault(f);
	struct addr right;
	char text[ADDR_TEXT_MAX];
	fix *x;

	if (!name)
		return NULL;
	if (name[0] == '_') /* a service's (RFC 2782) */
		return add_service(m, n, name);
	if (!cause_right_address(m, n, name, &right))
		return NULL;
	addr_print(&right, text);
	if (!node_declared_service(n, SERVICE_DNS))
		return add_host(n, name, text, false);
	x = fix_of("add-record: {node: %s, name: %s, a: %s}", n->name, name, text);
	command_record(x, m, name, text);
	return x;
}

fix *fix_answer(const model *m, const struct node *n, const struct finding *f)
{
	const char *name = record_at_fault(f);
	char text[ADDR_TEXT_MAX];
	fix *x;

	if (!name || !addr_is_set(&f->flow.dst))
		return NULL;
	addr_print(&f->flow.dst, text);
	if (!node_declared_service(n, SERVICE_DNS))
		return add_host(n, name, text, true);
	x = fix_of("set-record: {node: %s, name: %s, a: %s}", n->name, name, text);
	add_command(x, g_strdup_printf("Remove-DnsServerResourceRecord -ZoneName \"%s\" -RRType A "
				       "-Name \"%s\" -Force",
				       m->domain, name));
	command_record(x, m, name, text);
	return x;
}

static fix *set_resolvers(const struct node *n, const struct addr *server)
{
	char text[ADDR_TEXT_MAX];
	const struct iface *first = n->interfaces->len > 0 ? n->interfaces->pdata[0] : NULL;
	fix *x;

	addr_print(server, text);
	x = fix_of("set-resolvers: {node: %s, servers: [%s]}", n->name, text);
	add_command(x,
		    g_strdup_printf(
			    "Set-DnsClientServerAddress -InterfaceAlias \"%s\" -ServerAddresses %s",
			    first ? first->name : "*", text));
	return x;
}

/* Takes an NRPT rule away; and puts one with another server in its place, unless that is the one
 * that the node asks without any rule. */
static fix *replace_nrpt(const struct node *n, const struct nrpt_rule *r, const struct addr *server)
{
	bool own = false;
	char text[ADDR_TEXT_MAX];
	fix *x = fix_of("remove-nrpt: {node: %s, namespace: %s}", n->name, r->namespace);

	for (guint i = 0; i < n->resolvers->len; i++)
		own = own || addr_equal(&g_array_index(n->resolvers, struct addr, i), server);
	if (!own)
		fix_add_change(x, "add-nrpt: {node: %s, namespace: %s, servers: [%s]}", n->name,
			       r->namespace, addr_print(server, text));
	add_command(x,
		    g_strdup_printf("Get-DnsClientNrptRule | Where-Object Namespace -eq \"%s\" | "
				    "Remove-DnsClientNrptRule -Force",
				    r->namespace));
	if (!own)
		add_command(x,
			    g_strdup_printf(
				    "Add-DnsClientNrptRule -Namespace \"%s\" -NameServers \"%s\"",
				    r->namespace, text));
	return x;
}

/* Another name server where the wrong one was asked, else another answer. */
fix *fix_view(const model *m, const struct node *n, const struct finding *f)
{
	bool is_setting = f->subject.kind == SUBJECT_ADDRESS || f->subject.kind == SUBJECT_SETTING;

	if (f->subject.kind == SUBJECT_RECORD)
		return fix_answer(m, n, f);
	if (!addr_is_set(&f->flow.dst))
		return NULL;
	if (f->subject.kind == SUBJECT_NRPT)
		return replace_nrpt(n, f->subject.nrpt, &f->flow.dst);
	return is_setting ? set_resolvers(n, &f->flow.dst) : NULL;
}

/* --- listeners -------------------------------------------------------------------------------- */

static const char *const start_commands[SERVICE_KIND_COUNT] = {
	[SERVICE_DNS] = "Start-Service DNS",
	[SERVICE_FRONTEND] = "Start-CsWindowsService -Name RTCSRV",
	[SERVICE_EDGE] = "Start-CsWindowsService",
	[SERVICE_REVERSE_PROXY] = "Start-Service W3SVC",
};
static const char *const start_part_commands[EDGE_PART_COUNT] = {
	[EDGE_ACCESS] = "Start-CsWindowsService -Name RTCSRV",
	[EDGE_MRAS] = "Start-CsWindowsService -Name RTCMRAUTH",
	[EDGE_AV] = "Start-CsWindowsService -Name RTCMEDIARELAY",
};

/* Of a service that does not run at all every part is started again. */
static fix *start_service(const struct node *n, const struct listener *l)
{
	const struct service *s = node_declared_service(n, l->service);
	bool part = s && s->enabled && l->part < EDGE_PART_COUNT;
	fix *x;

	if (!s || (s->enabled && (!part || s->edge.parts & 1u << l->part)))
		return NULL;
	x = fix_of("start-service: {node: %s, service: %s%s%s}", n->name,
		   service_kind_name(l->service), part ? ", part: " : "",
		   part ? edge_part_name(l->part) : "");
	add_command(x, g_strdup(part ? start_part_commands[l->part] : start_commands[l->service]));
	return x;
}

/* An Edge that connects to its next hop at a port where nothing listens. */
static fix *fix_port(const model *m, const struct finding *f)
{
	const struct node *edge = f->node ? model_node(m, f->node) : NULL;

	if (!edge || !node_service(edge, SERVICE_EDGE) ||
	    node_service(edge, SERVICE_EDGE)->edge.next_hop_port == 5061)
		return NULL;
	return fix_of("set-edge: {node: %s, next_hop_port: 5061}", edge->name);
}

fix *fix_listener(const model *m, const struct node *n, const struct finding *f)
{
	bool of_service = f->subject.kind == SUBJECT_LISTENER &&
			  f->subject.listener.service < SERVICE_KIND_COUNT;

	if (of_service)
		return start_service(n, &f->subject.listener);
	return node_declared_service(n, SERVICE_REVERSE_PROXY) ? fix_proxy(m, n, f) :
								 fix_port(m, f);
}

/* --- certificates and accounts ---------------------------------------------------------------- */

fix *fix_certificate(const model *m, const struct node *n, const struct finding *f G_GNUC_UNUSED)
{
	const struct service *e = node_declared_service(n, SERVICE_EDGE),
			     *fe = node_declared_service(n, SERVICE_FRONTEND);
	fix *x;

	if (!node_shows_certificate(n))
		return NULL;
	x = fix_of("set-certificate: {node: %s, issuer: lab, validity: valid}", n->name);
	if (fe)
		add_command(
			x, g_strdup_printf("Request-CsCertificate -New -Type Default -ComputerFqdn "
					   "\"%s\" -DomainName \"sip.%s\" -AllSipDomain",
					   fe->frontend.fqdn, m->domain));
	if (e) {
		add_command(
			x, g_strdup_printf(
				   "Request-CsCertificate -New -Type Internal -ComputerFqdn \"%s\"",
				   e->edge.fqdn));
		add_command(
			x, g_strdup_printf(
				   "Request-CsCertificate -New -Type "
				   "AccessEdgeExternal,AudioVideoAuthentication -DomainName \"%s\"",
				   e->edge.access_fqdn));
	}
	add_command(x, g_strdup("Set-CsCertificate -Type <as above> -Thumbprint <of the new one>"));
	return x;
}

static char *account_command(const struct node *server, const struct endpoint *e)
{
	const struct service *s = node_declared_service(server, SERVICE_FRONTEND);

	if (e->account == ACCOUNT_MISSING)
		return g_strdup_printf("Enable-CsUser -Identity \"%s\" -RegistrarPool \"%s\" "
				       "-SipAddress \"sip:%s\"",
				       e->user, s ? s->frontend.fqdn : server->name, e->user);
	if (e->account == ACCOUNT_INSIDE_ONLY)
		return g_strdup_printf("Grant-CsExternalAccessPolicy -Identity \"%s\" -PolicyName "
				       "<one with EnableOutsideAccess>",
				       e->user);
	return g_strdup_printf("Set-CsUser -Identity \"%s\" -Enabled $true", e->user);
}

/* At the client's node the password is wrong, at a server's the account. */
fix *fix_account(const model *m, const struct node *n, const struct finding *f)
{
	const struct node *client = f->subject.kind == SUBJECT_ACCOUNT ? f->subject.client : NULL;
	fix *x;

	if (!client)
		return NULL;
	if (client == n) {
		x = fix_of("set-password: {node: %s}", n->name);
		add_command(x, g_strdup_printf("cmdkey /delete:%s", m->domain));
		return x;
	}
	x = fix_of("set-account: {node: %s, account: enabled}", client->name);
	add_command(x, account_command(n, client->endpoint));
	return x;
}

/* --- settings of an Edge or a Front End ------------------------------------------------------- */

/* The prefixes that are left without those that contain `peer`. */
static char *peers_without(const GArray *prefixes, const struct addr *peer)
{
	g_autoptr(GStrvBuilder) left = g_strv_builder_new();
	g_auto(GStrv) texts = NULL;

	array_foreach(const struct prefix, p, prefixes) {
		struct prefix network = prefix_network(p);
		char buf[PREFIX_TEXT_MAX];

		if (!prefix_contains(p, peer))
			g_strv_builder_add(left, prefix_print(&network, buf));
	}
	texts = g_strv_builder_end(left);
	return g_strjoinv(", ", texts);
}

static char *right_next_hop(const model *m, const struct node *n,
			    const struct finding *f G_GNUC_UNUSED)
{
	const struct service *e = node_declared_service(n, SERVICE_EDGE);
	const struct node *hop = e ? model_node(m, e->edge.next_hop) : NULL;
	const struct service *fe = hop ? node_declared_service(hop, SERVICE_FRONTEND) : NULL;

	return fe ? g_strdup(fe->frontend.fqdn) : NULL;
}

static char *right_peers(const model *m G_GNUC_UNUSED, const struct node *n,
			 const struct finding *f)
{
	const struct service *e = node_declared_service(n, SERVICE_EDGE);
	g_autofree char *left = e ? peers_without(e->edge.relay_not_to, &f->flow.dst) : NULL;

	return left ? g_strdup_printf("[%s]", left) : NULL;
}

static char *right_domain(const model *m, const struct node *n G_GNUC_UNUSED,
			  const struct finding *f G_GNUC_UNUSED)
{
	return g_strdup(m->domain);
}

/* What each setting should be: a value, or what finds one (NULL: there is none); and the command
 * that sets it, with "%s" for the value. */
static const struct {
	const char *value;
	char *(*find)(const model *m, const struct node *n, const struct finding *f);
	const char *command;
} settings[SETTING_COUNT] = {
	[SETTING_CREDENTIAL_LIFETIME] = {"8h", NULL,
					 "Set-CsAVEdgeConfiguration -MaxTokenLifetime 0.08:00:00"},
	[SETTING_DOMAIN] = {NULL, right_domain, "New-CsSipDomain -Identity \"%s\""},
	[SETTING_MEDIA_RELAY] =
		{"true", NULL,
		 "Set-CsRegistrar -Identity <the registrar> -EdgeServer <the Edge pool>"},
	[SETTING_MRAS_SECRET] = {"shared", NULL, "Restart-Service RTCMRAUTH, RTCMEDIARELAY"},
	[SETTING_NEXT_HOP_FQDN] = {NULL, right_next_hop, "Enable-CsTopology"},
	[SETTING_RELAY_NOT_TO] = {NULL, right_peers, NULL},
	[SETTING_RELAY_PORTS] =
		{"50000-59999", NULL,
		 "Set-CsEdgeServer -Identity <the Edge pool> -MediaCommunicationPortStart 50000 "
		 "-MediaCommunicationPortCount 10000"},
	[SETTING_RELAYS_PER_USER] = {"128", NULL, NULL},
};

fix *fix_setting(const model *m, const struct node *n, const struct finding *f)
{
	enum setting s = f->subject.kind == SUBJECT_SETTING ? f->subject.setting : SETTING_COUNT;
	g_autofree char *value = NULL;
	g_auto(GStrv) parts = NULL;
	fix *x;

	if (s == SETTING_COUNT)
		return NULL;
	value = settings[s].find ? settings[s].find(m, n, f) : g_strdup(settings[s].value);
	if (!value)
		return NULL;
	x = fix_of("set-%s: {node: %s, %s: %s}",
		   node_declared_service(n, SERVICE_EDGE) ? "edge" : "frontend", n->name,
		   setting_name(s), value);
	if (settings[s].command) {
		parts = g_strsplit(settings[s].command, "%s", 2);
		add_command(x, g_strjoinv(value, parts));
	}
	return x;
}
