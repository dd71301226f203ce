/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Candidates as text: names of their parts, and the "a=candidate" value of SDP. */
#include "common/ice.h"

#include <gio/gio.h>
#include <string.h>

static const char *const state_names[] = {
	[ICE_GATHERING] = "gathering", [ICE_CHECKING] = "checking", [ICE_CONNECTED] = "connected",
	[ICE_READY] = "ready",	       [ICE_FAILED] = "failed",
};
static const char *const type_names[] = {
	[ICE_HOST] = "host",
	[ICE_SRFLX] = "srflx",
	[ICE_PRFLX] = "prflx",
	[ICE_RELAY] = "relay",
};
static const char *const transport_names[] = {[ICE_UDP] = "udp", [ICE_TCP] = "tcp"};

const char *ice_state_name(enum ice_state s)
{
	return state_names[s];
}

const char *ice_candidate_type_name(enum ice_candidate_type t)
{
	return type_names[t];
}

const char *ice_transport_name(enum ice_transport t)
{
	return transport_names[t];
}

static bool is_number_between(const char *text, guint64 min, guint64 max)
{
	guint64 value;
	return g_ascii_string_to_unsigned(text, 10, min, max, &value, NULL);
}

bool ice_candidate_is_usable(const char *sdp)
{
	g_auto(GStrv) w = g_strsplit_set(sdp, " ", -1);
	if (g_strv_length(w) < 8 || strcmp(w[6], "typ") != 0)
		return false;
	g_autoptr(GInetAddress) address = g_inet_address_new_from_string(w[4]);
	bool known_type = false;
	for (guint t = 0; t < G_N_ELEMENTS(type_names); t++)
		known_type |= strcmp(w[7], type_names[t]) == 0;
	return known_type && address && !g_inet_address_get_is_link_local(address) &&
	       !g_inet_address_get_is_any(address) && !g_inet_address_get_is_multicast(address) &&
	       w[0][0] != '\0' && strlen(w[0]) <= 32 && strcmp(w[1], "1") == 0 &&
	       g_ascii_strcasecmp(w[2], "UDP") == 0 && is_number_between(w[3], 1, G_MAXINT32) &&
	       is_number_between(w[5], 1, G_MAXUINT16);
}

bool ice_parse_candidate(const char *sdp, struct ice_candidate *ret)
{
	if (!ice_candidate_is_usable(sdp))
		return false;
	g_auto(GStrv) w = g_strsplit_set(sdp, " ", -1);
	*ret = (struct ice_candidate){
		.transport = ICE_UDP,
		.port = (guint16)g_ascii_strtoull(w[5], NULL, 10),
		.priority = (guint32)g_ascii_strtoull(w[3], NULL, 10),
	};
	g_strlcpy(ret->address, w[4], sizeof ret->address);
	for (guint t = 0; t < G_N_ELEMENTS(type_names); t++)
		if (strcmp(w[7], type_names[t]) == 0)
			ret->type = (enum ice_candidate_type)t;
	return true;
}
