/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/web_answer.h"

#include <string.h>

#include "common/autodiscover.h"
#include "common/base/object.h"
#include "common/sip.h"

#define HTTPS_PORT 443

/* Where the resources are.  The product's rules lead from "/" to the root. */
static const struct {
	const char *path;
	enum autodiscover_resource resource;
} paths[] = {
	{"", AUTODISCOVER_ROOT},
	{AUTODISCOVER_PATH, AUTODISCOVER_ROOT},
	{AUTODISCOVER_PATH "/domain", AUTODISCOVER_DOMAIN},
	{AUTODISCOVER_PATH "/user", AUTODISCOVER_USER},
};

/* The resource of a path, in any case, with or without a slash at its end; false: there is none. */
static bool find_resource(const char *path, enum autodiscover_resource *ret)
{
	gsize length = strlen(path);

	length -= length > 0 && path[length - 1] == '/';
	for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
		if (strlen(paths[i].path) != length ||
		    g_ascii_strncasecmp(paths[i].path, path, length) != 0)
			continue;
		*ret = paths[i].resource;
		return true;
	}
	return false;
}

/* JSON unless the XML of autodiscover is wanted, as in the product. */
static enum autodiscover_format wanted_format(const char *accept)
{
	return accept && strstr(accept, "autodiscover+xml") ? AUTODISCOVER_XML : AUTODISCOVER_JSON;
}

/* The user's address without "sip:", as sip_uri_user writes it; the caller frees.  NULL: none was
 * given. */
static char *user_of(const char *sipuri)
{
	if (sipuri && g_ascii_strncasecmp(sipuri, "sip:", strlen("sip:")) == 0)
		sipuri += strlen("sip:");
	return sipuri && *sipuri ? sip_user_of_address(sipuri) : NULL;
}

static bool has_user(const struct fe_config *c, const char *user)
{
	ptr_array_foreach(const struct fe_config_user, u, c->users)
		if (strcmp(u->user, user) == 0)
			return true;
	return false;
}

static bool is_in_other_domain(const struct fe_config *c, const char *user)
{
	const char *at = strrchr(user, '@');

	return !at || g_ascii_strcasecmp(at + 1, c->domain) != 0;
}

/* The status of a resource for a user, NULL: nobody.  Who is somebody else's is not led on, as
 * there is nobody whom we could lead to; a web ticket, which the product wants for `user`, is not
 * modelled: the address is in its place. */
static guint resource_status(const struct fe_config *c, enum autodiscover_resource resource,
			     const char *user)
{
	if (resource == AUTODISCOVER_USER && !user)
		return 401;
	if (resource == AUTODISCOVER_USER && !has_user(c, user))
		return 404;
	return user && is_in_other_domain(c, user) ? 404 : 200;
}

/* Adds a link below the root of a site.  The external site is published on the port of HTTPS,
 * whatever its own is. */
static void add_link(struct autodiscover *d, const struct fe_config *c, enum fe_web site,
		     const char *token, const char *below, const char *user)
{
	const struct fe_web_site *s = &c->web[site];
	bool usual = site == FE_WEB_EXTERNAL || s->port == HTTPS_PORT;
	g_autofree char *port = usual ? g_strdup("") : g_strdup_printf(":%u", s->port);
	g_autofree char *who = user ? g_uri_escape_string(user, "@", FALSE) : NULL;
	g_autofree char *href = g_strdup_printf("https://%s%s" AUTODISCOVER_PATH "%s%s%s",
						s->links_to ? s->links_to : c->fqdn, port, below,
						who ? "?sipuri=" : "", who ? who : "");

	autodiscover_add_link(d, token, href);
}

static struct autodiscover *make_document(const struct fe_config *c, enum fe_web site,
					  enum autodiscover_resource resource, const char *user)
{
	static const enum autodiscover_location locations[] = {
		[FE_WEB_INTERNAL] = AUTODISCOVER_INTERNAL,
		[FE_WEB_EXTERNAL] = AUTODISCOVER_EXTERNAL,
	};
	struct autodiscover *d = autodiscover_new(resource, locations[site]);

	if (resource == AUTODISCOVER_ROOT) {
		add_link(d, c, site, "Domain", "/domain", NULL);
		add_link(d, c, site, "User", "/user", user);
		return d;
	}
	for (guint i = 0; i < FE_WEB_SITES; i++)
		autodiscover_set_server(d, locations[i], c->web[i].sip_name, c->web[i].sip_port);
	add_link(d, c, FE_WEB_EXTERNAL, "External/Autodiscover", "", NULL);
	add_link(d, c, FE_WEB_INTERNAL, "Internal/Autodiscover", "", NULL);
	add_link(d, c, site, "Self", resource == AUTODISCOVER_USER ? "/user" : "/domain", user);
	return d;
}

static bool answers_to(const struct fe_web_site *s, const char *host)
{
	for (guint i = 0; host && s->names[i]; i++)
		if (g_ascii_strcasecmp(s->names[i], host) == 0)
			return true;
	return false;
}

struct fe_web_answer fe_web_answer(const struct fe_config *c, enum fe_web site,
				   const struct fe_web_request *request)
{
	enum autodiscover_format format = wanted_format(request->accept);
	g_autofree char *user = user_of(request->sipuri);
	enum autodiscover_resource resource;
	struct fe_web_answer answer = {.status = 404};
	struct autodiscover *d;

	if (!answers_to(&c->web[site], request->host) || !find_resource(request->path, &resource))
		return answer;
	if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
		answer.status = 405;
	else
		answer.status = resource_status(c, resource, user);
	if (answer.status != 200)
		return answer;
	d = make_document(c, site, resource, user);
	answer.type = autodiscover_type(format);
	answer.body = autodiscover_print(d, format);
	object_free(d);
	return answer;
}
