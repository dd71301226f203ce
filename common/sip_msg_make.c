/* SPDX-License-Identifier: GPL-2.0-or-later */
/* New requests, responses and copies. */
#include "common/sip_grammar.h"
#include "common/sip_message.h"

#ifndef TESTBED_VERSION
#define TESTBED_VERSION "0"
#endif

static const char *const response_headers[] = {"Via", "Record-Route", "From",
					       "To",  "Call-ID",      "CSeq"};

static char *address_print(const char *uri, const char *tag)
{
	return tag ? g_strdup_printf("<%s>;tag=%s", uri, tag) : g_strdup_printf("<%s>", uri);
}

sip_msg *sip_request_new(const char *method, const char *uri, const char *from_uri,
			 const char *from_tag, const char *to_uri, const char *to_tag,
			 const char *call_id, guint32 cseq)
{
	sip_msg *m = sip_msg_new();
	g_autofree char *from = address_print(from_uri, from_tag);
	g_autofree char *to = address_print(to_uri, to_tag);
	g_autofree char *cseq_value = g_strdup_printf("%u %s", cseq, method);

	m->method = g_strdup(method);
	m->uri = g_strdup(uri);
	sip_field_append(m, "Max-Forwards", "70");
	sip_field_append(m, "From", from);
	sip_field_append(m, "To", to);
	sip_field_append(m, "Call-ID", call_id);
	sip_field_append(m, "CSeq", cseq_value);
	sip_field_append(m, "User-Agent", "testbed/" TESTBED_VERSION);
	sip_msg_derive(m);
	return m;
}

/* Appends a copy of a header; a To without tag gets `to_tag`, unless that is NULL. */
static void append_copy(sip_msg *m, const struct sip_field *h, const char *to_tag, bool has_tag)
{
	if (to_tag && !has_tag && !g_ascii_strcasecmp(h->name, "To")) {
		g_autofree char *tagged = g_strdup_printf("%s;tag=%s", h->value, to_tag);

		sip_field_append(m, h->name, tagged);
	} else {
		sip_field_append(m, h->name, h->value);
	}
}

sip_msg *sip_response_new(const sip_msg *request, int status, const char *reason,
			  const char *to_tag)
{
	sip_msg *m = sip_msg_new();

	m->status = status;
	m->reason = sip_value_clean(reason ? reason : sip_grammar_phrase(status), -1);
	for (guint i = 0; i < request->headers->len; i++) {
		const struct sip_field *h = sip_field_at(request, i);

		if (sip_name_is_in(h->name, response_headers, G_N_ELEMENTS(response_headers)))
			append_copy(m, h, to_tag, request->to_tag);
	}
	sip_msg_derive(m);
	return m;
}

void sip_set_uri(sip_msg *m, const char *uri)
{
	char *copy = g_strdup(uri);

	g_free(m->uri);
	m->uri = copy;
}

/* Appends the values of the comma-separated list `value` that are not in `known`. */
static void unknown_of(GString *unknown, const char *value, const char *const *known)
{
	g_auto(GStrv) options = g_strsplit(value, ",", -1);

	for (guint i = 0; options[i]; i++) {
		const char *option = g_strstrip(options[i]);
		bool is_known = !*option;

		for (guint k = 0; known && known[k]; k++)
			is_known = is_known || !g_ascii_strcasecmp(known[k], option);
		if (!is_known)
			g_string_append_printf(unknown, "%s%s", unknown->len ? ", " : "", option);
	}
}

sip_msg *sip_refuse_extensions(const sip_msg *request, const char *header, const char *const *known,
			       const char *to_tag)
{
	g_autoptr(GString) unknown = g_string_new(NULL);
	g_autofree char *fresh = NULL;
	const char *value;
	sip_msg *answer;

	if (!g_strcmp0(request->method, "ACK") || !g_strcmp0(request->method, "CANCEL"))
		return NULL;
	for (guint i = 0; (value = sip_header_nth(request, header, i)); i++)
		unknown_of(unknown, value, known);
	if (!unknown->len)
		return NULL;
	fresh = to_tag ? NULL : sip_new_tag();
	answer = sip_response_new(request, 420, "Bad Extension", to_tag ? to_tag : fresh);
	sip_add_header(answer, "Unsupported", unknown->str);
	return answer;
}

sip_msg *sip_msg_copy(const sip_msg *m)
{
	sip_msg *copy = sip_msg_new();

	copy->method = g_strdup(m->method);
	copy->uri = g_strdup(m->uri);
	copy->status = m->status;
	copy->reason = g_strdup(m->reason);
	for (guint i = 0; i < m->headers->len; i++)
		sip_field_append(copy, sip_field_at(m, i)->name, sip_field_at(m, i)->value);
	if (m->body)
		sip_body_store(copy, m->body, m->body_length);
	sip_msg_derive(copy);
	return copy;
}
