/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In malloc's place: an allocation that fails. */
#ifndef TESTS_SCARCITY_ALLOC_H
#define TESTS_SCARCITY_ALLOC_H

/* The n-th allocation from now fails; 0: none does. */
void scarce_fail_at(long n);
/* How many allocations are still to come before it; -1: it has failed. */
long scarce_left(void);

#endif
