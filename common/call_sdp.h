/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Session descriptions of the lab's calls: offers and answers with ICE candidates and SDES keys,
 * and trickle fragments.
 *
 * Pure.  Parsed by sofia-sip's sdp_parse, written by hand.  RFC 4566 and 3264 (SDP, offer and
 * answer), 8839 (ICE), 8840 (trickle in SIP INFO), 4568 (crypto), 5761 (rtcp-mux).
 */
#ifndef COMMON_CALL_SDP_H
#define COMMON_CALL_SDP_H

#include "common/base/object.h"
#include "common/base/each.h"
#include "common/sip.h"

struct call_sdp_media {
	char *kind;	   /* "audio", "video", or "message": no ICE, no crypto, only SIP MESSAGE */
	char *ufrag, *pwd; /* NULL for "message" */
	GPtrArray *candidates;	 /* char *: values of a=candidate */
	bool end_of_candidates;	 /* no further ones follow */
	char *protocol;		 /* of the m= line; NULL: "RTP/SAVP" */
	char *formats;		 /* of the m= line as it came ("0 8 101"); NULL: those of rtpmaps */
	GPtrArray *cryptos;	 /* char *: values of a=crypto, best first */
	GPtrArray *rtpmaps;	 /* char *: of a=rtpmap ("114 x-msrta/16000"), best first */
	char *mid;		 /* of a=mid as it came; NULL: its number, or with no_mid none */
	bool no_mid;		 /* an answer to an offer without */
	bool rejected;		 /* port 0 (RFC 3264 section 6) */
	bool no_rtcp_mux;	 /* RTCP has a port of its own */
	char *remote_candidates; /* value of a=remote-candidates in the final offer, or NULL */
	guint32 ssrc;		 /* a=ssrc; 0: none */
	guint ptime_ms;		 /* a=ptime: packet time that this side wants to receive; 0: none */
};

typedef struct call_sdp {
	char *address;	  /* connection address */
	bool no_trickle;  /* all candidates are here: the sender does not say that it trickles */
	GPtrArray *media; /* struct call_sdp_media */
} call_sdp;

/* call_sdp_new makes a description without media (`address` is copied). call_sdp_add appends a
 * medium, owned by `s`; the caller sets its members, strings with g_strdup. object_free accepts
 * NULL. */
call_sdp *call_sdp_new(const char *address);
struct call_sdp_media *call_sdp_add(call_sdp *s, const char *kind);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(call_sdp, object_free)

/* The description as text, and a description from text; the caller frees the result. call_sdp_parse
 * returns NULL with G_IO_ERROR_INVALID_DATA when the text is malformed or has no media. */
char *call_sdp_print(const call_sdp *s);
call_sdp *call_sdp_parse(const char *text, gsize length, GError **error);
/* The description in a message's body; the caller frees.  NULL: there is none, or it is
 * malformed. */
call_sdp *call_sdp_of(const sip_msg *m);
/* Whether "message" is its only medium; accepts NULL. */
bool call_sdp_is_messages(const call_sdp *s);

/* A fragment (application/trickle-ice-sdpfrag, RFC 8840) with candidates of medium `media_index`.
 * `candidates` ends with NULL and may be NULL: none.  The caller frees. */
char *call_sdpfrag_print(const char *ufrag, const char *pwd, guint media_index,
			 const char *const *candidates, bool end_of_candidates);
/* Reads a fragment.  Appends its candidates (new char *) to `candidates`, whose free function must
 * free them.  Returns false when it is malformed; then nothing is written. */
bool call_sdpfrag_parse(const char *text, gsize length, guint *ret_media_index,
			GPtrArray *candidates, bool *ret_end_of_candidates);

#endif
