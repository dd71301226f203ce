/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/discovery.h"

#define WEB_LOOKUPS 2

/* The order of Lync and Skype for Business clients.  The plain TCP service is queried but not used,
 * as it is off. */
static const struct {
	const char *label;
	enum dns_type type;
	guint16 port;
	bool ignored;
} lookups[DISCOVERY_LOOKUPS] = {
	{"lyncdiscoverinternal", DNS_A, 443, false},
	{"lyncdiscover", DNS_A, 443, false},
	{"_sipinternaltls._tcp", DNS_SRV, 0, false},
	{"_sipinternal._tcp", DNS_SRV, 0, true},
	{"_sip._tls", DNS_SRV, 0, false},
	{"sipinternal", DNS_A, 5061, false},
	{"sip", DNS_A, 5061, false},
	{"sipexternal", DNS_A, 443, false},
};

/* ENTRY_EMPTY: the look-up gave no server. */
enum entry_state { ENTRY_NEW, ENTRY_PENDING, ENTRY_EMPTY, ENTRY_FOUND };

struct discovery_entry {
	enum entry_state state;
	char *query, *name, *address, *address6;
	guint16 port;
	guint answers;	/* to its queries for addresses */
	bool asked_web; /* what is found next is a SIP server */
};

struct discovery {
	struct discovery_entry entries[DISCOVERY_LOOKUPS];
	guint next, end, families;
};

discovery *discovery_new(const char *domain, guint families, enum client_discovery method)
{
	discovery *d = g_new0(discovery, 1);
	d->families = families;
	d->next = method == DISCOVERY_SRV_ONLY ? WEB_LOOKUPS : 0;
	d->end = method == DISCOVERY_WEB_ONLY ? WEB_LOOKUPS : DISCOVERY_LOOKUPS;
	for (guint i = 0; i < DISCOVERY_LOOKUPS; i++)
		d->entries[i].query = g_strdup_printf("%s.%s", lookups[i].label, domain);
	return d;
}

/* Forgets what the entry has led to so far. */
static void entry_clear(struct discovery_entry *e)
{
	g_clear_pointer(&e->name, g_free);
	g_clear_pointer(&e->address, g_free);
	g_clear_pointer(&e->address6, g_free);
	e->answers = 0;
}

void discovery_free(discovery *d)
{
	for (guint i = 0; d && i < DISCOVERY_LOOKUPS; i++) {
		entry_clear(&d->entries[i]);
		g_free(d->entries[i].query);
	}
	g_free(d);
}

const char *discovery_query(const discovery *d, guint i, enum dns_type *ret_type)
{
	*ret_type = lookups[i].type;
	return d->entries[i].query;
}

guint discovery_group_end(const discovery *d, guint i)
{
	return i < WEB_LOOKUPS ? WEB_LOOKUPS : d->end;
}

/* Adds the address in an answer.  After the answers for all families the entry is found, if it has
 * an address. */
static void add_address(const discovery *d, struct discovery_entry *e,
			const struct dns_answer *answer)
{
	*(answer->type == DNS_AAAA ? &e->address6 : &e->address) = g_strdup(answer->target);
	if (++e->answers < d->families)
		return;
	if (!e->address)
		e->address = g_steal_pointer(&e->address6);
	e->state = e->address ? ENTRY_FOUND : ENTRY_EMPTY;
}

const char *discovery_answer(discovery *d, guint i, const struct dns_answer *answer)
{
	struct discovery_entry *e = &d->entries[i];
	if (lookups[i].type != DNS_SRV) {
		if (!e->name)
			e->name = g_strdup(e->query);
		e->port = lookups[i].port;
		add_address(d, e, answer);
		return NULL;
	}
	if (!answer->target || lookups[i].ignored) {
		e->state = ENTRY_EMPTY;
		return NULL;
	}
	/* It counts as found when its target has an address. */
	e->state = ENTRY_PENDING;
	e->name = g_strdup(answer->target);
	e->port = answer->port;
	return e->name;
}

void discovery_web(discovery *d, guint i, const char *name, guint16 port)
{
	struct discovery_entry *e = &d->entries[i];
	entry_clear(e);
	e->name = g_strdup(name);
	e->port = port;
	e->state = name ? ENTRY_PENDING : ENTRY_EMPTY;
}

void discovery_target_address(discovery *d, guint i, const struct dns_answer *answer)
{
	add_address(d, &d->entries[i], answer);
}

/* What is to be done for the next entry, which is not empty. */
static enum discovery_step entry_step(discovery *d, struct discovery_entry *e)
{
	if (e->state == ENTRY_NEW) {
		for (guint i = d->next; i < discovery_group_end(d, d->next); i++)
			if (d->entries[i].state == ENTRY_NEW)
				d->entries[i].state = ENTRY_PENDING;
		return DISCOVERY_QUERY;
	}
	if (e->state == ENTRY_PENDING)
		return DISCOVERY_WAIT;
	if (d->next < WEB_LOOKUPS && !e->asked_web) {
		e->asked_web = true;
		e->state = ENTRY_PENDING;
		return DISCOVERY_WEB;
	}
	return DISCOVERY_TRY;
}

enum discovery_step discovery_next(discovery *d, struct discovery_target *ret)
{
	while (d->next < d->end && d->entries[d->next].state == ENTRY_EMPTY)
		d->next++;
	if (d->next == d->end)
		return DISCOVERY_NONE;
	struct discovery_entry *e = &d->entries[d->next];
	enum discovery_step step = entry_step(d, e);
	if (step != DISCOVERY_WAIT)
		*ret = (struct discovery_target){.query = e->query,
						 .name = e->name,
						 .address = e->address,
						 .address6 = e->address6,
						 .port = e->port,
						 .lookup = d->next};
	if (step == DISCOVERY_TRY)
		d->next++;
	return step;
}

guint discovery_used(const discovery *d)
{
	return d->next + (d->next < d->end && d->entries[d->next].asked_web);
}
