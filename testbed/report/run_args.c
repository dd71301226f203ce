/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/run_args.h"

#include <string.h>

struct run_args run_args_of(const results *r, char ret_seed[static 24])
{
	/* links that are impaired draw what they lose and delay from the seed */
	bool drawn = g_hash_table_contains(r->features, "impairment");

	g_snprintf(ret_seed, 24, "%" G_GUINT64_FORMAT, r->seed);
	return (struct run_args){.topology = r->topology_file,
				 .changes = r->changes,
				 .seed = drawn ? ret_seed : NULL};
}

void run_args_word(GString *out, const char *word)
{
	g_autofree char *quoted = g_shell_quote(word);
	bool plain = *word != '\0';

	for (const char *at = word; *at && plain; at++)
		plain = g_ascii_isalnum(*at) || strchr("-_./:,=@%+", *at);
	g_string_append(out, plain ? word : quoted);
}

static GString *command_of(const struct run_args *a, const char *verb, bool changes)
{
	GString *line = g_string_new(a->program ? a->program : "testbed");

	g_string_append_printf(line, " %s", verb);
	if (a->topology) {
		g_string_append(line, " -t ");
		run_args_word(line, a->topology);
	}
	for (char *const *change = a->changes; changes && change && *change; change++) {
		g_string_append(line, " -c ");
		run_args_word(line, *change);
	}
	return line;
}

GString *run_args_begin(const struct run_args *a, const char *verb)
{
	return command_of(a, verb, true);
}

GString *run_args_begin_run(const struct run_args *a, const char *verb)
{
	GString *line = run_args_begin(a, verb);

	if (a->seed)
		g_string_append_printf(line, " --seed %s", a->seed);
	if (a->allow_commands)
		g_string_append(line, " --allow-commands");
	return line;
}

char *run_args_explain(const struct run_args *a, const char *cell_id)
{
	/* a run folder knows the changes of its run */
	GString *line = command_of(a, "explain", !a->folder);

	if (a->folder) {
		g_string_append_c(line, ' ');
		run_args_word(line, a->folder);
	}
	g_string_append_c(line, ' ');
	run_args_word(line, cell_id);
	return g_string_free(line, FALSE);
}
