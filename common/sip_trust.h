/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a server takes from a client, and what not: the border between servers, which believe each
 * other (their names are in verified certificates), and clients, which prove who they are.
 *
 * A connection speaks for the users who have registered on it: the registrar has checked their
 * passwords, and its answer says so to each server that it passes.  No other connection may say
 * From: such a user, not even one to the same server.  Between servers, P-Asserted-Identity carries
 * what the first one knows (RFC 3325).  Depends on sip.  Pure: time is a parameter.
 */
#ifndef COMMON_SIP_TRUST_H
#define COMMON_SIP_TRUST_H

#include "common/base/object.h"
#include "common/sip.h"

/* The parameter of a server's Via that names the client's connection, for the servers behind it. */
#define SIP_FLOW_PARAMETER "tb-flow"

/* What a server answers to a request that it must not handle, whoever sent it: 414 when the
 * Request-URI, 400 when From, To, Call-ID or Contact is longer than SIP_NAME_MAX, 400 when the user
 * name in one of them has a control character ("a%00b").  `to_tag` NULL: a new one.  NULL: the
 * request is fit.  An ACK gets no answer, so the caller drops it.  The caller unrefs. */
sip_msg *sip_refuse_unfit(const sip_msg *request, const char *to_tag);
/* What it answers to a request that is too long for it, or for the next hop: 513; the caller
 * unrefs. */
sip_msg *sip_refuse_too_long(const sip_msg *request);
/* Removes what only servers may say, from a message of a client: P-Asserted-Identity,
 * P-Preferred-Identity, Path, Ms-Sender, ms-user-logon-data, and from a response ms-diagnostics and
 * ms-diagnostics-public. */
void sip_remove_claims(sip_msg *m);

/* RFC 3325: whom another server has seen register on the connection of a request.  NULL: nobody.
 * The caller frees. */
char *sip_asserted_user(const sip_msg *request);
void sip_assert_user(sip_msg *request, const char *user);

/* The users of one connection.  No more than SIP_USERS_MAX; the oldest makes room. */
#define SIP_USERS_MAX 16u
typedef struct sip_users sip_users;

sip_users *sip_users_new(void); /* nobody; for object_free */
/* Takes note of a 200 to REGISTER that goes to this connection: its user is signed in until Expires
 * has passed, or signed out with Expires 0.  Other messages are ignored.  true: the user is now
 * signed in. */
bool sip_users_learn(sip_users *u, const sip_msg *response, gint64 now_us);
void sip_users_forget(sip_users *u, const char *user);
bool sip_users_has(const sip_users *u, const char *user, gint64 now_us);
/* Any of those that are signed in, borrowed; NULL: nobody is. */
const char *sip_users_any(const sip_users *u, gint64 now_us);

#endif
