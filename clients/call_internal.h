/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of a call share.  call.c: life and SIP; call_media.c: ICE, trickle, media;
 * call_report.c: results. */
#ifndef CLIENTS_CALL_INTERNAL_H
#define CLIENTS_CALL_INTERNAL_H

#include "clients/call.h"
#include "clients/call_machine.h"
#include "clients/participants.h"
#include "common/call_sdp.h"
#include "common/media.h"

struct call;

struct call_stream {
	struct call *call;
	guint index;
	const struct media_profile *profile;
	guint8 local_key[MEDIA_KEY_BYTES];
	media_stream *media; /* from when the peer's key is known */
	bool sending;
	GPtrArray *candidates; /* char *: ours, as SDP values */
	guint announced;       /* how many of them the peer has been sent */
	bool gathered, end_announced;
	GPtrArray *early; /* char *: the peer's, before its credentials; NULL afterwards */
	bool early_end;
	struct ice_candidate local_host, local_relay, remote_host,
		remote_relay; /* the first of each, for diagnostics */
	bool has_pair;
	struct ice_candidate local, remote; /* the selected pair, last seen */
};

struct call {
	struct session base;
	struct call_machine machine;
	char *peer;
	guint n_streams;
	struct call_stream streams[CALL_STREAMS_MAX];
	ice *ice;
	participants *members;	    /* NULL: between two */
	sip_msg *invite, *reinvite; /* callee: still to be answered */
	bool can_trickle, peer_remote_user, time_up;
	bool keep, reported; /* keep: the result comes before the end */
	bool stand;	     /* media runs until we are told to hang up */
	bool resting;	     /* the first seconds of media are over and ICE has not settled yet */
	guint media_ms;
	guint deadline, clock, trickle, start, rest; /* sources */
	gint64 invite_us, first_media_us, last_media_us;
	int sip_status;
	enum reason code; /* a better reason than the machine's; REASON_NONE */
	char *reason;	  /* in words; NULL: those of the code */
	guint32 warn;
	int diagnostics_id;	/* 0: none */
	char *diagnostics_text; /* sent or received */
};

/* call.c */
void call_do(struct call *c, guint actions);
/* A conference: done when the time is up and everybody was heard. */
void call_check_heard(struct call *c);

/* call_media.c */
bool call_media_open(struct call *c, bool controlling, const char *const *kinds, guint n_kinds,
		     GError **error);
void call_media_close(struct call *c);
/* The SDP of an offer or answer; `final`: with the selected pair.  The caller frees. */
char *call_media_describe(struct call *c, bool final);
/* Takes the peer's SDP; false: it doesn't fit. */
bool call_media_take(struct call *c, const sip_msg *m);
void call_media_take_fragment(struct call *c, const sip_msg *info);
void call_media_start_trickle(struct call *c);
void call_media_bye(struct call *c);
/* ICE has settled: streams that were held back go on. */
void call_media_resume(struct call *c);

/* call_report.c */
void call_report(struct call *c);
/* Fills in warn, diagnostics_id and diagnostics_text (unless the peer's is there already). */
void call_diagnose(struct call *c);
json_t *call_candidate_json(const struct ice_candidate *c, bool local);

#endif
