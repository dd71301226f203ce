/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/live_view.h"
#include "testbed/cmd/signals.h"
#include "testbed/matrix/natrun.h"
#include "testbed/report/wrap.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_MAX_MS 10000u /* longer UDP timeouts are measured with --all only */
#define TIMEOUT_ALL_MS (24u * 3600 * 1000)

/* --- words ------------------------------------------------------------------------------------ */

static const char *const behaviour_words[] = {[NAT_ENDPOINT_INDEPENDENT] = "any",
					      [NAT_ADDRESS_DEPENDENT] = "address",
					      [NAT_ADDRESS_AND_PORT_DEPENDENT] = "addr+port"};

/* The NATs as "home-router < carrier-grade" if that fits `room` columns, else their nodes "nat1 <
 * cgn"; the caller frees it. */
static char *hops_text(const struct nat_finding *f, guint room)
{
	g_autoptr(GString) text = g_string_new(NULL), names = g_string_new(NULL);

	for (guint i = 0; i < f->hops->len; i++) {
		const struct nat_hop *h = &g_array_index(f->hops, struct nat_hop, i);

		g_string_append_printf(names, "%s%s", i > 0 ? " < " : "", h->node->name);
		g_string_append_printf(text, "%s%s", i > 0 ? " < " : "",
				       h->rule->preset != NAT_CUSTOM ?
					       nat_preset_name(h->rule->preset) :
					       h->node->name);
	}
	return g_string_free(text->len <= room ? g_steal_pointer(&text) : g_steal_pointer(&names),
			     FALSE);
}

/* A timeout in seconds, "-" for 0; the caller frees it. */
static char *timeout_text(unsigned ms)
{
	return ms == 0 ? g_strdup("-") : g_strdup_printf("%us", ms / 1000);
}

/* --- text ------------------------------------------------------------------------------------- */

static const struct column {
	const char *title;
	unsigned difference; /* its bit */
	guint width;
} columns[] = {
	{"mapping", NAT_DIFFERS_MAPPING, 10}, {"filtering", NAT_DIFFERS_FILTERING, 10},
	{"hairpin", NAT_DIFFERS_HAIRPIN, 8},  {"port", NAT_DIFFERS_PORT, 5},
	{"idle", NAT_DIFFERS_TIMEOUT, 6},     {"TCP", NAT_DIFFERS_TCP, 10},
};
#define COLUMNS_WIDTH 49
#define NODE_COLUMNS 16 /* of node names as long as not all of them are known */

/* The text of column `i`, of what was asked for or measured; the caller frees it. */
static char *column_text(const struct nat_finding *f, guint i, bool asked)
{
	const struct nat_manner *m = asked ? &f->asked : &f->measured;

	switch (columns[i].difference) {
	case NAT_DIFFERS_MAPPING:
		return g_strdup(behaviour_words[m->mapping]);
	case NAT_DIFFERS_FILTERING:
		return g_strdup(behaviour_words[m->filtering]);
	case NAT_DIFFERS_HAIRPIN:
		return g_strdup(m->hairpin ? "yes" : "no");
	case NAT_DIFFERS_PORT:
		return g_strdup(m->preserve_port ? "kept" : "new");
	case NAT_DIFFERS_TIMEOUT:
		return asked				    ? timeout_text(m->udp_timeout_ms) :
		       !f->timeout_measured		    ? g_strdup("-") :
		       f->differences & NAT_DIFFERS_TIMEOUT ? g_strdup("other") :
							      timeout_text(m->udp_timeout_ms);
	default:
		return g_strdup(asked  ? behaviour_words[m->mapping] :
				f->tcp ? behaviour_words[f->tcp_mapping] :
					 "-");
	}
}

/* The width of the column of node names. */
static guint name_width(const natrun *r)
{
	guint width = 4;

	ptr_array_foreach(const struct nat_finding, f, r->findings)
		width = MAX(width, (guint)strlen(f->node));
	return width + 2;
}

/* Appends what was measured of a node and, where it differs, a second line with what was asked
 * for. */
static void put_row(const struct nat_finding *f, guint width, const struct report_style *style,
		    GString *out)
{
	g_autofree char *hops = hops_text(f, style->columns > width + COLUMNS_WIDTH ?
						     style->columns - width - COLUMNS_WIDTH :
						     0);

	ink_append(out, style, INK_BOLD, f->node, width);
	if (f->trouble)
		ink_append(out, style, INK_BAD, f->trouble, COLUMNS_WIDTH);
	for (guint i = 0; i < G_N_ELEMENTS(columns) && !f->trouble; i++) {
		g_autofree char *text = column_text(f, i, false);

		ink_append(out, style,
			   f->differences & columns[i].difference ? INK_ALARM : INK_GOOD, text,
			   columns[i].width);
	}
	g_string_append_printf(out, "%s\n", hops);
	if (f->differences == 0)
		return;
	ink_append(out, style, INK_DIM, "  asked", width);
	for (guint i = 0; i < G_N_ELEMENTS(columns); i++) {
		g_autofree char *text = column_text(f, i, true);

		ink_append(out, style, INK_DIM, f->differences & columns[i].difference ? text : "",
			   columns[i].width);
	}
	g_string_append(out, "<- differs\n");
}

static void put_table(const natrun *r, const struct report_style *style, GString *out)
{
	guint width = name_width(r), different = 0, silent = 0;

	ink_append(out, style, INK_DIM, "node", width);
	for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
		ink_append(out, style, INK_DIM, columns[i].title, columns[i].width);
	g_string_append(out, "behind\n");
	ptr_array_foreach(const struct nat_finding, f, r->findings) {
		put_row(f, width, style, out);
		different += f->differences != 0;
		silent += f->trouble != NULL;
	}
	wrap_prose(out,
		   "\nMapping, TCP: an inside port keeps its outside port towards any remote, one "
		   "address, or one address and port. Filtering: who may send to it. Port: kept "
		   "where free, or new. Idle: how long it lives without packets ('-': not "
		   "measured).",
		   0, style->columns);
	g_string_append_printf(out, "%u measured: %u as asked for, %u not",
			       r->findings->len - silent, r->findings->len - silent - different,
			       different);
	if (silent > 0)
		g_string_append_printf(out, "; %u could not be measured", silent);
	g_string_append(out, "\n");
}

/* --- JSON ------------------------------------------------------------------------------------- */

/* A NAT's behaviour, as an object that the caller owns. */
static json_t *manner_json(const struct nat_manner *m)
{
	return json_pack("{s:s, s:s, s:b, s:b, s:o}", "mapping", nat_behaviour_name(m->mapping),
			 "filtering", nat_behaviour_name(m->filtering), "hairpin", m->hairpin,
			 "preserve_port", m->preserve_port, "udp_timeout_ms",
			 m->udp_timeout_ms > 0 ? json_integer(m->udp_timeout_ms) : json_null());
}

/* What was measured; null when nothing was. */
static json_t *measured_json(const struct nat_finding *f)
{
	json_t *j;

	if (f->trouble)
		return json_null();
	j = manner_json(&f->measured);
	json_object_set_new(j, "tcp_mapping",
			    f->tcp ? json_string(nat_behaviour_name(f->tcp_mapping)) : json_null());
	json_object_set_new(j, "udp_timeout_measured", json_boolean(f->timeout_measured));
	return j;
}

/* What was asked for and measured of one node; the caller owns the object. */
static json_t *finding_json(const struct nat_finding *f)
{
	json_t *nats = json_array();

	array_foreach(const struct nat_hop, h, f->hops)
		json_array_append_new(nats, json_pack("{s:s, s:s, s:s}", "node", h->node->name,
						      "rule", h->rule->name, "preset",
						      nat_preset_name(h->rule->preset)));
	return json_pack("{s:s, s:o, s:o, s:o, s:b, s:s?}", "node", f->node, "nats", nats, "asked",
			 manner_json(&f->asked), "measured", measured_json(f), "as_asked",
			 !f->trouble && f->differences == 0, "trouble", f->trouble);
}

/* Writes all findings as a document to `where`.  Returns the exit code. */
static int write_json(const natrun *r, const struct scenario *sc, const char *where)
{
	json_t *list = json_array();
	json_auto_t *document = NULL;

	for (guint i = 0; i < r->findings->len; i++)
		json_array_append_new(list, finding_json(r->findings->pdata[i]));
	document = json_pack("{s:s, s:s, s:s, s:o}", "schema", "testbed.nat/1", "topology",
			     r->m->name, "scenario", sc->name, "nodes", list);
	return cmd_write_document(where, document, 2);
}

/* --- the verb --------------------------------------------------------------------------------- */

/* The exit code: whether all that was measured is as asked for. */
static int nat_exit_code(const natrun *r)
{
	guint measured = 0, different = 0;

	ptr_array_foreach(const struct nat_finding, f, r->findings) {
		measured += !f->trouble;
		different += f->differences != 0;
	}
	return measured > 0 && different == 0 ? CMD_AS_EXPECTED : CMD_DIFFERS;
}

/* Writes table or JSON as the options ask.  Returns the exit code. */
static int write_measurements(const natrun *r, const struct scenario *sc, const struct options *o)
{
	struct report_style style = cmd_style(o, STDOUT_FILENO);
	g_autoptr(GString) text = g_string_new(NULL);
	int status = o->json ? write_json(r, sc, o->json) : CMD_AS_EXPECTED;

	if (status == CMD_AS_EXPECTED && !cmd_is_stdout(o->json)) {
		put_table(r, &style, text);
		status = cmd_print(text->str, (gssize)text->len);
	}
	return status != CMD_AS_EXPECTED ? status : nat_exit_code(r);
}

/* Shows what is measured as it comes. */
static void on_measured(const struct nat_finding *f, gpointer user_data)
{
	live_view *v = user_data;
	struct report_style style = cmd_style(v->options, STDERR_FILENO);
	g_autoptr(GString) row = g_string_new(NULL);

	progress_stage(v->progress, "measuring");
	if (f) {
		put_row(f, NODE_COLUMNS, &style, row);
		progress_done(v->progress, row->str);
	}
	live_view_show(v);
}

/* Measures, and prints the result.  Returns the exit code. */
static int measure_nats(const model *m, const struct scenario *sc, const struct options *o)
{
	g_autofree char *program_dir = cmd_program_dir();
	g_autoptr(GCancellable) cancel = g_cancellable_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(live_view) view = live_view_new(o, true);
	const struct nat_options options = {
		.program_dir = program_dir,
		.nodes = o->arguments[0] ? (const char *const *)(gpointer)o->arguments : NULL,
		.timeout_max_ms = o->all ? TIMEOUT_ALL_MS : TIMEOUT_MAX_MS,
		.measured = on_measured,
		.user_data = view,
	};
	signals *s = signals_watch(signals_cancel, cancel, &error);
	g_autoptr(natrun) r = NULL;
	int status, number;

	progress_stage(view->progress, "building");
	r = s ? natrun_new(m, sc, &options, cancel, &error) : NULL;
	live_view_end(view);
	number = signals_seen(s);
	signals_unwatch(s);
	if (!r)
		return cmd_failed(error);
	cmd_note_uncontained(r->uncontained);
	status = write_measurements(r, sc, o);
	return number != 0 ? CMD_SIGNAL + number : status;
}

int cmd_run_nat(const struct options *o)
{
	g_autoptr(model) m = cmd_topology_load(o);
	const struct scenario *sc;
	int status;

	if (!m)
		return CMD_INPUT;
	sc = cmd_scenario(m, o->scenario);
	if (!sc)
		return CMD_USAGE;
	status = cmd_allow_commands(o, m);
	return status ? status : measure_nats(m, sc, o);
}
