/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests by which a client finds its server at the autodiscover service.
 *
 * Pure: answers go in, the next request comes out.  The first request is for the root of a host;
 * redirects (of HTTP, and the documents' "Redirect" links) and the root's "User" link are followed
 * as long as they stay with HTTPS and in the user's domain, WEB_REQUESTS_MAX requests in all.
 */
#ifndef CLIENTS_WEB_STEPS_H
#define CLIENTS_WEB_STEPS_H

#include "common/autodiscover.h"
#include "common/wire/reason.h"

/* Ours: the product has its own limit, which is not documented. */
#define WEB_REQUESTS_MAX 5

struct web_answer {
	guint status;
	const char *location; /* the header of that name; NULL: none */
	const char *body;
	gsize bytes;
};

enum web_step {
	WEB_STEP_REQUEST, /* the next request is to be made */
	WEB_STEP_SERVER,  /* `sip` is set */
	WEB_STEP_FAILED,  /* `code` and `words` are set */
};

struct web_steps {
	char *domain;
	guint requests; /* so far, with the next one */
	/* the next request */
	char *url, *host, *target; /* target: "/?sipuri=home1@contoso.com" */
	guint16 port;
	/* the end */
	enum autodiscover_location location; /* of the last document */
	struct autodiscover_server sip;
	enum reason code;
	char *words;
};

/* Begins with the root of `host`; `user` is "home1@contoso.com".  For web_steps_free. */
struct web_steps *web_steps_new(const char *host, guint16 port, const char *user,
				const char *domain);
void web_steps_free(struct web_steps *w); /* accepts NULL */
/* Takes the answer to the request, and says what comes next. */
enum web_step web_steps_answer(struct web_steps *w, const struct web_answer *answer);

#endif
