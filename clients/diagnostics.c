/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/diagnostics.h"

#include "common/sip.h"

#include <stdlib.h>

/* LocalLocation and RemoteLocation of the product: 2 intranet, 1 internet. */
enum { LOCATION_INTERNET = 1, LOCATION_INTRANET = 2 };

static const struct {
	int id;
	const char *where;
} failures[] = {
	{22, "both endpoints are internal"},
	{23, "one endpoint is internal and the other is remote"},
	{24, "both endpoints are remote"},
};

guint32 ice_warn(const struct ice_report *r, bool failed)
{
	bool any_srflx = r->srflx || r->remote_srflx;
	guint asked = r->relays_udp_asked + r->relays_tcp_asked;
	/* Without any relay an end has neither reflexive nor relayed candidates: such pairs were
	 * not tried.  The product says of them that TCP did not pass the NAT. */
	bool alone = asked && !r->relays_udp_got && !r->relays_tcp_got;
	bool udp_relay = r->relays_udp_asked || r->remote_relay,
	     tcp_relay = r->relays_tcp_asked || r->remote_relay;
	const struct {
		bool set;
		guint32 bit;
	} rows[] = {
		{!asked, ICE_WARN_NO_RELAY},
		{alone, ICE_WARN_RELAY_UNREACHABLE},
		{r->relays_udp_asked && !r->relays_udp_got, ICE_WARN_NO_UDP_ALLOCATION},
		{r->relays_tcp_asked && !r->relays_tcp_got, ICE_WARN_NO_TCP_ALLOCATION},
		{failed && r->host && r->remote_host, ICE_WARN_LOCAL_FAILED},
		{failed && alone, ICE_WARN_TCP_NAT_FAILED},
		/* With a NAT in between: UDP was tried, TCP cannot pass it. */
		{failed && !alone && any_srflx, ICE_WARN_UDP_NAT_FAILED | ICE_WARN_TCP_NAT_FAILED},
		{failed && !alone && udp_relay, ICE_WARN_UDP_RELAY_FAILED},
		{failed && !alone && tcp_relay, ICE_WARN_TCP_RELAY_FAILED},
	};
	guint32 bits = 0;
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].set)
			bits |= rows[i].bit;
	return bits;
}

int diagnostics_id(bool local_remote_user, bool peer_remote_user)
{
	return failures[local_remote_user + peer_remote_user].id;
}

/* "address:port" of a candidate; "" when it is unset.  The caller frees. */
static char *candidate_endpoint(const struct ice_candidate *c)
{
	return c->address[0] ? sip_host_port(c->address, c->port) : g_strdup("");
}

char *diagnostics_header(const struct diagnostics *d)
{
	g_autofree char *local = candidate_endpoint(&d->local_site),
			*local_mr = candidate_endpoint(&d->local_relay);
	g_autofree char *remote = candidate_endpoint(&d->remote_site),
			*remote_mr = candidate_endpoint(&d->remote_relay);
	guint row = (guint)d->local_remote_user + (guint)d->peer_remote_user;
	return g_strdup_printf("%d; reason=\"Call failed to establish due to a media connectivity "
			       "failure when %s\"; "
			       "%s=\"%s:ICEWarn=0x%x,LocalSite=%s,LocalMR=%s,RemoteSite=%s,"
			       "RemoteMR=%s,PortRange=1025:65000,"
			       "LocalMRTCPPort=%u,RemoteMRTCPPort=%u,LocalLocation=%d,"
			       "RemoteLocation=%d,FederationType=0\"",
			       failures[row].id, failures[row].where,
			       d->caller ? "CallerMediaDebug" : "CalleeMediaDebug", d->kind,
			       d->warn, local, local_mr, remote, remote_mr, d->local_relay.port,
			       d->remote_relay.port,
			       d->local_remote_user ? LOCATION_INTERNET : LOCATION_INTRANET,
			       d->peer_remote_user ? LOCATION_INTERNET : LOCATION_INTRANET);
}

int diagnostics_parse_id(const char *header)
{
	return header ? (int)strtol(header, NULL, 10) : 0;
}
