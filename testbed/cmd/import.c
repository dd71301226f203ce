/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/cmd.h"
#include "testbed/import/import.h"
#include "testbed/model/model.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The bytes of the file ("-": stdin), which the caller frees; errors go to `d`. */
static GByteArray *read_input(const char *file, diags *d)
{
	bool is_stdin = g_str_equal(file, "-");
	struct loc at = {g_intern_string(file), 0, 0};
	int fd = is_stdin ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	GByteArray *bytes = g_byte_array_new();
	guint8 block[65536];
	ssize_t n = fd < 0 ? -1 : 1;

	while (n > 0 && bytes->len <= IMPORT_BYTES_MAX) {
		n = read(fd, block, sizeof block);
		if (n > 0)
			g_byte_array_append(bytes, block, (guint)n);
		else if (n < 0 && errno == EINTR)
			n = 1;
	}
	if (n < 0)
		diags_add(d, DIAG_ERROR, at, NULL, "can't read it: %s", g_strerror(errno));
	else if (bytes->len > IMPORT_BYTES_MAX)
		diags_add(d, DIAG_ERROR, at, NULL, "more than %u KiB", IMPORT_BYTES_MAX / 1024);
	else if (bytes->len == 0)
		diags_add(d, DIAG_ERROR, at,
			  "'route print', 'ip addr', 'ip route', or an SDP with candidates",
			  "the file is empty");
	if (fd >= 0 && !is_stdin)
		close(fd);
	return bytes;
}

/* What the files are, by --format; IMPORT_KINDS: each as it looks.  False: unknown, which was
 * printed. */
static bool chosen_kind(const char *format, enum import_kind *ret)
{
	g_autofree char *all = NULL;
	const char *near;

	*ret = IMPORT_KINDS;
	for (unsigned k = 0; format && k < IMPORT_KINDS; k++) {
		if (g_str_equal(format, import_kind_names[k]))
			*ret = (enum import_kind)k;
	}
	if (!format || *ret != IMPORT_KINDS)
		return true;
	near = diag_nearest(format, import_kind_names);
	all = g_strjoinv(", ", (char **)(gpointer)(guintptr)import_kind_names);
	return cmd_error("--format '%s' is not one of %s%s%s%s", format, all,
			 near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

/* The topology that the files make, which the caller frees; NULL: errors are in `found`. */
static char *import_files(const struct options *o, char *const *files, enum import_kind kind,
			  diags *found)
{
	const char *node = o->node;
	guint n = g_strv_length((char **)(gpointer)(guintptr)files);
	g_autofree struct import_input *inputs = g_new0(struct import_input, n);
	g_autoptr(GPtrArray) texts =
		g_ptr_array_new_with_free_func((GDestroyNotify)(void (*)(void))g_byte_array_unref);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < n; i++) {
		GByteArray *bytes = read_input(files[i], found);
		char *name = node ? g_strdup(node) : import_node_of(files[i]);

		g_ptr_array_add(texts, bytes);
		g_ptr_array_add(names, name);
		inputs[i] = (struct import_input){.file = files[i],
						  .text = (const char *)bytes->data,
						  .length = bytes->len,
						  .node = name};
	}
	return diags_errors(found) == 0 ? import_topology(inputs, n, kind, o->complete, found) :
					  NULL;
}

/* What is written must be valid whatever was read; else this is testbed's own mistake. */
static int write_valid(const char *topology)
{
	g_autoptr(diags) wrong = diags_new();
	g_autoptr(model) m = model_load_text("imported", topology, strlen(topology), wrong);
	g_autofree char *text = NULL;

	if (m)
		return cmd_print_document(topology, -1);
	text = diags_to_text(wrong);
	return cmd_fail(CMD_INTERNAL,
			"import made a topology that is not valid; please report this input:\n%s",
			text);
}

int cmd_import(const struct options *o)
{
	char *standard[] = {(char[]){"-"}, NULL};
	char *const *files = o->arguments[0] ? o->arguments : standard;
	g_autoptr(diags) found = diags_new();
	g_autofree char *topology = NULL, *diagnostics = NULL;
	enum import_kind kind;

	if (!chosen_kind(o->format, &kind))
		return CMD_USAGE;
	if (o->node && !import_node_fits(o->node))
		return cmd_fail(
			CMD_USAGE,
			"--node '%s' is not a valid node name: letters, digits, '-', '_', '.'; "
			"at most 63",
			o->node);
	topology = import_files(o, files, kind, found);
	diagnostics = diags_to_text(found);
	cmd_tell(diagnostics);
	return topology ? write_valid(topology) : CMD_INPUT;
}
