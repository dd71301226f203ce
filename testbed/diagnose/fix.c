/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/fix_rules.h"

static const struct object_shape fix_shape =
	OBJECT_SHAPE(fix, NULL, OWNS(fix, changes, g_ptr_array_unref), OWNS_TEXT(fix, restart),
		     OWNS(fix, commands, g_ptr_array_unref));

fix *fix_new(void)
{
	fix *x = object_new(&fix_shape);

	x->changes = g_ptr_array_new_with_free_func(g_free);
	x->commands = g_ptr_array_new_with_free_func(object_free);
	return x;
}

void fix_add_change(fix *x, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_ptr_array_add(x->changes, g_strdup_vprintf(format, args));
	va_end(args);
}

void fix_add_changes(fix *x, const fix *more)
{
	ptr_array_foreach(const char, change, more->changes)
		g_ptr_array_add(x->changes, g_strdup(change));
}

fix *fix_of(const char *format, ...)
{
	fix *x = fix_new();
	va_list args;

	va_start(args, format);
	g_ptr_array_add(x->changes, g_strdup_vprintf(format, args));
	va_end(args);
	return x;
}

char *fix_text(const fix *x)
{
	GString *text = g_string_new(NULL);

	ptr_array_foreach(const char, change, x->changes)
		g_string_append_printf(text, "- %s\n", change);
	return g_string_free(text, FALSE);
}

static const struct object_shape command_shape =
	OBJECT_SHAPE(fix_command, NULL, OWNS_TEXT(fix_command, node), OWNS_TEXT(fix_command, text),
		     OWNS_TEXT(fix_command, undo));

static struct fix_command *add_command_at(fix *x, enum fix_place place, char *text)
{
	struct fix_command *c = object_new(&command_shape);

	c->place = place;
	c->text = text;
	g_ptr_array_add(x->commands, c);
	return c;
}

void fix_add_in_lab(fix *x, const struct node *n, char *text, char *undo)
{
	struct fix_command *c = add_command_at(x, FIX_IN_LAB, text);

	c->node = g_strdup(n->name);
	c->undo = undo;
}

void fix_add_command(fix *x, enum fix_place place, char *text)
{
	add_command_at(x, place, text);
}

/* --- the table -------------------------------------------------------------------------------- */

static fix *(*const fixers[CAUSE_COUNT])(const model *, const struct node *,
					 const struct finding *) = {
	[CAUSE_RETURN_WRONG_EGRESS] = fix_return,
	[CAUSE_NO_ROUTE] = fix_route,
	[CAUSE_WRONG_METRIC] = fix_metric,
	[CAUSE_ROUTE_NOT_PERSISTENT] = fix_persistence,
	[CAUSE_LINK_DOWN] = fix_link,
	[CAUSE_LINK_LOSS] = fix_impairment,
	[CAUSE_LINK_DELAY] = fix_impairment,
	[CAUSE_LINK_FULL] = fix_impairment,
	[CAUSE_MTU_BLACKHOLE] = fix_mtu,
	[CAUSE_VPN_DOWN] = fix_tunnel,
	[CAUSE_NULL_ROUTE] = fix_null_route,
	[CAUSE_ROUTE_LOOP] = fix_loop,
	[CAUSE_NEXT_HOP_DEAD] = fix_dead_gateway,
	[CAUSE_NO_FORWARDING] = fix_forwarding,
	[CAUSE_TTL_EXPIRED] = fix_ttl,
	[CAUSE_RPF_DROP] = fix_reverse_path,
	[CAUSE_NAT_FILTERED] = fix_nat,
	[CAUSE_NAT_MAPPING_CHANGED] = fix_nat,
	[CAUSE_NAT_EXPIRED] = fix_udp_timeout,
	[CAUSE_NAT_MISSING] = fix_untranslated,
	[CAUSE_NAT_UNWANTED] = fix_unwanted_nat,
	[CAUSE_NAT_FORWARD_MISSING] = fix_missing_forward,
	[CAUSE_NAT_FORWARD_WRONG] = fix_wrong_forward,
	[CAUSE_HAIRPIN_UNSUPPORTED] = fix_nat,
	[CAUSE_VPN_PREFIX_MISSING] = fix_tunnel_prefix,
	[CAUSE_FW_DROP] = fix_rule,
	[CAUSE_FW_REJECT] = fix_rule,
	[CAUSE_FW_INSPECTS] = fix_rule,
	[CAUSE_FW_NO_STATE] = fix_turning,
	[CAUSE_DNS_NXDOMAIN] = fix_record,
	[CAUSE_DNS_WRONG_ANSWER] = fix_answer,
	[CAUSE_DNS_WRONG_VIEW] = fix_view,
	[CAUSE_DNS_TIMEOUT] = fix_view,
	[CAUSE_NO_LISTENER] = fix_listener,
	[CAUSE_TLS_UNTRUSTED] = fix_certificate,
	[CAUSE_TLS_NAME_MISMATCH] = fix_certificate,
	[CAUSE_TLS_EXPIRED] = fix_certificate,
	[CAUSE_WEB_NOT_PUBLISHED] = fix_proxy,
	[CAUSE_WEB_WRONG_SITE] = fix_proxy,
	[CAUSE_SIP_AUTH] = fix_account,
	[CAUSE_SIP_NO_ROUTE] = fix_setting,
	[CAUSE_RELAY_NONE] = fix_setting,
	[CAUSE_RELAY_AUTH] = fix_setting,
	[CAUSE_RELAY_PORTS_BLOCKED] = fix_relay_ports,
	[CAUSE_RELAY_ALLOC] = fix_setting,
	[CAUSE_RELAY_PERMISSION] = fix_setting,
};

fix *fix_derive(const model *m, const struct finding *f)
{
	const struct node *n = f->node ? model_node(m, f->node) : NULL;

	return n && fixers[f->code] ? fixers[f->code](m, n, f) : NULL;
}
