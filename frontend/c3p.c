/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/c3p.h"

#include <string.h>

#include "common/xml.h"

/* Whether a text can be a conference's id: it becomes part of a URI, so only unreserved characters
 * are allowed (RFC 3986 section 2.3). */
static bool is_id(const char *id)
{
	return id && *id && strlen(id) <= 64 &&
	       !id[strspn(id, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-._~")];
}

bool fe_c3p_parse(const char *xml, gsize length, struct c3p_request *ret)
{
	g_autoptr(xml_document) d = xml_parse(xml, length, NULL);
	const char *request_id = xml_attribute(d, "request", "requestId");
	const char *conference_id =
		xml_has(d, "addConference") ? xml_text(d, "conference-id") : NULL;

	if (!request_id || !is_id(conference_id))
		return false;
	*ret = (struct c3p_request){.request_id = g_strdup(request_id),
				    .conference_id = g_strdup(conference_id)};
	return true;
}

void fe_c3p_clear(struct c3p_request *r)
{
	g_clear_pointer(&r->request_id, g_free);
	g_clear_pointer(&r->conference_id, g_free);
}

char *fe_c3p_success(const char *request_id, const char *focus_uri)
{
	return g_markup_printf_escaped(
		"<response requestId=\"%s\" C3PVersion=\"1\" xmlns=\"urn:ietf:params:xml:ns:cccp\" "
		"code=\"success\"><addConference><conference-info entity=\"%s\"/></addConference>"
		"</response>",
		request_id, focus_uri);
}

char *fe_c3p_failure(const char *request_id, const char *reason)
{
	return g_markup_printf_escaped(
		"<response requestId=\"%s\" C3PVersion=\"1\" xmlns=\"urn:ietf:params:xml:ns:cccp\" "
		"code=\"failure\"><addConference reason=\"%s\"/></response>",
		request_id, reason);
}
