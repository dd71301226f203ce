/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests set, reset and reboot: they change the lab's network, completely or not at all. */
#include "testbed/live/keeper_internal.h"

/* The name of changes that are told to nobody, in places of findings. */
#define HIDDEN "hidden"

/* A change that is being made. */
struct live_change {
	struct control_client *g;
	GPtrArray *texts; /* char *: all changes on top of the scenario, old and new */
	model *next;	  /* the network that they make */
	char *reboot;	  /* a node that starts again, or NULL */
};

static const struct object_shape live_change_shape =
	OBJECT_SHAPE(live_change, NULL, OWNS(live_change, g, control_client_unref),
		     OWNS(live_change, texts, g_ptr_array_unref),
		     OWNS(live_change, next, model_free), OWNS_TEXT(live_change, reboot));

/* A name for change number `index` of `n`, of which the first `kept` were there before, so that an
 * error says which one it is about.  The caller frees it. */
static char *change_name(const struct keeper *k, guint index, guint n, guint kept)
{
	if (index < k->n_hidden)
		return g_strdup(HIDDEN);
	if (index < kept && n > kept)
		return g_strdup_printf("earlier set %u", index - k->n_hidden + 1);
	if (n - kept > 1)
		return g_strdup_printf("set %u", index - kept + 1);
	return g_strdup("set");
}

/* Whether a finding stands in a change that is told to nobody. */
static bool tells_hidden(const diags *found)
{
	for (guint i = 0; i < diags_count(found); i++)
		if (g_strcmp0(diags_get(found, i)->loc.file, HIDDEN) == 0)
			return true;
	return false;
}

/* The network that these changes make, of which the first `kept` were there before; owned by the
 * caller.  NULL with all mistakes in `error`. */
static model *try_changes(const struct keeper *k, const GPtrArray *texts, guint kept,
			  GError **error)
{
	g_autoptr(diags) found = diags_new();
	bool good = true;
	model *m;

	model_drop_changes(k->job->base);
	for (guint i = 0; i < texts->len; i++) {
		g_autofree char *name = change_name(k, i, texts->len, kept);

		good = model_add_changes(k->job->base, name, texts->pdata[i], found) && good;
	}
	m = good ? model_instantiate(k->job->base, k->job->scenario, found) : NULL;
	if (m)
		return m;
	if (tells_hidden(found))
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT,
			    "this change does not go with the network as it is now");
	else
		diags_set_error(found, TB_ERROR_INPUT, "", error);
	return NULL;
}

/* Names of endpoints in a call, borrowed, NULL-terminated: their clients must not restart.  The
 * caller frees the list. */
static const char **busy_endpoints(const struct keeper *k)
{
	GHashTable *clients = session_clients(k->session);
	const char **names = g_new0(const char *, g_hash_table_size(clients) + 1);
	GHashTableIter iter;
	gpointer value;
	guint n = 0;

	g_hash_table_iter_init(&iter, clients);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct session_client *c = value;

		if (c->calls > 0)
			names[n++] = c->name;
	}
	return names;
}

/* The lab has made the change, or undone it (`error`).  Answers the control client. */
static void on_changed(lab *l G_GNUC_UNUSED, const char *const *restarted, const GError *error,
		       gpointer user_data)
{
	struct live_change *c = user_data;
	struct keeper *k = c->g->k;

	k->change = NULL;
	session_restarted(k->session, restarted, error ? NULL : c->reboot);
	if (error) {
		control_client_fail_with(c->g, error);
	} else {
		model *before = k->current;

		k->current = g_steal_pointer(&c->next);
		session_use_endpoints(k->session, k->current);
		model_free(before);
		g_ptr_array_unref(k->changes);
		k->changes = g_ptr_array_ref(c->texts);
		keeper_publish_again(k, c->reboot);
		c->g->waits = c->g->channel != NULL;
	}
	/* clients of new nodes and restarted ones have not signed in */
	keeper_sign_in(k);
	object_free(c);
}

/* Starts to make the network of these changes; `texts`, of which the first `kept` were there
 * before, is taken over; `reboot` is a node or NULL.  Answers an error at once, success later. */
static void make_change(struct control_client *g, GPtrArray *texts, guint kept, const char *reboot)
{
	struct keeper *k = g->k;
	g_autoptr(GError) error = NULL;
	g_autofree const char **spare = busy_endpoints(k);
	g_autofree const char **list = g_new0(const char *, texts->len + 1);
	model *next = k->change ? NULL : try_changes(k, texts, kept, &error);

	if (k->change)
		g_set_error(&error, TB_ERROR, TB_ERROR_INPUT,
			    "another change is just being made; try again when it is done");
	if (!next) {
		control_client_fail_with(g, error);
		g_ptr_array_unref(texts);
		return;
	}
	k->change = object_new(&live_change_shape);
	*k->change = (struct live_change){.g = control_client_ref(g),
					  .texts = texts,
					  .next = next,
					  .reboot = g_strdup(reboot)};
	for (guint i = 0; i < texts->len; i++)
		list[i] = texts->pdata[i];
	lab_change(session_lab(k->session), list, spare, reboot, on_changed, k->change);
}

/* A copy of the first `n` changes; the caller frees it. */
static GPtrArray *first_changes(const struct keeper *k, guint n)
{
	GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < n; i++)
		g_ptr_array_add(texts, g_strdup(k->changes->pdata[i]));
	return texts;
}

void change_set(struct control_client *g, const json_t *request)
{
	const json_t *added = json_object_get(request, "changes");
	bool instead = member_true(request, "instead");
	GPtrArray *texts;
	guint kept;

	if (json_array_size(added) == 0 && !instead) {
		control_client_fail(g, TB_ERROR_INPUT, "no change is given");
		return;
	}
	texts = first_changes(g->k, instead ? g->k->n_declared : g->k->changes->len);
	kept = texts->len;
	for (size_t i = 0; i < json_array_size(added); i++) {
		const char *text = json_string_value(json_array_get(added, i));

		g_ptr_array_add(texts, g_strdup(text ? text : ""));
	}
	make_change(g, texts, kept, NULL);
}

/* The change `reboot` takes from the network what a real reboot would lose (routes that are not
 * persistent); the node is also made again. */
void change_reboot_node(struct control_client *g, const json_t *request)
{
	const char *node = member_text(request, "node");
	GPtrArray *texts;

	if (!control_client_check_node(g, node))
		return;
	texts = first_changes(g->k, g->k->changes->len);
	g_ptr_array_add(texts, g_strdup_printf("reboot: {node: %s}", node));
	make_change(g, texts, texts->len - 1, node);
}

void change_reset(struct control_client *g, const json_t *request G_GNUC_UNUSED)
{
	make_change(g, first_changes(g->k, g->k->n_declared), g->k->n_declared, NULL);
}
