/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bypass: the second way to mend a call that fails behind a tunnel: the site's clients go around
 * it, by name resolution rules (NRPT) that ask a public name server and by firewall rules that keep
 * media out of the tunnel.
 *
 * It is derived only where it is possible: the end's packets to its relay go through a tunnel, a
 * name server outside knows where users from the Internet sign in, and that server and the Edge's
 * public addresses can be reached from the site without the tunnel (split tunnel).  Names, servers
 * and networks are those of the topology.  Whether it helps, a trial shows (explain/trial.h).
 *
 * Depends on fix, walk, model and base.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_BYPASS_H
#define TESTBED_DIAGNOSE_BYPASS_H

#include "testbed/diagnose/fix.h"

/* `state` is that of the lab in which `f` was found.  NULL: the cause is not a route that an
 * Edge lacks, or a bypass is not possible.  The caller owns it. */
fix *bypass_derive(const model *m, const netstate *state, const struct finding *f);

#endif
