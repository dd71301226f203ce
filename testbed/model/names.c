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
const char *const edge_part_names[] = {
	[EDGE_ACCESS] = "access", [EDGE_MRAS] = "mras", [EDGE_AV] = "av", [EDGE_PART_COUNT] = NULL};
const char *const relay_family_names[] = {
	[RELAY_FAMILY_IPV4] = "ipv4", [RELAY_FAMILY_SAME] = "same", NULL};
const char *const mras_secret_names[] = {
	[MRAS_SECRET_SHARED] = "shared", [MRAS_SECRET_OWN] = "own", NULL};
const char *const account_state_names[] = {[ACCOUNT_ENABLED] = "enabled",
					   [ACCOUNT_DISABLED] = "disabled",
					   [ACCOUNT_MISSING] = "missing",
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

/* `count` guards against values that no enumerator has. */
static const char *name_at(const char *const *names, unsigned count, unsigned value)
{
	return value < count ? names[value] : "unknown";
}

const char *media_name(enum media v)
{
	return name_at(media_names, MEDIA_COUNT, v);
}

const char *verdict_name(enum verdict v)
{
	return name_at(verdict_names, VERDICT_COUNT, v);
}

const char *path_class_name(enum path_class v)
{
	return name_at(path_class_names, PATH_COUNT, v);
}

const char *route_type_name(enum route_type v)
{
	return name_at(route_type_names, ROUTE_TYPE_COUNT, v);
}

const char *tunnel_kind_name(enum tunnel_kind v)
{
	return name_at(tunnel_kind_names, TUNNEL_KIND_COUNT, v);
}

const char *fw_chain_name(enum fw_chain v)
{
	return name_at(fw_chain_names, FW_CHAIN_COUNT, v);
}

const char *service_kind_name(enum service_kind v)
{
	return name_at(service_kind_names, SERVICE_KIND_COUNT, v);
}

const char *nat_preset_name(enum nat_preset v)
{
	return name_at(nat_preset_names, NAT_PRESET_COUNT, v);
}

const char *edge_part_name(enum edge_part v)
{
	return name_at(edge_part_names, EDGE_PART_COUNT, v);
}

const char *nat_behaviour_name(enum nat_behaviour v)
{
	return name_at(nat_behaviour_names, NAT_ADDRESS_AND_PORT_DEPENDENT + 1, v);
}

bool media_parse(const char *name, enum media *ret)
{
	int index = name_index(media_names, name);

	if (index < 0)
		return false;
	*ret = (enum media)index;
	return true;
}

bool path_class_parse(const char *name, enum path_class *ret)
{
	int index = name_index(path_class_names, name);

	if (index < 0)
		return false;
	*ret = (enum path_class)index;
	return true;
}
