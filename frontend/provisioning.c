/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/provisioning.h"

static char *fe_provisioning_document(const char *user, const char *edge)
{
	g_autofree char *mras =
		edge ? g_markup_printf_escaped("<mrasUri>sip:mras@%s;opaque=srvr:MRAS</mrasUri>",
					       edge) :
		       g_strdup("");
	g_autofree char *focus = g_markup_printf_escaped(
		"<focusFactoryUri>sip:%s;gruu;opaque=app:conf:focusfactory</focusFactoryUri>",
		user);

	return g_strconcat(
		"<provisionGroupList><provisionGroup name=\"ServerConfiguration\">", mras, focus,
		"<ucPC2PCAVEncryption>RequireEncryption</ucPC2PCAVEncryption></provisionGroup>"
		"</provisionGroupList>",
		NULL);
}

sip_msg *fe_provisioning_answer(const sip_msg *subscribe, const char *user, const char *edge)
{
	g_autofree char *tag = sip_new_tag();
	g_autofree char *document = NULL;
	const char *expires = sip_header(subscribe, "Expires");
	sip_msg *answer;

	if (g_strcmp0(sip_header(subscribe, "Event"), PROVISIONING_EVENT) != 0) {
		answer = sip_response_new(subscribe, 489, "Bad Event", tag);
		sip_add_header(answer, "Allow-Events",
			       PROVISIONING_EVENT); /* RFC 6665 section 8.2.2 */
		return answer;
	}
	answer = sip_response_new(subscribe, 200, "OK", tag);
	document = fe_provisioning_document(user, edge);
	sip_add_header(answer, "Event", PROVISIONING_EVENT);
	sip_add_header(answer, "Supported", "ms-piggyback-first-notify");
	sip_add_header(answer, "subscription-state", "active");
	sip_add_header(answer, "Expires", expires ? expires : "900");
	sip_set_body(answer, PROVISIONING_TYPE, document, -1);
	return answer;
}
