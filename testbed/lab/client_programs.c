/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/client_programs.h"

#include "testbed/exec/process.h"
#include "testbed/exec/view.h"

#include <stdlib.h>
#include <string.h>

struct client_programs {
	GHashTable *paths; /* word -> path */
	GPtrArray *shown;  /* NULL at the end */
	char *folder;
};

static guint find_shown(const client_programs *c, const char *what)
{
	guint i = 0;

	while (c->shown->pdata[i] && strcmp(c->shown->pdata[i], what) != 0)
		i++;
	return i;
}

static void add_program(client_programs *c, const char *word)
{
	g_autofree char *found = spawn_find_program(word);
	char *path = found ? realpath(found, NULL) : NULL;
	g_autofree char *folder = path ? view_client_folder(path) : NULL;

	if (!path)
		return;
	g_hash_table_insert(c->paths, g_strdup(word), g_strdup(path));
	if (!view_shows(path) && !c->shown->pdata[find_shown(c, folder)])
		g_ptr_array_insert(c->shown, (int)c->shown->len - 1, g_steal_pointer(&folder));
	free(path);
}

client_programs *client_programs_find(const plan *p)
{
	client_programs *c = g_new0(client_programs, 1);

	c->paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	c->shown = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(c->shown, NULL);
	c->folder = g_get_current_dir();
	ptr_array_foreach(const struct op, op, p->ops)
		if (op->kind == OP_AGENT && strcmp(op->process.role, "command") == 0)
			add_program(c, op->process.argv[0]);
	return c;
}

void client_programs_free(client_programs *c)
{
	if (!c)
		return;
	g_hash_table_unref(c->paths);
	g_ptr_array_unref(c->shown);
	g_free(c->folder);
	g_free(c);
}

const char *const *client_programs_shown(const client_programs *c)
{
	return (const char *const *)c->shown->pdata;
}

const char *client_programs_path(const client_programs *c, const char *word)
{
	return g_hash_table_lookup(c->paths, word);
}

bool client_programs_pair(const client_programs *c, const char *word, char **ret_path,
			  char **ret_content)
{
	const char *path = client_programs_path(c, word);
	g_autofree char *folder = path ? view_client_folder(path) : NULL;
	guint i = folder ? find_shown(c, folder) : 0;

	if (!folder || !c->shown->pdata[i])
		return false;
	*ret_path = g_steal_pointer(&folder);
	*ret_content = view_client_place(i);
	return true;
}

char *client_programs_place(const client_programs *c, const char *word)
{
	const char *path = client_programs_path(c, word);
	g_autofree char *shown = NULL, *content = NULL;

	return client_programs_pair(c, word, &shown, &content) ?
		       g_strconcat(content, path + strlen(shown), NULL) :
		       g_strdup(path);
}

const char *client_programs_folder(const client_programs *c)
{
	return c->folder;
}
