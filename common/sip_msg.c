/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/sip_message.h"

#include <string.h>

#include "common/sip_grammar.h"

bool sip_name_is_in(const char *name, const char *const *names, gsize n)
{
	for (gsize i = 0; i < n; i++) {
		if (!g_ascii_strcasecmp(name, names[i]))
			return true;
	}
	return false;
}

void sip_field_free(gpointer p)
{
	struct sip_field *h = p;

	g_free(h->name);
	g_free(h->value);
	g_free(h);
}

char *sip_value_clean(const char *value, gssize length)
{
	char *clean = length < 0 ? g_strdup(value) : g_strndup(value, (gsize)length);

	for (char *p = clean; *p; p++) {
		if (*p == '\r' || *p == '\n')
			*p = ' ';
	}
	return g_strstrip(clean);
}

struct sip_field *sip_field_new(const char *name, const char *value, gssize length)
{
	struct sip_field *h = g_new(struct sip_field, 1);

	h->name = g_strdup(sip_header_full_name(name));
	h->value = sip_value_clean(value, length);
	return h;
}

sip_msg *sip_msg_new(void)
{
	sip_msg *m = g_new0(sip_msg, 1);

	m->refs = 1;
	m->headers = g_ptr_array_new_with_free_func(sip_field_free);
	return m;
}

sip_msg *sip_msg_ref(sip_msg *m)
{
	m->refs++;
	return m;
}

void sip_msg_unref(sip_msg *m)
{
	if (!m || --m->refs)
		return;
	g_free(m->method);
	g_free(m->uri);
	g_free(m->reason);
	g_ptr_array_unref(m->headers);
	g_free(m->body);
	g_free(m->from_uri);
	g_free(m->from_tag);
	g_free(m->to_uri);
	g_free(m->to_tag);
	g_free(m->cseq_method);
	g_free(m->content_type);
	g_free(m);
}

/* --- headers ---------------------------------------------------------------------------------- */

const struct sip_field *sip_field_at(const sip_msg *m, guint i)
{
	return g_ptr_array_index(m->headers, i);
}

gint sip_field_find(const sip_msg *m, const char *name, guint n)
{
	name = sip_header_full_name(name);
	for (guint i = 0; i < m->headers->len; i++) {
		if (!g_ascii_strcasecmp(sip_field_at(m, i)->name, name) && n-- == 0)
			return (gint)i;
	}
	return -1;
}

guint sip_field_count(const sip_msg *m, const char *name)
{
	guint n = 0;

	for (guint i = 0; i < m->headers->len; i++)
		n += !g_ascii_strcasecmp(sip_field_at(m, i)->name, name);
	return n;
}

/* Sets URI and tag from the header of that name; false, and both NULL: it is missing or
 * malformed. */
static bool derive_address(const sip_msg *m, const char *name, char **uri, char **tag)
{
	const char *value = sip_header(m, name);

	g_clear_pointer(uri, g_free);
	g_clear_pointer(tag, g_free);
	return value && sip_grammar_address(value, uri, tag);
}

bool sip_msg_derive(sip_msg *m)
{
	const char *type = sip_header(m, "Content-Type");
	const char *cseq = sip_header(m, "CSeq");
	bool valid = derive_address(m, "From", &m->from_uri, &m->from_tag);

	valid = derive_address(m, "To", &m->to_uri, &m->to_tag) && valid;
	m->cseq = 0;
	g_clear_pointer(&m->cseq_method, g_free);
	valid = cseq && sip_grammar_cseq(cseq, &m->cseq, &m->cseq_method) && valid;
	g_free(m->content_type);
	m->content_type =
		type ? g_strstrip(g_ascii_strdown(type, (gssize)strcspn(type, ";"))) : NULL;
	return valid;
}

/* Updates what is derived from headers, if it depends on this one. */
static void header_changed(sip_msg *m, const char *name)
{
	static const char *const sources[] = {"From", "To", "CSeq", "Content-Type"};

	if (sip_name_is_in(sip_header_full_name(name), sources, G_N_ELEMENTS(sources)))
		sip_msg_derive(m);
}

const char *sip_header_nth(const sip_msg *m, const char *name, guint n)
{
	gint i = sip_field_find(m, name, n);

	return i < 0 ? NULL : sip_field_at(m, (guint)i)->value;
}

const char *sip_header(const sip_msg *m, const char *name)
{
	return sip_header_nth(m, name, 0);
}

void sip_field_append(sip_msg *m, const char *name, const char *value)
{
	g_ptr_array_add(m->headers, sip_field_new(name, value, -1));
}

void sip_add_header(sip_msg *m, const char *name, const char *value)
{
	gint last = -1;
	gint i;

	for (guint n = 0; (i = sip_field_find(m, name, n)) >= 0; n++)
		last = i;
	g_ptr_array_insert(m->headers, last < 0 ? -1 : last + 1, sip_field_new(name, value, -1));
	header_changed(m, name);
}

void sip_prepend_header(sip_msg *m, const char *name, const char *value)
{
	gint first = sip_field_find(m, name, 0);

	g_ptr_array_insert(m->headers, first < 0 ? 0 : first, sip_field_new(name, value, -1));
	header_changed(m, name);
}

bool sip_pop_header(sip_msg *m, const char *name)
{
	gint first = sip_field_find(m, name, 0);

	if (first < 0)
		return false;
	g_ptr_array_remove_index(m->headers, (guint)first);
	header_changed(m, name);
	return true;
}

void sip_remove_header(sip_msg *m, const char *name)
{
	for (gint i; (i = sip_field_find(m, name, 0)) >= 0;)
		g_ptr_array_remove_index(m->headers, (guint)i);
	header_changed(m, name);
}

bool sip_take_hop(sip_msg *m)
{
	const char *value = sip_header(m, "Max-Forwards");
	guint64 hops = 70; /* RFC 3261 section 16.6 step 3: to be added where it is missing */

	if (value && !g_ascii_string_to_unsigned(value, 10, 0, 255, &hops, NULL))
		return false;
	if (hops == 0)
		return false;

	g_autofree char *next = g_strdup_printf("%u", (guint)(value ? hops - 1 : hops));
	gint i = sip_field_find(m, "Max-Forwards", 0);

	if (i < 0) {
		sip_field_append(m, "Max-Forwards", next);
	} else {
		struct sip_field *h = g_ptr_array_index(m->headers, (guint)i);

		g_free(h->value);
		h->value = g_steal_pointer(&next);
	}
	return true;
}

/* --- body ------------------------------------------------------------------------------------- */

void sip_body_store(sip_msg *m, const char *body, gsize length)
{
	g_free(m->body);
	m->body_length = length;
	m->body = length ? g_malloc(length + 1) : NULL;
	if (m->body) {
		memcpy(m->body, body, length);
		m->body[length] = '\0';
	}
}

const char *sip_body(const sip_msg *m, gsize *ret_length)
{
	if (ret_length)
		*ret_length = m->body_length;
	return m->body;
}

void sip_set_body(sip_msg *m, const char *content_type, const char *body, gssize length)
{
	if (!body)
		length = 0;
	sip_remove_header(m, "Content-Type");
	if (body && content_type)
		sip_add_header(m, "Content-Type", content_type);
	sip_body_store(m, body, length < 0 ? strlen(body) : (gsize)length);
}

const char *sip_content_type(const sip_msg *m)
{
	return m->body ? m->content_type : NULL;
}

/* --- reading ---------------------------------------------------------------------------------- */

bool sip_is_request(const sip_msg *m)
{
	return m->method;
}

const char *sip_method(const sip_msg *m)
{
	return m->method ? m->method : m->cseq_method;
}

const char *sip_uri(const sip_msg *m)
{
	return m->uri;
}

int sip_status(const sip_msg *m)
{
	return m->status;
}

const char *sip_reason(const sip_msg *m)
{
	return m->reason;
}

const char *sip_call_id(const sip_msg *m)
{
	return sip_header(m, "Call-ID");
}

guint32 sip_cseq(const sip_msg *m)
{
	return m->cseq;
}

const char *sip_from_uri(const sip_msg *m)
{
	return m->from_uri;
}

const char *sip_to_uri(const sip_msg *m)
{
	return m->to_uri;
}

const char *sip_from_tag(const sip_msg *m)
{
	return m->from_tag;
}

const char *sip_to_tag(const sip_msg *m)
{
	return m->to_tag;
}
