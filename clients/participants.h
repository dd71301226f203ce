/* Who is expected in a conference, and who was heard.  Pure. */
#ifndef CLIENTS_PARTICIPANTS_H
#define CLIENTS_PARTICIPANTS_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

typedef struct participants participants;

/* `names`: array of user names; one without a domain gets `domain`; `self` is not expected. */
participants *participants_new(json_t *names, const char *self, const char *domain);
void participants_free(participants *p);
void participants_heard(participants *p, const char *user);
void participants_heard_ssrc(participants *p, guint32 ssrc);
bool participants_all_heard(const participants *p);
json_t *participants_heard_json(const participants *p); /* names as they were given */
char *participants_missing(const participants *p);      /* "not heard: a, b"; the caller frees */

/* A user's source number: the first 4 bytes of SHA-256 of the name (docs/PROTOCOL.md). */
guint32 participants_ssrc(const char *user);
/* "sip:USER@D;gruu;opaque=app:conf:focus:id:ID" with `kind` in place of "focus"; the caller frees. */
char *participants_mcu_uri(const char *focus_uri, const char *kind);

#endif
