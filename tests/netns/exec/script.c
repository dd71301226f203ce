/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan as a shell script builds the network that exec builds: seen by packets and by reading
 * back. */
#include "tests/netns/exec/built_network.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static plan *plan_of(const char *file, const char *scenario)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load(file, d);
	g_autoptr(model) m =
		base ? model_instantiate(base, model_scenario(base, scenario), d) : NULL;
	g_autofree char *findings = diags_to_text(d);

	cr_assert(m != NULL, "%s: %s", file, findings);
	return plan_build(m);
}

static char *script_of(const plan *p)
{
	GString *text = g_string_new(NULL);

	plan_print(p, PLAN_SH, text);
	return g_string_free(text, FALSE);
}

static int run_script(const char *script, const char *verb)
{
	g_autofree char *text = g_strdup(script), *word = g_strdup(verb), *complaints = NULL;
	char sh[] = "sh", option[] = "-c", name[] = "script";
	char *argv[] = {sh, option, text, name, word, NULL};
	int status = -1;

	cr_assert(g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, &complaints,
			       &status, NULL),
		  "sh runs");
	cr_expect_eq(status, 0, "'%s': %s", verb, complaints);
	return status;
}

static int open_named(const char *node)
{
	g_autofree char *path = g_strdup_printf("/run/netns/tb-%s", node);
	int netns = open(path, O_RDONLY | O_CLOEXEC);

	cr_assert(netns >= 0, "%s: %s", path, g_strerror(errno));
	return netns;
}

static int udp_in_named(const char *node, const char *address, guint16 port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct timeval deadline = {.tv_sec = 2};
	int netns = open_named(node), fd = -1;

	cr_assert(setns(netns, CLONE_NEWNET) == 0, "enter %s", node);
	close(netns);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert(inet_pton(AF_INET, address, &a.sin_addr) == 1 &&
			  bind(fd, (const struct sockaddr *)&a, sizeof a) == 0 &&
			  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline) == 0,
		  "socket in %s", node);
	return fd;
}

static int send_to(int fd, const char *address, guint16 port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
	char byte = 'x';

	inet_pton(AF_INET, address, &a.sin_addr);
	return sendto(fd, &byte, 1, 0, (const struct sockaddr *)&a, sizeof a) == 1 ? 0 : errno;
}

Test(script, builds_and_removes_the_network)
{
	g_autoptr(plan) p = plan_of("tests/data/topologies/company.yaml", "missing-route");
	g_autofree char *script = script_of(p);
	g_autofree char *ip = g_find_program_in_path("ip");
	int branch, dns, edge;
	char byte = 0;

	if (!ip)
		cr_skip_test("needs ip: the program is not there");
	/* `ip netns` keeps names under /run, which must not be the machine's. */
	own_run();
	cr_assert_eq(run_script(script, "up"), 0, "up");
	branch = udp_in_named("branch1", "10.20.0.101", 0);
	dns = udp_in_named("dns-int", "10.0.1.53", 53);
	edge = udp_in_named("edge", "172.25.33.10", 0);
	cr_assert_eq(send_to(branch, "10.0.1.53", 53), 0, "sent from the branch");
	cr_expect_eq(recv(dns, &byte, 1, 0), 1, "through the VPN to the data center");
	cr_expect_eq(send_to(edge, "10.20.0.101", 5000), ENETUNREACH,
		     "the Edge has no route to the branch");
	close(branch);
	close(dns);
	close(edge);
	cr_assert_eq(run_script(script, "down"), 0, "down");
	cr_expect_neq(access("/run/netns/tb-branch1", F_OK), 0, "nothing is left");
}

/* --- the same network ------------------------------------------------------------------------- */

static void enter_netns(gpointer fd)
{
	if (setns(GPOINTER_TO_INT(fd), CLONE_NEWNET) != 0)
		_exit(126);
}

static char *output_in(int netns, const char *command)
{
	g_autofree char *line = g_strdup(command), *complaints = NULL;
	char sh[] = "sh", option[] = "-c", *argv[] = {sh, option, line, NULL}, *text = NULL;
	int status = -1;

	cr_assert(g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, enter_netns,
			       GINT_TO_POINTER(netns), &text, &complaints, &status, NULL),
		  "sh runs");
	cr_assert_eq(status, 0, "'%s': %s", command, complaints);
	return text;
}

/* What is of this one build and not of the plan: random link addresses and what follows from them,
 * numbers of namespaces, what changes in the first moments, timers (by the end of their names). */
static const char *const of_the_build[] = {"address",	"permaddr", "link_netnsid", "link_index",
					   "broadcast", "root_id",  "bridge_id",    "operstate"};

static bool is_link_local(const json_t *item)
{
	static const char *const members[] = {"local", "dst"};

	for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
		const char *text = json_string_value(json_object_get(item, members[i]));

		if (text && (g_str_has_prefix(text, "fe80:") || g_str_has_prefix(text, "ff00:")))
			return true;
	}
	return false;
}

static void strip(json_t *value)
{
	json_t *item;
	const char *key;
	void *next;

	for (size_t i = json_array_size(value); i > 0; i--) {
		item = json_array_get(value, i - 1);
		if (is_link_local(item) || (json_is_object(item) && json_object_size(item) == 0))
			json_array_remove(value, i - 1);
		else
			strip(item);
	}
	for (gsize i = 0; json_is_object(value) && i < G_N_ELEMENTS(of_the_build); i++)
		json_object_del(value, of_the_build[i]);
	json_object_foreach_safe(value, next, key, item) {
		strip(item);
		if (g_str_has_suffix(key, "_timer"))
			json_object_del(value, key);
	}
}

/* The lines of a ruleset, or one for each object of a list. */
static GPtrArray *lines_of(const char *text, bool is_json)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
	json_t *list = is_json ? json_loads(*text ? text : "[]", 0, NULL) : NULL, *item;
	g_auto(GStrv) of_text = g_strsplit(is_json ? "" : text, "\n", -1);
	size_t i;

	cr_assert(!is_json || json_is_array(list), "%s", text);
	strip(list);
	json_array_foreach(list, i, item)
		g_ptr_array_add(lines, json_dumps(item, JSON_SORT_KEYS | JSON_COMPACT));
	for (char **line = of_text; *line; line++)
		g_ptr_array_add(lines, g_strdup(*line));
	json_decref(list);
	return lines;
}

/* What only `a` has. */
static char *surplus(const GPtrArray *a, const GPtrArray *b)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < a->len; i++)
		if (!g_ptr_array_find_with_equal_func((GPtrArray *)(guintptr)b, a->pdata[i],
						      g_str_equal, NULL))
			g_string_append_printf(out, "\n%s", (const char *)a->pdata[i]);
	return g_string_free(out, FALSE);
}

static void compare_output(const char *what, const char *command, int by_script, int by_exec)
{
	g_autofree char *ours = output_in(by_script, command),
			*theirs = output_in(by_exec, command);
	bool is_json = strstr(command, " -j ") != NULL;
	g_autoptr(GPtrArray) a = lines_of(ours, is_json), b = lines_of(theirs, is_json);
	g_autofree char *more = surplus(a, b), *less = surplus(b, a);

	cr_expect(a->len == b->len && !*more && !*less, "%s: %s\nscript only:%s\nexec only:%s",
		  what, command, more, less);
}

/* Prints every setting that the plan makes on the node, one a line. */
static char *settings_command(const plan *p, const char *node)
{
	GString *command = g_string_new("cd /proc/sys; grep -sH .");

	for (guint i = 0; i < p->ops->len; i++) {
		const struct op *op = p->ops->pdata[i];
		g_autofree char *path = NULL;

		if (op->kind != OP_SYSCTL || !g_str_equal(op->node, node))
			continue;
		path = g_strdelimit(g_strdup(op->sysctl.key), ".", '/');
		g_string_append_printf(command, " '%s'", path);
	}
	g_string_append(command, " || true");
	return g_string_free(command, FALSE);
}

static void compare_node(const char *file, const plan *p, const char *node, int by_exec)
{
	static const char *const commands[] = {
		"ip -j -d link show",
		"ip -j address show",
		"ip -4 -j route show table all",
		"ip -6 -j route show table all",
		"ip -j rule show",
		"ip -6 -j rule show",
		"nft -s list ruleset",
	};
	g_autofree char *what = g_strdup_printf("%s, node %s", file, node),
			*settings = settings_command(p, node);
	int by_script = open_named(node);

	for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
		compare_output(what, commands[i], by_script, by_exec);
	compare_output(what, settings, by_script, by_exec);
	close(by_script);
}

static gboolean any_key(const char *name, uint8_t private_key[32], uint8_t public_key[32],
			gpointer user_data G_GNUC_UNUSED)
{
	memset(private_key, (int)g_str_hash(name), 32);
	memset(public_key, (int)g_str_hash(name) + 1, 32);
	return TRUE;
}

/* As the script makes tunnels: by the kernel's WireGuard, or else VXLAN. */
static exec *build_as_script(const plan *p)
{
	g_autoptr(GError) error = NULL;
	struct exec_features f;
	exec *x;

	need_features(&f);
	f.wireguard_go = false;
	x = exec_new_linux(&f, any_key, NULL, &error);
	cr_assert(x && exec_run(x, p, &error), "%s", error ? error->message : "");
	return x;
}

static void compare(const char *file, const char *scenario)
{
	g_autoptr(plan) p = plan_of(file, scenario);
	g_autofree char *script = script_of(p);
	g_autoptr(exec) x = build_as_script(p);

	cr_assert_eq(run_script(script, "up"), 0, "%s", file);
	for (guint i = 0; i < p->ops->len; i++) {
		const struct op *op = p->ops->pdata[i];

		if (op->kind == OP_NETNS)
			compare_node(file, p, op->node, exec_netns_fd(x, op->node));
	}
	run_script(script, "down");
}

#define TUNNELS "tests/data/topologies/tunnels.yaml"

Test(script, tunnels_as_exec_makes_them)
{
	struct exec_features f;

	need_features(&f);
	own_run();
	compare(TUNNELS, f.gre && f.ipip ? "all" : "udp");
}

/* NAT of both kinds, both host models, bridges, a fabric, IPv6; metrics, tables and rules. */
Test(script, networks_as_exec_makes_them)
{
	own_run();
	compare("tests/data/topologies/company.yaml", "branch-edge");
	compare("topologies/dual-stack.yaml", "dual-stack");
	compare("topologies/dmz-nat.yaml", "hairpin");
	compare("tests/data/topologies/uplinks.yaml", "policy");
	compare("tests/data/topologies/edge-one-subnet.yaml", "no-bound-route-weak");
	compare("tests/data/topologies/lines.yaml", "as-it-is");
}
