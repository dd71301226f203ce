/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets of a lab that is up: one file, an interface for each NODE:IF, and lines for people. */
#include "tests/e2e/live/live.h"

#include "testbed/base/pcapng.h"

#include <criterion/criterion.h>
#include <string.h>

struct seen {
	guint inside, outside, others;
};

static void count(const struct pcapng_record *r, gpointer user_data)
{
	struct seen *s = user_data;

	if (g_str_equal(r->interface, "core:perim"))
		s->inside++;
	else if (g_str_equal(r->interface, "dc1:lan"))
		s->outside++;
	else
		s->others++;
}

/* Runs a shell line with the lab's folder in its environment; its exit code. */
static int shell(const struct home *h, const char *line)
{
	g_autofree char *whole = g_strdup_printf("export XDG_RUNTIME_DIR=%s; testbed=%s; %s",
						 h->folder, h->program, line);
	const struct start how = {.dir = h->folder};
	struct outcome o;

	program_shell(whole, &how, &o);
	g_free(o.out);
	g_free(o.err);
	return o.exit_code;
}

Test(capture, a_file_has_an_interface_for_each_place, .timeout = 60)
{
	struct seen seen = {0};
	struct home h;
	g_autofree char *path = NULL, *bytes = NULL;
	g_autoptr(GError) error = NULL;
	gsize length = 0;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-t", COMPANY, NULL);
	/* it has started before it says so, and Ctrl-C ends it well */
	cr_expect_eq(shell(&h, "mkfifo said; $testbed capture core:perim dc1:lan -w c.pcapng udp "
			       "port 3478 2>said & p=$!; exec 3<said; "
			       "read line <&3; $testbed call dc1 home1; kill -INT $p; wait $p"),
		     0);
	path = g_build_filename(h.folder, "c.pcapng", NULL);
	cr_assert(g_file_get_contents(path, &bytes, &length, NULL));
	cr_assert(pcapng_read((const guint8 *)bytes, length, count, &seen, &error), "%s",
		  error ? error->message : "");
	cr_expect_gt(seen.inside, 0);
	cr_expect_gt(seen.outside, 0);
	cr_expect_eq(seen.others, 0);
	home_expect(&h, 2, "capture", "dc1:nolan", NULL);
	home_expect(&h, 2, "capture", "nobody", NULL);
	home_expect(&h, 2, "capture", "dc1", "udp", "prt", "5", NULL);
	home_clear(&h);
}
