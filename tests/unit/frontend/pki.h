/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A throw-away CA and certificates for one test, as PEM files in a temporary folder. */
#ifndef TESTS_FRONTEND_PKI_H
#define TESTS_FRONTEND_PKI_H

#include <glib.h>

struct pki;

struct pki *pki_new(void);
/* Removes the folder with everything in it. */
void pki_free(struct pki *p);
/* Makes DNS-NAME.pem and DNS-NAME.key, for server and client. */
void pki_issue(struct pki *p, const char *dns_name);
/* "ca.pem", "fe.contoso.com.key", ...; the caller frees. */
char *pki_path(const struct pki *p, const char *file);

#endif
