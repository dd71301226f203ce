/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/mras.h"

#include <string.h>

#include "common/xml.h"

#define NAMESPACE "http://schemas.microsoft.com/2006/09/sip/mrasp"
#define SHA1_BYTES 20

/* --- reading ---------------------------------------------------------------------------------- */

/* The whole number, at most `max`, in an element; false: there is none. */
static bool element_number(const xml_document *d, const char *element, guint64 max, guint64 *ret)
{
	const char *value = xml_text(d, element);

	return value && g_ascii_string_to_unsigned(value, 10, 0, max, ret, NULL);
}

/* Whether <location> says internet (else intranet); false: it says neither. */
static bool read_location(const xml_document *d, bool *ret_internet)
{
	const char *value = xml_text(d, "location");

	if (!value || (strcmp(value, "internet") != 0 && strcmp(value, "intranet") != 0))
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

static bool request_read(const xml_document *d, struct mras_request *ret)
{
	guint64 duration = 0;
	bool internet = false;

	if (!xml_attribute(d, "request", "requestID") || !xml_attribute(d, "request", "from") ||
	    !xml_attribute(d, "request", "to") || !xml_text(d, "identity"))
		return false;
	if (!read_location(d, &internet) || !element_number(d, "duration", G_MAXUINT32, &duration))
		return false;
	*ret = (struct mras_request){
		.request_id = g_strdup(xml_attribute(d, "request", "requestID")),
		.from = g_strdup(xml_attribute(d, "request", "from")),
		.to = g_strdup(xml_attribute(d, "request", "to")),
		.identity = g_strdup(xml_text(d, "identity")),
		.internet = internet,
		.duration_min = (guint)duration,
	};
	return true;
}

bool mras_request_parse(const char *xml, gsize length, struct mras_request *ret)
{
	g_autoptr(xml_document) d = xml_parse(xml, length, "request");

	return d && request_read(d, ret);
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

static bool response_read(const xml_document *d, struct mras_response *ret)
{
	guint64 duration = 0;
	guint64 udp = 0;
	guint64 tcp = 0;
	bool internet = false;

	if (!xml_attribute(d, "response", "requestID") ||
	    g_strcmp0(xml_attribute(d, "response", "reasonPhrase"), "OK"))
		return false;
	if (!xml_text(d, "username") || !xml_text(d, "password") || !xml_text(d, "hostName") ||
	    !read_location(d, &internet))
		return false;
	if (!element_number(d, "duration", G_MAXUINT32, &duration) ||
	    !element_number(d, "udpPort", G_MAXUINT16, &udp) ||
	    !element_number(d, "tcpPort", G_MAXUINT16, &tcp))
		return false;
	*ret = (struct mras_response){
		.request_id = g_strdup(xml_attribute(d, "response", "requestID")),
		.username = g_strdup(xml_text(d, "username")),
		.password = g_strdup(xml_text(d, "password")),
		.duration_min = (guint)duration,
		.host_name = g_strdup(xml_text(d, "hostName")),
		.udp_port = (guint16)udp,
		.tcp_port = (guint16)tcp,
		.internet = internet,
	};
	return true;
}

bool mras_response_parse(const char *xml, gsize length, struct mras_response *ret)
{
	g_autoptr(xml_document) d = xml_parse(xml, length, "response");

	return d && response_read(d, ret);
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

/* base64(HMAC-SHA1(secret, username)); the caller frees. */
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
