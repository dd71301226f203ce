/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON Schema of topology files, for editors, made of the tables that files are read by.
 *
 * It tells keys, words and forms of values.  What must fit other parts of the file, the loader
 * alone knows.  Depends on reader, schema, value and jansson.  Pure.
 */
#ifndef TESTBED_MODEL_FILE_SCHEMA_H
#define TESTBED_MODEL_FILE_SCHEMA_H

#include <jansson.h>

/* The schema (draft 7, which editors know), which the caller owns. */
json_t *model_file_schema(void);

#endif
