/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pasted output of real machines against the topologies made of it (tests/data/import);
 * GOLDEN_UPDATE=1 writes those anew.  And what people paste by mistake. */
#include "testbed/import/import.h"
#include "testbed/model/model.h"
#include "tests/unit/import/kinds.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define DATA "tests/data/import/"

/* The topology of a list of files of DATA, then what was told. */
static char *import_files(const char *files, bool validate)
{
	g_auto(GStrv) names = g_strsplit(files, " ", 0);
	guint n = g_strv_length(names);
	g_autoptr(diags) found = diags_new();
	g_autofree struct import_input *inputs = g_new0(struct import_input, n);
	g_autofree char *topology = NULL, *told = NULL;

	for (guint i = 0; i < n; i++) {
		g_autofree char *path = g_strconcat(DATA, names[i], NULL);
		char *text;

		cr_assert(g_file_get_contents(path, &text, &inputs[i].length, NULL), "%s", path);
		inputs[i].file = names[i];
		inputs[i].text = text;
		inputs[i].node = import_node_of(names[i]);
	}
	topology = import_topology(inputs, n, IMPORT_KINDS, false, found);
	told = diags_to_text(found);
	for (guint i = 0; i < n; i++) {
		g_free((char *)(gpointer)(guintptr)inputs[i].text);
		g_free((char *)(gpointer)(guintptr)inputs[i].node);
	}
	cr_assert_not_null(topology, "%s", told);
	if (validate) {
		g_autoptr(diags) wrong = diags_new();
		g_autoptr(model) m = model_load_text(files, topology, strlen(topology), wrong);
		g_autofree char *text = diags_to_text(wrong);

		cr_expect_not_null(m, "%s:\n%s", files, text);
	}
	return g_strconcat(topology, "--- told\n", told, NULL);
}

Test(import, samples_against_their_topologies)
{
	static const struct {
		const char *golden, *files;
	} samples[] = {
		{"all.expected",
		 "edge.route.txt fe.route.json gw.addr.json gw.route.json home.sdp"},
		{"route-print.expected", "edge.route.txt"},
		{"dhcp.expected", "pc.route.txt"},
		{"ip-addr.expected", "gw.addr.json gw.route.json"},
		{"candidates.expected", "home.sdp"},
		{"two-places.expected", "home.sdp other.sdp"},
		{"one-outside.expected", "home.sdp neighbour.sdp"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(samples); i++) {
		g_autofree char *path = g_strconcat(DATA, samples[i].golden, NULL), *wanted = NULL;
		g_autofree char *made = import_files(samples[i].files, true);

		if (getenv("GOLDEN_UPDATE"))
			cr_assert(g_file_set_contents(path, made, -1, NULL));
		cr_assert(g_file_get_contents(path, &wanted, NULL, NULL), "%s", path);
		cr_expect_str_eq(made, wanted, "%s: made:\n%s", path, made);
	}
}

#define ROUTES "Active Routes:\nNetwork Destination Netmask Gateway Interface Metric\n"
#define LAN " 10.0.1.0 255.255.255.0 On-link 10.0.1.5 266\n"

/* Either an error, or a warning beside a topology. */
static const struct {
	const char *text, *told;
} hostile[] = {
	{"hello", "pasted:1:1: error: unknown kind of input"},
	{"{\"topology\": 1}",
	 "pasted:1:1: error: it contains no route and no interface ('route print', "},
	{"topology: x", "testbed validate"},
	{"2: eth0: <UP>\n link/ether 52:54:00:12:34:56", "'eth0' has no address: left out"},
	{"Active Routes:\n", "the table of 'route print' is empty"},
	{"   IPv4 Address. . . : 10.0.1.5\n", "this may be 'ipconfig': paste 'route print'"},
	{"eth0 netmask 255.255.255.0", "this may be 'ifconfig'"},
	{ROUTES "10.0.1.0 255.255.255.0 On-link\n",
	 "pasted:3:1: error: a route in this table has 5 columns, not 3"},
	{ROUTES LAN " 10.0.2.0 255.0.255.0 10.0.1.1 10.0.1.5 1\n",
	 "pasted:4:11: error: '255.0.255.0' is not a netmask"},
	{ROUTES LAN " 10.0.2.9 255.255.255.0 10.0.1.1 10.0.1.5 1\n",
	 "pasted:4:2: error: '10.0.2.9' has host bits set"},
	{ROUTES LAN " 10.0.300.0 255.255.255.0 10.0.1.1 10.0.1.5 1\n",
	 "'10.0.300.0' is not an IPv4 address"},
	{ROUTES LAN " 10.0.2.0 255.255.255.0 10.0.1.1 10.0.1.5 low\n", "'low' is not a metric"},
	{ROUTES LAN " 10.0.2.0 255.255.255.0 10.0.9.1 10.0.1.5 1\n",
	 "pasted:4:2: warning: the route to 10.0.2.0/24 is left out"},
	{ROUTES LAN "Persistent Routes:\n 10.0.2.0 255.255.255.0 10.0.1.1 1\n",
	 "pasted:5:2: warning: this persistent route is not among"},
	{"Persistent Routes:\n 10.0.2.0 255.255.255.0 10.0.1.1 1\n",
	 "pasted:1:1: error: the input has no address of 'pasted'"},
	{"[{\"dst\":\"default\"", "pasted:1:17: error: not JSON"},
	{"[{\"dst\":\"default\"}]", "pasted:1:9: error: a route without gateway and 'dev'"},
	{"[{\"dst\":\"10.0.0.1/8\",\"dev\":\"eth0\"}]",
	 "pasted:1:9: error: '10.0.0.1/8' has host bits set"},
	{"[{\"dst\":\"there\",\"dev\":\"eth0\"}]",
	 "pasted:1:9: error: 'there' is not a destination"},
	{"[1, {\"dst\":\"default\"}]", "pasted:1:2: error: not an object"},
	{"{\"dst\":\"default\"}", "pasted:1:1: error: not a list"},
	{"[{\"type\":\"blackhole\",\"dst\":\"10.0.0.0/8\"}]",
	 "error: the input has no address of 'pasted'"},
	{"[{\"type\":\"throw\",\"dst\":\"10.0.0.0/8\"}]",
	 "warning: a route of type 'throw' is left out"},
	{"[{\"addr_info\":[]}]", "pasted:1:2: error: an interface without 'ifname'"},
	{"[{\"ifname\":\"e\",\"addr_info\":[{\"local\":\"10.0.0.5\",\"prefixlen\":33}]}]",
	 "error: '33' is not a prefix length"},
	{"[{\"ifname\":\"e\",\"addr_info\":[{\"local\":\"10.0.0.255\",\"prefixlen\":24}]}]",
	 "not an address that an interface can have"},
	{"a=candidate:1 1 UDP 1 10.0.0.5 5 typ guest\n",
	 "pasted:1:38: error: unknown type 'guest' of a candidate"},
	{"a=candidate:1 1 UDP 1 10.0.0.500 5 typ host\n",
	 "pasted:1:23: error: '10.0.0.500' is not an address"},
	{"a=candidate:1 1 UDP 1 a1b2.local 5 typ host\n",
	 "warning: 'a1b2.local' hides the address"},
	{"a=candidate:u 1 pw UDP 0.83 10.0.0.500 5\n",
	 "pasted:1:29: error: '10.0.0.500' is not an address"},
	{"a=candidate:1 1 UDP 1 10.0.0.5 99999 typ host\n",
	 "pasted:1:32: error: '99999' is not a port"},
	{"[{\"ifindex\": 1, \"ifna", "pasted:1:21: error: not JSON"},
	{"[]", "pasted:1:1: error: it contains no route and no interface"},
	{"1: lo: <UP>\n link/loopback 00\n inet6 ::1/128 scope link",
	 "the input has no address of 'pasted'"},
	{"a=candidate:1\n", "pasted:1:1: error: this is not a candidate"},
};

Test(import, what_is_wrong_is_told_with_its_place)
{
	for (guint i = 0; i < G_N_ELEMENTS(hostile); i++)
		expect_told(hostile[i].text, hostile[i].told);
}

/* PowerShell's '>' writes UTF-16. */
Test(import, reads_what_powershell_writes)
{
	static const char text[] = ROUTES LAN;
	g_autoptr(diags) found = diags_new();
	gsize length = 0;
	g_autofree char *utf16 = g_convert("\xef\xbb\xbf" ROUTES LAN, (gssize)strlen(text) + 3,
					   "UTF-16LE", "UTF-8", NULL, &length, NULL);
	struct import_input in = {.file = "pc.txt", .text = utf16, .length = length, .node = "pc"};
	g_autofree char *topology = import_topology(&in, 1, IMPORT_KINDS, false, found);

	cr_assert_not_null(topology);
	cr_expect_not_null(strstr(topology, "10.0.1.5/24"), "%s", topology);
	in.length = 3; /* cut within a character */
	g_autofree char *cut = import_topology(&in, 1, IMPORT_KINDS, false, found);

	cr_expect_null(cut);
}

Test(import, names_of_nodes)
{
	static const char *const names[][2] = {
		{"edge.route.txt", "edge"}, {"/a/b/fe 1.json", "fe-1"}, {"-", "node"},
		{"count.txt", "node"},	    {".hidden", "node"},	{"dc_1", "dc_1"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *name = import_node_of(names[i][0]);

		cr_expect_str_eq(name, names[i][1]);
		cr_expect(import_node_fits(name));
	}
	cr_expect_not(import_node_fits("count"));
	cr_expect_not(import_node_fits("Null"));
	cr_expect_not(import_node_fits("a b"));
	cr_expect_not(import_node_fits(""));
}

/* Between an Edge and its router there is no place for the servers that --complete adds. */
Test(import, an_inner_network_that_is_full)
{
	const char *const edge = "2: int: <UP> mtu 1500\n    inet 10.8.0.1/30 scope global int\n"
				 "3: ext: <UP> mtu 1500\n    inet 198.51.100.7/25 scope global "
				 "ext\n";
	const char *const way = "default via 198.51.100.1 dev ext\n";
	const struct import_input in[] = {
		{.file = "a", .text = edge, .length = strlen(edge), .node = "a"},
		{.file = "r", .text = way, .length = strlen(way), .node = "a"}};
	g_autoptr(diags) found = diags_new();
	g_autofree char *topology =
				import_topology(in, G_N_ELEMENTS(in), IMPORT_KINDS, true, found),
			*told = diags_to_text(found);

	cr_expect_null(topology, "%s", topology);
	cr_expect_not_null(strstr(told, "error: no address is free for 'proxy' in 10.8.0.0/30"),
			   "%s", told);
}
