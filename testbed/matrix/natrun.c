/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/matrix/natrun.h"

#include "common/base/object.h"
#include "testbed/session/session.h"

#include <string.h>

/* For a measurement, beyond the longest UDP timeout.  A probe without answers ends by itself
 * sooner. */
#define TIME_LIMIT_MS 60000
#define JUDGE_NETWORKS 512 /* /24 networks in 198.18.0.0/15 (RFC 2544: on no real network) */
#define JUDGE_IFACE "tbjudge"

/* A node that runs a judge. */
struct nat_judge {
	char *name;
	char first[ADDR_TEXT_MAX]; /* its first address; the second ends in .20 instead of .10 */
};

/* One natrun_new at work. */
struct measurement {
	natrun *result;
	const struct nat_options *options;
	GPtrArray *judges;    /* struct nat_judge */
	GHashTable *judge_of; /* name of a measured node -> struct nat_judge */
	guint judging;	      /* how many judges are ready */
	guint waiting;	      /* how many nodes are not measured yet */
	GError *died;	      /* the first tb-nat that died, or NULL */
};

static const struct object_shape nat_judge_shape =
	OBJECT_SHAPE(nat_judge, NULL, OWNS_TEXT(nat_judge, name));
static const struct object_shape finding_shape =
	OBJECT_SHAPE(nat_finding, NULL, OWNS_TEXT(nat_finding, node),
		     OWNS_TEXT(nat_finding, trouble),
		     OWNS(nat_finding, hops, (GDestroyNotify)g_array_unref));
static const struct object_shape natrun_shape =
	OBJECT_SHAPE(natrun, NULL, OWNS_LIST(natrun, findings, object_free),
		     OWNS_TEXT(natrun, uncontained), OWNS(natrun, m, (GDestroyNotify)model_free));

void natrun_free(natrun *r)
{
	object_free(r);
}

/* --- which nodes ------------------------------------------------------------------------------ */

/* Whether the node is one of those named, or, when none are named, an endpoint. */
static bool is_node_wanted(const struct nat_options *o, const struct node *n)
{
	return o->nodes ? g_strv_contains(o->nodes, n->name) : n->endpoint != NULL;
}

/* Adds a finding, not measured yet, for a node behind NAT, and its way to `paths` (node name ->
 * struct natpath).  False with `error` when the node was named and has no NAT. */
static bool add_finding(struct measurement *run, const model *m, const struct node *n,
			GHashTable *paths, GError **error)
{
	g_autofree char *why = NULL;
	struct natpath *p = natpath_new(m, n, &why);
	struct nat_finding *f;

	if (!p && run->options->nodes)
		return tb_error_set(error, TB_ERROR_INPUT, "%s is behind no NAT%s%s", n->name,
				    why ? ": " : "", why ? why : "");
	if (!p)
		return true;
	f = object_new(&finding_shape);
	f->node = g_strdup(n->name);
	f->hops = g_array_ref(p->hops);
	f->asked = p->asked;
	f->trouble = g_strdup("was not measured");
	g_ptr_array_add(run->result->findings, f);
	g_hash_table_insert(paths, f->node, p);
	return true;
}

/* False with `error` when a named node is not in the model. */
static bool check_node_names(const struct nat_options *o, const model *m, GError **error)
{
	for (guint i = 0; o->nodes && o->nodes[i]; i++) {
		g_autofree char *why = NULL;

		if (model_node(m, o->nodes[i]))
			continue;
		why = model_no_place(m, o->nodes[i]);
		return tb_error_set(error, TB_ERROR_INPUT, "%s", why);
	}
	return true;
}

/* Adds the findings of all wanted nodes; false with `error` when there are none. */
static bool add_findings(struct measurement *run, const model *m, GHashTable *paths, GError **error)
{
	if (!check_node_names(run->options, m, error))
		return false;
	ptr_array_foreach(const struct node, n, m->nodes)
		if (is_node_wanted(run->options, n) && !add_finding(run, m, n, paths, error))
			return false;
	if (run->result->findings->len > 0)
		return true;
	return tb_error_set(error, TB_ERROR_INPUT,
			    "no endpoint is behind a NAT; name nodes to be asked about others");
}

/* --- the network to measure in ---------------------------------------------------------------- */

/* Whether the prefix overlaps no network of the model. */
static bool is_free(const model *m, const struct prefix *p)
{
	for (guint i = 0; i < m->networks->len; i++)
		if (prefix_overlaps(&((const struct network *)m->networks->pdata[i])->subnet, p))
			return false;
	return true;
}

/* The next /24 network that the model does not use, as its first three bytes ("198.18.0"); *next
 * counts on.  The caller frees it; NULL: there is none left. */
static char *free_network(const model *m, guint *next)
{
	for (; *next < JUDGE_NETWORKS; (*next)++) {
		g_autofree char *start =
			g_strdup_printf("198.%u.%u", 18 + *next / 256, *next % 256);
		g_autofree char *text = g_strdup_printf("%s.0/24", start);
		struct prefix p;

		if (prefix_parse(text, &p) && is_free(m, &p)) {
			(*next)++;
			return g_steal_pointer(&start);
		}
	}
	return NULL;
}

/* A name for judge number `index` that no node or network has; the caller frees it. */
static char *free_name(const model *m, guint index)
{
	char *name = g_strdup_printf("nat-judge-%u", index);

	while (model_node(m, name) || model_network(m, name)) {
		char *longer = g_strconcat(name, "-x", NULL);

		g_free(name);
		name = longer;
	}
	return name;
}

/* Appends a route, unless it is among those that were appended before ("NODE PREFIX"). */
static void add_step_route(const struct nat_step *step, const char *to, GHashTable *routed,
			   GString *changes)
{
	char via[ADDR_TEXT_MAX];

	if (g_hash_table_add(routed, g_strdup_printf("%s %s", step->node->name, to)))
		g_string_append_printf(changes, "- add-route: {node: %s, to: %s, via: %s}\n",
				       step->node->name, to, addr_print(&step->via, via));
}

/* Appends the routes that nodes without a default route need: to the judge's network, and to the
 * outside address that hairpinned packets are sent to. */
static void route_to_judge(const struct natpath *p, const struct nat_judge *j, GHashTable *routed,
			   GString *changes)
{
	g_autofree char *net =
		g_strdup_printf("%.*s0/24", (int)(strrchr(j->first, '.') + 1 - j->first), j->first);
	char outside[ADDR_TEXT_MAX];

	array_foreach(const struct nat_step, step, p->steps) {
		add_step_route(step, net, routed, changes);
		if (step->lacks_outside)
			add_step_route(step, addr_print(&p->outside, outside), routed, changes);
	}
}

/* Chooses a judge for each router at the end of one of the `paths`, and appends the changes that
 * add them to the topology.  False: no free network is left. */
static bool place_judges(struct measurement *run, const model *m, GHashTable *paths,
			 GString *changes)
{
	g_autoptr(GHashTable) routed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GHashTable *of_router = g_hash_table_new(NULL, NULL);
	guint next = 0;
	bool ok = true;

	for (guint i = 0; i < run->result->findings->len && ok; i++) {
		const struct nat_finding *f = run->result->findings->pdata[i];
		const struct natpath *p = g_hash_table_lookup(paths, f->node);
		const struct node *router = p->beyond;
		struct nat_judge *j = g_hash_table_lookup(of_router, router);
		g_autofree char *net = j ? NULL : free_network(m, &next);

		ok = j || net;
		if (net) {
			j = object_new(&nat_judge_shape);
			j->name = free_name(m, run->judges->len);
			g_snprintf(j->first, sizeof j->first, "%s.10", net);
			g_ptr_array_add(run->judges, j);
			g_hash_table_insert(of_router, (gpointer)(guintptr)router, j);
			g_string_append_printf(
				changes,
				"- add-network: {%s: {subnet: %s.0/24}}\n"
				"- add-interface: {node: %s, " JUDGE_IFACE
				": {network: %s, address: %s.1/24}}\n"
				"- add-node: {%s: {interfaces: {eth0: {network: %s, addresses: "
				"[%s.10/24, %s.20/24]}}, "
				"routes: [{to: default, via: %s.1}], endpoint: {}}}\n",
				j->name, net, router->name, j->name, net, j->name, j->name, net,
				net, net);
		}
		if (j) {
			g_hash_table_insert(run->judge_of, f->node, j);
			route_to_judge(p, j, routed, changes);
		}
	}
	g_hash_table_unref(of_router);
	return ok;
}

/* Changes the model so that only tb-nat (`program`) runs, in the judges and in the nodes to
 * measure. */
static void replace_programs_by_tb_nat(model *m, const char *program, const GPtrArray *findings)
{
	ptr_array_foreach(struct node, n, m->nodes) {
		bool asked = false;

		for (guint k = 0; k < findings->len; k++)
			asked = asked ||
				g_str_equal(((const struct nat_finding *)findings->pdata[k])->node,
					    n->name);
		for (guint k = 0; k < n->services->len; k++)
			((struct service *)n->services->pdata[k])->enabled = false;
		if (asked && !n->endpoint) {
			n->endpoint = endpoint_new();
			n->endpoint->user = g_strdup_printf("%s@%s", n->name, m->domain);
			n->endpoint->ice_profile = g_strdup(m->ice_profile);
		}
		if (!n->endpoint)
			continue;
		if (n->endpoint->command)
			g_ptr_array_set_size(n->endpoint->command, 0);
		else
			n->endpoint->command = g_ptr_array_new_with_free_func(g_free);
		g_ptr_array_add(n->endpoint->command, g_strdup(program));
	}
}

/* Makes the findings' hops point at the lab's model instead of the one that they were found in. */
static void rebase_hops(natrun *r)
{
	ptr_array_foreach(const struct nat_finding, f, r->findings) {
		array_foreach(struct nat_hop, h, f->hops) {
			guint index = 0;

			while (h->node->nat->pdata[index] != h->rule)
				index++;
			h->node = model_node(r->m, h->node->name);
			h->rule = h->node->nat->pdata[index];
		}
	}
}

/* Makes the findings, the judges and the lab's model; false with `error`. */
static bool prepare_measurement(struct measurement *run, const model *base,
				const struct scenario *scenario, GError **error)
{
	g_autofree char *program = g_build_filename(run->options->program_dir, "tb-nat", NULL);
	g_autoptr(diags) found = diags_new();
	g_autoptr(model) plain = model_instantiate(base, scenario, found);
	g_autoptr(GHashTable) paths =
		g_hash_table_new_full(g_str_hash, g_str_equal, NULL, object_free);
	g_autoptr(GString) changes = g_string_new(NULL);

	if (!plain || !add_findings(run, plain, paths, error)) {
		if (!plain)
			g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "scenario '%s' can't be made",
				    scenario->name);
		return false;
	}
	if (!place_judges(run, plain, paths, changes))
		return tb_error_set(error, TB_ERROR_FAILED,
				    "198.18.0.0/15 has no room for a judge");
	run->result->m = model_instantiate_with(base, scenario, "the judges", changes->str, found);
	if (!run->result->m)
		return diags_set_error(found, TB_ERROR_FAILED,
				       "the judges do not fit the topology: ", error);
	replace_programs_by_tb_nat(run->result->m, program, run->result->findings);
	rebase_hops(run->result);
	return true;
}

/* --- the lab ---------------------------------------------------------------------------------- */

/* The UDP timeout that the probe is to check, in milliseconds; 0: none, or it is too long to wait
 * for. */
static unsigned lifetime_to_measure(const struct measurement *run, const struct nat_finding *f)
{
	return f->asked.udp_timeout_ms <= run->options->timeout_max_ms ? f->asked.udp_timeout_ms :
									 0;
}

/* Has every node measure its NATs. */
static void start_probes(const struct measurement *run, session *s)
{
	ptr_array_foreach(const struct nat_finding, f, run->result->findings) {
		const struct nat_judge *j = g_hash_table_lookup(run->judge_of, f->node);

		session_command(s, f->node,
				json_pack("{s:s, s:s, s:I}", "cmd", "nat-probe", "judge", j->first,
					  "lifetime_ms", (json_int_t)lifetime_to_measure(run, f)),
				NULL);
	}
}

static void tell_measured(const struct measurement *run, const struct nat_finding *f)
{
	if (run->options->measured)
		run->options->measured(f, run->options->user_data);
}

/* Has every judge listen on its two addresses. */
static void on_built(session *s, const struct lab_build *build, gpointer user_data)
{
	struct measurement *run = user_data;

	run->result->build_ms = build->build_ms;
	run->result->uncontained = g_strdup(build->uncontained);
	tell_measured(run, NULL);
	ptr_array_foreach(const struct nat_judge, j, run->judges) {
		g_autofree char *second = g_strdup(j->first);

		second[strlen(second) - 2] = '2';
		session_command(s, j->name,
				json_pack("{s:s, s:[s, s]}", "cmd", "nat-judge", "addresses",
					  j->first, second),
				NULL);
	}
}

/* Reads the event's member `key`; false: it is missing or unknown. */
static bool read_behaviour(const json_t *event, const char *key, enum nat_behaviour *ret)
{
	return nat_behaviour_parse(member_text(event, key), ret);
}

/* Reads whether the mapping lived shortly before the timeout and had ended after it (NULL: not
 * measured). */
static void read_lifetime(struct nat_finding *f, const json_t *lifetime)
{
	f->timeout_measured = lifetime != NULL;
	if (member_true(lifetime, "lived") && member_true(lifetime, "ended"))
		f->measured.udp_timeout_ms = f->asked.udp_timeout_ms;
}

unsigned nat_compare(const struct nat_finding *f)
{
	const struct nat_manner *a = &f->asked, *m = &f->measured;

	return (a->mapping != m->mapping ? NAT_DIFFERS_MAPPING : 0u) |
	       (a->filtering != m->filtering ? NAT_DIFFERS_FILTERING : 0u) |
	       (a->hairpin != m->hairpin ? NAT_DIFFERS_HAIRPIN : 0u) |
	       (a->preserve_port != m->preserve_port ? NAT_DIFFERS_PORT : 0u) |
	       (f->timeout_measured && a->udp_timeout_ms != m->udp_timeout_ms ?
			NAT_DIFFERS_TIMEOUT :
			0u) |
	       (f->tcp && a->mapping != f->tcp_mapping ? NAT_DIFFERS_TCP : 0u);
}

/* Fills the finding from a probe's event: what was measured, or why nothing was. */
static void read_measurement(struct nat_finding *f, const json_t *event)
{
	g_clear_pointer(&f->trouble, g_free);
	if (!member_true(event, "udp")) {
		f->trouble = g_strdup("no UDP gets through");
		return;
	}
	if (!read_behaviour(event, "mapping", &f->measured.mapping) ||
	    !read_behaviour(event, "filtering", &f->measured.filtering)) {
		f->trouble = g_strdup("answers got lost");
		return;
	}
	/* RFC 4787 REQ-9: with hairpinning the packet has the outside source address. */
	f->measured.hairpin =
		member_true(event, "hairpin") && member_true(event, "hairpin_outside");
	f->measured.preserve_port = member_true(event, "preserve_port");
	f->tcp = read_behaviour(event, "tcp_mapping", &f->tcp_mapping);
	read_lifetime(f, json_object_get(event, "lifetime"));
	f->differences = nat_compare(f);
}

/* The finding of the node with that name; NULL: none. */
static struct nat_finding *finding_of(const natrun *r, const char *agent)
{
	ptr_array_foreach(struct nat_finding, f, r->findings)
		if (g_str_equal(f->node, agent))
			return f;
	return NULL;
}

/* Starts the probes when all judges are ready, and ends the session after the last measurement. */
static void on_event(session *s, const struct session_call *call G_GNUC_UNUSED, const char *agent,
		     json_t *event, gpointer user_data)
{
	struct measurement *run = user_data;
	const char *name = member_text(event, "event");
	struct nat_finding *f = finding_of(run->result, agent);

	if (g_strcmp0(name, EVENT_NAT_JUDGING) == 0 && ++run->judging == run->judges->len)
		start_probes(run, s);
	if (g_strcmp0(name, EVENT_NAT_MEASURED) != 0 || !f)
		return;
	read_measurement(f, event);
	tell_measured(run, f);
	if (--run->waiting == 0)
		session_quit(s);
}

static void on_died(session *s, const char *agent, const char *how, gpointer user_data)
{
	struct measurement *run = user_data;

	if (!run->died)
		g_set_error(&run->died, TB_ERROR, TB_ERROR_FAILED, "%s: tb-nat %s", agent, how);
	session_quit(s);
}

/* Ends a measurement that takes too long; nodes without a result keep their trouble. */
static gboolean on_limit(gpointer s)
{
	session_quit(s);
	return G_SOURCE_CONTINUE;
}

/* Runs the lab until all is measured; false with `error`. */
static bool run_nat_lab(struct measurement *run, const struct scenario *scenario,
			GCancellable *cancel, GError **error)
{
	static const struct session_callbacks callbacks = {
		.built = on_built, .event = on_event, .agent_died = on_died};
	const struct session_job job = {.model = run->result->m,
					.lab = {.name = scenario->name,
						.program_dir = run->options->program_dir}};
	g_autoptr(session) s = session_start(&job, &callbacks, run, error);
	bool ran;
	guint limit;

	if (!s)
		return false;
	limit = g_timeout_add(TIME_LIMIT_MS + run->options->timeout_max_ms, on_limit, s);
	run->waiting = run->result->findings->len;
	ran = session_run(s, cancel, error);
	g_source_remove(limit);
	if (!run->died)
		return ran;
	g_clear_error(error);
	g_propagate_error(error, run->died);
	return false;
}

natrun *natrun_new(const model *base, const struct scenario *scenario,
		   const struct nat_options *options, GCancellable *cancel, GError **error)
{
	g_autoptr(natrun) r = object_new(&natrun_shape);
	struct measurement run = {.result = r, .options = options};
	bool ran;

	run.judges = g_ptr_array_new_with_free_func(object_free);
	run.judge_of = g_hash_table_new(g_str_hash, g_str_equal);
	ran = prepare_measurement(&run, base, scenario, error) &&
	      run_nat_lab(&run, scenario, cancel, error);
	g_hash_table_unref(run.judge_of);
	g_ptr_array_unref(run.judges);
	return ran ? g_steal_pointer(&r) : NULL;
}
