/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cause connection: why a connection between two programs did not come about: a name, the network,
 * no listener, or a certificate.
 *
 * Depends on service, cause_name, foreign_words, evidence, finding and model.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_CAUSE_CONNECTION_H
#define TESTBED_DIAGNOSE_CAUSE_CONNECTION_H

#include "testbed/diagnose/evidence.h"
#include "testbed/diagnose/finding.h"
#include "testbed/diagnose/foreign_words.h"

/* How a program tried to reach another one; all texts are borrowed. */
struct tried {
	const char *from;    /* node */
	const char *name;    /* of the other program */
	const char *address; /* NULL: the name was not resolved */
	json_int_t port;
	const json_t *event;
	enum reason code;
	const char *reason; /* in words */
};

/* Reads an event "connect-failed" of a client or "link-failed" of a server. */
struct tried cause_tried(const char *from, const json_t *event);
/* How much an attempt of a client says, at least TRIED_A_SERVER where one is meant to be.  An
 * attempt elsewhere, which a client makes last, or by a family that the client has no default route
 * for, says nothing where it made one of more weight. */
#define TRIED_A_SERVER 2
int cause_tried_weight(const struct evidence *e, const struct tried *t);
/* How much it says of one of several ways that this was found on it: 0 nothing.  Firewalls may
 * close ways on purpose that nobody needs, those of providers above all. */
int cause_weight(const struct evidence *e, const struct finding *f);
/* Whether it is known why that connection failed; then the finding is filled in. */
bool cause_by_connection(const struct evidence *e, struct finding *f, const struct tried *t);
/* Whether the name led to a machine that is not the server with that name, or not for such clients;
 * then the finding is filled in. */
bool cause_led_astray(const struct evidence *e, struct finding *f, const struct tried *t);
/* Whether a connection from the node to that port would come about, by walks there and back. */
bool cause_reaches(const struct evidence *e, const char *from, const struct addr *a,
		   json_int_t port);
/* The cause for what is wrong with a certificate; CAUSE_UNKNOWN: the reason is not about one. */
enum cause_code cause_of_certificate(enum reason r);

/* Whether a server refused another one for its certificate or the name in it; then the finding
 * is filled in. */
bool cause_refused_server(const struct evidence *e, struct finding *f);

#endif
