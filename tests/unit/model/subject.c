/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What subjects read as, and which of them are the same. */
#include "tests/support/subjects.h"

#include <criterion/criterion.h>

static const struct {
	const char *node;
	enum subject_kind kind;
	const char *name;
	const char *text;    /* NULL: none */
	const char *counter; /* NULL: none */
} cases[] = {
	{"edge", SUBJECT_NONE, NULL, NULL, NULL},
	{"edge", SUBJECT_ROUTE, "10.20.0.0/24", "10.20.0.0/24", NULL},
	{"edge", SUBJECT_ROUTE, "default", "default", NULL},
	{"edge", SUBJECT_ROUTE, "::/0", "::/0", NULL},
	{"dmz-fw", SUBJECT_RULE, "edge-out", "edge-out", "edge-out"},
	{"dmz-fw", SUBJECT_POLICY, "forward", "forward policy", "forward-policy"},
	{"dmz-fw", SUBJECT_POLICY, "input", "input policy", "input-policy"},
	{"nat1", SUBJECT_NAT, "home-nat", "home-nat", "home-nat"},
	{"dns-int", SUBJECT_RECORD, "fe.contoso.com", "fe.contoso.com", NULL},
	{"edge", SUBJECT_CERTIFICATE, NULL, NULL, NULL},
	{"fe", SUBJECT_ACCOUNT, "dc1@contoso.com", "dc1@contoso.com", NULL},
	{"fe", SUBJECT_ACCOUNT, "nobody@contoso.com", "nobody@contoso.com", NULL},
	{"edge", SUBJECT_IFACE, "int", "int", NULL},
	{"edge", SUBJECT_IFACE, "typed-in", "typed-in", NULL},
	{"core", SUBJECT_TUNNEL, "site-to-site", "site-to-site", NULL},
	{"branch1", SUBJECT_ADDRESS, "10.20.0.1", "10.20.0.1", NULL},
	{"edge", SUBJECT_PROGRAM, "edge/tb-edge", "edge/tb-edge", NULL},
};

static model *network(void)
{
	g_autoptr(diags) d = diags_new();
	model *m = model_load("tests/data/topologies/company.yaml", d);

	cr_assert_not_null(m);
	return m;
}

Test(subject, is_read_by_people_and_counted_by_the_kernel)
{
	g_autoptr(model) m = network();

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct subject s = subject_find(m, cases[i].node, cases[i].kind, cases[i].name);
		g_autofree char *text = subject_text(&s);

		cr_expect_eq(g_strcmp0(text, cases[i].text), 0, "case %u: %s", i, text);
		cr_expect_eq(g_strcmp0(subject_counter(&s), cases[i].counter), 0, "case %u: %s", i,
			     subject_counter(&s));
		subject_clear(&s);
	}
}

Test(subject, equals_itself_only)
{
	g_autoptr(model) m = network();

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct subject a = subject_find(m, cases[i].node, cases[i].kind, cases[i].name);

		for (guint k = 0; k < G_N_ELEMENTS(cases); k++) {
			struct subject b =
				subject_find(m, cases[k].node, cases[k].kind, cases[k].name);

			cr_expect_eq(subject_equal(&a, &b), i == k, "cases %u and %u", i, k);
			subject_clear(&b);
		}
		subject_clear(&a);
	}
}

static const struct {
	struct listener listener;
	const char *text;
} listeners[] = {
	{{.port = 53, .service = SERVICE_DNS, .part = EDGE_PART_COUNT}, "dns 192.0.2.53:53"},
	{{.port = 5062, .service = SERVICE_EDGE, .part = EDGE_MRAS}, "edge mras 192.0.2.53:5062"},
	{{.port = 80, .service = SERVICE_KIND_COUNT, .part = EDGE_PART_COUNT}, "192.0.2.53:80"},
};

Test(subject, a_listener_is_told_with_the_service_that_should_be_there)
{
	for (guint i = 0; i < G_N_ELEMENTS(listeners); i++) {
		struct subject s = {.kind = SUBJECT_LISTENER, .listener = listeners[i].listener};
		g_autofree char *text = NULL;

		addr_parse("192.0.2.53", &s.listener.address);
		text = subject_text(&s);
		cr_expect_str_eq(text, listeners[i].text, "%s", text);
	}
}

Test(subject, a_setting_is_told_with_its_value_where_there_is_one)
{
	struct subject domain = subject_setting(SETTING_DOMAIN, "contoso.com"),
		       ports = subject_setting(SETTING_RELAY_PORTS, NULL);
	g_autofree char *a = subject_text(&domain), *b = subject_text(&ports);

	cr_expect_str_eq(a, "domain contoso.com");
	cr_expect_str_eq(b, "relay_ports");
	subject_clear(&domain);
}
