/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trust: a lab's certificate authority, certificates, key pairs of tunnels and passwords. All of it
 * is made in memory and ends with the lab.
 *
 * GnuTLS is used because it is in the process anyway (glib-networking).  ECDSA on P-256: a key
 * takes a millisecond.  Depends on GnuTLS, base.
 */
#ifndef TESTBED_LAB_TRUST_H
#define TESTBED_LAB_TRUST_H

#include "testbed/base/diag.h"

#include <stdint.h>

typedef struct trust trust;

/* A fresh authority. */
trust *trust_new(GError **error);
void trust_free(trust *t);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(trust, trust_free)

/* The authority's certificate, PEM; borrowed. */
const char *trust_ca_pem(const trust *t);

enum trust_issuer {
	TRUST_OURS,
	TRUST_OTHER
}; /* TRUST_OTHER: an authority that trust_ca_pem does not hold */
enum trust_validity { TRUST_VALID, TRUST_EXPIRED, TRUST_NOT_YET };

/* A certificate for server and client use; `names` (at least one, NULL-terminated) become its DNS
 * names, the first one its common name.  The caller frees both PEM texts. */
gboolean trust_issue(trust *t, const char *const *names, enum trust_issuer issuer,
		     enum trust_validity validity, char **ret_certificate, char **ret_key,
		     GError **error);

/* The X25519 key pair of that name; the same name gives the same pair. */
gboolean trust_key_pair(trust *t, const char *name, uint8_t private_key[32],
			uint8_t public_key[32]);

/* A password (64 hex digits) that belongs to `purpose` and `name` and can't be guessed from others.
 * `master` is trust_master's.  Pure; the caller frees. */
char *trust_password(const char *master, const char *purpose, const char *name);
/* What the passwords of this lab derive from; borrowed. */
const char *trust_master(const trust *t);

#endif
