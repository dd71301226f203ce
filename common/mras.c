/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/mras.h"

#include <string.h>

#define NAMESPACE "http://schemas.microsoft.com/2006/09/sip/mrasp"
#define SHA1_BYTES 20

/* --- reading ---------------------------------------------------------------------------------- */

/* A document: the root's attributes, and the text of each element by name.  Only relays are
 * repeated; of a repeated element the first one is kept. */
struct document {
	char *root;
	GHashTable *attributes;
	GHashTable *texts;
	GString *text; /* of the current element */
	guint depth;
};

static const char *local_name(const char *name)
{
	const char *colon = strchr(name, ':');

	return colon ? colon + 1 : name;
}

static void on_xml_start(GMarkupParseContext *context G_GNUC_UNUSED, const char *element,
			 const char **names, const char **values, gpointer user_data,
			 GError **error)
{
	struct document *d = user_data;

	g_string_truncate(d->text, 0);
	if (d->depth++ == 0 && d->root) /* GMarkup accepts several roots */
		g_set_error_literal(error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT,
				    "two root elements");
	if (d->root)
		return;
	d->root = g_strdup(local_name(element));
	for (guint i = 0; names[i]; i++)
		g_hash_table_insert(d->attributes, g_strdup(names[i]), g_strdup(values[i]));
}

static void on_xml_text(GMarkupParseContext *context G_GNUC_UNUSED, const char *text, gsize length,
			gpointer user_data, GError **error G_GNUC_UNUSED)
{
	struct document *d = user_data;

	g_string_append_len(d->text, text, (gssize)length);
}

static void on_xml_end(GMarkupParseContext *context G_GNUC_UNUSED, const char *element,
		       gpointer user_data, GError **error G_GNUC_UNUSED)
{
	struct document *d = user_data;
	const char *name = local_name(element);
	g_autofree char *text = g_strstrip(g_strdup(d->text->str));

	d->depth--;
	if (*text && !g_hash_table_contains(d->texts, name))
		g_hash_table_insert(d->texts, g_strdup(name), g_steal_pointer(&text));
	g_string_truncate(d->text, 0);
}

static void document_clear(struct document *d)
{
	g_free(d->root);
	g_hash_table_unref(d->attributes);
	g_hash_table_unref(d->texts);
	g_string_free(d->text, TRUE);
}

static bool document_parse(struct document *d, const char *xml, gsize length, const char *root)
{
	static const GMarkupParser parser = {
		.start_element = on_xml_start, .end_element = on_xml_end, .text = on_xml_text};
	g_autoptr(GMarkupParseContext) context = g_markup_parse_context_new(&parser, 0, d, NULL);

	*d = (struct document){
		.attributes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
		.texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
		.text = g_string_new(NULL),
	};
	return g_markup_parse_context_parse(context, xml, (gssize)length, NULL) &&
	       g_markup_parse_context_end_parse(context, NULL) && !g_strcmp0(d->root, root);
}

static const char *root_attribute(const struct document *d, const char *name)
{
	return g_hash_table_lookup(d->attributes, name);
}

static const char *element_text(const struct document *d, const char *element)
{
	return g_hash_table_lookup(d->texts, element);
}

static bool element_number(const struct document *d, const char *element, guint64 max, guint64 *ret)
{
	const char *value = element_text(d, element);

	return value && g_ascii_string_to_unsigned(value, 10, 0, max, ret, NULL);
}

static bool read_location(const struct document *d, bool *ret_internet)
{
	const char *value = element_text(d, "location");

	if (!value || (strcmp(value, "internet") && strcmp(value, "intranet")))
		return false;
	*ret_internet = !strcmp(value, "internet");
	return true;
}

/* --- request ---------------------------------------------------------------------------------- */

char *mras_request_print(const struct mras_request *r)
{
	return g_markup_printf_escaped(
		"<request requestID=\"%s\" from=\"%s\" to=\"%s\" version=\"1.0\" xmlns=\"" NAMESPACE
		"\">"
		"<credentialsRequest "
		"credentialsRequestID=\"%s\"><identity>%s</identity><location>%s</location>"
		"<duration>%u</duration></credentialsRequest></request>",
		r->request_id, r->from, r->to, r->request_id, r->identity,
		r->internet ? "internet" : "intranet", r->duration_min);
}

static bool request_read(const struct document *d, struct mras_request *ret)
{
	guint64 duration = 0;
	bool internet = false;

	if (!root_attribute(d, "requestID") || !root_attribute(d, "from") ||
	    !root_attribute(d, "to") || !element_text(d, "identity"))
		return false;
	if (!read_location(d, &internet) || !element_number(d, "duration", G_MAXUINT32, &duration))
		return false;
	*ret = (struct mras_request){
		.request_id = g_strdup(root_attribute(d, "requestID")),
		.from = g_strdup(root_attribute(d, "from")),
		.to = g_strdup(root_attribute(d, "to")),
		.identity = g_strdup(element_text(d, "identity")),
		.internet = internet,
		.duration_min = (guint)duration,
	};
	return true;
}

bool mras_request_parse(const char *xml, gsize length, struct mras_request *ret)
{
	struct document d;
	bool valid = document_parse(&d, xml, length, "request") && request_read(&d, ret);

	document_clear(&d);
	return valid;
}

void mras_request_clear(struct mras_request *r)
{
	g_free(r->request_id);
	g_free(r->from);
	g_free(r->to);
	g_free(r->identity);
	*r = (struct mras_request){0};
}

/* --- response --------------------------------------------------------------------------------- */

char *mras_response_print(const struct mras_response *r)
{
	return g_markup_printf_escaped(
		"<response requestID=\"%s\" version=\"1.0\" reasonPhrase=\"OK\" xmlns=\"" NAMESPACE
		"\">"
		"<credentialsResponse "
		"credentialsRequestID=\"%s\"><credentials><username>%s</username>"
		"<password>%s</password><duration>%u</duration></"
		"credentials><mediaRelayList><mediaRelay>"
		"<location>%s</location><hostName>%s</hostName><udpPort>%u</udpPort><tcpPort>%u</"
		"tcpPort>"
		"</mediaRelay></mediaRelayList></credentialsResponse></response>",
		r->request_id, r->request_id, r->username, r->password, r->duration_min,
		r->internet ? "internet" : "intranet", r->host_name, r->udp_port, r->tcp_port);
}

static bool response_read(const struct document *d, struct mras_response *ret)
{
	guint64 duration = 0;
	guint64 udp = 0;
	guint64 tcp = 0;
	bool internet = false;

	if (!root_attribute(d, "requestID") || g_strcmp0(root_attribute(d, "reasonPhrase"), "OK"))
		return false;
	if (!element_text(d, "username") || !element_text(d, "password") ||
	    !element_text(d, "hostName") || !read_location(d, &internet))
		return false;
	if (!element_number(d, "duration", G_MAXUINT32, &duration) ||
	    !element_number(d, "udpPort", G_MAXUINT16, &udp) ||
	    !element_number(d, "tcpPort", G_MAXUINT16, &tcp))
		return false;
	*ret = (struct mras_response){
		.request_id = g_strdup(root_attribute(d, "requestID")),
		.username = g_strdup(element_text(d, "username")),
		.password = g_strdup(element_text(d, "password")),
		.duration_min = (guint)duration,
		.host_name = g_strdup(element_text(d, "hostName")),
		.udp_port = (guint16)udp,
		.tcp_port = (guint16)tcp,
		.internet = internet,
	};
	return true;
}

bool mras_response_parse(const char *xml, gsize length, struct mras_response *ret)
{
	struct document d;
	bool valid = document_parse(&d, xml, length, "response") && response_read(&d, ret);

	document_clear(&d);
	return valid;
}

void mras_response_clear(struct mras_response *r)
{
	g_free(r->request_id);
	g_free(r->username);
	g_free(r->password);
	g_free(r->host_name);
	*r = (struct mras_response){0};
}

/* --- credentials ------------------------------------------------------------------------------ */

static char *hmac_base64(const char *secret, const char *username)
{
	guint8 digest[SHA1_BYTES];
	gsize length = sizeof digest;
	GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA1, (const guchar *)secret, strlen(secret));

	g_hmac_update(hmac, (const guchar *)username, -1);
	g_hmac_get_digest(hmac, digest, &length);
	g_hmac_unref(hmac);
	return g_base64_encode(digest, length);
}

void mras_credentials(const char *secret, const char *identity, gint64 expiry_s,
		      char **ret_username, char **ret_password)
{
	*ret_username = g_strdup_printf("%" G_GINT64_FORMAT ":%s", expiry_s, identity);
	*ret_password = hmac_base64(secret, *ret_username);
}

char *mras_password(const char *secret, const char *username, gint64 now_s)
{
	const char *colon = strchr(username, ':');
	g_autofree char *expiry = colon ? g_strndup(username, (gsize)(colon - username)) : NULL;
	gint64 expiry_s = 0;

	if (!colon || !colon[1] ||
	    !g_ascii_string_to_signed(expiry, 10, 0, G_MAXINT64, &expiry_s, NULL))
		return NULL;
	return expiry_s > now_s ? hmac_base64(secret, username) : NULL;
}
