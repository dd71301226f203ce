/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registrar and location table: who is signed in, and over which flow a request reaches them.
 *
 * Nouns: a *binding* ties a user to the client connection it registered on, or, when REGISTER came
 * through an Edge, to that Edge and the Path it asked for (RFC 3327).  A user has one binding: a
 * new REGISTER replaces it, Expires 0 removes it; a direct one ends with its connection.  A binding
 * by an Edge outlives the Edge's connection, because its flow tokens do. Pure: time is a parameter
 * (monotonic microseconds), answers are returned, nothing is sent.
 */
#ifndef FRONTEND_REGISTRAR_H
#define FRONTEND_REGISTRAR_H

#include "common/sip.h"
#include "frontend/flow.h"

#define REGISTRAR_NONCE_LIFE_US (60 * G_USEC_PER_SEC)
#define REGISTRAR_EXPIRES_DEFAULT_S 900u
#define REGISTRAR_EXPIRES_MAX_S 3600u

struct binding {
	char *user;
	struct fe_flow *flow; /* the client's own connection; NULL: through an Edge */
	char *edge;	      /* the Edge's name; NULL: direct */
	GPtrArray *path;      /* char *: Path values, the first is the Route's first */
	gint64 expires_us;
};

typedef struct registrar registrar;

/* `realm` is the SIP domain. */
registrar *registrar_new(const char *realm);
void registrar_free(registrar *r);

/* `user` in lower case; `edge` (may be NULL) is the media Edge that serves the user. */
void registrar_add_user(registrar *r, const char *user, const char *password, const char *edge);
/* The user exists and may not sign in. */
void registrar_disable_user(registrar *r, const char *user);
bool registrar_has_user(const registrar *r, const char *user);
const char *registrar_user_edge(const registrar *r, const char *user);

/* Answers a REGISTER (RFC 3261 10.3): 401 with a challenge, 403 for a wrong password, 404 for an
 * unknown user, 200.  *ret_binding (may be NULL) is the new binding, NULL when there is none.
 * The caller owns the answer. */
sip_msg *registrar_register(registrar *r, const sip_msg *request, struct fe_flow *flow,
			    gint64 now_us, const struct binding **ret_binding);

/* NULL: not signed in. */
const struct binding *registrar_find(registrar *r, const char *user, gint64 now_us);
guint registrar_count(const registrar *r);
/* Forgets the user's binding when it is through `edge` (its client has gone, RFC 5626 section 5.3).
 */
void registrar_drop(registrar *r, const char *user, const char *edge);

/* How a request reaches a user: `flow` and the Route values to put on it, both borrowed. */
struct route {
	struct fe_flow *flow;
	const GPtrArray *path; /* NULL: none */
};
/* False: not signed in, or signed in through an Edge that is not connected. */
bool registrar_route(registrar *r, const char *user, gint64 now_us, struct route *ret);

enum sender { SENDER_TRUE, SENDER_UNREGISTERED, SENDER_FALSE };
/* May `user` be the From of a request on `flow`? */
enum sender registrar_sender(registrar *r, const char *user, const struct fe_flow *flow,
			     gint64 now_us);

/* An Edge has connected; requests for its users go over its newest flow. */
void registrar_edge_up(registrar *r, struct fe_flow *flow);
/* The users whose direct bindings went with the flow (char *, the caller unrefs the array). */
GPtrArray *registrar_flow_gone(registrar *r, const struct fe_flow *flow);

/* A digest challenge (401 WWW-Authenticate, 407 Proxy-Authenticate) valid from now on. */
char *registrar_challenge(registrar *r, gint64 now_us);

#endif
