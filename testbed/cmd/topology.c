/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/exercise_lab.h"

#include "common/base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define CHANGES_BYTES_MAX (1024u * 1024u)

/* Folder of the running program; the caller frees it. */
static char *own_folder(void)
{
	g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);

	return program ? g_path_get_dirname(program) : g_strdup(".");
}

/* The first of the folders (seen from the program, or absolute) that has this file below it, and
 * the path of the file there; the caller frees it.  NULL: none has. */
static char *find_below(const char *const *folders, const char *folder, const char *name)
{
	g_autofree char *own = own_folder();

	for (; *folders; folders++) {
		g_autofree char *base = g_canonicalize_filename(*folders, own),
				*there = g_build_filename(base, folder, name, NULL);

		if (g_file_test(there, G_FILE_TEST_EXISTS))
			return g_steal_pointer(&there);
	}
	return NULL;
}

char *cmd_program_dir(void)
{
	/* beside the program where it was built; apart from it where it is installed */
	static const char *const folders[] = {".", "../libexec/testbed", TESTBED_LIBEXECDIR, NULL};
	g_autofree char *agent = find_below(folders, "tb-client", NULL);

	return agent ? g_path_get_dirname(agent) : own_folder();
}

char *cmd_shipped(const char *folder, const char *name)
{
	/* in the source tree (build/bin, build/VARIANT/bin), or installed under a prefix */
	static const char *const folders[] = {"../..", "../../..", "../share/testbed", NULL};
	char *there = find_below(folders, folder, name);

	return there ? there : g_build_filename(TESTBED_DATADIR, folder, name, NULL);
}

char *cmd_shipped_topology(const char *name)
{
	return cmd_shipped("topologies", name);
}

char *cmd_topology_path(const struct options *o)
{
	return o->topology ? g_strdup(o->topology) : cmd_shipped_topology("lync.yaml");
}

char *cmd_read_file(const char *path, gsize max, gsize *ret_length)
{
	g_autoptr(GError) error = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text;

	if (fd < 0) {
		cmd_error("%s: %s", path, g_strerror(errno));
		return NULL;
	}
	text = files_read(fd, max, ret_length, &error);
	close(fd);
	if (!text)
		cmd_error("%s: %s", path, error->message);
	return text;
}

bool cmd_read_changes(struct options *o)
{
	for (guint i = 0; o->changes && o->changes[i]; i++) {
		gsize length;
		char *text;

		if (o->changes[i][0] != '@')
			continue;
		text = cmd_read_file(o->changes[i] + 1, CHANGES_BYTES_MAX, &length);
		if (!text)
			return false;
		g_free(o->changes[i]);
		o->changes[i] = text;
	}
	return true;
}

/* Adds the changes of -c to every scenario; false: errors are in `found`. */
static bool add_changes(model *m, char *const *changes, diags *found)
{
	bool good = true;

	for (guint i = 0; changes && changes[i]; i++) {
		g_autofree char *name = g_strdup_printf("--change %u", i + 1);

		good = model_add_changes(m, name, changes[i], found) && good;
	}
	return good;
}

/* For a path that does not exist: the file that may have been meant, with the ending or among those
 * that come with testbed.  The caller frees it; NULL: none. */
static char *file_meant_by(const char *path)
{
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *ended = g_strconcat(path, ".yaml", NULL),
			*name_ended = g_strconcat(name, ".yaml", NULL);
	g_autofree char *shipped = cmd_shipped_topology(name),
			*shipped_ended = cmd_shipped_topology(name_ended);
	const char *const others[] = {ended, shipped, shipped_ended};

	if (g_file_test(path, G_FILE_TEST_EXISTS))
		return NULL;
	for (guint i = 0; i < G_N_ELEMENTS(others); i++)
		if (g_file_test(others[i], G_FILE_TEST_IS_REGULAR))
			return g_strdup(others[i]);
	return NULL;
}

void cmd_tell_findings(const diags *found)
{
	g_autofree char *text = diags_to_text(found);

	cmd_tell(text);
}

void cmd_note_meant(const char *path)
{
	g_autofree char *meant = file_meant_by(path);

	if (meant)
		cmd_note("there is '%s'", meant);
}

model *cmd_topology_read(const struct options *o, diags *found)
{
	g_autofree char *path = cmd_topology_path(o);
	model *m = model_load(path, found);

	if (m && !add_changes(m, o->changes, found))
		g_clear_pointer(&m, model_free);
	return m;
}

void cmd_note_elsewhere(const char *path, const char *run_id)
{
	if (path && !g_path_is_absolute(path) && !g_file_test(path, G_FILE_TEST_EXISTS))
		cmd_note("run %s names '%s' as seen from where it was made: go to that folder, or "
			 "name the file by -t",
			 run_id, path);
}

model *cmd_topology_load(const struct options *o)
{
	g_autofree char *path = cmd_topology_path(o);
	g_autoptr(diags) found = diags_new();
	model *m = cmd_topology_read(o, found);

	if (!(m && o->quiet))
		cmd_tell_findings(found);
	if (!m)
		cmd_note_meant(path);
	return m;
}

model *cmd_scenario_model(const model *m, const struct scenario *sc)
{
	g_autoptr(diags) found = diags_new();
	model *changed = model_instantiate(m, sc, found);

	if (!changed)
		cmd_tell_findings(found);
	return changed;
}

const struct scenario *cmd_scenario(const model *m, const char *name)
{
	const struct scenario *sc = NULL;
	g_autofree const char **names = g_new0(const char *, m->scenarios->len + 1);
	const char *near;

	for (guint i = 0; i < m->scenarios->len; i++)
		names[i] = ((struct scenario *)m->scenarios->pdata[i])->name;
	if (!name && m->scenarios->len > 0)
		return m->scenarios->pdata[0];
	sc = name ? model_scenario(m, name) : NULL;
	if (sc)
		return sc;
	near = name ? diag_nearest(name, names) : NULL;
	cmd_error("no scenario '%s'%s%s%s", name ? name : "", near ? " (did you mean '" : "",
		  near ? near : "", near ? "'?)" : "");
	return NULL;
}

model *cmd_live_base(const json_t *status, const struct scenario **ret_scenario)
{
	const json_t *topology = json_object_get(status, "topology"),
		     *changes = json_object_get(status, "changes");
	g_autofree char **texts = g_new0(char *, json_array_size(changes) + 2);
	g_autofree char *hidden = NULL;
	size_t n = 0;
	const struct options like = {.topology = (char *)(guintptr)member_text(topology, "file"),
				     .changes = texts,
				     .quiet = TRUE};
	g_autoptr(model) base = NULL;

	if (!cmd_hidden_changes(status, &hidden))
		return NULL;
	if (hidden)
		texts[n++] = hidden;
	for (size_t i = 0; i < json_array_size(changes); i++)
		texts[n++] = (char *)(guintptr)json_string_value(json_array_get(changes, i));
	base = cmd_topology_load(&like);
	if (!base)
		return NULL;
	if (g_strcmp0(base->sha256, member_text(topology, "sha256")) != 0) {
		cmd_error("%s has changed since lab '%s' came up: take it down and up again",
			  like.topology, member_text(status, "name"));
		return NULL;
	}
	*ret_scenario = cmd_scenario(base, member_text(status, "scenario"));
	return *ret_scenario ? g_steal_pointer(&base) : NULL;
}

model *cmd_live_model(const json_t *status)
{
	const struct scenario *sc;
	g_autoptr(model) base = cmd_live_base(status, &sc);

	return base ? cmd_scenario_model(base, sc) : NULL;
}

int cmd_network_choose(const struct options *o, network_choice *ret)
{
	ret->base = cmd_topology_load(o);
	if (!ret->base)
		return CMD_INPUT;
	ret->scenario = cmd_scenario(ret->base, o->scenario);
	if (!ret->scenario)
		return CMD_USAGE;
	ret->model = cmd_scenario_model(ret->base, ret->scenario);
	return ret->model ? 0 : CMD_INPUT;
}

int cmd_network_declared(const struct options *o, network_choice *ret)
{
	if (o->scenario)
		return cmd_network_choose(o, ret);
	ret->base = cmd_topology_load(o);
	ret->model = ret->base;
	return ret->base ? 0 : CMD_INPUT;
}

void network_choice_clear(network_choice *c)
{
	if (c->model != c->base)
		model_free(c->model);
	model_free(c->base);
	*c = (network_choice){0};
}
