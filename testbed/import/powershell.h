/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PowerShell's output as records of named values.  Private to powershell and powershell_records. */
#ifndef TESTBED_IMPORT_POWERSHELL_H
#define TESTBED_IMPORT_POWERSHELL_H

#include "testbed/import/lines.h"

/* What a record is about: what it has a value of one of these names for, the first first. */
enum record_kind { RECORD_ROUTE, RECORD_ADDRESS, RECORD_NRPT, RECORD_RESOLVERS, RECORD_KINDS };
extern const char *const record_names[RECORD_KINDS];

struct record {
	GArray *names, *values; /* struct word, as many */
	struct loc loc;
};

/* Reads all records of a text: struct record, for g_ptr_array_unref.  What is not JSON although it
 * begins so is an error in `d`. */
GPtrArray *records_read(const char *file, const char *text, diags *d);

/* The value of that name, whatever its case; borrowed.  NULL: none, or empty. */
const struct word *record_word(const struct record *r, const char *name);
const char *record_text(const struct record *r, const char *name);
/* Whether the value is one of these words, whatever their case. */
bool record_is(const struct record *r, const char *name, const char *const *words);

#endif
