/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/strain.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SMALL_BYTES 128 /* a schedstat is three numbers */

/* --- texts ------------------------------------------------------------------------------------ */

guint64 strain_parse_waited_ns(const char *schedstat)
{
	guint64 waited_ns;

	return sscanf(schedstat, "%*u %" G_GINT64_MODIFIER "u", &waited_ns) == 1 ? waited_ns : 0;
}

/* "Udp: InDatagrams ... RcvbufErrors ..." and below it "Udp: 12 ...". */
static guint64 drops_in_table(const char *snmp)
{
	const char *names = strstr(snmp, "\nUdp: "), *values;
	g_auto(GStrv) name = NULL;
	g_auto(GStrv) value = NULL;

	values = names ? strstr(names + 1, "\nUdp: ") : NULL;
	if (!values)
		return 0;
	name = g_strsplit(names + 1, " ", -1);
	value = g_strsplit(values + 1, " ", -1);
	for (guint i = 0; name[i] && value[i]; i++)
		if (g_str_equal(name[i], "RcvbufErrors"))
			return g_ascii_strtoull(value[i], NULL, 10);
	return 0;
}

guint64 strain_parse_socket_drops(const char *snmp, const char *snmp6)
{
	static const char name6[] = "Udp6RcvbufErrors";
	const char *six = snmp6 ? strstr(snmp6, name6) : NULL;

	return (snmp ? drops_in_table(snmp) : 0) +
	       (six ? g_ascii_strtoull(six + strlen(name6), NULL, 10) : 0);
}

/* "  wg0: rx: bytes packets errs drop fifo frame compressed multicast tx: bytes packets errs drop
 * ..." */
void strain_parse_devices(const char *dev, strain_device_func func, gpointer user_data)
{
	g_auto(GStrv) lines = g_strsplit(dev, "\n", -1);

	for (guint i = 0; lines[i]; i++) {
		char name[32];
		guint64 received, sent;

		if (sscanf(lines[i],
			   " %31[^:]: %*u %*u %*u %" G_GINT64_MODIFIER
			   "u %*u %*u %*u %*u %*u %*u %*u "
			   "%" G_GINT64_MODIFIER "u",
			   name, &received, &sent) == 3 &&
		    received + sent > 0)
			func(name, received + sent, user_data);
	}
}

guint64 strain_parse_backlog(const char *softnet)
{
	guint64 sum = 0;

	for (const char *line = softnet; line && *line; line = strchr(line, '\n')) {
		unsigned dropped;

		line += *line == '\n';
		if (sscanf(line, "%*x %x", &dropped) == 1)
			sum += dropped;
	}
	return sum;
}

GPid strain_parse_tracer(const char *status)
{
	static const char name[] = "\nTracerPid:";
	const char *at = strstr(status, name);

	return at ? (GPid)g_ascii_strtoull(at + strlen(name), NULL, 10) : 0;
}

/* --- /proc ------------------------------------------------------------------------------------ */

static char *read_of(GPid pid, const char *file)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, file);
	char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

/* Without the allocations of g_file_get_contents: it is read for every thread of a lab. */
static guint64 read_waited_ns(const char *path)
{
	char text[SMALL_BYTES];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return strain_parse_waited_ns(text);
}

void strain_each_thread(GPid pid, bool all, strain_thread_func func, gpointer user_data)
{
	g_autofree char *folder = g_strdup_printf("/proc/%d/task", (int)pid);
	g_autoptr(GDir) threads = all ? g_dir_open(folder, 0, NULL) : NULL;
	char path[64];
	const char *name;

	if (!all) {
		g_snprintf(path, sizeof path, "/proc/%d/schedstat", (int)pid);
		func((guint)pid, read_waited_ns(path), user_data);
	}
	while (threads && (name = g_dir_read_name(threads))) {
		g_snprintf(path, sizeof path, "%s/%s/schedstat", folder, name);
		func((guint)g_ascii_strtoull(name, NULL, 10), read_waited_ns(path), user_data);
	}
}

guint64 strain_socket_drops(GPid pid)
{
	g_autofree char *snmp = read_of(pid, "net/snmp"), *snmp6 = read_of(pid, "net/snmp6");

	return strain_parse_socket_drops(snmp, snmp6);
}

void strain_each_device(GPid pid, strain_device_func func, gpointer user_data)
{
	g_autofree char *dev = read_of(pid, "net/dev");

	if (dev)
		strain_parse_devices(dev, func, user_data);
}

guint64 strain_backlog_drops(void)
{
	g_autofree char *text = NULL;

	return g_file_get_contents("/proc/net/softnet_stat", &text, NULL, NULL) ?
		       strain_parse_backlog(text) :
		       0;
}

GPid strain_tracer(GPid pid)
{
	g_autofree char *status = read_of(pid, "status");

	return status ? strain_parse_tracer(status) : 0;
}
