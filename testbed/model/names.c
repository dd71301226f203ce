/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/names.h"

#include <string.h>

const char *const fw_chain_names[] = {[FW_INPUT] = "input",
				      [FW_FORWARD] = "forward",
				      [FW_OUTPUT] = "output",
				      [FW_CHAIN_COUNT] = NULL};
const char *const fw_action_names[] = {
	[FW_ACCEPT] = "accept", [FW_DROP] = "drop", [FW_REJECT] = "reject", NULL};
const char *const fw_policy_names[] = {[FW_ACCEPT] = "accept", [FW_DROP] = "drop", NULL};
const char *const ip_proto_names[] = {
	[PROTO_ANY] = "any", [PROTO_TCP] = "tcp", [PROTO_UDP] = "udp", [PROTO_ICMP] = "icmp", NULL};
const char *const fw_inspect_names[] = {[INSPECT_NONE] = "none", [INSPECT_TLS] = "tls", NULL};
const char *const nat_behaviour_names[] = {[NAT_ENDPOINT_INDEPENDENT] = "endpoint-independent",
					   [NAT_ADDRESS_DEPENDENT] = "address-dependent",
					   [NAT_ADDRESS_AND_PORT_DEPENDENT] =
						   "address-and-port-dependent",
					   NULL};
const char *const nat_preset_names[] = {[NAT_CUSTOM] = "custom",
					[NAT_HOME_ROUTER] = "home-router",
					[NAT_FULL_CONE] = "full-cone",
					[NAT_CARRIER_GRADE] = "carrier-grade",
					[NAT_SYMMETRIC_CORPORATE] = "symmetric-corporate",
					[NAT_HOTEL] = "hotel",
					[NAT_PRESET_COUNT] = NULL};
const char *const service_kind_names[] = {[SERVICE_DNS] = "dns",
					  [SERVICE_FRONTEND] = "frontend",
					  [SERVICE_EDGE] = "edge",
					  [SERVICE_REVERSE_PROXY] = "reverse-proxy",
					  [SERVICE_KIND_COUNT] = NULL};
const char *const host_model_names[] = {[HOST_WEAK] = "weak", [HOST_STRONG] = "strong", NULL};
const char *const route_type_names[] = {[ROUTE_UNICAST] = "unicast",
					[ROUTE_UNREACHABLE] = "unreachable",
					[ROUTE_BLACKHOLE] = "blackhole",
					[ROUTE_PROHIBIT] = "prohibit",
					[ROUTE_TYPE_COUNT] = NULL};
const char *const tunnel_kind_names[] = {[TUNNEL_WIREGUARD] = "wireguard",
					 [TUNNEL_VXLAN] = "vxlan",
					 [TUNNEL_GRE] = "gre",
					 [TUNNEL_IPIP] = "ipip",
					 [TUNNEL_KIND_COUNT] = NULL};
const char *const media_names[] = {[MEDIA_IM] = "im",
				   [MEDIA_AUDIO] = "audio",
				   [MEDIA_VIDEO] = "video",
				   [MEDIA_IM_CONFERENCE] = "im-conference",
				   [MEDIA_AV_CONFERENCE] = "av-conference",
				   [MEDIA_COUNT] = NULL};
const char *const conference_start_names[] = {[CONFERENCE_SCHEDULED] = "scheduled",
					      [CONFERENCE_AD_HOC] = "ad-hoc",
					      [CONFERENCE_START_COUNT] = NULL};
const char *const verdict_names[] = {[VERDICT_PASS] = "pass",
				     [VERDICT_FAIL] = "fail",
				     [VERDICT_ERROR] = "error",
				     [VERDICT_COUNT] = NULL};
const char *const expected_verdict_names[] = {
	[VERDICT_PASS] = "pass", [VERDICT_FAIL] = "fail", NULL};
const char *const path_class_names[] = {[PATH_SIGNALLING] = "signalling",
					[PATH_UDP_DIRECT] = "udp-direct",
					[PATH_UDP_NAT] = "udp-nat",
					[PATH_UDP_RELAY] = "udp-relay",
					[PATH_TCP_RELAY] = "tcp-relay",
					[PATH_MCU] = "mcu",
					[PATH_NONE] = "none",
					[PATH_COUNT] = NULL};
const char *const engine_names[] = {"builtin", "coturn", NULL};
const char *const ice_profile_names[] = {"standard", "fast", NULL};
const char *const discovery_names[] = {"auto", "web", "srv", NULL};
const char *const edge_part_names[] = {
	[EDGE_ACCESS] = "access", [EDGE_MRAS] = "mras", [EDGE_AV] = "av", [EDGE_PART_COUNT] = NULL};
const char *const relay_family_names[] = {
	[RELAY_FAMILY_IPV4] = "ipv4", [RELAY_FAMILY_SAME] = "same", NULL};
const char *const mras_secret_names[] = {
	[MRAS_SECRET_SHARED] = "shared", [MRAS_SECRET_OWN] = "own", NULL};
const char *const account_state_names[] = {[ACCOUNT_ENABLED] = "enabled",
					   [ACCOUNT_DISABLED] = "disabled",
					   [ACCOUNT_MISSING] = "missing",
					   [ACCOUNT_INSIDE_ONLY] = "inside-only",
					   NULL};
const char *const issuer_names[] = {[ISSUER_LAB] = "lab", [ISSUER_OTHER] = "other", NULL};
const char *const validity_names[] = {[VALIDITY_VALID] = "valid",
				      [VALIDITY_EXPIRED] = "expired",
				      [VALIDITY_NOT_YET] = "not-yet",
				      NULL};

int name_index(const char *const *names, const char *name)
{
	for (int i = 0; names[i]; i++) {
		if (strcmp(names[i], name) == 0)
			return i;
	}
	return -1;
}

/* Defines FUNCTION(value), which returns its name; "unknown" for values that no enumerator has. */
#define NAME_FUNCTION(function, type, names, count)                    \
	const char *function(enum type v)                              \
	{                                                              \
		return (unsigned)v < (count) ? (names)[v] : "unknown"; \
	}
NAME_FUNCTION(media_name, media, media_names, MEDIA_COUNT)
NAME_FUNCTION(verdict_name, verdict, verdict_names, VERDICT_COUNT)
NAME_FUNCTION(path_class_name, path_class, path_class_names, PATH_COUNT)
NAME_FUNCTION(route_type_name, route_type, route_type_names, ROUTE_TYPE_COUNT)
NAME_FUNCTION(tunnel_kind_name, tunnel_kind, tunnel_kind_names, TUNNEL_KIND_COUNT)
NAME_FUNCTION(fw_chain_name, fw_chain, fw_chain_names, FW_CHAIN_COUNT)
NAME_FUNCTION(service_kind_name, service_kind, service_kind_names, SERVICE_KIND_COUNT)
NAME_FUNCTION(ip_proto_name, ip_proto, ip_proto_names, PROTO_ICMP + 1)
NAME_FUNCTION(nat_preset_name, nat_preset, nat_preset_names, NAT_PRESET_COUNT)
NAME_FUNCTION(edge_part_name, edge_part, edge_part_names, EDGE_PART_COUNT)
NAME_FUNCTION(nat_behaviour_name, nat_behaviour, nat_behaviour_names,
	      NAT_ADDRESS_AND_PORT_DEPENDENT + 1)

/* Defines FUNCTION(name, ret), which sets *ret to the value of a name; false: there is none. */
#define PARSE_FUNCTION(function, type, names)                    \
	bool function(const char *name, enum type *ret)          \
	{                                                        \
		int index = name ? name_index(names, name) : -1; \
                                                                 \
		if (index >= 0)                                  \
			*ret = (enum type)index;                 \
		return index >= 0;                               \
	}
PARSE_FUNCTION(media_parse, media, media_names)
PARSE_FUNCTION(verdict_parse, verdict, verdict_names)
PARSE_FUNCTION(path_class_parse, path_class, path_class_names)
PARSE_FUNCTION(nat_behaviour_parse, nat_behaviour, nat_behaviour_names)
