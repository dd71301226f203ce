/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/autodiscover.h"

#include <stdbool.h>
#include <string.h>

#include "common/base/each.h"
#include "common/base/json.h"
#include "common/base/object.h"
#include "common/xml.h"
#include "common/wire/pack.h"

#define HOST_NAME_MAX_CHARS 253
#define RESPONSE "AutodiscoverResponse"

static const char *const resource_names[] = {
	[AUTODISCOVER_ROOT] = "Root",
	[AUTODISCOVER_DOMAIN] = "Domain",
	[AUTODISCOVER_USER] = "User",
};
static const char *const location_names[] = {
	[AUTODISCOVER_INTERNAL] = "Internal",
	[AUTODISCOVER_EXTERNAL] = "External",
};
/* The servers for clients.  Those for servers, SipServerInternalAccess and SipServerExternalAccess,
 * are reserved: nobody uses them. */
static const char *const server_names[] = {
	[AUTODISCOVER_INTERNAL] = "SipClientInternalAccess",
	[AUTODISCOVER_EXTERNAL] = "SipClientExternalAccess",
};

/* The index of a name, in any case; the number of names if it is not there. */
static guint name_index(const char *const *names, guint n, const char *name)
{
	for (guint i = 0; i < n; i++)
		if (name && g_ascii_strcasecmp(names[i], name) == 0)
			return i;
	return n;
}

#define INDEX_OF(names, name) name_index(names, G_N_ELEMENTS(names), name)

/* --- making ----------------------------------------------------------------------------------- */

static const struct object_shape link_shape =
	OBJECT_SHAPE(autodiscover_link, NULL, OWNS_TEXT(autodiscover_link, token),
		     OWNS_TEXT(autodiscover_link, href));
static const struct object_shape document_shape =
	OBJECT_SHAPE(autodiscover, NULL,
		     OWNS_TEXT(autodiscover, servers[AUTODISCOVER_INTERNAL].fqdn),
		     OWNS_TEXT(autodiscover, servers[AUTODISCOVER_EXTERNAL].fqdn),
		     OWNS_LIST(autodiscover, links, object_free));

struct autodiscover *autodiscover_new(enum autodiscover_resource resource,
				      enum autodiscover_location location)
{
	struct autodiscover *d = object_new(&document_shape);

	d->resource = resource;
	d->location = location;
	return d;
}

static bool is_host_name(const char *name)
{
	gsize n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");

	return n > 0 && n <= HOST_NAME_MAX_CHARS && name[n] == '\0';
}

void autodiscover_set_server(struct autodiscover *d, enum autodiscover_location location,
			     const char *fqdn, guint16 port)
{
	struct autodiscover_server *s = &d->servers[location];

	if (!fqdn || !is_host_name(fqdn) || port == 0)
		return;
	g_free(s->fqdn);
	s->fqdn = g_strdup(fqdn);
	s->port = port;
}

void autodiscover_add_link(struct autodiscover *d, const char *token, const char *href)
{
	struct autodiscover_link *link = object_new(&link_shape);

	link->token = g_strdup(token);
	link->href = g_strdup(href);
	g_ptr_array_add(d->links, link);
}

/* --- printing --------------------------------------------------------------------------------- */

static char *print_xml(const struct autodiscover *d)
{
	const char *name = resource_names[d->resource];
	GString *out = g_string_new("<?xml version=\"1.0\" encoding=\"utf-8\"?>"
				    "<" RESPONSE " xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\""
				    " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"");

	if (d->location != AUTODISCOVER_NOWHERE)
		g_string_append_printf(out, " AccessLocation=\"%s\"", location_names[d->location]);
	g_string_append_printf(out, "><%s>", name);
	for (guint i = 0; i < G_N_ELEMENTS(d->servers); i++)
		if (d->servers[i].fqdn)
			g_string_append_printf(out, "<%s fqdn=\"%s\" port=\"%u\"/>",
					       server_names[i], d->servers[i].fqdn,
					       d->servers[i].port);
	ptr_array_foreach(const struct autodiscover_link, link, d->links) {
		g_autofree char *text = g_markup_printf_escaped("<Link token=\"%s\" href=\"%s\"/>",
								link->token, link->href);

		g_string_append(out, text);
	}
	g_string_append_printf(out, "</%s></" RESPONSE ">", name);
	return g_string_free(out, FALSE);
}

static json_t *json_of(const struct autodiscover *d)
{
	json_t *document = json_object(), *body = json_object(), *links = json_array();

	if (d->location != AUTODISCOVER_NOWHERE)
		json_object_set_new(document, "AccessLocation",
				    event_text(location_names[d->location]));
	json_object_set_new(document, resource_names[d->resource], body);
	for (guint i = 0; i < G_N_ELEMENTS(d->servers); i++) {
		const struct autodiscover_server *s = &d->servers[i];
		g_autofree char *port = g_strdup_printf("%u", s->port);

		if (s->fqdn)
			json_object_set_new(body, server_names[i],
					    event_pack("{s:s, s:s}", "fqdn", s->fqdn, "port",
						       port));
	}
	ptr_array_foreach(const struct autodiscover_link, link, d->links)
		json_array_append_new(links, event_pack("{s:s, s:s}", "href", link->href, "token",
							link->token));
	json_object_set_new(body, "Links", links);
	return document;
}

char *autodiscover_print(const struct autodiscover *d, enum autodiscover_format format)
{
	json_t *document;
	char *text;

	if (format == AUTODISCOVER_XML)
		return print_xml(d);
	document = json_of(d);
	text = json_dumps(document, JSON_COMPACT);
	json_decref(document);
	return text;
}

const char *autodiscover_type(enum autodiscover_format format)
{
	static const char *const types[] = {
		[AUTODISCOVER_XML] = "application/vnd.microsoft.rtc.autodiscover+xml; v=1",
		[AUTODISCOVER_JSON] = "application/vnd.microsoft.rtc.autodiscover+json; v=1",
	};

	return types[format];
}

const char *autodiscover_location_name(enum autodiscover_location location)
{
	return location == AUTODISCOVER_NOWHERE ? NULL : location_names[location];
}

/* --- reading ---------------------------------------------------------------------------------- */

/* What is common to both formats: the first server of a location counts. */
static void read_server(struct autodiscover *d, enum autodiscover_location location,
			const char *fqdn, const char *port)
{
	g_autofree char *name = fqdn ? g_strstrip(g_strdup(fqdn)) : NULL;
	guint64 number;

	if (!d->servers[location].fqdn && port &&
	    g_ascii_string_to_unsigned(port, 10, 1, G_MAXUINT16, &number, NULL))
		autodiscover_set_server(d, location, name, (guint16)number);
}

static void read_link(struct autodiscover *d, const char *token, const char *href)
{
	if (token && href)
		autodiscover_add_link(d, token, href);
}

/* Elements and how deep they are: the response, its resource, what that has. */
struct reader {
	struct autodiscover *d;
	guint depth;
	bool found; /* a resource, the first of which counts */
	bool inside;
};

static const char *attribute(const char **names, const char **values, const char *name)
{
	for (guint i = 0; names[i]; i++)
		if (g_ascii_strcasecmp(xml_local_name(names[i]), name) == 0)
			return values[i];
	return NULL;
}

/* Takes what is meant for a place of this depth; everything else is passed over. */
static void on_element(GMarkupParseContext *context G_GNUC_UNUSED, const char *qualified,
		       const char **names, const char **values, gpointer user_data, GError **error)
{
	struct reader *r = user_data;
	const char *name = xml_local_name(qualified);
	guint resource = INDEX_OF(resource_names, name), server = INDEX_OF(server_names, name);

	if (r->depth == 0 && (strcmp(name, RESPONSE) != 0 || r->found)) {
		g_set_error_literal(error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT,
				    "another document");
	} else if (r->depth == 0) {
		r->d->location =
			INDEX_OF(location_names, attribute(names, values, "AccessLocation"));
	} else if (r->depth == 1 && resource < G_N_ELEMENTS(resource_names)) {
		r->inside = !r->found;
		if (r->inside)
			r->d->resource = resource;
		r->found = true;
	} else if (r->depth == 2 && r->inside && server < G_N_ELEMENTS(server_names)) {
		read_server(r->d, server, attribute(names, values, "fqdn"),
			    attribute(names, values, "port"));
	} else if (r->depth == 2 && r->inside && g_ascii_strcasecmp(name, "Link") == 0) {
		read_link(r->d, attribute(names, values, "token"),
			  attribute(names, values, "href"));
	}
	r->depth++;
}

static void on_element_end(GMarkupParseContext *context G_GNUC_UNUSED,
			   const char *name G_GNUC_UNUSED, gpointer user_data,
			   GError **error G_GNUC_UNUSED)
{
	struct reader *r = user_data;

	if (--r->depth == 1)
		r->inside = false;
}

static bool read_xml(struct autodiscover *d, const char *text, gsize bytes)
{
	static const GMarkupParser parser = {.start_element = on_element,
					     .end_element = on_element_end};
	struct reader r = {.d = d};
	g_autoptr(GMarkupParseContext) context = g_markup_parse_context_new(&parser, 0, &r, NULL);

	return g_markup_parse_context_parse(context, text, (gssize)bytes, NULL) &&
	       g_markup_parse_context_end_parse(context, NULL) && r.found;
}

/* A port as text, as the product prints it, or as a number; the caller frees. */
static char *port_text(const json_t *port)
{
	return json_is_integer(port) ?
		       g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(port)) :
		       g_strdup(json_string_value(port));
}

static bool read_json(struct autodiscover *d, const char *text, gsize bytes)
{
	json_t *document = json_loadb(text, bytes, 0, NULL), *body = NULL, *link;
	size_t i;

	for (guint n = 0; !body && n < G_N_ELEMENTS(resource_names); n++) {
		body = json_object_get(document, resource_names[n]);
		d->resource = n;
	}
	d->location = INDEX_OF(location_names, member_text(document, "AccessLocation"));
	for (guint n = 0; n < G_N_ELEMENTS(server_names); n++) {
		const json_t *server = json_object_get(body, server_names[n]);
		g_autofree char *port = port_text(json_object_get(server, "port"));

		read_server(d, n, member_text(server, "fqdn"), port);
	}
	json_array_foreach(json_object_get(body, "Links"), i, link)
		read_link(d, member_text(link, "token"), member_text(link, "href"));
	bool good = json_is_object(body);
	json_decref(document);
	return good;
}

struct autodiscover *autodiscover_parse(const char *text, gsize bytes)
{
	struct autodiscover *d;
	gsize i = 0;
	bool good;

	if (bytes > AUTODISCOVER_BYTES_MAX)
		return NULL;
	while (i < bytes && g_ascii_isspace(text[i]))
		i++;
	d = autodiscover_new(AUTODISCOVER_ROOT, AUTODISCOVER_NOWHERE);
	good = i < bytes && text[i] == '{' ? read_json(d, text, bytes) : read_xml(d, text, bytes);
	if (good)
		return d;
	object_free(d);
	return NULL;
}

/* --- asking ----------------------------------------------------------------------------------- */

const char *autodiscover_href(const struct autodiscover *d, const char *token)
{
	ptr_array_foreach(const struct autodiscover_link, link, d->links)
		if (g_ascii_strcasecmp(link->token, token) == 0)
			return link->href;
	return NULL;
}

const struct autodiscover_server *autodiscover_sip_server(const struct autodiscover *d)
{
	for (guint i = 0; i < G_N_ELEMENTS(d->servers); i++)
		if ((d->location == AUTODISCOVER_NOWHERE || d->location == i) && d->servers[i].fqdn)
			return &d->servers[i];
	return NULL;
}
