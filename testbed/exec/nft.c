/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rulesets, through libnftables: one context and one transaction a ruleset. */
#include "testbed/exec/nft.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

/* libnftables says "FILE:7:3-9: Error: ..."; this shows line 7 of the text. */
static char *nft_error_text(const char *error_text, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GRegex) place = g_regex_new("^[^\\s:]*:(\\d+):\\d+-\\d+: Error: ([^\\n]*)",
					      G_REGEX_MULTILINE, 0, NULL);
	g_autoptr(GMatchInfo) match = NULL;
	g_autofree char *number = NULL, *words = NULL;
	guint64 line;

	if (!g_regex_match(place, error_text, 0, &match))
		return g_strstrip(g_strdup(error_text));
	number = g_match_info_fetch(match, 1);
	words = g_match_info_fetch(match, 2);
	line = g_ascii_strtoull(number, NULL, 10);
	if (line == 0 || line > g_strv_length(lines))
		return g_strdup(words);
	return g_strdup_printf("%s (rule line %s: %s)", words, number, g_strstrip(lines[line - 1]));
}

/* The number that the next descriptor will get. */
static int lowest_free(const struct linux_backend *r)
{
	int fd = fcntl(r->home_fd, F_DUPFD_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd;
}

struct nft_ctx *nft_open(struct linux_backend *r, GError **error)
{
	struct nft_ctx *nft;

	if (r->reserve_fd < 0 || r->reserve_fd >= FD_SETSIZE) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED,
			    "open nftables: no descriptor below %d is free", FD_SETSIZE);
		return NULL;
	}
	close(r->reserve_fd);
	r->reserve_fd = -1;
	r->nft_fd = lowest_free(r);
	nft = nft_ctx_new(NFT_CTX_DEFAULT);
	if (nft && nft_ctx_buffer_error(nft) == 0 && nft_ctx_buffer_output(nft) == 0)
		return nft;
	g_set_error(error, TB_ERROR, TB_ERROR_UNSUPPORTED, "open nftables: %s", g_strerror(errno));
	nft_close(r, nft);
	return NULL;
}

void nft_close(struct linux_backend *r, struct nft_ctx *nft)
{
	if (nft)
		nft_ctx_free(nft);
	if (r->reserve_fd < 0)
		r->reserve_fd = fcntl(r->home_fd, F_DUPFD_CLOEXEC, 0);
}

/* Holds the context's socket open after nft_close, until the next ruleset or the end of the
 * namespace. Closing a socket that has changed rules blocks until no processor uses the old
 * rules any more, some ten milliseconds a ruleset; later that is long over. */
static void nft_keep(struct linux_backend *r, struct netns *s)
{
	int protocol = -1;
	socklen_t size = sizeof protocol;

	/* libnftables does not tell its socket's number; a wrong guess only makes the closing
	 * slower. */
	if (getsockopt(r->nft_fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) != 0 ||
	    protocol != NETLINK_NETFILTER)
		return;
	if (s->nft_socket >= 0)
		close(s->nft_socket);
	s->nft_socket = fcntl(r->nft_fd, F_DUPFD_CLOEXEC, FD_SETSIZE);
}

/* Runs the text again from a file, to get an error message with the line: from a buffer
 * libnftables gives none. A refused ruleset has changed nothing, so it is refused again. */
static gboolean run_for_error(struct nft_ctx *nft, const char *text, GError **error)
{
	int fd = memfd_create("ruleset", MFD_CLOEXEC);
	g_autofree char *path = g_strdup_printf("/proc/thread-self/fd/%d", fd), *words = NULL;
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) &&
		  nft_run_cmd_from_filename(nft, path) == 0;

	if (!ok) {
		words = nft_error_text(nft_ctx_get_error_buffer(nft), text);
		g_set_error(error, TB_ERROR,
			    strstr(words, "not supported") ? TB_ERROR_UNSUPPORTED : TB_ERROR_FAILED,
			    "%s", words);
	}
	if (fd >= 0)
		close(fd);
	return ok;
}

static gboolean do_nft(struct linux_backend *r, const struct op *op,
		       G_GNUC_UNUSED const struct op **failed, GError **error)
{
	struct netns *s = linux_netns(r, op->node, error);
	struct nft_ctx *nft = s && netns_enter(r, s, error) ? nft_open(r, error) : NULL;
	gboolean ok;

	if (!nft)
		return FALSE;
	ok = nft_run_cmd_from_buffer(nft, op->nft.text) == 0 ||
	     run_for_error(nft, op->nft.text, error);
	nft_keep(r, s);
	nft_close(r, nft);
	s->has_rules = s->has_rules || ok;
	return ok;
}

/* Only the tables of this ruleset: there may be others. */
static gboolean undo_nft(struct linux_backend *r, const struct op *op, const struct op **failed,
			 GError **error)
{
	g_auto(GStrv) lines = g_strsplit(op->nft.text, "\n", -1);
	g_autoptr(GString) text = g_string_new(NULL);
	struct op removal = {.kind = OP_NFT, .node = op->node};

	for (guint i = 0; lines[i]; i++) {
		g_autofree char *table = NULL;

		if (!g_str_has_prefix(lines[i], "table ") || !g_str_has_suffix(lines[i], " {"))
			continue;
		table = g_strndup(lines[i], strlen(lines[i]) - 2);
		g_string_append_printf(text, "%s\ndelete %s\n", table, table);
	}
	removal.nft.text = text->str;
	return text->len == 0 || do_nft(r, &removal, failed, error);
}

const struct op_row nft_row = {PHASE_NODES, .apply = do_nft, .undo = undo_nft};
