/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/host_limits.h"

#include <glib.h>
#include <stdio.h>
#include <sys/resource.h>

/* Four labs of some twenty nodes each, and as much again for changes and trials of fixes. */
#define NODES_MIN 160

/* What a node takes of each (measured with the reference topology, and rounded up). */
#define FILES_PER_NODE 5
#define PROCESSES_PER_NODE 2

static guint64 hard_limit(__rlimit_resource_t resource)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) != 0 || limit.rlim_max == RLIM_INFINITY)
		return G_MAXUINT64;
	return limit.rlim_max;
}

/* The number in a file; G_MAXUINT64: there is no such file, or it says "max". */
static guint64 number_in(const char *path)
{
	g_autofree char *text = NULL;
	guint64 n;

	if (!g_file_get_contents(path, &text, NULL, NULL) ||
	    sscanf(text, "%" G_GUINT64_FORMAT, &n) != 1)
		return G_MAXUINT64;
	return n;
}

/* pids.max of the cgroup of this process, by its line of /proc/self/cgroup. */
static guint64 processes_of_cgroup(const char *line)
{
	g_auto(GStrv) parts = g_strsplit(line, ":", 3); /* number, controllers, path */
	g_autofree char *file = NULL;

	if (g_strv_length(parts) < 3)
		return G_MAXUINT64;
	file = g_build_filename(*parts[1] ? "/sys/fs/cgroup/pids" : "/sys/fs/cgroup", parts[2],
				"pids.max", NULL);
	return *parts[1] && !g_str_equal(parts[1], "pids") ? G_MAXUINT64 : number_in(file);
}

static guint64 open_files(void)
{
	return hard_limit(RLIMIT_NOFILE);
}

static guint64 network_namespaces(void)
{
	return number_in("/proc/sys/user/max_net_namespaces");
}

static guint64 processes(void)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	guint64 n = MIN(hard_limit(RLIMIT_NPROC), number_in("/proc/sys/kernel/pid_max"));

	if (!g_file_get_contents("/proc/self/cgroup", &text, NULL, NULL))
		return n;
	lines = g_strsplit(text, "\n", 0);
	for (guint i = 0; lines[i]; i++)
		n = MIN(n, processes_of_cgroup(lines[i]));
	return n;
}

static const struct host_limit {
	const char *what;
	guint64 (*read)(void);
	guint per_node;
	const char *cure;
} limits[] = {
	{"open files", open_files, FILES_PER_NODE,
	 "raise the hard limit of open files: 'ulimit -Hn 65536' as root, LimitNOFILE= of a "
	 "service, "
	 "--ulimit nofile=65536 of a container"},
	{"network namespaces", network_namespaces, 1, "sysctl -w user.max_net_namespaces=65536"},
	{"processes", processes, PROCESSES_PER_NODE,
	 "allow more processes: 'ulimit -u', TasksMax= of a service, --pids-limit of a container, "
	 "sysctl kernel.pid_max"},
};

json_t *host_limits_probe(void)
{
	guint64 least = G_MAXUINT64;
	const struct host_limit *scarce = &limits[0];
	g_autofree char *detail = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(limits); i++) {
		guint64 nodes = limits[i].read() / limits[i].per_node;

		if (nodes < least) {
			least = nodes;
			scarce = &limits[i];
		}
	}
	detail = g_strdup_printf("room for some %" G_GUINT64_FORMAT " nodes, by %" G_GUINT64_FORMAT
				 " %s",
				 least, least * scarce->per_node, scarce->what);
	if (least >= NODES_MIN)
		return json_pack("{s:b, s:s}", "ok", 1, "detail", detail);
	return json_pack("{s:b, s:b, s:s, s:s}", "ok", 0, "low", 1, "detail", detail, "cure",
			 scarce->cure);
}
