/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registrar and location table: who is signed in, and which flow reaches a user.
 *
 * A *binding* ties a user to the connection on which the client registered or, when REGISTER came
 * through an Edge, to that Edge and its Path (RFC 3327).  A user has one binding: a new REGISTER
 * replaces it, Expires 0 removes it, and a direct one ends with its connection.  A binding through
 * an Edge outlives the Edge's connection, because its flow token does.  Pure: time is a parameter
 * (monotonic microseconds), responses are returned.
 */
#ifndef FRONTEND_REGISTRAR_H
#define FRONTEND_REGISTRAR_H

#include "common/base/object.h"
#include "common/sip.h"
#include "frontend/flow.h"

#define REGISTRAR_NONCE_LIFE_US (60 * G_USEC_PER_SEC)
/* Whose uses are remembered.  Of a user who uses more within their life the oldest are forgotten,
 * and are stale from then on. */
#define REGISTRAR_NONCES_PER_USER 32u
#define REGISTRAR_EXPIRES_DEFAULT_S 900u
#define REGISTRAR_EXPIRES_MAX_S 3600u

struct binding {
	char *user;
	struct fe_flow *flow; /* the client's own connection; NULL: through an Edge */
	char *edge;	      /* the Edge's name; NULL: direct */
	GPtrArray *path;      /* char *: Path values, the first is the Route's first */
	char *contact;	      /* URI at which the client wants requests; NULL: it gave none */
	gint64 since_us, expires_us; /* monotonic: the contact's first REGISTER; the end */
};

typedef struct registrar registrar;

/* `realm` is the SIP domain.  object_free accepts NULL. */
registrar *registrar_new(const char *realm);

/* Adds an account, or replaces the user's.  `user` as sip_uri_user writes it; `edge` is the Edge
 * that gives the user relays, or NULL.  Texts are copied. */
void registrar_add_user(registrar *r, const char *user, const char *password, const char *edge);
/* Refuses further sign-ins of the user. */
void registrar_disable_user(registrar *r, const char *user);
/* Refuses further sign-ins of the user through an Edge. */
void registrar_keep_user_inside(registrar *r, const char *user);
bool registrar_has_user(const registrar *r, const char *user);
/* The user's Edge, borrowed.  NULL: none. */
const char *registrar_user_edge(const registrar *r, const char *user);

/* Handles a REGISTER (RFC 3261 section 10.3) and returns the response, which the caller unrefs:
 * 200, 400 without a user or with credentials for another URI, 401 with a challenge, 403 for a
 * wrong password, another domain or a disabled account, 404 for an unknown user.  *ret_binding (may
 * be NULL) is the new binding, borrowed; NULL: there is none. */
sip_msg *registrar_register(registrar *r, const sip_msg *request, struct fe_flow *flow,
			    gint64 now_us, const struct binding **ret_binding);

/* The user's binding, borrowed.  An expired one is removed.  NULL: the user is not signed in. */
const struct binding *registrar_find(registrar *r, const char *user, gint64 now_us);
/* The binding whose contact leads where `uri` leads, borrowed; of several, which is somebody's
 * mistake or trick, the one that was there first.  NULL: none. */
const struct binding *registrar_find_contact(registrar *r, const char *uri, gint64 now_us);
guint registrar_count(const registrar *r); /* bindings */
/* Removes the user's binding if its Path is still `route`, whose flow the Edge has lost (RFC 5626
 * section 5.3). */
void registrar_drop(registrar *r, const char *user, const char *route);

/* How a request reaches a user: `flow`, and the Route values it needs; all borrowed. */
struct fe_route {
	const char *user; /* who is reached; NULL: no user */
	struct fe_flow *flow;
	const GPtrArray *path; /* NULL: none */
	const char *contact;   /* the user's; NULL: unknown */
};
/* Finds how to reach a user.  Returns false when the user is not signed in, or when the connection
 * of client or Edge is lost. */
bool registrar_route(registrar *r, const char *user, gint64 now_us, struct fe_route *ret);

/* To be called when an Edge has connected: requests for its users use its newest flow.  Takes a
 * reference. */
void registrar_edge_up(registrar *r, struct fe_flow *flow);
/* To be called when a flow is closed: removes its direct bindings and returns their users (char *);
 * the caller unrefs the array. */
GPtrArray *registrar_flow_gone(registrar *r, const struct fe_flow *flow);

/* What the credentials of a request are worth. */
enum credentials {
	CREDENTIALS_NONE,   /* there are none for this realm, or for a nonce of this connection */
	CREDENTIALS_STALE,  /* their nonce is too old, or was used with this count before */
	CREDENTIALS_WRONG,  /* they prove nothing, or that the sender is another user */
	CREDENTIALS_ASTRAY, /* they are right, but for another request */
	CREDENTIALS_GOOD,
};
/* Checks those in `header` ("Authorization", "Proxy-Authorization") against `user`, and counts
 * them. */
enum credentials registrar_credentials(registrar *r, const sip_msg *request,
				       const struct fe_flow *flow, const char *header,
				       const char *user, gint64 now_us);
/* The response 401 or 407 to `request`, with this tag and a new challenge, which only the
 * connection that the request came on can answer; the caller unrefs. */
sip_msg *registrar_challenge(registrar *r, const sip_msg *request, const struct fe_flow *flow,
			     int status, const char *tag, bool stale, gint64 now_us);
/* The response 400 to CREDENTIALS_ASTRAY (RFC 2617 section 3.2.2.5); the caller unrefs. */
sip_msg *registrar_refuse_astray(const sip_msg *request, const char *tag);

#endif
