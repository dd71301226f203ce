/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counters of the rules, from nftables. */
#include "testbed/exec/inspect_parts.h"
#include "testbed/exec/nft.h"

/* `... counter packets N bytes N ... comment "NAME"`; false: a line without one of the two. */
static bool read_rule(node_state *n, const char *line, struct rule_counter *ret)
{
	const char *counter = strstr(line, "counter packets "),
		   *comment = counter ? strstr(counter, " comment \"") : NULL;
	unsigned long long packets, bytes;
	g_autofree char *name = NULL;

	if (!comment || sscanf(counter, "counter packets %llu bytes %llu", &packets, &bytes) != 2)
		return false;
	comment += strlen(" comment \"");
	name = g_strndup(comment, strcspn(comment, "\""));
	ret->name = node_state_text(n, name);
	ret->packets = packets;
	ret->bytes = bytes;
	return true;
}

/* "table inet NAME {", "chain NAME {" and rules, as `nft list ruleset` writes them. */
static void put_rules(node_state *n, const char *ruleset)
{
	g_auto(GStrv) lines = g_strsplit(ruleset, "\n", -1);
	struct rule_counter at = {.table = "", .chain = ""};

	for (char **line = lines; *line; line++) {
		g_auto(GStrv) words = g_strsplit(g_strstrip(*line), " ", 4);
		guint count = g_strv_length(words);

		if (count == 4 && g_str_equal(words[0], "table"))
			at.table = node_state_text(n, words[2]);
		else if (count == 3 && g_str_equal(words[0], "chain"))
			at.chain = node_state_text(n, words[1]);
		else if (read_rule(n, *line, &at))
			g_array_append_val(n->rule_counters, at);
	}
}

/* A node to which no ruleset was given has none: nobody else can load any.  Read as text:
 * libnftables 1.0.6 has no JSON for statements that update a map, and says so on standard error.
 * Without the elements of sets: a busy NAT has thousands. */
gboolean inspect_put_nft(node_state *n, struct linux_backend *r, const struct netns *s,
			 GError **error)
{
	struct nft_ctx *nft;
	gboolean ok;

	if (!s->has_rules)
		return TRUE;
	nft = nft_open(r, error);
	if (!nft)
		return FALSE;
	nft_ctx_output_set_flags(nft, NFT_CTX_OUTPUT_TERSE);
	ok = nft_run_cmd_from_buffer(nft, "list ruleset") == 0;
	if (ok)
		put_rules(n, nft_ctx_get_output_buffer(nft));
	else
		inspect_fail(error, "rules", nft_ctx_get_error_buffer(nft));
	nft_close(r, nft);
	return ok;
}
