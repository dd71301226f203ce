/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `up --publish`: binds each node's namespace under /run/netns, when the network is built and after
 * each change. */
#include "testbed/lab/publish.h"
#include "testbed/live/keeper_internal.h"

#include <unistd.h>

/* The first publication, of all nodes. */
struct publication {
	struct keeper *k;
	guint left; /* nodes whose descriptors have not come yet */
	GError *error;
};

/* Ends the publication: signs in, or ends the keeper with the first error. */
static void end_publication(struct publication *p)
{
	if (p->error)
		keeper_fail(p->k, p->error);
	else
		keeper_sign_in(p->k);
	g_clear_error(&p->error);
	g_free(p);
}

/* Binds the next node.  Answers come in the order of the requests, which is that of the nodes. */
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
		end_publication(p);
}

/* The paths of all nodes, one a line, owned by the caller; NULL with `error`: one exists already,
 * which must be another program's. */
static char *paths_to_publish(const struct keeper *k, GError **error)
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

/* A node that is bound after a change. */
struct late_publication {
	struct keeper *k;
	char *path;
};

/* Notes in the status that a path is not published. */
static void note_unpublished(struct keeper *k, const char *path, const char *why)
{
	g_ptr_array_add(k->unpublished, g_strdup_printf("'%s' is not published: %s", path, why));
}

/* Binds a node's namespace that the lab has sent, or notes why it can't be. */
static void on_added_node(lab *l G_GNUC_UNUSED, const struct lab_enter_target *target,
			  const GError *error, gpointer user_data)
{
	struct late_publication *p = user_data;
	g_autoptr(GError) refused = NULL;

	if (error || !publish_bind(p->path, target->net, &refused))
		note_unpublished(p->k, p->path, error ? error->message : refused->message);
	g_free(p->path);
	g_free(p);
}

/* Binds the node's namespace at `path` as soon as the lab has sent it. */
static void bind_late(struct keeper *k, const char *node, const char *path)
{
	struct late_publication *p = g_new0(struct late_publication, 1);

	*p = (struct late_publication){.k = k, .path = g_strdup(path)};
	lab_enter(session_lab(k->session), node, on_added_node, p);
}

/* Whether one of the lines is this path. */
static bool has_path(const char *paths, const char *path)
{
	g_auto(GStrv) lines = g_strsplit(paths, "\n", -1);

	return g_strv_contains((const char *const *)lines, path);
}

/* The paths that the lab has after the change, one a line, owned by the caller.  Adds to `nodes`
 * those that have to be bound.  A path that exists already and is not the lab's is left out, and
 * noted in the status. */
static char *paths_after_change(struct keeper *k, const char *reboot, GPtrArray *nodes)
{
	GString *paths = g_string_new(NULL);

	ptr_array_foreach(const struct node, n, k->current->nodes) {
		g_autofree char *path = publish_path(k->job->name, n->name);
		bool listed = has_path(k->published, path);

		if (!listed && access(path, F_OK) == 0) {
			note_unpublished(k, path, "there is one already, not of this lab");
			continue;
		}
		g_string_append_printf(paths, "%s\n", path);
		if (!listed || g_strcmp0(reboot, n->name) == 0)
			g_ptr_array_add(nodes, n->name);
	}
	return g_string_free(paths, FALSE);
}

/* Unbinds paths that the lab had before and has no longer. */
static void unbind_gone(const char *before, const char *now)
{
	g_auto(GStrv) paths = g_strsplit(before, "\n", -1);

	for (guint i = 0; paths[i]; i++)
		if (*paths[i] && !has_path(now, paths[i]))
			publish_unbind(paths[i]);
}

void keeper_publish_again(struct keeper *k, const char *reboot)
{
	g_autoptr(GPtrArray) nodes = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *before = k->published;

	if (!before)
		return;
	k->published = paths_after_change(k, reboot, nodes);
	unbind_gone(before, k->published);
	if (!runtime_dir_write_note(k->job->runtime, k->job->name, k->published, &error)) {
		note_unpublished(k, "a new node", error->message);
		return;
	}
	for (guint i = 0; i < nodes->len; i++) {
		g_autofree char *path = publish_path(k->job->name, nodes->pdata[i]);

		if (has_path(before, path))
			publish_unbind(path);
		bind_late(k, nodes->pdata[i], path);
	}
}

/* --- at first --------------------------------------------------------------------------------- */

void keeper_publish(struct keeper *k)
{
	g_autoptr(GError) error = NULL;
	struct publication *p;

	k->published = paths_to_publish(k, &error);
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
