/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bypass: the second way out of a call that fails behind a tunnel: the site's clients go around it,
 * by name resolution rules (NRPT) that ask a public name server and by firewall rules that keep
 * media out of the tunnel.
 *
 * Derived only where the topology has what it takes: the end's packets to its relay go through a
 * tunnel, a name server outside knows how users from the Internet sign in, and that server and the
 * Edge's public addresses can be reached from the site without the tunnel (split tunnel).  The
 * names, servers and networks are the topology's. Depends on fix, walk, model and base.  Pure: that
 * it helps is found out elsewhere (trial.h).
 */
#ifndef TESTBED_DIAGNOSE_BYPASS_H
#define TESTBED_DIAGNOSE_BYPASS_H

#include "testbed/diagnose/fix.h"

/* `state`: of the lab that `f` was found in.  NULL: not that kind of a cause (the Edge lacks a
 * route), or the topology does not have what it takes.  The caller owns it. */
fix *bypass_derive(const model *m, const netstate *state, const struct finding *f);

#endif
