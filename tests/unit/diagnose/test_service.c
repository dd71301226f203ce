/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Causes in services: hand-made events in a topology with one fault, the cause, and the
 * fix that mends it. */
#include "testbed/diagnose/cause.h"
#include "testbed/diagnose/fix.h"
#include "tests/support/fix_words.h"
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>
#include <string.h>

#define EVENTS_MAX 4

static model *load_with(const char *changes)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load("tests/data/topologies/company.yaml", d);
	model *m = base ? model_instantiate_with(base, model_scenario(base, "persistent-route"),
						 "the fault", changes, d) :
			  NULL;
	g_autofree char *text = diags_to_text(d);

	cr_assert_not_null(m, "%s", text);
	return m;
}

/* Everything arrives: what fails here is not the network. */
static struct walk_pair *walk_arrives(const knet *net G_GNUC_UNUSED,
				      const struct flow *flow G_GNUC_UNUSED)
{
	struct walk_pair *p = g_new0(struct walk_pair, 1);

	p->forward = walk_new();
	p->back = walk_new();
	return p;
}

#define OTHER_CA                                                                                 \
	"fe.contoso.com (10.0.1.10:5061): certificate of another CA (CN=fe.contoso.com, issued " \
	"by CN=another CA, a to b)"
#define AT_FE "'server': {'name': 'fe.contoso.com', 'address': '10.0.1.10', 'port': 5061}"
#define AT_EDGE "'server': {'name': 'sip.contoso.com', 'address': '203.0.113.10', 'port': 443}"
#define GAVE_UP(stage) "{'event': 'sign-in-failed', 'stage': '" stage "', 'reason': 'why'}"
#define REFUSED(status, id)                                                                      \
	"{'event': 'sign-in-failed', 'stage': 'register', 'reason': 'no', 'sip_status': " status \
	", 'diagnostics': '" id ";reason=x'}"
#define SIGNED_IN(relay, mras) \
	"{'event': 'signed-in', " AT_FE ", 'relay': " relay ", 'mras': " mras "}"
#define RELAY                                                                                    \
	"{'host': 'edge.contoso.com', 'address': '172.25.33.10', 'udp_port': 3478, 'tcp_port': " \
	"443}"
#define TOLD "{'uri': 'sip:mras@edge.contoso.com', 'host': 'edge.contoso.com'}"
#define NO_MRAS                                                                                 \
	"{'uri': 'sip:mras@edge.contoso.com', 'trouble': '504 Server Time-out', 'sip_status': " \
	"504}"
#define TO_EDGE(address, kind)                                                     \
	"{'event': 'link-failed', 'peer': 'edge.contoso.com', 'address': " address \
	", 'port': 5062, 'kind': '" kind "', 'reason': 'why'}"

/* A reverse proxy before the Front End, and a client that finds its server by the web alone. */
#define WEB(names, port)                                                                        \
	"- set-frontend: {node: fe, web: {}}\n"                                                 \
	"- add-node: {rp: {interfaces: {int: {network: perimeter, address: 172.25.33.20/24},\n" \
	"    ext: {network: dmz, address: 203.0.113.12/27}},\n"                                 \
	"    services: [{reverse-proxy: {names: [" names "], internal: int, external: ext,\n"   \
	"      address: 203.0.113.12, next_hop: fe, next_hop_port: " port "}}]}}\n"             \
	"- add-record: {node: dns-pub, name: lyncdiscover.contoso.com, a: 203.0.113.12}\n"      \
	"- set-discovery: {node: home1, discovery: web}\n"
#define BOTH_NAMES "lyncdiscover.contoso.com, web.contoso.com"
#define AT_WEB                                                                                   \
	"'server': {'name': 'fe.contoso.com', 'address': '10.0.1.10', 'port': 443, 'found_by': " \
	"'lyncdiscoverinternal.contoso.com'}"
#define AT_PROXY                                                                      \
	"{'event': 'web', 'server': {'name': 'lyncdiscover.contoso.com', 'address': " \
	"'203.0.113.12', 'port': 443, 'found_by': 'lyncdiscover.contoso.com'}, 'path': '/', "

static const struct service_case {
	const char *fault; /* "[]": none */
	struct {
		const char *agent, *text;
	} events[EVENTS_MAX];
	enum cause_code code;
	const char *node, *object;
	const char *fix; /* NULL: none is looked for */
} cases[] = {
	/* certificates, as each of the two sides sees them */
	{"- set-certificate: {node: fe, issuer: other}",
	 {{"branch1",
	   "{'event': 'connect-failed', " AT_FE ", 'kind': 'untrusted', 'reason': '" OTHER_CA "'}"},
	  {"branch1", GAVE_UP("tls")}},
	 CAUSE_TLS_UNTRUSTED,
	 "fe",
	 "fe.contoso.com",
	 "- set-certificate: {node: fe, issuer: lab, validity: valid}\n"},
	{"- set-certificate: {node: fe, validity: expired}",
	 {{"branch1",
	   "{'event': 'connect-failed', " AT_FE ", 'kind': 'expired', 'reason': 'over'}"},
	  {"branch1", GAVE_UP("tls")}},
	 CAUSE_TLS_EXPIRED,
	 "fe",
	 NULL,
	 "- set-certificate: {node: fe, issuer: lab, validity: valid}\n"},
	{"- set-certificate: {node: edge, names: [x.org]}",
	 {{"home1", "{'event': 'connect-failed', " AT_EDGE
		    ", 'kind': 'name-mismatch', 'reason': 'name mismatch (CN=x.org, a)'}"},
	  {"home1", GAVE_UP("tls")}},
	 CAUSE_TLS_NAME_MISMATCH,
	 "edge",
	 "x.org",
	 "- set-certificate: {node: edge, issuer: lab, validity: valid}\n"},
	{"- set-certificate: {node: edge, issuer: other}",
	 {{"fe/tb-frontend", "{'event': 'tls-refused', 'peer': '172.25.33.10', 'reason': "
			     "'certificate of another CA (CN=edge.contoso.com, a)'}"},
	  {"home1", GAVE_UP("register")}},
	 CAUSE_TLS_UNTRUSTED,
	 "edge",
	 "edge.contoso.com",
	 "- set-certificate: {node: edge, issuer: lab, validity: valid}\n"},
	/* the web */
	{WEB("web.contoso.com", "4443"),
	 {{"home1", AT_PROXY "'status': 404, 'code': 'web-not-found', 'reason': 'HTTP 404'}"},
	  {"home1", GAVE_UP("web")}},
	 CAUSE_WEB_NOT_PUBLISHED,
	 "rp",
	 "names lyncdiscover.contoso.com",
	 "- set-reverse-proxy: {node: rp, names: [web.contoso.com, lyncdiscover.contoso.com]}\n"},
	{WEB(BOTH_NAMES, "8443"),
	 {{"home1", AT_PROXY "'status': 502, 'code': 'web-bad-gateway', 'reason': 'HTTP 502'}"},
	  {"home1", GAVE_UP("web")}},
	 CAUSE_NO_LISTENER,
	 "rp",
	 "next_hop_port 8443",
	 "- set-reverse-proxy: {node: rp, next_hop_port: 4443}\n"},
	{WEB(BOTH_NAMES, "443"),
	 {{"home1", AT_PROXY "'status': 200, 'access_location': 'Internal', 'sip_server': "
			     "{'name': 'fe.contoso.com', 'port': 5061}}"},
	  {"home1", GAVE_UP("dns")}},
	 CAUSE_WEB_WRONG_SITE,
	 "rp",
	 "next_hop_port 443",
	 "- set-reverse-proxy: {node: rp, next_hop_port: 4443}\n"},
	{WEB(BOTH_NAMES, "4443") "- set-certificate: {node: rp, names: [x.org]}",
	 {{"home1", AT_PROXY "'code': 'tls-name-mismatch', 'reason': 'name mismatch', 'subject': "
			     "'x.org'}"},
	  {"home1", GAVE_UP("web")}},
	 CAUSE_TLS_NAME_MISMATCH,
	 "rp",
	 "x.org",
	 "- set-certificate: {node: rp, issuer: lab, validity: valid}\n"},
	{WEB(BOTH_NAMES, "4443") "- set-certificate: {node: fe, names: [x.org]}",
	 {{"home1", AT_PROXY "'status': 502, 'code': 'web-bad-gateway', 'reason': 'HTTP 502'}"},
	  {"home1", GAVE_UP("web")}},
	 CAUSE_TLS_NAME_MISMATCH,
	 "fe",
	 "fe.contoso.com",
	 "- set-certificate: {node: fe, issuer: lab, validity: valid}\n"},
	{WEB(BOTH_NAMES, "4443") "- stop-service: {node: rp, service: reverse-proxy}",
	 {{"home1", AT_PROXY "'code': 'connection-refused', 'reason': 'refused'}"},
	  {"home1", GAVE_UP("web")}},
	 CAUSE_NO_LISTENER,
	 "rp",
	 "reverse-proxy 203.0.113.12:443",
	 "- start-service: {node: rp, service: reverse-proxy}\n"},
	{WEB(BOTH_NAMES, "4443") "- remove-record: {node: dns-pub, name: lyncdiscover.contoso.com}",
	 {{"home1", "{'event': 'dns', 'query': 'lyncdiscover.contoso.com', 'answer': [], 'code': "
		    "'dns-nxdomain', 'error': 'nxdomain'}"},
	  {"home1", GAVE_UP("dns")}},
	 CAUSE_DNS_NXDOMAIN,
	 "dns-pub",
	 "lyncdiscover.contoso.com",
	 "- add-record: {node: dns-pub, name: lyncdiscover.contoso.com, a: 203.0.113.12}\n"},
	{"- set-frontend: {node: fe, web: {}}\n"
	 "- set-account: {node: branch1, account: missing}\n"
	 "- set-discovery: {node: branch1, discovery: web}",
	 {{"fe/tb-frontend", "{'event': 'web-request', 'site': 'internal', 'path': '/user', "
			     "'user': 'branch1@contoso.com', 'status': 404}"},
	  {"branch1", "{'event': 'web', " AT_WEB ", 'path': '/user', 'status': 404, 'code': "
		      "'web-not-found', 'reason': 'HTTP 404'}"},
	  {"branch1", GAVE_UP("web")}},
	 CAUSE_SIP_AUTH,
	 "fe",
	 "branch1@contoso.com",
	 "- set-account: {node: branch1, account: enabled}\n"},
	/* names that lead to a machine that has no use for the client */
	{"- set-record: {node: dns-int, name: fe.contoso.com, a: 172.25.33.10}",
	 {{"branch1", "{'event': 'sign-in-failed', 'stage': 'register', 'server': {'name': "
		      "'fe.contoso.com', 'address': '172.25.33.10', 'port': 5061}, 'code': "
		      "'tls-failed', 'reason': 'Server required TLS certificate'}"}},
	 CAUSE_DNS_WRONG_VIEW,
	 "dns-int",
	 "fe.contoso.com",
	 "- set-record: {node: dns-int, name: fe.contoso.com, a: 10.0.1.10}\n"},
	{"- set-record: {node: dns-pub, name: sip.contoso.com, a: 203.0.113.21}",
	 {{"home1", "{'event': 'connect-failed', 'server': {'name': 'sip.contoso.com', 'address': "
		    "'203.0.113.21', 'port': 443}, 'code': 'connection-closed', 'reason': "
		    "'connection closed by the peer'}"},
	  {"home1", GAVE_UP("tls")}},
	 CAUSE_DNS_WRONG_VIEW,
	 "dns-pub",
	 "sip.contoso.com",
	 "- set-record: {node: dns-pub, name: sip.contoso.com, a: 203.0.113.10}\n"},
	{WEB(BOTH_NAMES, "4443") "- set-record: {node: dns-pub, name: sip.contoso.com, a: "
				 "203.0.113.12}",
	 {{"home1", "{'event': 'connect-failed', 'server': {'name': 'sip.contoso.com', 'address': "
		    "'203.0.113.12', 'port': 443}, 'code': 'tls-name-mismatch', 'reason': 'name "
		    "mismatch', 'subject': 'lyncdiscover.contoso.com'}"},
	  {"home1", GAVE_UP("tls")}},
	 CAUSE_DNS_WRONG_VIEW,
	 "dns-pub",
	 "sip.contoso.com",
	 NULL},
	/* accounts and domains */
	{"- set-password: {node: home1, password: x}",
	 {{"home1", REFUSED("403", "4004")}},
	 CAUSE_SIP_AUTH,
	 "home1",
	 "home1@contoso.com",
	 "- set-password: {node: home1}\n"},
	{"- set-account: {node: home1, account: disabled}",
	 {{"fe/tb-frontend",
	   "{'event': 'request-refused', 'user': 'home1@contoso.com', 'status': 403}"},
	  {"home1", REFUSED("403", "4141")}},
	 CAUSE_SIP_AUTH,
	 "fe",
	 "home1@contoso.com",
	 "- set-account: {node: home1, account: enabled}\n"},
	{"- set-account: {node: home1, account: inside-only}",
	 {{"fe/tb-frontend",
	   "{'event': 'request-refused', 'user': 'home1@contoso.com', 'status': 403}"},
	  {"home1", REFUSED("403", "4003")}},
	 CAUSE_SIP_AUTH,
	 "fe",
	 "home1@contoso.com",
	 "- set-account: {node: home1, account: enabled}\n"},
	{"- set-edge: {node: edge, domain: x.org}",
	 {{"edge/tb-edge",
	   "{'event': 'request-refused', 'user': 'home1@contoso.com', 'status': 403}"},
	  {"home1", REFUSED("403", "1017")}},
	 CAUSE_SIP_NO_ROUTE,
	 "edge",
	 "domain contoso.com",
	 "- set-edge: {node: edge, domain: contoso.com}\n"},
	/* nobody there */
	{"- stop-service: {node: fe, service: frontend}",
	 {{"branch1", "{'event': 'connect-failed', " AT_FE
		      ", 'kind': 'refused', 'reason': 'Connection refused'}"},
	  {"branch1", GAVE_UP("tls")}},
	 CAUSE_NO_LISTENER,
	 "fe",
	 "frontend 10.0.1.10:5061",
	 "- start-service: {node: fe, service: frontend}\n"},
	{"- stop-service: {node: edge, service: edge, part: mras}",
	 {{"branch1", SIGNED_IN("null", NO_MRAS)},
	  {"fe/tb-frontend", TO_EDGE("'172.25.33.10'", "refused")}},
	 CAUSE_NO_LISTENER,
	 "edge",
	 "edge mras 172.25.33.10:5062",
	 "- start-service: {node: edge, service: edge, part: mras}\n"},
	{"- stop-service: {node: edge, service: edge, part: av}",
	 {{"branch1", SIGNED_IN(RELAY, TOLD)}},
	 CAUSE_NO_LISTENER,
	 "edge",
	 "edge av 172.25.33.10:3478",
	 "- start-service: {node: edge, service: edge, part: av}\n"},
	{"- stop-service: {node: dns-pub, service: dns}",
	 {{"home1",
	   "{'event': 'dns', 'query': '_sip._tls.contoso.com', 'type': 'SRV', 'error': 'refused'}"},
	  {"home1", GAVE_UP("dns")}},
	 CAUSE_NO_LISTENER,
	 "dns-pub",
	 "dns 192.0.2.53:53",
	 "- start-service: {node: dns-pub, service: dns}\n"},
	/* names */
	{"- remove-record: {node: dns-pub, name: _sip._tls.contoso.com}",
	 {{"home1", "{'event': 'dns', 'query': '_sip._tls.contoso.com', 'type': 'SRV', 'error': "
		    "'nxdomain'}"},
	  {"home1", GAVE_UP("dns")}},
	 CAUSE_DNS_NXDOMAIN,
	 "dns-pub",
	 "_sip._tls.contoso.com",
	 "- set-record: {node: dns-pub, name: _sip._tls.contoso.com, target: sip.contoso.com, "
	 "port: 443}\n"
	 "- set-record: {node: dns-pub, name: sip.contoso.com, a: 203.0.113.10}\n"},
	{"- remove-record: {node: dns-int, name: edge.contoso.com}",
	 {{"branch1", SIGNED_IN("null", NO_MRAS)}, {"fe/tb-frontend", TO_EDGE("null", "no-name")}},
	 CAUSE_DNS_NXDOMAIN,
	 "dns-int",
	 "edge.contoso.com",
	 "- add-record: {node: dns-int, name: edge.contoso.com, a: 172.25.33.10}\n"},
	{"- remove-host: {node: edge, name: fe.contoso.com}",
	 {{"edge/tb-edge", "{'event': 'link-failed', 'peer': 'fe.contoso.com', 'port': 5061, "
			   "'kind': 'no-name', 'reason': 'why'}"},
	  {"home1", GAVE_UP("register")}},
	 CAUSE_DNS_NXDOMAIN,
	 "edge",
	 "fe.contoso.com",
	 "- add-host: {node: edge, name: fe.contoso.com, a: 10.0.1.10}\n"},
	{"- set-record: {node: dns-int, name: edge.contoso.com, a: 172.25.33.99}",
	 {{"branch1", SIGNED_IN("null", NO_MRAS)},
	  {"fe/tb-frontend", TO_EDGE("'172.25.33.99'", "unreachable")}},
	 CAUSE_DNS_WRONG_ANSWER,
	 "dns-int",
	 "edge.contoso.com",
	 "- set-record: {node: dns-int, name: edge.contoso.com, a: 172.25.33.10}\n"},
	{"- set-record: {node: dns-int, name: edge.contoso.com, a: 203.0.113.20}",
	 {{"branch1", SIGNED_IN("{'host': 'edge.contoso.com', 'address': '203.0.113.20'}", TOLD)}},
	 CAUSE_DNS_WRONG_VIEW,
	 "dns-int",
	 "edge.contoso.com",
	 "- set-record: {node: dns-int, name: edge.contoso.com, a: 172.25.33.10}\n"},
	{"- set-resolvers: {node: fe, servers: [192.0.2.53]}",
	 {{"branch1", SIGNED_IN("null", NO_MRAS)}, {"fe/tb-frontend", TO_EDGE("null", "no-name")}},
	 CAUSE_DNS_WRONG_VIEW,
	 "fe",
	 "192.0.2.53",
	 "- set-resolvers: {node: fe, servers: [10.0.1.53]}\n"},
	{"[]",
	 {{"home1",
	   "{'event': 'dns', 'query': 'sip.contoso.com', 'type': 'A', 'error': 'timeout'}"},
	  {"home1", GAVE_UP("dns")}},
	 CAUSE_DNS_TIMEOUT,
	 "dns-pub",
	 "192.0.2.53",
	 NULL},
	/* behind the Access Edge */
	{"- set-edge: {node: edge, next_hop_fqdn: old.contoso.com}",
	 {{"edge/tb-edge", "{'event': 'link-failed', 'peer': 'old.contoso.com', 'port': 5061, "
			   "'kind': 'no-name', 'reason': 'why'}"},
	  {"home1", GAVE_UP("register")}},
	 CAUSE_SIP_NO_ROUTE,
	 "edge",
	 "next_hop_fqdn",
	 "- set-edge: {node: edge, next_hop_fqdn: fe.contoso.com}\n"},
	{"- set-edge: {node: edge, next_hop_port: 5071}",
	 {{"edge/tb-edge", "{'event': 'link-failed', 'peer': 'fe.contoso.com', 'address': "
			   "'10.0.1.10', 'port': 5071, 'kind': 'refused', "
			   "'reason': 'why'}"},
	  {"home1", GAVE_UP("register")}},
	 CAUSE_NO_LISTENER,
	 "edge",
	 "next_hop_port 5071",
	 "- set-edge: {node: edge, next_hop_port: 5061}\n"},
	/* what servers say of the call */
	{"[]",
	 {{"branch1", SIGNED_IN(RELAY, TOLD)},
	  {"branch1", "{'event': 'call-result', 'verdict': 'fail', 'stage': 'sip', 'sip_status': "
		      "480, 'reason': 'no'}"}},
	 CAUSE_SIP_NOT_REGISTERED,
	 "fe",
	 "home1@contoso.com",
	 NULL},
	{"[]",
	 {{"branch1", SIGNED_IN(RELAY, TOLD)},
	  {"branch1", "{'event': 'call-result', 'verdict': 'fail', 'stage': 'sip', 'sip_status': "
		      "404, 'reason': 'no'}"}},
	 CAUSE_SIP_NO_ROUTE,
	 "fe",
	 "home1@contoso.com",
	 NULL},
	/* relays */
	{"- set-frontend: {node: fe, media_relay: false}",
	 {{"branch1", SIGNED_IN("null", "{'uri': null}")}},
	 CAUSE_RELAY_NONE,
	 "fe",
	 "media_relay",
	 "- set-frontend: {node: fe, media_relay: true}\n"},
	{"- set-edge: {node: edge, mras_secret: own}",
	 {{"branch1", SIGNED_IN(RELAY, TOLD)},
	  {"edge/tb-edge", "{'event': 'auth-failed', 'user': 'branch1@contoso.com', 'code': 401, "
			   "'reason': 'message integrity does not match'}"}},
	 CAUSE_RELAY_AUTH,
	 "edge",
	 "mras_secret",
	 "- set-edge: {node: edge, mras_secret: shared}\n"},
	{"- set-edge: {node: edge, credential_lifetime: 0s}",
	 {{"branch1", SIGNED_IN(RELAY, TOLD)},
	  {"edge/tb-edge", "{'event': 'auth-failed', 'user': 'branch1@contoso.com', 'code': 401, "
			   "'reason': 'user name expired or malformed'}"}},
	 CAUSE_RELAY_AUTH,
	 "edge",
	 "credential_lifetime",
	 "- set-edge: {node: edge, credential_lifetime: 8h}\n"},
	{"- set-edge: {node: edge, relays_per_user: 1}",
	 {{"branch1", SIGNED_IN(RELAY, TOLD)},
	  {"edge/tb-edge", "{'event': 'relay-refused', 'user': 'branch1@contoso.com', 'code': 486, "
			   "'reason': 'all taken'}"}},
	 CAUSE_RELAY_ALLOC,
	 "edge",
	 "relays_per_user",
	 "- set-edge: {node: edge, relays_per_user: 128}\n"},
	{"- set-edge: {node: edge, relay_ports: 50000-50000}",
	 {{"edge/tb-edge", "{'event': 'relay-refused', 'user': 'home1@contoso.com', 'code': 508, "
			   "'reason': 'no relay port is free'}"}},
	 CAUSE_RELAY_ALLOC,
	 "edge",
	 "relay_ports",
	 "- set-edge: {node: edge, relay_ports: 50000-59999}\n"},
	{"- set-edge: {node: edge, relay_not_to: [203.0.113.20, 198.51.100.0/24]}",
	 {{"edge/tb-edge", "{'event': 'denied', 'user': 'branch1@contoso.com', 'peer': "
			   "'203.0.113.20:50001', 'rule': 'relay_not_to'}"}},
	 CAUSE_RELAY_PERMISSION,
	 "edge",
	 "relay_not_to",
	 "- set-edge: {node: edge, relay_not_to: [198.51.100.0/24]}\n"},
	/* a relay always refuses private peers: that explains nothing */
	{"[]",
	 {{"edge/tb-edge", "{'event': 'denied', 'user': 'branch1@contoso.com', 'peer': "
			   "'10.20.0.101:5', 'rule': 'private'}"}},
	 CAUSE_UNKNOWN,
	 NULL,
	 NULL,
	 NULL},
};

static void hear(GPtrArray *heard, const char *agent, const char *text)
{
	g_autofree char *quoted = g_strdelimit(g_strdup(text), "'", '"');
	json_t *event = json_loads(quoted, 0, NULL);

	cr_assert_not_null(event, "%s", quoted);
	g_ptr_array_add(heard, heard_new(agent, event));
	json_decref(event);
}

/* Nobody listens anywhere, so that every rule that looks is told so. */
static netstate *deaf_state(const model *m)
{
	json_t *nodes = json_object();

	for (guint i = 0; i < m->nodes->len; i++)
		json_object_set_new(nodes, ((const struct node *)m->nodes->pdata[i])->name,
				    json_pack("{s:[]}", "listeners"));
	return state_from(json_pack("{s:o}", "nodes", nodes));
}

/* Every socket that should be there. */
static netstate *listening_state(const model *m)
{
	json_t *nodes = json_object();

	for (guint i = 0; i < m->nodes->len; i++)
		json_object_set_new(nodes, ((const struct node *)m->nodes->pdata[i])->name,
				    json_object());
	return state_from(json_pack("{s:o}", "nodes", nodes));
}

static finding *find_of(const model *m, const struct service_case *c, enum verdict verdict)
{
	g_autoptr(GPtrArray) heard = g_ptr_array_new_with_free_func((GDestroyNotify)heard_free);
	struct cell *cell = cell_new();
	g_autoptr(netstate) state =
		c->code == CAUSE_NO_LISTENER ? deaf_state(m) : listening_state(m);
	const struct evidence e = {
		.model = m, .cell = cell, .heard = heard, .state = state, .walk = walk_arrives};
	finding *f;

	for (guint i = 0; i < EVENTS_MAX && c->events[i].agent; i++)
		hear(heard, c->events[i].agent, c->events[i].text);
	cell->a = g_strdup("branch1");
	cell->b = g_strdup("home1");
	cell->media = MEDIA_AUDIO;
	cell->verdict = verdict;
	g_ptr_array_add(cell->participants, g_strdup("branch1"));
	g_ptr_array_add(cell->participants, g_strdup("home1"));
	f = cause_find(&e);
	cell_free(cell);
	return f;
}

static void check_fix(const model *m, const finding *f, guint i)
{
	g_autoptr(fix) x = fix_derive(m, f);
	g_autofree char *both = NULL;

	cr_assert_not_null(x, "case %u: no fix", i);
	cr_expect_str_eq(fix_words(x), cases[i].fix, "case %u: %s", i, fix_words(x));
	/* it is a change of the same network */
	both = g_strconcat(cases[i].fault, "\n", fix_words(x), NULL);
	model_free(load_with(both));
}

Test(service_cause, comes_with_node_object_proof_and_fix)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(model) m = load_with(cases[i].fault);
		g_autoptr(finding) f = find_of(m, &cases[i], VERDICT_FAIL);
		g_autofree char *object = subject_text(&f->subject);

		cr_expect_eq(f->code, cases[i].code, "case %u: %s", i, cause_name(f->code));
		cr_expect_eq(g_strcmp0(f->node, cases[i].node), 0, "case %u: node %s", i, f->node);
		cr_expect_eq(g_strcmp0(object, cases[i].object), 0, "case %u: object %s", i,
			     object);
		cr_expect(f->proof->len > 0 || f->code == CAUSE_UNKNOWN, "case %u has no proof", i);
		if (cases[i].fix && f->code == cases[i].code)
			check_fix(m, f, i);
	}
}

/* A client that goes on to the other names signs in all the same. */
Test(service_cause, web_that_a_client_does_without_is_a_remark)
{
	static const struct service_case c = {
		.events = {{"home1", AT_PROXY "'status': 404, 'code': 'web-not-found', 'reason': "
					      "'HTTP 404'}"},
			   {"home1", "{'event': 'signed-in', 'server': {'name': 'sip.contoso.com', "
				     "'address': '203.0.113.10', 'port': 443, 'found_by': "
				     "'_sip._tls.contoso.com'}}"}}};
	g_autoptr(model) m = load_with(
		WEB("web.contoso.com", "4443") "- set-discovery: {node: home1, discovery: auto}");
	g_autoptr(finding) f = find_of(m, &c, VERDICT_PASS);
	const struct effect *x;

	cr_expect_eq(f->code, CAUSE_NONE, "%s", cause_name(f->code));
	cr_assert_eq(f->effects->len, 1);
	x = f->effects->pdata[0];
	cr_expect_eq(x->code, CAUSE_WEB_NOT_PUBLISHED, "%s", cause_name(x->code));
	cr_expect(f->why && strstr(f->why, "home1 did not find its server by the web"), "%s",
		  f->why);
}
