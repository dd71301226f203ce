/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/wireshark.h"

#include "common/base/files.h"
#include "testbed/cmd/cmd.h"

/* Wireshark takes all TLS on 443 for HTTP, and all TCP on 443 for TLS.  Here 443 of an Access Edge
 * is SIP over TLS, 443 of a reverse proxy HTTP over TLS (which SIP's dissector passes on), and 443
 * of an A/V Edge is TURN over plain TCP (RFC 8656), which is recognised by its first bytes. */
static const struct {
	const char *name, *text;
} profile_files[] = {
	{"preferences", "# made by testbed: TURN over plain TCP 443, and names of nodes\n"
			"tcp.try_heuristic_first: TRUE\n"
			"nameres.network_name: TRUE\n"},
	{"decode_as_entries", "# made by testbed: SIP over TLS 443\n"
			      "decode_as_entry: tls.port,443,HTTP,SIP\n"},
	{"heuristic_protos", "rtp_udp,1\n"
			     "rtp_stun,1\n"
			     "stun_stun,1\n"},
};

int wireshark_profile(const char *folder)
{
	g_autoptr(GError) error = NULL;
	files_folder made = {.fd = -1};
	bool ok = files_open_folder(folder, true, &made, &error);

	files_close(&made);

	for (gsize i = 0; ok && i < G_N_ELEMENTS(profile_files); i++) {
		g_autofree char *path = g_build_filename(folder, profile_files[i].name, NULL);

		ok = files_make(path, profile_files[i].text, -1, &error);
	}
	if (!ok)
		return cmd_failed(error);
	cmd_note(
		"a profile for Wireshark is in %s; a folder below ~/.config/wireshark/profiles is "
		"offered by Wireshark's menu Edit, Configuration Profiles, and by 'tshark -C NAME'",
		folder);
	return CMD_AS_EXPECTED;
}
