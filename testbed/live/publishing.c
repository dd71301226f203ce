/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `up --publish`: each node's namespace under /run/netns, as soon as the network stands, and after
 * changes. */
#include "testbed/lab/publish.h"
#include "testbed/live/keeper_internal.h"

#include <unistd.h>

struct publication {
	struct keeper *k;
	guint left; /* nodes whose descriptors were asked for */
	GError *error;
};

static void finish(struct publication *p)
{
	if (p->error)
		keeper_fail(p->k, p->error);
	else
		keeper_sign_in(p->k);
	g_clear_error(&p->error);
	g_free(p);
}

/* Doors come in the order in which they were asked for: that of the nodes. */
static void on_enter_target(lab *l G_GNUC_UNUSED, const struct lab_enter_target *target,
			    const GError *error, gpointer user_data)
{
	struct publication *p = user_data;
	const GPtrArray *nodes = p->k->current->nodes;
	const struct node *n = nodes->pdata[nodes->len - p->left];
	g_autofree char *path = publish_path(p->k->job->name, n->name);

	if (error && !p->error)
		p->error = g_error_copy(error);
	if (!p->error)
		publish_bind(path, target->net, &p->error);
	if (--p->left == 0)
		finish(p);
}

static char *paths_of(const struct keeper *k, GError **error)
{
	GString *paths = g_string_new(NULL);

	ptr_array_foreach(const struct node, n, k->current->nodes) {
		g_autofree char *path = publish_path(k->job->name, n->name);

		if (access(path, F_OK) == 0) {
			g_set_error(error, TB_ERROR, TB_ERROR_INPUT,
				    "node '%s' of lab '%s' can't be published: there is a '%s' "
				    "already, not of this lab",
				    n->name, k->job->name, path);
			g_string_free(paths, TRUE);
			return NULL;
		}
		g_string_append_printf(paths, "%s\n", path);
	}
	return g_string_free(paths, FALSE);
}

/* --- after a change --------------------------------------------------------------------------- */

/* One node that is to be bound. */
struct late_publication {
	struct keeper *k;
	char *path;
};

static void complain(struct keeper *k, const char *path, const char *why)
{
	g_ptr_array_add(k->dead, g_strdup_printf("'%s' is not published: %s", path, why));
}

static void on_added_node(lab *l G_GNUC_UNUSED, const struct lab_enter_target *target,
			  const GError *error, gpointer user_data)
{
	struct late_publication *p = user_data;
	g_autoptr(GError) refused = NULL;

	if (error || !publish_bind(p->path, target->net, &refused))
		complain(p->k, p->path, error ? error->message : refused->message);
	g_free(p->path);
	g_free(p);
}

static void bind_late(struct keeper *k, const char *node, const char *path)
{
	struct late_publication *p = g_new0(struct late_publication, 1);

	*p = (struct late_publication){.k = k, .path = g_strdup(path)};
	lab_enter(session_lab(k->session), node, on_added_node, p);
}

static bool lists(const char *paths, const char *path)
{
	g_auto(GStrv) lines = g_strsplit(paths, "\n", -1);

	return g_strv_contains((const char *const *)lines, path);
}

/* A path that is there already is somebody else's and stays out of the note. */
static char *take_in(struct keeper *k, const char *reboot, GPtrArray *nodes)
{
	GString *paths = g_string_new(NULL);

	ptr_array_foreach(const struct node, n, k->current->nodes) {
		g_autofree char *path = publish_path(k->job->name, n->name);
		bool listed = lists(k->published, path);

		if (!listed && access(path, F_OK) == 0) {
			complain(k, path, "there is one already, not of this lab");
			continue;
		}
		g_string_append_printf(paths, "%s\n", path);
		if (!listed || g_strcmp0(reboot, n->name) == 0)
			g_ptr_array_add(nodes, n->name);
	}
	return g_string_free(paths, FALSE);
}

static void take_out(const char *before, const char *now)
{
	g_auto(GStrv) paths = g_strsplit(before, "\n", -1);

	for (guint i = 0; paths[i]; i++)
		if (*paths[i] && !lists(now, paths[i]))
			publish_unbind(paths[i]);
}

void keeper_publish_again(struct keeper *k, const char *reboot)
{
	g_autoptr(GPtrArray) nodes = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *before = k->published;

	if (!before)
		return;
	k->published = take_in(k, reboot, nodes);
	take_out(before, k->published);
	if (!runtime_dir_write_note(k->job->runtime, k->job->name, k->published, &error)) {
		complain(k, "a new node", error->message);
		return;
	}
	for (guint i = 0; i < nodes->len; i++) {
		g_autofree char *path = publish_path(k->job->name, nodes->pdata[i]);

		if (lists(before, path))
			publish_unbind(path);
		bind_late(k, nodes->pdata[i], path);
	}
}

/* --- at first --------------------------------------------------------------------------------- */

void keeper_publish(struct keeper *k)
{
	g_autoptr(GError) error = NULL;
	struct publication *p;

	k->published = paths_of(k, &error);
	if (!k->published ||
	    !runtime_dir_write_note(k->job->runtime, k->job->name, k->published, &error)) {
		keeper_fail(k, error);
		return;
	}
	p = g_new0(struct publication, 1);
	p->k = k;
	p->left = k->current->nodes->len;
	for (guint i = 0; i < k->current->nodes->len; i++)
		lab_enter(session_lab(k->session),
			  ((struct node *)k->current->nodes->pdata[i])->name, on_enter_target, p);
}
