/* SPDX-License-Identifier: GPL-2.0-or-later */
/* address_names: what the addresses in a capture are called.  Depends on model and base.  Pure. */
#ifndef TESTBED_MODEL_ADDRESS_NAMES_H
#define TESTBED_MODEL_ADDRESS_NAMES_H

#include "testbed/base/pcapng.h"
#include "testbed/model/model.h"

/* A struct pcapng_name for each interface's address that no other node has: "edge-ext", with the
 * interface where the node has several.  Names are interned.  The caller unrefs it. */
GArray *address_names(const model *m);

#endif
