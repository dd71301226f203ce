/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/config.h"
#include "common/base/object.h"
#include "common/sip.h"

#include <gio/gio.h>
#include <stdbool.h>
#include <stddef.h>

/* Sets *error, which names the member, and returns false. */
static bool fe_config_error(GError **error, const char *member, const char *what)
{
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "config member '%s': %s",
		    member, what);
	return false;
}

struct text_member {
	const char *name;
	size_t offset;
	bool required;
	const char *fallback;
};

static const struct text_member text_members[] = {
	{.name = "name", .offset = offsetof(struct fe_config, name), .fallback = "fe"},
	{.name = "fqdn", .offset = offsetof(struct fe_config, fqdn), .required = true},
	{.name = "domain", .offset = offsetof(struct fe_config, domain), .required = true},
	{.name = "address", .offset = offsetof(struct fe_config, address), .required = true},
	{.name = "address6", .offset = offsetof(struct fe_config, address6)},
	{.name = "ca", .offset = offsetof(struct fe_config, ca), .required = true},
	{.name = "certificate",
	 .offset = offsetof(struct fe_config, certificate),
	 .required = true},
	{.name = "key", .offset = offsetof(struct fe_config, key), .required = true},
	{.name = "cdr", .offset = offsetof(struct fe_config, cdr)},
	{.name = "ice_profile",
	 .offset = offsetof(struct fe_config, ice_profile),
	 .fallback = "standard"},
};

/* Reads all members of text_members; false with an error. */
static bool read_texts(struct fe_config *c, json_t *object, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(text_members); i++) {
		const struct text_member *m = &text_members[i];
		json_t *value = json_object_get(object, m->name);
		char **to = (char **)(void *)((char *)c + m->offset);

		if (value && !json_is_null(value) && !json_is_string(value))
			return fe_config_error(error, m->name, "not a string");
		if (!json_is_string(value) && m->required)
			return fe_config_error(error, m->name, "missing");
		*to = g_strdup(json_is_string(value) ? json_string_value(value) : m->fallback);
	}
	return true;
}

/* Reads a port into *ret_port; `fallback` without the member.  False with an error. */
static bool read_port(json_t *object, const char *name, guint16 fallback, guint16 *ret_port,
		      GError **error)
{
	json_t *value = json_object_get(object, name);
	json_int_t number = json_integer_value(value);

	*ret_port = fallback;
	if (!value)
		return true;
	if (!json_is_integer(value) || number < 1 || number > G_MAXUINT16)
		return fe_config_error(error, name, "not a port");
	*ret_port = (guint16)number;
	return true;
}

/* Reads a list of names into *ret, which g_strfreev frees; false with an error. */
static bool read_names(json_t *object, const char *name, char ***ret, GError **error)
{
	g_autoptr(GStrvBuilder) names = g_strv_builder_new();
	json_t *list = json_object_get(object, name), *value;
	size_t i;

	if (list && !json_is_array(list))
		return fe_config_error(error, name, "not a list");
	json_array_foreach(list, i, value) {
		if (!json_is_string(value))
			return fe_config_error(error, name, "not a list of names");
		g_strv_builder_add(names, json_string_value(value));
	}
	*ret = g_strv_builder_end(names);
	return true;
}

static const struct object_shape fe_config_user_shape =
	OBJECT_SHAPE(fe_config_user, NULL, OWNS_TEXT(fe_config_user, user),
		     OWNS_TEXT(fe_config_user, password), OWNS_TEXT(fe_config_user, edge));

static bool read_users(struct fe_config *c, json_t *object, GError **error)
{
	json_t *list = json_object_get(object, "users"), *value;
	size_t i;

	if (list && !json_is_array(list))
		return fe_config_error(error, "users", "not a list");
	json_array_foreach(list, i, value) {
		const char *user = member_text(value, "user");
		const char *password = member_text(value, "password");
		struct fe_config_user *u;

		if (!user || !password)
			return fe_config_error(error, "users", "each needs 'user' and 'password'");
		u = object_new(&fe_config_user_shape);
		u->user = sip_user_of_address(user);
		u->password = g_strdup(password);
		u->edge = g_strdup(member_text(value, "edge"));
		u->inside_only = json_is_false(json_object_get(value, "remote"));
		u->disabled = json_is_false(json_object_get(value, "enabled"));
		g_ptr_array_add(c->users, u);
	}
	return true;
}

static const struct object_shape fe_config_edge_shape =
	OBJECT_SHAPE(fe_config_edge, NULL, OWNS_TEXT(fe_config_edge, fqdn));

static bool read_edges(struct fe_config *c, json_t *object, GError **error)
{
	json_t *list = json_object_get(object, "edges"), *value;
	size_t i;

	if (list && !json_is_array(list))
		return fe_config_error(error, "edges", "not a list");
	json_array_foreach(list, i, value) {
		const char *fqdn = member_text(value, "fqdn");
		struct fe_config_edge *e;
		guint16 port;

		if (!fqdn)
			return fe_config_error(error, "edges", "each needs 'fqdn'");
		if (!read_port(value, "mras_port", 5062, &port, error))
			return false;
		e = object_new(&fe_config_edge_shape);
		e->fqdn = g_strdup(fqdn);
		e->mras_port = port;
		g_ptr_array_add(c->edges, e);
	}
	return true;
}

/* What the members of "web" are called, by site. */
static const struct {
	const char *port, *names, *links_to, *sip;
	guint16 default_port;
} web_members[FE_WEB_SITES] = {
	[FE_WEB_INTERNAL] = {"internal_port", "names", "web_internal", "sip_internal", 443},
	[FE_WEB_EXTERNAL] = {"external_port", "external_names", "web_external", "sip_external",
			     4443},
};

/* Reads the two web sites, if there are any. */
static bool read_web(struct fe_config *c, json_t *object, GError **error)
{
	json_t *web = json_object_get(object, "web");

	c->has_web = json_is_object(web);
	if (web && !json_is_null(web) && !c->has_web)
		return fe_config_error(error, "web", "not an object");
	for (guint i = 0; c->has_web && i < FE_WEB_SITES; i++) {
		struct fe_web_site *site = &c->web[i];
		json_t *sip = json_object_get(web, web_members[i].sip);

		if (!read_port(web, web_members[i].port, web_members[i].default_port, &site->port,
			       error) ||
		    !read_names(web, web_members[i].names, &site->names, error) ||
		    !read_port(sip, "port", c->port, &site->sip_port, error))
			return false;
		site->links_to = g_strdup(member_text(web, web_members[i].links_to));
		site->sip_name = g_strdup(member_text(sip, "name"));
	}
	return true;
}

struct fe_config *fe_config_parse(json_t *object, GError **error)
{
	struct fe_config *c = g_new0(struct fe_config, 1);

	c->users = g_ptr_array_new_with_free_func(object_free);
	c->edges = g_ptr_array_new_with_free_func(object_free);
	if (!read_texts(c, object, error) || !read_port(object, "port", 5061, &c->port, error) ||
	    !read_names(object, "trusted_servers", &c->trusted_servers, error) ||
	    !read_users(c, object, error) || !read_edges(c, object, error) ||
	    !read_web(c, object, error)) {
		fe_config_free(c);
		return NULL;
	}
	c->sip_texts = member_true(object, "sip_texts");
	return c;
}

void fe_config_free(struct fe_config *c)
{
	if (!c)
		return;
	for (guint i = 0; i < G_N_ELEMENTS(text_members); i++)
		g_free(*(char **)(void *)((char *)c + text_members[i].offset));
	g_strfreev(c->trusted_servers);
	for (guint i = 0; i < FE_WEB_SITES; i++) {
		g_strfreev(c->web[i].names);
		g_free(c->web[i].links_to);
		g_free(c->web[i].sip_name);
	}
	g_ptr_array_unref(c->users);
	g_ptr_array_unref(c->edges);
	g_free(c);
}

const struct fe_config_edge *fe_config_find_edge(const struct fe_config *c, const char *fqdn)
{
	ptr_array_foreach(const struct fe_config_edge, e, c->edges)
		if (g_ascii_strcasecmp(e->fqdn, fqdn) == 0)
			return e;
	return NULL;
}
