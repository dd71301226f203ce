/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of events and stages, and the length of an event. */
#include "common/wire/event.h"
#include "common/wire/line_socket.h"

#include <criterion/criterion.h>
#include <glib.h>
#include <string.h>

/* Events that the lab itself says of an agent are none of an agent's. */
Test(event, each_is_in_the_docs)
{
	static const char *const names[] = {
#define X(id, name) name,
		EVENTS(X) STAGES(X)
#undef X
	};
	g_autofree char *document = NULL;

	cr_assert(g_file_get_contents("docs/AGENTS.md", &document, NULL, NULL),
		  "tests run from the top folder");
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *event = g_strdup_printf("`%s`", names[i]),
				*stage = g_strdup_printf("\"%s\"", names[i]);

		cr_expect(strstr(document, event) || strstr(document, stage), "%s is not", event);
	}
}

static gsize length_of(const json_t *event)
{
	return json_dumpb(event, NULL, 0, JSON_COMPACT);
}

/* A text of `n` times `piece`; the caller frees. */
static char *repeat(const char *piece, gsize n)
{
	GString *text = g_string_new(NULL);

	for (gsize i = 0; i < n; i++)
		g_string_append(text, piece);
	return g_string_free(text, FALSE);
}

Test(event, what_fits_stays_as_it_is)
{
	g_autofree char *text = repeat("x", 200000);
	json_t *event = json_pack("{s:s, s:s}", "event", "log", "text", text);
	json_t *same = event_fit(event, CONTROL_LINE_MAX_BYTES);

	cr_expect_eq(same, event);
	cr_expect_eq(json_string_length(json_object_get(same, "text")), 200000);
	cr_expect_null(json_object_get(same, "cut"));
	json_decref(same);
}

/* 60,000 control bytes are 360,000 in JSON. */
Test(event, a_text_is_cut_after_a_whole_character)
{
	static const struct {
		const char *piece;
		gsize n, kept;
	} rows[] = {{"\x01", 60000, 4096}, {"\xe2\x82\xac", 100000, 4095}, {"x", 300000, 4096}};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = repeat(rows[i].piece, rows[i].n), *end = NULL;
		json_t *event = json_pack("{s:s, s:{s:s, s:i}, s:s}", "event", "log", "in", "text",
					  text, "n", 7, "short", "stays");
		const char *cut;

		event = event_fit(event, CONTROL_LINE_MAX_BYTES);
		cr_expect_leq(length_of(event), CONTROL_LINE_MAX_BYTES);
		cut = json_string_value(json_object_get(json_object_get(event, "in"), "text"));
		end = g_strdup_printf("... (cut, %" G_GSIZE_FORMAT " bytes)", strlen(text));
		cr_assert(cut && g_str_has_suffix(cut, end), "row %u: %s", (guint)i, cut);
		cr_expect_eq(strlen(cut), rows[i].kept + strlen(end), "row %u", (guint)i);
		cr_expect(g_utf8_validate(cut, -1, NULL), "row %u", (guint)i);
		cr_expect_str_eq(json_string_value(json_object_get(event, "short")), "stays");
		cr_expect(json_is_true(json_object_get(event, "cut")));
		json_decref(event);
	}
}

/* Many texts, each not long; and what no cut makes shorter. */
Test(event, whatever_it_is_it_fits)
{
	g_autofree char *text = repeat("y", 4000), *name = repeat("k", 300000);
	json_t *many = json_array(), *numbers = json_array(), *events[3];

	for (guint i = 0; i < 500; i++)
		json_array_append_new(many, json_string(text));
	for (guint i = 0; i < 100000; i++)
		json_array_append_new(numbers, json_integer(1000000));
	events[0] = json_pack("{s:s, s:i, s:o}", "event", "log", "time_us", 5, "many", many);
	events[1] = json_pack("{s:s, s:i, s:s, s:o}", "event", "log", "time_us", 5, "call", text,
			      "numbers", numbers);
	events[2] = json_pack("{s:s, s:i, s:i}", "event", "log", "time_us", 5, name, 1);
	for (gsize i = 0; i < G_N_ELEMENTS(events); i++) {
		json_t *event = event_fit(events[i], CONTROL_LINE_MAX_BYTES);

		cr_expect_leq(length_of(event), CONTROL_LINE_MAX_BYTES, "%u", (guint)i);
		cr_expect_str_eq(json_string_value(json_object_get(event, "event")), "log");
		cr_expect_eq(json_integer_value(json_object_get(event, "time_us")), 5);
		cr_expect(json_is_true(json_object_get(event, "cut")));
		cr_expect_eq(json_array_size(json_object_get(event, "many")), i == 0 ? 500u : 0u);
		json_decref(event);
	}
}
