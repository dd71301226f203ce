/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reasons: why something failed, as a code that both sides of the control channel know.
 *
 * An event that gives a reason carries its code beside the words: { "code": "connection-refused",
 * "reason": "Could not connect to 10.0.1.10: Connection refused" }.  The words are for people and
 * may be worded anew at any time; only the code is ever compared.  Depends on GLib and jansson.
 * Pure.
 */
#ifndef COMMON_WIRE_REASON_H
#define COMMON_WIRE_REASON_H

#include <jansson.h>
#include <stdbool.h>

/* X(id, code, words).  The words are those of an event that has none of its own. */
#define REASONS(X)                                                                                \
	/* connections, and sending */                                                            \
	X(CONNECTION_REFUSED, "connection-refused", "connection refused")                         \
	X(CONNECTION_TIMED_OUT, "connection-timed-out", "connection timed out")                   \
	X(CONNECTION_RESET, "connection-reset", "connection reset by the peer")                   \
	X(CONNECTION_CLOSED, "connection-closed", "connection closed by the peer")                \
	X(HOST_UNREACHABLE, "host-unreachable", "no route to host")                               \
	X(NETWORK_UNREACHABLE, "network-unreachable", "network is unreachable")                   \
	X(NOT_PERMITTED, "not-permitted", "operation not permitted")                              \
	X(PEER_DOES_NOT_READ, "peer-does-not-read", "the peer does not read")                     \
	X(TOO_MANY_CLIENTS, "too-many-clients", "too many clients")                               \
	X(NO_REQUEST_IN_TIME, "no-request-in-time", "no whole request in time")                   \
	X(TOO_MANY_OF_ADDRESS, "too-many-of-address", "too many connections of one address")      \
	X(CONNECTION_UNPROVEN, "connection-unproven", "nobody has signed in on the connection")   \
	X(CONNECTION_IDLE, "connection-idle", "nothing came on the connection for too long")      \
	X(NO_DESCRIPTOR, "no-descriptor", "no descriptor is left")                                \
	/* TLS */                                                                                 \
	X(TLS_TIMED_OUT, "tls-timed-out", "TLS handshake timed out")                              \
	X(TLS_UNTRUSTED, "tls-untrusted", "certificate of another CA")                            \
	X(TLS_NAME_MISMATCH, "tls-name-mismatch", "name mismatch")                                \
	X(TLS_EXPIRED, "tls-expired", "certificate has expired")                                  \
	X(TLS_NOT_YET_VALID, "tls-not-yet-valid", "certificate is not valid yet")                 \
	X(TLS_REVOKED, "tls-revoked", "certificate was revoked")                                  \
	X(TLS_INSECURE, "tls-insecure", "certificate uses an insecure algorithm")                 \
	X(TLS_BAD_CERTIFICATE, "tls-bad-certificate", "certificate not acceptable")               \
	X(TLS_NOT_NEXT_HOP, "tls-not-next-hop", "certificate does not carry the next hop's name") \
	X(TLS_FAILED, "tls-failed", "the TLS handshake failed")                                   \
	/* names */                                                                               \
	X(DNS_NXDOMAIN, "dns-nxdomain", "nxdomain")                                               \
	X(DNS_TIMED_OUT, "dns-timed-out", "timeout")                                              \
	X(DNS_REFUSED, "dns-refused", "refused")                                                  \
	X(DNS_FAILED, "dns-failed", "failed")                                                     \
	/* what web servers answer */                                                             \
	X(WEB_NOT_FOUND, "web-not-found", "HTTP 404: not found")                                  \
	X(WEB_BAD_GATEWAY, "web-bad-gateway", "HTTP 502: the next hop cannot be reached")         \
	X(WEB_GATEWAY_TIMED_OUT, "web-gateway-timed-out", "HTTP 504: the next hop was silent")    \
	X(WEB_STATUS, "web-status", "an HTTP status that is not 200")                             \
	X(WEB_NO_SERVER, "web-no-server", "the answer names no SIP server")                       \
	X(WEB_FOREIGN_HOST, "web-foreign-host", "the answer leads out of the domain")             \
	X(WEB_NOT_HTTPS, "web-not-https", "the answer leads to a URL that is not HTTPS")          \
	X(WEB_TOO_MANY_REDIRECTS, "web-too-many-redirects", "the answers lead on and on")         \
	/* signing in */                                                                          \
	X(NO_SERVER_NAME, "no-server-name", "no name leads to a server")                          \
	X(SIGN_IN_TIMED_OUT, "sign-in-timed-out", "not signed in within 15 s")                    \
	X(NOT_SIGNED_IN, "not-signed-in", "not signed in")                                        \
	X(ANSWER_UNREADABLE, "answer-unreadable", "the answer cannot be read")                    \
	/* what SIP servers answer */                                                             \
	X(SIP_NO_ANSWER, "sip-no-answer", "no answer")                                            \
	X(SIP_UNAUTHORIZED, "sip-unauthorized", "it asks for credentials")                        \
	X(SIP_FORBIDDEN, "sip-forbidden", "forbidden")                                            \
	X(SIP_NOT_FOUND, "sip-not-found", "not found")                                            \
	X(SIP_FLOW_FAILED, "sip-flow-failed", "the Edge lost the connection to the client")       \
	X(SIP_UNAVAILABLE, "sip-unavailable", "the user is not signed in")                        \
	X(SIP_NOT_ACCEPTABLE, "sip-not-acceptable", "not acceptable here")                        \
	X(SIP_SERVICE_UNAVAILABLE, "sip-service-unavailable", "service unavailable")              \
	X(SIP_SERVER_TIMEOUT, "sip-server-timeout", "the server behind it did not answer")        \
	X(SIP_REFUSED, "sip-refused", "the request was refused")                                  \
	X(NO_SUCH_USER, "no-such-user", "User does not exist")                                    \
	X(NEXT_HOP_FAILED, "next-hop-failed", "no connection to the next hop")                    \
	X(DOMAIN_NOT_SERVED, "domain-not-served", "The domain is not served here")                \
	X(ACCOUNT_DISABLED, "account-disabled", "The account is disabled")                        \
	X(NOT_REMOTE, "not-remote", "The account is not enabled for remote access")               \
	X(WRONG_CREDENTIALS, "wrong-credentials", "Credentials do not match the account")         \
	/* calls and conferences */                                                               \
	X(SERVER_LOST, "server-lost", "the connection to the server was lost")                    \
	X(CALL_NOT_ACCEPTED, "call-not-accepted", "the call was not accepted")                    \
	X(PEER_DID_NOT_ANSWER, "peer-did-not-answer", "the peer did not answer in time")          \
	X(OFFER_UNREADABLE, "offer-unreadable", "the offer is not understood")                    \
	X(ANSWER_UNFIT, "answer-unfit", "the answer does not fit the offer")                      \
	X(NO_PAIR, "no-pair", "no pair of candidates connects")                                   \
	X(PEER_FOUND_NO_PATH, "peer-found-no-path", "the peer found no path for media")           \
	X(PEER_LEFT_EARLY, "peer-left-early", "the peer hung up before there was a path")         \
	X(CANDIDATES_REFUSED, "candidates-refused", "the peer refused the final candidates")      \
	X(NO_MEDIA, "no-media", "no authentic media arrived")                                     \
	X(MEDIA_LOST, "media-lost", "more media was lost than is allowed")                        \
	X(LOSS_UNDECIDED, "loss-undecided", "too little was heard to judge the loss of media")    \
	X(PEER_FELL_SILENT, "peer-fell-silent", "the peer fell silent")                           \
	X(NOT_HEARD, "not-heard", "not heard")                                                    \
	X(NO_ANSWER_IN_TIME, "no-answer-in-time", "no answer in time")                            \
	X(PEER_HUNG_UP, "peer-hung-up", "the peer hung up")                                       \
	X(HUNG_UP, "hung-up", "hung up")                                                          \
	/* relays: who gets one */                                                                \
	X(TURN_CREDENTIALS, "turn-credentials",                                                   \
	  "it asked for credentials and did not take those it got")                               \
	X(TURN_EXPIRED, "turn-expired", "user name expired or malformed")                         \
	X(TURN_REALM, "turn-realm", "another realm")                                              \
	X(TURN_INTEGRITY, "turn-integrity", "message integrity does not match")                   \
	X(TURN_QUOTA, "turn-quota", "the user has all the relays that he may have")               \
	X(TURN_SOURCE_QUOTA, "turn-source-quota",                                                 \
	  "the address has all the relays that one address may have")                             \
	X(TURN_CAPACITY, "turn-capacity", "the server has all the relays that it may have")       \
	X(TURN_NO_PORT, "turn-no-port", "no relay port is free")                                  \
	X(TURN_UNSATISFIABLE, "turn-unsatisfiable", "the request asks for what is not to be had") \
	/* relays: how one ended */                                                               \
	X(RELAY_RELEASED, "relay-released", "released")                                           \
	X(RELAY_EXPIRED, "relay-expired", "expired")                                              \
	X(RELAY_CLIENT_GONE, "relay-client-gone", "client gone")                                  \
	X(RELAY_SERVER_ENDS, "relay-server-ends", "server ends")                                  \
	/* relays: whom one may not talk to */                                                    \
	X(PEER_BY_SETTING, "peer-relay-not-to", "relay_not_to")                                   \
	X(PEER_PRIVATE, "peer-private", "private")                                                \
	X(PEER_SHARED, "peer-shared", "shared")                                                   \
	X(PEER_UNSPECIFIED, "peer-unspecified", "unspecified")                                    \
	X(PEER_LOOPBACK, "peer-loopback", "loopback")                                             \
	X(PEER_LINK_LOCAL, "peer-link-local", "link-local")                                       \
	X(PEER_MULTICAST, "peer-multicast", "multicast")                                          \
	X(PEER_BROADCAST, "peer-broadcast", "broadcast")                                          \
	X(PEER_RESERVED, "peer-reserved", "reserved")                                             \
	X(PEER_OWN_ADDRESS, "peer-own-address", "own-address")                                    \
	X(PEER_OWN_PORT, "peer-own-port", "own-port")                                             \
	X(PEER_NAT64_LOCAL, "peer-nat64-local", "nat64-local")                                    \
	X(PEER_NAT64, "peer-nat64", "nat64")                                                      \
	X(PEER_IPV4_MAPPED, "peer-ipv4-mapped", "ipv4-mapped")                                    \
	X(PEER_IPV4_TRANSLATED, "peer-ipv4-translated", "ipv4-translated")                        \
	X(PEER_IPV4_COMPATIBLE, "peer-ipv4-compatible", "ipv4-compatible")                        \
	X(PEER_6TO4, "peer-6to4", "6to4")                                                         \
	X(PEER_TEREDO, "peer-teredo", "teredo")                                                   \
	/* the agent's own trouble */                                                             \
	X(CONFIG_INVALID, "config-invalid", "the configuration is not valid")                     \
	X(FILE_UNREADABLE, "file-unreadable", "a file can't be read")                             \
	X(ADDRESS_IN_USE, "address-in-use", "address already in use")                             \
	X(MESSAGE_MALFORMED, "message-malformed", "a message is malformed")                       \
	X(MESSAGE_TOO_LONG, "message-too-long", "message too long")                               \
	X(INTERNAL, "internal", "internal trouble")

enum reason {
	REASON_NONE, /* nothing failed, or the code is not known */
#define X(id, code, words) REASON_##id,
	REASONS(X)
#undef X
		REASON_COUNT
};

/* X(number, reason id, public, text): the product's numbers and their texts (MS-OCER sections 7.2
 * and 7.5; 4141 as its servers send it).  Public ones stand in ms-diagnostics-public, the others in
 * ms-diagnostics. */
#define REASON_DIAGNOSTICS(X)                                                                     \
	X(1003, NO_SUCH_USER, false, "User does not exist")                                       \
	X(1007, NEXT_HOP_FAILED, false, "Temporarily cannot route")                               \
	X(1017, DOMAIN_NOT_SERVED, false, "Cannot route From and To domains in this combination") \
	X(4003, NOT_REMOTE, true, "From URI not enabled for remote access")                       \
	X(4004, WRONG_CREDENTIALS, true,                                                          \
	  "Credentials provided are not authorized to act as specified from URI")                 \
	X(4141, ACCOUNT_DISABLED, true, "User disabled")

/* The code of a reason, "connection-refused"; NULL for REASON_NONE. */
const char *reason_code(enum reason r);
/* Its usual words, "connection refused"; NULL for REASON_NONE. */
const char *reason_words(enum reason r);
/* The reason of a code; REASON_NONE for NULL and for a code that is not in the table. */
enum reason reason_by_code(const char *code);
/* The reason of the value of an ms-diagnostics header, "4004;reason=..."; REASON_NONE for NULL and
 * for another number. */
enum reason reason_by_diagnostics(const char *header);
/* The number of a reason in ms-diagnostics, 4004; 0: it has none.  *ret_public: it stands in
 * ms-diagnostics-public; *ret_text: its text, static. */
int reason_diagnostics(enum reason r, bool *ret_public, const char **ret_text);
/* Sets "code" and "reason" of an event and returns the event.  `words` NULL: those of the table.
 * Both are null for REASON_NONE. */
json_t *reason_set(json_t *event, enum reason r, const char *words);

#endif
