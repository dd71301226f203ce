/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/base/files.h"
#include "testbed/cmd/capacity.h"

#include "testbed/cmd/cmd.h"
#include "testbed/cmd/signals.h"
#include "testbed/matrix/capacityrun.h"
#include "testbed/report/json.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CALLS_MAX 32
#define MEDIA_MS 5000

/* --- text ------------------------------------------------------------------------------------- */

/* Appends a number in `width` columns; "-" for one that was not measured (NAN). */
static void put_figure(GString *out, int width, int decimals, double value)
{
	if (isnan(value))
		g_string_append_printf(out, " %*s", width, "-");
	else
		g_string_append_printf(out, " %*.*f", width, decimals, value);
}

static void put_head(GString *out)
{
	g_string_append(
		out,
		"calls passed  poor   MOS lowest  delay ms  loss %  tunnel kbit/s   load  busy\n");
}

static void put_step(const struct capacity_design *d, const struct capacity_step *s, GString *out)
{
	g_string_append_printf(out, "%5u %6u %5u", s->calls, s->passed, s->poor);
	put_figure(out, 5, 2, s->mos);
	put_figure(out, 6, 2, s->mos_min);
	put_figure(out, 9, 1, s->delay_ms);
	put_figure(out, 7, 1, s->loss_pct);
	put_figure(out, 14, 0, s->tunnel_kbit);
	if (d->rate_kbit > 0)
		g_string_append_printf(out, " %5.0f%%", 100 * s->tunnel_kbit / d->rate_kbit);
	else
		g_string_append(out, "      -");
	g_string_append_printf(out, " %4.0f%%%s\n", 100 * s->busy,
			       s->carried ? "" : "  not carried");
}

static const char *const limit_words[] = {
	[CAPACITY_NONE_FOUND] = "all that was tried was carried",
	[CAPACITY_TUNNEL] = "the tunnel is full",
	[CAPACITY_MACHINE] = "this machine is the limit, not the network",
	[CAPACITY_ELSEWHERE] =
		"neither the tunnel nor this machine was full: the cause is elsewhere",
};
static const char *const limit_names[] = {
	[CAPACITY_NONE_FOUND] = "none",
	[CAPACITY_TUNNEL] = "tunnel",
	[CAPACITY_MACHINE] = "machine",
	[CAPACITY_ELSEWHERE] = "elsewhere",
};

/* Why the first failed call of a design failed, borrowed; NULL: none failed. */
static const char *first_reason(const struct capacity_design *d)
{
	for (guint i = 0; i < d->steps->len; i++)
		if (((const struct capacity_step *)d->steps->pdata[i])->reason)
			return ((const struct capacity_step *)d->steps->pdata[i])->reason;
	return NULL;
}

/* Appends how many calls the design carries, and what the limit is. */
static void put_conclusion(const struct capacity_design *d, GString *out)
{
	if (d->skipped)
		g_string_append_printf(out, "skipped: %s\n", d->skipped);
	if (d->trouble)
		g_string_append_printf(out, "not measured to the end: %s\n", d->trouble);
	if (d->steps->len == 0)
		return;
	g_string_append_printf(
		out, "%s carries %s%u call%s at once; %s\n", d->scenario,
		d->limit == CAPACITY_NONE_FOUND || d->limit == CAPACITY_MACHINE ? "at least " : "",
		d->carried, d->carried == 1 ? "" : "s", limit_words[d->limit]);
	ptr_array_foreach(const struct capacity_step, s, d->steps)
		if (d->limit == CAPACITY_MACHINE && s->machine)
			g_string_append_printf(out, "with %u: %s\n", s->calls, s->machine);
	if (d->carried == 0 && first_reason(d))
		g_string_append_printf(out, "a call does not come about: %s\n", first_reason(d));
}

/* Appends the lines above a design's steps: scenario, VPN, rate. */
static void put_title(const struct capacity_design *d, GString *out)
{
	g_string_append_printf(out, "%s%s%s\n", d->scenario, d->title ? ": " : "",
			       d->title ? d->title : "");
	if (d->vpn)
		g_string_append_printf(out, "VPN by %s%s", d->vpn, report_vpn_note(d->vpn));
	if (d->rate_kbit > 0)
		g_string_append_printf(out, "%s%g kbit/s each way, by %s", d->vpn ? ", " : "",
				       d->rate_kbit, d->impairment ? d->impairment : "nothing");
	if (d->vpn || d->rate_kbit > 0)
		g_string_append_c(out, '\n');
}

static void put_table(const GPtrArray *designs, GString *out)
{
	for (guint i = 0; i < designs->len; i++) {
		const struct capacity_design *d = designs->pdata[i];

		put_title(d, out);
		if (d->steps->len > 0)
			put_head(out);
		for (guint k = 0; k < d->steps->len; k++)
			put_step(d, d->steps->pdata[k], out);
		put_conclusion(d, out);
		if (i + 1 < designs->len)
			g_string_append_c(out, '\n');
	}
}

/* --- JSON ------------------------------------------------------------------------------------- */

static json_t *step_json(const struct capacity_step *s)
{
	return json_pack("{s:i, s:i, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:s?, s:s?}",
			 "calls", (int)s->calls, "passed", (int)s->passed, "poor", (int)s->poor,
			 "below_mos_min", (int)s->below, "mos", report_figure_json(s->mos),
			 "mos_min", report_figure_json(s->mos_min), "delay_ms",
			 report_figure_json(s->delay_ms), "loss_pct",
			 report_figure_json(s->loss_pct), "busy", report_figure_json(s->busy),
			 "tunnel_kbit", report_figure_json(s->tunnel_kbit), "carried",
			 (int)s->carried, "reason", s->reason, "machine", s->machine);
}

static json_t *design_json(const struct capacity_design *d)
{
	json_t *steps = json_array();

	for (guint i = 0; i < d->steps->len; i++)
		json_array_append_new(steps, step_json(d->steps->pdata[i]));
	return json_pack("{s:s, s:s?, s:s?, s:i, s:s, s:s?, s:s?, s:s?, s:o, s:o}", "scenario",
			 d->scenario, "title", d->title, "skipped", d->skipped, "carried",
			 (int)d->carried, "limit", limit_names[d->limit], "trouble", d->trouble,
			 "vpn", d->vpn, "impairment", d->impairment, "rate_kbit",
			 d->rate_kbit > 0 ? json_real(d->rate_kbit) : json_null(), "steps", steps);
}

/* Writes all designs as a document where --json says.  Returns the exit code. */
static int write_json(const GPtrArray *designs, const struct options *o)
{
	json_t *list = json_array();
	json_auto_t *document = NULL;

	for (guint i = 0; i < designs->len; i++)
		json_array_append_new(list, design_json(designs->pdata[i]));
	document = json_pack("{s:s, s:f, s:o}", "schema", "testbed.capacity/1", "mos_min",
			     CAPACITY_MOS_MIN, "designs", list);
	return cmd_write_document(o->json, document, 1);
}

/* --- the verb --------------------------------------------------------------------------------- */

/* Notes on stderr that a step is over. */
static void on_step(const struct capacity_design *d, const struct capacity_step *s,
		    gpointer user_data)
{
	const struct options *o = user_data;

	if (o->quiet)
		return;
	cmd_note("%s: %u at once, %u passed, %u poor%s", d->scenario, s->calls, s->passed, s->poor,
		 s->carried ? "" : ": not carried");
}

/* The changes that give every tunnel this rate; the caller frees it.  NULL: no rate, or no
 * tunnel. */
static char *rate_change(const model *m, const char *rate)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; rate && i < m->tunnels->len; i++)
		g_string_append_printf(text, "- set-impair: {tunnel: %s, rate: %s}\n",
				       ((const struct tunnel *)m->tunnels->pdata[i])->name, rate);
	return g_string_free(text, text->len == 0);
}

/* Measures the scenarios one by one, until a signal comes.  Returns the exit code; an error was
 * printed. */
static int measure_all(const model *m, const GPtrArray *scenarios,
		       const struct capacity_options *how, GPtrArray *designs)
{
	g_autoptr(GCancellable) cancel = g_cancellable_new();
	g_autoptr(GError) error = NULL;
	signals *s = signals_watch(signals_cancel, cancel, &error);
	guint measured = 0;
	int number;

	for (guint i = 0; s && i < scenarios->len && !g_cancellable_is_cancelled(cancel); i++) {
		struct capacity_design *d =
			capacity_measure(m, scenarios->pdata[i], how, cancel, &error);

		if (!d)
			break;
		cmd_note_uncontained(measured == 0 ? d->uncontained : NULL);
		measured += !d->skipped;
		g_ptr_array_add(designs, d);
	}
	number = signals_seen(s);
	signals_unwatch(s);
	if (error)
		cmd_error("%s", error->message);
	if (error)
		return cmd_exit_of(error);
	if (number != 0)
		return CMD_SIGNAL + number;
	return measured > 0 ?
		       CMD_AS_EXPECTED :
		       cmd_fail(CMD_USAGE, "nothing to measure: %s",
				((const struct capacity_design *)designs->pdata[0])->skipped);
}

/* Writes table, JSON and drawing as the options ask.  Returns the exit code. */
static int write_results(const GPtrArray *designs, const struct options *o)
{
	g_autoptr(GString) text = g_string_new(NULL), plot = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	int status = o->json ? write_json(designs, o) : CMD_AS_EXPECTED;

	if (status == CMD_AS_EXPECTED && !cmd_is_stdout(o->json)) {
		put_table(designs, text);
		status = cmd_print(text->str, (gssize)text->len);
	}
	if (!o->plot)
		return status;
	capacity_plot(designs, plot);
	if (files_replace(o->plot, plot->str, (gssize)plot->len, &error))
		return status;
	return cmd_fail(CMD_INTERNAL, "%s", error->message);
}

/* The scenarios of -s, or all, borrowed; the caller frees the array.  NULL: one is unknown, which
 * was printed. */
static GPtrArray *chosen_scenarios(const model *m, const struct options *o)
{
	g_auto(GStrv) names = options_list(o->scenario);
	g_autoptr(GPtrArray) list = g_ptr_array_new();

	for (guint i = 0; !names && i < m->scenarios->len; i++)
		g_ptr_array_add(list, m->scenarios->pdata[i]);
	for (guint i = 0; names && names[i]; i++) {
		const struct scenario *sc = cmd_scenario(m, names[i]);

		if (!sc)
			return NULL;
		g_ptr_array_add(list, (gpointer)(guintptr)sc);
	}
	return g_steal_pointer(&list);
}

int cmd_run_capacity(const struct options *o)
{
	g_autofree char *program_dir = cmd_program_dir(), *change = NULL;
	g_auto(GStrv) pairs = options_list(o->pairs);
	g_autoptr(GPtrArray) designs = g_ptr_array_new_with_free_func(object_free),
			     scenarios = NULL;
	g_autoptr(model) m = NULL;
	struct capacity_options how = {.program_dir = program_dir,
				       .pairs = (const char *const *)(gpointer)pairs,
				       .video = g_strcmp0(o->media, "audio") != 0,
				       .calls_max = o->calls > 0 ? (guint)o->calls : CALLS_MAX,
				       .step = on_step,
				       .user_data = (gpointer)(guintptr)o};
	int status, told;

	if (o->media && !g_str_equal(o->media, "audio") && !g_str_equal(o->media, "video"))
		return cmd_fail(CMD_USAGE, "a call is audio or video (with audio), not '%s'",
				o->media);
	if (o->calls < 0 || o->calls > 1000)
		return cmd_fail(CMD_USAGE, "--calls is a number from 1 to 1000");
	if (o->rate && !g_regex_match_simple("^[0-9]+(\\.[0-9]+)?(kbit|mbit|gbit)$", o->rate, 0, 0))
		return cmd_fail(CMD_USAGE, "--rate '%s' is no rate such as 512kbit or 2mbit",
				o->rate);
	if (!cmd_seed(o, &how.seed) || !cmd_media_ms(o, MEDIA_MS, &how.media_ms))
		return CMD_USAGE;
	m = cmd_topology_load(o);
	if (!m)
		return CMD_INPUT;
	scenarios = chosen_scenarios(m, o);
	if (!scenarios)
		return CMD_USAGE;
	status = cmd_allow_commands(o, m);
	if (status)
		return status;
	how.changes = change = rate_change(m, o->rate);
	status = measure_all(m, scenarios, &how, designs);
	told = designs->len > 0 && status != CMD_USAGE ? write_results(designs, o) : status;
	return status != CMD_AS_EXPECTED ? status : told;
}
