/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the readers of a deployment add to. */
#include "testbed/import/deployment.h"

#include <string.h>

/* Ports that are the same in every topology (common/wire); the product's own defaults. */
#define SIP_PORT 5061
#define MRAS_PORT 5062
#define STUN_PORT 3478

static const struct object_shape site_shape =
	OBJECT_SHAPE(deploy_site, NULL, OWNS_TEXT(deploy_site, name));
static const struct object_shape domain_shape =
	OBJECT_SHAPE(deploy_domain, NULL, OWNS_TEXT(deploy_domain, name));
static const struct object_shape machine_shape =
	OBJECT_SHAPE(deploy_machine, NULL, OWNS_TEXT(deploy_machine, fqdn),
		     OWNS_ARRAY(deploy_machine, addresses, deploy_address));
static const struct object_shape pool_shape =
	OBJECT_SHAPE(deploy_pool, NULL, OWNS_TEXT(deploy_pool, fqdn), OWNS_TEXT(deploy_pool, site),
		     OWNS_LIST(deploy_pool, machines, object_free),
		     OWNS_LIST(deploy_pool, left_out, g_free), OWNS_TEXT(deploy_pool, next_hop),
		     OWNS_TEXT(deploy_pool, access_fqdn), OWNS_TEXT(deploy_pool, av_fqdn),
		     OWNS_TEXT(deploy_pool, web_fqdn));
static const struct object_shape port_shape =
	OBJECT_SHAPE(deploy_port, NULL, OWNS_TEXT(deploy_port, owner),
		     OWNS_TEXT(deploy_port, usage), OWNS_TEXT(deploy_port, protocol),
		     OWNS_TEXT(deploy_port, fqdn));
static const struct object_shape service_shape =
	OBJECT_SHAPE(deploy_service, NULL, OWNS_TEXT(deploy_service, role),
		     OWNS_TEXT(deploy_service, next_hop), OWNS_TEXT(deploy_service, web_fqdn),
		     OWNS_LIST(deploy_service, ports, object_free));
static const struct object_shape deployment_shape =
	OBJECT_SHAPE(deployment, NULL, OWNS_LIST(deployment, domains, object_free),
		     OWNS_LIST(deployment, sites, object_free),
		     OWNS_LIST(deployment, pools, object_free),
		     OWNS_LIST(deployment, loose, object_free));

struct deployment *deployment_new(void)
{
	return object_new(&deployment_shape);
}

struct deploy_service *deploy_service_new(const char *role, struct loc loc)
{
	struct deploy_service *s = object_new(&service_shape);

	s->role = g_strdup(role);
	s->loc = loc;
	return s;
}

/* --- words ------------------------------------------------------------------------------------ */

char *deploy_node_name(const char *fqdn)
{
	g_autofree char *label = g_strndup(fqdn, MIN(strcspn(fqdn, "."), 40));
	g_autofree char *name = g_ascii_strdown(label, -1);

	g_strcanon(name, G_CSET_a_2_z G_CSET_DIGITS "-", '-');
	return facts_node_fits(name) ? g_steal_pointer(&name) : g_strdup_printf("server-%s", name);
}

enum deploy_side deploy_side_of(const char *word)
{
	static const char *const words[] = {"Primary", "Internal", "External"};

	for (guint i = 0; word && i < G_N_ELEMENTS(words); i++) {
		if (g_ascii_strcasecmp(word, words[i]) == 0)
			return (enum deploy_side)i;
	}
	return SIDE_OTHER;
}

/* As topology files want it: labels of letters, digits, '-' and '_'.  "null" is no text in YAML. */
static bool is_dns_name(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && g_ascii_strcasecmp(text, "null") != 0 && length <= 253 &&
	       (g_ascii_isalnum(text[0]) || text[0] == '_') && text[length - 1] != '.' &&
	       !strstr(text, "..") &&
	       strspn(text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.") == length;
}

static bool check_name(const char *text, struct loc loc, diags *d)
{
	return is_dns_name(text) || diags_add(d, DIAG_ERROR, loc, "such as edge.example.com",
					      "'%s' is not a DNS name", text);
}

bool deploy_parse_address(const char *text, struct loc loc, struct addr *ret, diags *d)
{
	struct addr none = {.family = AF_INET};

	*ret = (struct addr){0};
	if (!text || !*text)
		return true;
	if (!addr_parse(text, ret))
		return diags_add(d, DIAG_ERROR, loc, NULL, "'%s' is not an address", text);
	if (addr_equal(ret, &none))
		*ret = (struct addr){0};
	return true;
}

bool deploy_parse_port(const char *text, struct loc loc, unsigned *ret, diags *d)
{
	guint64 number = 0;

	if (!g_ascii_string_to_unsigned(text ? text : "", 10, 1, 65535, &number, NULL))
		return diags_add(d, DIAG_ERROR, loc, "1 to 65535", "'%s' is not a port",
				 text ? text : "");
	*ret = (unsigned)number;
	return true;
}

/* --- lists ------------------------------------------------------------------------------------ */

static bool has_room(const GPtrArray *list, const char *what, struct loc loc, diags *d)
{
	return list->len < FACTS_MAX ||
	       diags_add(d, DIAG_ERROR, loc, NULL, "more than %d %s", FACTS_MAX, what);
}

struct deploy_pool *deployment_pool(struct deployment *dep, const char *fqdn, struct loc loc,
				    diags *d)
{
	struct deploy_pool *pool;

	ptr_array_foreach(struct deploy_pool, known, dep->pools)
		if (g_ascii_strcasecmp(known->fqdn, fqdn) == 0)
			return known;
	if (!check_name(fqdn, loc, d) || !has_room(dep->pools, "pools", loc, d))
		return NULL;
	pool = object_new(&pool_shape);
	pool->fqdn = g_strdup(fqdn);
	pool->loc = loc;
	g_ptr_array_add(dep->pools, pool);
	return pool;
}

static struct deploy_machine *find_machine(const GPtrArray *list, const char *fqdn)
{
	ptr_array_foreach(struct deploy_machine, m, list)
		if (g_ascii_strcasecmp(m->fqdn, fqdn) == 0)
			return m;
	return NULL;
}

struct deploy_machine *deployment_machine(struct deployment *dep, struct deploy_pool *pool,
					  const char *fqdn, struct loc loc, diags *d)
{
	GPtrArray *list = pool ? pool->machines : dep->loose;
	struct deploy_machine *m = find_machine(list, fqdn);

	for (guint i = 0; !m && i < dep->pools->len; i++)
		m = find_machine(((const struct deploy_pool *)dep->pools->pdata[i])->machines,
				 fqdn);
	if (m)
		return m;
	if (!check_name(fqdn, loc, d) || !has_room(list, "computers", loc, d))
		return NULL;
	m = object_new(&machine_shape);
	m->fqdn = g_strdup(fqdn);
	m->loc = loc;
	g_ptr_array_add(list, m);
	return m;
}

void deployment_site(struct deployment *dep, const char *name, struct loc loc)
{
	struct deploy_site *site;

	ptr_array_foreach(const struct deploy_site, known, dep->sites)
		if (g_str_equal(known->name, name))
			return;
	site = object_new(&site_shape);
	site->name = g_strdup(name);
	site->loc = loc;
	g_ptr_array_add(dep->sites, site);
}

void deployment_domain(struct deployment *dep, const char *name, bool is_default, struct loc loc,
		       diags *d)
{
	struct deploy_domain *domain;

	ptr_array_foreach(struct deploy_domain, known, dep->domains) {
		if (g_ascii_strcasecmp(known->name, name) != 0)
			continue;
		known->is_default = known->is_default || is_default;
		return;
	}
	if (!check_name(name, loc, d) || !has_room(dep->domains, "SIP domains", loc, d))
		return;
	domain = object_new(&domain_shape);
	domain->name = g_strdup(name);
	domain->is_default = is_default;
	domain->loc = loc;
	g_ptr_array_add(dep->domains, domain);
}

const char *deployment_sip_domain(const struct deployment *dep)
{
	const char *first = NULL;

	ptr_array_foreach(const struct deploy_domain, domain, dep->domains) {
		if (domain->is_default)
			return domain->name;
		first = first ? first : domain->name;
	}
	return first;
}

void deployment_address(struct deploy_machine *m, const struct deploy_address *a, diags *d)
{
	char one[ADDR_TEXT_MAX], two[ADDR_TEXT_MAX];

	if (m->addresses->len >= FACTS_MAX)
		return;
	array_foreach(struct deploy_address, known, m->addresses) {
		if (known->side != a->side || known->number != a->number)
			continue;
		if (!addr_equal(&known->address, &a->address))
			diags_add(d, DIAG_WARNING, a->loc, "export both at one time",
				  "'%s' has the address %s here, and %s in another input: that one "
				  "is used",
				  m->fqdn, addr_print(&a->address, one),
				  addr_print(&known->address, two));
		if (!addr_is_set(&known->outside))
			known->outside = a->outside;
		return;
	}
	g_array_append_vals(m->addresses, a, 1);
}

struct deploy_port *deploy_service_port(struct deploy_service *s, const char *owner,
					const char *usage, enum deploy_side side, unsigned port,
					struct loc loc)
{
	struct deploy_port *p = object_new(&port_shape);

	p->owner = g_strdup(owner);
	p->usage = g_strdup(usage);
	p->side = side;
	p->port = port;
	p->loc = loc;
	g_ptr_array_add(s->ports, p);
	return p;
}

/* --- what a service says of its pool ---------------------------------------------------------- */

/* Ports that decide about calls: where the number, the name and the number of the address go. */
static const struct port_row {
	const char *owner, *usage, *protocol; /* protocol NULL: any */
	enum deploy_side side;
	unsigned fixed; /* the number in every topology; 0: `number` has it */
	size_t number, count, fqdn, iface;
} port_rows[] = {
#define AT(member) offsetof(struct deploy_pool, member)
	{"AccessEdge", "SipClient", NULL, SIDE_EXTERNAL, 0, .number = AT(access_port),
	 .fqdn = AT(access_fqdn), .iface = AT(access_iface)},
	{"AccessEdge", "SipServer", NULL, SIDE_INTERNAL, .fixed = SIP_PORT},
	{"MediaRelayAuthenticationEdge", "SipServer", NULL, SIDE_INTERNAL, .fixed = MRAS_PORT},
	{"MediaRelayEdge", "TURNServer", "Tcp", SIDE_EXTERNAL, 0, .number = AT(tcp_port),
	 .fqdn = AT(av_fqdn), .iface = AT(av_iface)},
	{"MediaRelayEdge", "TURNServer", "Tcp", SIDE_INTERNAL, 0, .number = AT(tcp_inside_port)},
	{"MediaRelayEdge", "TURNServer", "Udp", SIDE_EXTERNAL, .fixed = STUN_PORT,
	 .fqdn = AT(av_fqdn), .iface = AT(av_iface)},
	{"MediaRelayEdge", "TURNServer", "Udp", SIDE_INTERNAL, .fixed = STUN_PORT},
	{"MediaRelayEdge", "MediaCommunication", NULL, SIDE_EXTERNAL, 0, .number = AT(relay_port),
	 .count = AT(relay_count), .iface = AT(av_iface)},
	{"Registrar", "SipServer", NULL, SIDE_PRIMARY, .fixed = SIP_PORT},
	{"OCSWebSite", "WebSite", "Https", SIDE_EXTERNAL, 0, .number = AT(web_port)},
	{"OCSWebSite", "WebSite", "Https", SIDE_PRIMARY, 0, .number = AT(web_inside_port)},
#undef AT
};

static const struct port_row *row_of(const struct deploy_port *p)
{
	for (guint i = 0; i < G_N_ELEMENTS(port_rows); i++) {
		const struct port_row *r = &port_rows[i];

		if (g_str_equal(r->owner, p->owner) && g_str_equal(r->usage, p->usage) &&
		    r->side == p->side &&
		    (!r->protocol || !p->protocol ||
		     g_ascii_strcasecmp(r->protocol, p->protocol) == 0))
			return r;
	}
	return NULL;
}

static void set_text(struct deploy_pool *pool, size_t offset, const char *text)
{
	char **to = G_STRUCT_MEMBER_P(pool, offset);

	if (text && !*to)
		*to = g_strdup(text);
}

static void set_number(struct deploy_pool *pool, size_t offset, unsigned number)
{
	if (offset > 0 && number > 0)
		G_STRUCT_MEMBER(unsigned, pool, offset) = number;
}

static void leave_out(struct deploy_pool *pool, const char *what)
{
	for (guint i = 0; i < pool->left_out->len; i++) {
		if (g_str_equal(pool->left_out->pdata[i], what))
			return;
	}
	if (pool->left_out->len < FACTS_MAX)
		g_ptr_array_add(pool->left_out, g_strdup(what));
}

static void take_port(struct deploy_pool *pool, const struct deploy_port *p, diags *d)
{
	const struct port_row *r = row_of(p);

	if (!r) {
		g_autofree char *what = g_strdup_printf("%s %s", p->owner, p->usage);

		leave_out(pool, what);
		return;
	}
	if (r->fixed > 0 && p->port != r->fixed)
		diags_add(d, DIAG_WARNING, p->loc, NULL,
			  "%s of '%s' listens at port %u; a topology has always %u: that one is "
			  "used",
			  p->owner, pool->fqdn, p->port, r->fixed);
	set_number(pool, r->number, p->port);
	set_number(pool, r->count, p->count);
	set_number(pool, r->iface, p->iface);
	if (r->fqdn > 0 && p->fqdn && check_name(p->fqdn, p->loc, d))
		set_text(pool, r->fqdn, p->fqdn);
}

void deployment_service(struct deploy_pool *pool, const struct deploy_service *s, diags *d)
{
	/* Parts of what a topology calls a Front End. */
	static const char *const parts[] = {
		"UserServices",	      "UserServer", "WebServices", "WebServer", "ConfServices",
		"ConferencingServer", "Registrar",  "EdgeServer",  "Director",	NULL};

	if (!g_strv_contains(parts, s->role))
		leave_out(pool, s->role);
	pool->is_edge = pool->is_edge || g_str_equal(s->role, "EdgeServer");
	pool->is_director = pool->is_director || s->is_director || g_str_equal(s->role, "Director");
	pool->is_front_end = pool->is_front_end || g_str_equal(s->role, "Registrar");
	set_text(pool, offsetof(struct deploy_pool, next_hop), s->next_hop);
	if (s->web_fqdn && check_name(s->web_fqdn, s->loc, d))
		set_text(pool, offsetof(struct deploy_pool, web_fqdn), s->web_fqdn);
	for (guint i = 0; i < s->ports->len; i++)
		take_port(pool, s->ports->pdata[i], d);
}
