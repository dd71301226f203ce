/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/icewarn.h"

#include <stdbool.h>

/* Of Lync 2010 to Skype for Business 2015; older products had other numbers. */
static const struct icewarn_row {
	guint32 bit;
	const char *text;
} icewarn_rows[] = {
	{0x1, "the TURN server (the Edge) cannot be reached"},
	{0x2, "the TURN server gave no relay over UDP"},
	{0x4, "sending to the TURN server over UDP failed"},
	{0x8, "the TURN server gave no relay over TCP"},
	{0x10, "sending to the TURN server over TCP failed"},
	{0x20, "no way between the ends' own addresses"},
	{0x40, "no way over UDP between the ends' NAT addresses"},
	{0x80, "no way over UDP by a relay"},
	{0x100, "no way over TCP between the ends' NAT addresses"},
	{0x200, "no way over TCP by a relay"},
	{0x400, "a connectivity check came in with a wrong integrity value"},
	{0x800, "an answer to a connectivity check had a wrong integrity value"},
	{0x1000, "a bandwidth policy server is configured"},
	{0x2000, "a connectivity check could not be sent"},
	{0x4000, "the TURN credentials have expired or are unknown"},
	{0x8000, "the bandwidth policy took candidates away"},
	{0x10000, "the bandwidth policy allowed less bandwidth than asked for"},
	{0x20000, "keeping the bandwidth reservation alive failed"},
	{0x40000, "the bandwidth policy refused the path over two relays"},
	{0x80000, "no TURN server is configured, or its name did not resolve"},
	{0x100000, "several TURN servers were offered (normal)"},
	{0x200000, "no port was left in the client's port range"},
	{0x400000, "the TURN server named another one to use"},
	{0x800000, "the TLS-like greeting on TCP 443 failed"},
	{0x1000000, "an HTTP proxy is configured"},
	{0x2000000, "the HTTP proxy refused the credentials"},
	{0x4000000, "connectivity checks from TCP to TCP over the relay failed"},
	{0x8000000, "the final check of the nominated path failed"},
};

gboolean icewarn_parse(const char *text, guint32 *ret)
{
	bool hex = g_ascii_strncasecmp(text, "0x", 2) == 0;
	guint64 value = 0;

	if (!g_ascii_string_to_unsigned(hex ? text + 2 : text, hex ? 16 : 10, 0, G_MAXUINT32,
					&value, NULL))
		return FALSE;
	*ret = (guint32)value;
	return TRUE;
}

const char *icewarn_bit_text(guint32 bit)
{
	for (guint i = 0; i < G_N_ELEMENTS(icewarn_rows); i++) {
		if (icewarn_rows[i].bit == bit)
			return icewarn_rows[i].text;
	}
	return NULL;
}

void icewarn_text(guint32 value, GString *out)
{
	if (value == 0)
		g_string_append(out, "  0x0        no trouble, or ICE was not used\n");
	for (guint i = 0; i < 32; i++) {
		guint32 bit = value & (guint32)1 << i;
		const char *text = icewarn_bit_text(bit);
		g_autofree char *number = g_strdup_printf("0x%x", bit);

		if (bit != 0)
			g_string_append_printf(out, "  %-10s %s\n", number,
					       text ? text : "no meaning known");
	}
}
