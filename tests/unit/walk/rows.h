/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks as rows of a table: where a packet goes, and its answer. */
#ifndef TESTS_UNIT_WALK_ROWS_H
#define TESTS_UNIT_WALK_ROWS_H

#include "testbed/walk/walk.h"

struct walk_row {
	const char *name, *file, *scenario, *changes;
	const char *from, *to;
	enum ip_proto proto;
	uint16_t port;
	unsigned size_bytes;
	bool established, plain;
	enum walk_end end;
	const char *node, *object;
	bool answered; /* forward was delivered: the next three are about the answer */
	enum walk_end back_end;
	const char *back_node, *back_object;
	const char *nat; /* must be some hop's, of either direction */
};

/* Each of the `n` rows ends as it says. */
void walk_rows_expect(const struct walk_row *rows, gsize n);
/* What a person reads of each fits the terminal and says whether the answer returns. */
void walk_rows_expect_text(const struct walk_row *rows, gsize n);

#endif
