/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/machine.h"

#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>

char *machine_snapshot(void)
{
	static const char line[] =
		"export LC_ALL=C\n"
		"ip -o link; ip -o addr | sed 's/valid_lft.*//'\n"
		"ip route show table all | sed 's/expires [0-9]*sec//'\n"
		"ip -6 route show table all | sed 's/expires [0-9]*sec//'\n"
		"ip rule; ip -6 rule; nft list ruleset | sed 's/packets [0-9]* bytes [0-9]*//'\n"
		"ls -la /run/netns; cat /proc/self/mountinfo\n"
		"find /proc/sys/net /proc/sys/kernel/core_pattern /proc/sys/user -type f "
		"! -name nf_conntrack_count ! -name stable_secret ! -name '*flush*' | sort | "
		"xargs grep -sH ''\n";
	struct outcome o;

	program_shell(line, NULL, &o);
	g_free(o.err);
	return o.out;
}

static void report_missing(const char *const *lines, const char *const *from, const char *mark,
			   const char *when)
{
	for (guint i = 0; lines[i]; i++)
		cr_expect(g_strv_contains(from, lines[i]), "%s: %s %s", when, mark, lines[i]);
}

void machine_expect_untouched(const char *before, const char *when)
{
	g_autofree char *after = machine_snapshot();
	g_auto(GStrv) old = g_strsplit(before, "\n", -1), now = g_strsplit(after, "\n", -1);

	cr_expect_gt(strlen(before), 1000u, "nothing was seen of the machine");
	if (strcmp(before, after) == 0)
		return;
	report_missing((const char *const *)old, (const char *const *)now, "-", when);
	report_missing((const char *const *)now, (const char *const *)old, "+", when);
}
