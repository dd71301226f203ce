/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/import/kinds.h"

#include "testbed/import/import.h"
#include "testbed/model/model.h"

#include <criterion/criterion.h>
#include <string.h>

#define DATA "tests/data/import/"

/* The text of a file, or what stands after the colon; the caller frees. */
static char *input_text(const char *input, char **ret_node)
{
	const char *colon = strchr(input, ':');
	char *text;

	*ret_node = colon ? g_strndup(input, (gsize)(colon - input)) : import_node_of(input);
	if (colon)
		return g_strdup(colon + 1);

	g_autofree char *path = g_strconcat(DATA, input, NULL);

	cr_assert(g_file_get_contents(path, &text, NULL, NULL), "%s", path);
	return text;
}

static void expect_valid(const char *name, const char *topology)
{
	g_autoptr(diags) wrong = diags_new();
	g_autoptr(model) m = model_load_text("made", topology, strlen(topology), wrong);
	g_autofree char *text = diags_to_text(wrong);

	cr_expect_not_null(m, "%s:\n%s\n%s", name, topology, text);
}

void expect_kind(const struct kind *k)
{
	g_auto(GStrv) inputs = g_strsplit(k->inputs, strchr(k->inputs, ':') ? "~" : " ", 0);
	guint n = g_strv_length(inputs);
	struct import_input in[8] = {0};
	char *texts[8], *nodes[8];
	g_autoptr(diags) found = diags_new();
	g_autofree char *topology = NULL, *told = NULL;

	for (guint i = 0; i < n; i++) {
		texts[i] = input_text(inputs[i], &nodes[i]);
		in[i] = (struct import_input){.file = nodes[i],
					      .text = texts[i],
					      .length = strlen(texts[i]),
					      .node = nodes[i]};
	}
	topology = import_topology(in, n, IMPORT_KINDS, false, found);
	told = diags_to_text(found);
	if (topology)
		expect_valid(k->inputs, topology);
	for (guint i = 0; i < MOST && k->has[i]; i++)
		cr_expect(topology && strstr(topology, k->has[i]), "%s: no '%s' in\n%s%s",
			  k->inputs, k->has[i], topology ? topology : "", told);
	for (guint i = 0; i < MOST && k->has_not[i]; i++)
		cr_expect_not(topology && strstr(topology, k->has_not[i]), "%s: '%s' in\n%s%s",
			      k->inputs, k->has_not[i], topology, told);
	for (guint i = 0; i < MOST && k->told[i]; i++)
		cr_expect_not_null(strstr(told, k->told[i]), "%s: '%s' not told in\n%s", k->inputs,
				   k->told[i], told);
	for (guint i = 0; i < n; i++) {
		g_free(texts[i]);
		g_free(nodes[i]);
	}
}

void expect_told(const char *text, const char *wanted)
{
	g_autoptr(diags) found = diags_new();
	struct import_input in = {
		.file = "pasted", .text = text, .length = strlen(text), .node = "pasted"};
	g_autofree char *topology = import_topology(&in, 1, IMPORT_KINDS, false, found),
			*told = diags_to_text(found);

	cr_expect_not_null(strstr(told, wanted), "'%s': told '%s', not '%s'", text, told, wanted);
	cr_expect_eq(topology == NULL, diags_errors(found) > 0, "'%s'", text);
}
