/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Labs in company: many at once, and on machines whose own network has other people's bridges,
 * routes, rules, filters and settings (each a network namespace of the test's own, which plays the
 * machine).  Every cell comes out as it does alone. */
#include "tests/support/figures.h"
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COMPANY "tests/data/topologies/company.yaml"
#define LIMIT_S 400

/* Addresses and names of labs in use by others, policies that drop everything, NAT. */
#define FOREIGN                                                                                   \
	"ip link set lo up; ip link add docker0 type bridge; ip addr add 172.17.0.1/16 dev "      \
	"docker0; "                                                                               \
	"ip link add dc-lan type bridge; ip addr add 10.0.1.1/24 dev dc-lan; "                    \
	"ip link add edge type veth peer name fe; ip link set edge master dc-lan; "               \
	"for l in docker0 dc-lan edge fe; do ip link set $l up; done; "                           \
	"ip route add 203.0.113.0/24 dev docker0; ip route add default dev fe; "                  \
	"ip rule add from 10.0.0.0/8 lookup 100 prio 50; ip route add unreachable default table " \
	"100; "                                                                                   \
	"nft 'table inet filter { chain i { type filter hook input priority 0; policy drop; }; "  \
	"chain f { type filter hook forward priority 0; policy drop; }; "                         \
	"chain o { type filter hook output priority 0; policy drop; }; }'; "                      \
	"nft 'table ip nat { chain p { type nat hook postrouting priority 100; masquerade; }; "   \
	"}'; "

static const struct machine {
	const char *name, *settings;
	bool quick;
} machines[] = {
	{"rp_filter 0", "put net/ipv4/conf/all/rp_filter 0; put net/ipv4/conf/default/rp_filter 0",
	 false},
	{"rp_filter 1", "put net/ipv4/conf/all/rp_filter 1; put net/ipv4/conf/default/rp_filter 1",
	 true},
	{"rp_filter 2", "put net/ipv4/conf/all/rp_filter 2; put net/ipv4/conf/default/rp_filter 2",
	 false},
	{"no IPv6",
	 "put net/ipv6/conf/all/disable_ipv6 1; put net/ipv6/conf/default/disable_ipv6 1", false},
	{"forwarding, few ports",
	 "put net/ipv4/ip_forward 1; put net/ipv4/ip_local_port_range '40000 40100'; "
	 "put net/ipv4/ip_unprivileged_port_start 0",
	 false},
};

static bool is_whole(void)
{
	return g_getenv("TESTBED_MACHINE") != NULL;
}

/* "ID VERDICT PATH" of each cell, a line each, sorted; the caller frees.  NULL: there are none. */
static char *verdicts(const char *path)
{
	json_t *results = json_load_file(path, 0, NULL), *scenario, *cell;
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	size_t i, k;

	json_array_foreach(json_object_get(results, "scenarios"), i, scenario)
		json_array_foreach(json_object_get(scenario, "cells"), k, cell)
			g_ptr_array_add(lines, g_strdup_printf("%s %s %s", cell_text(cell, "id"),
							       cell_text(cell, "verdict"),
							       cell_text(cell, "path")));
	json_decref(results);
	g_ptr_array_add(lines, NULL);
	return lines->len > 1 ? g_strjoinv("\n", (char **)lines->pdata) : NULL;
}

/* Runs `count` matrices at once on a machine that `prepare` (lines of sh) makes; how many cells of
 * each came out. */
static guint run_there(const char *name, const char *prepare, guint count, const char *cells,
		       char **ret_verdicts)
{
	char *folder = program_folder_new();
	g_autofree char
		*program = program_path("testbed"),
		*script = g_strdup_printf("%s/script", folder),
		*line = g_strdup_printf("exec unshare -nm sh -e %s", script),
		*text = g_strdup_printf(
			"put() { echo \"$2\" >/proc/sys/$1; }\n%s\nn=0 pids=\n"
			"while [ $n -lt %u ]; do\n"
			"%s run matrix -q -t %s %s --seed $n --json %s/$n.json >%s/$n.out 2>&1 &\n"
			"pids=\"$pids $!\" n=$((n + 1))\ndone\nbad=\n"
			"for p in $pids; do wait $p || bad=1; done\n"
			"[ -z \"$bad\" ] || { cat %s/*.out; exit 1; }\n",
			prepare, count, program, COMPANY, cells, folder, folder, folder);
	struct outcome o;
	guint same = 0;

	cr_assert(g_file_set_contents(script, text, -1, NULL));
	program_shell(line, NULL, &o);
	cr_expect_eq(o.exit_code, 0, "%s: exit %d: %s%s", name, o.exit_code, o.out, o.err);
	for (guint i = 0; i < count; i++) {
		g_autofree char *path = g_strdup_printf("%s/%u.json", folder, i),
				*seen = verdicts(path);

		if (!*ret_verdicts)
			*ret_verdicts = g_strdup(seen);
		cr_expect_str_eq(seen ? seen : "none", *ret_verdicts ? *ret_verdicts : "some",
				 "%s: run %u", name, i);
		same += g_strcmp0(seen, *ret_verdicts) == 0;
	}
	outcome_clear(&o);
	program_folder_free(folder);
	return same;
}

#define NEEDS_ROOT()                                                         \
	do {                                                                 \
		if (geteuid() != 0)                                          \
			cr_skip_test("needs root: to play a whole machine"); \
	} while (0)

Test(company, of_foreign_networks, .timeout = 3600)
{
	const char *cells = is_whole() ?
				    "-s missing-route,persistent-route --media im,audio" :
				    "-s missing-route --pairs dc1:branch1,home1:branch1 --media "
				    "im,audio";
	g_autofree char *alone = NULL;
	guint n = 0;

	NEEDS_ROOT();
	run_there("a machine of nobody", ":", 1, cells, &alone);
	for (gsize i = 0; i < G_N_ELEMENTS(machines); i++) {
		g_autofree char *prepare = g_strdup_printf(FOREIGN "%s;", machines[i].settings);

		if (is_whole() || machines[i].quick)
			n += run_there(machines[i].name, prepare, 1, cells, &alone);
	}
	figure_add("check-machine",
		   "machines with foreign bridges, routes, rules, filters and settings: "
		   "%u, all cells as alone",
		   n);
}

Test(company, of_each_other, .timeout = 3600)
{
	guint n = figure_count("TESTBED_MACHINE", 3);
	g_autofree char *alone = NULL;

	NEEDS_ROOT();
	run_there("alone", ":", 1,
		  "-s missing-route --media im --pairs dc1:branch1,home1:dc1,cafe1:home1", &alone);
	n = run_there("many at once", ":", n,
		      "-s missing-route --media im --pairs dc1:branch1,home1:dc1,cafe1:home1",
		      &alone);
	figure_add("check-machine", "matrices at once: %u, all cells as alone", n);
}
