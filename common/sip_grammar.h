/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything of common/ that calls sofia-sip's parser.
 *
 * Private to common/sip_*.c.  sofia-sip's headers declare names (sip_to_tag, sip_from_tag) that
 * mean something else than ours, so no file may include both.  Depends on GLib and sofia-sip. Pure.
 */
#ifndef COMMON_SIP_GRAMMAR_H
#define COMMON_SIP_GRAMMAR_H

#include <glib.h>
#include <stdbool.h>

/* Why sofia-sip refuses a complete message (start line, headers, body), in static words; NULL: it
 * is valid. */
const char *sip_grammar_refusal(const char *data, gsize length);

/* Splits a value of From, To, Contact or Route into its URI without header parameters and its tag
 * (NULL: none); the caller frees both.  false: malformed, nothing is written. */
bool sip_grammar_address(const char *value, char **ret_uri, char **ret_tag);

/* Splits the value of CSeq into number and method; the caller frees *ret_method.  Returns false
 * when it is malformed; then nothing is written. */
bool sip_grammar_cseq(const char *value, guint32 *ret_number, char **ret_method);

/* "user@host", unescaped, the host in lower case; NULL: not a SIP URI with a user, or
 * sip_grammar_has_control.  The caller frees. */
char *sip_grammar_user(const char *uri);
/* Whether the user of a SIP URI has a control character, perhaps escaped: NUL would cut it off. */
bool sip_grammar_has_control(const char *uri);

/* "user@host:port" of a SIP URI, host in lower case; NULL: not one.  The caller frees. */
char *sip_grammar_place(const char *uri);

/* Whether `uri` can stand as a Request-URI. */
bool sip_grammar_is_uri(const char *uri);

/* The reason phrase of a status by RFC 3261 section 21 ("Not Found"), static; "" for an unknown
 * status. */
const char *sip_grammar_phrase(int status);

#endif
