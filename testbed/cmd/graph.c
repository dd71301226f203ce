/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/base/files.h"
#include "testbed/explain/planned.h"
#include "testbed/explain/versus.h"
#include "testbed/report/graph.h"
#include "testbed/walk/walk.h"

#include "testbed/cmd/cmd.h"

#include <gio/gio.h>
#include <string.h>

#define NODES_MAX 150 /* of more nodes a box for each site is drawn */

enum drawing { DRAW_SVG, DRAW_DOT, DRAW_MERMAID };

static const char *const formats[] = {
	[DRAW_SVG] = "svg", [DRAW_DOT] = "dot", [DRAW_MERMAID] = "mermaid", NULL};

static const struct ending {
	const char *text;
	enum drawing drawing;
} endings[] = {{".svg", DRAW_SVG},
	       {".dot", DRAW_DOT},
	       {".gv", DRAW_DOT},
	       {".mmd", DRAW_MERMAID},
	       {".mermaid", DRAW_MERMAID}};

/* The format by the file's ending; DOT without file or ending.  -1: the ending is unknown, which
 * was printed, because another format than the name says would surprise. */
static int drawing_by_name(const char *file)
{
	g_autofree char *base = file ? g_path_get_basename(file) : NULL;

	for (guint i = 0; file && i < G_N_ELEMENTS(endings); i++)
		if (g_str_has_suffix(file, endings[i].text))
			return (int)endings[i].drawing;
	if (!base || !strchr(base, '.'))
		return DRAW_DOT;
	cmd_error("'%s' ends like no format that is drawn; there are .svg, .dot, .mmd (--format "
		  "says it for any name)",
		  file);
	return -1;
}

/* The format (enum drawing) that -f names or the file's ending says; else DOT, which needs no other
 * program.  -1: an error was printed. */
static int drawing_of(const struct options *o)
{
	for (int i = 0; o->format && formats[i]; i++)
		if (g_str_equal(o->format, formats[i]))
			return i;
	if (o->format) {
		const char *near = diag_nearest(o->format, formats);

		cmd_error("no format '%s'%s%s%s; there are svg, dot, mermaid", o->format,
			  near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
		return -1;
	}
	return drawing_by_name(o->file);
}

/* The SVG that Graphviz draws; the caller frees it.  NULL with `error`: Graphviz is missing, or
 * failed. */
static char *svg_of(const char *dot, GError **error)
{
	g_autofree char *program = g_find_program_in_path("dot");
	g_autoptr(GSubprocess) process = NULL;
	g_autofree char *svg = NULL, *complaint = NULL;

	if (!program) {
		g_set_error(error, TB_ERROR, TB_ERROR_UNSUPPORTED,
			    "SVG is drawn by Graphviz's 'dot', which is missing (install the "
			    "package graphviz, or take --format dot)");
		return NULL;
	}
	process = g_subprocess_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
					   G_SUBPROCESS_FLAGS_STDERR_PIPE,
				   error, program, "-Tsvg", NULL);
	if (!process || !g_subprocess_communicate_utf8(process, dot, NULL, &svg, &complaint, error))
		return NULL;
	if (g_subprocess_get_successful(process))
		return g_steal_pointer(&svg);
	g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "%s failed: %s", program,
		    g_strstrip(complaint));
	return NULL;
}

/* Writes to the file of -o or stdout.  Returns the exit code. */
static int write_drawing(const struct options *o, const char *text)
{
	g_autoptr(GError) error = NULL;

	if (!o->file || cmd_is_stdout(o->file))
		return cmd_print_document(text, -1);
	if (files_replace(o->file, text, -1, &error))
		return CMD_AS_EXPECTED;
	return cmd_fail(CMD_INTERNAL, "%s", error->message);
}

/* The words above the drawing; the caller frees. */
static char *title_of(const network_choice *c, const struct flow *flow, const struct walk_pair *way)
{
	const model *m = c->model;
	const struct scenario *sc = c->scenario;
	char to[ADDR_TEXT_MAX];
	GString *title = g_string_new(m->title ? m->title : m->name);

	if (sc)
		g_string_append_printf(title, ": %s", sc->title ? sc->title : sc->name);
	if (!way)
		return g_string_free(title, FALSE);
	g_string_append_printf(title, "; %s to %s", flow->node, addr_print(&flow->dst, to));
	if (flow->dport > 0)
		g_string_append_printf(title, " port %u", flow->dport);
	g_string_append(title, walk_pair_delivered(way) ? ": it arrives, and so does the answer" :
			       way->back		? ": the answer is lost" :
							  ": it is lost");
	return g_string_free(title, FALSE);
}

/* Draws what the request says.  Returns the exit code. */
static int draw_network(const struct options *o, enum drawing drawing, const model *m,
			const graph_request *r)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	g_autofree char *svg = NULL;

	graph_print(m, drawing == DRAW_MERMAID ? GRAPH_MERMAID : GRAPH_DOT, r, out);
	if (drawing != DRAW_SVG)
		return write_drawing(o, out->str);
	svg = svg_of(out->str, &error);
	if (svg)
		return write_drawing(o, svg);
	return cmd_failed(error);
}

/* Marks what the scenario changes. */
static void mark_changes(graph_request *r, const network_choice *c)
{
	g_autoptr(versus) v = versus_new(c->base);
	struct map_marks marks;

	versus_mark(v, c->scenario->name, &marks);
	graph_add_changes(r, c->base, c->scenario, c->model, marks.changes);
	map_marks_clear(&marks);
}

/* Draws the chosen network, with a packet's way where --trace asks for it.  Returns the exit
 * code. */
static int draw_choice(const struct options *o, enum drawing drawing, const network_choice *c)
{
	g_autoptr(graph_request) r = graph_request_new();
	g_autoptr(netstate) state = o->trace ? planned_state(c->model) : NULL;
	g_autoptr(knet) net = state ? knet_new(c->model, state) : NULL;
	struct walk_pair *way = NULL;
	g_autofree char *title = NULL;
	struct flow flow = {0};
	int status;

	if (o->trace && !cmd_parse_flow(c->model, o, &flow))
		return CMD_USAGE;
	if (c->scenario)
		mark_changes(r, c);
	if (o->trace)
		way = walk_both(net, &flow);
	if (way)
		graph_add_way(r, way);
	r->by_site = !o->all && c->model->nodes->len > NODES_MAX;
	r->way_only = r->by_site && way;
	title = title_of(c, &flow, way);
	r->title = title;
	status = draw_network(o, drawing, c->model, r);
	walk_pair_free(way);
	return status;
}

int cmd_graph(const struct options *o)
{
	int drawing = drawing_of(o);
	g_auto(network_choice) network = {0};
	int status;

	if (drawing < 0)
		return CMD_USAGE;
	if (o->trace ? !o->arguments[0] || !o->arguments[1] : o->arguments[0] != NULL)
		return cmd_fail(CMD_USAGE, "usage: testbed graph [--trace A B] [OPTION...]");
	status = cmd_network_declared(o, &network);
	return status ? status : draw_choice(o, (enum drawing)drawing, &network);
}
