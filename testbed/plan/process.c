/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processes of a node: our own programs, the client that the topology names, coturn
 * and nginx. */
#include "testbed/plan/build.h"

/* Appends a process; takes `name` and `argv` over. */
static struct op *add_process(struct builder *b, const struct node *n, enum op_kind kind,
			      char *name, const char *role, char **argv)
{
	struct op *op = builder_add(b, kind, n->name, n->loc);

	op->process.name = name;
	op->process.role = g_strdup(role);
	op->process.argv = argv;
	return op;
}

/* A command line without arguments, for op_process.argv. */
static char **argv_of_program(const char *program)
{
	char **argv = g_new0(char *, 2);

	argv[0] = g_strdup(program);
	return argv;
}

/* Appends the coturn process `which` (coturn.c's transports), with its configuration file. */
static void add_coturn(struct builder *b, const struct node *n, const char *which)
{
	char **argv = g_new0(char *, 4);

	argv[0] = g_strdup("turnserver");
	argv[1] = g_strdup("-c");
	argv[2] = g_strdup_printf("/run/testbed/%s/%s.conf", n->name, which);
	add_process(b, n, OP_DAEMON, g_strdup_printf("%s/%s", n->name, which), "coturn", argv);
}

/* Appends the node's nginx.  Until it has read its configuration it would log to a file of the
 * machine; "-e" sends that to its log, too. */
static void add_nginx(struct builder *b, const struct node *n)
{
	const char *const words[] = {"nginx", "-e", "stderr", "-c"};
	char **argv = g_new0(char *, G_N_ELEMENTS(words) + 2);

	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		argv[i] = g_strdup(words[i]);
	argv[G_N_ELEMENTS(words)] = g_strdup_printf("/run/testbed/%s/nginx.conf", n->name);
	add_process(b, n, OP_DAEMON, g_strdup_printf("%s/nginx", n->name), "nginx", argv);
}

void build_service_process(struct builder *b, const struct node *n, enum service_kind kind)
{
	static const char *const programs[SERVICE_KIND_COUNT] = {
		[SERVICE_FRONTEND] = "tb-frontend",
		[SERVICE_EDGE] = "tb-edge",
	};
	const struct service *s = node_service(n, kind);

	if (s && kind == SERVICE_REVERSE_PROXY)
		add_nginx(b, n);
	if (!s || !programs[kind])
		return;
	if (kind == SERVICE_EDGE && coturn_edge(n)) {
		add_coturn(b, n, "coturn-udp");
		add_coturn(b, n, "coturn-tcp");
	}
	add_process(b, n, OP_AGENT, g_strdup_printf("%s/%s", n->name, programs[kind]),
		    programs[kind], argv_of_program(programs[kind]));
}

/* A copy of the command (char *) as a NULL-terminated list, for op_process.argv. */
static char **command_argv(const GPtrArray *command)
{
	char **argv = g_new0(char *, command->len + 1);

	for (guint i = 0; i < command->len; i++)
		argv[i] = g_strdup(command->pdata[i]);
	return argv;
}

void build_client_process(struct builder *b, const struct node *n)
{
	const struct endpoint *e = n->endpoint;

	if (!e)
		return;
	if (e->command && e->command->len > 0)
		add_process(b, n, OP_AGENT, g_strdup(n->name), "command", command_argv(e->command));
	else
		add_process(b, n, OP_AGENT, g_strdup(n->name), "tb-client",
			    argv_of_program("tb-client"));
}
