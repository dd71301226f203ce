/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Read functions for single values: words, numbers, addresses, quantities.  Private to the model
 * layer.
 *
 * All are read_func (reader.h); the comment behind each says what `target` and `arg` are.
 */
#ifndef TESTBED_MODEL_VALUE_H
#define TESTBED_MODEL_VALUE_H

#include "testbed/model/reader.h"

/* Which characters a word may have, and how many.  Words become part of file names, configuration
 * files and rule texts, so each kind is as narrow as its use allows. */
struct charset {
	const char *what;  /* "a name: letters, digits, ..." */
	const char *first; /* extra characters besides letters and digits at the start ... */
	const char *rest;  /* ... and after it */
	size_t max;	   /* characters */
};

extern const struct charset charset_name; /* nodes, networks, rules, scenarios */
extern const struct charset charset_iface;
extern const struct charset charset_dns;
extern const struct charset charset_namespace; /* a DNS name, or a suffix that starts with a dot */
extern const struct charset charset_user;      /* "dc1@contoso.com" */
extern const struct charset charset_sysctl;
extern const struct charset charset_cause;
extern const struct charset charset_selector; /* a name or "*" */

read_function read_text;     /* char *; - */
read_function read_word;     /* char *; struct charset */
read_function read_choice;   /* char *; names */
read_function read_enum;     /* an enum; names */
read_function read_mask;     /* unsigned; struct mask_type */
read_function read_bool;     /* bool; - */
read_function read_addr;     /* struct addr; - */
read_function read_prefix;   /* struct prefix; struct prefix_type or NULL */
read_function read_port;     /* uint16_t; - */
read_function read_number16; /* uint16_t, 0 allowed; - */
read_function read_number32; /* unsigned; - */
read_function read_ports;    /* struct port_range: 443 or 50000-59999; - */
read_function read_quantity; /* unsigned; struct quantity */
read_function read_percent;  /* double; - */

/* Bits of an enum: one word or a list of them. */
struct mask_type {
	const char *const *names;
	unsigned allowed; /* bits that may be set */
};

struct prefix_type {
	bool need_length; /* a bare address will not do */
	bool is_network;  /* host bits must be clear */
	bool may_be_default;
};

struct unit {
	const char *suffix;
	unsigned factor; /* how many of the target's unit it is */
};

/* A whole or decimal number with a unit. */
struct quantity {
	const char *what;	  /* "a time such as 20ms or 30s" */
	const struct unit *units; /* ends with a NULL suffix */
	unsigned min, max;	  /* in the target's unit */
};

extern const struct quantity quantity_duration_ms;
extern const struct quantity quantity_mtu_bytes;
extern const struct prefix_type prefix_subnet;	/* 10.0.1.0/24 */
extern const struct prefix_type prefix_address; /* 10.0.1.10/24 */
extern const struct prefix_type prefix_route;	/* 10.0.1.0/24, 10.0.1.1 or default */

#endif
