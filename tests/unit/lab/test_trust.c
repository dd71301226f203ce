/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates are judged by GnuTLS itself, as a client would. */
#include "testbed/lab/trust.h"

#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <gnutls/x509.h>
#include <string.h>

static const char *const names[] = {"edge.contoso.com", "sip.contoso.com", NULL};

static gnutls_x509_crt_t import(const char *pem)
{
	gnutls_datum_t data = {(unsigned char *)g_strdup(pem), (unsigned)strlen(pem)};
	gnutls_x509_crt_t certificate;

	gnutls_x509_crt_init(&certificate);
	cr_assert_eq(gnutls_x509_crt_import(certificate, &data, GNUTLS_X509_FMT_PEM), 0,
		     "not a PEM certificate");
	g_free(data.data);
	return certificate;
}

static bool is_trusted(const char *certificate, const char *ca, const char *host)
{
	gnutls_x509_trust_list_t list;
	gnutls_x509_crt_t root = import(ca), leaf = import(certificate);
	gnutls_typed_vdata_st data[] = {
		{.type = GNUTLS_DT_DNS_HOSTNAME, .data = (unsigned char *)g_strdup(host)},
		{.type = GNUTLS_DT_KEY_PURPOSE_OID,
		 .data = (unsigned char *)g_strdup(GNUTLS_KP_TLS_WWW_SERVER)},
	};
	unsigned status = 0;
	int code;

	gnutls_x509_trust_list_init(&list, 0);
	gnutls_x509_trust_list_add_cas(list, &root, 1, 0);
	code = gnutls_x509_trust_list_verify_crt2(list, &leaf, 1, data, G_N_ELEMENTS(data), 0,
						  &status, NULL);
	gnutls_x509_trust_list_deinit(list, 1);
	gnutls_x509_crt_deinit(leaf);
	g_free(data[0].data);
	g_free(data[1].data);
	return code == 0 && status == 0;
}

Test(trust, certificate_is_good_for_its_names_and_its_authority_only)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(trust) ours = trust_new(&error), theirs = trust_new(&error);
	g_autofree char *certificate = NULL, *key = NULL;

	cr_assert(ours != NULL && theirs != NULL, "no authority: %s",
		  error != NULL ? error->message : "");
	cr_assert(trust_issue(ours, names, TRUST_OURS, TRUST_VALID, &certificate, &key, &error),
		  "no certificate: %s", error != NULL ? error->message : "");
	cr_expect(is_trusted(certificate, trust_ca_pem(ours), "edge.contoso.com"),
		  "refused for its first name");
	cr_expect(is_trusted(certificate, trust_ca_pem(ours), "sip.contoso.com"),
		  "refused for its second name");
	cr_expect_not(is_trusted(certificate, trust_ca_pem(ours), "fe.contoso.com"),
		      "accepted for a foreign name");
	cr_expect_not(is_trusted(certificate, trust_ca_pem(theirs), "edge.contoso.com"),
		      "accepted by another lab's authority");
}

/* What GnuTLS lets pass, others may not: OpenSSL by the letter of RFC 5280, as Python has it from
 * version 3.13. */
Test(trust, certificates_pass_strict_verification)
{
	g_autoptr(trust) t = trust_new(NULL);
	g_autofree char *certificate = NULL, *key = NULL;
	char *dir = program_folder_new();
	g_autofree char *ca_path = g_build_filename(dir, "ca.pem", NULL),
			*path = g_build_filename(dir, "edge.pem", NULL),
			*openssl = g_find_program_in_path("openssl");
	const char *const argv[] = {"openssl", "verify", "-x509_strict", "-purpose", "sslserver",
				    "-CAfile", ca_path,	 path,		 NULL};
	struct outcome o;

	if (!openssl)
		cr_skip_test("needs openssl: it is not there");
	cr_assert(trust_issue(t, names, TRUST_OURS, TRUST_VALID, &certificate, &key, NULL));
	cr_assert(g_file_set_contents(ca_path, trust_ca_pem(t), -1, NULL));
	cr_assert(g_file_set_contents(path, certificate, -1, NULL));
	program_run(argv, NULL, &o);
	cr_expect_eq(o.exit_code, 0, "%s%s", o.out, o.err);
	outcome_clear(&o);
	program_folder_free(dir);
}

Test(trust, key_belongs_to_certificate)
{
	g_autoptr(trust) t = trust_new(NULL);
	g_autofree char *certificate = NULL, *key = NULL;
	gnutls_certificate_credentials_t credentials;
	gnutls_datum_t certificate_data, key_data;

	cr_assert(trust_issue(t, names, TRUST_OURS, TRUST_VALID, &certificate, &key, NULL));
	certificate_data =
		(gnutls_datum_t){(unsigned char *)certificate, (unsigned)strlen(certificate)};
	key_data = (gnutls_datum_t){(unsigned char *)key, (unsigned)strlen(key)};
	gnutls_certificate_allocate_credentials(&credentials);
	cr_expect_geq(gnutls_certificate_set_x509_key_mem(credentials, &certificate_data, &key_data,
							  GNUTLS_X509_FMT_PEM),
		      0, "key and certificate don't match");
	gnutls_certificate_free_credentials(credentials);
}

Test(trust, key_pairs_are_by_name)
{
	g_autoptr(trust) t = trust_new(NULL);
	uint8_t private_key[3][32], public_key[3][32];
	static const char *const pairs[] = {"vpn/core", "vpn/branch-gw", "vpn/core"};

	for (int i = 0; i < 3; i++)
		cr_assert(trust_key_pair(t, pairs[i], private_key[i], public_key[i]),
			  "no key for %s", pairs[i]);
	cr_expect_arr_eq(private_key[0], private_key[2], 32,
			 "the same name gave another private key");
	cr_expect_arr_eq(public_key[0], public_key[2], 32, "the same name gave another public key");
	cr_expect_arr_neq(private_key[0], private_key[1], 32, "two names have the same key");
	cr_expect_arr_neq(public_key[0], private_key[0], 32, "public and private key are the same");
}

Test(trust, passwords_differ_by_purpose_name_and_lab)
{
	g_autofree char *one = trust_password("m", "user", "dc1"),
			*again = trust_password("m", "user", "dc1");
	g_autofree char *name = trust_password("m", "user", "dc2"),
			*purpose = trust_password("m", "edge", "dc1");
	g_autofree char *lab = trust_password("n", "user", "dc1");

	cr_expect_str_eq(one, again);
	cr_expect_str_neq(one, name);
	cr_expect_str_neq(one, purpose);
	cr_expect_str_neq(one, lab);
	cr_expect_eq(strlen(one), 64, "64 hex digits");
}
