/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the model's tests share. */
#ifndef TESTS_UNIT_MODEL_SUPPORT_H
#define TESTS_UNIT_MODEL_SUPPORT_H

#include "testbed/model/model.h"

/* A small topology that loads: Front End fe, gateway gw (NAT "nat", rule "no-in"), Edge edge,
 * second Edge edge2, name server ns, tunnel vpn between gw and far, endpoints a and b, conference
 * c, scenario base with `changes` (YAML list items, each line ended) in it; NULL for none.  The
 * caller frees the text. */
char *small_topology(const char *changes);

/* Loads text that must load; fails the test with the findings otherwise. */
model *load_good(const char *text);
/* The findings of text that must not load; the caller frees them. */
char *load_bad(const char *text);
/* The model of the scenario "base" of small_topology(changes). */
model *changed(const char *changes);
/* The topology that is the default of the program, and the one that tests have for themselves. */
model *load_reference(void);
model *load_company(void);
model *instantiate(const model *m, const char *scenario);

const struct node *node_of(const model *m, const char *name); /* must be there */

#endif
