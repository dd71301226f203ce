/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/plan/plan.h"

#include "testbed/cmd/cmd.h"

int cmd_plan(const struct options *o)
{
	enum plan_format format = PLAN_TEXT;
	g_autoptr(GString) out = g_string_new(NULL);
	g_auto(network_choice) network = {0};
	g_autoptr(plan) p = NULL;
	int status;

	if (o->format && !plan_format_parse(o->format, &format))
		return cmd_fail(CMD_USAGE, "no format '%s'; there are text, json, sh", o->format);
	status = cmd_network_choose(o, &network);
	if (status)
		return status;
	p = plan_build(network.model);
	plan_print(p, format, out);
	return format == PLAN_TEXT ? cmd_print(out->str, (gssize)out->len) :
				     cmd_print_document(out->str, (gssize)out->len);
}
