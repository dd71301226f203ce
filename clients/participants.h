/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is expected in a conference, and who was heard.  Pure. */
#ifndef CLIENTS_PARTICIPANTS_H
#define CLIENTS_PARTICIPANTS_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

#include "common/media.h"

typedef struct participants participants;

/* `names`: array of user names; one without a domain gets `domain`; `self` is not expected. */
participants *participants_new(json_t *names, const char *self, const char *domain);
void participants_free(participants *p);
void participants_heard(participants *p, const char *user);
/* What came of one source so far; of nobody who is expected: ignored. */
void participants_heard_source(participants *p, const struct media_heard *heard);
bool participants_all_heard(const participants *p);
json_t *participants_heard_json(const participants *p); /* names as they were given */
/* { NAME: { received, expected } } of those whose media arrived. */
json_t *participants_sources_json(const participants *p);
char *participants_missing(const participants *p); /* "not heard: a, b"; the caller frees */

/* A user's source number: the first 4 bytes of SHA-256 of the name (docs/PROTOCOL.md). */
guint32 participants_ssrc(const char *user);
/* "sip:USER@D;gruu;opaque=app:conf:focus:id:ID" with `kind` in place of "focus"; the caller frees.
 */
char *participants_mcu_uri(const char *focus_uri, const char *kind);

#endif
