#include "testbed/plan/plan.h"

#include "testbed/cmd/cmd.h"

int cmd_plan(const struct options *o)
{
	enum plan_format format = PLAN_TEXT;
	const struct scenario *sc;
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(model) base = NULL, m = NULL;
	g_autoptr(plan) p = NULL;

	if (o->format && !plan_format_parse(o->format, &format)) {
		cmd_error("no format '%s'; there are text, json, sh", o->format);
		return CMD_USAGE;
	}
	base = cmd_topology_load(o);
	if (!base)
		return CMD_INPUT;
	sc = cmd_scenario(base, o->scenario);
	if (!sc)
		return CMD_USAGE;
	m = cmd_scenario_model(base, sc);
	if (!m)
		return CMD_INPUT;
	p = plan_build(m);
	plan_print(p, format, out);
	return cmd_print(out->str, (gssize)out->len);
}
