/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIP messages, and connections over TLS that carry them.
 *
 * A `sip_msg` is one request or response.  A `sip_conn` is one TLS connection that carries them
 * both ways (RFC 3261 section 18, keep-alive by RFC 5626), with client transactions on top: a
 * response is matched to its request by the Via branch (section 17.1; as TLS is reliable nothing is
 * retransmitted, only timers B and F run).  Depends on GLib/GIO and sofia-sip's msg, sip and sdp
 * parsers.  One thread; nothing blocks.
 *
 * A message is an ordered list of header lines, not sofia-sip's msg_t: a proxy adds and removes
 * single Via, Route and Path values and must pass unknown headers (ms-*) unchanged, and msg_t would
 * print old or normalised text for them.  sofia-sip still decides whether a message is valid, and
 * parses URIs, From, To and CSeq.  Parsing expands compact names, joins folded lines, and splits
 * Via, Route, Record-Route and Path lines with several values.
 */
#ifndef COMMON_SIP_H
#define COMMON_SIP_H

#include <gio/gio.h>
#include <stdbool.h>

/* libsofia-sip-ua exports other functions with some of these names (sip_to_tag), which ours must
 * not replace. */
#pragma GCC visibility push(hidden)

/* A message that is longer is neither read nor sent.  A server takes none from a client that is
 * longer than the second: what it and the next hops add (Via, Path, Record-Route, Route) always has
 * room. */
#define SIP_MESSAGE_MAX (64 * 1024)
#define SIP_CLIENT_MESSAGE_MAX (SIP_MESSAGE_MAX - 8 * 1024)
#define SIP_NAME_MAX 2048   /* of what is kept or repeated: addresses, Call-ID */
#define SIP_HEADERS_MAX 512 /* lines, or values of a line that is split */

/* --- messages: plain values, no I/O ----------------------------------------------------------- */

typedef struct sip_msg sip_msg;	  /* reference counted */
sip_msg *sip_msg_ref(sip_msg *m); /* returns `m` */
void sip_msg_unref(sip_msg *m);	  /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sip_msg, sip_msg_unref)

/* Parses one complete message (start line, headers, body); the caller unrefs.  NULL with
 * G_IO_ERROR_INVALID_DATA when it is malformed, longer than SIP_MESSAGE_MAX, has more than
 * SIP_HEADERS_MAX headers, or Content-Length is missing or wrong. */
sip_msg *sip_msg_parse(const char *data, gsize length, GError **error);
/* The message as bytes, with its Content-Length; NUL-terminated.  The caller frees.  `ret_length`
 * may be NULL. */
char *sip_msg_print(const sip_msg *m, gsize *ret_length);
gsize sip_msg_size(const sip_msg *m); /* bytes of the printed message */

/* A new request with Max-Forwards 70, From, To, Call-ID, CSeq and User-Agent; the caller unrefs.
 * sip_conn_request adds Via.  `to_tag`: NULL outside a dialog. */
sip_msg *sip_request_new(const char *method, const char *uri, const char *from_uri,
			 const char *from_tag, const char *to_uri, const char *to_tag,
			 const char *call_id, guint32 cseq);
/* Replaces the Request-URI. */
void sip_set_uri(sip_msg *m, const char *uri);
/* A new response to `request`, with its Via, From, To, Call-ID, CSeq and Record-Route (RFC 3261
 * section 8.2.6); the caller unrefs.  `reason`: NULL for the standard phrase.  `to_tag` is added to
 * a To without tag; NULL: no tag, as for 100. */
sip_msg *sip_response_new(const sip_msg *request, int status, const char *reason,
			  const char *to_tag);
sip_msg *sip_msg_copy(const sip_msg *m); /* a deep copy with one reference */
/* 420 Bad Extension with Unsupported, when `header` ("Require", "Proxy-Require") asks for an
 * extension that is not in `known` (NULL-terminated; RFC 3261 sections 8.2.2.3 and 16.3).  `to_tag`
 * NULL: a new one.  NULL:
 * nothing unknown is asked for, or the request is ACK or CANCEL.  The caller unrefs. */
sip_msg *sip_refuse_extensions(const sip_msg *request, const char *header, const char *const *known,
			       const char *to_tag);

/* Parts of a message.  Texts are borrowed until the message changes; NULL: not there. */
bool sip_is_request(const sip_msg *m);
const char *sip_method(const sip_msg *m); /* of the request, or of the CSeq of a response */
const char *sip_uri(const sip_msg *m);	  /* Request-URI; NULL for a response */
int sip_status(const sip_msg *m);	  /* 0 for a request */
const char *sip_reason(const sip_msg *m); /* the phrase of a response; NULL for a request */
const char *sip_call_id(const sip_msg *m);
guint32 sip_cseq(const sip_msg *m);
const char *sip_from_uri(const sip_msg *m); /* "sip:user@domain", without header parameters */
const char *sip_to_uri(const sip_msg *m);
const char *sip_from_tag(const sip_msg *m);
const char *sip_to_tag(const sip_msg *m);
/* Whether the request may establish a dialog, so that proxies that stay on its way add Record-Route
 * (RFC 3261 section 16.6 step 4). */
bool sip_makes_dialog(const sip_msg *m);
/* First value of any header by its full name ("ms-client-diagnostics"), ignoring case. */
const char *sip_header(const sip_msg *m, const char *name);
/* n-th value, from 0, of a header that may occur more than once ("Via", "Route", "Path"). */
const char *sip_header_nth(const sip_msg *m, const char *name, guint n);
/* _add_ inserts after the headers of that name (else at the end), _prepend_ before them (else at
 * the beginning).  Line breaks in `value` become spaces. _remove_ removes all of that name, _pop_
 * the first; false: there was none. */
void sip_add_header(sip_msg *m, const char *name, const char *value);
void sip_prepend_header(sip_msg *m, const char *name, const char *value);
void sip_remove_header(sip_msg *m, const char *name);
bool sip_pop_header(sip_msg *m, const char *name);
/* Decrements Max-Forwards, or adds it with 70 (RFC 3261 section 16.6 step 3).  Returns false when
 * it is 0 or no number: the message must not be passed on. */
bool sip_take_hop(sip_msg *m);
/* The body's type in lower case without parameters ("application/sdp"); NULL without a body. */
const char *sip_content_type(const sip_msg *m);
/* The body, borrowed, NUL-terminated; NULL: there is none.  `ret_length` may be NULL. */
const char *sip_body(const sip_msg *m, gsize *ret_length);
/* Replaces body and Content-Type by copies.  `length` below 0: up to the NUL.  `body` NULL: no
 * body. */
void sip_set_body(sip_msg *m, const char *content_type, const char *body, gssize length);

/* Random identifiers that cannot be guessed (common/random.h); the caller frees. */
char *sip_new_tag(void);    /* 16 hex digits */
char *sip_new_branch(void); /* "z9hG4bK..." */
char *sip_new_call_id(void);
/* "sip:%41lice@Contoso.com;x=y" -> "Alice@contoso.com": two are equal when the URIs name the same
 * user (RFC 3261 section 19.1.4).  NULL: no user part, or one with a control character.  The
 * caller frees. */
char *sip_uri_user(const char *uri);
/* "Alice@Contoso.com" -> "Alice@contoso.com", as sip_uri_user writes it; the caller frees. */
char *sip_user_of_address(const char *address);
/* "<sip:alice@host;lr>;x=y" -> "sip:alice@host;lr": the URI of a Contact, Route or Record-Route.
 * NULL: malformed, or `value` is NULL.  The caller frees. */
char *sip_value_uri(const char *value);
/* "sip:Alice@Host:5061;x=y" -> "Alice@host:5061", where a URI leads (RFC 3261 section 19.1.4,
 * without its parameters; no port: ":5061" with TLS, else ":5060").  NULL: not a SIP URI.  The
 * caller frees. */
char *sip_uri_place(const char *uri);
/* "address:port" of a URI or a Via, "[address]:port" for IPv6 (RFC 3261 section 25.1).  The caller
 * frees. */
char *sip_host_port(const char *address, guint port);
/* Unquoted value of a parameter of a URI (";opaque=app:conf"), of a header value (";tag=", outside
 * <>) or of an authentication value (nonce="...").  "" when it has no value (";lr"), NULL when it
 * is not there.  The caller frees. */
char *sip_param(const char *text, const char *name);

/* Digest authentication, RFC 2617 with qop=auth and MD5 (RFC 3261 section 22).  The callers free.
 * This is the value of a WWW-Authenticate header. */
char *sip_digest_challenge(const char *realm, const char *nonce);
/* Value of an Authorization header that answers `challenge` (a WWW-Authenticate value).  NULL: the
 * challenge is not Digest with qop=auth and MD5. */
char *sip_digest_answer(const char *challenge, const char *method, const char *uri,
			const char *user, const char *password);
/* Whether an Authorization value is for this user and proves the password.  The caller checks the
 * nonce (sip_param(value, "nonce")). */
bool sip_digest_check(const char *authorization, const char *method, const char *user,
		      const char *password);

/* --- connections ------------------------------------------------------------------------------ */

typedef struct sip_conn sip_conn; /* reference counted */

struct sip_conn_handlers {
	/* A request, or a response that matches no client transaction of this connection (it
	 * belongs to a request that a proxy passed on, or to none).  `m` is borrowed. */
	void (*message)(sip_conn *c, sip_msg *m, gpointer user_data);
	/* The connection is lost.  The callbacks of pending transactions have been called before.
	 */
	void (*closed)(sip_conn *c, const GError *error, gpointer user_data);
	/* May be NULL.  Every message that is queued or received, also those of transactions, for
	 * records of the traffic.  Called from inside sip_conn_send and _request, which it must not
	 * call. */
	void (*passed)(sip_conn *c, const sip_msg *m, bool sent, gpointer user_data);
};

/* Called for every provisional response and once at the end: with the final response (borrowed), or
 * with `response` NULL and `error` when the transaction timed out or the connection was lost. */
typedef void (*sip_response_func)(sip_conn *c, sip_msg *response, const GError *error,
				  gpointer user_data);

/* Takes over one reference to a connected TLS stream and reads from it.  `local` is the sent-by of
 * our Via ("10.0.1.10:5061").  `handlers` is borrowed and must outlive the connection.  Except for
 * `passed` the main loop makes all callbacks, no function of this header does; a callback may close
 * and unref the connection.  The last unref closes it. */
sip_conn *sip_conn_new(GIOStream *stream, const char *local,
		       const struct sip_conn_handlers *handlers, gpointer user_data);
void sip_conn_unref(sip_conn *c); /* accepts NULL */
/* Drops all pending transactions, writes what is queued in the background (for at most a second)
 * and closes.  No callback follows. */
void sip_conn_close(sip_conn *c);
const char *sip_conn_peer(const sip_conn *c); /* "address:port" */
/* Gives a peer up that lets more than so many bytes wait; it is 4 MiB for a new connection. */
void sip_conn_set_queue_max(sip_conn *c, gsize bytes);
/* The peer has proven who it is, so that its connection may stay (tls_prove). */
void sip_conn_prove(sip_conn *c);

/* Queues a message as it is: a response, an ACK, or a proxied message whose Via the caller has set.
 * Does nothing when the connection is not open.  false: it is longer than SIP_MESSAGE_MAX, which
 * the peer would end the connection for, and is not sent; the sender of a request is to be answered
 * 513. */
bool sip_conn_send(sip_conn *c, sip_msg *m);
/* Adds a Via with a new branch, queues the request, and starts a client transaction that calls
 * `done` (NULL only for ACK).  timeout_ms 0: 32 s (64*T1, timers B and F of RFC 3261 section 17.1).
 * A provisional response to an INVITE extends it to three minutes (timer C, section 16.6).  A final
 * response of 300 and above to an INVITE is acknowledged here (section 17.1.1.3); the caller
 * acknowledges a 2xx. */
void sip_conn_request(sip_conn *c, sip_msg *request, guint timeout_ms, sip_response_func done,
		      gpointer user_data);

#pragma GCC visibility pop

#endif
