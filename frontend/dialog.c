/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/dialog.h"

#include <string.h>

static const struct object_shape fe_dialog_shape =
	OBJECT_SHAPE(fe_dialog, NULL, OWNS_TEXT(fe_dialog, call_id), OWNS_TEXT(fe_dialog, user),
		     OWNS_TEXT(fe_dialog, local_uri), OWNS_TEXT(fe_dialog, remote_uri),
		     OWNS_TEXT(fe_dialog, target), OWNS_TEXT(fe_dialog, local_tag),
		     OWNS_TEXT(fe_dialog, remote_tag));

struct fe_dialog *fe_dialog_new(const sip_msg *invite)
{
	struct fe_dialog *d = object_new(&fe_dialog_shape);

	d->call_id = g_strdup(sip_call_id(invite));
	d->user = sip_uri_user(sip_from_uri(invite));
	d->local_uri = g_strdup(sip_uri(invite));
	d->remote_uri = g_strdup(sip_from_uri(invite));
	d->target = sip_value_uri(sip_header(invite, "Contact"));
	if (!d->target)
		d->target = g_strdup_printf("sip:%s", d->user);
	d->local_tag = sip_new_tag();
	d->remote_tag = g_strdup(sip_from_tag(invite));
	return d;
}

bool fe_dialog_matches(const struct fe_dialog *d, const sip_msg *request)
{
	g_autofree char *sender = sip_uri_user(sip_from_uri(request));

	return g_strcmp0(d->user, sender) == 0 &&
	       g_strcmp0(d->call_id, sip_call_id(request)) == 0 &&
	       g_strcmp0(d->remote_tag, sip_from_tag(request)) == 0 &&
	       g_strcmp0(d->local_tag, sip_to_tag(request)) == 0;
}

sip_msg *fe_dialog_request(struct fe_dialog *d, const char *method)
{
	return sip_request_new(method, d->target, d->local_uri, d->local_tag, d->remote_uri,
			       d->remote_tag, d->call_id, ++d->local_cseq);
}

sip_msg *fe_dialog_answer(const struct fe_dialog *d, const sip_msg *request, int status,
			  const char *reason)
{
	sip_msg *answer = sip_response_new(request, status, reason, d->local_tag);
	g_autofree char *contact = g_strdup_printf("<%s>;isfocus", d->local_uri);

	sip_add_header(answer, "Contact", contact);
	return answer;
}
