/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/frontend/world.h"

#include <criterion/criterion.h>

#include <string.h>

static gint64 now_us(gpointer user_data)
{
	return ((struct world *)user_data)->now_us;
}

static void sent_free(gpointer data)
{
	struct sent *s = data;

	fe_flow_unref(s->flow);
	sip_msg_unref(s->m);
	g_free(s);
}

static bool record_sent(struct fe_flow *flow, sip_msg *m, gpointer user_data)
{
	struct world *w = user_data;
	struct sent *s;

	if (sip_msg_size(m) > SIP_MESSAGE_MAX)
		return false;
	s = g_new0(struct sent, 1);

	s->flow = fe_flow_ref(flow);
	s->m = sip_msg_copy(m);
	g_ptr_array_add(w->sent, s);
	return true;
}

static void record_wake(gint64 when_us, gpointer user_data)
{
	struct world *w = user_data;

	w->wake_us = w->wake_us ? MIN(w->wake_us, when_us) : when_us;
}

static void record_event(const char *name, json_t *fields, gpointer user_data)
{
	struct world *w = user_data;

	json_object_set_new(fields, "event", json_string(name));
	g_ptr_array_add(w->events, fields);
}

static struct fe_flow *mras_flow(const char *fqdn, gpointer user_data)
{
	struct world *w = user_data;

	if (!fe_config_find_edge(w->config, fqdn))
		return NULL;
	w->mras_asked++;
	if (!w->mras) {
		w->mras = fe_flow_new(fqdn, fqdn);
		w->mras->outbound = true;
	}
	return w->mras;
}

static void resolve(const char *name, resolved_func done, gpointer user_data, gpointer links_data)
{
	(void)name;
	(void)done;
	(void)user_data;
	(void)links_data;
}

static const struct core_io io = {
	.transactions = {.now_us = now_us, .send = record_sent, .wake = record_wake},
	.links = {.mras_flow = mras_flow, .resolve = resolve},
	.event = record_event,
};

static const char config_text[] =
	"{\"name\": \"fe\", \"fqdn\": \"fe.contoso.com\", \"domain\": \"contoso.com\", "
	"\"address\": \"10.0.1.10\","
	" \"ca\": \"/ca\", \"certificate\": \"/cert\", \"key\": \"/key\", \"trusted_servers\": "
	"[\"edge.contoso.com\"],"
	" \"edges\": [{\"fqdn\": \"edge.contoso.com\", \"mras_port\": 5062}], \"users\": ["
	" {\"user\": \"dc1@contoso.com\", \"password\": \"secret-dc1\", \"edge\": "
	"\"edge.contoso.com\"},"
	" {\"user\": \"dc2@contoso.com\", \"password\": \"secret-dc2\"},"
	" {\"user\": \"branch1@contoso.com\", \"password\": \"secret-branch1\", \"edge\": "
	"\"edge.contoso.com\"},"
	" {\"user\": \"home1@contoso.com\", \"password\": \"secret-home1\", \"edge\": "
	"\"edge.contoso.com\"}]}";

struct world *world_new(void)
{
	struct world *w = g_new0(struct world, 1);
	json_t *object = json_loads(config_text, 0, NULL);

	w->now_us = 1000 * G_USEC_PER_SEC;
	w->sent = g_ptr_array_new_with_free_func(sent_free);
	w->events = g_ptr_array_new_with_free_func((GDestroyNotify)json_decref);
	w->config = fe_config_parse(object, NULL);
	json_decref(object);
	w->core = fe_core_new(w->config, &io, w);
	return w;
}

void world_free(struct world *w)
{
	fe_core_free(w->core);
	fe_config_free(w->config);
	g_ptr_array_unref(w->sent);
	g_ptr_array_unref(w->events);
	fe_flow_unref(w->mras);
	g_free(w);
}

void world_advance(struct world *w, gint64 us)
{
	gint64 end_us = w->now_us + us;

	while (w->wake_us && w->wake_us <= end_us) {
		w->now_us = MAX(w->now_us, w->wake_us);
		w->wake_us = 0;
		fe_core_expire(w->core);
	}
	w->now_us = end_us;
}

struct fe_flow *world_flow(struct world *w, const char *edge)
{
	struct fe_flow *f = fe_flow_new("192.0.2.1:40000", edge);

	fe_core_flow_up(w->core, f);
	return f;
}

void world_close(struct world *w, struct fe_flow *flow)
{
	flow->open = false;
	fe_core_flow_gone(w->core, flow);
}

sip_msg *world_request(const char *method, const char *uri, const char *user, const char *to_uri,
		       const char *to_tag, const char *call_id, guint cseq, const char *via_id)
{
	g_autofree char *from = g_strdup_printf("sip:%s@contoso.com", user);
	g_autofree char *tag = g_strdup_printf("tag-%s", user);
	g_autofree char *via =
		g_strdup_printf("SIP/2.0/TLS 192.0.2.1:40000;branch=z9hG4bK-%s", via_id);
	sip_msg *m = sip_request_new(method, uri, from, tag, to_uri ? to_uri : uri, to_tag, call_id,
				     cseq);

	sip_prepend_header(m, "Via", via);
	return m;
}

void world_receive(struct world *w, struct fe_flow *flow, sip_msg *m)
{
	g_autofree char *user = sip_uri_user(sip_from_uri(m));

	if (flow->edge && sip_is_request(m) && user && sip_users_has(flow->users, user, w->now_us))
		sip_assert_user(m, user);
	fe_core_message(w->core, flow, m);
	sip_msg_unref(m);
}

void world_answer(struct world *w, struct fe_flow *flow, const sip_msg *request, int status,
		  const char *to_tag)
{
	world_receive(w, flow, sip_response_new(request, status, "Answer", to_tag));
}

sip_msg *world_take(struct world *w, const struct fe_flow *flow)
{
	for (guint i = 0; i < w->sent->len; i++) {
		const struct sent *s = g_ptr_array_index(w->sent, i);

		if (s->flow == flow) {
			sip_msg *m = sip_msg_ref(s->m);

			g_ptr_array_remove_index(w->sent, i);
			return m;
		}
	}
	return NULL;
}

sip_msg *world_take_final(struct world *w, const struct fe_flow *flow)
{
	sip_msg *m;

	while ((m = world_take(w, flow)) && sip_status(m) >= 100 && sip_status(m) < 200)
		sip_msg_unref(m);
	return m;
}

guint world_pending(const struct world *w, const struct fe_flow *flow)
{
	guint n = 0;

	for (guint i = 0; i < w->sent->len; i++)
		n += ((const struct sent *)g_ptr_array_index(w->sent, i))->flow == flow;
	return n;
}

static sip_msg *make_register(const char *user, const char *path)
{
	g_autofree char *to = g_strdup_printf("sip:%s@contoso.com", user);
	g_autofree char *contact = g_strdup_printf("<sip:%s@192.0.2.1:40000;transport=tls>", user);
	sip_msg *m = world_request("REGISTER", "sip:contoso.com", user, to, NULL, "register", 1,
				   "register");

	sip_add_header(m, "Contact", contact);
	sip_add_header(m, "Expires", "900");
	if (path)
		sip_add_header(m, "Path", path);
	return m;
}

int world_register(struct world *w, struct fe_flow *flow, const char *user, const char *path)
{
	g_autoptr(sip_msg) challenge = NULL;
	g_autoptr(sip_msg) answer = NULL;
	g_autofree char *address = g_strdup_printf("%s@contoso.com", user);
	g_autofree char *password = g_strdup_printf("secret-%s", user);
	g_autofree char *credentials = NULL;
	sip_msg *again = make_register(user, path);

	world_receive(w, flow, make_register(user, path));
	challenge = world_take(w, flow);
	credentials = sip_digest_answer(sip_header(challenge, "WWW-Authenticate"), "REGISTER",
					"sip:contoso.com", address, password);
	cr_assert_not_null(credentials, "%s is not challenged", user);
	sip_add_header(again, "Authorization", credentials);
	world_receive(w, flow, again);
	answer = world_take(w, flow);
	if (flow->edge)
		sip_users_learn(flow->users, answer, w->now_us);
	return sip_status(answer);
}

json_t *world_event(const struct world *w, const char *name)
{
	for (guint i = w->events->len; i > 0; i--) {
		json_t *e = g_ptr_array_index(w->events, i - 1);

		if (g_strcmp0(json_string_value(json_object_get(e, "event")), name) == 0)
			return e;
	}
	return NULL;
}

void world_conference(struct world *w, struct fe_flow *flow, const char *id)
{
	g_autofree char *body =
		g_strdup_printf("<request requestId=\"7\" xmlns=\"urn:ietf:params:xml:ns:cccp\" "
				"C3PVersion=\"1\"><addConference><conference-id>%s</conference-id>"
				"</addConference></request>",
				id);
	sip_msg *m =
		world_request("SERVICE", "sip:dc1@contoso.com;gruu;opaque=app:conf:focusfactory",
			      "dc1", NULL, NULL, "factory", 1, "factory");

	sip_set_body(m, "application/cccp+xml", body, -1);
	world_receive(w, flow, m);
}

/* --- an office -----------------------------------------------------------------------------------
 */

struct office office_open(void)
{
	struct office o = {.w = world_new()};

	o.dc1 = world_flow(o.w, NULL);
	o.dc2 = world_flow(o.w, NULL);
	o.edge = world_flow(o.w, "edge.contoso.com");
	cr_assert_eq(world_register(o.w, o.dc1, "dc1", NULL), 200, "dc1");
	cr_assert_eq(world_register(o.w, o.dc2, "dc2", NULL), 200, "dc2");
	cr_assert_eq(world_register(o.w, o.edge, "home1", HOME1_PATH), 200, "home1");
	return o;
}

void office_close(struct office *o)
{
	fe_flow_unref(o->dc1);
	fe_flow_unref(o->dc2);
	fe_flow_unref(o->edge);
	world_free(o->w);
}

sip_msg *office_invite(const char *from, const char *to, const char *call, const char *body)
{
	g_autofree char *uri = g_strdup_printf("sip:%s@contoso.com", to);
	sip_msg *m = world_request("INVITE", uri, from, NULL, NULL, call, 1, call);

	sip_set_body(m, "application/sdp",
		     body ? body :
			    "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\n"
			    "t=0 0\r\nm=message 5060 sip null\r\na=accept-types:text/plain\r\n",
		     -1);
	return m;
}
