/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIP messages and connections over TLS: a thin shell around sofia-sip's parser and writer.
 *
 * Nouns: a `sip_msg` is one request or response; a `sip_conn` is one TLS connection that carries
 * them both ways (RFC 3261 section 18, RFC 5626 keep-alive), with client transactions on top:
 * requests sent with a callback get their responses matched by Via branch (RFC 3261 section 17.1,
 * reliable transport: no retransmission, only timers B and F).
 * Depends on GLib/GIO and sofia-sip's msg/sip/sdp parsers.  One thread; nothing blocks.
 *
 * A message is kept as an ordered list of header lines of our own, not as sofia-sip's msg_t: a
 * proxy pushes and pops single Via, Route and Path values and carries headers that no parser knows
 * (ms-*) unchanged, and msg_t would print stale or normalised text for them.  sofia-sip still
 * decides what is a message (what it refuses is refused) and takes apart URIs, From, To and CSeq.
 * Compact names are expanded, folded lines joined, and Via, Route, Record-Route and Path lines with
 * several values split.
 */
#ifndef COMMON_SIP_H
#define COMMON_SIP_H

#include <gio/gio.h>
#include <stdbool.h>

/* libsofia-sip-ua exports other functions with some of these names (sip_to_tag): ours must not take
 * their place. */
#pragma GCC visibility push(hidden)

#define SIP_MESSAGE_MAX (64 * 1024)

/* --- messages: plain values, no I/O ----------------------------------------------------------- */

typedef struct sip_msg sip_msg; /* reference counted */
sip_msg *sip_msg_ref(sip_msg *m);
void sip_msg_unref(sip_msg *m);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sip_msg, sip_msg_unref)

/* Parses one complete message (start line, headers, body; Content-Length must be there and agree).
 * NULL with G_IO_ERROR_INVALID_DATA. */
sip_msg *sip_msg_parse(const char *data, gsize length, GError **error);
/* The bytes, with Content-Length put right.  The caller frees. */
char *sip_msg_print(const sip_msg *m, gsize *ret_length);

/* A new request outside or inside a dialog.  `from_tag` must be given, `to_tag` may be NULL.
 * Adds From, To, Call-ID, CSeq, Max-Forwards 70, User-Agent; no Via (sip_conn_request adds it). */
sip_msg *sip_request_new(const char *method, const char *uri, const char *from_uri,
			 const char *from_tag, const char *to_uri, const char *to_tag,
			 const char *call_id, guint32 cseq);
/* A response to `request`: Via, From, To, Call-ID, CSeq, Record-Route copied; `to_tag` is added to
 * To when the request had none (NULL: none, as for 100). */
sip_msg *sip_response_new(const sip_msg *request, int status, const char *reason,
			  const char *to_tag);
sip_msg *sip_msg_copy(const sip_msg *m);

bool sip_is_request(const sip_msg *m);
const char *sip_method(const sip_msg *m); /* of the request, or of the CSeq of a response */
const char *sip_uri(const sip_msg *m);	  /* request URI as text; NULL for a response */
void sip_set_uri(sip_msg *m, const char *uri);
int sip_status(const sip_msg *m); /* 0 for a request */
const char *sip_reason(const sip_msg *m);
const char *sip_call_id(const sip_msg *m);
guint32 sip_cseq(const sip_msg *m);
const char *sip_from_uri(
	const sip_msg *m); /* "sip:user@domain", without parameters of the header */
const char *sip_to_uri(const sip_msg *m);
const char *sip_from_tag(const sip_msg *m); /* NULL: none */
const char *sip_to_tag(const sip_msg *m);
/* First value of a header by its full name, any header, known or not ("ms-client-diagnostics").
 * Borrowed until the message changes. */
const char *sip_header(const sip_msg *m, const char *name);
/* n-th value (from 0) of a header that may come more than once ("Via", "Route", "Path"). */
const char *sip_header_nth(const sip_msg *m, const char *name, guint n);
void sip_add_header(sip_msg *m, const char *name,
		    const char *value); /* after those of the same name */
void sip_prepend_header(sip_msg *m, const char *name,
			const char *value);	      /* before them: Via, Route, Record-Route */
void sip_remove_header(sip_msg *m, const char *name); /* all of them */
bool sip_pop_header(sip_msg *m, const char *name);    /* the first one; false: none */
/* Takes one hop off Max-Forwards; false when it was 0 already. */
bool sip_take_hop(sip_msg *m);
const char *sip_content_type(const sip_msg *m); /* "application/sdp", NULL without body */
const char *sip_body(const sip_msg *m,
		     gsize *ret_length); /* NUL-terminated, borrowed; NULL: none */
void sip_set_body(sip_msg *m, const char *content_type, const char *body, gssize length);

char *sip_new_tag(void);    /* 8 hex digits; the caller frees */
char *sip_new_branch(void); /* "z9hG4bK..." */
char *sip_new_call_id(void);
/* "sip:alice@contoso.com;x=y" -> "alice@contoso.com" (lower case); the caller frees; NULL: no user
 * part. */
char *sip_uri_user(const char *uri);
/* "address:port" as in a URI or a Via, "[address]:port" for IPv6 (RFC 3261 section 25.1); the
 * caller frees. */
char *sip_host_port(const char *address, guint port);
/* URI of a name-addr header value ("Bob" <sip:b@d;lr>;tag=1 -> sip:b@d;lr); NULL: malformed.  The
 * caller frees. */
char *sip_address_uri(const char *value);
/* Value of a parameter of a URI (";opaque=app:conf"), of a header value (";tag=", outside <>) or of
 * an authentication value (nonce="..."), unquoted; "" for one without value (";lr"); NULL: none.
 * The caller frees. */
char *sip_param(const char *text, const char *name);

/* Digest authentication, RFC 2617 with qop=auth and MD5 (RFC 3261 section 22). */
char *sip_digest_challenge(const char *realm, const char *nonce);
/* Value of an Authorization header answering `challenge` (a WWW-Authenticate value); NULL: not
 * Digest. */
char *sip_digest_answer(const char *challenge, const char *method, const char *uri,
			const char *user, const char *password);
/* Checks an Authorization value; the nonce is the caller's to check (sip_param(value, "nonce")). */
bool sip_digest_check(const char *authorization, const char *method, const char *user,
		      const char *password);

/* --- connections ------------------------------------------------------------------------------ */

typedef struct sip_conn sip_conn; /* reference counted */

struct sip_conn_handlers {
	/* A request, or a response that matches no client transaction of this connection (a
	 * proxy's). `m` is borrowed. */
	void (*message)(sip_conn *c, sip_msg *m, gpointer user_data);
	/* The connection is gone; pending transactions have got their callbacks already. */
	void (*closed)(sip_conn *c, const GError *error, gpointer user_data);
	/* May be NULL.  Every message, as it is queued for the other end or has come from there,
	 * also those of transactions: for who keeps a record.  Comes from inside sip_conn_send and
	 * _request; it may not call them. */
	void (*passed)(sip_conn *c, const sip_msg *m, bool sent, gpointer user_data);
};

/* Response to a client transaction: called for every provisional and once for the final response.
 * On time-out (32 s unless said) or when the connection is lost `response` is NULL and `error` set.
 */
typedef void (*sip_response_func)(sip_conn *c, sip_msg *response, const GError *error,
				  gpointer user_data);

/* Takes over a connected TLS stream (one reference).  `handlers` is borrowed and must outlive the
 * connection. Callbacks come from the main loop only, never from inside a function of this header;
 * a callback may close and unref the connection.  The last unref closes.  `local` is the sent-by of
 * our Via ("10.0.1.10:5061"). */
sip_conn *sip_conn_new(GIOStream *stream, const char *local,
		       const struct sip_conn_handlers *handlers, gpointer user_data);
sip_conn *sip_conn_ref(sip_conn *c);
void sip_conn_unref(sip_conn *c);
/* Writes out what is queued (for at most a second) and closes.  No callback follows, also none for
 * pending transactions. */
void sip_conn_close(sip_conn *c);
bool sip_conn_is_open(const sip_conn *c);
void sip_conn_set_data(sip_conn *c, gpointer data); /* for the owner's use */
gpointer sip_conn_data(const sip_conn *c);
const char *sip_conn_peer(const sip_conn *c); /* "address:port" */

/* Sends as it is (a response, ACK, or a proxied message whose Via the caller has set). */
void sip_conn_send(sip_conn *c, sip_msg *m);
/* Adds our Via with a fresh branch and sends; `done` may be NULL only for ACK.  timeout_ms 0: 32 s,
 * which is 64*T1, timers B and F of RFC 3261 section 17.1.  A provisional response to an INVITE
 * gives it three minutes more (timer C, section 16.6).  A final response to an INVITE of 300 and
 * above is acknowledged here (section 17.1.1.3); the ACK for a 2xx is the caller's. */
void sip_conn_request(sip_conn *c, sip_msg *request, guint timeout_ms, sip_response_func done,
		      gpointer user_data);

#pragma GCC visibility pop

#endif
