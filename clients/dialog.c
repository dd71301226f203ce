/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/dialog.h"

void dialog_init_caller(struct dialog *d, const char *call_id, const char *local_uri,
			const char *remote_uri)
{
	*d = (struct dialog){
		.call_id = g_strdup(call_id),
		.local_uri = g_strdup(local_uri),
		.remote_uri = g_strdup(remote_uri),
		.local_tag = sip_new_tag(),
	};
}

void dialog_init_callee(struct dialog *d, const sip_msg *invite)
{
	*d = (struct dialog){
		.call_id = g_strdup(sip_call_id(invite)),
		.local_uri = g_strdup(sip_to_uri(invite)),
		.remote_uri = g_strdup(sip_from_uri(invite)),
		.local_tag = sip_new_tag(),
		.remote_tag = g_strdup(sip_from_tag(invite)),
	};
}

void dialog_done(struct dialog *d)
{
	g_free(d->call_id);
	g_free(d->local_uri);
	g_free(d->local_tag);
	g_free(d->remote_uri);
	g_free(d->remote_tag);
	*d = (struct dialog){0};
}

static sip_msg *new_request(const struct dialog *d, const char *method, guint32 cseq)
{
	return sip_request_new(method, d->remote_uri, d->local_uri, d->local_tag, d->remote_uri,
			       d->remote_tag, d->call_id, cseq);
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

sip_msg *dialog_response(const struct dialog *d, const sip_msg *msg, int status, const char *reason)
{
	return sip_response_new(msg, status, reason, d->local_tag);
}

void dialog_learn(struct dialog *d, const sip_msg *response)
{
	if (!d->remote_tag)
		d->remote_tag = g_strdup(sip_to_tag(response));
}
