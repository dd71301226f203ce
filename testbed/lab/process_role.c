/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/process_role.h"

#include <string.h>
#include <sys/socket.h>

#define DNS_PORT 53
#define STUN_PORT 3478

static struct daemon_check check_dns(const struct node *n G_GNUC_UNUSED,
				     const char *name G_GNUC_UNUSED)
{
	return (struct daemon_check){READY_DNS, {AF_INET, {127, 0, 0, 1}}, DNS_PORT};
}

static struct daemon_check check_relay(const struct node *n, const char *name)
{
	const struct service *s = node_service(n, SERVICE_EDGE);
	bool tcp = g_str_has_suffix(name, "-tcp");

	return (struct daemon_check){tcp ? READY_TCP : READY_STUN, s ? s->edge.av : node_address(n),
				     tcp && s ? s->edge.av_tcp_port : STUN_PORT};
}

static struct daemon_check check_proxy(const struct node *n, const char *name G_GNUC_UNUSED)
{
	const struct service *s = node_service(n, SERVICE_REVERSE_PROXY);

	return (struct daemon_check){READY_TCP, s ? s->proxy.address : node_address(n),
				     REVERSE_PROXY_PORT};
}

static const struct process_role roles[] = {
	{.name = "dnsmasq", .stage = STAGE_DAEMON, .check = check_dns},
	{.name = "coturn", .stage = STAGE_DAEMON, .check = check_relay},
	{.name = "nginx", .stage = STAGE_DAEMON, .check = check_proxy},
	{.name = "tb-frontend",
	 .stage = STAGE_FRONTEND,
	 .after = 1u << STAGE_DAEMON,
	 .ours = true,
	 .config = config_frontend},
	{.name = "tb-edge",
	 .stage = STAGE_EDGE,
	 .after = 1u << STAGE_FRONTEND | 1u << STAGE_DAEMON,
	 .ours = true,
	 .config = config_edge},
	{.name = "tb-client", .stage = STAGE_CLIENT, .ours = true, .config = config_client},
	{.name = "command", .stage = STAGE_CLIENT, .config = config_client},
};

const struct process_role *process_role_of(const struct op *op, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(roles); i++)
		if (strcmp(roles[i].name, op->process.role) == 0)
			return &roles[i];
	g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "process '%s' has the unknown role '%s'",
		    op->process.name, op->process.role);
	return NULL;
}
