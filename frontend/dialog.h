/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A dialog that a participant opened with an MCU by INVITE (RFC 3261 section 12).  Pure. */
#ifndef FRONTEND_DIALOG_H
#define FRONTEND_DIALOG_H

#include "common/base/object.h"
#include "common/sip.h"

struct fe_dialog {
	char *call_id;
	char *user;		      /* "branch1@contoso.com" */
	char *local_uri, *remote_uri; /* the MCU's and the participant's */
	char *target;		      /* the participant's contact, or else its URI */
	char *local_tag, *remote_tag;
	guint32 local_cseq;
};

/* The dialog that `invite` opens, with a new local tag; for object_free. */
struct fe_dialog *fe_dialog_new(const sip_msg *invite);
/* Whether the participant sent `request` in this dialog (RFC 3261 section 12.2.2). */
bool fe_dialog_matches(const struct fe_dialog *d, const sip_msg *request);
/* Our next request in the dialog, with the next CSeq number; the caller unrefs. */
sip_msg *fe_dialog_request(struct fe_dialog *d, const char *method);
/* A response in the dialog, with Contact; the caller unrefs. */
sip_msg *fe_dialog_answer(const struct fe_dialog *d, const sip_msg *request, int status,
			  const char *reason);

#endif
