/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's texts about what was lost and delayed. */
#include "testbed/exec/strain.h"

#include "testbed/lab/strain_watch.h"

#include <criterion/criterion.h>

static const char snmp[] =
	"Ip: Forwarding DefaultTTL\nIp: 1 64\n"
	"Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors\n"
	"Udp: 100 2 9 80 7 1\nUdpLite: InDatagrams RcvbufErrors\nUdpLite: 5 5\n";
static const char snmp6[] = "Udp6InDatagrams 4\nUdp6RcvbufErrors                  	3\n";

Test(strain, counts_datagrams_that_found_no_room)
{
	cr_expect_eq(strain_parse_socket_drops(snmp, NULL), 7);
	cr_expect_eq(strain_parse_socket_drops(snmp, snmp6), 10);
	cr_expect_eq(strain_parse_socket_drops(NULL, NULL), 0);
	cr_expect_eq(strain_parse_socket_drops("Udp: x", "y"), 0);
}

static void on_device(const char *ifname, guint64 dropped, gpointer user_data)
{
	g_string_append_printf(user_data, "%s %" G_GUINT64_FORMAT "\n", ifname, dropped);
}

Test(strain, finds_the_devices_that_dropped)
{
	g_autoptr(GString) found = g_string_new(NULL);

	strain_parse_devices("Inter-|   Receive                    |  Transmit\n"
			     " face |bytes packets errs drop fifo frame compressed multicast|bytes "
			     "packets errs drop fifo colls carrier compressed\n"
			     "    lo: 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\n"
			     "wg-north: 1 2 0 5 0 0 0 0 3 4 0 12 0 0 0 0\n",
			     on_device, found);
	cr_expect_str_eq(found->str, "wg-north 17\n");
}

Test(strain, adds_up_the_backlogs)
{
	cr_expect_eq(strain_parse_backlog("0001 00000002 0003\n00ff 00000010 0003\n"), 18);
	cr_expect_eq(strain_parse_backlog(""), 0);
}

Test(strain, reads_how_long_a_thread_waited)
{
	cr_expect_eq(strain_parse_waited_ns("100 2500 3\n"), 2500);
	cr_expect_eq(strain_parse_waited_ns(""), 0);
}

Test(strain, short_waits_are_no_witness)
{
	cr_expect(strain_is_witness(150, 200));
	cr_expect_not(strain_is_witness(60, 100), "shorter than any timer here");
	cr_expect_not(strain_is_witness(150, 1000), "it had a processor most of the time");
}

Test(strain, sees_who_traces)
{
	cr_expect_eq(strain_parse_tracer("Name:\tx\nPid:\t5\nTracerPid:\t4711\nUid:\t0\n"), 4711);
	cr_expect_eq(strain_parse_tracer("Name:\tTracerPid:\t7\nTracerPid:\t0\n"), 0);
	cr_expect_eq(strain_parse_tracer(""), 0);
	cr_expect_eq(strain_tracer(G_MAXINT), 0);
}
