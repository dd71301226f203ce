#include "testbed/explain/cause_rules.h"

#define STUN_PORT 3478
#define HTTPS_PORT 443

const json_t *cause_relay_of(const struct evidence *e, const char *end)
{
	const struct heard *h = cause_event(e, end, "signed-in", NULL);

	return h ? json_object_get(h->event, "relay") : NULL;
}

json_int_t cause_relay_port(const json_t *relay, enum ip_proto proto)
{
	const json_t *port = json_object_get(relay, proto == PROTO_UDP ? "udp_port" : "tcp_port");

	return json_is_integer(port) ? json_integer_value(port) : proto == PROTO_UDP ? STUN_PORT : HTTPS_PORT;
}

static bool has_local_relay(const struct evidence *e, const char *end)
{
	for (const struct heard *h = NULL; (h = cause_event(e, end, "candidate", h));) {
		if (g_strcmp0(event_text(h->event, "side"), "local") == 0 && g_strcmp0(event_text(h->event, "type"), "relay") == 0)
			return true;
	}
	return false;
}

/* An end that got no relay: can it reach the one it was told, and does the answer come back? */
static bool relay_unreachable(const struct evidence *e, struct finding *f, const char *end)
{
	const json_t *relay = cause_relay_of(e, end);
	const char *address = event_text(relay, "address");
	bool found;

	if (!address || has_local_relay(e, end))
		return false;
	found = cause_walk_to(e, f, end, "its relay", address, PROTO_UDP, cause_relay_port(relay, PROTO_UDP));
	found = cause_walk_to(e, f, end, "its relay", address, PROTO_TCP, cause_relay_port(relay, PROTO_TCP)) || found;
	if (found)
		cause_prove(f, "%s was told of the relay %s and has no candidate from it", end, address);
	return found;
}

bool cause_rule_relay_unreachable(const struct evidence *e, struct finding *f)
{
	bool found = false;

	for (guint i = 0; cause_is_av(e->cell) && i < e->cell->participants->len && !found; i++)
		found = relay_unreachable(e, f, e->cell->participants->pdata[i]);
	return found;
}

/* A relay's own word that it would not. */
static const struct relay_row {
	const char *event, *object, *why;
	enum cause_code code;
} relay_rows[] = {
	{"auth-failed", "client", "reason", CAUSE_RELAY_AUTH},
	{"denied", "peer", "rule", CAUSE_RELAY_PERMISSION},
};

bool cause_rule_relay_refused(const struct evidence *e, struct finding *f)
{
	for (guint i = 0; cause_is_av(e->cell) && i < G_N_ELEMENTS(relay_rows); i++) {
		const struct relay_row *row = &relay_rows[i];
		const struct heard *h = cause_event(e, NULL, row->event, NULL);
		g_auto(GStrv) parts = h ? g_strsplit(h->agent, "/", 2) : NULL;

		if (!h)
			continue;
		f->code = row->code;
		f->node = g_strdup(parts[0]);
		f->object = g_strdup(event_text(h->event, row->object));
		f->why = g_strdup_printf("%s: %s", cause_text(row->code), event_text(h->event, row->why));
		cause_prove(f, "%s said '%s' of %s", h->agent, row->event, f->object ? f->object : "it");
		return true;
	}
	return false;
}
