/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What agents are told, from a topology. */
#include "testbed/lab/config.h"
#include "testbed/lab/lab.h"

#include <criterion/criterion.h>
#include <string.h>

#define TOPOLOGY "tests/data/topologies/company.yaml"

struct fixture {
	diags *found;
	model *base, *m;
	struct config_source source;
};

static struct fixture open_file(const char *file, const char *name)
{
	struct fixture f = {.found = diags_new()};

	f.base = model_load(file, f.found);
	cr_assert_not_null(f.base, "%s does not load", file);
	f.m = model_instantiate(f.base, model_scenario(f.base, name), f.found);
	cr_assert_not_null(f.m, "scenario %s can't be made", name);
	f.source = (struct config_source){.model = f.m, .master = "a master secret"};
	return f;
}

static struct fixture open_scenario(const char *name)
{
	return open_file(TOPOLOGY, name);
}

static void done(struct fixture *f)
{
	model_free(f->m);
	model_free(f->base);
	diags_free(f->found);
}

static const char *text(const json_t *object, const char *member)
{
	const char *value = json_string_value(json_object_get(object, member));

	return value != NULL ? value : "(none)";
}

struct expected {
	const char *member, *value;
};

static void check_members(const json_t *config, const struct expected *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cr_expect_str_eq(text(config, rows[i].member), rows[i].value, "%s: %s, not %s",
				 rows[i].member, text(config, rows[i].member), rows[i].value);
}

static const json_t *user(const json_t *frontend, const char *name)
{
	const json_t *users = json_object_get(frontend, "users");

	for (size_t i = 0; i < json_array_size(users); i++)
		if (strcmp(text(json_array_get(users, i), "user"), name) == 0)
			return json_array_get(users, i);
	return NULL;
}

Test(config, client)
{
	static const struct expected rows[] = {
		{"name", "branch1"},
		{"user", "branch1@contoso.com"},
		{"domain", "contoso.com"},
		{"address", "10.20.0.101"},
		{"ice_profile", "standard"},
		{"discovery", "auto"},
		{"ca", "/run/testbed/trust/ca.pem"},
	};
	struct fixture f = open_scenario("missing-route");
	json_t *config = config_client(&f.source, model_node(f.m, "branch1"));
	json_t *other = config_client(&f.source, model_node(f.m, "home1"));

	check_members(config, rows, G_N_ELEMENTS(rows));
	cr_expect_null(json_object_get(config, "packet_ms"), "left to the client");
	model_node(f.m, "home1")->endpoint->packet_time_ms = 60;
	json_decref(other);
	other = config_client(&f.source, model_node(f.m, "home1"));
	cr_expect_eq(json_integer_value(json_object_get(other, "packet_ms")), 60);
	cr_expect_str_neq(text(config, "password"), text(other, "password"),
			  "two users have the same password");
	json_decref(config);
	json_decref(other);
	done(&f);
}

Test(config, frontend)
{
	static const struct expected rows[] = {
		{"name", "fe"},
		{"fqdn", "fe.contoso.com"},
		{"domain", "contoso.com"},
		{"address", "10.0.1.10"},
		{"ca", "/run/testbed/trust/ca.pem"},
		{"certificate", "/run/testbed/trust/fe.pem"},
		{"key", "/run/testbed/trust/fe.key"},
	};
	struct fixture f = open_scenario("missing-route");
	json_t *config = config_frontend(&f.source, model_node(f.m, "fe"));
	json_t *client = config_client(&f.source, model_node(f.m, "home1"));
	json_t *trusted = json_object_get(config, "trusted_servers");

	check_members(config, rows, G_N_ELEMENTS(rows));
	cr_expect_eq(json_integer_value(json_object_get(config, "port")), 5061,
		     "port of SIP over TLS");
	cr_expect(json_is_null(json_object_get(config, "cdr")),
		  "records asked for although there is no run directory");
	cr_assert_eq(json_array_size(trusted), 1, "one Edge is trusted, not %zu",
		     json_array_size(trusted));
	cr_expect_str_eq(json_string_value(json_array_get(trusted, 0)), "edge.contoso.com");
	cr_expect_eq(json_array_size(json_object_get(config, "users")), 7,
		     "every endpoint is a user");
	cr_assert_not_null(user(config, "home1@contoso.com"), "home1 is no user");
	cr_expect_str_eq(text(user(config, "home1@contoso.com"), "password"),
			 text(client, "password"), "client and Front End disagree on the password");
	json_decref(client);
	json_decref(config);
	done(&f);
}

Test(config, media_edge_follows_the_site)
{
	struct fixture f = open_scenario("branch-edge");
	json_t *config;

	f.source.cdr = true;
	config = config_frontend(&f.source, model_node(f.m, "fe"));
	cr_expect_eq(json_array_size(json_object_get(config, "trusted_servers")), 2,
		     "both Edges are trusted");
	cr_expect_eq(json_array_size(json_object_get(config, "edges")), 2,
		     "both Edges give credentials");
	cr_expect_str_eq(text(user(config, "branch1@contoso.com"), "edge"), "edge2.contoso.com");
	cr_expect_str_eq(text(user(config, "dc1@contoso.com"), "edge"), "edge.contoso.com");
	cr_expect_str_eq(text(config, "cdr"), "/dev/fd/4");
	json_decref(config);
	done(&f);
}

Test(config, edge)
{
	static const struct expected rows[] = {
		{"fqdn", "edge.contoso.com"},	   {"access_fqdn", "sip.contoso.com"},
		{"av_fqdn", "av.contoso.com"},	   {"internal", "172.25.33.10"},
		{"access", "203.0.113.10"},	   {"av", "203.0.113.20"},
		{"av_tcp", "203.0.113.21"},	   {"av_public", "203.0.113.20"},
		{"av_tcp_public", "203.0.113.21"}, {"next_hop", "fe.contoso.com"},
		{"realm", "contoso.com"},	   {"av_engine", "builtin"},
	};
	struct fixture f = open_scenario("missing-route");
	const struct node *node = model_node(f.m, "edge");
	struct edge_service *service =
		&((struct service *)g_ptr_array_index(node->services, 0))->edge;
	g_autofree char *secret = config_edge_secret(&f.source, node);
	struct prefix private_peers;
	json_t *config;

	prefix_parse("10.20.0.7/24", &private_peers);
	g_array_append_val(service->relay_to, private_peers);
	config = config_edge(&f.source, node);
	check_members(config, rows, G_N_ELEMENTS(rows));
	cr_expect_eq(json_integer_value(json_object_get(config, "relay_port_min")), 50000);
	cr_expect_eq(json_integer_value(json_object_get(config, "relay_port_max")), 59999);
	cr_expect_eq(json_integer_value(json_object_get(config, "next_hop_port")), 5061);
	cr_expect_str_eq(json_string_value(json_array_get(json_object_get(config, "relay_to"), 0)),
			 "10.20.0.0/24", "a prefix is told without host bits");
	cr_expect_str_eq(text(config, "secret"), secret,
			 "Edge and coturn would disagree on the secret");
	json_decref(config);

	g_free(service->engine);
	service->engine = g_strdup("coturn");
	config = config_edge(&f.source, node);
	cr_expect_str_eq(text(config, "av_engine"), "none", "two programs would relay");
	json_decref(config);
	done(&f);
}

Test(config, an_edge_of_both_families)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) m = model_load("topologies/dual-stack.yaml", d);
	struct config_source source = {.model = m, .master = "master"};
	const struct node *node = model_node(m, "edge");
	struct edge_service *service =
		&((struct service *)g_ptr_array_index(node->services, 0))->edge;
	json_t *config = config_edge(&source, node);

	cr_expect_str_eq(text(config, "av6"), "2001:db8:d::3");
	cr_expect_str_eq(text(config, "av_tcp6"), "2001:db8:d::4");
	cr_expect_str_eq(text(config, "relay_family"), "same");
	cr_expect_null(json_object_get(config, "internal6"), "inside there is IPv4 only");
	json_decref(config);

	addr_parse("2001:db8:1::20", &service->internal6);
	service->relay_family = RELAY_FAMILY_IPV4;
	config = config_edge(&source, node);
	cr_expect_str_eq(text(config, "internal6"), "2001:db8:1::20");
	cr_expect_null(json_object_get(config, "relay_family"), "the default");
	json_decref(config);
}

Test(config, another_lab_has_other_secrets)
{
	struct fixture f = open_scenario("missing-route");
	const struct node *node = model_node(f.m, "edge");
	g_autofree char *first = config_edge_secret(&f.source, node), *second = NULL;

	f.source.master = "another master secret";
	second = config_edge_secret(&f.source, node);
	cr_expect_str_neq(first, second);
	done(&f);
}

Test(config, certificate_names)
{
	static const struct {
		const char *node;
		const char *const names[6];
	} rows[] = {
		{"fe", {"fe.contoso.com", "sipinternal.contoso.com", "sip.contoso.com"}},
		{"edge",
		 {"edge.contoso.com", "sip.contoso.com", "av.contoso.com",
		  "sipexternal.contoso.com"}},
		{"dc1", {NULL}},
	};
	struct fixture f = open_scenario("missing-route");

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(GStrv) names = config_tls_names(f.m, model_node(f.m, rows[i].node));
		guint n = 0;

		for (; rows[i].names[n] != NULL; n++)
			cr_expect(g_strv_contains((const char *const *)names, rows[i].names[n]),
				  "%s: no certificate name %s", rows[i].node, rows[i].names[n]);
		cr_expect_eq(g_strv_length(names), n, "%s: %u certificate names, not %u",
			     rows[i].node, g_strv_length(names), n);
	}
	done(&f);
}

/* A reverse proxy before the Front End's external site. */
static const char *const web_changes =
	"- set-frontend: {node: fe, web: {external_port: 8443}}\n"
	"- add-node: {rp: {\n"
	"    interfaces: {int: {network: perimeter, address: 172.25.33.20/24},\n"
	"                 ext: {network: dmz, address: 203.0.113.12/27}},\n"
	"    services: [{reverse-proxy: {names: [lyncdiscover.contoso.com, meet.contoso.com],\n"
	"      internal: int, external: ext, address: 203.0.113.12, next_hop: fe,\n"
	"      next_hop_port: 8443}}]}}\n";

static struct fixture open_with_web(void)
{
	struct fixture f = open_scenario("missing-route");

	model_free(f.m);
	f.m = model_instantiate_with(f.base, model_scenario(f.base, "missing-route"), "test",
				     web_changes, f.found);
	cr_assert_not_null(f.m, "%u findings", diags_errors(f.found));
	f.source.model = f.m;
	return f;
}

Test(config, web_sites)
{
	struct fixture f = open_with_web();
	json_t *config = config_frontend(&f.source, model_node(f.m, "fe")),
	       *expected = json_pack("{s:i, s:i, s:[s,s], s:[s,s,s], s:{s:s, s:i}, s:{s:s, s:i}, "
				     "s:s, s:s}",
				     "internal_port", 443, "external_port", 8443, "names",
				     "fe.contoso.com", "lyncdiscoverinternal.contoso.com",
				     "external_names", "web.contoso.com",
				     "lyncdiscover.contoso.com", "meet.contoso.com", "sip_internal",
				     "name", "fe.contoso.com", "port", 5061, "sip_external", "name",
				     "sip.contoso.com", "port", 443, "web_internal",
				     "fe.contoso.com", "web_external", "web.contoso.com");
	g_autofree char *found = json_dumps(json_object_get(config, "web"), 0);
	g_auto(GStrv) front = config_tls_names(f.m, model_node(f.m, "fe"));
	g_auto(GStrv) proxy = config_tls_names(f.m, model_node(f.m, "rp"));
	g_autofree char *fronts = g_strjoinv(" ", front), *proxies = g_strjoinv(" ", proxy);

	cr_expect(json_equal(json_object_get(config, "web"), expected), "%s", found);
	cr_expect_str_eq(fronts, "fe.contoso.com lyncdiscoverinternal.contoso.com "
				 "lyncdiscover.contoso.com web.contoso.com "
				 "sipinternal.contoso.com sip.contoso.com");
	cr_expect_str_eq(proxies, "lyncdiscover.contoso.com meet.contoso.com");
	json_decref(expected);
	json_decref(config);
	done(&f);
}

/* Clients outside are told the port that a NAT leads from, not the Edge's own. */
Test(config, web_site_names_the_published_port)
{
	struct fixture f = open_file("tests/data/topologies/one-address-forwarded.yaml", "proxy");
	json_t *config = config_frontend(&f.source, model_node(f.m, "fe")),
	       *sip = json_object_get(json_object_get(config, "web"), "sip_external");

	cr_expect_str_eq(text(sip, "name"), "sip.one.example");
	cr_expect_eq(json_integer_value(json_object_get(sip, "port")), 5061);
	json_decref(config);
	done(&f);
}

Test(config, private_files_are_kept_apart)
{
	g_autofree char *place = config_file_place("branch1", "/etc/resolv.conf");

	cr_expect(config_file_is_shared("/run/testbed/edge/coturn-udp.conf"));
	cr_expect_not(config_file_is_shared("/etc/resolv.conf"));
	cr_expect_str_eq(place, "/run/testbed/branch1/files/etc/resolv.conf");
}
