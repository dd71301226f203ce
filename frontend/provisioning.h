/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In-band provisioning: the document a client subscribes to at sign-in (docs/PROTOCOL.md).  Pure.
 */
#ifndef FRONTEND_PROVISIONING_H
#define FRONTEND_PROVISIONING_H

#include "common/sip.h"

#define PROVISIONING_EVENT "vnd-microsoft-provisioning-v2"
#define PROVISIONING_TYPE "application/vnd-microsoft-roaming-provisioning-v2+xml"

/* The document for `user` ("dc1@contoso.com"); `edge` NULL: no mrasUri.  The caller frees. */
char *fe_provisioning_document(const char *user, const char *edge);
/* 200 with the document as its piggybacked first notify, or 489 for another event package. */
sip_msg *fe_provisioning_answer(const sip_msg *subscribe, const char *user, const char *edge);

#endif
