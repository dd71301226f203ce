/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/discovery.h"

/* The order of Lync and Skype for Business clients.  The two web services and the plain TCP service
 * are queried but not used, as they are not modelled. */
static const struct {
	const char *label;
	enum dns_type type;
	guint16 port;
	bool ignored;
} lookups[DISCOVERY_LOOKUPS] = {
	{"lyncdiscoverinternal", DNS_A, 443, true},
	{"lyncdiscover", DNS_A, 443, true},
	{"_sipinternaltls._tcp", DNS_SRV, 0, false},
	{"_sipinternal._tcp", DNS_SRV, 0, true},
	{"_sip._tls", DNS_SRV, 0, false},
	{"sipinternal", DNS_A, 5061, false},
	{"sip", DNS_A, 5061, false},
	{"sipexternal", DNS_A, 443, false},
};

/* ENTRY_EMPTY: the look-up gave no server. */
enum entry_state { ENTRY_PENDING, ENTRY_EMPTY, ENTRY_FOUND };

struct discovery_entry {
	enum entry_state state;
	char *query, *name, *address, *address6;
	guint16 port;
	guint answers; /* to its queries for addresses */
};

struct discovery {
	struct discovery_entry entries[DISCOVERY_LOOKUPS];
	guint next, families;
};

discovery *discovery_new(const char *domain, guint families)
{
	discovery *d = g_new0(discovery, 1);
	d->families = families;
	for (guint i = 0; i < DISCOVERY_LOOKUPS; i++)
		d->entries[i].query = g_strdup_printf("%s.%s", lookups[i].label, domain);
	return d;
}

void discovery_free(discovery *d)
{
	for (guint i = 0; d && i < DISCOVERY_LOOKUPS; i++) {
		g_free(d->entries[i].query);
		g_free(d->entries[i].name);
		g_free(d->entries[i].address);
		g_free(d->entries[i].address6);
	}
	g_free(d);
}

const char *discovery_query(const discovery *d, guint i, enum dns_type *ret_type)
{
	*ret_type = lookups[i].type;
	return d->entries[i].query;
}

/* Adds the address in an answer.  After the answers for all families the entry is found, if it has
 * an address and is not one that is ignored. */
static void add_address(const discovery *d, struct discovery_entry *e,
			const struct dns_answer *answer, bool ignored)
{
	*(answer->type == DNS_AAAA ? &e->address6 : &e->address) = g_strdup(answer->target);
	if (++e->answers < d->families)
		return;
	if (!e->address)
		e->address = g_steal_pointer(&e->address6);
	e->state = e->address && !ignored ? ENTRY_FOUND : ENTRY_EMPTY;
}

const char *discovery_answer(discovery *d, guint i, const struct dns_answer *answer)
{
	struct discovery_entry *e = &d->entries[i];
	if (lookups[i].type != DNS_SRV) {
		if (!e->name)
			e->name = g_strdup(e->query);
		e->port = lookups[i].port;
		add_address(d, e, answer, lookups[i].ignored);
		return NULL;
	}
	if (!answer->target || lookups[i].ignored) {
		e->state = ENTRY_EMPTY;
		return NULL;
	}
	/* It counts as found when its target has an address. */
	e->name = g_strdup(answer->target);
	e->port = answer->port;
	return e->name;
}

void discovery_target_address(discovery *d, guint i, const struct dns_answer *answer)
{
	add_address(d, &d->entries[i], answer, false);
}

enum discovery_step discovery_next(discovery *d, struct discovery_target *ret)
{
	while (d->next < DISCOVERY_LOOKUPS) {
		const struct discovery_entry *e = &d->entries[d->next];
		if (e->state == ENTRY_PENDING)
			return DISCOVERY_WAIT;
		d->next++;
		if (e->state == ENTRY_EMPTY)
			continue;
		*ret = (struct discovery_target){.query = e->query,
						 .name = e->name,
						 .address = e->address,
						 .address6 = e->address6,
						 .port = e->port,
						 .lookup = d->next - 1};
		return DISCOVERY_TRY;
	}
	return DISCOVERY_NONE;
}

guint discovery_used(const discovery *d)
{
	return d->next;
}
