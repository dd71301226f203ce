/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/sip_event.h"
#include "common/wire/pack.h"

#include <string.h>

/* Whether messages of this method belong to no call: they are between a client and its servers. */
static bool is_of_no_call(const char *method)
{
	return !strcmp(method, "REGISTER") || !strcmp(method, "SERVICE");
}

json_t *sip_event(const sip_msg *m, const char *peer, bool sent)
{
	int status = sip_status(m);

	if (!strcmp(sip_method(m), "INFO") || !strcmp(sip_method(m), "OPTIONS"))
		return NULL;
	return event_pack("{s:s?, s:b, s:s, s:o, s:s?, s:s}", "call",
			  is_of_no_call(sip_method(m)) ? NULL : sip_call_id(m), "sent", sent,
			  "method", sip_method(m), "status",
			  status != 0 ? json_integer(status) : json_null(), "content",
			  sip_content_type(m), "peer", peer);
}
