/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The expected participants of a conference, and which of them were heard.  Pure. */
#ifndef CLIENTS_PARTICIPANTS_H
#define CLIENTS_PARTICIPANTS_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

#include "common/media.h"

typedef struct participants participants;

/* `names`: array of user names, to which `domain` is added where it is missing; `self` is left out.
 * participants_free accepts NULL. */
participants *participants_new(json_t *names, const char *self, const char *domain);
void participants_free(participants *p);
/* Marks a user as heard, ignoring case; ignores unknown ones. */
void participants_heard(participants *p, const char *user);
/* Marks the user of a source as heard, with what was received; ignores unknown sources. */
void participants_heard_source(participants *p, const struct media_heard *heard);
bool participants_all_heard(const participants *p);
/* The names that were heard, as they were given; the caller owns the array. */
json_t *participants_heard_json(const participants *p);
/* { NAME: { received, expected } } of those whose media arrived; the caller owns the object. */
json_t *participants_sources_json(const participants *p);
/* The same of the `n` counts in `heard`. */
json_t *participants_counts_json(const participants *p, const struct media_heard *heard, guint n);
char *participants_missing(const participants *p); /* "not heard: a, b"; the caller frees */

/* A user's SSRC: the first 4 bytes of SHA-256 of the name (docs/PROTOCOL.md). */
guint32 participants_ssrc(const char *user);
/* "sip:USER@D;gruu;opaque=app:conf:focus:id:ID" with `kind` in place of "focus"; the caller frees.
 */
char *participants_mcu_uri(const char *focus_uri, const char *kind);

#endif
