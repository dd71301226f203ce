/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walk: where one packet of a flow goes, hop by hop, by the state the lab's kernels are in.
 *
 * Theory of operation: in the manner of Batfish no packet is sent.  The walk stands at a node, does
 * with the packet what that node's kernel would do, by its dumped tables and the model's rules, and
 * goes on to the node at the other end of the link or tunnel:
 *   walk_node    one node: NAT of the destination, own address or route, reverse path filter,
 * ruleset, NAT of the source, in the kernel's order; walk_filter  the ruleset: first match, the
 * sessions that it lets pass, NAT by RFC 4787; walk         from node to node: next hop, MTU,
 * tunnels (whose own packets are walked as well); knet         the state and the model of all
 * nodes. A walk of the answer follows with the sessions (conntrack, NAT) that the first one left
 * behind.  A walk ends where the packet is delivered or lost, and names what is at fault there.
 *
 * A walk is an opinion about kernels.  lookups.h compares each of its routes with the kernel's own
 * look-up, and diagnose/agree.h compares the whole with the packets that were captured.
 * Depends on walk_record, knet, model and base.  Pure.
 */
#ifndef TESTBED_WALK_WALK_H
#define TESTBED_WALK_WALK_H

#include "testbed/walk/knet.h"
#include "testbed/walk/walk_record.h"

/* Both directions.  The caller frees. */
struct walk_pair *walk_both(const knet *net, const struct flow *flow);
/* The flow while `other`, the opposite one, is being sent too and has opened the firewalls and NATs
 * on its side (ICE: both ends check at once).  `back` is NULL. */
struct walk_pair *walk_meet(const knet *net, const struct flow *flow, const struct flow *other);
#endif
