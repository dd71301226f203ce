/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/plan/support.h"

#include <criterion/criterion.h>

static const char small[] =
	"topology: small\n"
	"domain: example.com\n"
	"networks:\n"
	"  inside: {subnet: 10.9.0.0/24}\n"
	"  outside: {subnet: 198.51.100.0/24}\n"
	"nodes:\n"
	"  host:\n"
	"    interfaces: {eth0: {network: inside, address: 10.9.0.2/24}}\n"
	"    routes: [{to: default, via: 10.9.0.1}]\n"
	"  server:\n"
	"    interfaces: {eth0: {network: outside, address: 198.51.100.10/24}}\n"
	"  router:\n"
	"    forwarding: true\n"
	"    interfaces:\n"
	"      lan: {network: inside, address: 10.9.0.1/24}\n"
	"      wan: {network: outside, address: 198.51.100.1/24}\n"
	"%s"
	"scenarios:\n"
	"  base: {title: as it is}\n";

static plan *build(model *base, const char *scenario, diags *d)
{
	const struct scenario *sc = base ? model_scenario(base, scenario) : NULL;
	g_autoptr(model) m = sc ? model_instantiate(base, sc, d) : NULL;
	g_autofree char *findings = diags_to_text(d);

	cr_assert(m != NULL, "%s", findings);
	return plan_build(m);
}

plan *small_plan(const char *router)
{
	g_autofree char *text = g_strdup_printf(small, router ? router : "");
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load_text("small.yaml", text, strlen(text), d);

	return build(base, "base", d);
}

plan *plan_of(const char *file, const char *scenario)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load(file, d);

	return build(base, scenario, d);
}

plan *reference_plan(const char *scenario)
{
	return plan_of("topologies/lync.yaml", scenario);
}

plan *company_plan(const char *scenario)
{
	return plan_of("tests/data/topologies/company.yaml", scenario);
}

const char *ruleset(const plan *p, const char *node)
{
	for (guint i = 0; i < p->ops->len; i++) {
		const struct op *op = p->ops->pdata[i];

		if (op->kind == OP_NFT && g_str_equal(op->node, node))
			return op->nft.text;
	}
	cr_assert_fail("node '%s' has no ruleset", node);
	return NULL;
}

char *plan_as(const plan *p, enum plan_format format)
{
	GString *out = g_string_new(NULL);

	plan_print(p, format, out);
	return g_string_free(out, FALSE);
}
