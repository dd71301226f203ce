/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets of a lab that is up: one file, an interface for each NODE:IF, and lines for people.  What
 * Wireshark reads of it: SIP inside TLS, TURN on TCP 443, names. */
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

/* Runs tshark on the capture with the profile that was made; what it prints, which the caller
 * frees. */
static char *tshark(const struct home *h, const char *arguments)
{
	g_autofree char *line = g_strdup_printf(
		"XDG_CONFIG_HOME=. tshark -C lab -r c.pcapng %s 2>/dev/null", arguments);
	const struct start how = {.dir = h->folder};
	struct outcome o;

	program_shell(line, &how, &o);
	cr_expect_eq(o.exit_code, 0, "%s: exit code %d", arguments, o.exit_code);
	g_free(o.err);
	return o.out;
}

/* Fails unless tshark prints a line with `text`; `text` NULL: unless it prints nothing. */
static void expect_of_tshark(const struct home *h, const char *arguments, const char *text)
{
	g_autofree char *out = tshark(h, arguments);

	if (text)
		cr_expect(strstr(out, text), "%s: no '%s' in: %.2000s", arguments, text, out);
	else
		cr_expect_str_empty(out, "%s: %.2000s", arguments, out);
}

static void in_order(const struct pcapng_record *r, gpointer user_data)
{
	guint64 *last = user_data;

	cr_expect_geq(r->time_ns, *last, "out of order");
	*last = r->time_ns;
}

Test(capture, wireshark_reads_what_is_inside_tls, .timeout = 60)
{
	guint64 last = 0;
	struct home h;
	g_autofree char *path = NULL, *bytes = NULL;
	gsize length = 0;

	if (!g_find_program_in_path("tshark"))
		cr_skip_test("needs tshark: no tshark");
	home_new(&h, 0);
	home_expect(&h, 0, "up", NULL);
	/* connections are made again, so that their beginnings are there */
	cr_expect_eq(shell(&h, "mkfifo said; $testbed capture --wireshark-profile "
			       "wireshark/profiles/lab && "
			       "{ $testbed capture cafe1 edge fe -w c.pcapng 2>said & p=$!; "
			       "exec 3<said; read line <&3; $testbed reboot edge; "
			       "$testbed call cafe1 dc1; kill -INT $p; wait $p; }"),
		     0);
	expect_of_tshark(&h, "-Y _ws.malformed", NULL);
	expect_of_tshark(&h, "-Y _ws.short", NULL);
	expect_of_tshark(&h, "-Y 'sip.Method == INVITE && tcp.port == 443' -T fields -e sip.r-uri",
			 "sip:dc1@");
	expect_of_tshark(&h, "-Y 'sip.Method == INVITE && tcp.port == 5061' -T fields -e sip.r-uri",
			 "sip:dc1@");
	expect_of_tshark(&h, "-Y 'stun && tcp.port == 443' -T fields -e ip.src_host", "cafe1");
	expect_of_tshark(&h, "-Y 'http.request && tls' -T fields -e http.host", "lyncdiscover");
	expect_of_tshark(&h, "-Y 'rtp && tcp.port == 443' -T fields -e rtp.ssrc", "0x");
	path = g_build_filename(h.folder, "c.pcapng", NULL);
	cr_assert(g_file_get_contents(path, &bytes, &length, NULL));
	cr_expect(pcapng_read((const guint8 *)bytes, length, in_order, &last, NULL));
	home_expect(&h, 2, "capture", NULL);
	home_expect(&h, 2, "capture", "dc1", "--wireshark-profile", "elsewhere", NULL);
	home_clear(&h);
}
