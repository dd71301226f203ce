/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strain: where the kernel counts what this machine could not do in time for a lab's processes.
 *
 * Counters count since the process or namespace began; the caller compares two looks.  Depends on
 * exec.  The readers read /proc of the calling process; what can't be read counts as 0 (the process
 * has just ended).  The parsers are pure.
 */
#ifndef TESTBED_EXEC_STRAIN_H
#define TESTBED_EXEC_STRAIN_H

#include "testbed/exec/exec.h"

/* For how long the threads of a process were ready and had no processor. */
typedef void (*strain_thread_func)(guint tid, guint64 waited_ns, gpointer user_data);
/* Tells every thread (`all`), or the first one only, which is cheaper. */
void strain_each_thread(GPid pid, bool all, strain_thread_func func, gpointer user_data);

/* Datagrams that found the receive buffer of a socket full, in the namespace of that process. */
guint64 strain_socket_drops(GPid pid);

/* Packets that an interface had no room to keep, for whoever reads it (a TUN device) or for the
 * kernel; of every interface of the namespace of that process that has any. */
typedef void (*strain_device_func)(const char *ifname, guint64 dropped, gpointer user_data);
void strain_each_device(GPid pid, strain_device_func func, gpointer user_data);

/* Packets that the queue (qdisc) of an interface had no room for; 0 for a queue that impairs. Moves
 * the calling thread into the namespace and back.  `ret_up`: whether the interface is set up; one
 * that is down loses what it held, and the counter stays. */
guint64 strain_queue_drops(exec *x, const char *node, const char *ifname, bool *ret_up);

/* The process that traces this one, as strace and debuggers do: every stop makes it late, and no
 * other counter tells.  0: none, as far as it can be seen from here. */
GPid strain_tracer(GPid pid);

/* Packets that the processors' own backlog had no room for, on the whole machine. */
guint64 strain_backlog_drops(void);

/* The text of /proc/PID/schedstat; 0: it is none. */
guint64 strain_parse_waited_ns(const char *schedstat);
/* TracerPid in the text of /proc/PID/status. */
GPid strain_parse_tracer(const char *status);
/* The sum of RcvbufErrors in the texts of /proc/PID/net/snmp and snmp6 (NULL: there is none). */
guint64 strain_parse_socket_drops(const char *snmp, const char *snmp6);
void strain_parse_devices(const char *dev, strain_device_func func, gpointer user_data);
/* /proc/net/softnet_stat: the second number of every line. */
guint64 strain_parse_backlog(const char *softnet);

#endif
