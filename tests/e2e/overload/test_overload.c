/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens to a lab's own processes while a matrix runs is no fault of the network: the VPN's
 * program is stopped again and again, or dies. */
#include "tests/support/process.h"
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#define COMPANY "tests/data/topologies/company.yaml"
#define TUNNEL_PROGRAM "wireguard-go"
#define STOP_MS 400

/* A matrix that is running. */
struct matrix_run {
	char *folder, *json, *events;
	struct started program;
};

static void start_matrix(struct matrix_run *r, const char *scenario, const char *media,
			 const char *pairs)
{
	g_autofree char *program = program_path("testbed"), *out = NULL;

	r->folder = program_folder_new();
	r->json = g_build_filename(r->folder, "results.json", NULL);
	out = g_build_filename(r->folder, "run", NULL);
	r->events = g_build_filename(out, "events.jsonl", NULL);
	program_start((const char *const[]){program, "run", "matrix", "-t", COMPANY, "-s", scenario,
					    "--media", media, "--pairs", pairs, "--json", r->json,
					    "--out", out, NULL},
		      NULL, &r->program);
}

/* Waits for the end; what came out, which the caller owns. */
static json_t *finish_matrix(struct matrix_run *r)
{
	struct outcome o;
	json_t *results;

	program_end(&r->program, &o);
	results = json_load_file(r->json, 0, NULL);
	cr_assert(results != NULL, "results.json is valid; stderr:\n%s", o.err);
	g_free(o.out);
	g_free(o.err);
	program_folder_free(r->folder);
	g_free(r->json);
	g_free(r->events);
	return results;
}

static bool has_tunnel(gpointer user_data)
{
	const struct matrix_run *r = user_data;

	return process_descendant_named(r->program.pid, TUNNEL_PROGRAM).pid > 0;
}

static bool has_begun(gpointer user_data)
{
	const struct matrix_run *r = user_data;
	g_autofree char *text = NULL;

	return g_file_get_contents(r->events, &text, NULL, NULL) &&
	       strstr(text, "\"cell-started\"");
}

static bool has_ended(gpointer user_data)
{
	const struct matrix_run *r = user_data;
	g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)r->program.pid), *text = NULL;

	return !g_file_get_contents(path, &text, NULL, NULL) || strstr(text, ") Z ");
}

/* Sends a signal to every tunnel program below `root`. */
static void signal_tunnels(pid_t root, int number)
{
	g_autoptr(GArray) all = process_descendants(root);

	for (guint i = 0; i < all->len; i++) {
		pid_t pid = g_array_index(all, struct process_id, i).pid;
		g_autofree char *path = g_strdup_printf("/proc/%d/comm", (int)pid), *name = NULL;

		if (g_file_get_contents(path, &name, NULL, NULL) &&
		    g_str_equal(g_strchomp(name), TUNNEL_PROGRAM))
			kill(pid, number);
	}
}

static void expect_no_fault_of_the_network(const json_t *results)
{
	json_t *scenario = json_array_get(json_object_get(results, "scenarios"), 0), *cell;
	size_t i;

	json_array_foreach(json_object_get(scenario, "cells"), i, cell) {
		const char *cause = cell_text(cell, "cause");

		cr_expect_str_neq(cell_text(cell, "verdict"), "fail", "%s: %s",
				  cell_text(cell, "id"), cell_text(cell, "reason"));
		cr_expect(cause[0] == '\0' || g_str_equal(cause, "MACHINE_OVERLOADED"),
			  "%s is blamed on %s", cell_text(cell, "id"), cause);
	}
}

Test(overload, a_tunnel_that_is_stopped_again_and_again_fails_no_cell)
{
	struct matrix_run r;
	json_t *results;

	start_matrix(&r, "persistent-route", "im,audio", "branch1:dc1,branch1:home1,branch2:dc2");
	if (!process_wait_until(has_tunnel, &r, 30000)) {
		json_decref(finish_matrix(&r));
		return; /* the tunnel is the kernel's own */
	}
	while (!has_ended(&r)) {
		signal_tunnels(r.program.pid, SIGSTOP);
		process_wait_until(has_ended, &r, STOP_MS);
		signal_tunnels(r.program.pid, SIGCONT);
		process_wait_until(has_ended, &r, STOP_MS);
	}
	results = finish_matrix(&r);
	expect_no_fault_of_the_network(results);
	json_decref(results);
}

Test(overload, a_tunnel_program_that_dies_is_an_error_that_names_it)
{
	struct matrix_run r;
	json_t *results, *cell;

	start_matrix(&r, "persistent-route", "audio", "branch1:dc1");
	if (!process_wait_until(has_tunnel, &r, 30000)) {
		json_decref(finish_matrix(&r));
		return; /* the tunnel is the kernel's own */
	}
	cr_assert(process_wait_until(has_begun, &r, 60000), "no call was placed within a minute");
	signal_tunnels(r.program.pid, SIGKILL);
	results = finish_matrix(&r);
	cell = results_cell(results, "persistent-route/branch1-dc1/audio");
	if (!cell)
		cell = results_cell(results, "persistent-route/dc1-branch1/audio");
	cr_assert(cell != NULL);
	cr_expect_str_eq(cell_text(cell, "verdict"), "error");
	cr_expect(strstr(cell_text(cell, "reason"), TUNNEL_PROGRAM) != NULL, "%s",
		  cell_text(cell, "reason"));
	json_decref(results);
}
