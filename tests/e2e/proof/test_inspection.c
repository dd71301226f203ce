/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A firewall that lets only TLS through on TCP 443: sign-ins and messages pass, a call's relay over
 * TCP does not, and each of the two remedies helps. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>

#define TOPOLOGY "tests/data/topologies/inspected-web.yaml"

/* What fails names its cause: the run compares it with what the scenarios expect. */
Test(inspection, over_both_families_with_its_cause_and_its_remedies)
{
	static const char *const args[] = {"run",     "matrix",	  "-t", TOPOLOGY,
					   "--media", "im,audio", NULL};
	char *folder = program_folder_new();
	struct run r;

	program_run_matrix(folder, args, 0, &r);
	cr_expect_eq(r.exit_code, 0, "exit code %d: %s%s", r.exit_code, r.out, r.err);
	cr_expect(strstr(r.out, "8 cells: 6 pass, 2 fail") != NULL, "%s", r.out);
	run_clear(&r);
	program_folder_free(folder);
}

static void expect_trace(const char *to, int exit_code, const char *text)
{
	g_autofree char *bin = program_path("testbed");
	const char *argv[] = {bin,	 "trace", "guest1", to,	   "-t", TOPOLOGY,
			      "--proto", "tcp",	  "--port", "443", NULL};
	struct outcome o;

	program_run(argv, NULL, &o);
	cr_expect_eq(o.exit_code, exit_code, "%s: exit code %d", to, o.exit_code);
	cr_expect(strstr(o.out, text) != NULL, "%s: %s", to, o.out);
	g_free(o.out);
	g_free(o.err);
}

/* The Edge's TCP 443 is TURN on one address and TLS on the other. */
Test(inspection, a_trace_knows_what_a_connection_carries)
{
	expect_trace("203.0.113.2", 0, "the answer returns");
	expect_trace("203.0.113.3", 1, "inspected at guest-fw");
	expect_trace("2001:db8:d::3", 1, "inspected at guest-fw");
}
