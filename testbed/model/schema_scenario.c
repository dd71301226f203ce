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
	{.key = "name",
	 .read = read_word,
	 AT(conference, name),
	 .arg = &charset_name,
	 .required = true},
	{.key = "organiser",
	 .read = read_word,
	 AT(conference, organiser),
	 .arg = &charset_name,
	 .required = true},
	{.key = "participants",
	 .read = read_texts,
	 AT(conference, participants),
	 .arg = &name_list,
	 .required = true},
	{.key = "media", .read = read_mask, AT(conference, media_mask), .arg = &conference_mask},
	{.key = "start", .read = read_enum, AT(conference, start), .arg = conference_start_names},
	{0}};

static void conference_check(struct reader *r, const yaml_node_t *value, void *object)
{
	struct conference *conference = object;

	if (!read_has_key(r, value, "media"))
		conference->media_mask = conference_mask.allowed;
}

const struct object_type conference_type = {
	.what = "conference",
	.create = conference_new,
	.destroy = conference_free,
	.fields = conference_fields,
	.loc_offset = offsetof(struct conference, loc),
	.check = conference_check,
};

static const struct field expect_fields[] = {
	{.key = "between", .read = read_texts, AT(expect, between), .arg = &selector_list},
	{.key = "and", .read = read_texts, AT(expect, and), .arg = &selector_list},
	{.key = "media", .read = read_mask, AT(expect, media_mask), .arg = &media_mask},
	{.key = "verdict",
	 .read = read_enum,
	 AT(expect, verdict),
	 .arg = expected_verdict_names,
	 .required = true},
	{.key = "path", .read = read_mask, AT(expect, path_mask), .arg = &path_mask},
	{.key = "cause", .read = read_word, AT(expect, cause), .arg = &charset_cause},
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

const struct object_type expect_type = {
	.what = "expectation",
	.create = expect_new,
	.destroy = expect_free,
	.fields = expect_fields,
	.loc_offset = offsetof(struct expect, loc),
	.check = expect_check,
};

static const struct field scenario_fields[] = {
	{.key = "title", .read = read_text, AT(scenario, title)},
	{.key = "changes", .read = change_read_list, AT(scenario, changes)},
	{.key = "expect", .read = read_objects, AT(scenario, expects), .arg = &expect_type},
	{0}};

const struct object_type scenario_type = {
	.what = "scenario",
	.create = scenario_new,
	.destroy = scenario_free,
	.fields = scenario_fields,
	.loc_offset = offsetof(struct scenario, loc),
	.name_offset = offsetof(struct scenario, name),
	.read_name = read_word,
	.name_arg = &charset_name,
};
