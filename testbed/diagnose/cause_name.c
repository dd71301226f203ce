/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/cause_name.h"

#include "testbed/diagnose/foreign_words.h"
#include "testbed/diagnose/service.h"

#include <string.h>

#define DNS_PORT 53
#define FORWARDS_MAX 4

static const struct dns_service *dns_of(const struct node *n)
{
	const struct service *s = n ? node_declared_service(n, SERVICE_DNS) : NULL;

	return s ? &s->dns : NULL;
}

static bool in_zone(const char *name, const char *zone)
{
	gsize n = strlen(name), z = strlen(zone);

	return n >= z && g_ascii_strcasecmp(name + n - z, zone) == 0 &&
	       (n == z || name[n - z - 1] == '.');
}

/* Whether an NRPT rule (docs/FORMATS.md) covers the name: it has a whole name, or a suffix
 * with its dot. */
static bool nrpt_covers(const struct nrpt_rule *r, const char *name)
{
	return r->namespace[0] == '.' ? in_zone(name, r->namespace + 1) :
					g_ascii_strcasecmp(r->namespace, name) == 0;
}

static const struct nrpt_rule *rule_for(const struct node *n, const char *name)
{
	const struct nrpt_rule *best = NULL;

	ptr_array_foreach(const struct nrpt_rule, r, n->nrpt)
		if (nrpt_covers(r, name) &&
		    (!best || strlen(r->namespace) > strlen(best->namespace)))
			best = r;
	return best;
}

const GArray *cause_name_servers(const struct node *n, const char *name)
{
	const struct nrpt_rule *rule = rule_for(n, name);

	return rule ? rule->servers : n->resolvers;
}

/* The name server that this node asks for the name; unset: none. */
static struct addr asked_by(const struct node *n, const char *name)
{
	const GArray *servers = cause_name_servers(n, name);

	if (servers->len > 0)
		return g_array_index(servers, struct addr, 0);
	return !rule_for(n, name) && dns_of(n) ? node_address(n) : (struct addr){0};
}

static bool dns_knows(const struct dns_service *dns, const char *name)
{
	for (guint i = 0; dns && i < dns->records->len; i++)
		if (g_ascii_strcasecmp(((const struct dns_record *)dns->records->pdata[i])->name,
				       name) == 0)
			return true;
	return false;
}

/* Whether it has the name, or its zone. */
static bool dns_answers(const struct dns_service *dns, const char *name)
{
	for (guint i = 0; i < dns->zones->len; i++)
		if (in_zone(name, dns->zones->pdata[i]))
			return true;
	return dns_knows(dns, name);
}

/* Follows forwarding to the server that answers for the name. */
static const struct node *answerer(const model *m, struct addr server, const char *name)
{
	const struct node *n = service_owner(m, &server);

	const struct dns_service *dns;

	for (guint i = 0; i < FORWARDS_MAX && (dns = dns_of(n)); i++) {
		if (dns_answers(dns, name) || !addr_is_set(&dns->forward))
			return n;
		n = service_owner(m, &dns->forward);
	}
	return n;
}

struct addr cause_name_server_of(const struct node *n, const char *name,
				 const struct nrpt_rule **ret_rule)
{
	*ret_rule = rule_for(n, name);
	return asked_by(n, name);
}

bool cause_name_is_served(const model *m, const struct addr *server, const char *name)
{
	const struct dns_service *dns = dns_of(answerer(m, *server, name));

	return dns && dns_answers(dns, name);
}

struct addr cause_asked_by_others(const model *m, const struct node *n, const char *name)
{
	struct addr best = {0};
	guint best_count = 0;

	for (guint i = 0; n->site && i < m->nodes->len; i++) {
		const struct node *other = m->nodes->pdata[i];
		struct addr server = asked_by(other, name);
		guint count = 0;

		if (other == n || g_strcmp0(other->site, n->site) != 0 || !addr_is_set(&server))
			continue;
		ptr_array_foreach(const struct node, third, m->nodes) {
			struct addr same = asked_by(third, name);

			count += third != n && g_strcmp0(third->site, n->site) == 0 &&
				 addr_equal(&same, &server);
		}
		if (count > best_count) {
			best = server;
			best_count = count;
		}
	}
	return best;
}

bool cause_is_inside(const model *m, const char *end)
{
	const struct node *n = model_node(m, end);
	struct addr asked = n ? asked_by(n, m->domain) : (struct addr){0};

	return cause_is_inside_view(m, &asked);
}

bool cause_is_inside_view(const model *m, const struct addr *asked)
{
	const struct node *server = addr_is_set(asked) ? answerer(m, *asked, m->domain) : NULL;

	for (guint i = 0; i < m->nodes->len; i++) {
		const struct service *f =
			node_declared_service(m->nodes->pdata[i], SERVICE_FRONTEND);
		const struct service *x = node_declared_service(m->nodes->pdata[i], SERVICE_EDGE);

		if ((f && dns_knows(dns_of(server), f->frontend.fqdn)) ||
		    (x && dns_knows(dns_of(server), x->edge.fqdn)))
			return true;
	}
	return false;
}

/* --- causes ----------------------------------------------------------------------------------- */

/* Others at its site ask another server, which knows the name. */
static bool wrong_view(const struct evidence *e, struct finding *f, const struct node *n,
		       const struct addr *server, const char *name)
{
	/* an Edge is between inside and outside, and may ask other servers than its neighbours */
	struct addr other = node_declared_service(n, SERVICE_EDGE) ?
				    (struct addr){0} :
				    cause_asked_by_others(e->model, n, name);
	const struct node *there = addr_is_set(&other) && !addr_equal(&other, server) ?
					   answerer(e->model, other, name) :
					   NULL;
	char asked[ADDR_TEXT_MAX], better[ADDR_TEXT_MAX];

	if (!dns_knows(dns_of(there), name) || there == answerer(e->model, *server, name))
		return false;
	f->code = CAUSE_DNS_WRONG_VIEW;
	f->node = g_strdup(n->name);
	f->subject = subject_address(server);
	f->flow.dst = other;
	f->why = g_strdup_printf(
		"it asks %s, which does not know %s; %s, which others at its site ask, does",
		addr_print(server, asked), name, addr_print(&other, better));
	return true;
}

static bool no_server(struct finding *f, const struct node *n, const char *name)
{
	const struct nrpt_rule *rule = rule_for(n, name);

	f->code = CAUSE_DNS_WRONG_VIEW;
	f->node = g_strdup(n->name);
	f->subject = rule ? (struct subject){.kind = SUBJECT_NRPT, .nrpt = rule} :
			    subject_setting(SETTING_RESOLVERS, NULL);
	f->why = rule ? g_strdup_printf(
				"its NRPT rule for '%s' names no server, so %s does not resolve",
				rule->namespace, name) :
			g_strdup_printf("it has no name server to ask for %s", name);
	return true;
}

/* Where the server asks in its turn for the name; NULL: it answers for it, or refuses. */
static const struct addr *forward_of(const struct node *server, const char *name)
{
	const struct dns_service *dns = dns_of(server);

	return dns && !dns_answers(dns, name) && addr_is_set(&dns->forward) ? &dns->forward : NULL;
}

/* No answer came: because of the network, for want of a listener, or the server was silent. Of a
 * server that asks another one, the way from there is looked at, too. */
static bool server_silent(const struct evidence *e, struct finding *f, const struct node *n,
			  const struct addr *server, const char *name, enum reason error)
{
	const struct node *owner;
	const struct addr *forward;
	char text[ADDR_TEXT_MAX];

	for (guint i = 0; i < FORWARDS_MAX && (owner = service_owner(e->model, server)) &&
			  (forward = forward_of(owner, name));
	     i++) {
		addr_print(server, text);
		if (cause_walk_to_server(e, f, n->name, "its name server", text, PROTO_UDP,
					 DNS_PORT) ||
		    cause_no_listener(e, f, n->name, text, PROTO_UDP, DNS_PORT))
			return true;
		n = owner;
		server = forward;
	}
	addr_print(server, text);
	if (cause_walk_to_server(e, f, n->name, "its name server", text, PROTO_UDP, DNS_PORT) ||
	    cause_no_listener(e, f, n->name, text, PROTO_UDP, DNS_PORT))
		return true;
	if (error != REASON_DNS_TIMED_OUT)
		return false;
	f->code = CAUSE_DNS_TIMEOUT;
	f->node = g_strdup(service_owner(e->model, server) ? service_owner(e->model, server)->name :
							     n->name);
	f->subject = subject_address(server);
	f->why = g_strdup_printf("the name server %s did not answer the question for %s", text,
				 name);
	return true;
}

static bool name_missing(struct finding *f, const struct node *n, const struct node *server,
			 const char *name)
{
	if (!dns_of(server) || dns_knows(dns_of(server), name))
		return false;
	if (node_declared_service(n, SERVICE_EDGE))
		server = n; /* names of the inside belong into its hosts file */
	f->code = CAUSE_DNS_NXDOMAIN;
	f->node = g_strdup(server->name);
	f->subject = subject_named(SUBJECT_RECORD, name);
	f->other = g_strdup(n->name);
	f->why =
		server == n ?
			g_strdup_printf("neither its hosts file nor its name server knows %s",
					name) :
			g_strdup_printf("it has no record of %s, which %s asks for", name, n->name);
	return true;
}

/* The name server that this node asks: of several the first that it can have a route to, by
 * family. */
static struct addr asked_here(const struct evidence *e, const struct node *n, const char *name)
{
	const struct nrpt_rule *rule = rule_for(n, name);
	const GArray *servers = rule ? rule->servers : n->resolvers;

	array_foreach(const struct addr, a, servers)
		if (!evidence_lacks_family(e, n->name, a->family))
			return *a;
	return asked_by(n, name);
}

bool cause_by_name(const struct evidence *e, struct finding *f, const char *from, const char *name,
		   const json_t *question)
{
	const struct node *n = model_node(e->model, from);
	enum reason error = question ? foreign_reason(question) : REASON_NONE;
	bool found;
	struct addr server;

	if (!n)
		return false;
	server = asked_here(e, n, name);
	if (!addr_is_set(&server))
		found = no_server(f, n, name);
	else
		found = wrong_view(e, f, n, &server, name) ||
			(error != REASON_DNS_NXDOMAIN &&
			 server_silent(e, f, n, &server, name, error)) ||
			name_missing(f, n, answerer(e->model, server, name), name);
	if (found && question)
		finding_prove(f, "%s asked for %s: %s", from, name, member_text(question, "error"));
	return found;
}

/* --- answers ---------------------------------------------------------------------------------- */

static bool in_hosts(const struct node *n, const char *name)
{
	for (guint i = 0; i < n->hosts->len; i++)
		if (g_ascii_strcasecmp(((const struct dns_record *)n->hosts->pdata[i])->name,
				       name) == 0)
			return true;
	return false;
}

bool cause_right_address(const model *m, const struct node *server, const char *name,
			 struct addr *ret)
{
	static const char *const labels[] = {"sipinternal", "sip", "sipexternal"};
	const struct addr own = server ? node_address(server) : (struct addr){0};
	struct meeting meeting;

	if (service_named(m, name, ret))
		return true;
	for (guint i = 0; i < G_N_ELEMENTS(labels); i++) {
		g_autofree char *full = g_strdup_printf("%s.%s", labels[i], m->domain);

		if (g_ascii_strcasecmp(full, name) != 0 ||
		    !service_for_clients(m, cause_is_inside_view(m, &own), &meeting))
			continue;
		*ret = meeting.address;
		return true;
	}
	return false;
}

/* Who tells the node the address of the name: itself, by its hosts file, or a name server.  NULL:
 * nobody. */
static const struct node *teller_of(const model *m, const struct node *n, const char *name)
{
	struct addr server;

	/* a client asks servers only and does not read the hosts file */
	if (!n->endpoint && in_hosts(n, name))
		return n;
	server = asked_by(n, name);
	return addr_is_set(&server) ? answerer(m, server, name) : NULL;
}

const struct node *cause_named(const model *m, const char *from, const char *name, struct addr *ret)
{
	const struct node *n = model_node(m, from);

	return n && cause_right_address(m, teller_of(m, n, name), name, ret) ?
		       service_owner(m, ret) :
		       NULL;
}

bool cause_wrong_answer(const struct evidence *e, struct finding *f, const char *from,
			const char *name, const char *address)
{
	const struct node *n = model_node(e->model, from), *teller, *owner;
	struct addr given, right = {0};
	bool hosts;
	char text[ADDR_TEXT_MAX];

	if (!n || !addr_parse(address, &given))
		return false;
	if (service_named(e->model, name, &right) && service_has(e->model, name, &given))
		return false;
	teller = teller_of(e->model, n, name);
	if (!teller)
		return false;
	hosts = !n->endpoint && in_hosts(n, name);
	cause_right_address(e->model, teller, name, &right);
	owner = service_owner(e->model, &given);
	f->code = owner && node_shows_certificate(owner) ? CAUSE_DNS_WRONG_VIEW :
							   CAUSE_DNS_WRONG_ANSWER;
	f->node = g_strdup(teller->name);
	f->subject = subject_named(SUBJECT_RECORD, name);
	f->flow.dst = right;
	f->why = addr_is_set(&right) ?
			 g_strdup_printf("its %s says %s for %s, which has %s",
					 hosts ? "hosts file" : "record", address, name,
					 addr_print(&right, text)) :
			 g_strdup_printf("its %s says %s for %s, where no such server is",
					 hosts ? "hosts file" : "record", address, name);
	return finding_prove(f, "%s was told %s for %s", from, address, name);
}
