/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/e2e/finished/story.h"
#include "common/base/json.h"
#include "testbed/base/pcapng.h"
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>

#define DOCUMENT "docs/STORY.md"

/* The story of a cell; the caller owns it. */
static json_t *story_of(const char *dir, const char *folder, const char *id)
{
	g_autofree char *file = g_build_filename(folder, "story.json", NULL);
	const char *const args[] = {"explain", dir, id, "--no-trial", "--story", file, NULL};
	struct outcome o;
	json_t *story;

	program_testbed(args, NULL, &o);
	cr_expect_eq(o.exit_code, 0, "exit %d: %s", o.exit_code, o.err);
	outcome_clear(&o);
	story = json_load_file(file, 0, NULL);
	cr_assert(story, "%s has a story", id);
	return story;
}

static const json_t *cell_of(const json_t *story, const char *id)
{
	return json_object_get(json_object_get(story, "cells"), id);
}

/* --- every member is documented --------------------------------------------------------------- */

/* Members whose own members another document describes, or whose members are names. */
static bool is_elsewhere(const char *key)
{
	static const char *const keys[] = {"explanation", "features", "sessions"};

	for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
		if (g_str_equal(keys[i], key))
			return true;
	return false;
}

static void expect_documented(const json_t *value, const char *document, bool names)
{
	const json_t *member;
	const char *key;
	size_t i;

	json_array_foreach(value, i, member)
		expect_documented(member, document, false);
	if (!json_is_object(value))
		return;
	json_object_foreach((json_t *)(gpointer)(guintptr)value, key, member) {
		g_autofree char *word = g_strdup_printf("`%s`", key);

		cr_expect(names || strstr(document, word), "%s does not name %s", DOCUMENT, word);
		if (!is_elsewhere(key) && !(g_str_equal(key, "cells") && json_is_array(member)))
			expect_documented(member, document,
					  json_is_object(member) && (g_str_equal(key, "cells") ||
								     g_str_equal(key, "nodes")));
	}
}

/* --- what the steps say ----------------------------------------------------------------------- */

struct tally {
	guint hops, lost_at_edge, sip_with_hops, relayed, tunnelled, translated, media[2], by_relay;
};

static void count_hops(const json_t *step, struct tally *t)
{
	const json_t *hop;
	size_t i;

	json_array_foreach(json_object_get(step, "hops"), i, hop) {
		t->hops++;
		t->tunnelled += json_object_get(hop, "outer") != NULL;
		t->translated += json_object_get(hop, "nat") != NULL;
		t->by_relay += json_object_get(hop, "relay") != NULL;
		/* what was sent comes in at another node, what came in goes on from the same one */
		if (i > 0) {
			const json_t *before = json_array_get(json_object_get(step, "hops"), i - 1);
			bool same = g_strcmp0(member_text(before, "node"),
					      member_text(hop, "node")) == 0;

			cr_expect_eq(same, member_true(hop, "out"), "step %d",
				     (int)member_integer(step, "n"));
		}
	}
}

static struct tally tally_of(const json_t *cell)
{
	struct tally t = {0};
	const json_t *step;
	gint64 last = G_MININT64;
	size_t i;

	json_array_foreach(json_object_get(cell, "steps"), i, step) {
		const json_t *lost = json_object_get(step, "lost");
		bool heard = json_array_size(json_object_get(step, "hops")) == 0;

		cr_expect_eq(member_integer(step, "n"), (json_int_t)i);
		cr_expect_geq(member_integer(step, "t_us"), last);
		last = member_integer(step, "t_us");
		cr_expect_gt(strlen(member_text(step, "text")), 10);
		cr_expect_null(strchr(member_text(step, "text"), '{'), "%s",
			       member_text(step, "text"));
		count_hops(step, &t);
		t.lost_at_edge += member_is(lost, "node", "edge") &&
				  member_is(lost, "code", "RETURN_WRONG_EGRESS");
		t.sip_with_hops += member_is(step, "protocol", "sip") && !heard;
		if (member_is(step, "protocol", "rtp") && json_is_null(lost))
			t.media[member_is(step, "side", "back")]++;
	}
	return t;
}

static const char *verdict_of_pairs(const json_t *cell)
{
	const json_t *pair;
	size_t i;

	json_array_foreach(json_object_get(cell, "pairs"), i, pair)
		if (member_is(pair, "verdict", "selected"))
			return "selected";
	return "none";
}

static void expect_failing(const char *dir, const char *folder, const char *id)
{
	json_auto_t *story = story_of(dir, folder, id);
	const json_t *cell = cell_of(story, id);
	struct tally t = tally_of(cell);
	g_autofree char *document = NULL;

	cr_assert(g_file_get_contents(DOCUMENT, &document, NULL, NULL));
	expect_documented(story, document, false);
	cr_expect_gt(t.lost_at_edge, 0, "the answer dies at the Edge");
	cr_expect_gt(t.tunnelled, 0);
	cr_expect_gt(t.translated, 0);
	cr_expect_gt(t.sip_with_hops, 10);
	cr_expect_eq(t.media[0] + t.media[1], 0);
	cr_expect_str_eq(verdict_of_pairs(cell), "none");
	cr_expect(json_is_object(json_object_get(cell, "explanation")));
	cr_expect(member_is(cell, "zero", "INVITE"));
}

static void expect_passing(const char *dir, const char *folder, const char *id, bool by_relay)
{
	json_auto_t *story = story_of(dir, folder, id);
	const json_t *cell = cell_of(story, id);
	struct tally t = tally_of(cell);

	cr_expect_gt(t.media[0], 0, "%s: media there", id);
	cr_expect_gt(t.media[1], 0, "%s: media back", id);
	/* on a late machine a direct call may have checked its relays, too */
	cr_expect(!by_relay || t.by_relay > 0, "%s", id);
	cr_expect_eq(t.lost_at_edge, 0);
	cr_expect_str_eq(verdict_of_pairs(cell), "selected");
}

/* --- its packets, for Wireshark --------------------------------------------------------------- */

static void count_in_order(const struct pcapng_record *r, gpointer user_data)
{
	struct {
		guint64 last_ns;
		guint n;
	} *seen = user_data;

	cr_expect_geq(r->time_ns, seen->last_ns, "out of order");
	seen->last_ns = r->time_ns;
	seen->n++;
}

static void expect_packets(const char *dir, const char *folder, const char *id)
{
	g_autofree char *file = g_build_filename(folder, "call.pcapng", NULL), *bytes = NULL,
			*program = program_path("testbed"), *line = NULL;
	const char *const args[] = {"explain", dir, id, "--no-trial", "-w", file, NULL};
	struct {
		guint64 last_ns;
		guint n;
	} seen = {0};
	struct outcome o;
	gsize length;

	program_testbed(args, NULL, &o);
	cr_expect_eq(o.exit_code, 0, "exit %d: %s", o.exit_code, o.err);
	outcome_clear(&o);
	cr_assert(g_file_get_contents(file, &bytes, &length, NULL));
	cr_expect(pcapng_read((const guint8 *)bytes, length, count_in_order, &seen, NULL));
	cr_expect_gt(seen.n, 100);
	cr_expect(memmem(bytes, length, "nothing came after this: The kernel of edge did not send",
			 56),
		  "the question at the Edge has a comment");
	cr_expect(memmem(bytes, length, "RETURN_WRONG_EGRESS", 19));
	line = g_strdup_printf("build=%s; $build explain '%s' '%s' --no-trial -w - | cmp - '%s'",
			       program, dir, id, file);
	program_shell(line, NULL, &o);
	cr_expect_eq(o.exit_code, 0, "'-w -' writes other bytes: %s%s", o.out, o.err);
	outcome_clear(&o);
}

/* --- the page --------------------------------------------------------------------------------- */

static guint count_of(const char *text, const char *what)
{
	guint n = 0;

	for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
		n++;
	return n;
}

static void expect_page(const char *dir, const char *folder, guint cells)
{
	g_autofree char *file = g_build_filename(folder, "page.html", NULL), *html = NULL;
	const char *const args[] = {"report", dir, "--html", file, NULL};
	const char *const other[] = {"report", dir, "--html", file, "-t", "topologies/starter.yaml",
				     NULL};
	struct outcome o;
	gsize length;

	program_testbed(args, NULL, &o);
	cr_expect_eq(o.exit_code, 0, "exit %d: %s", o.exit_code, o.err);
	outcome_clear(&o);
	cr_assert(g_file_get_contents(file, &html, &length, NULL));
	cr_expect_eq(count_of(html, "data-cell=\""), cells);
	cr_expect_lt(length / cells, 24000, "%zu bytes for %u cells", length, cells);
	program_testbed(other, NULL, &o);
	cr_expect_eq(o.exit_code, 3, "another topology: exit %d", o.exit_code);
	outcome_clear(&o);
}

void expect_stories(const char *dir, const char *folder, const char *failing, const char *passing,
		    guint cells)
{
	expect_failing(dir, folder, failing);
	expect_passing(dir, folder, passing, false);
	expect_passing(dir, folder, "missing-route/dc1-home1/audio", true);
	expect_packets(dir, folder, failing);
	expect_page(dir, folder, cells);
}
