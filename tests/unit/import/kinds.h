/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each kind of input that people paste, beside what it says: test_kinds.c, test_linux.c,
 * test_windows.c.  Whatever is made of it must be a valid topology. */
#ifndef TESTS_UNIT_IMPORT_KINDS_H
#define TESTS_UNIT_IMPORT_KINDS_H

#include <glib.h>

/* Rows end where there is nothing more to expect. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define MOST 8

struct kind {
	const char *inputs;	   /* files of tests/data/import; or NODE:text, parted by '~' */
	const char *has[MOST];	   /* lines of the topology, in part */
	const char *has_not[MOST]; /* nothing in it or told has this */
	const char *told[MOST];
};

/* Imports the inputs and compares. */
void expect_kind(const struct kind *k);
/* Imports the text as file and node `pasted`: that is told, as an error or beside a topology. */
void expect_told(const char *text, const char *wanted);

#define CHECK(table)                                          \
	for (guint row = 0; row < G_N_ELEMENTS(table); row++) \
	expect_kind(&(table)[row])

#define ETH0 "[{\"ifname\":\"eth0\",\"addr_info\":[{\"local\":\"10.0.0.2\",\"prefixlen\":24}]}"
#define ETH1 ",{\"ifname\":\"eth1\",\"addr_info\":[{\"local\":\"10.0.1.2\",\"prefixlen\":24}]}"

#endif
