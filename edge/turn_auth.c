/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Long-term credentials, RFC 5389 section 10.2.2, with the user names of common/mras.h. */
#include <string.h>

#include "common/mras.h"
#include "edge/stun_frame.h"
#include "edge/turn_private.h"

/* Finds the first attribute of a type in the request; false: there is none. */
static bool find_attribute(const struct turn_request *r, StunAttribute type,
			   struct stun_cursor *ret)
{
	*ret = stun_cursor_at(r->data, r->length);
	return stun_cursor_find(ret, (guint16)type);
}

static bool same_realm(const struct turn_request *r, const struct stun_cursor *realm)
{
	g_autofree char *text = g_strndup((const char *)realm->value, realm->value_length);

	return g_strcmp0(text, r->t->config.realm) == 0;
}

/* For the codec, which asks for the user's password; it must live until the response is signed. */
static bool give_password(StunAgent *agent G_GNUC_UNUSED, StunMessage *message G_GNUC_UNUSED,
			  uint8_t *username G_GNUC_UNUSED, uint16_t length G_GNUC_UNUSED,
			  uint8_t **ret_password, size_t *ret_length, void *user_data)
{
	struct turn_request *r = user_data;

	*ret_password = (uint8_t *)r->password;
	*ret_length = strlen(r->password);
	return true;
}

/* Counts and reports a failure, and answers 401 with a new challenge. */
static bool reject_credentials(struct turn_request *r, enum reason reason)
{
	struct turn_event event = {.kind = TURN_EVENT_AUTH_FAILED,
				   .client = &r->tuple->client,
				   .reason = reason,
				   .username = r->username,
				   .code = STUN_ERROR_UNAUTHORIZED};

	r->t->counters.auth_failures++;
	r->t->output.event(&event, r->t->user_data);
	turn_reply_challenge(r, STUN_ERROR_UNAUTHORIZED);
	return false;
}

/* Checks MESSAGE-INTEGRITY and reads the request into r->message; false: it has been answered. */
static bool check_integrity(struct turn_request *r)
{
	StunValidationStatus status = stun_agent_validate(&r->t->agent, &r->message, r->data,
							  r->length, give_password, r);

	if (status == STUN_VALIDATION_SUCCESS)
		return true;
	if (status == STUN_VALIDATION_UNKNOWN_REQUEST_ATTRIBUTE) {
		turn_reply_unknown(r);
		return false;
	}
	return reject_credentials(r, REASON_TURN_INTEGRITY);
}

bool turn_authenticate(struct turn_request *r)
{
	struct stun_cursor integrity, username, realm, nonce;
	gint64 now_s = (r->now_us + r->t->config.wall_offset_us) / G_USEC_PER_SEC;

	if (!find_attribute(r, STUN_ATTRIBUTE_MESSAGE_INTEGRITY, &integrity)) {
		r->t->counters.challenges++;
		turn_reply_challenge(r, STUN_ERROR_UNAUTHORIZED);
		return false;
	}
	if (!find_attribute(r, STUN_ATTRIBUTE_USERNAME, &username) ||
	    !find_attribute(r, STUN_ATTRIBUTE_REALM, &realm) ||
	    !find_attribute(r, STUN_ATTRIBUTE_NONCE, &nonce)) {
		turn_reply_error(r, STUN_ERROR_BAD_REQUEST);
		return false;
	}
	if (!nonce_is_fresh(&r->t->config.nonce, &r->tuple->client, r->now_us, nonce.value,
			    nonce.value_length)) {
		turn_reply_challenge(r, STUN_ERROR_STALE_NONCE);
		return false;
	}
	r->username = g_strndup((const char *)username.value, username.value_length);
	r->password = mras_password(r->t->config.secret, r->username, now_s);
	if (!r->password)
		return reject_credentials(r, REASON_TURN_EXPIRED);
	if (!same_realm(r, &realm))
		return reject_credentials(r, REASON_TURN_REALM);
	return check_integrity(r);
}
