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

static const char *const discovery_words[] = {
	[DISCOVERY_AUTO] = "auto",
	[DISCOVERY_WEB_ONLY] = "web",
	[DISCOVERY_SRV_ONLY] = "srv",
};

/* The value of a word; DISCOVERY_AUTO for NULL.  False: there is no such word. */
static bool discovery_by_word(const char *word, enum client_discovery *ret)
{
	*ret = DISCOVERY_AUTO;
	for (guint i = 0; word && i < G_N_ELEMENTS(discovery_words); i++) {
		if (strcmp(discovery_words[i], word) != 0)
			continue;
		*ret = i;
		return true;
	}
	return !word;
}

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
	const char *discovery = member_text(object, "discovery");
	bool known = discovery_by_word(discovery, &c.discovery);
	if (!known || !ice_profile_by_name(c.ice_profile)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "unknown %s \"%s\"",
			    known ? "ice_profile" : "discovery", known ? c.ice_profile : discovery);
		client_config_done(&c);
		return false;
	}
	c.sip_texts = member_true(object, "sip_texts");
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
