/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The typed reader: from YAML values to C objects, driven by tables.  Private to the model layer.
 *
 * Nouns: a `field` is one key a mapping may have: how its value is read and where it goes.  An
 * `object_type` is a kind of mapping with its fields.  A `read_func` reads one value into `target`;
 * it reports what is wrong and returns whether it wrote anything.  `places` remembers where every
 * value read stood, by the address it was read into, so that later checks can point at it.
 *
 * Nothing here stops at the first mistake: a value that can't be read leaves its target as it was.
 * Depends on base and libyaml.
 */
#ifndef TESTBED_MODEL_READER_H
#define TESTBED_MODEL_READER_H

#include "testbed/base/addr.h"
#include "common/base/object.h"
#include "testbed/model/source.h"

#include <stddef.h>

struct places;

struct reader {
	const struct source *source;
	diags *d;
	struct places *places;
	const char *key; /* the key being read, for messages */
};

/* Reads `value` into `target`.  Reports what is wrong with it; returns false when nothing was
 * read. */
typedef bool read_function(struct reader *r, const yaml_node_t *value, void *target,
			   const void *arg);
typedef read_function *read_func;

/* One key of a mapping.  A table of these ends with an all-zero row. */
struct field {
	const char *key; /* "x-*" stands for every key that starts with "x-" */
	read_func read;
	size_t offset;	 /* of `read`'s target in the object */
	const void *arg; /* for `read` */
	bool required;
	/* Instead of a key: all fields of another table.  With `indirect` they belong to the object
	 * that the pointer at `offset` points to. */
	const struct field *include;
	bool indirect;
	/* Where `read` is private: rows of which one takes what it takes (file_schema.h); ended by
	 * one without `read`. */
	const struct field *like;
};

struct object_type {
	const char *what; /* its word in messages: "route" */
	const struct object_shape *shape;
	const struct field *fields;
	size_t loc_offset; /* of its struct loc */
	/* For objects in mappings, NAME: {...}: where the name (char *) goes, how it is read. */
	size_t name_offset;
	read_func read_name;
	const void *name_arg;
	/* Reports what is wrong beyond single fields, and may set defaults; may be NULL. */
	void (*check)(struct reader *r, const yaml_node_t *value, void *object);
};

/* The type of objects `struct type`; after `.fields` come NAMED_BY and `.check`, where they apply.
 */
#define OBJECT_TYPE(what_, type, ...)                                                              \
	{                                                                                          \
		.what = (what_), .shape = &type##_shape, .loc_offset = offsetof(struct type, loc), \
		__VA_ARGS__                                                                        \
	}
#define NAMED_BY(type, charset) \
	.name_offset = offsetof(struct type, name), .read_name = read_word, .name_arg = &(charset)

/* Adds an error at the value, with printf-like text; `hint` may be NULL. */
#define reader_error(r, value, hint, ...) \
	diags_add((r)->d, DIAG_ERROR, source_loc((r)->source, value), hint, __VA_ARGS__)
/* "did you mean 'x'?", or else the list of all words; NULL: there are none.  The caller frees. */
char *reader_hint(const char *word, const char *const *words);

/* Reads a mapping into an object: unknown, wrong and missing keys are findings.  With `rest`, a key
 * that no field has is the name of an object of that type, which is added to `rest_into`; without,
 * it is an error.  `<<` merges mappings as YAML 1.1's merge type does.  Returns false, with a
 * finding, when the value is no mapping and nothing was read. */
bool read_mapping(struct reader *r, const yaml_node_t *value, const struct field *fields,
		  void *object, const struct object_type *rest, GPtrArray *rest_into);
/* The only pair of a mapping such as {dns: {...}}: its key and value.  Returns false, with a
 * finding, when the value is something else. */
bool read_single(struct reader *r, const yaml_node_t *value, const yaml_node_t **key,
		 const yaml_node_t **inner);
/* Calls `each` for every element of a list; false with a finding when the value is no list. */
typedef void (*read_each_func)(struct reader *r, const yaml_node_t *value, gpointer user_data);
bool read_list(struct reader *r, const yaml_node_t *value, read_each_func each, gpointer user_data);
/* The text of a scalar, borrowed from the source; NULL with a finding when it is none or empty. */
const char *read_scalar(struct reader *r, const yaml_node_t *value);
/* Calls `each` for every pair of a mapping, those that `<<` merges included; false with a finding
 * when the value is no mapping. */
typedef void (*read_pair_func)(struct reader *r, const yaml_node_t *key, const yaml_node_t *value,
			       gpointer user_data);
bool read_pairs(struct reader *r, const yaml_node_t *value, read_pair_func each,
		gpointer user_data);

/* Whether a mapping has the key, merged ones included. */
bool read_has_key(struct reader *r, const yaml_node_t *value, const char *key);

/* For rows of field tables: the member that a value goes to, and a whole row. */
#define AT(type, member) .offset = offsetof(struct type, member)
#define KEY(key_, read_, type_, member_, arg_) \
	.key = (key_), .read = (read_), AT(type_, member_), .arg = (arg_)

#define LIKE(...)                      \
	.like = (const struct field[]) \
	{                              \
		__VA_ARGS__,           \
		{                      \
			0              \
		}                      \
	}

/* Read functions: target; arg. */
read_function read_objects;	  /* GPtrArray *, a list; struct object_type */
read_function read_named_objects; /* GPtrArray *, a mapping; struct object_type */
read_function read_array;	  /* GArray *; struct list_type */
read_function read_texts;	  /* GPtrArray * of char *; struct list_type */
read_function read_inline;	  /* the object itself, a mapping; struct field table */
read_function read_nothing;	  /* any value, ignored */

/* A list, or one item standing for a list of one. */
struct list_type {
	read_func item;
	const void *arg;
	bool may_be_empty;
};

/* `places` remembers where values stood in files; empty at first.  places_get: where the value that
 * was read into `target` stood; `fallback` when none was. */
struct places *places_new(void);
void places_free(struct places *p); /* accepts NULL */
void places_set(struct places *p, const void *target, struct loc loc);
bool places_has(const struct places *p,
		const void *target); /* whether the file says anything there */
struct loc places_get(const struct places *p, const void *target, struct loc fallback);
/* The same for the item `index` of a list (GArray or GPtrArray); set in order. */
void places_set_item(struct places *p, const void *list, guint index, struct loc loc);
struct loc places_item(const struct places *p, const void *list, guint index, struct loc fallback);

#endif
