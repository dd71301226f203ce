/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/registrar.h"

#include <string.h>

#include "common/random.h"
#include "common/sip_failure.h"

/* How often a nonce was used. */
struct nonce_use {
	char *nonce;
	gint64 issued_us;
	guint32 count; /* the highest */
};

struct user_account {
	char *password;
	char *edge;
	bool disabled, inside_only;
	GPtrArray *uses;  /* struct nonce_use, in the order of their first uses */
	gint64 forgot_us; /* uses of nonces that were issued until then are not known any more */
};

struct registrar {
	char *realm;
	guint8 secret[32];    /* signs nonces */
	gint64 last_nonce_us; /* no two have the same time */
	GHashTable *accounts; /* user -> struct user_account */
	GHashTable *bindings; /* user -> struct binding */
	GPtrArray *edges;     /* struct fe_flow of every connected Edge, oldest first */
};

static const struct object_shape nonce_use_shape =
	OBJECT_SHAPE(nonce_use, NULL, OWNS_TEXT(nonce_use, nonce));

static const struct object_shape user_account_shape =
	OBJECT_SHAPE(user_account, NULL, OWNS_TEXT(user_account, password),
		     OWNS_TEXT(user_account, edge), OWNS_LIST(user_account, uses, object_free));

static struct fe_flow *binding_flow_ref(struct fe_flow *f)
{
	f->bindings++;
	return fe_flow_ref(f);
}

static void binding_flow_unref(struct fe_flow *f)
{
	f->bindings--;
	fe_flow_unref(f);
}

static const struct object_shape binding_shape =
	OBJECT_SHAPE(binding, NULL, OWNS_TEXT(binding, user), OWNS_TEXT(binding, edge),
		     OWNS_TEXT(binding, contact), OWNS(binding, flow, binding_flow_unref),
		     OWNS(binding, path, g_ptr_array_unref));

static const struct object_shape registrar_shape =
	OBJECT_SHAPE(registrar, NULL, OWNS_TABLE(registrar, bindings),
		     OWNS_TABLE(registrar, accounts), OWNS(registrar, edges, g_ptr_array_unref),
		     OWNS_TEXT(registrar, realm));

registrar *registrar_new(const char *realm)
{
	registrar *r = object_new(&registrar_shape);

	r->realm = g_strdup(realm);
	random_bytes(r->secret, sizeof r->secret);
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
	a->forgot_us = G_MININT64;
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

/* --- nonces ----------------------------------------------------------------------------------- */

/* A nonce is a signed time, so that none need be stored until one is used (RFC 2617 section 3.2.1).
 * The signature is about the client's connection, too: on another one the nonce is none of ours.
 */

/* The nonce of that time: 16 hex digits of time and a signature.  The caller frees. */
static char *registrar_nonce_at(const registrar *r, gint64 issued_us, const char *client)
{
	g_autofree char *text =
		g_strdup_printf("%016" G_GINT64_MODIFIER "x %s", (guint64)issued_us, client);
	g_autofree char *mac =
		g_compute_hmac_for_string(G_CHECKSUM_SHA256, r->secret, sizeof r->secret, text, -1);

	return g_strdup_printf("%.16s%.32s", text, mac);
}

enum nonce_state { NONCE_GOOD, NONCE_STALE, NONCE_FOREIGN }; /* STALE: ours, but too old */

/* Whether a nonce (may be NULL) is ours, of this client's connection, and how old it is. */
static enum nonce_state registrar_nonce_check(const registrar *r, const char *nonce,
					      const char *client, gint64 now_us,
					      gint64 *ret_issued_us)
{
	g_autofree char *time = nonce ? g_strndup(nonce, 16) : NULL;
	g_autofree char *expected = NULL;
	guint64 issued_us;

	if (!time || !g_ascii_string_to_unsigned(time, 16, 0, G_MAXINT64, &issued_us, NULL))
		return NONCE_FOREIGN;
	*ret_issued_us = (gint64)issued_us;
	expected = registrar_nonce_at(r, *ret_issued_us, client);
	if (strcmp(expected, nonce) != 0)
		return NONCE_FOREIGN;
	return now_us - *ret_issued_us > REGISTRAR_NONCE_LIFE_US ? NONCE_STALE : NONCE_GOOD;
}

/* Forgets uses of nonces that are too old to be used again, and the oldest when there are too
 * many. */
static void forget_uses(struct user_account *a, gint64 now_us)
{
	while (a->uses->len > 0) {
		const struct nonce_use *oldest = g_ptr_array_index(a->uses, 0);

		if (now_us - oldest->issued_us <= REGISTRAR_NONCE_LIFE_US &&
		    a->uses->len < REGISTRAR_NONCES_PER_USER)
			return;
		a->forgot_us = MAX(a->forgot_us, oldest->issued_us);
		g_ptr_array_remove_index(a->uses, 0);
	}
}

/* Counts the use of a nonce with this nonce-count ("0000000a").  false: that count, or a higher
 * one, has been used before (RFC 2617 section 3.2.2), or it is not known whether. */
static bool use_nonce(struct user_account *a, const char *nonce, gint64 issued_us, const char *nc,
		      gint64 now_us)
{
	guint64 count = 0;
	struct nonce_use *u;

	if (strlen(nc) != 8 || !g_ascii_string_to_unsigned(nc, 16, 1, G_MAXUINT32, &count, NULL))
		return false;
	for (guint i = 0; i < a->uses->len; i++) {
		u = g_ptr_array_index(a->uses, i);
		if (!g_str_equal(u->nonce, nonce))
			continue;
		if (count <= u->count)
			return false;
		u->count = (guint32)count;
		return true;
	}
	if (issued_us <= a->forgot_us)
		return false;
	forget_uses(a, now_us);
	u = object_new(&nonce_use_shape);
	u->nonce = g_strdup(nonce);
	u->issued_us = issued_us;
	u->count = (guint32)count;
	g_ptr_array_add(a->uses, u);
	return true;
}

sip_msg *registrar_challenge(registrar *r, const sip_msg *request, const struct fe_flow *flow,
			     int status, const char *tag, bool stale, gint64 now_us)
{
	g_autofree char *client = fe_flow_client(flow, request);
	gint64 issued_us = MAX(now_us, r->last_nonce_us + 1);
	g_autofree char *nonce = registrar_nonce_at(r, issued_us, client);
	g_autofree char *fresh = sip_digest_challenge(r->realm, nonce);
	g_autofree char *value = g_strconcat(fresh, stale ? ", stale=true" : "", NULL);
	sip_msg *answer = sip_response_new(request, status, NULL, tag);

	r->last_nonce_us = issued_us;
	sip_add_header(answer, status == 407 ? "Proxy-Authenticate" : "WWW-Authenticate", value);
	return answer;
}

/* --- credentials ------------------------------------------------------------------------------ */

/* The account that a user name of credentials means, an address or its part before the '@'. */
static struct user_account *account_by_name(const registrar *r, const char *name, char **ret_user)
{
	g_autofree char *address =
		strchr(name, '@') ? g_strdup(name) : g_strdup_printf("%s@%s", name, r->realm);

	*ret_user = sip_user_of_address(address);
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

/* Whose a URI is: a user's address, or a host's name without user; NULL: it is none of SIP.  The
 * caller frees. */
static char *uri_owner(const char *uri)
{
	char *owner = sip_uri_user(uri), *port;

	if (owner)
		return owner;
	owner = sip_uri_place(uri);
	port = owner ? strrchr(owner, ':') : NULL;
	if (port)
		*port = '\0';
	return owner;
}

/* Whether credentials were made for where this request goes (RFC 2617 section 3.2.2.5).  Clients
 * write ports and parameters in their own ways, so the user or host counts; no proxy on the way to
 * us replaces it (RFC 3261 section 22.4 item 6). */
static bool is_for_request(const char *credentials, const sip_msg *request)
{
	g_autofree char *uri = sip_param(credentials, "uri");
	g_autofree char *meant = uri ? uri_owner(uri) : NULL, *asked = uri_owner(sip_uri(request));

	return g_strcmp0(uri, sip_uri(request)) == 0 || (meant && g_strcmp0(meant, asked) == 0);
}

enum credentials registrar_credentials(registrar *r, const sip_msg *request,
				       const struct fe_flow *flow, const char *header,
				       const char *user, gint64 now_us)
{
	const char *value = credentials_of(r, request, header);
	g_autofree char *client = fe_flow_client(flow, request);
	g_autofree char *nonce = value ? sip_param(value, "nonce") : NULL;
	g_autofree char *name = value ? sip_param(value, "username") : NULL;
	g_autofree char *nc = value ? sip_param(value, "nc") : NULL;
	gint64 issued_us = 0;
	enum nonce_state state = registrar_nonce_check(r, nonce, client, now_us, &issued_us);
	g_autofree char *who = NULL;
	struct user_account *account;

	if (state != NONCE_GOOD)
		return state == NONCE_STALE ? CREDENTIALS_STALE : CREDENTIALS_NONE;
	account = name ? account_by_name(r, name, &who) : NULL;
	if (!account || !sip_digest_check(value, sip_method(request), name, account->password) ||
	    g_strcmp0(who, user) != 0)
		return CREDENTIALS_WRONG;
	if (!is_for_request(value, request))
		return CREDENTIALS_ASTRAY;
	return use_nonce(account, nonce, issued_us, nc, now_us) ? CREDENTIALS_GOOD :
								  CREDENTIALS_STALE;
}

sip_msg *registrar_refuse_astray(const sip_msg *request, const char *tag)
{
	return sip_response_new(request, 400, "Digest URI For Another Request", tag);
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
	enum credentials shown =
		registrar_credentials(r, request, flow, "Authorization", user, now_us);
	enum reason why;

	if (!is_own_domain(r, user))
		return sip_refuse(request, REASON_DOMAIN_NOT_SERVED, NULL, tag, r->realm);
	if (!account)
		return sip_refuse(request, REASON_NO_SUCH_USER, NULL, tag, r->realm);
	if (shown == CREDENTIALS_NONE || shown == CREDENTIALS_STALE)
		return registrar_challenge(r, request, flow, 401, tag, shown == CREDENTIALS_STALE,
					   now_us);
	if (shown == CREDENTIALS_ASTRAY)
		return registrar_refuse_astray(request, tag);
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
				 struct fe_flow *flow, guint expires_s, gint64 now_us)
{
	const struct binding *old = g_hash_table_lookup(r->bindings, user);
	struct binding *b = object_new(&binding_shape);
	const char *path;

	b->user = g_strdup(user);
	b->edge = g_strdup(flow->edge);
	b->flow = flow->edge ? NULL : binding_flow_ref(flow);
	b->path = g_ptr_array_new_with_free_func(g_free);
	b->expires_us = now_us + (gint64)expires_s * G_USEC_PER_SEC;
	b->contact = sip_value_uri(sip_header(request, "Contact"));
	b->since_us = old && g_strcmp0(old->contact, b->contact) == 0 ? old->since_us : now_us;
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
		b = bind_user(r, request, user, flow, expires_s, now_us);
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
	const struct binding *found = NULL;
	GHashTableIter i;
	gpointer value;

	g_hash_table_iter_init(&i, r->bindings);
	while (place && g_hash_table_iter_next(&i, NULL, &value)) {
		const struct binding *b = value;
		g_autofree char *own = sip_uri_place(b->contact);

		if (g_strcmp0(own, place) == 0 && now_us < b->expires_us &&
		    (!found || b->since_us < found->since_us))
			found = b;
	}
	return found;
}

guint registrar_count(const registrar *r)
{
	return g_hash_table_size(r->bindings);
}

void registrar_drop(registrar *r, const char *user, const char *route)
{
	const struct binding *b = g_hash_table_lookup(r->bindings, user);

	if (b && b->path->len > 0 && g_strcmp0(g_ptr_array_index(b->path, 0), route) == 0)
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
	*ret = (struct fe_route){
		.user = b->user, .flow = flow, .path = b->path, .contact = b->contact};
	return true;
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
