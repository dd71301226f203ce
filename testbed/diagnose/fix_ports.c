/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/fix_service.h"

#include <string.h>

static const char *const chains[FW_CHAIN_COUNT] = {"input", "forward", "output"};

/* The chain of a rule, or of a policy ("forward-policy"); NULL: neither. */
static const char *chain_of(const struct node *n, const char *object)
{
	for (guint i = 0; i < n->firewall.rules->len; i++) {
		const struct fw_rule *r = n->firewall.rules->pdata[i];

		if (g_str_equal(r->name, object))
			return chains[r->chain];
	}
	for (guint i = 0; i < FW_CHAIN_COUNT; i++) {
		if (g_str_has_prefix(object, chains[i]) &&
		    g_str_equal(object + strlen(chains[i]), "-policy"))
			return chains[i];
	}
	return NULL;
}

/* The Edge that lends this address and port; NULL: none does. */
static const struct edge_service *lender(const model *m, const struct addr *a, uint16_t port)
{
	for (guint i = 0; i < m->nodes->len; i++) {
		const struct service *s = node_service(m->nodes->pdata[i], SERVICE_EDGE);
		const struct edge_service *e = s ? &s->edge : NULL;

		if (e && port >= e->relay_ports.first && port <= e->relay_ports.last &&
		    (addr_equal(&e->av, a) || addr_equal(&e->av_public, a)))
			return e;
	}
	return NULL;
}

/* Which port a call gets is drawn by lot, so the exception is for all that the relay lends. */
fix *fix_relay_ports(const model *m, const struct node *n, const struct finding *f)
{
	const struct edge_service *from = lender(m, &f->flow.src, f->flow.sport);
	const struct edge_service *e = from ? from : lender(m, &f->flow.dst, f->flow.dport);
	const char *chain = f->object ? chain_of(n, f->object) : NULL;
	char address[ADDR_TEXT_MAX];

	if (!e || !chain)
		return NULL;
	return fix_new(g_strdup_printf("- allow: {node: %s, name: relay-ports, chain: %s, %s: "
				       "[%s], proto: udp, %s: [%u-%u]}\n",
				       n->name, chain, from ? "src" : "dst",
				       addr_print(from ? &f->flow.src : &f->flow.dst, address),
				       from ? "sports" : "dports", e->relay_ports.first,
				       e->relay_ports.last));
}
