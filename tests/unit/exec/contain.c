/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which ids a lab may have, and what a client's program is shown of the machine. */
#include "testbed/exec/confine.h"
#include "testbed/exec/ids.h"
#include "testbed/exec/view.h"

#include <criterion/criterion.h>

Test(contain, ids_that_somebody_has)
{
	static const struct {
		const char *text;
		bool subordinate, taken;
	} rows[] = {
		{"", false, false},
		{"root:x:0:0:root:/root:/bin/sh\n", false, false},
		{"a:x:655359:100::/:\n", false, false},
		{"a:x:655360:100::/:\n", false, true},
		{"root:x:0:0::/:\nb:x:720895:1::/:\n", false, true},
		{"b:x:720896:1::/:\n", false, false},
		{"me:100000:65536\n", true, false},
		{"me:600000:55360\n", true, false},
		{"me:600000:55361\n", true, true},
		{"me:655360:1\n", true, true},
		{"me:720896:65536\n", true, false},
		{"me:0:4294967295\n", true, true},
		{"no numbers\n:::\n", true, false},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		cr_expect_eq(ids_are_in_text(rows[i].text, rows[i].subordinate, 655360),
			     rows[i].taken, "row %u", i);
}

Test(contain, ids_are_drawn_from_the_range)
{
	for (guint i = 0; i < 20; i++) {
		guint32 first = 0;

		cr_assert(ids_draw(&first));
		cr_expect_eq(first % IDS_COUNT, 0u, "%u", first);
		cr_expect(first >= IDS_FIRST && first <= IDS_LAST, "%u", first);
	}
}

Test(contain, a_client_shows_its_folder_but_no_home)
{
	static const char *const rows[][2] = {
		{"/srv/clients/agent", "/srv/clients"},
		{"/root/agent", "/root/agent"},
		{"/root/clients/agent", "/root/clients"},
		{"/agent", "/agent"},
		{"/tmp/agent", "/tmp/agent"},
		{"/home/agent", "/home/agent"},
		{"/etc/agent", "/etc/agent"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *shown = view_client_folder(rows[i][0]);

		cr_expect_str_eq(shown, rows[i][1], "%s", rows[i][0]);
	}
	cr_expect(view_shows("/usr/bin/env"));
	cr_expect_not(view_shows("/usrx/bin/env"));
	cr_expect_not(view_shows("/home/me/agent"));
}

Test(contain, the_environment_is_a_list)
{
	const char *const more[] = {"LOG_LEVEL=verbose", NULL};
	g_auto(GStrv) list = NULL;

	g_setenv("TESTBED_TEST_SECRET", "1", TRUE);
	g_setenv("LC_TIME", "C", TRUE);
	g_setenv("PATH", "/secret", TRUE);
	list = confine_environment(more);
	cr_expect_null(g_environ_getenv(list, "TESTBED_TEST_SECRET"));
	cr_expect_str_eq(g_environ_getenv(list, "LC_TIME"), "C");
	cr_expect_str_eq(g_environ_getenv(list, "PATH"), VIEW_PATH);
	cr_expect_str_eq(g_environ_getenv(list, "LOG_LEVEL"), "verbose");
}
