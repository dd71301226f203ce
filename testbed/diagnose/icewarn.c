/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/icewarn.h"

#include <string.h>

#define ALWAYS ""
#define DIFFERENT_NETWORKS "where the ends are in different networks"

/* Of Lync 2010 to Skype for Business 2015; older products had other numbers. */
static const struct icewarn_row {
	guint32 bit;
	const char *text;
	const char *normal; /* when it is no trouble; NULL: it always is */
} icewarn_rows[] = {
	{0x1, "the TURN server (the Edge) cannot be reached", NULL},
	{0x2, "the TURN server gave no relay over UDP", NULL},
	{0x4, "sending to the TURN server over UDP failed", NULL},
	{0x8, "the TURN server gave no relay over TCP", NULL},
	{0x10, "sending to the TURN server over TCP failed", NULL},
	{0x20, "no way between the ends' own addresses", DIFFERENT_NETWORKS},
	{0x40, "no way over UDP between the ends' NAT addresses", NULL},
	{0x80, "no way over UDP by a relay", NULL},
	{0x100, "no way over TCP between the ends' NAT addresses", DIFFERENT_NETWORKS},
	{0x200, "no way over TCP by a relay", NULL},
	{0x400, "a connectivity check came in with a wrong integrity value", NULL},
	{0x800, "an answer to a connectivity check had a wrong integrity value", NULL},
	{0x1000, "a bandwidth policy server is configured", ALWAYS},
	{0x2000, "a connectivity check could not be sent", NULL},
	{0x4000, "the TURN credentials have expired or are unknown", NULL},
	{0x8000, "the bandwidth policy took candidates away", NULL},
	{0x10000, "the bandwidth policy allowed less bandwidth than asked for", NULL},
	{0x20000, "keeping the bandwidth reservation alive failed", NULL},
	{0x40000, "the bandwidth policy refused the path over two relays", NULL},
	{0x80000, "no TURN server is configured, or its name did not resolve", NULL},
	{0x100000, "several TURN servers were offered", ALWAYS},
	{0x200000, "no port was left in the client's port range", NULL},
	{0x400000, "the TURN server named another one to use", ALWAYS},
	{0x800000, "the TLS-like greeting on TCP 443 failed", NULL},
	{0x1000000, "an HTTP proxy is configured", ALWAYS},
	{0x2000000, "the HTTP proxy refused the credentials", NULL},
	{0x4000000, "connectivity checks from TCP to TCP over the relay failed", NULL},
	{0x8000000, "the final check of the nominated path failed", NULL},
};

/* The number that a header line gives ("...;CallerMediaDebug=\"audio:ICEWarn=0x12b,..."); NULL: it
 * gives none.  The caller frees. */
static char *number_in_header(const char *text)
{
	static const char name[] = "icewarn=";

	for (; *text; text++) {
		if (g_ascii_strncasecmp(text, name, strlen(name)) != 0)
			continue;
		text += strlen(name);
		return g_strndup(text, strspn(text, "0123456789abcdefABCDEFxX"));
	}
	return NULL;
}

bool icewarn_parse(const char *text, guint32 *ret)
{
	g_autofree char *given = number_in_header(text);
	const char *number = given ? given : text;
	bool hex = g_ascii_strncasecmp(number, "0x", 2) == 0;
	guint64 value = 0;

	if (!g_ascii_string_to_unsigned(hex ? number + 2 : number, hex ? 16 : 10, 0, G_MAXUINT32,
					&value, NULL))
		return false;
	*ret = (guint32)value;
	return true;
}

static const struct icewarn_row *row_of(guint32 bit)
{
	for (guint i = 0; i < G_N_ELEMENTS(icewarn_rows); i++)
		if (icewarn_rows[i].bit == bit)
			return &icewarn_rows[i];
	return NULL;
}

void icewarn_text(guint32 value, GString *out)
{
	if (value == 0)
		g_string_append(out, "  0x0        no trouble, or ICE was not used\n");
	for (guint i = 0; i < 32; i++) {
		guint32 bit = value & (guint32)1 << i;
		const struct icewarn_row *row = row_of(bit);
		g_autofree char *number = g_strdup_printf("0x%x", bit);

		if (!bit)
			continue;
		g_string_append_printf(out, "  %-10s %s", number,
				       row ? row->text : "no meaning known");
		if (row && row->normal)
			g_string_append_printf(out, " (normal%s%s)", *row->normal ? " " : "",
					       row->normal);
		g_string_append_c(out, '\n');
	}
}
