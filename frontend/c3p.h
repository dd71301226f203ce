/* SPDX-License-Identifier: GPL-2.0-or-later */
/* C3P, the conference control document of the focus factory ("application/cccp+xml").  Pure. */
#ifndef FRONTEND_C3P_H
#define FRONTEND_C3P_H

#include <glib.h>
#include <stdbool.h>

#define C3P_TYPE "application/cccp+xml"

struct c3p_request {
	char *request_id;
	char *conference_id;
};

/* Reads an addConference request into *ret, for fe_c3p_clear.  Returns false when it is none or has
 * a bad id; *ret is unchanged then. */
bool fe_c3p_parse(const char *xml, gsize length, struct c3p_request *ret);
void fe_c3p_clear(struct c3p_request *r);
/* The response documents; the caller frees. */
char *fe_c3p_success(const char *request_id, const char *focus_uri);
char *fe_c3p_failure(const char *request_id, const char *reason);

#endif
