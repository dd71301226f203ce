/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/c3p.h"

#include <string.h>

struct c3p_reader {
	struct c3p_request request;
	bool add_conference;
	GString *text; /* of the conference-id element; NULL: outside of it */
};

static void on_c3p_start(GMarkupParseContext *context G_GNUC_UNUSED, const char *element,
			 const char **names, const char **values, gpointer user_data,
			 GError **error G_GNUC_UNUSED)
{
	struct c3p_reader *r = user_data;

	if (g_str_equal(element, "request")) {
		for (guint i = 0; names[i]; i++)
			if (g_str_equal(names[i], "requestId") && !r->request.request_id)
				r->request.request_id = g_strdup(values[i]);
	} else if (g_str_equal(element, "addConference")) {
		r->add_conference = true;
	} else if (g_str_equal(element, "conference-id") && r->add_conference &&
		   !r->request.conference_id && !r->text) {
		r->text = g_string_new(NULL);
	}
}

static void on_c3p_end(GMarkupParseContext *context G_GNUC_UNUSED, const char *element,
		       gpointer user_data, GError **error G_GNUC_UNUSED)
{
	struct c3p_reader *r = user_data;

	if (!r->text || !g_str_equal(element, "conference-id"))
		return;
	r->request.conference_id = g_strstrip(g_string_free(r->text, FALSE));
	r->text = NULL;
}

static void on_c3p_text(GMarkupParseContext *context G_GNUC_UNUSED, const char *text, gsize length,
			gpointer user_data, GError **error G_GNUC_UNUSED)
{
	struct c3p_reader *r = user_data;

	if (r->text)
		g_string_append_len(r->text, text, (gssize)length);
}

/* The id becomes part of a URI, so only unreserved characters are allowed (RFC 3986 section 2.3).
 */
static bool is_id(const char *id)
{
	return id && *id && strlen(id) <= 64 &&
	       !id[strspn(id, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-._~")];
}

bool fe_c3p_parse(const char *xml, gsize length, struct c3p_request *ret)
{
	static const GMarkupParser parser = {
		.start_element = on_c3p_start, .end_element = on_c3p_end, .text = on_c3p_text};
	struct c3p_reader r = {0};
	GMarkupParseContext *context =
		g_markup_parse_context_new(&parser, G_MARKUP_DEFAULT_FLAGS, &r, NULL);
	bool good = g_markup_parse_context_parse(context, xml, (gssize)length, NULL) &&
		    g_markup_parse_context_end_parse(context, NULL);

	g_markup_parse_context_free(context);
	if (r.text)
		g_string_free(r.text, TRUE);
	if (!good || !r.request.request_id || !is_id(r.request.conference_id)) {
		fe_c3p_clear(&r.request);
		return false;
	}
	*ret = r.request;
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
