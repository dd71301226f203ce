/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The structure of a SIP message.  Only sip_msg.c, sip_msg_parse.c and sip_msg_make.c include it.
 */
#ifndef COMMON_SIP_MESSAGE_H
#define COMMON_SIP_MESSAGE_H

#include "common/sip_private.h"

struct sip_field {
	char *name;
	char *value;
};

struct sip_msg {
	guint refs;
	char *method; /* of a request, else NULL */
	char *uri;
	int status; /* of a response, else 0 */
	char *reason;
	GPtrArray *headers; /* struct sip_field, in order; without Content-Length */
	char *body;	    /* NUL-terminated; NULL: none */
	gsize body_length;
	/* Set from the headers by sip_msg_derive: */
	char *from_uri, *from_tag, *to_uri, *to_tag, *cseq_method, *content_type;
	guint32 cseq;
};

sip_msg *sip_msg_new(void); /* without headers; one reference */
/* Updates the members that come from headers.  false: one of the headers does not parse. */
bool sip_msg_derive(sip_msg *m);

/* A header with copies of name (in its full form) and value (cleaned); `length` of the value below
 * 0: up to the NUL.  For sip_field_free. */
struct sip_field *sip_field_new(const char *name, const char *value, gssize length);
void sip_field_free(gpointer field);
const struct sip_field *sip_field_at(const sip_msg *m, guint i); /* by index, which must be valid */
/* Index of the n-th header of that name, from 0, or -1. */
gint sip_field_find(const sip_msg *m, const char *name, guint n);
guint sip_field_count(const sip_msg *m, const char *name);
/* Adds a header at the end; sip_msg_derive is the caller's task. */
void sip_field_append(sip_msg *m, const char *name, const char *value);

/* Replaces the body by a copy; `length` 0: no body. */
void sip_body_store(sip_msg *m, const char *body, gsize length);
/* Copies a value, with spaces for line breaks (which would begin another header).  `length` as
 * above; the caller frees. */
char *sip_value_clean(const char *value, gssize length);
bool sip_name_is_in(const char *name, const char *const *names, gsize n); /* ignores case */

#endif
