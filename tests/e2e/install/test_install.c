/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An installed copy, and a host that lacks something: labs run, and what stands in is told. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#define PLACES                                                                                \
	"bindir=/bin libexecdir=/libexec datadir=/share mandir=/share/man docdir=/share/doc " \
	"bashcompletiondir=/share/bash zshcompletiondir=/share/zsh "

/* Runs the line of sh; what it printed, which the caller frees. */
static char *output_of(const char *line)
{
	struct outcome o;
	char *out;

	program_shell(line, NULL, &o);
	cr_assert_eq(o.exit_code, 0, "%s: %d\n%s%s", line, o.exit_code, o.out, o.err);
	out = g_strdup(o.out);
	outcome_clear(&o);
	return out;
}

/* From outside of the source tree, without anything of the build. */
Test(install, an_installed_copy_runs_calls)
{
	char *folder = program_folder_new();
	g_autofree char *program = program_path("testbed");
	g_autofree char *line = g_strdup_printf(
		"mkdir -p '%s/build/man' && ln -s \"$(dirname '%s')\" '%s/build/bin' && "
		"touch '%s/build/man/testbed.1' && "
		"DESTDIR='%s/root' " PLACES "scripts/install '%s/build' && rm '%s/build/bin' && "
		"cd / && '%s/root/bin/testbed' run matrix --quiet --media im,audio "
		"--pairs branch1:home1,dc1:dc2 -s missing-route,vpn-bypass --out '%s/run'",
		folder, program, folder, folder, folder, folder, folder, folder, folder);
	g_autofree char *out = output_of(line);

	cr_expect_not_null(strstr(out, "8 cells: 7 pass, 1 fail, 0 error; all as expected"), "%s",
			   out);
	program_folder_free(folder);
}

/* The job's artifact, unpacked elsewhere, has what explain reads. */
Test(install, what_ci_keeps_is_explained_elsewhere)
{
	char *folder = program_folder_new();
	g_autofree char *program = program_path("testbed");
	g_autofree char *line = g_strdup_printf(
		"kept=$(sed -n '/path: |/,$ s/^ *//p' deploy/ci/github.yml | "
		"sed -e 1d -e 's|${{ env.TOPOLOGY }}|net/company.yaml|') && "
		"mkdir -p '%s/job/net' '%s/other' && cp topologies/lync.yaml "
		"'%s/job/net/company.yaml' && cd '%s/job' && '%s' run matrix -q -t "
		"net/company.yaml -s missing-route --media audio --pairs branch1:home1 "
		"--junit junit.xml --out run >/dev/null && tar cf - $kept | tar xf - -C ../other "
		"&& cd ../other && rm -r ../job && "
		"'%s' explain run missing-route/branch1-home1/audio --no-trial && rm -r net && "
		"for verb in 'explain run missing-route/branch1-home1/audio' "
		"'report run --html run.html'; do '%s' $verb 2>&1 || :; done",
		folder, folder, folder, folder, program, program, program);
	g_autofree char *out = output_of(line);
	const char *remedy = "names 'net/company.yaml' as seen from where it was made: go to that "
			     "folder, or name the file by -t\n",
		   *first = strstr(out, remedy);

	cr_expect_not_null(strstr(out, "where  edge, 10.20.0.0/24"), "%s", out);
	/* without the topology both say what helps */
	cr_expect(first && strstr(first + 1, remedy), "%s", out);
	program_folder_free(folder);
}

/* Hides a program of the machine from this line of sh, which root must run. */
static char *without(const char *hidden, const char *line)
{
	g_autofree char *path = g_find_program_in_path(hidden);
	g_autofree char *all = g_strdup_printf("unshare -m sh -c \"%s%s%s %s\"",
					       path ? "mount --bind /dev/null " : "",
					       path ? path : "", path ? " &&" : "", line);

	return output_of(all);
}

/* A VPN that encrypts nothing is told, before and after. */
Test(install, a_vpn_without_wireguard_is_told_as_unencrypted)
{
	g_autofree char *program = program_path("testbed");
	g_autofree char *doctor_line = g_strdup_printf("'%s' doctor", program),
			*call_line = g_strdup_printf("'%s' run call branch1 dc1", program);
	g_autofree char *doctor = NULL, *call = NULL;

	if (geteuid() != 0)
		cr_skip_test("needs root: it hides a program of the machine");
	doctor = without("wireguard-go", doctor_line);
	call = without("wireguard-go", call_line);
	if (strstr(doctor, "ok       wireguard ")) {
		cr_expect_null(strstr(call, "unencrypted"), "%s", call);
		return;
	}
	cr_expect_not_null(strstr(doctor, "its stand-in: VXLAN, UNENCRYPTED"), "%s", doctor);
	cr_expect_not_null(strstr(doctor, "install the package wireguard-go"), "%s", doctor);
	cr_expect_not_null(strstr(call, "VPN by vxlan (unencrypted)"), "%s", call);
}

/* Programs of users, and limits, each with its own cure. */
Test(install, doctor_tells_what_is_missing)
{
	static const struct {
		const char *hidden, *line;
	} cases[] = {
		{"ping", "install the package iputils-ping"},
		{"tcpdump", "install the package tcpdump"},
		{"dig", "install the package bind9-dnsutils"},
	};
	g_autofree char *program = program_path("testbed");
	g_autofree char *doctor = g_strdup_printf("'%s' doctor", program);
	g_autofree char *scarce =
		g_strdup_printf("ulimit -Sn 500 && ulimit -Hn 500 && '%s' doctor", program);
	g_autofree char *low = output_of(scarce);

	cr_expect_not_null(strstr(low, "low      limits              room for some 100 nodes, by "
				       "500 open files\n         cure: raise the hard limit"),
			   "%s", low);
	if (geteuid() != 0)
		cr_skip_test("needs root: it hides programs of the machine");
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *said = without(cases[i].hidden, doctor);

		cr_expect_not_null(strstr(said, cases[i].line), "%s", said);
		cr_expect_not_null(strstr(said, "This host can run labs."), "%s", said);
	}
}

/* What shells propose for a lab that is up: its name, and the nodes of its topology. */
Test(install, completion_knows_the_lab_that_is_up)
{
	static const struct {
		const char *typed, *proposed;
	} cases[] = {
		{"status -n ''", "office\n"},
		{"call mob", "mobile1\n"},
		{"shell -n office off", "office-gw\noffice1\noffice2\n"},
		{"trace stri", "strict-gw\nstrict1\n"},
		{"trace --fresh bra", "branch-gw\nbranch1\nbranch2\n"},
		{"call bra", ""},
	};
	char *folder = program_folder_new();
	g_autofree char *program = program_path("testbed");
	g_autofree char *set =
		g_strdup_printf("export XDG_RUNTIME_DIR='%s'; t='%s'; ", folder, program);
	g_autofree char *up = g_strconcat(set, "\"$t\" up -q -n office -t topologies/webrtc.yaml",
					  NULL),
			*down = g_strconcat(set, "\"$t\" down", NULL);

	g_free(output_of(up));
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *line =
			g_strdup_printf("%s \"$t\" __complete -- %s | cut -f 1 | LC_ALL=C sort",
					set, cases[i].typed);
		g_autofree char *said = output_of(line);

		cr_expect_str_eq(said, cases[i].proposed, "%s: %s", cases[i].typed, said);
	}
	g_free(output_of(down));
	program_folder_free(folder);
}
