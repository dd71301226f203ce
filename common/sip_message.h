/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A SIP message from inside: shared by sip_msg.c, sip_msg_parse.c and sip_msg_make.c; nobody else
 * includes it. */
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
	GPtrArray *headers; /* struct sip_field, in order; Content-Length is never among them */
	char *body;	    /* NUL-terminated; NULL: none */
	gsize body_length;
	/* Taken out of the headers by sip_msg_derive(): */
	char *from_uri, *from_tag, *to_uri, *to_tag, *cseq_method, *content_type;
	guint32 cseq;
};

sip_msg *sip_msg_new(void); /* without headers; one reference */
/* Brings the fields taken out of the headers up to date; false: one of them does not parse. */
bool sip_msg_derive(sip_msg *m);

/* `length` below 0: up to the NUL. */
struct sip_field *sip_field_new(const char *name, const char *value, gssize length);
void sip_field_free(gpointer field);
const struct sip_field *sip_field_at(const sip_msg *m, guint i);
gint sip_field_find(const sip_msg *m, const char *name,
		    guint n); /* index of the n-th of that name, or -1 */
guint sip_field_count(const sip_msg *m, const char *name);
void sip_field_append(sip_msg *m, const char *name, const char *value);

void sip_body_store(sip_msg *m, const char *body, gsize length);
/* A line break smuggled into a value would make a header of its own.  The caller frees. */
char *sip_value_clean(const char *value, gssize length);
bool sip_name_is_in(const char *name, const char *const *names, gsize n); /* whatever the case */

#endif
