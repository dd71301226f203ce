/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exercise answer and check: what the student says and does is graded. */
#include "testbed/cmd/exercise_lab.h"
#include "testbed/diagnose/finding.h"
#include "testbed/exercise/calls.h"

#include <string.h>
#include <unistd.h>

/* Whether the exercise can still be graded; if not, an error was printed. */
static bool goes_on(const exercise_lab *l)
{
	if (!l->record->gave_up_s)
		return true;
	return cmd_error("this exercise was given up: 'testbed down -n %s', then start another",
			 exercise_lab_name(l));
}

/* Saves and prints what came of it, as text or JSON (`calls`: more members of the document, may be
 * NULL).  Returns the exit code; `right` decides between 0 and 1. */
static int finish(const exercise_lab *l, const struct options *o, GString *text, json_t *calls,
		  bool right)
{
	int code = exercise_lab_save(l);
	struct score s;

	record_score(l->record, &s);
	g_string_append_printf(text, "score so far: %u %% (diagnosis %u %%, repair %u %%)\n",
			       s.percent, s.diagnosis, s.repair);
	score_clear(&s);
	if (!code && o->json) {
		json_auto_t *document = record_to_json(l->record);

		if (calls)
			json_object_set(document, "calls", calls);
		code = cmd_write_document(o->json, document, 1);
	}
	if (!code && !cmd_is_stdout(o->json))
		code = cmd_print(text->str, (gssize)text->len);
	return code ? code : right ? CMD_AS_EXPECTED : CMD_DIFFERS;
}

/* --- answer ----------------------------------------------------------------------------------- */

/* Whether the code (NULL: none given) is one of a cause; if not, an error was printed. */
static bool check_cause(const char *code)
{
	const char *names[CAUSE_COUNT + 1] = {0};
	const char *near;

	for (guint i = 0; i < CAUSE_COUNT; i++)
		names[i] = cause_name(i);
	if (!code || g_strv_contains(names, code))
		return true;
	near = diag_nearest(code, names);
	return cmd_error("no cause '%s'%s%s%s; docs/EXPLAIN.md lists them", code,
			 near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

/* Whether the node (NULL: none given) is one of the lab; if not, an error was printed. */
static bool check_node(const exercise_lab *l, const char *node)
{
	const json_t *nodes = json_object_get(l->status, "nodes"), *name;
	size_t i;

	json_array_foreach(nodes, i, name)
		if (node && g_str_equal(json_string_value(name), node))
			return true;
	return !node || cmd_error("no node '%s'; 'testbed status --json -' lists them", node);
}

static const char *word_of(bool right)
{
	return right ? "right" : "wrong";
}

int cmd_exercise_answer(const struct options *o)
{
	g_auto(exercise_lab) l = {0};
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *object = o->object ? g_utf8_make_valid(o->object, -1) : NULL,
			*cause = o->cause ? g_ascii_strup(o->cause, -1) : NULL;
	struct answer_grade g;
	int code;

	if (!cause && !o->node)
		return cmd_fail(CMD_USAGE, "usage: testbed exercise answer --node N --cause CODE "
					   "--object O");
	if (!check_cause(cause))
		return CMD_USAGE;
	code = exercise_lab_open(o, &l);
	if (code)
		return code;
	if (!goes_on(&l) || !check_node(&l, o->node))
		return CMD_USAGE;
	g = grade_answer(l.exercise->fault, cause, o->node, object);
	record_add_answer(l.record, exercise_now_s(), cause, o->node, object, g);
	g_string_append_printf(text, "cause %s, node %s, object %s: the answer is worth %u %%\n",
			       word_of(g.cause), word_of(g.node), word_of(g.object), g.percent);
	return finish(&l, o, text, NULL, g.percent == 100);
}

/* --- check ------------------------------------------------------------------------------------ */

/* What counts as configuration of a kernel; all else changes by itself. */
static json_t *configuration_of(const json_t *node)
{
	static const char *const kept[] = {"routes", "rules", "links", "nft", "sysctl"};
	static const char *const moving[] = {"ifindex",	 "losses",     "rx_bytes", "rx_packets",
					     "tx_bytes", "tx_packets", "packets",  "bytes"};
	json_t *all = json_object();

	for (guint i = 0; i < G_N_ELEMENTS(kept); i++) {
		json_t *list = json_deep_copy(json_object_get(node, kept[i])), *item;
		size_t k;

		json_array_foreach(list, k, item)
			for (guint m = 0; m < G_N_ELEMENTS(moving); m++)
				json_object_del(item, moving[m]);
		json_object_set_new(all, kept[i], list ? list : json_null());
	}
	return all;
}

static bool is_configured_alike(const json_t *a, const json_t *b)
{
	json_auto_t *one = configuration_of(a), *other = configuration_of(b);

	return json_equal(one, other);
}

static bool contains(const GPtrArray *names, const char *name)
{
	ptr_array_foreach(const char, one, names)
		if (g_str_equal(one, name))
			return true;
	return false;
}

/* The nodes whose kernels are not as they were at the beginning, and those of the fault, where
 * something else may have been repaired; the caller frees the list.  NULL with `error`. */
static GPtrArray *repaired_nodes(const exercise_lab *l, const json_t *remembered, GError **error)
{
	json_auto_t *now = live_ask(l->client, "inspect", error);
	json_t *nodes = json_object_get(now, "nodes"), *node;
	const json_t *before = json_object_get(json_object_get(remembered, "kernels"), "nodes");
	GPtrArray *names = now ? g_ptr_array_new_with_free_func(g_free) : NULL;
	const char *name;

	json_object_foreach(nodes, name, node) {
		const json_t *was = json_object_get(before, name);

		if ((was && !is_configured_alike(was, node)) ||
		    contains(l->exercise->fault->nodes, name))
			g_ptr_array_add(names, g_strdup(name));
	}
	return names;
}

/* Has every client sign in again, as in a fresh lab, and places all calls. */
static bool place_all(const exercise_lab *l, const GPtrArray *calls, size_t offset, GError **error)
{
	json_auto_t *status = live_ask(l->client, "sign-in", error);

	return status && calls_place(exercise_lab_name(l), calls, offset, error);
}

/* Starts again what was repaired, and places all calls again.  Returns the names of what was
 * started, which the caller frees; NULL with `error`. */
static char *try_restart(const exercise_lab *l, const json_t *remembered, const GPtrArray *calls,
			 GError **error)
{
	g_autoptr(GPtrArray) nodes = repaired_nodes(l, remembered, error);
	g_autoptr(GString) names = g_string_new(NULL);

	if (!nodes)
		return NULL;
	ptr_array_foreach(const char, node, nodes) {
		json_auto_t *done =
			live_request(l->client,
				     json_pack("{s:s, s:s}", "do", "reboot", "node", node), NULL,
				     NULL, error);

		if (!done)
			return NULL;
		g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", node);
	}
	if (!place_all(l, calls, offsetof(struct judged_call, later), error))
		return NULL;
	return g_strdup(names->str);
}

/* Whether all that the fault broke works now: only then it matters whether that lasts. */
static bool is_all_mended(const GPtrArray *calls)
{
	ptr_array_foreach(const struct judged_call, c, calls)
		if (judged_is_broken(c) && !judged_is_mended(c, c->now))
			return false;
	return true;
}

/* Places the calls, before and after a restart where the repair has to last, and grades them.
 * False with `error`. */
static bool check_calls(const exercise_lab *l, const GPtrArray *calls, const json_t *remembered,
			struct repair_grade *ret, GError **error)
{
	const json_t *states = json_object_get(remembered, "calls");
	g_autofree char *restarted = NULL;
	bool restarts;

	ptr_array_foreach(struct judged_call, c, calls)
		c->before = (enum call_state)CLAMP(member_integer(states, c->name), CALL_UNKNOWN,
						   CALL_FAILS);
	if (!place_all(l, calls, offsetof(struct judged_call, now), error))
		return false;
	restarts = l->exercise->lasting && is_all_mended(calls);
	if (restarts)
		restarted = try_restart(l, remembered, calls, error);
	if (restarts && !restarted)
		return false;
	grade_repair(calls, restarted, ret);
	return true;
}

/* { NAME: { "before", "now", "later" } }; the caller owns it. */
static json_t *calls_json(const GPtrArray *calls)
{
	static const char *const words[] = {"unknown", "works", "detour", "fails"};
	json_t *all = json_object();

	ptr_array_foreach(const struct judged_call, c, calls)
		json_object_set_new(all, c->name,
				    json_pack("{s:s, s:s, s:s}", "before", words[c->before], "now",
					      words[c->now], "later", words[c->later]));
	return all;
}

/* The calls of the exercise's network that should work; the caller frees them.  NULL: an error was
 * printed. */
static GPtrArray *calls_of(const exercise_lab *l)
{
	g_autoptr(model) m = cmd_exercise_model(l->exercise->fault);
	const struct scenario *sc = m ? cmd_scenario(m, l->exercise->fault->scenario) : NULL;
	g_autoptr(model) whole = sc ? cmd_scenario_model(m, sc) : NULL;

	return whole ? judged_calls(whole, sc) : NULL;
}

int cmd_exercise_check(const struct options *o)
{
	g_auto(exercise_lab) l = {0};
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) calls = NULL;
	g_autoptr(GString) text = g_string_new(NULL);
	json_auto_t *remembered = NULL, *list = NULL;
	struct repair_grade g;
	int code = exercise_lab_open(o, &l);

	if (code)
		return code;
	calls = goes_on(&l) ? calls_of(&l) : NULL;
	if (!calls)
		return CMD_USAGE;
	if (!o->quiet)
		cmd_note("every client signs in again, then %u calls are placed", calls->len);
	remembered = live_ask(l.client, "recall", &error);
	if (!remembered ||
	    !check_calls(&l, calls, json_object_get(remembered, "value"), &g, &error))
		return cmd_failed(error);
	record_add_check(l.record, exercise_now_s(), &g);
	ptr_array_foreach(const char, reason, g.reasons)
		g_string_append_printf(text, "%s\n", reason);
	g_string_append_printf(text, "the repair is worth %u %%%s\n", g.percent,
			       g.passed ? ": everything works" : "");
	list = calls_json(calls);
	code = finish(&l, o, text, list, g.passed);
	repair_grade_clear(&g);
	return code;
}
