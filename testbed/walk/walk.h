/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walk: where one packet of a flow goes, hop by hop, by the state the lab's kernels are in.
 *
 * Theory of operation: in the manner of Batfish no packet is sent.  The walk stands at a node, does
 * with the packet what that node's kernel would do, and goes on to the node at the other end of the
 * link or tunnel.  A walk of the answer follows with the sessions (conntrack, NAT) that the first
 * one left behind.  A walk ends where the packet is delivered or lost, and names what is at fault.
 *
 * Links, addresses, routes, rules and sysctls are those of the state.  Firewall and NAT are those
 * of the model, from which the ruleset was made (plan/nft.c): the state has only its counters.
 *
 * The steps at a node (walk_node.c, walk_filter.c) are the kernel's, in its order:
 *
 * - Is the packet the answer in a session of this walk?  Then NAT of the destination: the session's
 *   own, 1:1 NAT, or what the NAT's filtering lets in (RFC 4787 sections 5 and 6).
 * - An address of the node's own: the reverse path filter (RFC 3704), the host model (a strong host
 *   takes it only by the interface with the address, RFC 1122 section 3.3.4.2), the input chain.
 * - Else forwarding, the route (rules by preference; in a table the longest prefix, then the lowest
 *   metric), the reverse path filter, the forward chain (at the sender: output), NAT of the source.
 *
 * Between nodes (walk.c) a link may be down, nobody may have the next hop's address, the packet may
 * be too large: for the link that it leaves by it is cut or its sender is told (RFC 1191), for the
 * one that it arrives at it is lost.  A tunnel must carry both addresses, and its own packets are
 * walked, too.
 *
 * What a walk can't know: what was sent before (mappings of other flows; a port that a NAT draws by
 * lot is 0), loss, delay and timers, and whether a program listens.  Of a route over several hops
 * the first stands for all.  So a walk is an opinion about kernels: lookups.h compares each of its
 * routes with the kernel's own look-up, and diagnose/agree.h the whole with captured packets.
 *
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
