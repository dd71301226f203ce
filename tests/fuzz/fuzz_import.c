/* Pasted text: what import accepts is a topology that the model accepts. */
#include "testbed/import/import.h"
#include "testbed/model/model.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
	g_autoptr(diags) found = diags_new(), wrong = diags_new();
	struct import_input input = {.file = "pasted", .text = (const char *)data, .length = size, .node = "pasted"};
	g_autofree char *topology = NULL, *told = NULL;

	if (size > 65536)
		return 0;
	topology = import_topology(&input, 1, IMPORT_KINDS, found);
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
