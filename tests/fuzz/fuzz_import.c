/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Up to two pasted texts of each of two nodes, split at lines of one '@': what import accepts is a
 * topology that the model accepts, also completed. */
#include "testbed/import/import.h"
#include "testbed/model/model.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static guint split(const char *text, size_t size, struct import_input inputs[static 4])
{
	static const char *const nodes[] = {"a", "b", "a", "b"};
	guint n = 0;

	while (n < 4) {
		const char *end = n < 3 ? memmem(text, size, "\n@\n", 3) : NULL;
		size_t length = end ? (size_t)(end - text) : size;

		inputs[n] = (struct import_input){
			.file = nodes[n], .text = text, .length = length, .node = nodes[n]};
		n++;
		if (!end)
			break;
		text = end + 3;
		size -= length + 3;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
	g_autoptr(diags) found = diags_new(), wrong = diags_new();
	struct import_input inputs[4];
	g_autofree char *topology = NULL, *told = NULL;
	guint n;

	if (size > 65536)
		return 0;
	n = split((const char *)data, size, inputs);
	topology = import_topology(inputs, n, IMPORT_KINDS, size % 2 == 1, found);
	if (!topology) {
		g_assert_cmpuint(diags_errors(found), >, 0);
		return 0;
	}

	g_autoptr(model) m = model_load_text("imported", topology, strlen(topology), wrong);

	told = diags_to_text(wrong);
	if (!m)
		g_error("import made a wrong topology:\n%s\n%s", topology, told);
	return 0;
}
