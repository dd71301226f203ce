/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/common/certs.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DAY_S 86400

char *certs_path(const struct certs *c, const char *name)
{
	return g_build_filename(c->dir, name, NULL);
}

static void write_file(const struct certs *c, const char *name, const char *suffix,
		       const gnutls_datum_t *pem)
{
	g_autofree char *file = g_strconcat(name, suffix, NULL);
	g_autofree char *path = certs_path(c, file);

	g_assert_true(g_file_set_contents(path, (const char *)pem->data, (gssize)pem->size, NULL));
}

static gnutls_datum_t read_file(const struct certs *c, const char *name, const char *suffix)
{
	g_autofree char *file = g_strconcat(name, suffix, NULL);
	g_autofree char *path = certs_path(c, file);
	char *text = NULL;
	gsize length = 0;

	g_assert_true(g_file_get_contents(path, &text, &length, NULL));
	return (gnutls_datum_t){.data = (unsigned char *)text, .size = (unsigned)length};
}

static void store(const struct certs *c, const char *name, gnutls_x509_crt_t crt,
		  gnutls_x509_privkey_t key)
{
	gnutls_datum_t pem;

	g_assert_cmpint(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem), ==, 0);
	write_file(c, name, ".pem", &pem);
	gnutls_free(pem.data);
	g_assert_cmpint(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem), ==, 0);
	write_file(c, name, ".key", &pem);
	gnutls_free(pem.data);
}

static void load(const struct certs *c, const char *name, gnutls_x509_crt_t *crt,
		 gnutls_x509_privkey_t *key)
{
	gnutls_datum_t crt_pem = read_file(c, name, ".pem");
	gnutls_datum_t key_pem = read_file(c, name, ".key");

	gnutls_x509_crt_init(crt);
	gnutls_x509_privkey_init(key);
	g_assert_cmpint(gnutls_x509_crt_import(*crt, &crt_pem, GNUTLS_X509_FMT_PEM), ==, 0);
	g_assert_cmpint(gnutls_x509_privkey_import(*key, &key_pem, GNUTLS_X509_FMT_PEM), ==, 0);
	g_free(crt_pem.data);
	g_free(key_pem.data);
}

static gnutls_x509_crt_t new_certificate(const char *cn, gnutls_x509_privkey_t *key, time_t ends)
{
	gnutls_x509_crt_t crt;
	guint32 serial = g_random_int() >> 1;

	gnutls_x509_privkey_init(key);
	g_assert_cmpint(
		gnutls_x509_privkey_generate(*key, GNUTLS_PK_ECDSA,
					     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
		==, 0);
	gnutls_x509_crt_init(&crt);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, &serial, sizeof serial);
	gnutls_x509_crt_set_activation_time(crt, time(NULL) - 2 * DAY_S);
	gnutls_x509_crt_set_expiration_time(crt, ends);
	gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, cn,
				      (unsigned)strlen(cn));
	gnutls_x509_crt_set_key(crt, *key);
	return crt;
}

void certs_init(struct certs *c)
{
	c->dir = g_dir_make_tmp("testbed-certs-XXXXXX", NULL);
	g_assert_nonnull(c->dir);
}

void certs_make_ca(struct certs *c, const char *ca)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt = new_certificate(ca, &key, time(NULL) + DAY_S);
	g_autofree char *name = g_strconcat(ca, "-ca", NULL);

	gnutls_x509_crt_set_basic_constraints(crt, 1, -1);
	gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_KEY_CERT_SIGN);
	g_assert_cmpint(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), ==, 0);
	store(c, name, crt, key);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
}

void certs_make(struct certs *c, const char *ca, const char *name, const char *dns, int valid_s)
{
	gnutls_x509_privkey_t key, ca_key;
	gnutls_x509_crt_t crt = new_certificate(name, &key, time(NULL) + valid_s);
	gnutls_x509_crt_t ca_crt;
	g_autofree char *ca_name = g_strconcat(ca, "-ca", NULL);

	load(c, ca_name, &ca_crt, &ca_key);
	gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, dns, (unsigned)strlen(dns),
					     GNUTLS_FSAN_SET);
	g_assert_cmpint(gnutls_x509_crt_sign2(crt, ca_crt, ca_key, GNUTLS_DIG_SHA256, 0), ==, 0);
	store(c, name, crt, key);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
	gnutls_x509_crt_deinit(ca_crt);
	gnutls_x509_privkey_deinit(ca_key);
}

void certs_done(struct certs *c)
{
	g_autoptr(GDir) dir = g_dir_open(c->dir, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = certs_path(c, name);

		unlink(path);
	}
	rmdir(c->dir);
	g_clear_pointer(&c->dir, g_free);
}
