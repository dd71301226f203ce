/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The programs are hardened as the Makefile says, read back from the files themselves. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *const programs[] = {"bin/testbed", "bin/tb-frontend", "bin/tb-edge",
				       "bin/tb-client", "bin/tb-nat"};

/* What readelf prints of a file of the build with this option; the caller frees. */
static char *readelf(const char *option, const char *file)
{
	const char *build = g_getenv("TESTBED_BUILD");
	g_autofree char *path = g_build_filename(build ? build : "build", file, NULL);
	const char *const argv[] = {"readelf", "-W", option, path, NULL};
	struct outcome o;
	char *out;

	program_run(argv, NULL, &o);
	cr_assert_eq(o.exit_code, 0, "readelf %s %s: %s", option, path, o.err);
	out = g_strdup(o.out);
	outcome_clear(&o);
	return out;
}

static const struct hardening {
	const char *option, *line; /* a regular expression */
} hardenings[] = {
	{"-h", "Type: +DYN"},		      /* position independent */
	{"-l", "GNU_RELRO"},		      /* read-only after relocation */
	{"-d", "FLAGS_1.*NOW.*PIE|BIND_NOW"}, /* all of it, at the start */
	{"-l", "GNU_STACK.* RW +0x"},	      /* data is not executed */
	{"--dyn-syms", "__stack_chk_fail"},   /* stack protector */
};

Test(hardening, of_every_program)
{
	for (guint p = 0; p < G_N_ELEMENTS(programs); p++) {
		for (guint i = 0; i < G_N_ELEMENTS(hardenings); i++) {
			const struct hardening *h = &hardenings[i];
			g_autofree char *text = readelf(h->option, programs[p]);

			cr_expect(g_regex_match_simple(h->line, text, 0, 0), "%s: no /%s/ in\n%s",
				  programs[p], h->line, text);
		}
	}
}

/* What it was built with, from build/flags. */
static bool built_with(const char *flag)
{
	const char *build = g_getenv("TESTBED_BUILD");
	g_autofree char *path = g_build_filename(build ? build : "build", "flags", NULL),
			*text = NULL;

	cr_assert(g_file_get_contents(path, &text, NULL, NULL), "%s", path);
	return strstr(text, flag) != NULL;
}

/* Functions that know the size of what they write to: where it is optimized, and not by -O0. */
Test(hardening, checked_functions)
{
	g_autofree char *symbols = readelf("--dyn-syms", "bin/testbed");

	cr_expect_eq(strstr(symbols, "_chk@") != NULL && strstr(symbols, "printf_chk") != NULL,
		     built_with("-D_FORTIFY_SOURCE="), "%s", symbols);
}

/* Jumps and returns go where they may.  The linker keeps the mark only where the distribution's own
 * objects have it, too. */
Test(hardening, control_flow)
{
	g_autofree char *notes = readelf("-n", "obj/testbed/cmd/main.o");

	cr_expect_eq(strstr(notes, "IBT") && strstr(notes, "SHSTK"),
		     built_with("-fcf-protection=full"), "%s", notes);
}
