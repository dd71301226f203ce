/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A deployment joined with what its machines say themselves.
 *
 * Theory of operation: a machine of the deployment and a node of the other inputs are the same when
 * the node's name is the machine's, in full or up to its first dot.  Such a node's addresses and
 * routes are its own; a Front End or an Edge without any gets the addresses that the deployment
 * knows, and a line says which export is missing.  Whether the two agree is judged later, when
 * interfaces are drawn (deploy_draft.c), since only then all addresses are known. */
#include "testbed/import/deployment.h"

#include <string.h>

/* --- what a topology does not have ------------------------------------------------------------ */

static void tell_domains(const struct deployment *dep, diags *d)
{
	const char *chosen = deployment_sip_domain(dep);

	if (!chosen && dep->pools->len > 0)
		diags_add(d, DIAG_WARNING, ((const struct deploy_pool *)dep->pools->pdata[0])->loc,
			  "import Get-CsSipDomain, too",
			  "the input does not say the SIP domain: example.com is a guess");
	ptr_array_foreach(const struct deploy_domain, domain, dep->domains) {
		if (g_strcmp0(domain->name, chosen) != 0)
			diags_add(d, DIAG_WARNING, domain->loc,
				  "a topology has one SIP domain; write another file for this one",
				  "the SIP domain '%s' is left out", domain->name);
	}
}

static void tell_left_out(const struct deploy_pool *pool, diags *d)
{
	g_autofree char *what = NULL;

	g_ptr_array_add(pool->left_out, NULL);
	what = g_strjoinv(", ", (char **)pool->left_out->pdata);
	g_ptr_array_set_size(pool->left_out, (int)pool->left_out->len - 1);
	if (!pool->is_front_end && !pool->is_edge)
		diags_add(d, DIAG_WARNING, pool->loc,
			  "its machines are written where their exports are imported",
			  "pool '%s' is left out: it has no part in the calls that a topology has "
			  "(%s)",
			  pool->fqdn, *what ? what : "no service");
	else if (*what)
		diags_add(d, DIAG_WARNING, pool->loc, NULL,
			  "of '%s' is left out what a topology does not have: %s", pool->fqdn,
			  what);
}

/* --- machines --------------------------------------------------------------------------------- */

static struct deploy_machine *machine_named(const struct deployment *dep, const char *fqdn)
{
	ptr_array_foreach(const struct deploy_pool, pool, dep->pools) {
		ptr_array_foreach(struct deploy_machine, m, pool->machines)
			if (g_ascii_strcasecmp(m->fqdn, fqdn) == 0)
				return m;
	}
	return NULL;
}

/* Addresses that were read before their computer's pool. */
static void place_loose(struct deployment *dep, diags *d)
{
	ptr_array_foreach(const struct deploy_machine, loose, dep->loose) {
		struct deploy_machine *m = machine_named(dep, loose->fqdn);

		if (!m) {
			diags_add(d, DIAG_WARNING, loose->loc, "import Get-CsComputer, too",
				  "the addresses of '%s' are left out: no pool has this computer",
				  loose->fqdn);
			continue;
		}
		array_foreach(const struct deploy_address, a, loose->addresses)
			deployment_address(m, a, d);
	}
	g_ptr_array_set_size(dep->loose, 0);
}

/* Of a pool without computers (a Standard Edition server) the pool is the computer. */
static void add_own_machines(struct deployment *dep, diags *d)
{
	ptr_array_foreach(struct deploy_pool, pool, dep->pools) {
		if (pool->machines->len > 0)
			continue;
		if (pool->is_cut)
			diags_add(d, DIAG_WARNING, pool->loc,
				  "import Get-CsComputer, too, or set $FormatEnumerationLimit = -1 "
				  "before",
				  "the list of the computers of '%s' is not complete: it is taken "
				  "for one computer",
				  pool->fqdn);
		deployment_machine(dep, pool, pool->fqdn, pool->loc, d);
	}
}

static struct facts *facts_of(const GPtrArray *all, const struct deploy_machine *m)
{
	g_autofree char *name = deploy_node_name(m->fqdn);

	ptr_array_foreach(struct facts, f, all)
		if (g_ascii_strcasecmp(f->node, m->fqdn) == 0 ||
		    g_ascii_strcasecmp(f->node, name) == 0)
			return f;
	return NULL;
}

static bool is_taken(const struct deployment *dep, const struct facts *f)
{
	ptr_array_foreach(const struct deploy_pool, pool, dep->pools) {
		ptr_array_foreach(const struct deploy_machine, m, pool->machines)
			if (m->facts == f)
				return true;
	}
	return false;
}

/* The addresses of the deployment, in subnets of other nodes where they fit. */
static void add_addresses(const struct deploy_machine *m, struct facts *f, diags *d)
{
	static const char *const names[] = {"primary", "internal", "external", "other"};

	array_foreach(const struct deploy_address, own, m->addresses) {
		struct fact_address a = {
			.address = {own->address, 24}, .guessed = true, .loc = own->loc};
		struct fact_iface *i;

		if (own->address.family != AF_INET)
			continue;
		i = facts_iface(f, names[own->side], own->loc, d);
		if (i)
			facts_address(i, &a, d);
	}
}

static void add_facts(struct deploy_machine *m, GPtrArray *all, diags *d)
{
	g_autofree char *name = deploy_node_name(m->fqdn);
	struct facts *f = facts_new(name, m->loc);
	g_autofree char *hint =
		g_strdup_printf("on that server type: route print > %s.route.txt; and import that "
				"file, too",
				name);

	f->windows = true;
	add_addresses(m, f, d);
	if (f->ifaces->len > 0) {
		m->facts = f;
		g_ptr_array_add(all, f);
		g_ptr_array_add(f->notes, g_strdup("guess: lengths of prefixes, and no routes: its "
						   "own export is missing"));
	}
	diags_add(d, DIAG_WARNING, m->loc, hint,
		  "the routes of '%s' are unknown%s: no export of it", m->fqdn,
		  f->ifaces->len > 0 ? "" : ", and its addresses, too");
	if (f->ifaces->len == 0)
		object_free(f);
}

static void find_facts(const struct deployment *dep, const struct deploy_pool *pool, GPtrArray *all,
		       diags *d)
{
	ptr_array_foreach(struct deploy_machine, m, pool->machines) {
		struct facts *f = facts_of(all, m);

		if (f && !is_taken(dep, f)) {
			m->facts = f;
			m->has_export = true;
		} else if (pool->is_front_end || pool->is_edge) {
			add_facts(m, all, d);
		}
	}
}

void deployment_settle(struct deployment *dep, GPtrArray *all, diags *d)
{
	add_own_machines(dep, d);
	place_loose(dep, d);
	tell_domains(dep, d);
	ptr_array_foreach(struct deploy_pool, pool, dep->pools) {
		tell_left_out(pool, d);
		find_facts(dep, pool, all, d);
	}
}
