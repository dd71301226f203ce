/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/trust.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#define MASTER_BYTES 32
#define SERIAL_BYTES 16
#define SECONDS_A_DAY (24 * 60 * 60)
#define VALID_DAYS 365

struct key_pair {
	uint8_t private_key[32], public_key[32];
};

struct authority {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t certificate;
};

struct trust {
	struct authority ours, other; /* `other` has no key until it is asked to issue */
	char *pem;
	char *master;	   /* hex */
	GHashTable *pairs; /* name -> struct key_pair */
};

static gboolean check(int code, const char *what, GError **error)
{
	if (code >= 0)
		return TRUE;
	return tb_error_set(error, TB_ERROR_FAILED, "can't make %s: %s", what,
			    gnutls_strerror(code));
}

static int new_key(gnutls_x509_privkey_t *ret)
{
	int code = gnutls_x509_privkey_init(ret);

	if (code < 0)
		return code;
	return gnutls_x509_privkey_generate(*ret, GNUTLS_PK_ECDSA,
					    GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
}

/* Valid from yesterday, because clocks differ, for a year; or expired, or not valid yet. */
static const struct {
	int first_day, last_day; /* from today */
} validities[] = {
	[TRUST_VALID] = {-1, VALID_DAYS},
	[TRUST_EXPIRED] = {-1 - VALID_DAYS, -1},
	[TRUST_NOT_YET] = {1, 1 + VALID_DAYS},
};

/* Fields that every certificate has: version 3, serial, validity, key, subject. */
static int fill(gnutls_x509_crt_t c, gnutls_x509_privkey_t key, const char *common_name,
		enum trust_validity validity)
{
	uint8_t serial[SERIAL_BYTES], id[20];
	size_t id_bytes = sizeof id;
	time_t now = time(NULL);
	int code = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial);

	serial[0] = (serial[0] & 0x7f) | 1; /* RFC 5280, 4.1.2.2: positive */
	if (code >= 0)
		code = gnutls_x509_crt_set_version(c, 3);
	if (code >= 0)
		code = gnutls_x509_crt_set_serial(c, serial, sizeof serial);
	if (code >= 0)
		code = gnutls_x509_crt_set_activation_time(c, now + validities[validity].first_day *
									      SECONDS_A_DAY);
	if (code >= 0)
		code = gnutls_x509_crt_set_expiration_time(c, now + validities[validity].last_day *
									      SECONDS_A_DAY);
	if (code >= 0)
		code = gnutls_x509_crt_set_key(c, key);
	if (code >= 0)
		code = gnutls_x509_crt_get_key_id(c, 0, id, &id_bytes);
	if (code >= 0)
		code = gnutls_x509_crt_set_subject_key_id(c, id, id_bytes);
	if (code >= 0)
		code = gnutls_x509_crt_set_dn_by_oid(c, GNUTLS_OID_X520_COMMON_NAME, 0, common_name,
						     (unsigned)strlen(common_name));
	return code;
}

static int make_authority(struct authority *a, const char *name)
{
	int code = new_key(&a->key);

	if (code >= 0)
		code = gnutls_x509_crt_init(&a->certificate);
	if (code >= 0)
		code = fill(a->certificate, a->key, name, TRUST_VALID);
	if (code >= 0)
		code = gnutls_x509_crt_set_basic_constraints(a->certificate, 1, 0);
	if (code >= 0)
		code = gnutls_x509_crt_set_key_usage(a->certificate, GNUTLS_KEY_KEY_CERT_SIGN |
									     GNUTLS_KEY_CRL_SIGN);
	if (code >= 0)
		code = gnutls_x509_crt_sign2(a->certificate, a->certificate, a->key,
					     GNUTLS_DIG_SHA256, 0);
	return code;
}

static void clear_authority(struct authority *a)
{
	if (a->certificate)
		gnutls_x509_crt_deinit(a->certificate);
	if (a->key)
		gnutls_x509_privkey_deinit(a->key);
}

static int export_certificate(gnutls_x509_crt_t c, char **ret)
{
	gnutls_datum_t pem = {0};
	int code = gnutls_x509_crt_export2(c, GNUTLS_X509_FMT_PEM, &pem);

	if (code >= 0)
		*ret = g_strndup((const char *)pem.data, pem.size);
	gnutls_free(pem.data);
	return code;
}

static int export_key(gnutls_x509_privkey_t key, char **ret)
{
	gnutls_datum_t pem = {0};
	int code = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
						     GNUTLS_PKCS_PLAIN, &pem);

	if (code >= 0)
		*ret = g_strndup((const char *)pem.data, pem.size);
	gnutls_free(pem.data);
	return code;
}

static char *hex(const uint8_t *bytes, gsize n)
{
	GString *text = g_string_sized_new(2 * n);

	for (gsize i = 0; i < n; i++)
		g_string_append_printf(text, "%02x", bytes[i]);
	return g_string_free(text, FALSE);
}

trust *trust_new(GError **error)
{
	g_autoptr(trust) t = g_new0(trust, 1);
	uint8_t master[MASTER_BYTES];

	t->pairs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	if (!check(gnutls_rnd(GNUTLS_RND_KEY, master, sizeof master), "random numbers", error) ||
	    !check(make_authority(&t->ours, "testbed lab CA"), "a certificate authority", error) ||
	    !check(export_certificate(t->ours.certificate, &t->pem), "a certificate authority",
		   error))
		return NULL;
	t->master = hex(master, sizeof master);
	return g_steal_pointer(&t);
}

void trust_free(trust *t)
{
	if (!t)
		return;
	clear_authority(&t->ours);
	clear_authority(&t->other);
	g_hash_table_unref(t->pairs);
	g_free(t->pem);
	g_free(t->master);
	g_free(t);
}

const char *trust_ca_pem(const trust *t)
{
	return t->pem;
}

const char *trust_master(const trust *t)
{
	return t->master;
}

static int add_names(gnutls_x509_crt_t c, const char *const *names)
{
	int code = 0;

	for (guint i = 0; names[i] && code >= 0; i++)
		code = gnutls_x509_crt_set_subject_alt_name(
			c, GNUTLS_SAN_DNSNAME, names[i], (unsigned)strlen(names[i]),
			i == 0 ? GNUTLS_FSAN_SET : GNUTLS_FSAN_APPEND);
	return code;
}

/* RFC 5280, 4.2.1.1.  Who verifies strictly refuses a certificate without it: Python from 3.13. */
static int name_issuer_key(gnutls_x509_crt_t c, gnutls_x509_crt_t issuer)
{
	uint8_t id[20];
	size_t id_bytes = sizeof id;
	int code = gnutls_x509_crt_get_subject_key_id(issuer, id, &id_bytes, NULL);

	return code < 0 ? code : gnutls_x509_crt_set_authority_key_id(c, id, id_bytes);
}

static int issue(const struct authority *a, gnutls_x509_crt_t c, gnutls_x509_privkey_t key,
		 const char *const *names, enum trust_validity validity)
{
	int code = fill(c, key, names[0], validity);

	if (code >= 0)
		code = add_names(c, names);
	if (code >= 0)
		code = gnutls_x509_crt_set_basic_constraints(c, 0, -1);
	if (code >= 0)
		code = gnutls_x509_crt_set_key_usage(c, GNUTLS_KEY_DIGITAL_SIGNATURE);
	/* servers of a lab are each other's clients: mutual TLS */
	if (code >= 0)
		code = gnutls_x509_crt_set_key_purpose_oid(c, GNUTLS_KP_TLS_WWW_SERVER, 0);
	if (code >= 0)
		code = gnutls_x509_crt_set_key_purpose_oid(c, GNUTLS_KP_TLS_WWW_CLIENT, 0);
	if (code >= 0)
		code = name_issuer_key(c, a->certificate);
	if (code >= 0)
		code = gnutls_x509_crt_sign2(c, a->certificate, a->key, GNUTLS_DIG_SHA256, 0);
	return code;
}

gboolean trust_issue(trust *t, const char *const *names, enum trust_issuer issuer,
		     enum trust_validity validity, char **ret_certificate, char **ret_key,
		     GError **error)
{
	struct authority *a = issuer == TRUST_OURS ? &t->ours : &t->other;
	g_autofree char *certificate = NULL, *private_key = NULL;
	gnutls_x509_crt_t c = NULL;
	gnutls_x509_privkey_t key = NULL;
	int code = gnutls_x509_crt_init(&c);

	if (code >= 0 && !a->key)
		code = make_authority(a, "another CA");
	if (code >= 0)
		code = new_key(&key);
	if (code >= 0)
		code = issue(a, c, key, names, validity);
	if (code >= 0)
		code = export_certificate(c, &certificate);
	if (code >= 0)
		code = export_key(key, &private_key);
	if (c)
		gnutls_x509_crt_deinit(c);
	if (key)
		gnutls_x509_privkey_deinit(key);
	if (!check(code, "a certificate", error))
		return FALSE;
	*ret_certificate = g_steal_pointer(&certificate);
	*ret_key = g_steal_pointer(&private_key);
	return TRUE;
}

static bool new_pair(struct key_pair *ret)
{
	gnutls_ecc_curve_t curve;
	gnutls_datum_t x = {0}, k = {0};
	gnutls_privkey_t key = NULL;
	bool ok;

	ok = gnutls_privkey_init(&key) >= 0 &&
	     gnutls_privkey_generate(key, GNUTLS_PK_ECDH_X25519,
				     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_X25519), 0) >= 0 &&
	     gnutls_privkey_export_ecc_raw2(key, &curve, &x, NULL, &k, 0) >= 0 && x.size == 32 &&
	     k.size == 32;
	if (ok) {
		memcpy(ret->public_key, x.data, 32);
		memcpy(ret->private_key, k.data, 32);
	}
	gnutls_free(x.data);
	gnutls_free(k.data);
	if (key)
		gnutls_privkey_deinit(key);
	return ok;
}

gboolean trust_key_pair(trust *t, const char *name, uint8_t private_key[32], uint8_t public_key[32])
{
	struct key_pair *pair = g_hash_table_lookup(t->pairs, name);

	if (!pair) {
		pair = g_new0(struct key_pair, 1);
		if (!new_pair(pair)) {
			g_free(pair);
			return FALSE;
		}
		g_hash_table_insert(t->pairs, g_strdup(name), pair);
	}
	memcpy(private_key, pair->private_key, 32);
	memcpy(public_key, pair->public_key, 32);
	return TRUE;
}

char *trust_password(const char *master, const char *purpose, const char *name)
{
	g_autofree char *text = g_strdup_printf("%s/%s", purpose, name);

	return g_compute_hmac_for_string(G_CHECKSUM_SHA256, (const guchar *)master, strlen(master),
					 text, -1);
}
