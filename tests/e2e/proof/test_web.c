/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients find their server by the web, and their packets go where each design says: to the
 * internal site, through the reverse proxy outside, or to the branch's own. */
#include "tests/support/capture.h"
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>

#define ETHERNET 14
#define TCP 6
#define UDP 17
#define SYN_ACK 0x12
#define SYN 0x02

/* Appends " SOURCE>DESTINATION:PORT" of a packet that opens a connection, and " NAME?" of a
 * question for an address. */
static void tell_packet(const guint8 *p, guint32 length, gpointer user_data)
{
	GString *told = user_data;
	guint header = (p[0] & 15u) * 4;
	const guint8 *t = p + header;

	if (length < header + 20 || p[0] >> 4 != 4)
		return;
	if (p[9] == TCP && (t[13] & SYN_ACK) == SYN)
		g_string_append_printf(told, " %u.%u.%u.%u>%u.%u.%u.%u:%u", p[12], p[13], p[14],
				       p[15], p[16], p[17], p[18], p[19], t[2] << 8 | t[3]);
	if (p[9] == UDP && (t[2] << 8 | t[3]) == 53)
		for (guint32 at = header + 20; at < length && p[at] != 0; at += p[at] + 1u)
			g_string_append_printf(
				told, "%s%.*s%s", at == header + 20 ? " " : ".",
				(int)MIN(p[at], length - at - 1), (const char *)p + at + 1,
				at + p[at] + 1u < length && p[at + p[at] + 1u] == 0 ? "?" : "");
}

/* What was seen at NODE:IF while `pair` exchanged a message; the caller frees. */
static char *seen_at(const char *scenario, const char *pair, const char *change, const char *node,
		     const char *iface, guint skip)
{
	g_autofree char *place = g_strdup_printf("%s:%s", node, iface);
	const char *args[] = {"run",
			      "matrix",
			      "-s",
			      scenario,
			      "--media",
			      "im",
			      "--pairs",
			      pair,
			      "--capture",
			      place,
			      change ? "--change" : NULL,
			      change,
			      NULL};
	char *folder = program_folder_new();
	g_autofree char *file =
		g_strdup_printf("%s/run/nodes/%s/%s.%s.pcapng", folder, node, scenario, iface);
	GString *told = g_string_new(NULL);
	struct run r;

	program_run_matrix(folder, args, 0, &r);
	cr_assert_eq(r.exit_code, 0, "exit code %d: %s%s", r.exit_code, r.out, r.err);
	capture_each(file, skip, tell_packet, told);
	run_clear(&r);
	program_folder_free(folder);
	return g_string_free(told, FALSE);
}

/* Whether all steps (ended by NULL) were seen, in this order. */
static void expect_steps(const char *seen, const char *const *steps)
{
	const char *from = seen;

	for (; *steps; steps++) {
		const char *found = strstr(from, *steps);

		cr_assert_not_null(found, "'%s' does not come in its place among%s", *steps, seen);
		from = found + strlen(*steps);
	}
}

static const struct {
	const char *scenario, *pair, *change, *node, *iface;
	const char *steps[4], *never; /* NULL: nothing that may not be seen */
} rows[] = {
	/* outside: both names, the reverse proxy, the Access Edge */
	{"missing-route",
	 "dc1:home1",
	 NULL,
	 "home1",
	 "lan",
	 {" lyncdiscover.contoso.com?", ">203.0.113.12:443", ">203.0.113.10:443"},
	 NULL},
	{"missing-route", "dc1:home1", NULL, "rp", "int", {" 172.25.33.20>10.0.1.10:4443"}, NULL},
	/* inside: the internal site */
	{"missing-route",
	 "dc1:branch1",
	 NULL,
	 "branch1",
	 "lan",
	 {" lyncdiscoverinternal.contoso.com?", ">10.0.1.10:443", ">10.0.1.10:5061"},
	 ">203.0.113.12:443"},
	/* around the tunnel: the external one, and nothing else */
	{"vpn-bypass",
	 "dc1:branch1",
	 NULL,
	 "branch1",
	 "lan",
	 {">203.0.113.12:443", ">203.0.113.10:443"},
	 ">10.0.1.10:"},
	/* the branch's own proxy, which asks for it */
	{"branch-edge",
	 "dc1:branch1",
	 NULL,
	 "branch1",
	 "lan",
	 {">10.20.0.20:443", ">10.0.1.10:5061"},
	 ">10.0.1.10:443"},
	{"branch-edge", "dc1:branch1", NULL, "rp2", "lan", {" 10.20.0.20>10.0.1.10:443"}, NULL},
	/* as before there was a web */
	{"missing-route",
	 "dc1:home1",
	 "set-discovery: {nodes: [dc1, home1], discovery: srv}",
	 "home1",
	 "lan",
	 {" _sip._tls.contoso.com?", ">203.0.113.10:443"},
	 ">203.0.113.12:443"},
};

Test(web, leads_clients_by_the_way_of_each_design)
{
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *seen = seen_at(rows[i].scenario, rows[i].pair, rows[i].change,
						rows[i].node, rows[i].iface, ETHERNET);

		expect_steps(seen, rows[i].steps);
		if (rows[i].never)
			cr_expect_null(strstr(seen, rows[i].never), "row %u:%s", i, seen);
	}
}
