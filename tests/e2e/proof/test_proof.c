/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proof that nothing is acted: the topology is changed, and the results follow the packets.
 *
 * Every test runs the program on a copy of a topology with one thing changed and asks which cells
 * came out otherwise than the (unchanged) expectations say.
 */
#include "tests/support/capture.h"
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#define LYNC "topologies/lync.yaml"
#define BRANCH_ROUTE                                                                     \
	"      - add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.1, dev: int, " \
	"persistent: true}\n"
#define NOBODY 65534u

/* Both branch clients with everybody outside the company, audio and video, and the conference that
 * begins so; `s` is a string literal. */
#define BRANCH_OUTSIDE(s)                                                                          \
	s "/branch-ad-hoc/av-conference\n" s "/branch1-cafe1/audio\n" s "/branch1-cafe1/video\n" s \
	  "/branch1-home1/audio\n" s "/branch1-home1/video\n" s "/branch1-home2/audio\n" s         \
	  "/branch1-home2/video\n" s "/branch2-cafe1/audio\n" s "/branch2-cafe1/video\n" s         \
	  "/branch2-home1/audio\n" s "/branch2-home1/video\n" s "/branch2-home2/audio\n" s         \
	  "/branch2-home2/video"

static void run_edited(const char *folder, const char *topology, const struct edit *edits,
		       const char *scenario, struct run *ret)
{
	g_autofree char *path = program_edited_topology(folder, topology, edits);
	const char *args[] = {"run", "matrix", "-t", path, "-s", scenario, NULL};

	program_run_matrix(folder, args, 0, ret);
	cr_assert(ret->results != NULL, "no results.json; exit %d; stderr:\n%s", ret->exit_code,
		  ret->err);
	cr_assert(json_is_true(json_object_get(ret->results, "complete")),
		  "the run is not complete: %s", ret->err);
}

static void expect_unexpected(const struct run *r, int exit_code, const char *ids)
{
	g_autofree char *found = results_unexpected(r->results),
			*how = results_differences(r->results);

	cr_expect_str_eq(found, ids, "cells that differ:\n%sshould be:\n%s", how, ids);
	cr_expect_eq(r->exit_code, exit_code, "exit code %d, should be %d", r->exit_code,
		     exit_code);
}

static void expect_cell(const struct run *r, const char *id, const char *verdict, const char *path)
{
	json_t *cell = results_cell(r->results, id);

	cr_assert(cell != NULL, "no cell %s", id);
	cr_expect_str_eq(cell_text(cell, "verdict"), verdict, "%s: verdict %s, should be %s", id,
			 cell_text(cell, "verdict"), verdict);
	cr_expect_str_eq(cell_text(cell, "path"), path, "%s: path %s, should be %s", id,
			 cell_text(cell, "path"), path);
}

/* The run in the words of continuous integration: one cause for all cells, with its proof and the
 * line of the topology. */
static void expect_in_ci(const char *folder, guint cells)
{
	g_autofree char *dir = g_build_filename(folder, "run", NULL),
			*junit = g_build_filename(folder, "junit.xml", NULL),
			*summary = g_build_filename(folder, "summary.md", NULL), *xml = NULL,
			*markdown = NULL, *failures = g_strdup_printf("failures=\"%u\"", cells),
			*count = g_strdup_printf("::%u cells: ", cells);
	g_auto(GStrv) environment =
		g_environ_setenv(g_get_environ(), "GITHUB_STEP_SUMMARY", summary, TRUE);
	const struct start how = {.environment = environment};
	const char *const args[] = {"report", dir, "--junit",  junit,
				    "--tap",  "-", "--github", NULL};
	struct outcome o;

	program_testbed(args, &how, &o);
	cr_expect_eq(o.exit_code, 1, "exit %d: %s", o.exit_code, o.err);
	cr_expect(g_str_has_prefix(o.out, "TAP version 13\n"), "%s", o.out);
	cr_expect(strstr(o.out, "not ok ") && strstr(o.out, "cause: \"RETURN_WRONG_EGRESS\""));
	cr_expect(strstr(o.out, "kernel at edge: 10.20.0.101 from 172.25.33.10"), "%s", o.out);
	cr_expect(g_str_has_prefix(o.err, "::error file=") && strstr(o.err, ",line=") &&
			  strstr(o.err, "title=RETURN_WRONG_EGRESS at edge") &&
			  strstr(o.err, count),
		  "%s", o.err);
	cr_expect_eq(strstr(o.err + 1, "::error"), NULL, "one cause: %s", o.err);
	cr_assert(g_file_get_contents(junit, &xml, NULL, NULL));
	cr_expect(strstr(xml, failures) && strstr(xml, "type=\"RETURN_WRONG_EGRESS\""), "%s", xml);
	cr_assert(g_file_get_contents(summary, &markdown, NULL, NULL));
	cr_expect(strstr(markdown, "testbed explain -t "), "%s", markdown);
	outcome_clear(&o);
}

Test(proof, without_its_route_the_fixed_scenario_fails)
{
	const struct edit edits[] = {
		{"    changes:\n" BRANCH_ROUTE, ""},
		{NULL, NULL},
	};
	char *folder = program_folder_new();
	struct run r;

	run_edited(folder, LYNC, edits, "persistent-route", &r);
	expect_unexpected(&r, 1, BRANCH_OUTSIDE("persistent-route"));
	expect_cell(&r, "persistent-route/branch1-home1/audio", "fail", "none");
	cr_expect(strstr(r.out, "persistent-route/branch1-home1/audio") != NULL,
		  "the output names the cell:\n%s", r.out);
	expect_in_ci(folder, 13);
	run_clear(&r);
	program_folder_free(folder);
}

Test(proof, with_a_route_the_broken_scenario_passes_unexpectedly)
{
	const struct edit edits[] = {
		{"    title: The Edge has no route to the branch\n",
		 "    title: The Edge has no route to the branch\n    changes:\n" BRANCH_ROUTE},
		{NULL, NULL},
	};
	char *folder = program_folder_new();
	struct run r;

	run_edited(folder, LYNC, edits, "missing-route", &r);
	expect_unexpected(&r, 1, BRANCH_OUTSIDE("missing-route"));
	expect_cell(&r, "missing-route/branch1-home1/video", "pass", "udp-relay");
	expect_cell(&r, "missing-route/branch1-cafe1/audio", "pass", "tcp-relay");
	run_clear(&r);
	program_folder_free(folder);
}

Test(proof, without_the_edge_service_nothing_outside_works)
{
	const struct edit edits[] = {
		{"    changes:\n" BRANCH_ROUTE,
		 "    changes:\n      - stop-service: {node: edge, service: edge}\n"},
		{NULL, NULL},
	};
	char *folder = program_folder_new();
	struct run r;

	run_edited(folder, LYNC, edits, "persistent-route", &r);
	cr_expect_eq(r.exit_code, 1, "exit code %d", r.exit_code);
	expect_cell(&r, "persistent-route/dc1-home1/audio", "fail", "none");
	expect_cell(&r, "persistent-route/branch1-home1/video", "fail", "none");
	expect_cell(&r, "persistent-route/dc1-dc2/audio", "pass", "udp-direct");
	expect_cell(&r, "persistent-route/dc1-dc2/im", "pass", "signalling");
	expect_cell(&r, "persistent-route/dc1-branch1/video", "pass", "udp-direct");
	run_clear(&r);
	program_folder_free(folder);
}

/* A home NAT that lets everybody in (RFC 4787 endpoint-independent filtering) mends the call
 * without any relay: the branch's own checks get through. */
Test(proof, an_open_home_nat_lets_the_broken_call_through)
{
	const struct edit edits[] = {
		{"    title: The Edge has no route to the branch\n",
		 "    title: The Edge has no route to the branch\n    changes:\n"
		 "      - set-nat: {node: nat1, filtering: endpoint-independent}\n"},
		{NULL, NULL},
	};
	char *folder = program_folder_new();
	struct run r;

	run_edited(folder, LYNC, edits, "missing-route", &r);
	expect_unexpected(&r, 1,
			  "missing-route/branch-ad-hoc/av-conference\n"
			  "missing-route/branch1-home1/audio\nmissing-route/branch1-home1/video\n"
			  "missing-route/branch2-home1/audio\nmissing-route/branch2-home1/video");
	expect_cell(&r, "missing-route/branch1-home1/audio", "pass", "udp-nat");
	expect_cell(&r, "missing-route/branch1-home2/audio", "fail", "none");
	run_clear(&r);
	program_folder_free(folder);
}

Test(proof, another_relay_engine_gives_every_cell_alike)
{
	const struct edit edits[] = {
		{"          av_tcp: 203.0.113.21\n",
		 "          av_tcp: 203.0.113.21\n          engine: coturn\n"},
		{"                  av_tcp: 203.0.113.85\n",
		 "                  av_tcp: 203.0.113.85\n                  engine: coturn\n"},
		{NULL, NULL},
	};
	char *folder = program_folder_new();
	struct run r;

	run_edited(folder, LYNC, edits, "missing-route,persistent-route,vpn-bypass,branch-edge",
		   &r);
	expect_unexpected(&r, 0, "");
	run_clear(&r);
	program_folder_free(folder);
}

Test(proof, another_company_needs_no_change_in_the_code)
{
	const char *args[] = {"run", "matrix", "-t", "topologies/two-branches.yaml", NULL};
	char *folder = program_folder_new();
	struct run r;

	program_run_matrix(folder, args, 0, &r);
	cr_assert(r.results != NULL, "no results.json; exit %d; stderr:\n%s", r.exit_code, r.err);
	expect_unexpected(&r, 0, "");
	run_clear(&r);
	program_folder_free(folder);
}

/* Verdict and path of every cell, one a line. */
static char *verdicts(const json_t *results)
{
	GString *text = g_string_new(NULL);
	size_t i, j;
	json_t *scenario, *cell;

	json_array_foreach(json_object_get(results, "scenarios"), i, scenario)
		json_array_foreach(json_object_get(scenario, "cells"), j, cell)
			g_string_append_printf(text, "%s %s %s\n", cell_text(cell, "id"),
					       cell_text(cell, "verdict"), cell_text(cell, "path"));
	return g_string_free(text, FALSE);
}

Test(proof, rootless_and_root_give_the_same_verdicts)
{
	const struct edit no_edits[] = {{NULL, NULL}};
	char *root_folder = program_folder_new(), *user_folder = program_folder_new();
	g_autofree char *topology = program_edited_topology(root_folder, LYNC, no_edits);
	const char *args[] = {"run", "matrix", "-t", topology, "-s", "missing-route,vpn-bypass",
			      NULL};
	g_autofree char *as_root = NULL, *as_user = NULL;
	struct run root, user;

	if (getuid() != 0)
		cr_skip_test("needs root: to compare with");
	program_run_matrix(root_folder, args, 0, &root);
	program_run_matrix(user_folder, args, NOBODY, &user);
	if (user.exit_code == 77)
		cr_skip_test("needs unprivileged-labs: %s", user.err);
	cr_assert(root.results != NULL, "root: no results; exit %d: %s", root.exit_code, root.err);
	cr_assert(user.results != NULL, "rootless: no results; exit %d: %s", user.exit_code,
		  user.err);
	as_root = verdicts(root.results);
	as_user = verdicts(user.results);
	cr_expect_str_eq(as_root, as_user, "root:\n%s\nrootless:\n%s", as_root, as_user);
	cr_expect_eq(root.exit_code, 0, "root: exit %d", root.exit_code);
	cr_expect_eq(user.exit_code, 0, "rootless: exit %d", user.exit_code);
	run_clear(&root);
	run_clear(&user);
	program_folder_free(root_folder);
	program_folder_free(user_folder);
}

/* --- what crosses the tunnel ------------------------------------------------------------------ */

/* An IPv4/UDP packet whose payload begins as RTP and RTCP do (RFC 7983 section 7: first byte 128 to
 * 191), in the ports of clients and relays.  WireGuard hands out packets that begin with the IP
 * header. */
static bool is_media(const guint8 *packet, guint32 length)
{
	guint header = length >= 20 && packet[0] >> 4 == 4 ? (packet[0] & 15u) * 4 : 0;
	const guint8 *udp = packet + header;

	if (header < 20 || length < header + 20 || packet[9] != 17)
		return false;
	return (udp[0] << 8 | udp[1]) >= 1024 && (udp[2] << 8 | udp[3]) >= 1024 && udp[8] >> 6 == 2;
}

struct crossing {
	guint packets, media;
};

static void count_packet(const guint8 *packet, guint32 length, gpointer user_data)
{
	struct crossing *found = user_data;

	found->packets++;
	found->media += is_media(packet, length);
}

static struct crossing tunnel_of(const char *scenario, const char *pairs)
{
	const char *args[] = {"run",	   "matrix",	"-t",
			      LYNC,	   "-s",	scenario,
			      "--capture", "core:vpn0", pairs ? "--pairs" : NULL,
			      pairs,	   NULL};
	char *folder = program_folder_new();
	g_autofree char *file =
		g_strdup_printf("%s/run/nodes/core/%s.vpn0.pcapng", folder, scenario);
	struct crossing found = {0, 0};
	struct run r;
	const char *vpn;

	program_run_matrix(folder, args, 0, &r);
	cr_assert(r.results != NULL, "no results.json; exit %d; stderr:\n%s", r.exit_code, r.err);
	cr_expect_eq(r.exit_code, 0, "exit code %d: %s", r.exit_code, r.out);
	vpn = json_string_value(json_object_get(
		json_object_get(json_object_get(r.results, "run"), "features"), "vpn"));
	cr_assert(vpn != NULL, "the results name the VPN in use");
	/* WireGuard shows bare IP packets, VXLAN whole frames. */
	capture_each(file, g_str_has_prefix(vpn, "wireguard") ? 0 : 14, count_packet, &found);
	run_clear(&r);
	program_folder_free(folder);
	return found;
}

Test(proof, the_tunnel_carries_the_media_of_calls_between_branch_and_data_center)
{
	struct crossing c = tunnel_of("missing-route", "dc1:branch1");

	cr_expect_gt(c.media, 100u, "%u of %u packets are media", c.media, c.packets);
}

Test(proof, no_media_crosses_the_tunnel_when_the_branch_bypasses_it)
{
	struct crossing c = tunnel_of("vpn-bypass", NULL);

	cr_expect_eq(c.media, 0u, "%u of %u packets are media", c.media, c.packets);
}

Test(proof, no_media_crosses_the_tunnel_when_the_branch_has_its_own_edge)
{
	struct crossing c = tunnel_of("branch-edge", "branch1:home1,branch2:home2");

	cr_expect_gt(c.packets, 20u, "signalling uses the tunnel: %u packets", c.packets);
	cr_expect_eq(c.media, 0u, "%u of %u packets are media", c.media, c.packets);
}
