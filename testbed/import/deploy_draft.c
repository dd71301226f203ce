/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Front Ends and Edges of a deployment, at the nodes and interfaces that were drawn. */
#include "testbed/import/draft.h"

#include <string.h>

/* Where parts of an Edge listen in every topology. */
#define INNER_PORT 5061
#define MRAS_PORT 5062
#define HTTPS_PORT 443
#define WEB_OUTSIDE_PORT 4443
#define ONE_ADDRESS_PORT 5061 /* of an Access Edge that has its address with the A/V Edge */

/* --- nodes ------------------------------------------------------------------------------------ */

static struct draft_node *node_of(const struct draft *t, const struct deploy_machine *m)
{
	ptr_array_foreach(struct draft_node, node, t->nodes)
		if (m->facts && node->facts == m->facts)
			return node;
	return NULL;
}

/* A name that a site can have; the caller frees. */
static char *site_name(const struct draft *t, const char *name)
{
	char *made = g_strndup(name, 40);

	g_strcanon(made, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.", '-');
	if (!facts_node_fits(made)) {
		char *with = g_strconcat("site-", made, NULL);

		g_free(made);
		made = with;
	}
	ptr_array_foreach(const struct draft_node, node, t->nodes) {
		char *with;

		if (!g_str_equal(node->name, made))
			continue;
		with = g_strconcat(made, "-site", NULL);
		g_free(made);
		made = with;
	}
	return made;
}

void draft_site(struct draft *t, struct draft_node *node, const struct deploy_pool *pool)
{
	if (!pool->site || node->site)
		return;
	node->site = site_name(t, pool->site);
	for (guint i = 0; i < t->sites->len; i++) {
		if (g_str_equal(((const struct draft_site *)t->sites->pdata[i])->name, node->site))
			return;
	}
	g_ptr_array_add(t->sites, draft_site_new(node->site, pool->site));
}

static const struct addr *ipv4_of(const struct draft_iface *i, guint index)
{
	array_foreach(const struct prefix, p, i->addresses) {
		if (p->addr.family == AF_INET && index-- == 0)
			return &p->addr;
	}
	return NULL;
}

const struct addr *draft_ipv4(const struct draft_node *node, const struct draft_iface **ret)
{
	ptr_array_foreach(const struct draft_iface, i, node->ifaces) {
		if (i->network->subnet.addr.family != AF_INET || !ipv4_of(i, 0))
			continue;
		if (ret)
			*ret = i;
		return ipv4_of(i, 0);
	}
	return NULL;
}

/* --- Edges ------------------------------------------------------------------------------------ */

static const struct draft_iface *iface_with(const struct draft_node *node, const struct addr *a)
{
	ptr_array_foreach(const struct draft_iface, i, node->ifaces)
		if (draft_iface_has(i, a))
			return i;
	return NULL;
}

/* The machine's address of that side and number (0: the first).  NULL: none. */
static const struct deploy_address *address_of(const struct deploy_machine *m,
					       enum deploy_side side, unsigned number)
{
	array_foreach(const struct deploy_address, a, m->addresses) {
		if (a->side == side && (number == 0 || a->number == number) &&
		    addr_is_set(&a->address))
			return a;
	}
	return NULL;
}

static guint external_addresses(const struct deploy_machine *m)
{
	guint n = 0;

	array_foreach(const struct deploy_address, a, m->addresses)
		n += a->side == SIDE_EXTERNAL && addr_is_set(&a->address);
	return n;
}

/* The IPv4 addresses of the node, for a line; the caller frees. */
static char *own_addresses(const struct draft_node *node)
{
	GString *text = g_string_new(NULL);
	char buf[ADDR_TEXT_MAX];

	ptr_array_foreach(const struct draft_iface, i, node->ifaces) {
		array_foreach(const struct prefix, p, i->addresses) {
			if (p->addr.family == AF_INET && text->len < 160)
				g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "",
						       addr_print(&p->addr, buf));
		}
	}
	return g_string_free(text, FALSE);
}

/* Tells of addresses that the deployment gives the machine and the machine itself does not have. */
static void tell_differences(struct draft *t, const struct deploy_machine *m,
			     const struct draft_node *node)
{
	static const char *const sides[] = {"primary", "internal", "external", "other"};
	g_autofree char *own = own_addresses(node);
	char text[ADDR_TEXT_MAX];

	array_foreach(const struct deploy_address, a, m->addresses) {
		if (!addr_is_set(&a->address) || draft_node_has(node, &a->address))
			continue;
		diags_add(t->found, DIAG_WARNING, a->loc,
			  "correct the deployment in Topology Builder, or the machine; what the "
			  "machine has is written",
			  "'%s' should have the %s address %s, and has not: its own export has %s",
			  m->fqdn, sides[a->side], addr_print(&a->address, text), own);
	}
}

static const struct draft_iface *default_iface(const struct draft_node *node)
{
	const struct draft_route *r = draft_default_route(node);

	ptr_array_foreach(const struct draft_iface, i, node->ifaces) {
		if (r && g_strcmp0(i->name, r->dev) == 0 && ipv4_of(i, 0))
			return i;
	}
	return NULL;
}

static const struct draft_iface *other_iface(const struct draft_node *node,
					     const struct draft_iface *than)
{
	ptr_array_foreach(const struct draft_iface, i, node->ifaces) {
		if (i != than && ipv4_of(i, 0))
			return i;
	}
	return NULL;
}

/* The interfaces, by the deployment's addresses; where the machine has none of them, the outer one
 * is that of its default route. */
static void find_sides(struct edge_role *r, const struct deploy_address *in,
		       const struct deploy_address *out)
{
	r->in = in ? iface_with(r->node, &in->address) : NULL;
	r->out = out ? iface_with(r->node, &out->address) : NULL;
	if (r->out && !ipv4_of(r->out, 0))
		r->out = NULL;
	r->guessed = !r->in || !r->out;
	if (!r->out)
		r->out = default_iface(r->node);
	if (!r->out || r->out == r->in)
		r->out = r->in ? other_iface(r->node, r->in) : r->out;
	if (!r->in || !ipv4_of(r->in, 0))
		r->in = r->out ? other_iface(r->node, r->out) : NULL;
}

/* The deployment's address if the outer interface has it, else one of its own. */
static struct addr take_address(struct edge_role *r, const struct deploy_address *a, guint index,
				struct addr *ret_outside)
{
	const struct addr *own = ipv4_of(r->out, index);

	if (a && draft_iface_has(r->out, &a->address)) {
		*ret_outside = a->outside;
		return a->address;
	}
	r->guessed = true;
	return own ? *own : *ipv4_of(r->out, 0);
}

/* Ports that cannot be, as something else has them at that address. */
static void choose_ports(struct draft *t, const struct deploy_pool *pool, struct edge_role *r)
{
	r->tcp_port = pool->tcp_port > 0 ? pool->tcp_port : HTTPS_PORT;
	r->access_port = pool->access_port > 0 ? pool->access_port : HTTPS_PORT;
	if (r->tcp_port == INNER_PORT || r->tcp_port == MRAS_PORT) {
		diags_add(t->found, DIAG_WARNING, pool->loc, NULL,
			  "the A/V Edge of '%s' can't be at TCP %u, where the Edge's inner side "
			  "is: %d is a guess",
			  pool->fqdn, r->tcp_port, HTTPS_PORT);
		r->tcp_port = HTTPS_PORT;
	}
	if (pool->tcp_inside_port > 0 && pool->tcp_inside_port != r->tcp_port)
		diags_add(
			t->found, DIAG_WARNING, pool->loc, NULL,
			"the A/V Edge of '%s' listens at TCP %u inside; in a topology it is %u on "
			"both sides",
			pool->fqdn, pool->tcp_inside_port, r->tcp_port);
	if (!addr_equal(&r->access, &r->av) || r->access_port != r->tcp_port)
		return;
	r->access_port = r->tcp_port == ONE_ADDRESS_PORT ? HTTPS_PORT : ONE_ADDRESS_PORT;
	diags_add(t->found, DIAG_WARNING, pool->loc, "import Get-CsService or the topology, too",
		  "Access Edge and A/V Edge of '%s' have one address: port %u of the Access Edge "
		  "is a guess",
		  pool->fqdn, r->access_port);
}

static bool refuse_edge(struct draft *t, const struct deploy_machine *m, const char *why)
{
	return diags_add(t->found, DIAG_WARNING, m->loc, why, "'%s' is written without its Edge",
			 m->fqdn);
}

static bool make_edge(struct draft *t, const struct deploy_pool *pool,
		      const struct deploy_machine *m, struct edge_role *r)
{
	guint outer = external_addresses(m);
	unsigned access = pool->access_iface > 0 ? pool->access_iface : 1;
	unsigned av = pool->av_iface > 0 ? pool->av_iface : outer >= 3 ? 3 : 1;
	const struct deploy_address *out = address_of(m, SIDE_EXTERNAL, access);

	out = out ? out : address_of(m, SIDE_EXTERNAL, 0);
	find_sides(r, address_of(m, SIDE_INTERNAL, 0), out);
	if (!r->in || !r->out)
		return refuse_edge(t, m, "an Edge has an inner and an outer address (IPv4)");
	r->access = take_address(r, out, 0, &r->access_outside);
	r->av = take_address(r, address_of(m, SIDE_EXTERNAL, av), 1, &r->av_outside);
	if (draft_iface_has(r->in, &r->access) || draft_iface_has(r->in, &r->av))
		return refuse_edge(t, m, "its two sides have one address");
	r->av_tcp = r->av;
	choose_ports(t, pool, r);
	return true;
}

static void add_edges(struct draft *t, const struct deploy_pool *pool)
{
	guint before = t->edges->len;

	ptr_array_foreach(const struct deploy_machine, m, pool->machines) {
		struct edge_role r = {.pool = pool, .node = node_of(t, m)};

		if (!r.node)
			continue;
		g_ptr_array_add(r.node->notes, g_strdup_printf("Edge of pool %s", pool->fqdn));
		r.fqdn = pool->machines->len > 1 ? m->fqdn : pool->fqdn;
		r.has_export = m->has_export;
		draft_site(t, r.node, pool);
		if (m->has_export)
			tell_differences(t, m, r.node);
		if (make_edge(t, pool, m, &r))
			g_array_append_val(t->edges, r);
	}
	if (t->edges->len > before + 1 || (before > 0 && t->edges->len > before))
		diags_add(t->found, DIAG_WARNING, pool->loc,
			  "'sites' and 'set-media-edge' in docs/FORMATS.md lead users to another "
			  "Edge",
			  "there are several Edges: users get relays of '%s'",
			  g_array_index(t->edges, struct edge_role, 0).node->name);
}

const char *draft_domain(const struct draft *t)
{
	const char *known = t->deployment ? deployment_sip_domain(t->deployment) : NULL;

	return known ? known : "example.com";
}

char *draft_fqdn(const struct draft *t, const char *known, const char *host)
{
	return known ? g_strdup(known) : g_strdup_printf("%s.%s", host, draft_domain(t));
}

void draft_deployed_edge(const struct draft *t, const struct edge_role *r, const char *next_hop)
{
	g_autofree char *access = draft_fqdn(t, r->pool->access_fqdn, "sip"),
			*av = draft_fqdn(t, r->pool->av_fqdn, "av");

	draft_edge_lines(r, access, av, next_hop);
}

/* --- Front Ends ------------------------------------------------------------------------------- */

/* A pool is one Front End here: its first machine that is known. */
static void add_front_end(struct draft *t, const struct deploy_pool *pool)
{
	struct front_end_role role = {.pool = pool};

	ptr_array_foreach(const struct deploy_machine, m, pool->machines) {
		struct draft_node *node = node_of(t, m);

		if (!node || !draft_ipv4(node, NULL))
			continue;
		draft_site(t, node, pool);
		if (m->has_export)
			tell_differences(t, m, node);
		g_ptr_array_add(node->notes,
				g_strdup_printf(role.node ? "of pool %s; its Front End is '%s'" :
							    "Front End of pool %s",
						pool->fqdn, role.node ? role.node->name : ""));
		if (role.node)
			diags_add(t->found, DIAG_WARNING, m->loc,
				  "a pool is one Front End in a topology",
				  "'%s' is written without service: '%s' stands for the pool",
				  m->fqdn, role.node->name);
		else
			role.node = node;
	}
	if (role.node)
		g_array_append_val(t->front_ends, role);
}

static bool is_front_end(const struct draft *t, const struct draft_node *node)
{
	array_foreach(const struct front_end_role, role, t->front_ends)
		if (role->node == node)
			return true;
	return false;
}

void draft_roles(struct draft *t)
{
	const GPtrArray *pools = t->deployment ? t->deployment->pools : NULL;

	ptr_array_foreach(const struct deploy_pool, pool, pools) {
		if (pool->is_front_end && !pool->is_director)
			add_front_end(t, pool);
	}
	ptr_array_foreach(const struct deploy_pool, pool, pools) {
		if (pool->is_edge && !pool->is_front_end)
			add_edges(t, pool);
		if (pool->is_director)
			diags_add(t->found, DIAG_WARNING, pool->loc,
				  "the Edge hands to the Front End itself",
				  "'%s' is a Director, which a topology does not have", pool->fqdn);
	}
}

struct draft_node *draft_next_hop(const struct draft *t, const struct edge_role *r)
{
	struct draft_node *first = NULL;

	array_foreach(const struct front_end_role, role, t->front_ends) {
		if (r->pool && r->pool->next_hop &&
		    g_ascii_strcasecmp(role->pool->fqdn, r->pool->next_hop) == 0)
			return role->node;
		first = first ? first : role->node;
	}
	return first;
}

const struct addr *draft_primary(const struct draft_node *node)
{
	const struct draft_iface *i = node->ifaces->pdata[0];

	return &g_array_index(i->addresses, struct prefix, 0).addr;
}

bool draft_has_role(const struct draft *t, const struct draft_node *node)
{
	const GPtrArray *pools = t->deployment ? t->deployment->pools : NULL;

	ptr_array_foreach(const struct deploy_pool, pool, pools) {
		ptr_array_foreach(const struct deploy_machine, m, pool->machines)
			if (m->facts && m->facts == node->facts)
				return true;
	}
	return is_front_end(t, node);
}

/* Without --complete only what the deployment says is written. */
void draft_deployed_services(struct draft *t)
{
	array_foreach(const struct front_end_role, role, t->front_ends)
		draft_front_end_lines(role->node, role->pool->fqdn, role->pool);
	array_foreach(const struct edge_role, r, t->edges) {
		const struct draft_node *hop = draft_next_hop(t, r);

		if (hop && !is_front_end(t, r->node))
			draft_deployed_edge(t, r, hop->name);
		else
			diags_add(t->found, DIAG_WARNING, r->pool->loc,
				  "import the export of a Front End, too, or use --complete",
				  "'%s' is written without its Edge: no Front End has an address",
				  r->node->name);
	}
}

/* --- lines ------------------------------------------------------------------------------------ */

void draft_line(struct draft_node *node, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	g_ptr_array_add(node->more, g_strdup_vprintf(format, list));
	va_end(list);
}

void draft_front_end_lines(struct draft_node *node, const char *fqdn,
			   const struct deploy_pool *pool)
{
	unsigned inside = pool && pool->web_inside_port ? pool->web_inside_port : HTTPS_PORT;
	unsigned outside = pool && pool->web_port ? pool->web_port : WEB_OUTSIDE_PORT;
	const struct addr *primary = draft_primary(node);
	g_autoptr(GString) web = g_string_new(NULL);
	char text[ADDR_TEXT_MAX];

	if (pool && pool->web_fqdn)
		g_string_append_printf(web, "external: \"%s\"", pool->web_fqdn);
	if (inside != outside && inside != INNER_PORT && outside != INNER_PORT) {
		if (inside != HTTPS_PORT)
			g_string_append_printf(web, "%sinternal_port: %u", web->len ? ", " : "",
					       inside);
		if (outside != WEB_OUTSIDE_PORT)
			g_string_append_printf(web, "%sexternal_port: %u", web->len ? ", " : "",
					       outside);
	}
	draft_line(node, "services:");
	draft_line(node, "  - frontend: {fqdn: %s, %s%s%sweb: {%s}}", fqdn,
		   primary->family == AF_INET ? "" : "address: ",
		   primary->family == AF_INET ? "" : addr_print(draft_ipv4(node, NULL), text),
		   primary->family == AF_INET ? "" : ", ", web->str);
}

void draft_edge_lines(const struct edge_role *r, const char *access_fqdn, const char *av_fqdn,
		      const char *next_hop)
{
	const char *guess = r->guessed ? "  # guess: the deployment's address is not there" : "";
	unsigned first = r->pool ? r->pool->relay_port : 0;
	unsigned count = r->pool ? r->pool->relay_count : 0;
	struct draft_node *e = r->node;
	char text[ADDR_TEXT_MAX];

	draft_line(e, "services:");
	draft_line(e, "  - edge:");
	draft_line(e, "      fqdn: %s", r->fqdn);
	draft_line(e, "      access_fqdn: %s", access_fqdn);
	draft_line(e, "      av_fqdn: %s", av_fqdn);
	draft_line(e, "      internal: %s", r->in->name);
	draft_line(e, "      external: %s", r->out->name);
	draft_line(e, "      access: %s%s", addr_print(&r->access, text), guess);
	draft_line(e, "      av: %s%s", addr_print(&r->av, text), guess);
	draft_line(e, "      av_tcp: %s", addr_print(&r->av_tcp, text));
	if (r->access_port > 0 && r->access_port != HTTPS_PORT)
		draft_line(e, "      access_port: %u", r->access_port);
	if (r->tcp_port > 0 && r->tcp_port != HTTPS_PORT)
		draft_line(e, "      av_tcp_port: %u", r->tcp_port);
	if (addr_is_set(&r->access_outside))
		draft_line(e, "      access_public: %s", addr_print(&r->access_outside, text));
	if (addr_is_set(&r->av_outside)) {
		draft_line(e, "      av_public: %s", addr_print(&r->av_outside, text));
		draft_line(e, "      av_tcp_public: %s", addr_print(&r->av_outside, text));
	}
	if (first > 0 && count > 0 && first + count - 1 <= 65535 &&
	    (first != 50000 || count != 10000))
		draft_line(e, "      relay_ports: %u-%u", first, first + count - 1);
	draft_line(e, "      next_hop: %s", next_hop);
}
