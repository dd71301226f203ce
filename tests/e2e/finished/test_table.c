/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Causes in the table of a run that only packets tell. */
#include "tests/support/program.h"

#include <criterion/criterion.h>

#define CELL "persistent-route/dc1-home1/audio"

/* The home's NAT forgets after a second, and answers take longer; TCP, which would not mind, is
 * barred. */
static void expect_cause(const char *evidence, const char *cause)
{
	const char *args[] = {"run",
			      "matrix",
			      "-t",
			      "tests/data/topologies/company.yaml",
			      "-s",
			      "persistent-route",
			      "--only",
			      "dc1-home1/audio",
			      "--evidence",
			      evidence,
			      "-c",
			      "set-nat: {node: nat1, udp_timeout: 1s, preserve_port: false}",
			      "-c",
			      "set-impair: {node: dc1, interface: lan, delay: 600ms}",
			      "-c",
			      "block: {node: nat1, name: no-media-by-tcp, chain: forward, dst: "
			      "[203.0.113.20, 203.0.113.21], "
			      "proto: tcp}",
			      NULL};
	char *folder = program_folder_new();
	const json_t *cell;
	struct run r;

	program_run_matrix(folder, args, 0, &r);
	cr_assert_not_null(r.results, "exit %d: %s", r.exit_code, r.err);
	cell = results_cell(r.results, CELL);
	cr_assert_not_null(cell, "no cell");
	cr_expect_str_eq(cell_text(cell, "verdict"), "fail");
	cr_expect_str_eq(cell_text(cell, "cause"), cause, "%s", cell_text(cell, "cause"));
	cr_expect_eq(r.exit_code, 1);
	run_clear(&r);
	program_folder_free(folder);
}

Test(table, what_only_packets_tell_is_named, .timeout = 90)
{
	expect_cause("on", "NAT_EXPIRED");
}

Test(table, without_evidence_nothing_is_named, .timeout = 90)
{
	expect_cause("off", "");
}
