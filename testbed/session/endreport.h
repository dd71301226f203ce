/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one end of a call reported ("call-result", "conference-result" of docs/AGENTS.md), typed.
 *
 * Depends on model and jansson.  Pure.  Strings are borrowed from the event, which the report
 * keeps.
 */
#ifndef TESTBED_SESSION_ENDREPORT_H
#define TESTBED_SESSION_ENDREPORT_H

#include "common/base/json.h"
#include "testbed/model/results.h"

#define END_STREAMS_MAX 4

struct end_candidate {
	const char *type; /* NULL: none */
	const char *address;
	unsigned port;
	const char *transport;
	const char *relay_transport; /* how a relay is reached; NULL when it is none */
};

struct end_stream {
	const char *kind; /* "audio", "video" */
	struct end_candidate local, remote;
	struct cell_quality quality; /* of this end and stream */
	guint64 expected;	     /* packets that should have come; 0: not known */
	char *poor; /* why CQD would call it poor: "loss, jitter"; NULL: it would not */
};

struct end_report {
	json_t *event; /* a reference; NULL: nothing reported yet */
	enum verdict verdict;
	enum reason code;
	const char *reason, *stage; /* NULL: none */
	int sip_status;		    /* 0: none */
	double setup_ms;	    /* NAN */
	struct end_stream streams[END_STREAMS_MAX];
	guint n_streams;
	int ms_client_diagnostics;
	bool has_ice_warn;
	guint32 ice_warn;
};

/* Reads an event; what is missing or of a wrong type counts as not measured, a missing or unknown
 * verdict as an error of the agent.  Takes a reference to `event`. */
void end_report_read(struct end_report *r, json_t *event);
void end_report_clear(struct end_report *r);

/* The stream of that kind, or NULL. */
const struct end_stream *end_report_stream(const struct end_report *r, const char *kind);

/* Were more packets lost on this stream than `max_loss_pct` allows?  One packet may always be lost:
 * a percentage below 100/expected would otherwise mean "none".  Nothing received is always too
 * much. */
bool end_stream_lossy(const struct end_stream *s, double max_loss_pct);
/* The same for the media of one participant of a conference; false when the end says nothing of it.
 */
bool end_source_lossy(const struct end_report *r, const char *participant, double max_loss_pct);
/* Packets of one participant of a conference, by that one's own sequence numbers; false when the
 * end says nothing of it. */
bool end_report_source(const struct end_report *r, const char *participant, guint64 *ret_received,
		       guint64 *ret_expected);

#endif
