/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Knet: the network that is walked, the kernels' state tied to the model that names its parts.
 *
 * Depends on netstate, model and base.  Pure.
 */
#ifndef TESTBED_WALK_KNET_H
#define TESTBED_WALK_KNET_H

#include "common/base/object.h"
#include "testbed/model/model.h"
#include "testbed/netstate/netstate.h"

/* Made once for all flows; model and state are borrowed and must outlive it.  Nodes of the state
 * that the model does not know are left out. */
typedef struct knet knet;

knet *knet_new(const model *m, const netstate *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(knet, object_free)

#endif
