/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exports of a Lync or Skype for Business deployment: companies that do not exist
 * (tests/data/import/nordwind, talwerk) against the topologies made of them, in every form; and
 * what is wrong with such texts. */
#include "testbed/import/import.h"
#include "testbed/model/model.h"
#include "tests/unit/import/kinds.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define DATA "tests/data/import/nordwind/"
#define MACHINES                                                                          \
	" edge1.route.txt fe1.route.txt core.addr.txt core.route.txt bremen-gw.addr.txt " \
	"bremen-gw.route.txt pc-hamburg.route.txt pc-bremen.route.txt"

#define TALWERK "tests/data/import/talwerk/"
#define TALWERK_FILES                                                                           \
	"topology.xml EDGE01.route.txt fd-gw.addr.txt fd-gw.route.txt fe01.route.txt "          \
	"gt-gw.addr.txt gt-gw.route.txt ks-core.addr.txt ks-core.route.txt pc-fulda.route.txt " \
	"pc-kassel.route.txt pc-goettingen.addr.json pc-goettingen.route.json"

static void expect_valid(const char *topology)
{
	g_autoptr(diags) wrong = diags_new();
	g_autoptr(model) m = model_load_text("made", topology, strlen(topology), wrong);
	g_autofree char *text = diags_to_text(wrong);

	cr_expect_not_null(m, "%s\n%s", text, topology);
}

/* The topology of a list of files of a folder, without its first line, which names them; what is
 * told goes to `ret_told` unless that is NULL.  The caller frees. */
static char *made_in(const char *folder, const char *files, bool complete, char **ret_told)
{
	g_auto(GStrv) names = g_strsplit(files, " ", 0);
	guint n = g_strv_length(names);
	g_autoptr(diags) found = diags_new();
	g_autofree struct import_input *inputs = g_new0(struct import_input, n);
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *topology = NULL, *told = NULL;

	for (guint i = 0; i < n; i++) {
		g_autofree char *path = g_strconcat(folder, names[i], NULL);
		char *text, *node = import_node_of(names[i]);

		cr_assert(g_file_get_contents(path, &text, &inputs[i].length, NULL), "%s", path);
		g_ptr_array_add(texts, text);
		g_ptr_array_add(texts, node);
		inputs[i].file = names[i];
		inputs[i].text = text;
		inputs[i].node = node;
	}
	topology = import_topology(inputs, n, IMPORT_KINDS, complete, found);
	told = diags_to_text(found);
	cr_assert_not_null(topology, "%s", told);
	expect_valid(topology);
	if (ret_told)
		*ret_told = g_steal_pointer(&told);
	return g_strdup(strchr(topology, '\n') + 1);
}

static char *made_of(const char *files, bool complete, char **ret_told)
{
	return made_in(DATA, files, complete, ret_told);
}

/* Talwerk: a pool of Edges behind NAT, one without export; a branch behind a VPN. */
Test(deployment, a_company_against_its_topology)
{
	static const struct {
		const char *golden, *folder, *files;
		bool complete;
	} samples[] = {
		{DATA "imported.expected", DATA, "topology.xml" MACHINES, false},
		{DATA "complete.expected", DATA, "topology.xml" MACHINES, true},
		{TALWERK "complete.expected", TALWERK, TALWERK_FILES, true},
	};

	for (guint i = 0; i < G_N_ELEMENTS(samples); i++) {
		g_autofree char *told = NULL, *wanted = NULL;
		g_autofree char *topology =
			made_in(samples[i].folder, samples[i].files, samples[i].complete, &told);
		g_autofree char *made = g_strconcat(topology, "--- told\n", told, NULL);

		if (getenv("GOLDEN_UPDATE"))
			cr_assert(g_file_set_contents(samples[i].golden, made, -1, NULL));
		cr_assert(g_file_get_contents(samples[i].golden, &wanted, NULL, NULL), "%s",
			  samples[i].golden);
		cr_expect_str_eq(made, wanted, "%s: made:\n%s", samples[i].golden, made);
	}
}

/* The document of Topology Builder, what the cmdlets say as JSON, CSV and lists, in either order of
 * files, and both together say what `Get-CsTopology -AsXML` says. */
Test(deployment, every_form_says_the_same)
{
#define CMDLETS                                                                \
	"cmdlets/cs-service.json cmdlets/cs-pool.csv cmdlets/cs-computer.csv " \
	"cmdlets/cs-networkinterface.txt cmdlets/cs-site.txt cmdlets/cs-sipdomain.json"
	static const char *const forms[] = {
		"nordwind.tbxml" MACHINES,
		CMDLETS MACHINES,
		"cmdlets/cs-networkinterface.txt cmdlets/cs-sipdomain.json cmdlets/cs-site.txt "
		"cmdlets/cs-computer.csv cmdlets/cs-service.txt" MACHINES,
		"topology.xml " CMDLETS MACHINES,
	};
	g_autofree char *wanted = made_of("topology.xml" MACHINES, true, NULL);

	for (guint i = 0; i < G_N_ELEMENTS(forms); i++) {
		g_autofree char *made = made_of(forms[i], true, NULL);

		cr_expect_str_eq(made, wanted, "%s: made:\n%s", forms[i], made);
	}
}

/* PowerShell's '>' writes UTF-16, whatever the document's first line says. */
Test(deployment, utf16_as_powershell_writes_it)
{
	g_autofree char *text = NULL, *utf16 = NULL, *topology = NULL, *told = NULL;
	g_autoptr(diags) found = diags_new();
	struct import_input in = {.file = "topology.xml", .node = "topology"};
	gsize length = 0;

	cr_assert(g_file_get_contents(DATA "topology.xml", &text, &length, NULL));
	utf16 = g_convert(text, (gssize)length, "UTF-16LE", "UTF-8", NULL, &in.length, NULL);
	in.text = utf16;
	topology = import_topology(&in, 1, IMPORT_KINDS, true, found);
	told = diags_to_text(found);
	cr_assert_not_null(topology, "%s", told);
	expect_valid(topology);
	cr_expect_not_null(strstr(topology, "access_fqdn: sip.nordwind.example"), "%s", topology);
}

/* A server without export gets what the deployment knows, and is told with the command. */
Test(deployment, an_export_that_is_missing)
{
	g_autofree char *told = NULL, *topology = NULL;

	topology = made_of("topology.xml fe1.route.txt core.addr.txt core.route.txt", true, &told);
	cr_expect_not_null(strstr(told,
				  "topology.xml:23:7: warning: the routes of "
				  "'edge1.corp.nordwind.example' are unknown: no export of it (on "
				  "that server type: route print > edge1.route.txt"),
			   "%s", told);
	cr_expect_not_null(strstr(topology, "internal: {network: net-172.25.33.0, addresses: "
					    "[\"172.25.33.10/24\"]}"),
			   "%s", topology);
	g_clear_pointer(&told, g_free);
	g_clear_pointer(&topology, g_free);
	topology = made_of("topology.xml edge1.route.txt", true, &told);
	cr_expect_not_null(strstr(told, "the routes of 'fe1.corp.nordwind.example' are unknown, "
					"and its addresses, too: no export of it"),
			   "%s", told);
	cr_expect_not_null(strstr(topology, "- frontend: {fqdn: fe1.corp.nordwind.example"), "%s",
			   topology);
}

#define TOPOLOGY "<Topology xmlns='urn:schema:Microsoft.Rtc.Management.Deploy.Topology.2008'>"
#define CLUSTER(name) "<Cluster Fqdn='" name "' UniqueId='" name "'>"
#define SIDE(side, address) \
	"<NetInterface InterfaceSide='" side "' InterfaceNumber='1' IPAddress='" address "'"
#define EDGE                                                                                       \
	TOPOLOGY CLUSTER("fe.n.example") "<Machine/></Cluster>" CLUSTER(                           \
		"a.n.example") "<Machine>" SIDE("Internal",                                        \
						"10.0.1.5") "/>" SIDE("External",                  \
								      "203.0.113.5") "/></"        \
										     "Machine></"  \
										     "Cluster><"   \
										     "Service "    \
										     "RoleName='"  \
										     "Registrar' " \
										     "InstalledOn" \
										     "='fe.n."     \
										     "example'/"   \
										     "><Service "  \
										     "RoleName='"  \
										     "EdgeServer'" \
										     " "           \
										     "InstalledOn" \
										     "='a.n."      \
										     "example'/"   \
										     "></"         \
										     "Topology>"
#define FE "~fe:2: lan: <UP>\n inet 10.0.9.10/24 scope global lan\n"
#define TWO_CARDS(in, out)                                                            \
	"~a:[{\"ifname\":\"int\",\"addr_info\":[{\"local\":\"" in                     \
	"\",\"prefixlen\":24}]},{\"ifname\":\"ext\",\"addr_info\":[{\"local\":\"" out \
	"\",\"prefixlen\":24}]}]"

/* The kinds' own helper names a text by its node; here it is a file. */
Test(deployment, an_edge_whose_export_does_not_agree)
{
	static const struct kind kinds[] = {
		{"x:" EDGE FE TWO_CARDS("10.0.1.5", "203.0.113.5"),
		 {"internal: int", "external: ext", "access: 203.0.113.5", "access_port: 5061"},
		 {"guess: the deployment's"},
		 {"Access Edge and A/V Edge of 'a.n.example' have one address: port 5061 of the "
		  "Access Edge is a guess"}},
		{"x:" EDGE FE TWO_CARDS("10.0.1.6", "203.0.113.5"),
		 {"internal: int", "external: ext", "access: 203.0.113.5"},
		 {0},
		 {"warning: 'a.n.example' should have the internal address 10.0.1.5, and has not: "
		  "its own export has 10.0.1.6, 203.0.113.5"}},
		{"x:" EDGE FE TWO_CARDS("10.0.1.5", "203.0.113.6"),
		 {"access: 203.0.113.6  # guess: the deployment's address is not there"},
		 {0},
		 {"should have the external address 203.0.113.5, and has not"}},
		{"x:" EDGE FE "~a:2: eth0: <UP>\n inet 10.0.1.5/24 scope global eth0\n",
		 {"  a:"},
		 {"av_fqdn"},
		 {"'a.n.example' is written without its Edge (an Edge has an inner and an outer "
		  "address (IPv4))"}},
		{"x:" EDGE TWO_CARDS("10.0.1.5", "203.0.113.5"),
		 {"  a:"},
		 {"av_fqdn"},
		 {"'a' is written without its Edge: no Front End has an address"}},
	};

	CHECK(kinds);
}

#define TWO_FES                                                    \
	"~fe1:2: lan: <UP>\n inet 10.0.9.10/24 scope global lan\n" \
	"~FE2:2: lan: <UP>\n inet 10.0.9.11/24 scope global lan\n"

Test(deployment, pools_and_nat)
{
	static const struct kind kinds[] = {
		{"pools.xml" TWO_FES,
		 {"domain: n.example\n", "frontend: {fqdn: fe.n.example, web: {}}",
		  "fqdn: a.n.example", "fqdn: b.n.example", "access_public: 203.0.113.130",
		  "av_tcp_port: 442", "next_hop: fe1"},
		 {0},
		 {"'fe2.n.example' is written without service: 'fe1' stands for the pool",
		  "there are several Edges: users get relays of 'a'",
		  "'dir.n.example' is a Director",
		  "the simple URL https://meet.n.example is left out",
		  "MediaRelayAuthenticationEdge of 'edge.n.example' listens at port 5072",
		  "the A/V Edge of 'edge.n.example' listens at TCP 443 inside; in a topology it is "
		  "442 on both sides"}},
	};

	CHECK(kinds);
}

/* The NAT in front of an Edge is the gateway's, or a node that is added. */
Test(deployment, nat_that_is_completed)
{
	static const char *const gateways[] = {
		"", "2: dmz: <UP>\n inet 192.168.200.1/24 scope global dmz\n"
		    "3: wan: <UP>\n inet 198.51.100.2/30 scope global wan\n"
		    "default via 198.51.100.1 dev wan\n"};
	static const char *const routes[] = {
		"{to: \"203.0.113.130/32\", via: \"192.0.2.2\", dev: hosting}",
		"{to: \"203.0.113.130/32\", via: \"198.51.100.2\", dev: net}"};

	g_autofree char *pools = NULL;

	cr_assert(g_file_get_contents("tests/data/import/pools.xml", &pools, NULL, NULL));
	for (guint i = 0; i < G_N_ELEMENTS(gateways); i++) {
		g_autoptr(diags) found = diags_new();
		const char *const edge =
			"[{\"ifname\":\"int\",\"addr_info\":[{\"local\":\"172.25.33.10\","
			"\"prefixlen\":24}]},{\"ifname\":\"ext\",\"addr_info\":[{\"local\":"
			"\"192.168.200.10\",\"prefixlen\":24}]}]";
		const char *const way = "[{\"dst\":\"default\",\"gateway\":\"192.168.200.1\","
					"\"dev\":\"ext\"}]";
		const char *const texts[] = {pools, edge, way, gateways[i]};
		const char *const nodes[] = {"x", "a", "a", "fw"};
		struct import_input in[4];
		g_autofree char *topology = NULL, *told = NULL;

		for (guint k = 0; k < 4; k++)
			in[k] = (struct import_input){.file = nodes[k],
						      .text = texts[k],
						      .length = strlen(texts[k]),
						      .node = nodes[k]};
		topology = import_topology(in, i == 0 ? 3 : 4, IMPORT_KINDS, true, found);
		told = diags_to_text(found);
		cr_assert_not_null(topology, "%s", told);
		expect_valid(topology);
		cr_expect_not_null(strstr(topology, "static: {inside: 192.168.200.10, outside: "
						    "203.0.113.130}, out: wan, hairpin: true}"),
				   "%s", topology);
		cr_expect_not_null(strstr(topology, routes[i]), "%s", topology);
		cr_expect_eq(strstr(topology, "\n  firewall:\n") != NULL, i == 0, "%s", topology);
	}
}

static const struct {
	const char *text, *told;
} hostile[] = {
	{"<?xml version='1.0'?><html/>",
	 "pasted:1:1: error: unknown kind of input (this XML is no topology of Lync"},
	{TOPOLOGY "\n  <Cluster></Machine>", "pasted:2:12: error: not XML: "},
	{TOPOLOGY, "error: not XML: "},
	{"<!DOCTYPE a [<!ENTITY b 'urn:schema:Microsoft.Rtc.Management.'>]><a>&b;</a>",
	 "pasted:1:14: error: not XML: "},
	{"<!DOCTYPE a SYSTEM 'urn:schema:Microsoft.Rtc.Management.'>\n" TOPOLOGY "</Topology>",
	 "error: not XML: a document type is not read: no export has one"},
	{TOPOLOGY "&file;</Topology>", "error: not XML: "},
	{"<a><b c='urn:schema:Microsoft.Rtc.Management.'/></a>",
	 "pasted:1:1: error: it contains no topology"},
	{TOPOLOGY "</Topology>", "pasted:1:1: error: the topology has no cluster"},
	{TOPOLOGY "\n<Cluster/></Topology>", "pasted:2:1: error: 'Cluster' without 'Fqdn'"},
	{TOPOLOGY "\n  <Cluster Fqdn='a b'/></Topology>",
	 "pasted:2:3: error: 'a b' is not a DNS name"},
	{TOPOLOGY "\n<InternalDomains DefaultDomain='null'/></Topology>",
	 "pasted:2:1: error: 'null' is not a DNS name"},
	{TOPOLOGY CLUSTER("a.n.example") "<Machine>\n  " SIDE("Internal", "10.0.1") "/>",
	 "pasted:2:3: error: '10.0.1' is not an address"},
	{TOPOLOGY CLUSTER("a.n.example") "\n<ClusterId SiteId='1'/></Cluster></Topology>",
	 "pasted:2:1: error: 'ClusterId' without 'SiteId' or 'Number'"},
	{TOPOLOGY CLUSTER("a.n.example") "</Cluster>\n<Service InstalledOn='a'/></Topology>",
	 "pasted:2:1: error: 'Service' without 'RoleName'"},
	{TOPOLOGY CLUSTER("a.n.example") "</Cluster>\n<Service RoleName='Registrar' "
					 "InstalledOn='b'/></Topology>",
	 "pasted:2:1: warning: the service 'Registrar' is left out: the document has no cluster"},
	{TOPOLOGY CLUSTER("a.n.example") "</Cluster><Service RoleName='Registrar' "
					 "InstalledOn='a.n.example'>\n<Port Owner='x' Usage='y' "
					 "Port='65536'/></Service></Topology>",
	 "pasted:2:1: error: '65536' is not a port (1 to 65535)"},
	{TOPOLOGY CLUSTER("a.n.example") "</Cluster></Topology>\xef\xbf\xbe", "error: not XML"},
	{TOPOLOGY CLUSTER("a.n.example") "</Cluster></Topology>",
	 "error: no machine has an address"},
	{"[{\"PoolFqdn\": \"a.n.example\", \"Role\": \"EdgeServer\", \"SipPort\":\n70000}]",
	 "pasted:2:1: error: '70000' is not a port"},
	{"[{\"ComputerFqdn\": \"a.n.example\", \"IPAddress\": \"300.1.1.1\"}]",
	 "pasted:1:2: error: '300.1.1.1' is not an address"},
	{"[{\"Fqdn\": \"a.n.example\", \"Pool\": 1}, {\"Colour\": \"red\"}]",
	 "warning: a record is left out: no cmdlet's that is known"},
	{"[{\"PoolFqdn\": \"\"}]", "pasted:1:1: error: it contains no pool and no service"},
	{"Identity : a.n.example\nComputers : {a1.n.example, a2.n.example...}\nSite : Site:Kiel\n"
	 "Fqdn : a.n.example\nBackupPoolFqdn :\n",
	 "pasted:1:1: warning: the list of the computers of 'a.n.example' is not complete"},
	{"[{\"PoolFqdn\":", "pasted:1:13: error: not JSON"},
};

Test(deployment, what_is_wrong_is_told_with_its_place)
{
	for (guint i = 0; i < G_N_ELEMENTS(hostile); i++)
		expect_told(hostile[i].text, hostile[i].told);
}

/* DocItemSet.xml of Export-CsConfiguration has the topology deep within, among other documents. */
Test(deployment, within_another_document)
{
	static const struct kind kinds[] = {
		{"x:<?xml version='1.0'?><DocItemSet><DocItem Name='urn:xds:Other'><Data><Settings>"
		 "<Cluster/></Settings></Data></DocItem><DocItem Name='urn:xds:Topology'><Data>"
		 "<AnchoredXml xmlns='urn:schema:Microsoft.Rtc.Management.ScopeFramework.2008'>"
		 "<Dictionary><Item><Value>" EDGE "</Value></Item><Item><Value>" TOPOLOGY
		 "<Cluster/></Topology></Value></Item></Dictionary></AnchoredXml></Data></DocItem>"
		 "</DocItemSet>" FE TWO_CARDS("10.0.1.5", "203.0.113.5"),
		 {"internal: int", "access: 203.0.113.5"},
		 {0},
		 {"warning: this is a second topology: only the first is read"}},
	};

	CHECK(kinds);
}

/* Export-CsConfiguration writes a zip file. */
Test(deployment, a_zip_file)
{
	static const char zip[] = "PK\3\4\24\0\0\0\10\0";
	g_autoptr(diags) found = diags_new();
	struct import_input in = {
		.file = "config.zip", .text = zip, .length = sizeof zip, .node = "config"};
	g_autofree char *topology = import_topology(&in, 1, IMPORT_KINDS, false, found),
			*told = diags_to_text(found);

	cr_expect_null(topology);
	cr_expect_str_eq(told, "config.zip:1:1: error: not a text file (unpack it: in one of "
			       "Export-CsConfiguration it is DocItemSet.xml)\n");
}

/* Depth is bounded, and an unknown depth costs no more than its text. */
Test(deployment, depth)
{
	g_autoptr(GString) text = g_string_new(TOPOLOGY);
	g_autoptr(diags) found = diags_new();
	g_autofree char *topology = NULL, *told = NULL;
	struct import_input in = {.file = "pasted", .node = "pasted"};

	for (guint i = 0; i < 100000; i++)
		g_string_append(text, "<a>");
	in.text = text->str;
	in.length = text->len;
	topology = import_topology(&in, 1, IMPORT_KINDS, false, found);
	told = diags_to_text(found);
	cr_expect_null(topology);
	cr_expect_not_null(strstr(told, "not XML: elements are more than 64 deep"), "%s", told);
}
