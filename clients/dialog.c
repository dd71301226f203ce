/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/dialog.h"

void dialog_init_caller(struct dialog *d, const char *call_id, const char *local_uri,
			const char *remote_uri, const char *contact)
{
	*d = (struct dialog){
		.call_id = g_strdup(call_id),
		.local_uri = g_strdup(local_uri),
		.remote_uri = g_strdup(remote_uri),
		.local_tag = sip_new_tag(),
		.contact = g_strdup(contact),
		.target = g_strdup(remote_uri),
		.routes = g_ptr_array_new_with_free_func(g_free),
	};
}

void dialog_refresh_target(struct dialog *d, const sip_msg *m)
{
	char *target = sip_value_uri(sip_header(m, "Contact"));

	if (!target)
		return;
	g_free(d->target);
	d->target = target;
}

/* `backwards`: from a response, where the nearest proxy's stands last. */
static void learn_routes(struct dialog *d, const sip_msg *m, bool backwards)
{
	const char *value;

	for (guint i = 0; (value = sip_header_nth(m, "Record-Route", i)); i++)
		g_ptr_array_insert(d->routes, backwards ? 0 : -1, g_strdup(value));
}

void dialog_init_callee(struct dialog *d, const sip_msg *invite, const char *contact)
{
	dialog_init_caller(d, sip_call_id(invite), sip_to_uri(invite), sip_from_uri(invite),
			   contact);
	d->remote_tag = g_strdup(sip_from_tag(invite));
	dialog_refresh_target(d, invite);
	learn_routes(d, invite, false);
}

void dialog_done(struct dialog *d)
{
	g_free(d->call_id);
	g_free(d->local_uri);
	g_free(d->local_tag);
	g_free(d->remote_uri);
	g_free(d->remote_tag);
	g_free(d->contact);
	g_free(d->target);
	g_clear_pointer(&d->routes, g_ptr_array_unref);
	*d = (struct dialog){0};
}

/* Whether messages of this method, and their responses, say where their sender is to be found. */
static bool carries_contact(const char *method)
{
	return g_str_equal(method, "INVITE") || g_str_equal(method, "UPDATE");
}

static sip_msg *new_request(const struct dialog *d, const char *method, guint32 cseq)
{
	sip_msg *m = sip_request_new(method, d->target, d->local_uri, d->local_tag, d->remote_uri,
				     d->remote_tag, d->call_id, cseq);

	for (guint i = 0; i < d->routes->len; i++)
		sip_add_header(m, "Route", g_ptr_array_index(d->routes, i));
	if (d->contact && carries_contact(method))
		sip_add_header(m, "Contact", d->contact);
	return m;
}

sip_msg *dialog_request(struct dialog *d, const char *method)
{
	d->cseq++;
	if (g_str_equal(method, "INVITE"))
		d->invite_cseq = d->cseq;
	return new_request(d, method, d->cseq);
}

sip_msg *dialog_ack(struct dialog *d)
{
	/* RFC 3261 section 13.2.2.4: the CSeq number of the INVITE. */
	return new_request(d, "ACK", d->invite_cseq);
}

bool dialog_matches(const struct dialog *d, const sip_msg *request)
{
	const char *own = sip_to_tag(request), *method = sip_method(request);
	bool is_first = g_str_equal(method, "INVITE") || g_str_equal(method, "CANCEL");

	return g_strcmp0(d->remote_tag, sip_from_tag(request)) == 0 &&
	       (own ? g_str_equal(own, d->local_tag) : is_first);
}

sip_msg *dialog_response(const struct dialog *d, const sip_msg *msg, int status, const char *reason)
{
	sip_msg *m = sip_response_new(msg, status, reason, d->local_tag);

	if (d->contact && status < 300 && carries_contact(sip_method(msg)))
		sip_add_header(m, "Contact", d->contact);
	return m;
}

void dialog_learn(struct dialog *d, const sip_msg *response)
{
	if (!d->remote_tag) {
		d->remote_tag = g_strdup(sip_to_tag(response));
		learn_routes(d, response, true);
	}
	dialog_refresh_target(d, response);
}
