/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/frontend/pki.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <time.h>

struct pki {
	char *folder;
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t ca;
	guint8 serial;
};

static void must(int rc)
{
	if (rc < 0)
		g_error("gnutls: %s", gnutls_strerror(rc));
}

char *pki_path(const struct pki *p, const char *file)
{
	return g_build_filename(p->folder, file, NULL);
}

static void write_pem(const struct pki *p, const char *name, const char *suffix,
		      gnutls_datum_t *pem)
{
	g_autofree char *file = g_strconcat(name, suffix, NULL);
	g_autofree char *path = pki_path(p, file);

	if (!g_file_set_contents(path, (const char *)pem->data, (gssize)pem->size, NULL))
		g_error("cannot write %s", path);
	gnutls_free(pem->data);
}

static gnutls_x509_privkey_t make_key(void)
{
	gnutls_x509_privkey_t key;

	must(gnutls_x509_privkey_init(&key));
	must(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
					  GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
	return key;
}

static gnutls_x509_crt_t make_certificate(struct pki *p, const char *name,
					  gnutls_x509_privkey_t key)
{
	gnutls_x509_crt_t c;

	p->serial++;
	must(gnutls_x509_crt_init(&c));
	must(gnutls_x509_crt_set_version(c, 3));
	must(gnutls_x509_crt_set_serial(c, &p->serial, 1));
	must(gnutls_x509_crt_set_activation_time(c, time(NULL) - 60));
	must(gnutls_x509_crt_set_expiration_time(c, time(NULL) + 3600));
	must(gnutls_x509_crt_set_dn_by_oid(c, GNUTLS_OID_X520_COMMON_NAME, 0, name,
					   (unsigned)strlen(name)));
	must(gnutls_x509_crt_set_key(c, key));
	return c;
}

struct pki *pki_new(void)
{
	struct pki *p = g_new0(struct pki, 1);
	gnutls_datum_t pem;

	p->folder = g_dir_make_tmp("tb-frontend-XXXXXX", NULL);
	p->key = make_key();
	p->ca = make_certificate(p, "test CA", p->key);
	must(gnutls_x509_crt_set_basic_constraints(p->ca, 1, -1));
	must(gnutls_x509_crt_set_key_usage(p->ca, GNUTLS_KEY_KEY_CERT_SIGN));
	must(gnutls_x509_crt_sign2(p->ca, p->ca, p->key, GNUTLS_DIG_SHA256, 0));
	must(gnutls_x509_crt_export2(p->ca, GNUTLS_X509_FMT_PEM, &pem));
	write_pem(p, "ca", ".pem", &pem);
	return p;
}

void pki_issue(struct pki *p, const char *dns_name)
{
	gnutls_x509_privkey_t key = make_key();
	gnutls_x509_crt_t c = make_certificate(p, dns_name, key);
	gnutls_datum_t pem;

	must(gnutls_x509_crt_set_subject_alt_name(c, GNUTLS_SAN_DNSNAME, dns_name,
						  (unsigned)strlen(dns_name), GNUTLS_FSAN_SET));
	must(gnutls_x509_crt_set_key_purpose_oid(c, GNUTLS_KP_TLS_WWW_SERVER, 0));
	must(gnutls_x509_crt_set_key_purpose_oid(c, GNUTLS_KP_TLS_WWW_CLIENT, 0));
	must(gnutls_x509_crt_sign2(c, p->ca, p->key, GNUTLS_DIG_SHA256, 0));
	must(gnutls_x509_crt_export2(c, GNUTLS_X509_FMT_PEM, &pem));
	write_pem(p, dns_name, ".pem", &pem);
	must(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN,
					       &pem));
	write_pem(p, dns_name, ".key", &pem);
	gnutls_x509_crt_deinit(c);
	gnutls_x509_privkey_deinit(key);
}

void pki_free(struct pki *p)
{
	GDir *d = g_dir_open(p->folder, 0, NULL);
	const char *file;

	while (d && (file = g_dir_read_name(d))) {
		g_autofree char *path = pki_path(p, file);

		g_unlink(path);
	}
	if (d)
		g_dir_close(d);
	g_rmdir(p->folder);
	gnutls_x509_crt_deinit(p->ca);
	gnutls_x509_privkey_deinit(p->key);
	g_free(p->folder);
	g_free(p);
}

tls_identity *pki_identity(const struct pki *p, const char *name)
{
	g_autofree char *ca = pki_path(p, "ca.pem");
	g_autofree char *pem = name ? g_strconcat(name, ".pem", NULL) : NULL;
	g_autofree char *key = name ? g_strconcat(name, ".key", NULL) : NULL;
	g_autofree char *pem_path = name ? pki_path(p, pem) : NULL;
	g_autofree char *key_path = name ? pki_path(p, key) : NULL;
	g_autoptr(GError) error = NULL;
	tls_identity *id = tls_identity_new(ca, pem_path, key_path, &error);

	cr_assert_not_null(id, "identity: %s", error ? error->message : "");
	return id;
}

guint16 pki_free_port(void)
{
	g_autoptr(GSocket) s = g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
					    G_SOCKET_PROTOCOL_TCP, NULL);
	g_autoptr(GSocketAddress) any = g_inet_socket_address_new_from_string("127.0.0.1", 0);
	g_autoptr(GSocketAddress) bound = NULL;

	g_socket_bind(s, any, FALSE, NULL);
	bound = g_socket_get_local_address(s, NULL);
	return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound));
}
