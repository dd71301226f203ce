/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/config.h"

#include <gio/gio.h>
#include <stddef.h>
#include <string.h>

#include "common/ice.h"
#include "common/media.h"

static const struct {
	const char *name, *fallback; /* fallback NULL: must be given */
	size_t offset;
} config_members[] = {
	{"name", NULL, offsetof(struct client_config, name)},
	{"user", NULL, offsetof(struct client_config, user)},
	{"password", NULL, offsetof(struct client_config, password)},
	{"domain", NULL, offsetof(struct client_config, domain)},
	{"ca", NULL, offsetof(struct client_config, ca)},
	{"address", NULL, offsetof(struct client_config, address)},
	{"address6", "", offsetof(struct client_config, address6)},
	{"ice_profile", "standard", offsetof(struct client_config, ice_profile)},
};

static char **config_member(struct client_config *c, guint i)
{
	return (char **)(gpointer)((guint8 *)c + config_members[i].offset);
}

bool client_config_parse(json_t *object, struct client_config *ret, GError **error)
{
	struct client_config c = {0};
	for (guint i = 0; i < G_N_ELEMENTS(config_members); i++) {
		const char *value = member_text(object, config_members[i].name);
		*config_member(&c, i) = g_strdup(value ? value : config_members[i].fallback);
		if (*config_member(&c, i))
			continue;
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "config has no \"%s\"",
			    config_members[i].name);
		client_config_done(&c);
		return false;
	}
	if (!ice_profile_by_name(c.ice_profile)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "unknown ice_profile \"%s\"", c.ice_profile);
		client_config_done(&c);
		return false;
	}
	c.packet_ms =
		(guint)CLAMP(member_integer(object, "packet_ms"), 0, MEDIA_PACKET_TIME_MAX_MS);
	*ret = c;
	return true;
}

bool client_config_has_ipv4(const struct client_config *c)
{
	return !strchr(c->address, ':');
}

bool client_config_has_ipv6(const struct client_config *c)
{
	return c->address6[0] || strchr(c->address, ':');
}

void client_config_done(struct client_config *c)
{
	for (guint i = 0; i < G_N_ELEMENTS(config_members); i++)
		g_clear_pointer(config_member(c, i), g_free);
}
