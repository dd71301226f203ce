/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Repeated parts of a topology file: `count`.  Private to the model layer.
 *
 * A mapping that has the key `count` stands for several: a named object (a node, network, site,
 * interface, ...) or an item of a list (a route, a record, an expectation, ...).  Its name and all
 * values in it may hold $(...), see expression.h.  Everything above the source sees the finished
 * document only; each copy of a value has the place of the value it was made from, so findings
 * point at the template.
 */
#ifndef TESTBED_MODEL_REPEAT_H
#define TESTBED_MODEL_REPEAT_H

#include "testbed/model/source.h"

/* As source_new, but everything counted is written out.  NULL, with findings, also when that
 * fails. */
struct source *repeat_source_new(const char *file, GBytes *text, diags *d);

#endif
