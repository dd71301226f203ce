/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/cmd.h"
#include "testbed/diagnose/service.h"
#include "testbed/explain/trace.h"
#include "testbed/live/client.h"
#include "testbed/report/walk_text.h"

#include <unistd.h>

/* Prints that the network has no such node or interface, with one that is near. */
static void print_no_place(const model *m, const char *text)
{
	g_autofree char *why = model_no_place(m, text);

	cmd_error("%s", why);
}

/* The interface's first address, or first IPv6 address; not set: it has none. */
static struct addr iface_address(const struct iface *f, bool ipv6)
{
	for (guint i = 0; i < f->addresses->len; i++) {
		const struct addr *a = &g_array_index(f->addresses, struct prefix, i).addr;

		if (!ipv6 || a->family == AF_INET6)
			return *a;
	}
	return (struct addr){.family = 0};
}

/* The address that "ADDRESS", "NODE" (its primary one; with `ipv6` its first IPv6 one) or "NODE:IF"
 * names.  False: an error was printed. */
static bool parse_target(const model *m, const char *text, bool ipv6, struct addr *ret)
{
	g_auto(GStrv) parts = g_strsplit(text, ":", 2);
	const struct node *n;
	const struct iface *f;

	if (addr_parse(text, ret)) {
		if (ipv6 && ret->family != AF_INET6)
			cmd_error("--ipv6: '%s' is no IPv6 address", text);
		return !ipv6 || ret->family == AF_INET6;
	}
	n = parts[0] ? model_node(m, parts[0]) : NULL;
	if (!n) {
		print_no_place(m, text);
		return false;
	}
	f = parts[1] ? node_iface(n, parts[1]) : NULL;
	if (parts[1] && !f) {
		print_no_place(m, text);
		return false;
	}
	*ret = f ? iface_address(f, ipv6) : ipv6 ? node_address6(n) : node_address(n);
	if (!addr_is_set(ret))
		cmd_error("'%s' has no %saddress", text, ipv6 ? "IPv6 " : "");
	return addr_is_set(ret);
}

/* Reads "udp", "tcp" or "icmp".  False: an error was printed. */
static bool parse_proto(const char *text, enum ip_proto *ret)
{
	static const char *const names[] = {
		[PROTO_TCP] = "tcp", [PROTO_UDP] = "udp", [PROTO_ICMP] = "icmp"};

	for (enum ip_proto p = PROTO_TCP; p <= PROTO_ICMP; p++) {
		*ret = p;
		if (g_str_equal(text, names[p]))
			return true;
	}
	return cmd_error("no protocol '%s'; there are udp, tcp, icmp", text);
}

bool cmd_parse_flow(const model *m, const struct options *o, struct flow *ret)
{
	guint64 port = 0;

	*ret = (struct flow){.node = o->arguments[0]};
	if (!model_node(m, ret->node)) {
		print_no_place(m, ret->node);
		return false;
	}
	if (o->port && !g_ascii_string_to_unsigned(o->port, 10, 1, G_MAXUINT16, &port, NULL))
		return cmd_error("--port '%s' is not a port number", o->port);
	ret->dport = (uint16_t)port;
	if (!parse_proto(o->proto ? o->proto : "udp", &ret->proto))
		return false;
	if (ret->proto == PROTO_ICMP && o->port)
		return cmd_error("--port: icmp has no ports");
	if (!parse_target(m, o->arguments[1], o->ipv6, &ret->dst))
		return false;
	ret->plain = ret->proto == PROTO_TCP && service_is_turn(m, &ret->dst, ret->dport);
	return true;
}

/* Walks the flow over the state and prints it; `state` NULL: prints `error`.  Returns the exit
 * code. */
static int print_trace(const model *m, const struct flow *flow, const netstate *state,
		       const GError *error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(knet) net = NULL;
	struct walk_pair *pair;
	bool delivered;
	int status;

	if (!state)
		return cmd_failed(error);
	net = knet_new(m, state);
	pair = walk_both(net, flow);
	delivered = walk_pair_delivered(pair);
	walk_text(pair, cmd_columns(STDOUT_FILENO), text);
	walk_pair_free(pair);
	status = cmd_print(text->str, (gssize)text->len);
	return status != CMD_AS_EXPECTED ? status : delivered ? CMD_AS_EXPECTED : CMD_DIFFERS;
}

/* --- a lab that is up ------------------------------------------------------------------------- */

/* The kernels' state and their answers to `questions` (struct route_question), from a lab that is
 * up; the caller frees it. */
static netstate *ask_live(const GPtrArray *questions, gpointer client, GError **error)
{
	return live_inspect(client, questions, error);
}

/* Traces in the lab with that status.  Returns the exit code. */
static int trace_live(live_client *c, const json_t *status, const struct options *o)
{
	g_autoptr(model) m = cmd_live_model(status);
	g_autoptr(netstate) state = NULL;
	g_autoptr(GError) error = NULL;
	struct flow flow;

	if (!m)
		return CMD_INPUT;
	if (!cmd_parse_flow(m, o, &flow))
		return CMD_USAGE;
	state = trace_state(m, &flow, ask_live, c, &error);
	return print_trace(m, &flow, state, error);
}

/* Traces in the lab that -n names, or the only one.  Returns the exit code. */
static int trace_live_lab(const struct options *o)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(live_client) c = NULL;
	json_auto_t *status = NULL;

	if (o->topology || o->scenario || o->changes || o->fresh)
		return cmd_fail(CMD_USAGE, "-n names a lab that is up; -t, -s, --change and "
					   "--fresh are for a fresh one");
	c = live_connect(o->name, &error);
	status = c ? live_ask(c, "status", &error) : NULL;
	if (!status)
		return cmd_failed(error);
	return trace_live(c, status, o);
}

/* --- a fresh lab ------------------------------------------------------------------------------ */

/* Builds the network, traces in it, and notes services that died.  Returns the exit code. */
static int trace_in_new_lab(const model *m, const struct options *o, const char *scenario)
{
	g_autofree char *program_dir = cmd_program_dir(), *uncontained = NULL;
	const struct lab_options fresh = {
		.name = scenario, .program_dir = program_dir, .seed = g_random_int()};
	g_autoptr(GPtrArray) died = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(netstate) state = NULL;
	g_autoptr(GError) error = NULL;
	struct flow flow;

	if (!cmd_parse_flow(m, o, &flow))
		return CMD_USAGE;
	state = trace_fresh(m, &fresh, &flow, died, &uncontained, &error);
	cmd_note_uncontained(uncontained);
	for (guint i = 0; i < died->len; i++)
		cmd_note("%s", (const char *)died->pdata[i]);
	return print_trace(m, &flow, state, error);
}

/* Traces in a fresh lab of the scenario that the options choose.  Returns the exit code. */
static int trace_new(const struct options *o)
{
	g_auto(network_choice) network = {0};
	int status = cmd_network_choose(o, &network);

	if (!status)
		status = cmd_allow_commands(o, network.model);
	return status ? status : trace_in_new_lab(network.model, o, network.scenario->name);
}

int cmd_trace(const struct options *o)
{
	return cmd_uses_live_lab(o) ? trace_live_lab(o) : trace_new(o);
}
