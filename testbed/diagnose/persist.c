/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/persist.h"

#include "testbed/diagnose/cause_rules.h"
#include "testbed/walk/gateway.h"

/* --- before the restart ----------------------------------------------------------------------- */

/* Whether that is a route of the node that is not persistent. */
static bool is_fleeting(const struct kernel_route *r, gconstpointer node)
{
	const struct node *n = node;

	ptr_array_foreach(const struct route, d, n->routes)
		if (!d->persistent && prefix_equal(&d->to, &r->to) &&
		    route_metric(d) == r->metric &&
		    (d->table == r->table || n->host_model == HOST_STRONG))
			return true;
	return false;
}

/* Walks the ways that the call took, to each end's server and that of its media; true when one
 * shows a cause. */
static bool walk_legs(const struct evidence *e, struct finding *f)
{
	ptr_array_foreach(const char, end, e->cell->participants) {
		const struct heard *h = evidence_event(e, end, EVENT_SIGNED_IN, NULL);
		const json_t *server = h ? json_object_get(h->event, "server") : NULL;

		if (cause_walk_to(e, f, end, "its server", member_text(server, "address"),
				  PROTO_TCP, member_integer(server, "port")))
			return true;
		cause_selected_leg(e, f, end);
		if (f->code != CAUSE_UNKNOWN)
			return true;
	}
	return false;
}

static bool has_fleeting(const struct node *n)
{
	for (guint i = 0; i < n->routes->len; i++) {
		if (!((const struct route *)n->routes->pdata[i])->persistent)
			return true;
	}
	return false;
}

/* The route of the node that carried the packets which fail without it; NULL: they fail for
 * another reason. */
static const struct route *route_missed(const struct node *n, const struct finding *f)
{
	ptr_array_foreach(const struct route, r, n->routes)
		if (!r->persistent && f->prefix.addr.family != 0 &&
		    gateway_covers(&r->to, &f->prefix))
			return r;
	return NULL;
}

static bool foresee_node(const struct evidence *e, const struct node *n, struct finding *f)
{
	g_autoptr(netstate) after = netstate_without_routes(e->state, n->name, is_fleeting, n);
	g_autoptr(knet) net = knet_new(e->model, after);
	const struct evidence then = {.model = e->model,
				      .cell = e->cell,
				      .heard = e->heard,
				      .state = after,
				      .net = net,
				      .walk = e->walk,
				      .meet = e->meet};
	g_autoptr(finding) seen = finding_new(e->cell);
	const struct route *r = walk_legs(&then, seen) ? route_missed(n, seen) : NULL;
	const struct leg *l = seen->legs->len > 0 ? seen->legs->pdata[seen->legs->len - 1] : NULL;
	char buf[PREFIX_TEXT_MAX];

	if (!r)
		return false;
	f->code = CAUSE_ROUTE_NOT_PERSISTENT;
	f->node = g_strdup(n->name);
	f->subject = subject_declared_route(r);
	f->prefix = r->to;
	f->direction = seen->direction;
	f->why = g_strdup_printf(
		"the route of %s to %s is in use and not persistent: after a restart it is gone",
		n->name, prefix_print(&r->to, buf));
	return finding_prove(f, "without it %s ends at %s: %s", l ? l->title : "the call",
			     seen->node ? seen->node : "its start",
			     seen->why ? seen->why : cause_text(seen->code));
}

bool persist_foresee(const struct evidence *e, struct finding *f)
{
	for (guint i = 0; e->state && i < e->model->nodes->len; i++) {
		const struct node *n = e->model->nodes->pdata[i];

		if (has_fleeting(n) && foresee_node(e, n, f))
			return true;
	}
	return false;
}

/* --- after it --------------------------------------------------------------------------------- */

void persist_recognise(const struct evidence *e, struct finding *f)
{
	const struct node *n = f->node ? model_node(e->model, f->node) : NULL;

	for (guint i = 0; n && f->prefix.addr.family != 0 && i < n->lost_routes->len; i++) {
		const struct route *r = n->lost_routes->pdata[i];
		char buf[PREFIX_TEXT_MAX];

		if (!gateway_covers(&r->to, &f->prefix))
			continue;
		f->code = CAUSE_ROUTE_NOT_PERSISTENT;
		subject_clear(&f->subject);
		f->subject = subject_declared_route(r);
		f->prefix = r->to;
		finding_prove(f,
			      "%s:%d gives %s a route to %s that is not persistent, and %s was "
			      "restarted since",
			      r->loc.file ? r->loc.file : "the topology", r->loc.line, n->name,
			      prefix_print(&r->to, buf), n->name);
		return;
	}
}
