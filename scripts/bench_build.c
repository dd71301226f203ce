/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: bench-build [-n RUNS] [-p] [-x] TOPOLOGY [SCENARIO]
 *
 * Builds a scenario's network (namespaces, links, routes, NAT, firewall; tunnels as VXLAN) in two
 * ways, in turns, and prints the medians and their ratio: by exec, and by the programs people would
 * use, one `ip -batch` and one `nft -f` a node.  After each build a packet goes from every endpoint
 * to its name server; the time until all have come is printed too.  -p: no packets (the kernel's
 * neighbour table bounds a big lab).  -x: exec only, with its time and memory a node.  Needs
 * CAP_SYS_ADMIN in its user namespace: `unshare -Urnm bench-build ...`.  Everything is gone with
 * the process that made it.
 */
#include "scripts/bench_settle.h"
#include "testbed/exec/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define DNS_PORT 53
#define PACKET_DEADLINE_S 3

static bool own_only;	/* -x */
static bool no_packets; /* -p */

struct times {
	double build_ms, packet_ms, processor_ms;
	guint memory_kib; /* of this process: all pages in use, also those of libraries */
	bool ok;
};

static double now_ms(void)
{
	return (double)g_get_monotonic_time() / 1000.0;
}

/* --- the way of the programs ------------------------------------------------------------------ */

struct program_lab {
	GHashTable *netns;   /* node -> descriptor */
	GHashTable *batches; /* node -> GString: lines for ip */
	GHashTable *rules;   /* node -> text for nft */
	GPtrArray *order;    /* node names */
	GString *links;	     /* lines for ip: all veth pairs */
};

static int lab_netns(const struct program_lab *lab, const char *node)
{
	return GPOINTER_TO_INT(g_hash_table_lookup(lab->netns, node));
}

static bool make_netns(struct program_lab *lab, const char *node)
{
	int fd = unshare(CLONE_NEWNET) == 0 ? open("/proc/self/ns/net", O_RDONLY) :
					      -1; /* ip inherits it */

	g_hash_table_insert(lab->netns, g_strdup(node), GINT_TO_POINTER(fd));
	g_hash_table_insert(lab->batches, g_strdup(node), g_string_new(NULL));
	g_ptr_array_add(lab->order, g_strdup(node));
	return fd > 0;
}

static bool write_setting(const struct program_lab *lab, const struct op *op)
{
	g_autofree char *path =
		g_strdelimit(g_strconcat("/proc/sys/", op->sysctl.key, NULL), ".", '/');
	int fd = setns(lab_netns(lab, op->node), CLONE_NEWNET) == 0 ?
			 open(path, O_WRONLY | O_CLOEXEC) :
			 -1;
	/* What is not there (bridge hooks, IPv6) need not be turned off. */
	bool ok = fd >= 0 ? write(fd, op->sysctl.value, strlen(op->sysctl.value)) > 0 :
			    errno == ENOENT;

	if (fd >= 0)
		close(fd);
	return ok;
}

static void add_veth_lines(const struct program_lab *lab, const struct op *op)
{
	g_string_append_printf(lab->links,
			       "link add name %s index %u netns /proc/%d/fd/%d type veth peer name "
			       "%s index %u netns "
			       "/proc/%d/fd/%d\n",
			       op->veth[0].ifname, op->veth[0].ifindex, (int)getpid(),
			       lab_netns(lab, op->veth[0].node), op->veth[1].ifname,
			       op->veth[1].ifindex, (int)getpid(),
			       lab_netns(lab, op->veth[1].node));
}

/* Ports and links go up in their own node's batch, when all links are there. */
static void add_veth_up_lines(const struct program_lab *lab, const struct op *op)
{
	for (int i = 0; i < 2; i++) {
		GString *batch = g_hash_table_lookup(lab->batches, op->veth[i].node);

		if (op->veth[i].bridge)
			g_string_append_printf(batch, "link set %s master %s\n", op->veth[i].ifname,
					       op->veth[i].bridge);
		if (op->veth[i].up)
			g_string_append_printf(batch, "link set %s up\n", op->veth[i].ifname);
	}
}

static void add_tunnel_line(GString *batch, const struct op_tunnel *t)
{
	char local[ADDR_TEXT_MAX], remote[ADDR_TEXT_MAX];

	g_string_append_printf(batch,
			       "link add name %s index %u mtu 1420 type vxlan id %u local %s "
			       "remote %s dstport %u\n",
			       t->ifname, t->ifindex, t->vni, addr_print(&t->local, local),
			       addr_print(&t->remote, remote), t->port);
}

static void add_route_line(GString *batch, const struct op_route *r)
{
	char to[PREFIX_TEXT_MAX], via[ADDR_TEXT_MAX], src[ADDR_TEXT_MAX];

	g_string_append_printf(batch, "route add %s", prefix_print(&r->to, to));
	if (addr_is_set(&r->via))
		g_string_append_printf(batch, " via %s", addr_print(&r->via, via));
	g_string_append_printf(batch, " dev %s table %u", r->dev, r->table);
	if (addr_is_set(&r->src))
		g_string_append_printf(batch, " src %s", addr_print(&r->src, src));
	g_string_append_c(batch, '\n');
}

static void add_rule_line(GString *batch, const struct op_rule *r)
{
	char from[PREFIX_TEXT_MAX];

	g_string_append_printf(batch, "rule add pref %u from %s ", r->pref,
			       prefix_print(&r->from, from));
	if (r->unreachable)
		g_string_append(batch, "unreachable\n");
	else
		g_string_append_printf(batch, "lookup %u\n", r->table);
}

static void add_line(const struct program_lab *lab, const struct op *op)
{
	GString *batch = g_hash_table_lookup(lab->batches, op->node);
	char text[PREFIX_TEXT_MAX];

	if (op->kind == OP_BRIDGE)
		g_string_append_printf(
			batch,
			"link add name %s index %u type bridge mcast_snooping 0\nlink set %s up\n",
			op->bridge.ifname, op->bridge.ifindex, op->bridge.ifname);
	else if (op->kind == OP_VETH)
		add_veth_up_lines(lab, op);
	else if (op->kind == OP_TUNNEL)
		add_tunnel_line(batch, &op->tunnel);
	else if (op->kind == OP_ADDR)
		g_string_append_printf(batch, "address add %s dev %s\n",
				       prefix_print(&op->addr.address, text), op->addr.ifname);
	else if (op->kind == OP_LINK_UP)
		g_string_append_printf(batch, "link set %s up\n", op->link_up.ifname);
	else if (op->kind == OP_ROUTE)
		add_route_line(batch, &op->route);
	else if (op->kind == OP_RULE)
		add_rule_line(batch, &op->rule);
}

/* Runs PROGRAM in a namespace with `text` as its input. */
static bool run_program(int netns, const char *text, char *const argv[])
{
	FILE *input = tmpfile();
	int status = 0;
	pid_t pid;

	if (!input || fputs(text, input) < 0 || fflush(input) != 0 ||
	    lseek(fileno(input), 0, SEEK_SET) != 0)
		return false;
	pid = fork();
	if (pid == 0) {
		/* nft knows descriptors below 1024 only */
		if (setns(netns, CLONE_NEWNET) == 0 && dup2(fileno(input), 0) == 0 &&
		    close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) == 0)
			execvp(argv[0], argv);
		_exit(127);
	}
	fclose(input);
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

static bool run_batch(const struct program_lab *lab, const char *node, GString *batch)
{
	char ip[] = "ip", option[] = "-batch", input[] = "-";
	char *const argv[] = {ip, option, input, NULL};
	bool ok = batch->len == 0 || run_program(lab_netns(lab, node), batch->str, argv);

	g_string_truncate(batch, 0);
	return ok;
}

static bool run_batches(const struct program_lab *lab)
{
	for (guint i = 0; i < lab->order->len; i++)
		if (!run_batch(lab, lab->order->pdata[i],
			       g_hash_table_lookup(lab->batches, lab->order->pdata[i])))
			return false;
	return true;
}

static bool run_rules(const struct program_lab *lab)
{
	char nft[] = "nft", option[] = "-f", input[] = "-";
	char *const argv[] = {nft, option, input, NULL};

	for (guint i = 0; i < lab->order->len; i++) {
		const char *text = g_hash_table_lookup(lab->rules, lab->order->pdata[i]);

		if (text && !run_program(lab_netns(lab, lab->order->pdata[i]), text, argv))
			return false;
	}
	return true;
}

/* All veth pairs in one batch, then everything else in one batch and one ruleset a node. */
static bool build_by_programs(struct program_lab *lab, const plan *p)
{
	bool ok = true;

	for (guint i = 0; ok && i < p->ops->len; i++) {
		const struct op *op = p->ops->pdata[i];

		if (op->kind == OP_NETNS)
			ok = make_netns(lab, op->node);
		else if (op->kind == OP_SYSCTL)
			ok = write_setting(lab, op);
		else if (op->kind == OP_VETH)
			add_veth_lines(lab, op);
	}
	ok = ok && run_batch(lab, lab->order->pdata[0], lab->links);
	for (guint i = 0; ok && i < p->ops->len; i++) {
		struct op *op = p->ops->pdata[i];

		if (op->kind == OP_NFT)
			g_hash_table_insert(lab->rules, op->node, op->nft.text);
		else if (op->kind < OP_NFT && op->kind != OP_NETNS)
			add_line(lab, op);
	}
	return ok && run_batches(lab) && run_rules(lab);
}

static int programs_netns(gpointer lab, const char *node)
{
	return lab_netns(lab, node);
}

static int exec_netns(gpointer x, const char *node)
{
	return exec_netns_fd(x, node);
}

/* --- packets ---------------------------------------------------------------------------------- */

typedef int (*netns_func)(gpointer lab, const char *node);

static int socket_in(int netns, const struct addr *local, guint16 port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = g_htons(port)};
	struct timeval deadline = {.tv_sec = PACKET_DEADLINE_S};
	int fd = setns(netns, CLONE_NEWNET) == 0 ? socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) :
						   -1;

	memcpy(&address.sin_addr, local->bytes, 4);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline) != 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof address) != 0)
		return -1;
	return fd;
}

static const struct node *owner(const model *m, const struct addr *a)
{
	for (guint i = 0; i < m->nodes->len; i++) {
		struct addr own = node_address(m->nodes->pdata[i]);

		if (addr_equal(&own, a))
			return m->nodes->pdata[i];
	}
	return NULL;
}

static bool send_packet(const struct node *n, const struct node *server, const struct addr *to,
			netns_func netns, gpointer lab)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = g_htons(DNS_PORT)};
	struct addr from = node_address(n);
	int in = socket_in(netns(lab, server->name), to, DNS_PORT),
	    out = socket_in(netns(lab, n->name), &from, 0);
	char byte = 0;
	bool ok;

	memcpy(&address.sin_addr, to->bytes, 4);
	ok = in >= 0 && out >= 0 &&
	     sendto(out, &byte, 1, 0, (const struct sockaddr *)&address, sizeof address) == 1 &&
	     recv(in, &byte, 1, 0) == 1;
	close(in);
	close(out);
	return ok;
}

static bool send_packets(const model *m, netns_func netns, gpointer lab)
{
	for (guint i = 0; i < m->nodes->len; i++) {
		const struct node *n = m->nodes->pdata[i];
		const struct addr *to = n->endpoint && n->resolvers->len > 0 ?
						&g_array_index(n->resolvers, struct addr, 0) :
						NULL;
		const struct node *server = to ? owner(m, to) : NULL;

		if (server && !send_packet(n, server, to, netns, lab)) {
			fprintf(stderr, "no packet from %s to %s\n", n->name, server->name);
			return false;
		}
	}
	return true;
}

/* --- one run, in a process of its own --------------------------------------------------------- */

static struct times run_by_programs(const model *m, const plan *p)
{
	struct program_lab lab = {g_hash_table_new(g_str_hash, g_str_equal),
				  g_hash_table_new(g_str_hash, g_str_equal),
				  g_hash_table_new(g_str_hash, g_str_equal), g_ptr_array_new(),
				  g_string_new(NULL)};
	double start = now_ms();
	struct times t = {.ok = build_by_programs(&lab, p)};

	t.build_ms = now_ms() - start;
	t.ok = t.ok && (no_packets || send_packets(m, programs_netns, &lab));
	t.packet_ms = now_ms() - start - t.build_ms;
	return t;
}

static double processor_ms(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000.0 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000.0;
}

static guint resident_kib(void)
{
	g_autofree char *text = NULL;
	const char *line = g_file_get_contents("/proc/self/status", &text, NULL, NULL) ?
				   strstr(text, "VmRSS:") :
				   NULL;

	return line ? (guint)g_ascii_strtoull(line + strlen("VmRSS:") +
						      strspn(line + strlen("VmRSS:"), " \t"),
					      NULL, 10) :
		      0;
}

static struct times run_by_exec(const model *m, const plan *p)
{
	struct exec_features features = {
		.veth = true, .bridge = true, .nftables = true, .nft_nat = true, .vxlan = true};
	g_autoptr(GError) error = NULL;
	double start = now_ms();
	g_autoptr(exec) x = exec_new_linux(&features, NULL, NULL, &error);
	struct times t = {.ok = x && exec_run(x, p, &error)};

	t.build_ms = now_ms() - start;
	t.processor_ms = processor_ms();
	t.memory_kib = resident_kib();
	if (error)
		fprintf(stderr, "%s\n", error->message);
	t.ok = t.ok && (no_packets || send_packets(m, exec_netns, x));
	t.packet_ms = now_ms() - start - t.build_ms;
	return t;
}

static struct times in_child(struct times (*run)(const model *, const plan *), const model *m,
			     const plan *p)
{
	struct times t = {.ok = false};
	int ends[2];
	pid_t pid;

	if (!bench_settle())
		fprintf(stderr, "what was built before may still be taken down beside this\n");
	if (pipe(ends) != 0)
		return t;
	pid = fork();
	if (pid == 0) {
		t = run(m, p);
		_exit(write(ends[1], &t, sizeof t) == sizeof t ? 0 : 1);
	}
	close(ends[1]);
	if (read(ends[0], &t, sizeof t) != sizeof t)
		t.ok = false;
	close(ends[0]);
	waitpid(pid, NULL, 0);
	return t;
}

/* --- figures ---------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *values, guint n)
{
	qsort(values, n, sizeof *values, compare);
	return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2.0;
}

static int measure(const model *m, const plan *p, guint runs)
{
	g_autofree double *ours = g_new0(double, runs), *theirs = g_new0(double, runs);
	g_autofree double *our_packets = g_new0(double, runs),
			  *their_packets = g_new0(double, runs);

	for (guint i = 0; i < runs; i++) {
		struct times a = in_child(run_by_exec, m, p), b = in_child(run_by_programs, m, p);

		if (!a.ok || !b.ok) {
			fprintf(stderr, "run %u failed: exec %s, programs %s\n", i,
				a.ok ? "ok" : "failed", b.ok ? "ok" : "failed");
			return 1;
		}
		ours[i] = a.build_ms;
		our_packets[i] = a.packet_ms;
		theirs[i] = b.build_ms;
		their_packets[i] = b.packet_ms;
	}
	printf("build: exec %.1f ms, ip -batch and nft -f %.1f ms (medians of %u), ratio %.2f\n",
	       median(ours, runs), median(theirs, runs), runs,
	       median(ours, runs) / median(theirs, runs));
	printf("packets from every endpoint to its name server: exec %.1f ms, ip -batch and nft -f "
	       "%.1f ms "
	       "after the build\n",
	       median(our_packets, runs), median(their_packets, runs));
	return 0;
}

/* By exec only, for the growth with the number of nodes. */
static int measure_own(const model *m, const plan *p, guint runs)
{
	g_autofree double *build = g_new0(double, runs), *processor = g_new0(double, runs),
			  *memory = g_new0(double, runs);
	double nodes = m->nodes->len;

	for (guint i = 0; i < runs; i++) {
		struct times t = in_child(run_by_exec, m, p);

		if (!t.ok)
			return 1;
		build[i] = t.build_ms;
		processor[i] = t.processor_ms;
		memory[i] = t.memory_kib;
	}
	printf("%.0f nodes: %.1f ms; a node: %.2f ms, of them %.2f ms of processor time, %.0f KiB "
	       "(medians of %u)\n",
	       nodes, median(build, runs), median(build, runs) / nodes,
	       median(processor, runs) / nodes, median(memory, runs) / nodes, runs);
	return 0;
}

/* Each namespace has descriptors. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int main(int argc, char **argv)
{

	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = NULL, m = NULL;
	g_autoptr(plan) p = NULL;
	const struct scenario *sc;
	guint runs = 15;
	int option;

	while ((option = getopt(argc, argv, "n:px")) == 'n' || option == 'p' || option == 'x') {
		if (option == 'n')
			runs = (guint)g_ascii_strtoull(optarg, NULL, 10);
		own_only = own_only || option == 'x';
		no_packets = no_packets || option != 'n';
	}
	if (option != -1 || argc - optind < 1 || argc - optind > 2 || runs == 0) {
		fprintf(stderr, "usage: bench-build [-n RUNS] [-p] [-x] TOPOLOGY [SCENARIO]\n");
		return 2;
	}
	base = model_load(argv[optind], d);
	sc = base && base->scenarios->len > 0 ?
		     (argc - optind == 2 ? model_scenario(base, argv[optind + 1]) :
					   base->scenarios->pdata[0]) :
		     NULL;
	m = sc ? model_instantiate(base, sc, d) : NULL;
	if (!m) {
		g_autofree char *text = diags_to_text(d);

		fprintf(stderr, "%sno such topology or scenario\n", text);
		return 3;
	}
	p = plan_build(m);
	raise_descriptor_limit();
	return own_only ? measure_own(m, p, runs) : measure(m, p, runs);
}
