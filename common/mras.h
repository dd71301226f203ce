/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Media Relay Authentication Service: XML documents that carry time-limited TURN credentials
 * and the relay's address, exchanged in SIP SERVICE requests ([MS-AVEDGEA]), and the shared-secret
 * scheme by which the A/V Edge checks the credentials.  Pure. */
#ifndef COMMON_MRAS_H
#define COMMON_MRAS_H

#include <glib.h>
#include <stdbool.h>

#define MRAS_CONTENT_TYPE "application/msrtc-media-relay-auth+xml"

struct mras_request {
	char *request_id, *from, *to; /* `from` and `to` are URIs */
	char *identity;		      /* of the user that the credentials are for */
	bool internet;		      /* <location>internet</location>, else intranet */
	guint duration_min;
};

struct mras_response {
	char *request_id;
	char *username, *password;
	guint duration_min;
	char *host_name; /* the relay's name for this location */
	guint16 udp_port, tcp_port;
	bool internet;
};

/* _print makes the XML; the caller frees. _parse reads it, returns false when it is not such a
 * document (*ret is unchanged then), and else sets members that _clear frees. */
char *mras_request_print(const struct mras_request *r);
bool mras_request_parse(const char *xml, gsize length, struct mras_request *ret);
void mras_request_clear(struct mras_request *r);
char *mras_response_print(const struct mras_response *r);
bool mras_response_parse(const char *xml, gsize length, struct mras_response *ret);
void mras_response_clear(struct mras_response *r);

/* Makes a user name "EXPIRY:IDENTITY" (seconds since 1970) and its password
 * base64(HMAC-SHA1(secret, user name)), coturn's use-auth-secret scheme.  The caller frees both. */
void mras_credentials(const char *secret, const char *identity, gint64 expiry_s,
		      char **ret_username, char **ret_password);
/* The password that belongs to a user name of mras_credentials; the caller frees.  NULL: the name
 * is malformed or has expired at `now_s` (seconds since 1970). */
char *mras_password(const char *secret, const char *username, gint64 now_s);

#endif
