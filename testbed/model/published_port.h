/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The port at which clients outside reach an Access Edge.  Pure. */
#ifndef TESTBED_MODEL_PUBLISHED_PORT_H
#define TESTBED_MODEL_PUBLISHED_PORT_H

#include "testbed/model/model.h"

/* By the NAT that leads there, else, where it has another address outside, by the clients' service
 * record. */
uint16_t published_access_port(const model *m, const struct edge_service *e);

#endif
