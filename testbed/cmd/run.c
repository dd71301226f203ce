/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/watched_run.h"
#include "testbed/report/timeline.h"

#include <unistd.h>

#define SHARDS_MAX 100000u

/* Bits of the media in "audio,video" (NULL: 0).  False: one is unknown, which was printed. */
static bool parse_media(const char *text, unsigned *ret_mask)
{
	g_auto(GStrv) list = options_list(text);
	const char *names[MEDIA_COUNT + 1] = {0};

	for (enum media v = 0; v < MEDIA_COUNT; v++)
		names[v] = media_name(v);
	*ret_mask = 0;
	for (guint i = 0; list && list[i]; i++) {
		const char *near = diag_nearest(list[i], names);
		enum media media;

		if (!media_parse(list[i], &media))
			return cmd_error("no medium '%s'%s%s%s", list[i],
					 near ? " (did you mean '" : "", near ? near : "",
					 near ? "'?)" :
						"; there are im, audio, video, im-conference, "
						"av-conference");
		*ret_mask |= 1u << media;
	}
	return true;
}

/* Reads "3/8" (NULL: all cells).  False: it is no shard, which was printed. */
static bool parse_shard(const char *text, struct matrix_shard *ret)
{
	g_auto(GStrv) parts = g_strsplit(text ? text : "", "/", 0);
	guint64 index, count;

	*ret = (struct matrix_shard){0};
	if (!text)
		return true;
	if (g_strv_length(parts) != 2 ||
	    !g_ascii_string_to_unsigned(parts[1], 10, 1, SHARDS_MAX, &count, NULL) ||
	    !g_ascii_string_to_unsigned(parts[0], 10, 1, count, &index, NULL))
		return cmd_error("--shard '%s': I/N, I from 1 to N, N up to %u", text, SHARDS_MAX);
	*ret = (struct matrix_shard){(guint)index, (guint)count};
	return true;
}

/* Whether each place of --capture is in one of the scenarios; if not, an error was printed. */
static bool check_captures(const matrix_selection *s, char *const *captures)
{
	for (; captures && *captures; captures++) {
		bool found = false;

		ptr_array_foreach(const struct selected_scenario, scenario, s->scenarios)
			found = found || model_has_place(scenario->model, *captures);
		if (!found) {
			const struct selected_scenario *first = s->scenarios->pdata[0];
			g_autofree char *why = model_no_place(first->model, *captures);

			return cmd_error("--capture '%s': %s", *captures, why);
		}
	}
	return true;
}

/* Selects the cells and checks that they may run.  The caller frees the selection; NULL:
 * *ret_status is the exit code, and an error was printed. */
static matrix_selection *select_cells(const model *m, const struct matrix_filter *f,
				      const struct options *o, int *ret_status)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(matrix_selection) s = matrix_select(m, f, &error);

	if (!s) {
		*ret_status = cmd_failed(error);
		return NULL;
	}
	*ret_status = CMD_USAGE;
	if (!check_captures(s, o->captures))
		return NULL;
	*ret_status = cmd_allow_commands(o, m);
	return *ret_status == CMD_AS_EXPECTED ? g_steal_pointer(&s) : NULL;
}

/* Selects the cells and runs them.  Returns the exit code. */
static int run_selected(const model *m, const struct matrix_filter *f, const struct options *o,
			const struct watched_report *report)
{
	int status;
	g_autoptr(matrix_selection) s = select_cells(m, f, o, &status);

	return s ? watched_run(s, o, report) : status;
}

/* --- run matrix ------------------------------------------------------------------------------- */

static void matrix_text(const results *r, const GPtrArray *events G_GNUC_UNUSED,
			const struct options *o, GString *out)
{
	char seed[24];
	const struct report_text how = {.style = cmd_style(o, STDOUT_FILENO),
					.made = cmd_run_args(r, o, o->out, seed)};

	report_text(r, &how, out);
}

matrix_selection *cmd_select_matrix(const model *m, const struct options *o, int *ret_status)
{
	g_auto(GStrv) scenarios = options_list(o->scenario);
	g_auto(GStrv) pairs = options_list(o->pairs);
	struct matrix_filter f = {
		.scenarios = (const char *const *)(gpointer)scenarios,
		.pairs = (const char *const *)(gpointer)pairs,
		.only = o->only,
	};

	*ret_status = CMD_USAGE;
	if (!parse_media(o->media, &f.media_mask) || !parse_shard(o->shard, &f.shard))
		return NULL;
	return select_cells(m, &f, o, ret_status);
}

bool cmd_check_matrix(const struct options *o)
{
	struct matrix_shard shard;
	unsigned media;

	return parse_media(o->media, &media) && parse_shard(o->shard, &shard);
}

int cmd_run_matrix(const struct options *o)
{
	static const struct watched_report report = {.text = matrix_text};
	int status = CMD_USAGE;
	g_autoptr(model) m = NULL;
	g_autoptr(matrix_selection) s = NULL;

	if (!cmd_check_matrix(o))
		return status;
	m = cmd_topology_load(o);
	if (!m)
		return CMD_INPUT;
	s = cmd_select_matrix(m, o, &status);
	return s ? watched_run(s, o, &report) : status;
}

/* --- run call --------------------------------------------------------------------------------- */

static void call_text(const results *r, const GPtrArray *events, const struct options *o,
		      GString *out)
{
	struct report_style style = cmd_style(o, STDOUT_FILENO);

	ptr_array_foreach(const struct scenario_result, s, r->scenarios) {
		const char *vpn = g_hash_table_lookup(r->features, "vpn");
		const char *impairment = g_hash_table_lookup(r->features, "impairment");
		const char *uncontained = g_hash_table_lookup(r->features, "uncontained");

		if (s->error)
			g_string_append_printf(out, "lab failed: %s\n", s->error);
		else
			g_string_append_printf(out, "network of '%s' built in %.0f ms%s%s%s%s%s\n",
					       s->name, s->build_ms, vpn ? ", VPN by " : "",
					       vpn ? vpn : "", report_vpn_note(vpn),
					       impairment ? ", links impaired by " : "",
					       impairment ? impairment : "");
		if (uncontained)
			g_string_append_printf(out, "not contained by this host: %s\n",
					       uncontained);
		for (guint k = 0; k < s->cells->len; k++)
			report_timeline(s->cells->pdata[k], events, o->verbose, false, &style, out);
	}
}

int cmd_run_call(const struct options *o)
{
	static const struct watched_report report = {.text = call_text, .keep_events = true};
	g_autofree char *pair = g_strdup_printf("%s:%s", o->arguments[0], o->arguments[1]);
	const char *pairs[] = {pair, NULL}, *scenarios[] = {NULL, NULL};
	struct matrix_filter f = {.scenarios = scenarios, .pairs = pairs, .directed = true};
	const struct scenario *sc;
	g_autoptr(model) m = NULL;

	if (!parse_media(o->media ? o->media : "audio", &f.media_mask))
		return CMD_USAGE;
	if (f.media_mask != 1u << MEDIA_IM && f.media_mask != 1u << MEDIA_AUDIO &&
	    f.media_mask != 1u << MEDIA_VIDEO)
		return cmd_fail(CMD_USAGE, "one call has one medium: im, audio or video");
	m = cmd_topology_load(o);
	if (!m)
		return CMD_INPUT;
	sc = cmd_scenario(m, o->scenario);
	if (!sc)
		return CMD_USAGE;
	scenarios[0] = sc->name;
	return run_selected(m, &f, o, &report);
}
