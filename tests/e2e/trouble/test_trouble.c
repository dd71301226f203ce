/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trouble while a matrix runs: Ctrl-C, kill -9, an agent that dies, a host that allows nothing, bad
 * files. */
#include "tests/support/process.h"
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define COMPANY "tests/data/topologies/company.yaml"

/* A matrix that is running. */
struct running {
	char *folder, *json, *events;
	struct started program;
};

static void start(struct running *r, const char *scenarios)
{
	g_autofree char *program = program_path("testbed"), *out = NULL;

	r->folder = program_folder_new();
	r->json = g_build_filename(r->folder, "results.json", NULL);
	out = g_build_filename(r->folder, "run", NULL);
	r->events = g_build_filename(out, "events.jsonl", NULL);
	program_start((const char *const[]){program, "run", "matrix", "-t", COMPANY, "-s",
					    scenarios, "--json", r->json, "--out", out, NULL},
		      NULL, &r->program);
}

static void running_clear(struct running *r)
{
	program_folder_free(r->folder);
	g_free(r->json);
	g_free(r->events);
}

static guint count_of(const char *path, const char *what)
{
	g_autofree char *text = NULL;
	guint n = 0;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return 0;
	for (const char *at = text; (at = strstr(at, what)); at++)
		n++;
	return n;
}

static bool some_cells_are_finished(gpointer user_data)
{
	const struct running *r = user_data;

	return count_of(r->events, "\"cell-finished\"") >= 5;
}

/* Waits for the end; the exit code, or 128+n. */
static int end_of(struct running *r)
{
	struct outcome o;

	program_end(&r->program, &o);
	g_free(o.out);
	g_free(o.err);
	return o.exit_code;
}

Test(trouble, ctrl_c_leaves_valid_partial_results)
{
	struct running r;
	json_t *results;

	start(&r, "missing-route");
	cr_assert(process_wait_until(some_cells_are_finished, &r, 60000),
		  "no cell finished within a minute");
	kill(r.program.pid, SIGINT);
	cr_expect_eq(end_of(&r), 130, "exit code after SIGINT");
	results = json_load_file(r.json, 0, NULL);
	cr_assert(results != NULL, "results.json is valid after SIGINT");
	cr_expect(json_is_false(json_object_get(results, "complete")),
		  "it says that it is not complete");
	json_decref(results);
	running_clear(&r);
}

static bool all_are_gone(gpointer user_data)
{
	const GArray *processes = user_data;

	for (guint i = 0; i < processes->len; i++)
		if (process_is_alive(&g_array_index(processes, struct process_id, i)))
			return false;
	return true;
}

static bool namespaces_are_back(gpointer user_data)
{
	return process_count_netns() <= *(const guint *)user_data;
}

Test(trouble, kill_9_leaves_nothing)
{
	struct running r;
	g_autofree char *mounts_before = NULL, *mounts_after = NULL;
	g_autoptr(GArray) processes = NULL;
	guint netns_before = process_count_netns();

	g_file_get_contents("/proc/self/mountinfo", &mounts_before, NULL, NULL);
	start(&r, "missing-route,persistent-route");
	cr_assert(process_wait_until(some_cells_are_finished, &r, 60000),
		  "no cell finished within a minute");
	processes = process_descendants(r.program.pid);
	cr_expect_gt(processes->len, 10u, "two labs are more than %u processes", processes->len);
	kill(r.program.pid, SIGKILL);
	cr_expect_eq(end_of(&r), 128 + SIGKILL, "killed");
	cr_expect(process_wait_until(all_are_gone, processes, 10000),
		  "processes are left after 10 s");
	cr_expect(process_wait_until(namespaces_are_back, &netns_before, 10000),
		  "network namespaces are left after 10 s");
	g_file_get_contents("/proc/self/mountinfo", &mounts_after, NULL, NULL);
	cr_expect_str_eq(mounts_after, mounts_before, "mounts have changed");
	running_clear(&r);
}

/* Every error cell must have one endpoint in common, the one whose agent died, and name it. */
static const char *culprit_of(json_t *results)
{
	json_t *endpoint;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(results, "topology"), "endpoints"), i,
			   endpoint) {
		const char *name = json_string_value(json_object_get(endpoint, "name"));
		json_t *cells = json_object_get(
			json_array_get(json_object_get(results, "scenarios"), 0), "cells");
		bool in_all = true;
		size_t j, k;
		json_t *cell, *participant;

		json_array_foreach(cells, j, cell) {
			bool inside = false;

			json_array_foreach(json_object_get(cell, "participants"), k, participant)
				inside |= g_str_equal(json_string_value(participant), name);
			if (g_str_equal(cell_text(cell, "verdict"), "error") && !inside)
				in_all = false;
		}
		if (in_all)
			return name;
	}
	return NULL;
}

Test(trouble, an_agent_that_dies_costs_its_own_cells_only)
{
	struct running r;
	struct process_id victim;
	json_t *results, *summary;
	const char *culprit;

	start(&r, "persistent-route");
	cr_assert(process_wait_until(some_cells_are_finished, &r, 60000),
		  "no cell finished within a minute");
	victim = process_descendant_named(r.program.pid, "tb-client");
	cr_assert_gt(victim.pid, 0, "there is a client");
	kill(victim.pid, SIGKILL);
	cr_expect_eq(end_of(&r), 1, "exit code when an agent died");
	results = json_load_file(r.json, 0, NULL);
	cr_assert(results != NULL, "results.json is valid");
	summary = json_object_get(results, "summary");
	cr_expect_gt(json_integer_value(json_object_get(summary, "errors")), 0,
		     "some cells are errors");
	cr_expect_geq(json_integer_value(json_object_get(summary, "passed")), 40,
		      "the rest went on");
	culprit = culprit_of(results);
	cr_expect(culprit != NULL, "all error cells share the endpoint that died");
	json_decref(results);
	running_clear(&r);
}

/* Runs a shell line with $PROGRAM set; exit code, and what it printed to stderr. */
static int shell(const char *line, char **ret_err)
{
	g_autofree char *program = program_path("testbed");
	g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "PROGRAM", program, TRUE);
	const struct start how = {.environment = environment};
	struct outcome o;

	program_shell(line, &how, &o);
	g_free(o.out);
	*ret_err = o.err;
	return o.exit_code;
}

Test(trouble, a_host_that_forbids_namespaces_is_told_so)
{
	g_autofree char *err = NULL;
	int code;

	if (shell("unshare -Ur true", &err) != 0)
		cr_skip_test("needs user-namespaces: to make the forbidden place in");
	g_clear_pointer(&err, g_free);
	code = shell("unshare -Ur sh -c 'echo 0 > /proc/sys/user/max_user_namespaces && "
		     "exec setpriv --bounding-set=-all --inh-caps=-all \"$PROGRAM\" run matrix "
		     "-t " COMPANY " -s missing-route'",
		     &err);
	cr_expect_eq(code, 77, "exit code %d; stderr:\n%s", code, err);
	cr_expect(strstr(err, "namespace") != NULL, "the message names what is missing:\n%s", err);
}

Test(trouble, a_bad_file_starts_nothing_and_names_every_finding)
{
	const struct edit edits[] = {
		{"{name: dc-nat, masquerade: wan}", "{name: dc-nat, maskerade: wan}"},
		{"{to: 203.0.113.0/27, via: 198.51.100.6}",
		 "{to: 203.0.113.0/27, via: 198.51.200.6}"},
		{NULL, NULL},
	};
	char *folder = program_folder_new();
	g_autofree char *path = program_edited_topology(folder, COMPANY, edits);
	g_autofree char *line = g_strdup_printf("\"$PROGRAM\" run matrix -t %s", path);
	g_autofree char *err = NULL;
	int code = shell(line, &err);

	cr_expect_eq(code, 3, "exit code %d", code);
	cr_expect(strstr(err, "maskerade") != NULL && strstr(err, "masquerade") != NULL,
		  "key and hint:\n%s", err);
	cr_expect(strstr(err, "198.51.200.6") != NULL, "the second finding too:\n%s", err);
	program_folder_free(folder);
}

/* The first file that is opened must not get the number of standard output or error. */
Test(trouble, closed_standard_output_takes_no_file_s_place, .timeout = 120)
{
	char *folder = program_folder_new();
	g_autofree char *program = program_path("testbed"),
			*events = g_build_filename(folder, "run", "events.jsonl", NULL),
			*line = g_strdup_printf("exec '%s' run call dc1 dc2 --media im -t " COMPANY
						" --out '%s/run' >&- 2>&-",
						program, folder),
			*text = NULL;
	g_auto(GStrv) lines = NULL;
	struct outcome o;

	program_shell(line, NULL, &o);
	cr_expect_eq(o.exit_code, 4, "exit %d: results that nobody gets are an error", o.exit_code);
	cr_assert(g_file_get_contents(events, &text, NULL, NULL));
	lines = g_strsplit(text, "\n", 0);
	cr_expect_gt(g_strv_length(lines), 10);
	for (guint i = 0; *lines[i]; i++)
		cr_expect_eq(lines[i][0], '{', "in events.jsonl: %s", lines[i]);
	outcome_clear(&o);
	program_folder_free(folder);
}
