/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/participants.h"
#include "common/base/each.h"
#include "common/wire/pack.h"

#include <string.h>

struct participant {
	char *given, *user;
	guint32 ssrc;
	bool heard;
	struct media_heard media;
};

struct participants {
	GArray *people;
};

guint32 participants_ssrc(const char *user)
{
	guint8 digest[32];
	gsize length = sizeof digest;
	GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
	g_checksum_update(sum, (const guchar *)user, -1);
	g_checksum_get_digest(sum, digest, &length);
	g_checksum_free(sum);
	return (guint32)digest[0] << 24 | (guint32)digest[1] << 16 | (guint32)digest[2] << 8 |
	       (guint32)digest[3];
}

char *participants_mcu_uri(const char *focus_uri, const char *kind)
{
	static const char part[] = "app:conf:focus:";
	const char *at = strstr(focus_uri, part);
	if (!at)
		return g_strdup(focus_uri);
	return g_strdup_printf("%.*sapp:conf:%s:%s", (int)(at - focus_uri), focus_uri, kind,
			       at + strlen(part));
}

static void participant_clear(gpointer data)
{
	struct participant *p = data;
	g_free(p->given);
	g_free(p->user);
}

participants *participants_new(json_t *names, const char *self, const char *domain)
{
	participants *p = g_new(participants, 1);
	size_t i;
	json_t *name;
	p->people = g_array_new(FALSE, FALSE, sizeof(struct participant));
	g_array_set_clear_func(p->people, participant_clear);
	json_array_foreach(names, i, name) {
		const char *given = json_string_value(name);
		if (!given)
			continue;
		g_autofree char *full = strchr(given, '@') ?
						g_strdup(given) :
						g_strdup_printf("%s@%s", given, domain);
		struct participant who = {.given = g_strdup(given),
					  .user = g_ascii_strdown(full, -1)};
		who.ssrc = participants_ssrc(who.user);
		if (g_ascii_strcasecmp(who.user, self) == 0)
			participant_clear(&who);
		else
			g_array_append_val(p->people, who);
	}
	return p;
}

void participants_free(participants *p)
{
	if (!p)
		return;
	g_array_unref(p->people);
	g_free(p);
}

void participants_heard(participants *p, const char *user)
{
	array_foreach(struct participant, who, p->people)
		who->heard |= g_ascii_strcasecmp(who->user, user) == 0;
}

void participants_heard_source(participants *p, const struct media_heard *heard)
{
	array_foreach(struct participant, who, p->people) {
		if (who->ssrc != heard->ssrc)
			continue;
		who->heard = true;
		who->media = *heard;
	}
}

bool participants_all_heard(const participants *p)
{
	for (guint i = 0; i < p->people->len; i++)
		if (!g_array_index(p->people, struct participant, i).heard)
			return false;
	return true;
}

json_t *participants_heard_json(const participants *p)
{
	json_t *list = json_array();
	array_foreach(const struct participant, who, p->people)
		if (who->heard)
			json_array_append_new(list, event_text(who->given));
	return list;
}

static void add_counts(json_t *all, const struct participant *who, const struct media_heard *h)
{
	if (h->received)
		json_object_set_new(all, who->given,
				    event_pack("{s:I, s:I}", "received", (json_int_t)h->received,
					       "expected", (json_int_t)h->expected));
}

json_t *participants_sources_json(const participants *p)
{
	json_t *all = json_object();
	array_foreach(const struct participant, who, p->people)
		add_counts(all, who, &who->media);
	return all;
}

json_t *participants_counts_json(const participants *p, const struct media_heard *heard, guint n)
{
	json_t *all = json_object();
	for (guint i = 0; i < n; i++)
		array_foreach(const struct participant, who, p->people)
			if (who->ssrc == heard[i].ssrc)
				add_counts(all, who, &heard[i]);
	return all;
}

char *participants_missing(const participants *p)
{
	GString *out = g_string_new("not heard: ");
	bool first = true;
	array_foreach(const struct participant, who, p->people) {
		if (who->heard)
			continue;
		g_string_append_printf(out, "%s%s", first ? "" : ", ", who->given);
		first = false;
	}
	return g_string_free(out, FALSE);
}
