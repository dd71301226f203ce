/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/registrar.h"

#include <string.h>

#include "common/sip_failure.h"

struct user_account {
	char *password;
	char *edge;
	bool disabled, inside_only;
};

struct registrar {
	char *realm;
	guint8 secret[32];    /* signs nonces */
	GHashTable *accounts; /* user -> struct user_account */
	GHashTable *bindings; /* user -> struct binding */
	GPtrArray *edges;     /* struct fe_flow of every connected Edge, oldest first */
};

static const struct object_shape user_account_shape = OBJECT_SHAPE(
	user_account, NULL, OWNS_TEXT(user_account, password), OWNS_TEXT(user_account, edge));

static const struct object_shape binding_shape =
	OBJECT_SHAPE(binding, NULL, OWNS_TEXT(binding, user), OWNS_TEXT(binding, edge),
		     OWNS_TEXT(binding, contact), OWNS(binding, flow, fe_flow_unref),
		     OWNS(binding, path, g_ptr_array_unref));

static const struct object_shape registrar_shape =
	OBJECT_SHAPE(registrar, NULL, OWNS_TABLE(registrar, bindings),
		     OWNS_TABLE(registrar, accounts), OWNS(registrar, edges, g_ptr_array_unref),
		     OWNS_TEXT(registrar, realm));

registrar *registrar_new(const char *realm)
{
	registrar *r = object_new(&registrar_shape);

	r->realm = g_strdup(realm);
	for (gsize i = 0; i < sizeof r->secret; i++)
		r->secret[i] = (guint8)g_random_int_range(0, 256);
	r->accounts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, object_free);
	r->bindings = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, object_free);
	r->edges = g_ptr_array_new_with_free_func((GDestroyNotify)fe_flow_unref);
	return r;
}

void registrar_add_user(registrar *r, const char *user, const char *password, const char *edge)
{
	struct user_account *a = object_new(&user_account_shape);

	a->password = g_strdup(password);
	a->edge = g_strdup(edge);
	g_hash_table_replace(r->accounts, g_strdup(user), a);
}

void registrar_disable_user(registrar *r, const char *user)
{
	struct user_account *a = g_hash_table_lookup(r->accounts, user);

	if (a)
		a->disabled = true;
}

void registrar_keep_user_inside(registrar *r, const char *user)
{
	struct user_account *a = g_hash_table_lookup(r->accounts, user);

	if (a)
		a->inside_only = true;
}

bool registrar_has_user(const registrar *r, const char *user)
{
	return g_hash_table_contains(r->accounts, user);
}

const char *registrar_user_edge(const registrar *r, const char *user)
{
	const struct user_account *a = g_hash_table_lookup(r->accounts, user);

	return a ? a->edge : NULL;
}

/* --- nonces: signed times, so that none need be stored (RFC 2617 section 3.2.1) --------------- */

/* The nonce of that time: 16 hex digits of time and a signature.  The caller frees. */
static char *registrar_nonce_at(const registrar *r, gint64 issued_us)
{
	g_autofree char *time = g_strdup_printf("%016" G_GINT64_MODIFIER "x", (guint64)issued_us);
	g_autofree char *mac =
		g_compute_hmac_for_string(G_CHECKSUM_SHA256, r->secret, sizeof r->secret, time, -1);

	return g_strdup_printf("%s%.32s", time, mac);
}

enum nonce_state { NONCE_GOOD, NONCE_STALE, NONCE_FOREIGN }; /* STALE: ours, but too old */

/* Whether a nonce (may be NULL) is ours and how old it is. */
static enum nonce_state registrar_nonce_check(const registrar *r, const char *nonce, gint64 now_us)
{
	g_autofree char *time = nonce ? g_strndup(nonce, 16) : NULL;
	g_autofree char *expected = NULL;
	guint64 issued_us;

	if (!time || !g_ascii_string_to_unsigned(time, 16, 0, G_MAXINT64, &issued_us, NULL))
		return NONCE_FOREIGN;
	expected = registrar_nonce_at(r, (gint64)issued_us);
	if (strcmp(expected, nonce) != 0)
		return NONCE_FOREIGN;
	return now_us - (gint64)issued_us > REGISTRAR_NONCE_LIFE_US ? NONCE_STALE : NONCE_GOOD;
}

sip_msg *registrar_challenge(registrar *r, const sip_msg *request, int status, const char *tag,
			     bool stale, gint64 now_us)
{
	g_autofree char *nonce = registrar_nonce_at(r, now_us);
	g_autofree char *fresh = sip_digest_challenge(r->realm, nonce);
	g_autofree char *value = g_strconcat(fresh, stale ? ", stale=true" : "", NULL);
	sip_msg *answer = sip_response_new(request, status, NULL, tag);

	sip_add_header(answer, status == 407 ? "Proxy-Authenticate" : "WWW-Authenticate", value);
	return answer;
}

/* --- credentials ------------------------------------------------------------------------------ */

/* The account that a user name of credentials means, an address or its part before the '@'. */
static const struct user_account *account_by_name(const registrar *r, const char *name,
						  char **ret_user)
{
	g_autofree char *address =
		strchr(name, '@') ? g_strdup(name) : g_strdup_printf("%s@%s", name, r->realm);

	*ret_user = g_ascii_strdown(address, -1);
	return g_hash_table_lookup(r->accounts, *ret_user);
}

/* The credentials for our realm; NULL: none (RFC 3261 section 22.3). */
static const char *credentials_of(const registrar *r, const sip_msg *request, const char *header)
{
	const char *value;

	for (guint i = 0; (value = sip_header_nth(request, header, i)); i++) {
		g_autofree char *realm = sip_param(value, "realm");

		if (g_strcmp0(realm, r->realm) == 0)
			return value;
	}
	return NULL;
}

enum credentials registrar_credentials(const registrar *r, const sip_msg *request,
				       const char *header, const char *user, gint64 now_us)
{
	const char *value = credentials_of(r, request, header);
	g_autofree char *nonce = value ? sip_param(value, "nonce") : NULL;
	g_autofree char *name = value ? sip_param(value, "username") : NULL;
	enum nonce_state state = registrar_nonce_check(r, nonce, now_us);
	g_autofree char *who = NULL;
	const struct user_account *account;

	if (state != NONCE_GOOD)
		return state == NONCE_STALE ? CREDENTIALS_STALE : CREDENTIALS_NONE;
	account = name ? account_by_name(r, name, &who) : NULL;
	if (!account || !sip_digest_check(value, sip_method(request), name, account->password))
		return CREDENTIALS_WRONG;
	return g_strcmp0(who, user) == 0 ? CREDENTIALS_GOOD : CREDENTIALS_WRONG;
}

/* --- REGISTER --------------------------------------------------------------------------------- */

/* Whether the user is of the one domain that we serve (RFC 3261 section 10.3 steps 1 and 5). */
static bool is_own_domain(const registrar *r, const char *user)
{
	const char *at = strchr(user, '@');

	return at && g_ascii_strcasecmp(at + 1, r->realm) == 0;
}

/* Why an authentic user may not sign in over this flow; REASON_NONE: the user may. */
static enum reason refusal_of(const struct user_account *account, const struct fe_flow *flow)
{
	if (account->disabled)
		return REASON_ACCOUNT_DISABLED;
	return account->inside_only && flow->edge ? REASON_NOT_REMOTE : REASON_NONE;
}

/* The response that refuses the request.  NULL: it is authentic. */
static sip_msg *refuse_register(registrar *r, const sip_msg *request, const struct fe_flow *flow,
				const char *user, const char *tag, gint64 now_us)
{
	const struct user_account *account = g_hash_table_lookup(r->accounts, user);
	enum credentials shown = registrar_credentials(r, request, "Authorization", user, now_us);
	enum reason why;

	if (!is_own_domain(r, user))
		return sip_refuse(request, REASON_DOMAIN_NOT_SERVED, NULL, tag, r->realm);
	if (!account)
		return sip_refuse(request, REASON_NO_SUCH_USER, NULL, tag, r->realm);
	if (shown == CREDENTIALS_NONE || shown == CREDENTIALS_STALE)
		return registrar_challenge(r, request, 401, tag, shown == CREDENTIALS_STALE,
					   now_us);
	why = shown == CREDENTIALS_WRONG ? REASON_WRONG_CREDENTIALS : refusal_of(account, flow);
	return why ? sip_refuse(request, why, NULL, tag, r->realm) : NULL;
}

/* For how many seconds the client wants to be registered, within our limit; 0: it signs out.  The
 * contact's parameter has precedence over the header field (RFC 3261 section 10.3 step 6). */
static guint expires_asked_s(const sip_msg *request)
{
	const char *contact = sip_header(request, "Contact");
	g_autofree char *own = contact ? sip_param(contact, "expires") : NULL;
	const char *text = own ? own : sip_header(request, "Expires");
	guint64 seconds = REGISTRAR_EXPIRES_DEFAULT_S;

	if (text)
		g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32, &seconds, NULL);
	return (guint)MIN(seconds, REGISTRAR_EXPIRES_MAX_S);
}

/* Puts a new binding in the place of the user's old one; returns it, borrowed. */
static struct binding *bind_user(registrar *r, const sip_msg *request, const char *user,
				 struct fe_flow *flow, gint64 expires_us)
{
	struct binding *b = object_new(&binding_shape);
	const char *path;

	b->user = g_strdup(user);
	b->edge = g_strdup(flow->edge);
	b->flow = flow->edge ? NULL : fe_flow_ref(flow);
	b->path = g_ptr_array_new_with_free_func(g_free);
	b->expires_us = expires_us;
	b->contact = sip_value_uri(sip_header(request, "Contact"));
	/* Only an Edge may set a Path. */
	for (guint i = 0; flow->edge && (path = sip_header_nth(request, "Path", i)); i++)
		g_ptr_array_add(b->path, g_strdup(path));
	g_hash_table_replace(r->bindings, b->user, b);
	return b;
}

/* The response 200, for the caller to unref.  `b` NULL: the user has signed out. */
static sip_msg *accept_register(const sip_msg *request, const char *tag, const struct binding *b,
				guint expires_s)
{
	sip_msg *answer = sip_response_new(request, 200, "OK", tag);
	const char *contact = sip_header(request, "Contact");
	g_autofree char *own = contact ? sip_param(contact, "expires") : NULL;
	g_autofree char *seconds = g_strdup_printf("%u", expires_s);

	sip_add_header(answer, "Expires", seconds);
	if (!b)
		return answer;
	if (contact) {
		g_autofree char *value =
			own ? g_strdup(contact) : g_strconcat(contact, ";expires=", seconds, NULL);

		sip_add_header(answer, "Contact", value);
	}
	for (guint i = 0; i < b->path->len; i++) /* RFC 3327 section 5.3 */
		sip_add_header(answer, "Path", g_ptr_array_index(b->path, i));
	if (b->edge)
		sip_add_header(answer, "ms-user-logon-data", "RemoteUser");
	return answer;
}

/* Removes what the request names (RFC 3261 section 10.2.2): a client that has been replaced does
 * not sign its successor out. */
static void remove_binding(registrar *r, const sip_msg *request, const char *user)
{
	const struct binding *b = g_hash_table_lookup(r->bindings, user);
	g_autofree char *uri = sip_value_uri(sip_header(request, "Contact"));
	g_autofree char *place = sip_uri_place(uri);
	g_autofree char *bound = b ? sip_uri_place(b->contact) : NULL;

	if (!place || !bound || g_str_equal(place, bound))
		g_hash_table_remove(r->bindings, user);
}

sip_msg *registrar_register(registrar *r, const sip_msg *request, struct fe_flow *flow,
			    gint64 now_us, const struct binding **ret_binding)
{
	g_autofree char *user = sip_uri_user(sip_to_uri(request));
	g_autofree char *tag = sip_new_tag();
	guint expires_s = expires_asked_s(request);
	struct binding *b = NULL;
	sip_msg *refusal;

	if (ret_binding)
		*ret_binding = NULL;
	if (!user)
		return sip_response_new(request, 400, "Bad Request", tag);
	refusal = refuse_register(r, request, flow, user, tag, now_us);
	if (refusal)
		return refusal;
	if (expires_s == 0)
		remove_binding(r, request, user);
	else
		b = bind_user(r, request, user, flow, now_us + (gint64)expires_s * G_USEC_PER_SEC);
	if (ret_binding)
		*ret_binding = b;
	return accept_register(request, tag, b, expires_s);
}

/* --- location --------------------------------------------------------------------------------- */

const struct binding *registrar_find(registrar *r, const char *user, gint64 now_us)
{
	const struct binding *b = g_hash_table_lookup(r->bindings, user);

	if (!b || now_us < b->expires_us)
		return b;
	g_hash_table_remove(r->bindings, user);
	return NULL;
}

const struct binding *registrar_find_contact(registrar *r, const char *uri, gint64 now_us)
{
	g_autofree char *place = sip_uri_place(uri);
	GHashTableIter i;
	gpointer user, value;

	g_hash_table_iter_init(&i, r->bindings);
	while (place && g_hash_table_iter_next(&i, &user, &value)) {
		g_autofree char *own = sip_uri_place(((const struct binding *)value)->contact);

		if (g_strcmp0(own, place) == 0)
			return registrar_find(r, user, now_us);
	}
	return NULL;
}

guint registrar_count(const registrar *r)
{
	return g_hash_table_size(r->bindings);
}

void registrar_drop(registrar *r, const char *user, const char *edge)
{
	const struct binding *b = g_hash_table_lookup(r->bindings, user);

	if (b && b->edge && g_strcmp0(b->edge, edge) == 0)
		g_hash_table_remove(r->bindings, user);
}

/* The flow of the Edge that connected last, borrowed; NULL: it is not connected. */
static struct fe_flow *newest_edge_flow(const registrar *r, const char *edge)
{
	for (guint i = r->edges->len; i > 0; i--) {
		struct fe_flow *f = g_ptr_array_index(r->edges, i - 1);

		if (g_ascii_strcasecmp(f->edge, edge) == 0)
			return f;
	}
	return NULL;
}

bool registrar_route(registrar *r, const char *user, gint64 now_us, struct fe_route *ret)
{
	const struct binding *b = registrar_find(r, user, now_us);
	struct fe_flow *flow;

	if (!b)
		return false;
	flow = b->edge ? newest_edge_flow(r, b->edge) : b->flow;
	if (!flow || !flow->open)
		return false;
	*ret = (struct fe_route){.flow = flow, .path = b->path, .contact = b->contact};
	return true;
}

static bool has_binding_on(const registrar *r, const struct fe_flow *flow)
{
	GHashTableIter i;
	gpointer value;

	g_hash_table_iter_init(&i, r->bindings);
	while (g_hash_table_iter_next(&i, NULL, &value))
		if (((const struct binding *)value)->flow == flow)
			return true;
	return false;
}

enum sender registrar_sender(registrar *r, const char *user, const struct fe_flow *flow,
			     gint64 now_us)
{
	const struct binding *b = registrar_find(r, user, now_us);

	if (b && (flow->edge ? g_strcmp0(b->edge, flow->edge) == 0 : b->flow == flow))
		return SENDER_TRUE;
	if (flow->edge)
		return b ? SENDER_FALSE : SENDER_UNREGISTERED;
	return has_binding_on(r, flow) ? SENDER_FALSE : SENDER_UNREGISTERED;
}

void registrar_edge_up(registrar *r, struct fe_flow *flow)
{
	g_ptr_array_add(r->edges, fe_flow_ref(flow));
}

GPtrArray *registrar_flow_gone(registrar *r, const struct fe_flow *flow)
{
	GPtrArray *users = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter i;
	gpointer value;

	g_hash_table_iter_init(&i, r->bindings);
	while (g_hash_table_iter_next(&i, NULL, &value)) {
		const struct binding *b = value;

		if (b->flow == flow) {
			g_ptr_array_add(users, g_strdup(b->user));
			g_hash_table_iter_remove(&i);
		}
	}
	g_ptr_array_remove(r->edges, (gpointer)(guintptr)flow);
	return users;
}
