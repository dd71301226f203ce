/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network of a lab as its page knows it: changes, scenarios, programs; and the connection to a
 * keeper. */
#include "testbed/serve/control.h"
#include "testbed/serve/lab_network.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOCK "block: {node: gate, name: no-pings, chain: input, proto: icmp}"
#define OTHER "block: {node: gate, name: no-tcp, chain: input, proto: tcp}"
#define PROGRAM                                                                                   \
	"add-node: {three: {interfaces: {eth0: {network: lan, address: 10.0.0.9/24}}, endpoint: " \
	"{client: {command: [/bin/sh]}}}}"

static const char file[] = "topology: t\ndomain: example.com\n"
			   "networks: {lan: {subnet: 10.0.0.0/24}}\n"
			   "nodes:\n"
			   "  one: {interfaces: {eth0: {network: lan, address: 10.0.0.1/24}}, "
			   "endpoint: {client: {command: [./mine]}}}\n"
			   "  two: {interfaces: {eth0: {network: lan, address: 10.0.0.2/24}}, "
			   "endpoint: {}}\n"
			   "  gate: {interfaces: {eth0: {network: lan, address: 10.0.0.3/24}}}\n"
			   "scenarios:\n"
			   "  plain: {title: Nothing}\n"
			   "  closed:\n    changes:\n      - " BLOCK "\n"
			   "  shut:\n    changes:\n      - " BLOCK "\n      - " OTHER "\n";

/* The network of a lab that was brought up in that scenario. */
static lab_network *network_new(const char *scenario, const char *hidden)
{
	g_autoptr(diags) found = diags_new();
	struct lab_network_origin from = {
		.base = model_load_text("t.yaml", file, strlen(file), found), .hidden = hidden};

	cr_assert_not_null(from.base);
	from.scenario = model_scenario(from.base, scenario);
	return lab_network_new(&from);
}

/* Its state with these changes (a JSON array), of which so many are declared. */
static struct lab_network_state *state_of(const lab_network *n, const char *changes, int declared)
{
	g_autoptr(GError) error = NULL;
	json_auto_t *status =
		json_pack("{s:o, s:i, s:s, s:i}", "changes", json_loads(changes, 0, NULL),
			  "declared", declared, "vpn", "wireguard", "started_s", 1);
	struct lab_network_state *s = lab_network_by_status(n, status, NULL, &error);

	cr_assert_not_null(s, "%s", error ? error->message : "");
	return s;
}

static guint rules_at_gate(const struct lab_network_state *s)
{
	return model_node(s->model, "gate")->firewall.rules->len;
}

Test(lab_network, follows_the_changes_of_the_status)
{
	lab_network *n = network_new("plain", NULL);
	struct lab_network_state *before = state_of(n, "[]", 0),
				 *after = state_of(n, "[\"" BLOCK "\"]", 0);

	cr_expect_eq(rules_at_gate(before), 0, "a call that goes on keeps its network");
	cr_expect_eq(rules_at_gate(after), 1);
	cr_expect_str_eq(lab_network_scenario_of(n, before), "plain");
	cr_expect_str_eq(lab_network_scenario_of(n, after), "closed");
	lab_network_state_unref(before);
	lab_network_state_unref(after);
	before = state_of(n, "[\"" OTHER "\"]", 0);
	cr_expect_null(lab_network_scenario_of(n, before), "of no scenario");
	lab_network_state_unref(before);
	before = state_of(n, "[\"" OTHER "\"]", 1);
	cr_expect_str_eq(lab_network_scenario_of(n, before), "plain", "declared ones do not count");
	lab_network_state_unref(before);
	lab_network_free(n);
}

Test(lab_network, is_made_anew_only_when_something_has_changed)
{
	lab_network *n = network_new("plain", NULL);
	struct lab_network_state *now = state_of(n, "[\"" BLOCK "\"]", 0), *next;
	static const struct {
		const char *status;
		bool same;
	} rows[] = {{"{\"changes\": [\"" BLOCK "\"], \"declared\": 0, \"uptime_s\": 9}", true},
		    {"{\"changes\": [\"" BLOCK "\"], \"declared\": 1}", false},
		    {"{\"changes\": [\"" OTHER "\"], \"declared\": 0}", false},
		    {"{\"changes\": [], \"declared\": 0}", false}};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		json_auto_t *status = json_loads(rows[i].status, 0, NULL);

		next = lab_network_by_status(n, status, now, NULL);
		cr_assert_not_null(next);
		cr_expect_eq(next == now, rows[i].same, "row %u", i);
		lab_network_state_unref(next);
	}
	lab_network_state_unref(now);
	lab_network_free(n);
}

/* What is told to nobody is in the model that calls are explained by, and not in the page. */
Test(lab_network, the_page_does_not_have_what_is_hidden)
{
	lab_network *n = network_new("plain", BLOCK);
	struct lab_network_state *s = state_of(n, "[]", 0);
	g_autofree char *index = json_dumps(s->index, 0);

	cr_expect_eq(rules_at_gate(s), 1);
	cr_expect_eq(s->changes->len, 0);
	cr_expect_null(strstr(index, "\"changed\""), "%s", index);
	lab_network_state_unref(s);
	lab_network_free(n);
}

static void expect_way(const char *own, const char *to, const char *wanted)
{
	lab_network *n = network_new(own, NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) way = lab_network_way_to(n, to, &error);
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; way && i < way->len; i++)
		g_string_append_printf(text, "%s\n", (const char *)way->pdata[i]);
	cr_expect_str_eq(way ? text->str : "refused", wanted, "%s to %s: %s", own, to, text->str);
	cr_expect_eq(way == NULL, error != NULL);
	lab_network_free(n);
}

Test(lab_network, scenarios_are_reached_by_their_changes)
{
	expect_way("plain", "plain", "");
	expect_way("plain", "shut", BLOCK "\n" OTHER "\n");
	expect_way("closed", "shut", OTHER "\n");
	expect_way("shut", "plain", "refused");
	expect_way("plain", "nowhere", "refused");
	expect_way("plain", NULL, "refused");
}

static bool adds_programs(const char *changes, const char *added, bool instead)
{
	lab_network *n = network_new("plain", NULL);
	struct lab_network_state *s = state_of(n, changes, 0);
	g_autoptr(GPtrArray) texts = g_ptr_array_new();
	bool does;

	g_ptr_array_add(texts, (char *)(guintptr)added);
	does = lab_network_adds_programs(n, s, texts, instead);
	lab_network_state_unref(s);
	lab_network_free(n);
	return does;
}

Test(lab_network, programs_are_found_whatever_names_them)
{
	cr_expect(!adds_programs("[]", BLOCK, false));
	cr_expect(adds_programs("[]", PROGRAM, false));
	cr_expect(adds_programs("[]", "- " BLOCK "\n- " PROGRAM "\n", false));
	cr_expect(adds_programs("[\"" BLOCK "\"]", PROGRAM, true));
	cr_expect(!adds_programs("[]", "nonsense", false), "the keeper says what is wrong");
}

/* --- the connection --------------------------------------------------------------------------- */

struct heard {
	GString *all;
};

static void on_changed(gpointer user_data)
{
	g_string_append(((struct heard *)user_data)->all, "changed\n");
}

static void on_gone(gpointer user_data)
{
	g_string_append(((struct heard *)user_data)->all, "gone\n");
}

static void on_line(const json_t *line, gpointer user_data)
{
	g_string_append_printf(((struct heard *)user_data)->all, "line %s\n",
			       member_text(line, "agent"));
}

static void on_done(const json_t *done, const char *error, int fd, gpointer user_data)
{
	g_string_append_printf(((struct heard *)user_data)->all, "%s%s\n",
			       done ? "done " : "error ", done ? member_text(done, "what") : error);
	cr_expect_eq(fd, -1);
}

static void iterate(void)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
}

static void expect_read(int fd, const char *wanted)
{
	char text[256];
	ssize_t n = read(fd, text, sizeof text);

	cr_expect_eq((size_t)MAX(n, 0), strlen(wanted), "%.*s", (int)MAX(n, 0), text);
	cr_expect(n > 0 && strncmp(text, wanted, (size_t)n) == 0, "%.*s", (int)n, text);
}

static void say(int fd, const char *line)
{
	cr_assert_eq(write(fd, line, strlen(line)), (ssize_t)strlen(line));
}

Test(control, one_request_after_the_other_until_the_lab_is_gone)
{
	static const struct control_handlers handlers = {.changed = on_changed, .gone = on_gone};
	struct heard h = {.all = g_string_new(NULL)};
	control *c;
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	c = control_new(fds[0], &handlers, &h);
	control_ask(c, json_pack("{s:s}", "do", "call"), on_line, on_done, &h);
	control_ask(c, json_pack("{s:s}", "do", "set"), NULL, on_done, &h);
	control_ask(c, json_pack("{s:s}", "do", "down"), NULL, on_done, &h);
	iterate();
	expect_read(fds[1], "{\"do\":\"call\"}\n");
	say(fds[1],
	    "{\"changed\": true}\n{\"agent\": \"one\"}\n{\"done\": {\"what\": \"called\"}}\n");
	iterate();
	expect_read(fds[1], "{\"do\":\"set\"}\n");
	say(fds[1], "{\"error\": {\"code\": 2, \"message\": \"no\"}}\n");
	iterate();
	close(fds[1]);
	iterate();
	control_ask(c, json_pack("{s:s}", "do", "late"), NULL, on_done, &h);
	cr_expect_str_eq(h.all->str,
			 "changed\nline one\ndone called\nerror no\nerror the lab is gone\n"
			 "gone\nerror the lab is gone\n",
			 "%s", h.all->str);
	control_free(c);
	g_string_free(h.all, TRUE);
}
