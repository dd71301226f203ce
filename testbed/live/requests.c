/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests that a keeper serves (docs/LIVE.md): one row of the table for each. */
#include "testbed/model/address_names.h"
#include "testbed/live/memory.h"
#include "testbed/live/keeper_internal.h"
#include "testbed/netstate/netstate_json.h"
#include "testbed/report/json.h"

#include <string.h>
#include <unistd.h>

/* --- status ----------------------------------------------------------------------------------- */

static const char *const sign_in_names[SIGN_IN_STATES] = {
	[SIGN_IN_WAITING] = "pending", [SIGN_IN_PENDING] = "pending", [SIGN_IN_DONE] = "signed-in",
	[SIGN_IN_FAILED] = "failed",   [SIGN_IN_SILENT] = "died",     [SIGN_IN_DIED] = "died",
};

/* An endpoint's entry in the status; the caller owns it. */
static json_t *endpoint_json(const struct session_client *c)
{
	const json_t *last = json_array_get(c->story, json_array_size(c->story) - 1);
	const char *name = member_text(last, "event");
	const json_t *signed_in = g_strcmp0(name, EVENT_SIGNED_IN) == 0 ? last : NULL;
	const json_t *server = json_object_get(signed_in, "server");
	g_autofree char *why = live_client_why(c);
	json_t *o = json_pack("{s:s, s:s, s:s?, s:i}", "name", c->name, "state",
			      sign_in_names[c->state], "why", why, "calls", (int)c->calls);

	json_object_set(o, "server", server ? json_object_get(server, "name") : json_null());
	json_object_set_new(o, "remote_user", json_boolean(member_true(signed_in, "remote_user")));
	return o;
}

/* All endpoints, in the order of the topology; the caller owns the array. */
static json_t *endpoints_json(const struct keeper *k)
{
	json_t *list = json_array();

	ptr_array_foreach(const struct node, n, k->current->nodes) {
		const struct session_client *c = session_client(k->session, n->name);

		if (c)
			json_array_append_new(list, endpoint_json(c));
	}
	return list;
}

static json_t *node_names(const struct keeper *k)
{
	json_t *list = json_array();

	for (guint i = 0; i < k->current->nodes->len; i++)
		json_array_append_new(
			list, json_string(((struct node *)k->current->nodes->pdata[i])->name));
	return list;
}

/* Dead servers (dead clients are endpoints with a reason), and nodes that are not published. */
static json_t *troubles_json(const struct keeper *k)
{
	g_autoptr(GList) dead = k->session ? session_dead(k->session) : NULL;
	json_t *all = report_texts_json(k->unpublished);

	for (const GList *l = dead; l; l = l->next)
		json_array_append_new(all, json_string(l->data));
	return all;
}

/* The changes but those that are told to nobody. */
static json_t *told_changes_json(const struct keeper *k)
{
	json_t *all = report_texts_json(k->changes);

	for (guint i = 0; i < k->n_hidden; i++)
		json_array_remove(all, 0);
	return all;
}

json_t *keeper_status(const struct keeper *k)
{
	const struct keeper_job *job = k->job;
	g_autofree char *file = g_canonicalize_filename(job->base->file, NULL);
	json_t *o =
		json_pack("{s:s, s:s, s:i, s:I, s:I}", "schema", "testbed.live/1", "name",
			  job->name, "pid", (int)getpid(), "started_s",
			  (json_int_t)k->started_real_s, "uptime_s",
			  (json_int_t)((g_get_monotonic_time() - k->started_us) / G_USEC_PER_SEC));

	json_object_set_new(o, "topology",
			    json_pack("{s:s, s:s, s:s}", "name", job->base->name, "file", file,
				      "sha256", job->base->sha256));
	json_object_set_new(o, "scenario", json_string(job->scenario->name));
	json_object_set_new(o, "changes", told_changes_json(k));
	json_object_set_new(o, "declared", json_integer(k->n_declared - k->n_hidden));
	if (job->exercise)
		json_object_set(o, "exercise", job->exercise);
	json_object_set_new(o, "nodes", node_names(k));
	json_object_set_new(o, "endpoints", endpoints_json(k));
	json_object_set_new(o, "vpn", k->vpn ? json_string(k->vpn) : json_null());
	json_object_set_new(o, "impairment",
			    k->impairment ? json_string(k->impairment) : json_null());
	json_object_set_new(o, "seed", json_integer((json_int_t)k->seed));
	if (k->uncontained)
		json_object_set_new(o, "uncontained", json_string(k->uncontained));
	json_object_set_new(o, "build_ms", json_real(k->build_ms));
	json_object_set_new(o, "up_ms", k->up ? json_real(k->up_ms) : json_null());
	json_object_set_new(o, "memory_kib",
			    json_integer((json_int_t)memory_of_tree_kib(getpid())));
	json_object_set_new(
		o, "supervisor",
		json_integer((json_int_t)(k->session ? lab_pid(session_lab(k->session)) : 0)));
	json_object_set_new(o, "died", troubles_json(k));
	json_object_set_new(o, "published", json_boolean(k->published != NULL));
	return o;
}

static void on_status(struct control_client *g, const json_t *request G_GNUC_UNUSED)
{
	control_client_done(g, keeper_status(g->k));
}

/* Answers the status when all sign-ins are over. */
static void on_wait(struct control_client *g, const json_t *request G_GNUC_UNUSED)
{
	g->waits = true;
	keeper_settle(g->k);
}

/* Ends the keeper, which answers when the lab is gone. */
static void on_down(struct control_client *g, const json_t *request G_GNUC_UNUSED)
{
	g->leaves = true;
	keeper_quit(g->k);
}

/* --- requests that the lab answers ------------------------------------------------------------ */

/* Answers the state, or the error. */
static void on_state(lab *l G_GNUC_UNUSED, const netstate *state, const GError *error,
		     gpointer user_data)
{
	struct control_client *g = user_data;

	if (error)
		control_client_fail_with(g, error);
	else
		control_client_done(g, netstate_to_json(state));
	control_client_unref(g);
}

/* Answers the state of the lab's kernels, with their answers to the request's route questions. */
static void on_inspect(struct control_client *g, const json_t *request)
{
	g_autoptr(GPtrArray) questions =
		route_questions_from_json(json_object_get(request, "ways"));

	lab_inspect_asking(session_lab(g->k->session), questions, on_state, control_client_ref(g));
}

/* Answers with the recording's descriptor, or ends the recording if that can't be sent. */
static void on_watched(lab *l, int fd, const GError *error, gpointer user_data)
{
	struct control_client *g = user_data;

	if (error)
		control_client_fail_with(g, error);
	else if (control_client_done_fds(g, json_object(), &fd, 1))
		g->watches = true;
	else
		lab_unwatch(l);
	control_client_unref(g);
}

/* Has the lab record packets; the answer carries a descriptor of the recording. */
static void on_watch(struct control_client *g, const json_t *request G_GNUC_UNUSED)
{
	if (g->watches)
		control_client_fail(g, TB_ERROR_INPUT,
				    "the packets are watched for this connection already");
	else
		lab_watch(session_lab(g->k->session), on_watched, control_client_ref(g));
}

/* Ends the recording for this connection. */
static void on_unwatch(struct control_client *g, const json_t *request G_GNUC_UNUSED)
{
	if (g->watches)
		lab_unwatch(session_lab(g->k->session));
	g->watches = false;
	control_client_done(g, NULL);
}

static void on_follow(struct control_client *g, const json_t *request G_GNUC_UNUSED)
{
	g->follows = true;
	control_client_done(g, NULL);
}

/* What captures call the addresses: {"10.0.0.1": "core-lan"}. */
static json_t *names_of_addresses(const model *m)
{
	g_autoptr(GArray) names = address_names(m);
	json_t *all = json_object();
	char text[ADDR_TEXT_MAX];

	array_foreach(const struct pcapng_name, one, names)
		json_object_set_new(all, addr_print(&one->address, text), json_string(one->name));
	return all;
}

/* Answers with the node's files and descriptors, or the error. */
static void on_enter_target(lab *l G_GNUC_UNUSED, const struct lab_enter_target *target,
			    const GError *error, gpointer user_data)
{
	struct control_client *g = user_data;
	json_t *files;

	if (error) {
		control_client_fail_with(g, error);
		control_client_unref(g);
		return;
	}
	files = json_array();
	for (guint i = 0; target->files[i]; i++)
		json_array_append_new(files, json_string(target->files[i]));
	control_client_done_fds(
		g,
		json_pack("{s:o, s:o}", "files", files, "names", names_of_addresses(g->k->current)),
		(const int[]){target->user, target->mnt, target->pid, target->net, target->keys},
		5);
	control_client_unref(g);
}

bool control_client_check_node(struct control_client *g, const char *name)
{
	g_autofree char *message = NULL;
	const char *near;

	if (name && model_node(g->k->current, name))
		return true;
	near = name ? model_nearest_node(g->k->current, name) : NULL;
	message = g_strdup_printf("no node '%s'%s%s%s", name ? name : "",
				  near ? " (did you mean '" : "", near ? near : "",
				  near ? "'?)" : "; 'testbed status' lists them");
	return control_client_fail(g, TB_ERROR_INPUT, message);
}

/* Answers the node's files and descriptors of its namespaces (user, mount, PID, network)
 * and of the lab's TLS keys. */
static void on_enter(struct control_client *g, const json_t *request)
{
	const char *name = member_text(request, "node");

	if (control_client_check_node(g, name))
		lab_enter(session_lab(g->k->session), name, on_enter_target, control_client_ref(g));
}

/* --- credentials ------------------------------------------------------------------------------ */

/* What the endpoint's own client has signed in to; NULL: it is not signed in. */
static const json_t *signed_in_of(const struct keeper *k, const char *name)
{
	const struct session_client *c = session_client(k->session, name);
	const json_t *last = c ? json_array_get(c->story, json_array_size(c->story) - 1) : NULL;
	const char *event = json_string_value(json_object_get(last, "event"));

	return g_strcmp0(event, EVENT_SIGNED_IN) == 0 ? last : NULL;
}

static json_t *relay_uris(const char *host, json_int_t tcp_port)
{
	json_t *list = json_array();

	json_array_append_new(list, json_sprintf("turn:%s:3478?transport=udp", host));
	json_array_append_new(list, json_sprintf("turn:%s:%d?transport=tcp", host, (int)tcp_port));
	return list;
}

/* The relay by the name that leads to it from where the endpoint has signed in. */
static json_t *relay_of(const json_t *relay, const json_t *realm, bool remote)
{
	const char *host =
		json_string_value(json_object_get(relay, remote ? "external" : "internal"));

	if (!host)
		return json_null();
	return json_pack("{s:s, s:o, s:O, s:O, s:O, s:O}", "host", host, "uris",
			 relay_uris(host, json_integer_value(json_object_get(relay, "tcp_port"))),
			 "username", json_object_get(relay, "username"), "password",
			 json_object_get(relay, "password"), "realm", realm, "expires",
			 json_object_get(relay, "expires"));
}

static json_t *server_of(const json_t *signed_in, const json_t *of)
{
	const json_t *server = json_object_get(signed_in, "server");
	const char *front_end = json_string_value(json_object_get(of, "front_end"));

	if (server)
		return json_pack("{s:O, s:O, s:O}", "name", json_object_get(server, "name"),
				 "address", json_object_get(server, "address"), "port",
				 json_object_get(server, "port"));
	return front_end ?
		       json_pack("{s:s, s:n, s:i}", "name", front_end, "address", "port", 5061) :
		       json_null();
}

static json_t *credentials_json(const struct keeper *k, const char *node, const json_t *of)
{
	const json_t *signed_in = signed_in_of(k, node), *realm = json_object_get(of, "realm");
	bool remote = json_is_true(json_object_get(signed_in, "remote_user"));
	json_t *sip =
		json_pack("{s:O, s:O, s:O, s:o, s:s, s:O}", "user", json_object_get(of, "user"),
			  "password", json_object_get(of, "password"), "realm", realm, "server",
			  server_of(signed_in, of), "transport", "tls", "ca",
			  json_object_get(of, "ca"));

	return json_pack("{s:s, s:s, s:o, s:o}", "schema", "testbed.credentials/1", "node", node,
			 "sip", sip, "relay",
			 relay_of(json_object_get(of, "relay"), realm, remote));
}

struct credentials_request {
	struct control_client *client;
	char *node;
};

static void on_credentials_told(lab *l G_GNUC_UNUSED, json_t *of, const GError *error,
				gpointer user_data)
{
	struct credentials_request *r = user_data;

	if (error)
		control_client_fail_with(r->client, error);
	else
		control_client_done(r->client, credentials_json(r->client->k, r->node, of));
	control_client_unref(r->client);
	g_free(r->node);
	g_free(r);
}

static void on_credentials(struct control_client *g, const json_t *request)
{
	const char *name = json_string_value(json_object_get(request, "node"));
	struct credentials_request *r;

	if (!control_client_check_node(g, name))
		return;
	r = g_new(struct credentials_request, 1);
	*r = (struct credentials_request){control_client_ref(g), g_strdup(name)};
	lab_credentials(session_lab(g->k->session), name, on_credentials_told, r);
}

/* --- exercises -------------------------------------------------------------------------------- */

/* Has every client sign in again; the answer is the status when all sign-ins are over. */
static void on_sign_in(struct control_client *g, const json_t *request G_GNUC_UNUSED)
{
	struct keeper *k = g->k;
	g_autofree const char **names = (const char **)(gpointer)g_hash_table_get_keys_as_array(
		session_clients(k->session), NULL);

	if (k->change || session_calls(k->session)->len > 0) {
		control_client_fail(g, TB_ERROR_INPUT,
				    "a change or a call is in progress; try again when it is over");
		return;
	}
	session_restarted(k->session, names, NULL);
	g->waits = true;
	keeper_sign_in(k);
}

/* Keeps a value in memory, in place of an earlier one. */
static void on_remember(struct control_client *g, const json_t *request)
{
	json_decref(g->k->remembered);
	g->k->remembered = json_incref(json_object_get(request, "value"));
	control_client_done(g, NULL);
}

static void on_recall(struct control_client *g, const json_t *request G_GNUC_UNUSED)
{
	control_client_done(g, json_pack("{s:O?}", "value", g->k->remembered));
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	bool needs_lab; /* refused until the lab is up */
	void (*serve)(struct control_client *g, const json_t *request);
} requests[] = {
	{"status", false, on_status},	 {"wait", false, on_wait},
	{"down", false, on_down},	 {"inspect", true, on_inspect},
	{"watch", true, on_watch},	 {"unwatch", true, on_unwatch},
	{"follow", false, on_follow},	 {"enter", true, on_enter},
	{"call", true, live_call_start}, {"hang-up", true, live_call_hang_up},
	{"set", true, change_set},	 {"credentials", true, on_credentials},
	{"reset", true, change_reset},	 {"reboot", true, change_reboot_node},
	{"sign-in", true, on_sign_in},	 {"remember", true, on_remember},
	{"recall", true, on_recall},
};

void request_serve(struct control_client *g, const json_t *request)
{
	const char *name = member_text(request, "do");
	g_autofree char *message = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(requests); i++) {
		if (g_strcmp0(requests[i].name, name) != 0)
			continue;
		if (requests[i].needs_lab && !g->k->up)
			control_client_fail(g, TB_ERROR_INPUT, "the lab is still coming up");
		else
			requests[i].serve(g, request);
		return;
	}
	message = g_strdup_printf("unknown request '%s'", name ? name : "");
	control_client_fail(g, TB_ERROR_INPUT, message);
}
