/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links that lose packets, hold them up or are full: named by what they counted.  And firewalls:
 * named only when they dropped something. */
#include "testbed/diagnose/cause.h"
#include "testbed/diagnose/fix.h"
#include "tests/support/fix_words.h"
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>
#include <string.h>

#define COMPANY "tests/data/topologies/company.yaml"

struct scene {
	model *m;
	netstate *state;
	knet *net;
	struct cell *cell;
	GPtrArray *heard;
};

static struct scene scene_new(const char *changes, const char *a, const char *b, enum reason code)
{
	struct scene s = {.m = scenario_model(COMPANY, "persistent-route", changes),
			  .cell = cell_new(),
			  .heard = g_ptr_array_new_with_free_func((GDestroyNotify)heard_free)};

	s.state = planned_state(s.m);
	s.cell->a = g_strdup(a);
	s.cell->b = g_strdup(b);
	s.cell->media = MEDIA_AUDIO;
	s.cell->verdict = VERDICT_FAIL;
	s.cell->expected_verdict = VERDICT_PASS;
	s.cell->code = code;
	s.cell->reason = g_strdup("it failed");
	g_ptr_array_add(s.cell->participants, g_strdup(a));
	g_ptr_array_add(s.cell->participants, g_strdup(b));
	return s;
}

static void scene_clear(struct scene *s)
{
	object_free(s->net);
	netstate_unref(s->state);
	g_ptr_array_unref(s->heard);
	cell_free(s->cell);
	model_free(s->m);
}

/* Takes over `event`. */
static void say(struct scene *s, const char *agent, json_t *event)
{
	g_ptr_array_add(s->heard, heard_new(agent, event));
	json_decref(event);
}

static void count_losses(struct scene *s, const char *place, guint64 lost, guint64 overflowed)
{
	g_auto(GStrv) part = g_strsplit(place, ":", 2);
	node_state *n = planned_node(s->state, part[0]);

	array_foreach(struct kernel_link, l, n->links)
		if (g_str_equal(l->name, part[1]))
			l->losses = (struct link_losses){.told = true,
							 .packets = 1000,
							 .lost = lost,
							 .overflowed = overflowed};
}

static finding *find(struct scene *s)
{
	struct evidence e = {.model = s->m,
			     .cell = s->cell,
			     .heard = s->heard,
			     .state = s->state,
			     .walk = walk_both,
			     .meet = walk_meet};

	s->net = knet_new(s->m, s->state);
	e.net = s->net;
	return cause_find(&e);
}

static void say_selected(struct scene *s, const char *end, const char *type, const char *relay,
			 const char *to, int port)
{
	say(s, end,
	    json_pack("{s:s, s:{s:s, s:i, s:i}}", "event", "signed-in", "relay", "address", relay,
		      "udp_port", 3478, "tcp_port", 443));
	say(s, end,
	    json_pack("{s:s, s:{s:s, s:s}, s:{s:s, s:s, s:i}}", "event", "selected", "local",
		      "type", type, "address", "10.0.0.1", "remote", "type", "host", "address", to,
		      "port", port));
}

/* --- media that was lost ---------------------------------------------------------------------- */

static const struct lost_case {
	const char *change, *place;
	guint64 lost, overflowed;
	enum cause_code code;
	const char *node, *object, *fix;
} lost_cases[] = {
	{"{node: nat1, interface: wan, loss: 3%, delay: 20ms}", "nat1:wan", 30, 0, CAUSE_LINK_LOSS,
	 "nat1", "wan", "- set-impair: {node: nat1, interface: wan, delay: 20ms}\n"},
	{"{node: internet, interface: home1, loss: 3%}", "internet:home1", 30, 0, CAUSE_LINK_LOSS,
	 "internet", "home1", "- set-impair: {node: internet, interface: home1}\n"},
	{"{node: nat1, interface: wan, rate: 64kbit}", "nat1:wan", 0, 400, CAUSE_LINK_FULL, "nat1",
	 "wan", "- set-impair: {node: nat1, interface: wan}\n"},
	{"{network: uplink-home1, loss: 4%}", "nat1:wan", 40, 0, CAUSE_LINK_LOSS, "nat1",
	 "uplink-home1", "- set-impair: {network: uplink-home1}\n"},
	{"{tunnel: site-to-site, loss: 4%, rate: 9mbit}", "core:vpn0", 60, 0, CAUSE_LINK_LOSS,
	 "core", "site-to-site", "- set-impair: {tunnel: site-to-site, rate: 9mbit}\n"},
	{"{node: branch-gw, interface: wan, loss: 4%}", "branch-gw:wan", 40, 0, CAUSE_LINK_LOSS,
	 "branch-gw", "wan", "- set-impair: {node: branch-gw, interface: wan}\n"},
	/* nothing was lost there; nobody else is blamed for it */
	{"{node: nat1, interface: wan, loss: 3%}", "nat1:wan", 0, 0, CAUSE_UNKNOWN, NULL, NULL,
	 NULL},
};

Test(lines, the_one_that_lost_media_is_named)
{
	for (guint i = 0; i < G_N_ELEMENTS(lost_cases); i++) {
		const struct lost_case *c = &lost_cases[i];
		g_autofree char *changes = g_strdup_printf("- set-impair: %s\n", c->change);
		struct scene s = scene_new(changes, "branch1", "home1", REASON_MEDIA_LOST);
		g_autofree char *object = NULL;
		g_autoptr(fix) x = NULL;
		finding *f;

		say_selected(&s, "branch1", "relay", "172.25.33.10", "203.0.113.20", 50001);
		say_selected(&s, "home1", "host", "203.0.113.20", "203.0.113.20", 50000);
		count_losses(&s, c->place, c->lost, c->overflowed);
		f = find(&s);
		object = subject_text(&f->subject);
		cr_expect_str_eq(cause_name(f->code), cause_name(c->code), "case %u: %s", i,
				 cause_name(f->code));
		cr_expect_eq(g_strcmp0(f->node, c->node), 0, "case %u: %s", i, f->node);
		cr_expect_eq(g_strcmp0(object, c->object), 0, "case %u: %s", i, object);
		x = fix_derive(s.m, f);
		cr_expect_eq(g_strcmp0(fix_words(x), c->fix ? c->fix : "none"), 0, "case %u: %s", i,
			     fix_words(x));
		finding_free(f);
		scene_clear(&s);
	}
}

/* --- answers that did not come ---------------------------------------------------------------- */

static const struct silence_case {
	const char *change;
	guint64 lost;
	enum cause_code code;
	const char *node;
} silences[] = {
	{"{node: nat1, interface: wan, delay: 2s}", 0, CAUSE_LINK_DELAY, "nat1"},
	{"{network: uplink-home1, delay: 500ms}", 0, CAUSE_LINK_DELAY, "nat1"},
	{"{node: nat1, interface: wan, delay: 20ms}", 0, CAUSE_DNS_TIMEOUT, "dns-pub"},
	{"{node: nat1, interface: wan, loss: 80%}", 800, CAUSE_LINK_LOSS, "nat1"},
	{"{node: nat1, interface: wan, loss: 0.1%}", 1, CAUSE_DNS_TIMEOUT, "dns-pub"},
	{"{node: nat1, interface: wan, rate: 8kbit, queue: 2s}", 0, CAUSE_LINK_FULL, "nat1"},
	{"{node: nat2, interface: wan, delay: 2s}", 0, CAUSE_DNS_TIMEOUT, "dns-pub"},
};

static void say_dns_is_silent(struct scene *s, const char *end)
{
	say(s, end,
	    json_pack("{s:s, s:s, s:s, s:[], s:s, s:s, s:[s]}", "event", "dns", "query",
		      "_sip._tls.contoso.com", "type", "SRV", "answer", "code", "dns-timed-out",
		      "error", "timeout", "servers", "192.0.2.53"));
	say(s, end,
	    json_pack("{s:s, s:s, s:s, s:s}", "event", "sign-in-failed", "stage", "dns", "code",
		      "no-server-name", "reason", "no name leads to a server"));
}

Test(lines, explain_silence)
{
	for (guint i = 0; i < G_N_ELEMENTS(silences); i++) {
		const struct silence_case *c = &silences[i];
		g_autofree char *changes = g_strdup_printf("- set-impair: %s\n", c->change);
		struct scene s = scene_new(changes, "home1", "dc1", REASON_NO_SERVER_NAME);
		finding *f;

		say_dns_is_silent(&s, "home1");
		count_losses(&s, "nat1:wan", c->lost, 0);
		f = find(&s);
		cr_expect_str_eq(cause_name(f->code), cause_name(c->code), "case %u: %s", i,
				 cause_name(f->code));
		cr_expect_str_eq(f->node, c->node, "case %u: %s", i, f->node);
		finding_free(f);
		scene_clear(&s);
	}
}

/* --- a relay that nobody would need ----------------------------------------------------------- */

static void say_no_relay(struct scene *s, const char *end)
{
	say(s, end,
	    json_pack("{s:s, s:s, s:n, s:{s:s, s:s, s:i}}", "event", "signed-in", "server",
		      "10.0.1.10:5061", "relay", "mras", "uri", "sip:mras@edge.contoso.com",
		      "trouble", "504 Server Time-out", "sip_status", 504));
}

static const struct relayless_case {
	const char *a, *b, *change, *place;
	guint64 lost, overflowed;
	enum cause_code code;
	const char *node;
} relayless[] = {
	{"dc1", "branch1", "{node: dc1, interface: lan, rate: 40kbit}", "dc1:lan", 0, 400,
	 CAUSE_LINK_FULL, "dc1"},
	{"dc1", "branch1", "{tunnel: site-to-site, loss: 60%}", "core:vpn0", 600, 0,
	 CAUSE_LINK_LOSS, "core"},
	/* not between the two; and too little to silence anybody */
	{"dc1", "branch1", "{node: dc2, interface: lan, loss: 60%}", "dc2:lan", 600, 0,
	 CAUSE_UNKNOWN, NULL},
	{"dc1", "branch1", "{node: dc1, interface: lan, loss: 1%}", "dc1:lan", 10, 0, CAUSE_UNKNOWN,
	 NULL},
	/* these two do need one */
	{"dc1", "home1", "{node: dc1, interface: lan, loss: 60%}", "dc1:lan", 600, 0, CAUSE_UNKNOWN,
	 NULL},
};

Test(lines, between_ends_that_need_no_relay_come_first)
{
	for (guint i = 0; i < G_N_ELEMENTS(relayless); i++) {
		const struct relayless_case *c = &relayless[i];
		g_autofree char *changes =
			g_strdup_printf("- stop-service: {node: edge, service: edge, part: mras}\n"
					"- set-impair: %s\n",
					c->change);
		struct scene s = scene_new(changes, c->a, c->b, REASON_NO_PAIR);
		finding *f;

		say_no_relay(&s, c->a);
		say_no_relay(&s, c->b);
		count_losses(&s, c->place, c->lost, c->overflowed);
		f = find(&s);
		cr_expect_str_eq(cause_name(f->code), cause_name(c->code), "case %u: %s", i,
				 cause_name(f->code));
		cr_expect_eq(g_strcmp0(f->node, c->node), 0, "case %u: %s", i, f->node);
		finding_free(f);
		scene_clear(&s);
	}
}

/* --- firewalls -------------------------------------------------------------------------------- */

/* A rule that would drop the packets, and has dropped none, is not at fault. */
Test(firewall, is_named_only_when_it_dropped_something)
{
	static const char block[] =
		"- block: {node: home1, name: no-dns, chain: output, proto: udp, dports: 53}\n";

	for (guint64 packets = 0; packets < 2; packets++) {
		struct scene s = scene_new(block, "home1", "dc1", REASON_NO_SERVER_NAME);
		node_state *n = planned_node(s.state, "home1");
		const struct rule_counter counter = {
			.table = "filter", .chain = "output", .name = "no-dns", .packets = packets};
		finding *f;

		say_dns_is_silent(&s, "home1");
		g_array_append_val(n->rule_counters, counter);
		f = find(&s);
		cr_expect_eq(f->code == CAUSE_FW_DROP, packets > 0, "%s", cause_name(f->code));
		finding_free(f);
		scene_clear(&s);
	}
}
