/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was said in chat conferences, kept for those who join later, with limits for one conference
 * and for all: the oldest texts go first, of the longest history.  Pure.
 */
#ifndef FRONTEND_IM_HISTORY_H
#define FRONTEND_IM_HISTORY_H

#include "common/base/object.h"
#include "common/sip.h"

#define IM_HISTORY_MAX 1000u /* texts of a conference */
#define IM_TEXT_BYTES 1024   /* counted for each text, beside its own */
#define IM_HISTORY_BYTES (256 * 1024)
#define IM_HISTORIES_BYTES (32 * 1024 * 1024)

struct im_text {
	char *sender, *type, *text;
	gsize length;
};
/* The text of a MESSAGE of this user; for object_free. */
struct im_text *im_text_new(const char *sender, const sip_msg *request);

typedef struct im_histories im_histories; /* those of all conferences */
typedef struct im_history im_history;

im_histories *im_histories_new(void); /* for object_free, after that of each history */
gsize im_histories_bytes(const im_histories *all);

im_history *im_history_new(im_histories *all);		   /* for im_history_free */
void im_history_free(im_history *h);			   /* accepts NULL */
void im_history_keep(im_history *h, struct im_text *text); /* takes the text over */
/* struct im_text, the oldest first; borrowed until the next text is kept. */
const GPtrArray *im_history_texts(const im_history *h);

#endif
