/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counters of the rules, from nftables. */
#include "testbed/exec/inspect_parts.h"
#include "testbed/exec/nft.h"

/* `... counter packets N bytes N ... comment "NAME"`; NULL: a line without one of the two. */
static json_t *nft_rule_json(const char *line, const char *table, const char *chain)
{
	const char *counter = strstr(line, "counter packets "),
		   *comment = counter ? strstr(counter, " comment \"") : NULL;
	unsigned long long packets, bytes;
	g_autofree char *name = NULL;

	if (!comment || sscanf(counter, "counter packets %llu bytes %llu", &packets, &bytes) != 2)
		return NULL;
	comment += strlen(" comment \"");
	name = g_strndup(comment, strcspn(comment, "\""));
	return json_pack("{s:s, s:s, s:s, s:I, s:I}", "table", table, "chain", chain, "name", name,
			 "packets", (json_int_t)packets, "bytes", (json_int_t)bytes);
}

/* "table inet NAME {", "chain NAME {" and rules, as `nft list ruleset` writes them. */
static void put_nft_rules(json_t *list, const char *ruleset)
{
	g_auto(GStrv) lines = g_strsplit(ruleset, "\n", -1);
	g_autofree char *table = g_strdup(""), *chain = g_strdup("");

	for (char **line = lines; *line; line++) {
		g_auto(GStrv) words = g_strsplit(g_strstrip(*line), " ", 4);
		guint n = g_strv_length(words);
		json_t *rule;

		if (n == 4 && g_str_equal(words[0], "table")) {
			g_free(table);
			table = g_strdup(words[2]);
		} else if (n == 3 && g_str_equal(words[0], "chain")) {
			g_free(chain);
			chain = g_strdup(words[1]);
		} else if ((rule = nft_rule_json(*line, table, chain))) {
			json_array_append_new(list, rule);
		}
	}
}

/* A node to which no ruleset was given has none: nobody else can load any.  Read as text:
 * libnftables 1.0.6 has no JSON for statements that update a map, and says so on standard error.
 * Without the elements of sets: a busy NAT has thousands. */
gboolean inspect_put_nft(json_t *node, struct linux_backend *r, const struct netns *s,
			 GError **error)
{
	json_t *list = json_array();
	struct nft_ctx *nft;
	gboolean ok;

	json_object_set_new(node, "nft", list);
	if (!s->has_rules)
		return TRUE;
	nft = nft_open(r, error);
	if (!nft)
		return FALSE;
	nft_ctx_output_set_flags(nft, NFT_CTX_OUTPUT_TERSE);
	ok = nft_run_cmd_from_buffer(nft, "list ruleset") == 0;
	if (ok)
		put_nft_rules(list, nft_ctx_get_output_buffer(nft));
	else
		inspect_fail(error, "rules", nft_ctx_get_error_buffer(nft));
	nft_close(r, nft);
	return ok;
}
