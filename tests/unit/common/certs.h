/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates made for a test, in a temporary folder. */
#ifndef TESTS_UNIT_COMMON_CERTS_H
#define TESTS_UNIT_COMMON_CERTS_H

#include <glib.h>

struct certs {
	char *dir;
};

/* Makes the folder. */
void certs_init(struct certs *c);
/* Makes CA-ca.pem and CA-ca.key. */
void certs_make_ca(struct certs *c, const char *ca);
/* Makes NAME.pem and NAME.key signed by `ca`, for the DNS name `dns`; `valid_s`: seconds from now
 * until it ends (negative: it has ended). */
void certs_make(struct certs *c, const char *ca, const char *name, const char *dns, int valid_s);
/* "DIR/NAME"; the caller frees. */
char *certs_path(const struct certs *c, const char *name);
void certs_done(struct certs *c);

#endif
