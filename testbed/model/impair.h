/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of an impairment, for the tables of the reader.  Private to the model layer. */
#ifndef TESTBED_MODEL_IMPAIR_H
#define TESTBED_MODEL_IMPAIR_H

#include "testbed/model/model.h"
#include "testbed/model/reader.h"

extern const struct field impairment_fields[]; /* of struct impairment */
/* Adds errors at `value` where keys of *i contradict each other, such as a jitter above the
 * delay. */
void impairment_check(struct reader *r, const yaml_node_t *value, const struct impairment *i);
read_function read_zero;       /* unsigned: "0", which needs no unit; no finding when it is not */
read_function read_impairment; /* struct impairment *, allocated and replaced; no arg */

#endif
