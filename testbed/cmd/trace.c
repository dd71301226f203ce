/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/cmd.h"
#include "testbed/walk/lookups.h"
#include "testbed/report/walk_text.h"
#include "testbed/lab/lab.h"
#include "testbed/live/client.h"
#include "testbed/plan/plan.h"

/* What has to be asked of the kernels so that every hop can be held against their own look-ups. */
static json_t *ways_to_ask(const model *m, const json_t *state, const struct flow *flow)
{
	struct walk_pair *pair = walk_both(m, state, flow);
	json_t *ways = lookups_wanted(pair);

	walk_pair_free(pair);
	return ways;
}

/* One lab that lives until it has been looked at. */
struct trace {
	const model *model;
	const struct flow *flow;
	GMainLoop *loop;
	json_t *state; /* NULL: none yet */
	GError *error; /* the lab's, or that of looking at it */
};

static void end_trace(struct trace *t, const GError *error)
{
	if (error && !t->error)
		t->error = g_error_copy(error);
	g_main_loop_quit(t->loop);
}

static void on_state_with_ways(lab *l G_GNUC_UNUSED, json_t *state, const GError *error,
			       gpointer user_data)
{
	struct trace *t = user_data;

	if (state)
		t->state = json_incref(state);
	end_trace(t, error);
}

static void on_state(lab *l, json_t *state, const GError *error, gpointer user_data)
{
	struct trace *t = user_data;
	json_t *ways;

	if (!state) {
		end_trace(t, error);
		return;
	}
	ways = ways_to_ask(t->model, state, t->flow);
	lab_inspect_ways(l, ways, on_state_with_ways, t);
	json_decref(ways);
}

static void on_built(lab *l, const struct lab_build *build G_GNUC_UNUSED, gpointer user_data)
{
	lab_inspect(l, on_state, user_data);
}

static void on_event(lab *l G_GNUC_UNUSED, const char *agent G_GNUC_UNUSED,
		     json_t *event G_GNUC_UNUSED, gpointer user_data G_GNUC_UNUSED)
{
}

/* What a program does matters to no route. */
static void on_agent_died(lab *l G_GNUC_UNUSED, const char *agent, const char *how,
			  gpointer user_data G_GNUC_UNUSED)
{
	cmd_note("agent %s died: %s", agent, how);
}

static void on_failed(lab *l G_GNUC_UNUSED, const GError *error, gpointer user_data)
{
	end_trace(user_data, error);
}

/* The state of a fresh lab of this network, the kernels' look-ups of this flow in it; NULL with
 * `error`. */
static json_t *look(const model *m, const char *name, const struct flow *flow, GError **error)
{
	static const struct lab_callbacks callbacks = {.built = on_built,
						       .event = on_event,
						       .agent_died = on_agent_died,
						       .failed = on_failed};
	g_autofree char *program_dir = cmd_program_dir();
	const struct lab_options options = {
		.name = name, .program_dir = program_dir, .seed = g_random_int()};
	g_autoptr(plan) p = plan_build(m);
	struct trace t = {.model = m, .flow = flow, .loop = g_main_loop_new(NULL, FALSE)};
	lab *l = lab_start(m, p, &options, &callbacks, &t, error);

	if (l)
		g_main_loop_run(t.loop);
	lab_free(l);
	g_main_loop_unref(t.loop);
	if (t.error)
		g_propagate_error(error, t.error);
	return t.state;
}

static void no_place(const model *m, const char *text)
{
	g_autofree char *why = model_no_place(m, text);

	cmd_error("%s", why);
}

static struct addr iface_address(const struct iface *f, gboolean ipv6)
{
	for (guint i = 0; i < f->addresses->len; i++) {
		const struct addr *a = &g_array_index(f->addresses, struct prefix, i).addr;

		if (!ipv6 || a->family == AF_INET6)
			return *a;
	}
	return (struct addr){.family = 0};
}

/* "ADDRESS", "NODE" (its primary address, or its first of IPv6) or "NODE:IF"; FALSE: told on
 * stderr. */
static gboolean parse_target(const model *m, const char *text, gboolean ipv6, struct addr *ret)
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
		no_place(m, text);
		return FALSE;
	}
	f = parts[1] ? node_iface(n, parts[1]) : NULL;
	if (parts[1] && !f) {
		no_place(m, text);
		return FALSE;
	}
	*ret = f ? iface_address(f, ipv6) : ipv6 ? node_address6(n) : node_address(n);
	if (!addr_is_set(ret))
		cmd_error("'%s' has no %saddress", text, ipv6 ? "IPv6 " : "");
	return addr_is_set(ret);
}

static gboolean parse_proto(const char *text, enum ip_proto *ret)
{
	static const char *const names[] = {
		[PROTO_TCP] = "tcp", [PROTO_UDP] = "udp", [PROTO_ICMP] = "icmp"};

	for (enum ip_proto p = PROTO_TCP; p <= PROTO_ICMP; p++) {
		*ret = p;
		if (g_str_equal(text, names[p]))
			return TRUE;
	}
	cmd_error("no protocol '%s'; there are udp, tcp, icmp", text);
	return FALSE;
}

static gboolean parse_flow(const model *m, const struct options *o, struct flow *ret)
{
	guint64 port = 0;

	*ret = (struct flow){.node = o->arguments[0]};
	if (!model_node(m, ret->node)) {
		no_place(m, ret->node);
		return FALSE;
	}
	if (o->port && !g_ascii_string_to_unsigned(o->port, 10, 1, G_MAXUINT16, &port, NULL)) {
		cmd_error("--port '%s' is not a port number", o->port);
		return FALSE;
	}
	ret->dport = (uint16_t)port;
	if (!parse_proto(o->proto ? o->proto : "udp", &ret->proto))
		return FALSE;
	if (ret->proto == PROTO_ICMP && o->port) {
		cmd_error("--port: icmp has no ports");
		return FALSE;
	}
	return parse_target(m, o->arguments[1], o->ipv6, &ret->dst);
}

/* Takes `state` over; NULL: there is none because of `error`. */
static int tell(const model *m, const struct flow *flow, json_t *state, const GError *error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct walk_pair *pair;
	bool delivered;
	int status;

	if (!state) {
		cmd_error("%s", error->message);
		return cmd_exit_of(error);
	}
	pair = walk_both(m, state, flow);
	delivered = walk_pair_delivered(pair);
	walk_text(pair, text);
	walk_pair_free(pair);
	json_decref(state);
	status = cmd_print(text->str, (gssize)text->len);
	return status != CMD_AS_EXPECTED ? status : delivered ? CMD_AS_EXPECTED : CMD_DIFFERS;
}

/* --- a lab that is up ------------------------------------------------------------------------- */

static json_t *look_live(live_client *c, const model *m, const struct flow *flow, GError **error)
{
	json_t *state = live_request(c, json_pack("{s:s}", "do", "inspect"), NULL, NULL, error),
	       *ways;

	if (!state)
		return NULL;
	ways = ways_to_ask(m, state, flow);
	json_decref(state);
	return live_request(c, json_pack("{s:s, s:o}", "do", "inspect", "ways", ways), NULL, NULL,
			    error);
}

static int trace_live(live_client *c, const json_t *status, const struct options *o)
{
	g_autoptr(model) m = cmd_live_model(status);
	g_autoptr(GError) error = NULL;
	struct flow flow;

	if (!m)
		return CMD_INPUT;
	if (!parse_flow(m, o, &flow))
		return CMD_USAGE;
	return tell(m, &flow, look_live(c, m, &flow, &error), error);
}

static int find_live(const struct options *o)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(live_client) c = NULL;
	json_t *status;
	int result;

	if (o->topology || o->scenario || o->changes) {
		cmd_error("-n names a lab that is up; -t, -s and --change are for a fresh one");
		return CMD_USAGE;
	}
	c = live_connect(o->name, &error);
	status = c ? live_request(c, json_pack("{s:s}", "do", "status"), NULL, NULL, &error) : NULL;
	if (!status) {
		cmd_error("%s", error->message);
		return cmd_exit_of(error);
	}
	result = trace_live(c, status, o);
	json_decref(status);
	return result;
}

/* --- a fresh lab ------------------------------------------------------------------------------ */

static int trace_fresh(const model *m, const struct options *o, const char *scenario)
{
	g_autoptr(GError) error = NULL;
	struct flow flow;

	if (!parse_flow(m, o, &flow))
		return CMD_USAGE;
	return tell(m, &flow, look(m, scenario, &flow, &error), error);
}

static int trace_new(const struct options *o)
{
	g_auto(network_choice) network = {0};
	int status = cmd_network_choose(o, &network);

	return status ? status : trace_fresh(network.model, o, network.scenario->name);
}

int cmd_trace(const struct options *o)
{
	return o->name ? find_live(o) : trace_new(o);
}
