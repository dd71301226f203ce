/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/sip_event.h"
#include "common/wire/pack.h"

#include <string.h>

/* Whether messages of this method belong to no call: they are between a client and its servers. */
static bool is_of_no_call(const char *method)
{
	return !strcmp(method, "REGISTER") || !strcmp(method, "SERVICE");
}

/* The message as it is on the wire; what is no UTF-8 in it is marked. */
static json_t *whole_text(const sip_msg *m)
{
	gsize length;
	g_autofree char *printed = sip_msg_print(m, &length);
	g_autofree char *valid = g_utf8_make_valid(printed, (gssize)length);

	return json_string(valid);
}

json_t *sip_event(const sip_msg *m, const char *peer, bool sent, bool whole)
{
	int status = sip_status(m);
	json_t *event;

	if (!strcmp(sip_method(m), "INFO") || !strcmp(sip_method(m), "OPTIONS"))
		return NULL;
	event = event_pack("{s:s?, s:b, s:s, s:o, s:s?, s:s}", "call",
			   is_of_no_call(sip_method(m)) ? NULL : sip_call_id(m), "sent", sent,
			   "method", sip_method(m), "status",
			   status != 0 ? json_integer(status) : json_null(), "content",
			   sip_content_type(m), "peer", peer);
	if (whole)
		json_object_set_new(event, "text", whole_text(m));
	return event;
}
