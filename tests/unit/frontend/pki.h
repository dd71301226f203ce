/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A throw-away CA and certificates for one test, as PEM files in a temporary folder. */
#ifndef TESTS_FRONTEND_PKI_H
#define TESTS_FRONTEND_PKI_H

#include <glib.h>

#include "common/tls.h"

struct pki;

struct pki *pki_new(void);
/* Removes the folder with everything in it. */
void pki_free(struct pki *p);
/* Makes DNS-NAME.pem and DNS-NAME.key, for server and client. */
void pki_issue(struct pki *p, const char *dns_name);
/* "ca.pem", "fe.contoso.com.key", ...; the caller frees. */
char *pki_path(const struct pki *p, const char *file);
/* The identity of that certificate, NULL: without one, who trusts the CA. */
tls_identity *pki_identity(const struct pki *p, const char *name);
/* A port of 127.0.0.1 that nobody listens on. */
guint16 pki_free_port(void);

#endif
