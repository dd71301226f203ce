/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scripts/setup on the package names of three distributions (tests/data/packages), with a stand-in
 * for apt and dpkg that installs nothing; and its list on what this machine's apt offers. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdbool.h>
#include <string.h>

#define PACKAGES "tests/data/packages/"
#define UPDATE "apt-get update\n"

struct installation {
	int status;
	char *err;   /* what setup said */
	char *calls; /* what it had apt and systemctl do, one call a line */
	char *installed;
};

static void installation_clear(struct installation *o)
{
	g_free(o->err);
	g_free(o->calls);
	g_free(o->installed);
}

static char *file_text(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("");
}

/* One start of setup on a machine of its own. */
struct machine {
	const char *title;
	const char *distribution;
	const char *arguments;
	const char *has;    /* installed already */
	const char *gone;   /* names that apt does not offer after all */
	const char *broken; /* names that apt can't install */
	bool lists;	    /* apt has lists of packages from the start */
	/* what must come out */
	int status;
	bool updates;
	const char *last;    /* a package of the last set that is installed then; NULL: none is */
	const char *skipped; /* NULL: setup names none */
	const char *without; /* a package that is not installed then */
};

static void setup_run(const struct machine *m, struct installation *o)
{
	static const char *const names[] = {"apt-get", "apt-cache", "dpkg-query",
					    "sudo",    "systemctl", "id"};
	char *folder = program_folder_new();
	g_autofree char *fake = g_canonicalize_filename(PACKAGES "fake-apt", NULL);
	g_autofree char *list = g_strconcat(PACKAGES, m->distribution, ".txt", NULL);
	g_autofree char *absolute = g_canonicalize_filename(list, NULL);
	g_autofree char *path = g_strconcat(folder, ":", g_getenv("PATH"), NULL);
	g_autofree char *policy = g_build_filename(folder, "policy-rc.d", NULL);
	g_autofree char *fetched = g_build_filename(folder, "fetched", NULL);
	g_autofree char *installed = g_build_filename(folder, "installed", NULL);
	g_autofree char *line = g_strconcat("scripts/setup ", m->arguments, NULL);
	g_auto(GStrv) environment = g_get_environ();
	g_auto(GStrv) argv = NULL;
	struct start how = {0};
	struct outcome said;

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *link = g_build_filename(folder, names[i], NULL);

		cr_assert_eq(symlink(fake, link), 0);
	}
	cr_assert(g_file_set_contents(installed, m->has ? m->has : "", -1, NULL));
	if (m->lists)
		cr_assert(g_file_set_contents(fetched, "", -1, NULL));
	environment = g_environ_setenv(environment, "PATH", path, TRUE);
	environment = g_environ_setenv(environment, "POLICY_RC_D", policy, TRUE);
	environment = g_environ_setenv(environment, "FAKE_STATE", folder, TRUE);
	environment = g_environ_setenv(environment, "FAKE_PACKAGES", absolute, TRUE);
	environment = g_environ_setenv(environment, "FAKE_GONE", m->gone ? m->gone : "", TRUE);
	environment =
		g_environ_setenv(environment, "FAKE_BROKEN", m->broken ? m->broken : "", TRUE);
	cr_assert(g_shell_parse_argv(line, NULL, &argv, NULL));
	how.environment = environment;
	program_run((const char *const *)(gpointer)argv, &how, &said);
	o->status = said.exit_code;
	o->err = g_steal_pointer(&said.err);
	outcome_clear(&said);
	cr_expect_not(g_file_test(policy, G_FILE_TEST_EXISTS), "%s", m->title);
	o->calls = file_text(folder, "calls");
	o->installed = file_text(folder, "installed");
	program_folder_free(folder);
}

static bool has_line(const char *text, const char *line)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", 0);

	return g_strv_contains((const char *const *)lines, line);
}

static const struct machine machines[] = {
	{.title = "a fresh Debian 12",
	 .distribution = "debian-12",
	 .arguments = "--check",
	 .updates = true,
	 .last = "clang-format-14"},
	{.title = "a fresh Debian 13 has no clang-format 14",
	 .distribution = "debian-13",
	 .arguments = "--check",
	 .updates = true,
	 .last = "chromium",
	 .skipped = " clang-format-14\n"},
	{.title = "a fresh Ubuntu has Chromium as a snap only",
	 .distribution = "ubuntu-24.04",
	 .arguments = "--check",
	 .updates = true,
	 .last = "clang-format-14",
	 .skipped = " chromium\n"},
	{.title = "building and running needs no browser",
	 .distribution = "debian-12",
	 .arguments = "",
	 .updates = true,
	 .last = "graphviz",
	 .without = "chromium"},
	{.title = "all, Debian 12",
	 .distribution = "debian-12",
	 .arguments = "--all",
	 .updates = true,
	 .last = "libclang-rt-14-dev"},
	{.title = "all, Debian 13",
	 .distribution = "debian-13",
	 .arguments = "--all",
	 .updates = true,
	 .last = "libclang-rt-19-dev",
	 .skipped = " clang-format-14\n"},
	{.title = "all, Ubuntu",
	 .distribution = "ubuntu-24.04",
	 .arguments = "--all",
	 .updates = true,
	 .last = "libclang-rt-18-dev",
	 .skipped = " chromium firefox-esr\n"},
	{.title = "lists that know every name are not fetched again",
	 .distribution = "debian-12",
	 .arguments = "--check",
	 .lists = true,
	 .last = "coturn"},
	{.title = "what no build needs stops nothing",
	 .distribution = "debian-12",
	 .arguments = "--all",
	 .lists = true,
	 .gone = "clang wireguard-go",
	 .updates = true,
	 .last = "libcriterion-dev",
	 .skipped = " wireguard-go clang libclang-rt-N-dev\n"},
	{.title = "what can't be installed is left out, the others are not",
	 .distribution = "debian-12",
	 .arguments = "--check",
	 .lists = true,
	 .broken = "coturn",
	 .updates = true,
	 .last = "clang-format-14",
	 .skipped = " coturn\n"},
	{.title = "a library that is not offered",
	 .distribution = "debian-12",
	 .arguments = "--check",
	 .lists = true,
	 .gone = "libnice-dev",
	 .status = 1,
	 .updates = true},
	{.title = "a library that can't be installed",
	 .distribution = "debian-12",
	 .arguments = "--check",
	 .lists = true,
	 .broken = "libnice-dev",
	 .status = 1,
	 .updates = true},
};

Test(setup, on_fresh_machines)
{
	for (gsize i = 0; i < G_N_ELEMENTS(machines); i++) {
		const struct machine *m = &machines[i];
		struct installation o;
		const char *skipped;

		setup_run(m, &o);
		skipped = strstr(o.err, "skipped, because apt can't install it here:");
		cr_expect_eq(o.status, m->status, "%s: %d\n%s", m->title, o.status, o.err);
		cr_expect_eq(strstr(o.calls, UPDATE) != NULL, m->updates, "%s:\n%s", m->title,
			     o.calls);
		cr_expect_null(strstr(o.calls, "services may start"), "%s:\n%s", m->title, o.calls);
		cr_expect_eq(has_line(o.installed, "nginx"),
			     has_line(o.calls, "systemctl disable nginx.service"), "%s:\n%s",
			     m->title, o.calls);
		cr_expect_eq(has_line(o.installed, "libnice-dev"), m->status == 0, "%s", m->title);
		cr_expect_eq(skipped != NULL, m->skipped != NULL, "%s:\n%s", m->title, o.err);
		if (m->skipped)
			cr_expect(g_str_has_suffix(o.err, m->skipped), "%s:\n%s", m->title, o.err);
		if (m->last)
			cr_expect(has_line(o.installed, m->last), "%s:\n%s", m->title, o.installed);
		else
			cr_expect_str_empty(o.installed, "%s:\n%s", m->title, o.installed);
		if (m->without)
			cr_expect_not(has_line(o.installed, m->without), "%s", m->title);
		installation_clear(&o);
	}
}

Test(setup, does_nothing_where_all_is_there)
{
	struct machine m = {.distribution = "debian-13", .arguments = "--check", .lists = true};
	g_autofree char *has = file_text(PACKAGES, "debian-13.txt");
	g_autofree char *with_format = g_strconcat(has, "clang-format-14\n", NULL);
	struct installation o;

	m.has = with_format;
	setup_run(&m, &o);
	cr_expect_eq(o.status, 0, "%s", o.err);
	cr_expect_str_empty(o.calls, "%s", o.calls);
	cr_expect_str_empty(o.err, "%s", o.err);
	installation_clear(&o);
}

/* What setup needs is offered by the apt of this machine, when it has lists of packages. */
Test(setup, names_that_this_machine_offers)
{
	static const char *const argv[] = {"scripts/setup", "-l", NULL};
	struct outcome o;
	g_auto(GStrv) lines = NULL;
	guint offered = 0;

	program_run(argv, NULL, &o);
	lines = g_strsplit(o.out, "\n", 0);
	for (guint i = 0; lines[i]; i++)
		offered += lines[i][0] && !g_str_has_suffix(lines[i], " -");
	if (offered == 0) {
		g_printerr("not judged: this machine's apt has no lists of packages%s%s\n",
			   *o.err ? ": " : "", o.err);
		outcome_clear(&o);
		return;
	}
	for (guint i = 0; lines[i]; i++)
		if (g_str_has_suffix(lines[i], " -")) {
			cr_expect_not(g_str_has_prefix(lines[i], "required "), "%s", lines[i]);
			g_printerr("not offered here: %s\n", lines[i]);
		}
	outcome_clear(&o);
}
