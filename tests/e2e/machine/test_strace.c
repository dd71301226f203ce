/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every system call of a run that could change a network, mounts or kernel settings, as strace sees
 * them: none is made outside the lab's namespaces.  And what a run says whose lab is traced. */
#include "tests/support/figures.h"
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define COMPANY "tests/data/topologies/company.yaml"
#define CALLS                                                                                   \
	"unshare,setns,clone,clone3,fork,vfork,socket,ioctl,open,openat,openat2,mount,umount2," \
	"pivot_root,move_mount,fsmount,mount_setattr,open_tree"

static guint number_after(const char *text, const char *word)
{
	const char *at = strstr(text, word);

	return at ? (guint)atoi(at + strlen(word)) : 0;
}

/* Traces a run of testbed; how many such calls were made inside of a lab. */
static guint trace(const char *verb, guint *ret_outside, char **ret_said)
{
	char *folder = program_folder_new();
	g_autofree char
		*program = program_path("testbed"),
		*line = g_strdup_printf(
			"strace -f --seccomp-bpf --pidns-translation -e signal=none -e trace=" CALLS
			" -o %s/trace %s %s >%s/out 2>&1 || { cat %s/out; exit 1; }; "
			"awk -f tests/e2e/machine/outside.awk %s/trace",
			folder, program, verb, folder, folder, folder);
	struct outcome o;
	guint inside;

	program_shell(line, NULL, &o);
	cr_expect_eq(o.exit_code, 0, "%s: %s%s", verb, o.out, o.err);
	inside = number_after(o.out, "inside ");
	*ret_outside = number_after(o.out, "outside ");
	*ret_said = g_steal_pointer(&o.out);
	outcome_clear(&o);
	program_folder_free(folder);
	return inside;
}

/* A test of the test: what a plain command does to its own network is seen. */
static void expect_it_sees(void)
{
	struct outcome o;

	program_shell("printf '%s\\n' '7 socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) = 3' "
		      "'7 clone(child_stack=NULL, flags=CLONE_NEWNET|SIGCHLD <unfinished ...>' "
		      "'8 socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) = 3' "
		      "'7 <... clone resumed>) = 8' '8 mount(\"a\", \"b\", NULL, 0, NULL) = 0' | "
		      "awk -f tests/e2e/machine/outside.awk",
		      NULL, &o);
	cr_expect_eq(number_after(o.out, "inside "), 1, "%s%s", o.out, o.err);
	cr_expect_eq(number_after(o.out, "outside "), 2, "%s%s", o.out, o.err);
	outcome_clear(&o);
}

Test(machine, nothing_writes_outside_of_the_lab, .timeout = 600)
{
	static const char *const verbs[] = {
		"run call dc1 branch1 --media im -t " COMPANY " -s persistent-route",
		"run matrix -q --capture edge -t " COMPANY " -s persistent-route --media im,audio",
		"explain dc1 branch1 --media im -t " COMPANY,
		"run nat home1 -t " COMPANY,
	};
	bool whole = g_getenv("TESTBED_MACHINE") != NULL;
	guint inside = 0, outside;
	g_autofree char *found = g_find_program_in_path("strace");

	if (!found)
		cr_skip_test("needs strace: it tells of system calls");
	expect_it_sees();
	for (gsize i = 0; i < (whole ? G_N_ELEMENTS(verbs) : 1); i++) {
		g_autofree char *said = NULL;
		guint n = trace(verbs[i], &outside, &said);

		cr_expect_gt(n, 20, "%s: only %u calls were seen", verbs[i], n);
		cr_expect_eq(outside, 0, "%s:\n%s", verbs[i], said);
		inside += n;
	}
	figure_add("check-machine",
		   "strace of %u runs: %u calls that change networks, mounts or settings, none "
		   "outside of a lab",
		   whole ? (guint)G_N_ELEMENTS(verbs) : 1, inside);
}

/* strace -f stops every process of the lab at every system call: how the network is can't be told
 * by that.  This call fails also without it, so nothing but the tracer makes it an error. */
Test(machine, a_lab_that_is_traced_blames_no_network)
{
	g_autofree char *program = program_path("testbed"),
			*strace = g_find_program_in_path("strace");
	const char *const argv[] = {
		"strace",	 "-f",	   "-qq",	"-e",	 "trace=none", "-e",
		"signal=none",	 "-o",	   "/dev/null", program, "run",	       "call",
		"branch1",	 "home1",  "-q",	"-t",	 COMPANY,      "-s",
		"missing-route", "--json", "-",		NULL};
	struct outcome o;
	json_t *results, *cell;

	if (!strace)
		cr_skip_test("needs strace: it stops processes at their system calls");
	program_run(argv, NULL, &o);
	results = json_loads(o.out, 0, NULL);
	cr_assert_not_null(results, "%d: %s%s", o.exit_code, o.out, o.err);
	cell = results_cell(results, "missing-route/branch1-home1/audio");
	cr_assert_not_null(cell, "%s", o.out);
	cr_expect_str_eq(cell_text(cell, "verdict"), "error", "%s", cell_text(cell, "reason"));
	cr_expect_str_eq(cell_text(cell, "cause"), "MACHINE_OVERLOADED");
	cr_expect_not_null(strstr(cell_text(cell, "reason"), "strace"), "%s",
			   cell_text(cell, "reason"));
	cr_expect_eq(o.exit_code, 1);
	json_decref(results);
	outcome_clear(&o);
}
