/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/flow.h"

struct fe_flow *fe_flow_new(const char *peer, const char *edge)
{
	static guint64 last;
	struct fe_flow *f = g_rc_box_new0(struct fe_flow);

	f->number = ++last;
	f->users = sip_users_new();
	f->peer = g_strdup(peer);
	f->edge = g_strdup(edge);
	f->open = true;
	return f;
}

struct fe_flow *fe_flow_ref(struct fe_flow *f)
{
	return g_rc_box_acquire(f);
}

static void fe_flow_clear(gpointer data)
{
	struct fe_flow *f = data;

	g_free(f->peer);
	g_free(f->edge);
	object_free(f->users);
}

void fe_flow_unref(struct fe_flow *f)
{
	if (f)
		g_rc_box_release_full(f, fe_flow_clear);
}

char *fe_flow_client(const struct fe_flow *f, const sip_msg *request)
{
	const char *via = f->edge ? sip_header(request, "Via") : NULL;
	g_autofree char *token = via ? sip_param(via, SIP_FLOW_PARAMETER) : NULL;

	return f->edge ? g_strdup_printf("%s %s", f->edge, token ? token : "") :
			 g_strdup_printf("%" G_GUINT64_FORMAT, f->number);
}

const char *fe_flow_trusted_name(const char *const *peer_names, const char *const *trusted)
{
	for (guint i = 0; peer_names && peer_names[i]; i++)
		for (guint j = 0; trusted && trusted[j]; j++)
			if (g_ascii_strcasecmp(peer_names[i], trusted[j]) == 0)
				return trusted[j];
	return NULL;
}
