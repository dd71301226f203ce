/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MRAS: time-limited relay credentials and where the relays are ([MS-AVEDGEA]; the XML that Lync
 * clients exchange by SIP SERVICE), and the shared-secret credential scheme the A/V Edge checks.
 * Pure.
 */
#ifndef COMMON_MRAS_H
#define COMMON_MRAS_H

#include <glib.h>
#include <stdbool.h>

#define MRAS_CONTENT_TYPE "application/msrtc-media-relay-auth+xml"

struct mras_request {
	char *request_id, *from, *to, *identity;
	bool internet; /* <location>internet</location>, else intranet */
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

/* XML and back.  _print: the caller frees.  _parse: false when it is no such document (nothing to
 * clear then); _clear frees what _parse has filled in. */
char *mras_request_print(const struct mras_request *r);
bool mras_request_parse(const char *xml, gsize length, struct mras_request *ret);
void mras_request_clear(struct mras_request *r);
char *mras_response_print(const struct mras_response *r);
bool mras_response_parse(const char *xml, gsize length, struct mras_response *ret);
void mras_response_clear(struct mras_response *r);

/* user = "EXPIRY:IDENTITY" (seconds since 1970), password = base64(HMAC-SHA1(secret, user)): the
 * scheme coturn calls use-auth-secret.  The caller frees both. */
void mras_credentials(const char *secret, const char *identity, gint64 expiry_s,
		      char **ret_username, char **ret_password);
/* Password for a user name that has not expired at `now_s`; NULL: expired or malformed. */
char *mras_password(const char *secret, const char *username, gint64 now_s);

#endif
