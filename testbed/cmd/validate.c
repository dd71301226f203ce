/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/cmd.h"
#include "testbed/diagnose/finding.h"
#include "testbed/model/file_schema.h"
#include "testbed/model/lint.h"

#define VALIDATION_SCHEMA "testbed.validation/1"

/* One file, and what was found in it. */
struct checked {
	char *path;
	model *model; /* NULL: it has errors */
	diags *found;
};

static void checked_clear(struct checked *c)
{
	g_free(c->path);
	model_free(c->model);
	diags_free(c->found);
}

/* Whether --change fits the scenarios of -s, or all; what does not is among the findings. */
static void check_changes(struct checked *c, const struct options *o)
{
	g_auto(GStrv) chosen = options_list(o->scenario);
	bool good = true;

	for (guint i = 0; o->changes && i < c->model->scenarios->len; i++) {
		const struct scenario *sc = c->model->scenarios->pdata[i];
		g_autoptr(model) changed = NULL;

		if (chosen && !g_strv_contains((const char *const *)(gpointer)chosen, sc->name))
			continue;
		changed = model_instantiate(c->model, sc, c->found);
		good = good && changed;
	}
	if (!good)
		g_clear_pointer(&c->model, model_free);
}

/* Whether the model has every scenario of -s; if not, an error was printed. */
static bool has_scenarios(const model *m, const struct options *o)
{
	g_auto(GStrv) chosen = options_list(o->scenario);

	for (guint i = 0; chosen && chosen[i]; i++)
		if (!cmd_scenario(m, chosen[i]))
			return false;
	return true;
}

/* Warns of what is no error (model/lint.h). */
static void lint(const struct checked *c)
{
	const char *causes[CAUSE_COUNT + 1] = {NULL};

	for (enum cause_code code = 0; code < CAUSE_COUNT; code++)
		causes[code] = cause_name(code);
	model_lint(c->model, causes, c->found);
}

/* Reads and checks the file of -t.  Returns the exit code. */
static int check_file(const struct options *o, struct checked *ret)
{
	*ret = (struct checked){.path = cmd_topology_path(o), .found = diags_new()};
	ret->model = cmd_topology_read(o, ret->found);
	if (ret->model && !has_scenarios(ret->model, o))
		return CMD_USAGE;
	if (ret->model)
		check_changes(ret, o);
	if (ret->model)
		cmd_find_commands(ret->model, ret->found);
	if (diags_errors(ret->found) > 0)
		g_clear_pointer(&ret->model, model_free);
	if (!ret->model)
		return CMD_INPUT;
	if (o->strict)
		lint(ret);
	return o->strict && diags_count(ret->found) > 0 ? CMD_DIFFERS : CMD_AS_EXPECTED;
}

/* --- for people ------------------------------------------------------------------------------- */

static int print_summary(const struct checked *c)
{
	const model *m = c->model;
	g_autofree char *text = g_strdup_printf(
		"%s: ok: %u nodes, %u endpoints, %u networks, %u tunnels, %u scenarios\n", c->path,
		m->nodes->len, model_count_endpoints(m), m->networks->len, m->tunnels->len,
		m->scenarios->len);

	if (model_count_endpoints(m) < 2)
		cmd_note("%s: no call can be placed: fewer than two nodes have 'endpoint: {}'",
			 c->path);
	else if (!model_server(m, SERVICE_FRONTEND))
		cmd_note("%s: no client can sign in: no node has a 'frontend' among its services",
			 c->path);
	cmd_tell_commands(c->path, m);
	return cmd_print(text, -1);
}

/* Prints what was found, and what the file has.  Returns the exit code of writing. */
static int print_checked(const struct checked *c, const struct options *o)
{
	if (!(c->model && o->quiet) || o->strict)
		cmd_tell_findings(c->found);
	if (!c->model)
		cmd_note_meant(c->path);
	return c->model && !o->quiet ? print_summary(c) : CMD_AS_EXPECTED;
}

/* --- for programs ----------------------------------------------------------------------------- */

static json_t *findings_json(const diags *found)
{
	json_t *list = json_array();
	const struct diag *d;

	for (guint i = 0; (d = diags_get(found, i)); i++)
		json_array_append_new(list, json_pack("{s:s, s:s?, s:i, s:i, s:s, s:s?}", "level",
						      d->level == DIAG_ERROR ? "error" : "warning",
						      "file", d->loc.file, "line", d->loc.line,
						      "col", d->loc.col, "message", d->message,
						      "hint", d->hint));
	return list;
}

static json_t *checked_json(const struct checked *c)
{
	json_t *object = json_pack("{s:s, s:b, s:o}", "file", c->path, "ok", c->model != NULL,
				   "findings", findings_json(c->found));
	const model *m = c->model;
	const struct {
		const char *name;
		guint n;
	} counts[] = {{"nodes", m ? m->nodes->len : 0},
		      {"endpoints", m ? model_count_endpoints(m) : 0},
		      {"networks", m ? m->networks->len : 0},
		      {"tunnels", m ? m->tunnels->len : 0},
		      {"scenarios", m ? m->scenarios->len : 0}};

	for (guint i = 0; m && i < G_N_ELEMENTS(counts); i++)
		json_object_set_new(object, counts[i].name, json_integer((json_int_t)counts[i].n));
	return object;
}

/* --- schema ----------------------------------------------------------------------------------- */

int cmd_schema(const struct options *o G_GNUC_UNUSED)
{
	json_auto_t *schema = model_file_schema();

	return cmd_write_document("-", schema, 1);
}

/* --- the verb --------------------------------------------------------------------------------- */

/* Checks one file ("-": standard input), prints it or adds it to `files`.  Returns the exit code.
 */
static int validate_one(const struct options *o, const char *path, json_t *files)
{
	struct options one = *o;
	struct checked c;
	int status, written = CMD_AS_EXPECTED;

	if (path)
		one.topology =
			(char *)(gpointer)(guintptr)(g_str_equal(path, "-") ? "/dev/stdin" : path);
	status = check_file(&one, &c);
	if (files)
		json_array_append_new(files, checked_json(&c));
	else if (status != CMD_USAGE)
		written = print_checked(&c, o);
	checked_clear(&c);
	return MAX(status, written);
}

int cmd_validate(const struct options *o)
{
	json_auto_t *document =
		o->json ? json_pack("{s:s, s:[]}", "schema", VALIDATION_SCHEMA, "files") : NULL;
	json_t *files = json_object_get(document, "files");
	int status = CMD_AS_EXPECTED, written;

	if (!o->arguments[0])
		status = validate_one(o, NULL, files);
	for (guint i = 0; o->arguments[i]; i++) {
		int result = validate_one(o, o->arguments[i], files);

		status = MAX(status, result);
	}
	written = document ? cmd_write_document(o->json, document, 2) : CMD_AS_EXPECTED;
	return written != CMD_AS_EXPECTED ? written : status;
}
