/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results: what came out of a run, as plain data.  Filled by matrix, read by report and cmd.
 *
 * Nouns: a `cell` is one call (or conference) in one scenario with what was measured; a
 * `scenario_result` holds its cells in the order of the matrix; `results` is the whole run.
 * Depends on model and base.  Pure.
 */
#ifndef TESTBED_MODEL_RESULTS_H
#define TESTBED_MODEL_RESULTS_H

#include "common/wire/reason.h"
#include "common/base/object.h"
#include "testbed/model/model.h"

struct cell_candidate {
	char *type; /* "host", "srflx", "prflx", "relay"; NULL: nothing selected */
	char *address;
	unsigned port;
	char *transport; /* "udp", "tcp": for a relay, how the client reaches its relay */
};

/* Figures not measured are NAN (written as null). */
struct cell_quality {
	double rtt_ms, jitter_ms, loss_pct, mos; /* mos: 1 (bad) to 5, the E-model's estimate */
	guint64 sent, received;	       /* RTP packets, both directions added up; 0 for IM */
	double delay_ms, delay_max_ms; /* one way: mean and highest of the worse direction */
	double degradation;	       /* of MOS by the network, of the worse direction */
	guint64 burst_max;	       /* the longest run of lost packets */
	bool poor;		       /* a stream is what CQD calls poor */
};

/* One stream as its receiver measured it. */
struct cell_stream {
	char *kind;		     /* "audio", "video" */
	char *receiver;		     /* the participant */
	struct cell_quality quality; /* sent: what the receiver sent itself */
	char *poor;		     /* why it is poor: "loss, jitter"; NULL: it is not */
};

/* Media of one participant of a conference as another one heard it through the MCU: RTP packets,
 * counted by the sender's own sequence numbers. */
struct cell_source {
	char *participant; /* who sent it */
	guint64 received, expected;
};

/* One participant's way to the conference's MCU. */
struct cell_leg {
	char *participant;
	enum path_class path; /* as the participant sees it; PATH_NONE: no pair, or a chat */
	double setup_ms;      /* until media arrive both ways; NAN: they never did */
	struct cell_quality quality;
	GPtrArray *
		sources; /* struct cell_source: of everybody else that was heard; empty in a chat */
};

/* Whether a receiver lost more than is allowed of a stream ("audio", "video") or of a conference's
 * participant, decided by a test at a stated error rate (docs/RESULTS.md). */
struct cell_loss_test {
	char *receiver, *of;
	enum verdict verdict;  /* VERDICT_ERROR: undecided */
	guint64 packets, lost; /* that it was decided by */
	double limit_pct, error_rate;
};

/* What an interface carried from right before a call to right after it.  Bytes include the Ethernet
 * header where there is one. */
struct cell_hop {
	char *node, *iface;
	guint64 rx_packets, rx_bytes, tx_packets, tx_bytes;
};

/* What one end of a tunnel sent meanwhile, in bytes of IP packets: into the tunnel (inner), and by
 * the interface `underlay` that carries the tunnel's packets (outer).  Ethernet headers are not
 * counted: the packets would have them without the tunnel, too. */
struct cell_tunnel {
	char *tunnel, *node, *iface, *underlay;
	guint64 packets, inner_bytes, outer_bytes;
};

struct cell {
	char *id;     /* "missing-route/branch1-home1/audio" */
	guint number; /* its place in the whole matrix, from 1, where this run is a shard; else 0 */
	char *scenario;
	char *a, *b; /* a places the call; for a conference a is the organiser and b NULL */
	enum media media;
	char *conference; /* its name in the topology, or NULL */
	bool ad_hoc;	  /* a conference that begins as a call between its first two */
	GPtrArray
		*participants; /* char *: a and b, or everyone in the conference, organiser first */

	bool done; /* has a verdict; false: not run, as the run was interrupted */
	enum verdict verdict;
	enum path_class path;
	char *reason;	    /* why not passed, in words: what the agents said; NULL when passed */
	enum reason code;   /* of the first end that failed; REASON_NONE: it said none */
	char *cause;	    /* cause code, or NULL: not explained */
	double setup_ms;    /* from placing the call to media (or text) both ways; NAN: never */
	double duration_ms; /* from placing the call to its verdict; NAN: not measured */
	struct cell_candidate local, remote; /* the selected pair as a sees it */
	struct cell_quality quality;
	GPtrArray *streams;   /* struct cell_stream */
	guint measured;	      /* how often; above 1: the machine spoilt it before; 0: never */
	GPtrArray *witnesses; /* struct witness: what the machine spoilt it by */
	/* What the machine did during the last measurement: its quality may be off by that. */
	guint64 machine_late_ms, machine_lost;
	GPtrArray *loss_tests; /* struct cell_loss_test: where the network may lose media */
	GPtrArray *hops,
		*tunnels; /* struct cell_hop, struct cell_tunnel; both NULL: not measured */
	GPtrArray *legs;  /* struct cell_leg: of a conference, in the order of its participants */
	int ms_client_diagnostics; /* 0: none */
	guint32 ice_warn;	   /* bits of what ICE lacked; valid with has_ice_warn */
	bool has_ice_warn;

	bool has_expected_path; /* false: any path is as expected */
	enum verdict expected_verdict;
	unsigned expected_path_mask; /* bits 1u << PATH_* */
	char *expected_cause;	     /* NULL: not judged */
	bool as_expected;
};

struct scenario_result {
	char *name, *title;
	double build_ms;
	GPtrArray *cells; /* struct cell */
	char *error;	  /* why the lab could not be built or died; NULL: it did not */
};

typedef struct results {
	bool complete;
	char *run_id;
	guint64 seed;
	char *version, *kernel;
	double wall_ms, build_ms; /* build_ms: the slowest lab's */
	GHashTable *features;	  /* char * -> char * */
	guint shard, shards;	  /* this run is one of so many shards, from 1; 0: it is none */
	guint shards_cells;	  /* cells of all shards together */
	char *topology_name, *topology_sha256, *topology_file;
	char **changes;	      /* of --change, a line each (model_change_lines); NULL: none */
	GPtrArray *endpoints; /* struct result_endpoint */
	GPtrArray *scenarios; /* struct scenario_result */
} results;

struct result_endpoint {
	char *name, *site, *address;
};

/* Numbers of cells; `unexpected` counts those that were run and did not come out as expected. */
struct results_summary {
	guint cells, passed, failed, errors, unexpected, not_run;
};

/* New objects own what is put into them; texts are copied.  The caller frees or hands on. */
results *results_new(void);
void results_free(results *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(results, results_free)

struct cell *cell_new(void); /* everything unset: NAN, NULL, PATH_NONE, VERDICT_ERROR, not done */
struct cell_quality cell_quality_none(void);				     /* nothing measured */
struct cell_stream *cell_stream_new(const char *kind, const char *receiver); /* for cell.streams */
void cell_add_loss_test(struct cell *c, const char *receiver, const char *of,
			const struct cell_loss_test *test); /* copies its figures and verdict */
void cell_leg_add_source(struct cell_leg *l, const char *participant, guint64 received,
			 guint64 expected);
struct cell_leg *cell_leg_new(const char *participant); /* for cell.legs */
extern const struct object_shape cell_hop_shape, cell_tunnel_shape, result_endpoint_shape;
/* Forgets what was measured, but not how often and by what it was spoilt: the cell is placed
 * again. */
void cell_reset(struct cell *c);
void cell_free(struct cell *c);
struct scenario_result *scenario_result_new(const char *name, const char *title);
/* Adds the network's endpoints to those of the run, each once. */
void results_add_endpoints(results *r, const model *m);

/* Compares the cell's verdict, path and cause with what is expected and sets as_expected.  Strict:
 * an unexpected pass differs, and so does a pass over another path class.  A cause that is NULL
 * (not looked for yet) is not judged; UNKNOWN (looked for and not found) differs. */
void cell_judge(struct cell *c);

/* It passes, and should fail: in a live lab somebody has mended the network by hand. */
bool cell_mended(const struct cell *c);

/* Counts verdicts, and what was as expected, over all cells. */
struct results_summary results_summarise(const results *r);

#endif
