/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the web sites answer: the autodiscover service ([MS-OCDISCWS], docs/PROTOCOL.md).
 *
 * The root document leads to the other two; they name the SIP servers.  Each site answers for those
 * who are to reach it: the internal one with the Front End, the external one with the Access Edge.
 * Pure.
 */
#ifndef FRONTEND_WEB_ANSWER_H
#define FRONTEND_WEB_ANSWER_H

#include "frontend/config.h"

struct fe_web_request {
	const char *method; /* "GET" */
	const char *host;   /* without port; NULL: not given */
	const char *path;
	const char *sipuri; /* the user's address, with or without "sip:"; NULL: not given */
	const char *accept; /* the media types that are wanted; NULL: any */
};

struct fe_web_answer {
	guint status;
	const char *type; /* NULL: no body */
	char *body;	  /* the caller frees */
};

struct fe_web_answer fe_web_answer(const struct fe_config *c, enum fe_web site,
				   const struct fe_web_request *request);

#endif
