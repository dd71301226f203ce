/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes as lines of text, and what takes them back. */
#include "testbed/model/change_text.h"

#include <criterion/criterion.h>

/* However it was written, it is the same line. */
Test(change_text, of_what_a_user_wrote)
{
	char *texts[] = {
		(char[]){
			"- link-down:\n    node: core\n    interface: lan\n- reboot: {node: fe}\n"},
		(char[]){"add-route: {node: edge, to: \"::/0\", via: \"fe80::1\"}"},
		(char[]){"- {count: 2, add-record: {node: ns, name: a$(n).x.org, a: $(10.0.0.1 + "
			 "n)}}"},
		(char[]){"no change at all"}, NULL};
	g_auto(GStrv) lines = model_change_lines(texts), again = model_change_lines(lines),
		      none = model_change_lines(NULL);
	static const char *const expected[] = {
		"link-down: {node: core, interface: lan}",
		"reboot: {node: fe}",
		"add-route: {node: edge, to: \"::/0\", via: \"fe80::1\"}",
		"add-record: {node: ns, name: a1.x.org, a: 10.0.0.2}",
		"add-record: {node: ns, name: a2.x.org, a: 10.0.0.3}",
		"no change at all",
		NULL};

	for (guint i = 0; expected[i]; i++)
		cr_expect_str_eq(lines[i] ? lines[i] : "", expected[i]);
	cr_expect(g_strv_equal((const char *const *)(gpointer)lines,
			       (const char *const *)(gpointer)again));
	cr_expect_null(none[0]);
}

static const struct {
	const char *change, *undo;
} undone[] = {
	{"link-down: {node: core, interface: lan}", "link-up: {node: core, interface: lan}"},
	{"add-route: {nodes: [a, b], to: 10.9.0.0/16, via: 10.0.0.1, metric: 5}",
	 "remove-route: {nodes: [a, b], to: 10.9.0.0/16, metric: 5}"},
	{"block: {node: fw, name: x, chain: forward}", "remove-rule: {node: fw, rule: x}"},
	{"add-node: {pc9: {}, pc10: {}}", "remove-node: {nodes: [pc9, pc10]}"},
	{"stop-service: {node: edge, service: edge, part: [av]}",
	 "start-service: {node: edge, service: edge, part: [av]}"},
	{"add-nat: {node: r, name: n, masquerade: wan}", "remove-nat: {node: r, nat: n}"},
	{"set-mtu: {node: core, interface: lan, mtu: 1400B}", NULL},
	{"remove-route: {node: edge, to: 10.9.0.0/16}", NULL},
	{"reboot", NULL},
	{"[", NULL},
};

Test(change_text, of_what_takes_a_change_back)
{
	for (gsize i = 0; i < G_N_ELEMENTS(undone); i++) {
		g_autofree char *undo = model_change_undo(undone[i].change);

		cr_expect_str_eq(undo ? undo : "none", undone[i].undo ? undone[i].undo : "none",
				 "%s: %s", undone[i].change, undo);
	}
}
