/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Edges behind port forwards, with one card, and with one address: every cell as its file expects,
 * with both TURN engines, and what listens where. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>

/* Calls of every topology pass by the paths that the file says, which are the same of both
 * engines. */
Test(forward, calls_pass, .timeout = 120)
{
	static const char *const runs[][6] = {
		{"run", "matrix", "-t", "tests/data/topologies/port-forward.yaml"},
		{"run", "matrix", "-t", "tests/data/topologies/one-address.yaml"},
		{"run", "matrix", "-t", "tests/data/topologies/one-address-forwarded.yaml"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(runs); i++)
		program_expect_matrix(runs[i]);
}

/* Adds "access 203.0.113.2:5061 tls" of an event `listening` of the node. */
static void note_listener(GPtrArray *all, const char *line, const char *node)
{
	json_t *e = json_loads(line, 0, NULL);
	const char *agent = json_string_value(json_object_get(e, "agent"));

	if (g_strcmp0(json_string_value(json_object_get(e, "event")), "listening") == 0 && agent &&
	    g_str_has_prefix(agent, node))
		g_ptr_array_add(
			all, g_strdup_printf("%s %s:%d %s",
					     json_string_value(json_object_get(e, "service")),
					     json_string_value(json_object_get(e, "address")),
					     (int)json_integer_value(json_object_get(e, "port")),
					     json_string_value(json_object_get(e, "transport"))));
	json_decref(e);
}

static gint by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static const struct {
	const char *topology, *scenario, *pair, *node, *listeners;
} listens[] = {
	{"tests/data/topologies/one-address.yaml", "own-address", "hq1:home1", "edge",
	 "access 172.16.5.10:5061 tls, access 203.0.113.2:5061 tls, av 172.16.5.10:3478 udp, "
	 "av 172.16.5.10:443 tcp, av 203.0.113.2:3478 udp, av 203.0.113.2:443 tcp, "
	 "mras 172.16.5.10:5062 tls"},
	{"tests/data/topologies/one-address-forwarded.yaml", "forwarded", "hq1:home1", "edge",
	 "access 172.16.5.10:5061 tls, access 192.168.200.10:444 tls, av 172.16.5.10:3478 udp, "
	 "av 172.16.5.10:443 tcp, av 192.168.200.10:3478 udp, av 192.168.200.10:443 tcp, "
	 "mras 172.16.5.10:5062 tls"},
	{"tests/data/topologies/port-forward.yaml", "by-relay-builtin", "phone1:phone2", "turn",
	 "access 10.0.0.2:5061 tls, access 10.0.0.4:443 tls, av 10.0.0.2:3478 udp, "
	 "av 10.0.0.2:443 tcp, mras 10.0.0.2:5062 tls"},
};

Test(forward, what_listens, .timeout = 60)
{
	for (gsize i = 0; i < G_N_ELEMENTS(listens); i++) {
		const char *const args[] = {"run",     "matrix",
					    "-t",      listens[i].topology,
					    "-s",      listens[i].scenario,
					    "--media", "im",
					    "--pairs", listens[i].pair,
					    NULL};
		char *folder = program_folder_new();
		g_autofree char *path = g_strdup_printf("%s/run/events.jsonl", folder);
		g_autofree char *text = NULL, *found = NULL;
		g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);
		g_auto(GStrv) lines = NULL;
		struct run r;

		program_run_matrix(folder, args, 0, &r);
		cr_expect_eq(r.exit_code, 0, "exit code %d: %s%s", r.exit_code, r.out, r.err);
		cr_assert(g_file_get_contents(path, &text, NULL, NULL), "no %s", path);
		lines = g_strsplit(text, "\n", -1);
		for (guint k = 0; lines[k]; k++)
			note_listener(all, lines[k], listens[i].node);
		g_ptr_array_sort(all, by_text);
		g_ptr_array_add(all, NULL);
		found = g_strjoinv(", ", (char **)all->pdata);
		cr_expect_str_eq(found, listens[i].listeners, "%s", listens[i].topology);
		run_clear(&r);
		program_folder_free(folder);
	}
}
