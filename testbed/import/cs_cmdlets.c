/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the cmdlets of Lync and Skype for Business say: Get-CsSite, Get-CsPool, Get-CsService,
 * Get-CsComputer, Get-CsNetworkInterface and Get-CsSipDomain, as JSON, CSV or lists, also several
 * in one text.  What a record is, its names tell. */
#include "testbed/import/deployment.h"
#include "testbed/import/powershell.h"

#include <string.h>

/* The part behind the colon of "EdgeServer:edge.example.com", "Site:Berlin". */
static const char *name_of(const char *identity)
{
	const char *colon = identity ? strchr(identity, ':') : NULL;

	return colon ? colon + 1 + strspn(colon + 1, " ") : identity;
}

/* The pool that a value names; NULL with an error: it names none. */
static struct deploy_pool *pool_named(const struct record *r, const char *property,
				      struct deployment *dep, diags *d)
{
	const char *name = name_of(record_text(r, property));

	if (name)
		return deployment_pool(dep, name, r->loc, d);
	diags_add(d, DIAG_ERROR, r->loc, "export all properties", "a record without '%s'",
		  property);
	return NULL;
}

static void add_site(const struct record *r, struct deployment *dep, diags *d G_GNUC_UNUSED)
{
	const char *name = record_text(r, "DisplayName");

	name = name ? name : name_of(record_text(r, "Identity"));
	if (name)
		deployment_site(dep, name, r->loc);
}

static void set_site(struct deploy_pool *pool, const char *site)
{
	if (pool && site && !pool->site)
		pool->site = g_strdup(name_of(site));
}

/* A list that was cut off ends with three dots; Export-Csv writes the list's type for a list. */
static bool is_cut(const char *list)
{
	return strstr(list, "...") || strstr(list, "\xe2\x80\xa6") ||
	       g_str_has_prefix(list, "System.");
}

static void add_pool(const struct record *r, struct deployment *dep, diags *d)
{
	struct deploy_pool *pool =
		pool_named(r, record_text(r, "Fqdn") ? "Fqdn" : "Identity", dep, d);
	const struct word *computers = record_word(r, "Computers");
	g_auto(GStrv) names = g_strsplit_set(computers->text, " ,;", -1);

	set_site(pool, record_text(r, "Site"));
	if (!pool || is_cut(computers->text)) {
		if (pool)
			pool->is_cut = true;
		return;
	}
	for (guint i = 0; names[i]; i++) {
		if (*names[i])
			deployment_machine(dep, pool, names[i], computers->loc, d);
	}
}

static void add_computer(const struct record *r, struct deployment *dep, diags *d)
{
	struct deploy_pool *pool = pool_named(r, "Pool", dep, d);

	if (pool)
		deployment_machine(dep, pool, record_text(r, "Fqdn"), r->loc, d);
}

static void add_interface(const struct record *r, struct deployment *dep, diags *d)
{
	const char *fqdn = record_text(r, "ComputerFqdn"),
		   *number = record_text(r, "InterfaceNumber");
	const char *side = record_text(r, "Interface");
	struct deploy_address a = {.loc = r->loc};
	struct deploy_machine *m = deployment_machine(dep, NULL, fqdn, r->loc, d);

	a.side = deploy_side_of(side ? side : record_text(r, "InterfaceSide"));
	a.number = number ? (unsigned)MIN(g_ascii_strtoull(number, NULL, 10), 65535) : 0;
	if (m && deploy_parse_address(record_text(r, "IPAddress"), r->loc, &a.address, d) &&
	    deploy_parse_address(record_text(r, "ConfiguredIPAddress"), r->loc, &a.outside, d))
		deployment_address(m, &a, d);
	if (record_text(r, "IPv6Address"))
		diags_add(d, DIAG_WARNING, r->loc, "write 'access6', 'av6', 'av_tcp6'",
			  "the IPv6 address of '%s' is left out", fqdn);
}

static void add_domain(const struct record *r, struct deployment *dep, diags *d)
{
	static const char *const yes[] = {"True", NULL};
	const char *name = record_text(r, "Name");

	name = name ? name : record_text(r, "Identity");
	if (name)
		deployment_domain(dep, name, record_is(r, "IsDefault", yes), r->loc, d);
}

/* Properties of Get-CsService that are ports, in the words of the topology document; versions of
 * the product have other names for some. */
static const struct {
	const char *property, *owner, *usage, *protocol;
	enum deploy_side side;
	const char *fqdn, *count; /* further properties */
} port_rows[] = {
#define ACCESS "AccessEdge"
#define RELAY "MediaRelayEdge"
	{"AccessEdgeClientSipPort", ACCESS, "SipClient", NULL, SIDE_EXTERNAL,
	 "AccessEdgeExternalFqdn", NULL},
	{"AccessEdgeClientPort", ACCESS, "SipClient", NULL, SIDE_EXTERNAL, "AccessEdgeExternalFqdn",
	 NULL},
	{"AccessEdgeInternalSipPort", ACCESS, "SipServer", NULL, SIDE_INTERNAL, NULL, NULL},
	{"AccessEdgeExternalSipPort", ACCESS, "SipServer", NULL, SIDE_EXTERNAL, NULL, NULL},
	{"DataPsomClientPort", "DataEdge", "PsomClient", NULL, SIDE_EXTERNAL, NULL, NULL},
	{"DataPsomServerPort", "DataEdge", "PsomServer", NULL, SIDE_INTERNAL, NULL, NULL},
	{"MediaRelayAuthEdgePort", "MediaRelayAuthenticationEdge", "SipServer", NULL, SIDE_INTERNAL,
	 NULL, NULL},
	{"MediaRelayAuthExternalTurnTcpPort", RELAY, "TURNServer", "Tcp", SIDE_EXTERNAL,
	 "AVEdgeExternalFqdn", NULL},
	{"MediaRelayExternalTurnTcpPort", RELAY, "TURNServer", "Tcp", SIDE_EXTERNAL,
	 "AVEdgeExternalFqdn", NULL},
	{"MediaRelayAuthInternalTurnTcpPort", RELAY, "TURNServer", "Tcp", SIDE_INTERNAL, NULL,
	 NULL},
	{"MediaRelayInternalTurnTcpPort", RELAY, "TURNServer", "Tcp", SIDE_INTERNAL, NULL, NULL},
	{"MediaRelayAuthExternalTurnUdpPort", RELAY, "TURNServer", "Udp", SIDE_EXTERNAL,
	 "ExternalMrasFqdn", NULL},
	{"MediaRelayExternalTurnUdpPort", RELAY, "TURNServer", "Udp", SIDE_EXTERNAL,
	 "ExternalMrasFqdn", NULL},
	{"MediaRelayAuthInternalTurnUdpPort", RELAY, "TURNServer", "Udp", SIDE_INTERNAL, NULL,
	 NULL},
	{"MediaRelayInternalTurnUdpPort", RELAY, "TURNServer", "Udp", SIDE_INTERNAL, NULL, NULL},
	{"MediaCommunicationPortStart", RELAY, "MediaCommunication", NULL, SIDE_EXTERNAL, NULL,
	 "MediaCommunicationPortCount"},
	{"SipPort", "Registrar", "SipServer", NULL, SIDE_PRIMARY, NULL, NULL},
	{"ExternalHttpsPort", "OCSWebSite", "WebSite", "Https", SIDE_EXTERNAL, NULL, NULL},
	{"PrimaryHttpsPort", "OCSWebSite", "WebSite", "Https", SIDE_PRIMARY, NULL, NULL},
};

static void add_ports(const struct record *r, struct deploy_service *s, diags *d)
{
	for (guint i = 0; i < G_N_ELEMENTS(port_rows); i++) {
		const struct word *w = record_word(r, port_rows[i].property);
		struct deploy_port *p;
		unsigned port;

		if (!w || g_str_equal(w->text, "0") ||
		    !deploy_parse_port(w->text, w->loc, &port, d))
			continue;
		p = deploy_service_port(s, port_rows[i].owner, port_rows[i].usage,
					port_rows[i].side, port, w->loc);
		p->protocol = g_strdup(port_rows[i].protocol);
		if (port_rows[i].fqdn)
			p->fqdn = g_strdup(record_text(r, port_rows[i].fqdn));
		if (port_rows[i].count && record_text(r, port_rows[i].count))
			deploy_parse_port(record_text(r, port_rows[i].count), w->loc, &p->count, d);
	}
}

static void add_service(const struct record *r, struct deployment *dep, diags *d)
{
	const char *role = record_text(r, "Role"), *identity = record_text(r, "Identity");
	g_autofree char *before =
		identity ? g_strndup(identity, strcspn(identity, ":")) : g_strdup("?");
	struct deploy_pool *pool = pool_named(r, "PoolFqdn", dep, d);
	struct deploy_service *s = deploy_service_new(role ? role : before, r->loc);

	set_site(pool, record_text(r, "SiteId"));
	s->next_hop = g_str_equal(s->role, "EdgeServer") ?
			      g_strdup(name_of(record_text(r, "Registrar"))) :
			      NULL;
	s->web_fqdn = g_strdup(record_text(r, "ExternalFqdn"));
	add_ports(r, s, d);
	if (pool)
		deployment_service(pool, s, d);
	object_free(s);
}

/* What a record is: it has a value of the first name, and of the second unless that is NULL; the
 * first row that fits. */
static const struct {
	const char *name, *and;
	void (*add)(const struct record *r, struct deployment *dep, diags *d);
} cmdlets[] = {
	{"ComputerFqdn", "IPAddress", add_interface}, /* Get-CsNetworkInterface */
	{"PoolFqdn", NULL, add_service},	      /* Get-CsService */
	{"SiteType", NULL, add_site},		      /* Get-CsSite */
	{"Computers", NULL, add_pool},		      /* Get-CsPool */
	{"IsDefault", NULL, add_domain},	      /* Get-CsSipDomain */
	{"Pool", "Fqdn", add_computer},		      /* Get-CsComputer */
};

bool is_cs_cmdlets(const char *file G_GNUC_UNUSED, const char *text)
{
	static const char *const names[] = {"ComputerFqdn", "PoolFqdn", "SiteType",
					    "BackupPoolFqdn", "IsDefault"};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		if (strstr(text, names[i]))
			return true;
	}
	return strstr(text, "Pool") && strstr(text, "Fqdn");
}

static int row_of(const struct record *r)
{
	for (guint i = 0; i < G_N_ELEMENTS(cmdlets); i++) {
		if (record_word(r, cmdlets[i].name) &&
		    (!cmdlets[i].and || record_word(r, cmdlets[i].and)))
			return (int)i;
	}
	return -1;
}

void parse_cs_cmdlets(const char *file, const char *text, struct deployment *dep, diags *d)
{
	g_autoptr(GPtrArray) records = records_read(file, text, d);
	guint used = 0;

	ptr_array_foreach(const struct record, r, records) {
		int row = row_of(r);

		used += row >= 0;
		if (row >= 0)
			cmdlets[row].add(r, dep, d);
		else
			diags_add(d, DIAG_WARNING, r->loc,
				  "Get-CsSite, Get-CsPool, Get-CsService, Get-CsComputer, "
				  "Get-CsNetworkInterface, Get-CsSipDomain are read",
				  "a record is left out: no cmdlet's that is known");
	}
	if (used == 0 && diags_errors(d) == 0)
		diags_add(d, DIAG_ERROR, (struct loc){file, 1, 1}, "Get-CsService | ConvertTo-Json",
			  "it contains no pool and no service");
}
