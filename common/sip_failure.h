/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that were refused: how a server says why, and how a client reads that.
 *
 * Both use one table, so a reason that a server has in mind is the one that its client reports.
 * Depends on sip, error_reason and common/wire.  Pure.
 */
#ifndef COMMON_SIP_FAILURE_H
#define COMMON_SIP_FAILURE_H

#include "common/error_reason.h"
#include "common/sip.h"

/* Why a request failed; `words` are borrowed from the response or the error. */
struct sip_failure {
	enum reason code;
	const char *words;
	int status; /* of the answer; 0: none came */
};

/* Why a request failed, by its refusing `response`; or by `error`, if `response` is NULL.  With
 * neither: REASON_SIP_NO_ANSWER. */
struct sip_failure sip_failure_of(const sip_msg *response, const GError *error);

/* What a server says beside the status ("4004;reason=..."), in ms-diagnostics-public or
 * ms-diagnostics; NULL: nothing. */
const char *sip_diagnostics(const sip_msg *response);

/* The response of a server that refuses for reason `r`, which must have a diagnostics number, with
 * ms-diagnostics or ms-diagnostics-public as the product's servers write them (MS-OCER); the caller
 * unrefs.  `words` NULL: those of the product.  `tag`: of To.  `source`: the server's name. */
sip_msg *sip_refuse(const sip_msg *request, enum reason r, const char *words, const char *tag,
		    const char *source);

#endif
