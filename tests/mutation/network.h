/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network: a topology drawn by lot, as text, in which every call passes.
 *
 * Theory of operation: the shape is drawn first (which sites there are, how each is joined, what
 * its router does), then each site writes its part. What a call needs is always there: a route in
 * both directions between all inside networks, and from the Edge's internal interface; names in
 * the view of each client; the ports of the Edge open from outside. What it does not need is by
 * lot: kinds of NAT and VPN, one Edge or two, a perimeter network or none, public or translated
 * addresses of the Edge, firewalls that drop or accept what no rule names, IPv6, host models, how
 * the names are written. The file has no `expect`, so every call must pass, over any path.
 *
 * Pure: the same seed draws the same text.
 */
#ifndef TESTS_MUTATION_NETWORK_H
#define TESTS_MUTATION_NETWORK_H

#include <glib.h>

/* The caller frees the YAML text. `name` is the topology's. */
char *network_draw(const char *name, guint32 seed);

#endif
