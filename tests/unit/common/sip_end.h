/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection over a socket pair whose far end is a plain descriptor. */
#ifndef TESTS_UNIT_COMMON_SIP_END_H
#define TESTS_UNIT_COMMON_SIP_END_H

#include "common/sip.h"

struct end {
	sip_conn *c;
	int far;      /* descriptor of the peer */
	GString *log; /* what the callbacks saw, one word each */
	guint messages;
	bool closed;
	GError *error;
	void (*on_message)(struct end *e, sip_msg *m);
	void (*on_closed)(struct end *e);
	void (*on_response)(struct end *e, sip_msg *m, const GError *error);
};

void end_init(struct end *e);
void end_done(struct end *e);
/* Lets everything happen that can happen without waiting for a timer or the peer. */
void end_settle(void);
/* Bytes from the peer. */
void end_say(struct end *e, const char *bytes, gsize length);
/* What the connection has sent so far; the caller frees. */
char *end_heard(struct end *e);

#endif
