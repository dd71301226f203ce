/* `up --publish`: each node's namespace under /run/netns, as soon as the network stands. */
#include "testbed/live/publish.h"
#include "testbed/live/room.h"

#include <unistd.h>

struct publication {
	struct keeper *k;
	guint left; /* doors that were asked for */
	GError *error;
};

static void finish(struct publication *p)
{
	if (p->error)
		keeper_fail(p->k, p->error);
	else
		keeper_sign_in(p->k, NULL);
	g_clear_error(&p->error);
	g_free(p);
}

/* Doors come in the order in which they were asked for: that of the nodes. */
static void on_door(lab *l G_GNUC_UNUSED, const struct lab_door *door, const GError *error, gpointer user_data)
{
	struct publication *p = user_data;
	const GPtrArray *nodes = p->k->current->nodes;
	const struct node *n = nodes->pdata[nodes->len - p->left];
	g_autofree char *path = publish_path(p->k->job->name, n->name);

	if (error && !p->error)
		p->error = g_error_copy(error);
	if (!p->error)
		publish_bind(path, door->net, &p->error);
	if (--p->left == 0)
		finish(p);
}

static char *paths_of(const struct keeper *k, GError **error)
{
	GString *paths = g_string_new(NULL);

	for (guint i = 0; i < k->current->nodes->len; i++) {
		const struct node *n = k->current->nodes->pdata[i];
		g_autofree char *path = publish_path(k->job->name, n->name);

		if (access(path, F_OK) == 0) {
			g_set_error(error, TB_ERROR, TB_ERROR_INPUT,
				    "node '%s' of lab '%s' can't be published: there is a '%s' already, not of this lab", n->name,
				    k->job->name, path);
			g_string_free(paths, TRUE);
			return NULL;
		}
		g_string_append_printf(paths, "%s\n", path);
	}
	return g_string_free(paths, FALSE);
}

void keeper_publish(struct keeper *k)
{
	g_autoptr(GError) error = NULL;
	struct publication *p;

	k->published = paths_of(k, &error);
	if (!k->published || !meeting_write_note(k->job->meeting, k->job->name, k->published, &error)) {
		keeper_fail(k, error);
		return;
	}
	p = g_new0(struct publication, 1);
	p->k = k;
	p->left = k->current->nodes->len;
	for (guint i = 0; i < k->current->nodes->len; i++)
		lab_enter(k->lab, ((struct node *)k->current->nodes->pdata[i])->name, on_door, p);
}
