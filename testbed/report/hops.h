/* hops: what a call cost on the wire, by the counters of interfaces before and after it.
 *
 * Pure.  Depends on model and base.
 */
#ifndef TESTBED_REPORT_HOPS_H
#define TESTBED_REPORT_HOPS_H

#include "testbed/model/model.h"

#include <jansson.h>

/* `before` and `after` are states of all nodes by name (docs/EXPLAIN.md), `packets` the media packets that the call's ends sent;
 * 0: none were, and every interface with traffic counts.  The caller owns:
 *   "hops": [{ "node", "interface", "rx_packets", "rx_bytes", "tx_packets", "tx_bytes" }]
 *           interfaces that carried at least half as many packets as the ends sent, in the order of the model; bytes with the
 *           Ethernet header where there is one
 *   "tunnels": [{ "tunnel", "node", "interface", "underlay", "packets", "inner_bytes", "outer_bytes", "overhead_bytes",
 *                 "overhead_pct" }]
 *           what tunnels' ends on that way sent, inside and outside.  Ends whose underlay interface sent more than a tenth of
 *           other packets are left out: their difference would not be the tunnel's. */
json_t *report_hops(const model *m, const json_t *before, const json_t *after, guint64 packets);
/* The same for people, a line for each.  Appends to `out`. */
void report_hops_text(const json_t *hops, GString *out);

#endif
