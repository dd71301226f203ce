/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One packet in one line. */
#include "testbed/report/packet.h"

#include <criterion/criterion.h>

static const guint8 udp[] = {0x45, 0, 0,  32, 0, 0, 0,	  0,	64, 17, 0, 0,  10, 0,
			     1,	   2, 10, 0,  1, 3, 0x0d, 0x96, 0,  53, 0, 12, 0,  0};
static const guint8 icmp[] = {0x45, 0, 0, 28, 0,  0, 0, 0, 64, 1, 0, 0,
			      10,   0, 1, 2,  10, 0, 1, 3, 3,  1, 0, 0};

static const struct {
	const guint8 *data;
	gsize length;
	bool ethernet;
	const char *line;
} rows[] = {
	{udp, sizeof(udp), false, "udp 10.0.1.2:3478 > 10.0.1.3:53, 4 bytes"},
	{icmp, sizeof(icmp), false, "icmp 10.0.1.2 > 10.0.1.3 type 3 code 1, 8 bytes"},
	{udp, 21, false, "udp 10.0.1.2 > 10.0.1.3, 4 bytes"},
	{udp, 19, false, "19 bytes that are not an IP packet"},
	{udp, 5, true, "a truncated frame"},
	{udp, 0, false, "0 bytes that are not an IP packet"},
};

Test(packet, lines)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GString) line = g_string_new(NULL);

		report_packet(rows[i].data, rows[i].length, rows[i].ethernet, line);
		cr_expect_str_eq(line->str, rows[i].line);
	}
}
