/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door to sofia-sip's grammar: everything of common/ that asks its parser is behind these
 * functions.
 *
 * Private to common/sip_*.c.  Apart, because sofia-sip's headers declare names (sip_to_tag,
 * sip_from_tag) that mean something else than ours: no file may include both.  Depends on GLib and
 * sofia-sip.  Pure.
 */
#ifndef COMMON_SIP_GRAMMAR_H
#define COMMON_SIP_GRAMMAR_H

#include <glib.h>
#include <stdbool.h>

/* Whether sofia-sip takes one complete message (start line, headers, body) without an error.
 * NULL: it does; else what it refuses, in words; static. */
const char *sip_grammar_refusal(const char *data, gsize length);

/* Value of From, To, Contact, Route: its URI without the header's parameters, and its tag (NULL:
 * none). false: malformed; nothing is written then.  The caller frees both. */
bool sip_grammar_address(const char *value, char **ret_uri, char **ret_tag);

/* Value of CSeq.  The caller frees *ret_method. */
bool sip_grammar_cseq(const char *value, guint32 *ret_number, char **ret_method);

/* "user@host", unescaped, in lower case; NULL: not a SIP URI with a user.  The caller frees. */
char *sip_grammar_user(const char *uri);

/* Whether `uri` can stand as a Request-URI. */
bool sip_grammar_is_uri(const char *uri);

/* The standard's words for a status ("Not Found"); static; "" for unknown ones. */
const char *sip_grammar_phrase(int status);

#endif
