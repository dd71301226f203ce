/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/change.h"
#include "testbed/model/names.h"
#include "testbed/model/object.h"
#include "testbed/model/schema.h"
#include "testbed/model/value.h"

#define BIT(n) (1u << (n))

static const struct list_type selector_list = {.item = read_word, .arg = &charset_selector};
static const struct mask_type media_mask = {.names = media_names, .allowed = BIT(MEDIA_COUNT) - 1};
static const struct mask_type conference_mask = {
	.names = media_names, .allowed = BIT(MEDIA_IM_CONFERENCE) | BIT(MEDIA_AV_CONFERENCE)};
static const struct mask_type path_mask = {.names = path_class_names,
					   .allowed = BIT(PATH_COUNT) - 1};

static const struct field conference_fields[] = {
	{KEY("name", read_word, conference, name, &charset_name), .required = true},
	{KEY("organiser", read_word, conference, organiser, &charset_name), .required = true},
	{KEY("participants", read_texts, conference, participants, &name_list), .required = true},
	{KEY("media", read_mask, conference, media_mask, &conference_mask)},
	{KEY("start", read_enum, conference, start, conference_start_names)},
	{0}};

static void conference_check(struct reader *r, const yaml_node_t *value, void *object)
{
	struct conference *conference = object;

	if (!read_has_key(r, value, "media"))
		conference->media_mask = conference_mask.allowed;
}

const struct object_type conference_type = OBJECT_TYPE(
	"conference", conference, .fields = conference_fields, .check = conference_check);

static const struct field expect_fields[] = {
	{KEY("between", read_texts, expect, between, &selector_list)},
	{KEY("and", read_texts, expect, and, &selector_list)},
	{KEY("media", read_mask, expect, media_mask, &media_mask)},
	{KEY("verdict", read_enum, expect, verdict, expected_verdict_names), .required = true},
	{KEY("path", read_mask, expect, path_mask, &path_mask)},
	{KEY("cause", read_word, expect, cause, &charset_cause)},
	{0}};

static void expect_check(struct reader *r, const yaml_node_t *value, void *object)
{
	struct expect *expect = object;

	if (!read_has_key(r, value, "media"))
		expect->media_mask = media_mask.allowed;
	if (!read_has_key(r, value, "between"))
		g_ptr_array_add(expect->between, g_strdup("*"));
	if (!read_has_key(r, value, "and"))
		g_ptr_array_add(expect->and, g_strdup("*"));
	if (expect->verdict == VERDICT_PASS && expect->path_mask == BIT(PATH_NONE))
		reader_error(r, value, NULL, "a call that passes has a path, it can't be 'none'");
}

const struct object_type expect_type =
	OBJECT_TYPE("expectation", expect, .fields = expect_fields, .check = expect_check);

static const struct field scenario_fields[] = {
	{KEY("title", read_text, scenario, title, NULL)},
	{KEY("changes", change_read_list, scenario, changes, NULL)},
	{KEY("expect", read_objects, scenario, expects, &expect_type)},
	{0}};

const struct object_type scenario_type = OBJECT_TYPE(
	"scenario", scenario, .fields = scenario_fields, NAMED_BY(scenario, charset_name));
