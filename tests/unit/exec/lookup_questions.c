/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which look-ups follow from the packets seen at a node.
 *
 *   10.9.0.2 --- lan(2) 10.9.0.1 [node] 198.51.100.1 wan(3) --- 198.51.100.10
 */
#include "testbed/exec/lookup_questions.h"
#include "testbed/netstate/netstate_json.h"

#include <criterion/criterion.h>

#define NODE(more)                                                                            \
	"{\"links\": [{\"name\": \"lan\", \"ifindex\": 2, \"addresses\": [\"10.9.0.1/24\"]}," \
	" {\"name\": \"wan\", \"ifindex\": 3, \"addresses\": [\"198.51.100.1/24\"]}]" more "}"
#define SNAT                                                                           \
	NODE(", \"conntrack\": [{\"proto\": \"udp\", \"src\": \"10.9.0.2\", \"dst\": " \
	     "\"198.51.100.10\", \"reply_src\": \"198.51.100.10\","                    \
	     " \"reply_dst\": \"198.51.100.1\"}]")
#define DNAT                                                                                \
	NODE(", \"conntrack\": [{\"proto\": \"udp\", \"src\": \"198.51.100.10\", \"dst\": " \
	     "\"198.51.100.1\", \"reply_src\": \"10.9.0.2\","                               \
	     " \"reply_dst\": \"198.51.100.10\"}, {\"src\": \"no address\"}]")

static const struct row {
	const char *name, *node;
	unsigned ifindex;
	bool outgoing;
	const char *src, *dst;
	unsigned out;	    /* where every answer leads */
	const char *wanted; /* the questions: "TO from FROM [in N]", in their order */
} rows[] = {
	{"to the node", NODE(""), 2, false, "10.9.0.2", "10.9.0.1", 0,
	 "10.9.0.1 from 10.9.0.2 in 2; 10.9.0.2 from 10.9.0.1; "},
	{"through the node", NODE(""), 2, false, "10.9.0.2", "198.51.100.10", 3,
	 "198.51.100.10 from 10.9.0.2 in 2; 10.9.0.2 from 198.51.100.10 in 3; "},
	{"no way on, and no way back by it", NODE(""), 2, false, "10.9.0.2", "198.51.100.10", 0,
	 "198.51.100.10 from 10.9.0.2 in 2; "},
	{"from the node", NODE(""), 3, true, "198.51.100.1", "198.51.100.10", 3,
	 "198.51.100.10 from 198.51.100.1; 198.51.100.1 from 198.51.100.10 in 3; "},
	{"passed on", NODE(""), 2, true, "198.51.100.10", "10.9.0.2", 3,
	 "198.51.100.10 from 10.9.0.2 in 2; 10.9.0.2 from 198.51.100.10 in 3; "},
	{"behind a source NAT, the answer", SNAT, 3, false, "198.51.100.10", "198.51.100.1", 2,
	 "10.9.0.2 from 198.51.100.10 in 3; 198.51.100.1 from 198.51.100.10 in 3; 198.51.100.10 "
	 "from 10.9.0.2 in 2; "
	 "198.51.100.10 from 198.51.100.1; "},
	{"before a source NAT, as without one", SNAT, 2, false, "10.9.0.2", "198.51.100.10", 3,
	 "198.51.100.10 from 10.9.0.2 in 2; 10.9.0.2 from 198.51.100.10 in 3; "},
	{"to what stands behind a destination NAT", DNAT, 3, false, "198.51.100.10", "198.51.100.1",
	 2,
	 "10.9.0.2 from 198.51.100.10 in 3; 198.51.100.1 from 198.51.100.10 in 3; 198.51.100.10 "
	 "from 10.9.0.2 in 2; "
	 "198.51.100.10 from 198.51.100.1; "},
};

static char *questions_text(const questions *q)
{
	GString *text = g_string_new(NULL);
	char from[ADDR_TEXT_MAX], to[ADDR_TEXT_MAX];

	for (guint i = 0; i < questions_count(q); i++) {
		const struct question *one = questions_at(q, i);

		g_string_append_printf(text, "%s from %s", addr_print(&one->to, to),
				       addr_print(&one->from, from));
		if (one->in != 0)
			g_string_append_printf(text, " in %u", one->in);
		g_string_append(text, "; ");
	}
	return g_string_free(text, FALSE);
}

static char *asked(const struct seen_pair *pairs, guint n, const char *node, unsigned out)
{
	g_autoptr(questions) q = questions_new();
	json_t *json = json_loads(node, 0, NULL);
	g_autoptr(node_state) state = node_state_from_json("node", json);
	guint there;

	cr_assert_not_null(json, "%s", node);
	json_decref(json);
	questions_ask(q, pairs, n, state);
	there = questions_count(q);
	for (guint i = 0; i < there; i++)
		questions_ask_back(q, questions_at(q, i), out, state);
	return questions_text(q);
}

Test(lookup_questions, both_directions_of_what_was_seen)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct row *r = &rows[i];
		struct seen_pair pair = {.ifindex = r->ifindex, .outgoing = r->outgoing};
		g_autofree char *text = NULL;

		cr_assert(addr_parse(r->src, &pair.src) && addr_parse(r->dst, &pair.dst));
		text = asked(&pair, 1, r->node, r->out);
		cr_expect_str_eq(text, r->wanted, "%s: %s", r->name, text);
	}
}

/* Whichever packet came first. */
Test(lookup_questions, once_each_in_one_order)
{
	struct seen_pair pairs[3] = {{.ifindex = 2},
				     {.ifindex = 3, .outgoing = true},
				     {.ifindex = 3}},
			 turned[6];
	g_autofree char *first = NULL, *second = NULL;

	addr_parse("10.9.0.2", &pairs[0].src);
	addr_parse("198.51.100.10", &pairs[0].dst);
	addr_parse("10.9.0.2", &pairs[1].src);
	addr_parse("198.51.100.10", &pairs[1].dst);
	addr_parse("198.51.100.10", &pairs[2].src);
	addr_parse("198.51.100.1", &pairs[2].dst);
	for (guint i = 0; i < G_N_ELEMENTS(turned); i++)
		turned[i] = pairs[2 - i % 3];
	first = asked(pairs, 3, NODE(""), 3);
	second = asked(turned, 6, NODE(""), 3);
	cr_expect_str_eq(first, second, "%s", second);
}
