/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The topology document of Lync and Skype for Business: what `Get-CsTopology -AsXML` prints, what
 * Topology Builder saves (.tbxml), and the DocItemSet.xml of `Export-CsConfiguration`.
 *
 * Theory of operation: the two forms have the same elements.  The first refers by numbers
 * (<ClusterId SiteId Number>, <ServiceId SiteId RoleName Instance>), the second by the attribute
 * UniqueId.  Either becomes a text by which references are found when all is read, as a service may
 * stand before what it names. Elements are known by their local names, whatever the prefix. */
#include "testbed/import/deployment.h"
#include "testbed/import/xml.h"

#include <string.h>

#define SCHEMA "urn:schema:Microsoft.Rtc.Management."

/* A service, and what it names by keys. */
struct xml_service {
	struct deploy_service *service;
	char *key, *pool_key;
	GPtrArray *needs; /* char *: keys */
};

struct xml {
	const char *file;
	struct deployment *dep;
	diags *found;
	struct loc at;		/* of the element */
	GPtrArray *path;	/* char *: local names of open elements */
	guint inside;		/* depth of the topology's element; 0: not in it */
	bool seen;		/* a topology was read */
	char *site_key;		/* of the open site */
	GHashTable *sites;	/* key -> name */
	GHashTable *pools;	/* key -> struct deploy_pool */
	GHashTable *pool_sites; /* struct deploy_pool -> key */
	GPtrArray *services;	/* struct xml_service */
	struct deploy_pool *pool;
	struct deploy_machine *machine;
	struct xml_service *service;
};

static void service_free(gpointer data)
{
	struct xml_service *s = data;

	object_free(s->service);
	g_free(s->key);
	g_free(s->pool_key);
	g_ptr_array_unref(s->needs);
	g_free(s);
}

static const struct object_shape xml_shape =
	OBJECT_SHAPE(xml, NULL, OWNS_LIST(xml, path, g_free), OWNS_TEXT(xml, site_key),
		     OWNS_TABLE(xml, sites), OWNS_TABLE(xml, pools), OWNS_TABLE(xml, pool_sites),
		     OWNS_LIST(xml, services, service_free));

static const char *local_name(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon ? colon + 1 : name;
}

/* The name of the open element `up` levels above the innermost; "" beyond the top. */
static const char *open_name(const struct xml *x, guint up)
{
	return up < x->path->len ? x->path->pdata[x->path->len - 1 - up] : "";
}

/* --- elements --------------------------------------------------------------------------------- */

struct attributes {
	const char *const *names, *const *values;
};

/* NULL: it is not there, or empty. */
static const char *attribute(const struct attributes *a, const char *name)
{
	for (guint i = 0; a->names[i]; i++) {
		if (g_str_equal(a->names[i], name))
			return *a->values[i] ? a->values[i] : NULL;
	}
	return NULL;
}

/* The attribute; NULL with an error: it is not there. */
static const char *need_attribute(struct xml *x, const struct attributes *a, const char *name)
{
	const char *value = attribute(a, name);

	if (!value)
		diags_add(x->found, DIAG_ERROR, x->at, NULL, "'%s' without '%s'", open_name(x, 0),
			  name);
	return value;
}

static void replace(char **text, const char *value)
{
	g_free(*text);
	*text = g_strdup(value);
}

/* Its name comes as text, within. */
static void open_site(struct xml *x, const struct attributes *a)
{
	replace(&x->site_key, need_attribute(x, a, "SiteId"));
}

static void add_pool_key(struct xml *x, const char *key)
{
	if (x->pool && key)
		g_hash_table_insert(x->pools, g_strdup(key), x->pool);
}

static void open_cluster(struct xml *x, const struct attributes *a)
{
	const char *fqdn = need_attribute(x, a, "Fqdn");

	x->pool = fqdn ? deployment_pool(x->dep, fqdn, x->at, x->found) : NULL;
	x->machine = NULL;
	add_pool_key(x, attribute(a, "UniqueId"));
	if (x->pool && x->site_key)
		g_hash_table_insert(x->pool_sites, x->pool, g_strdup(x->site_key));
}

/* Services of a database are installed on it. */
static void open_sql_instance(struct xml *x, const struct attributes *a)
{
	add_pool_key(x, attribute(a, "UniqueId"));
}

static void open_machine(struct xml *x, const struct attributes *a)
{
	const char *fqdn = attribute(a, "Fqdn");

	if (x->pool)
		x->machine = deployment_machine(x->dep, x->pool, fqdn ? fqdn : x->pool->fqdn, x->at,
						x->found);
}

static unsigned number_of(const struct attributes *a, const char *name)
{
	const char *text = attribute(a, name);

	return text ? (unsigned)MIN(g_ascii_strtoull(text, NULL, 10), 65535) : 0;
}

static void open_interface(struct xml *x, const struct attributes *a)
{
	struct deploy_address address = {.number = number_of(a, "InterfaceNumber"), .loc = x->at};

	address.side = deploy_side_of(attribute(a, "InterfaceSide"));
	if (!x->machine ||
	    !deploy_parse_address(attribute(a, "IPAddress"), x->at, &address.address, x->found) ||
	    !deploy_parse_address(attribute(a, "ConfiguredIPAddress"), x->at, &address.outside,
				  x->found))
		return;
	if (attribute(a, "IPv6Address") || attribute(a, "ConfiguredIPv6Address"))
		diags_add(x->found, DIAG_WARNING, x->at, "write 'access6', 'av6', 'av_tcp6'",
			  "the IPv6 address of '%s' is left out", x->machine->fqdn);
	deployment_address(x->machine, &address, x->found);
}

/* "1/2" of a <ClusterId>; the caller frees.  NULL: an attribute is not there. */
static char *cluster_key(const struct attributes *a)
{
	const char *site = attribute(a, "SiteId"), *number = attribute(a, "Number");

	return site && number ? g_strdup_printf("%s/%s", site, number) : NULL;
}

static void open_cluster_id(struct xml *x, const struct attributes *a)
{
	g_autofree char *key = cluster_key(a);

	if (!key) {
		diags_add(x->found, DIAG_ERROR, x->at, NULL,
			  "'ClusterId' without 'SiteId' or "
			  "'Number'");
	} else if (x->service) {
		replace(&x->service->pool_key, key);
	} else if (g_str_equal(open_name(x, 1), "Cluster")) {
		add_pool_key(x, key);
		if (x->pool)
			g_hash_table_insert(x->pool_sites, x->pool,
					    g_strdup(attribute(a, "SiteId")));
	}
}

static void open_service(struct xml *x, const struct attributes *a)
{
	struct xml_service *s;

	x->service = NULL;
	if (x->services->len >= FACTS_MAX) {
		diags_add(x->found, DIAG_ERROR, x->at, NULL, "more than %d services", FACTS_MAX);
		return;
	}
	s = g_new0(struct xml_service, 1);
	s->service = deploy_service_new(attribute(a, "RoleName"), x->at);
	s->key = g_strdup(attribute(a, "UniqueId"));
	s->pool_key = g_strdup(attribute(a, "InstalledOn"));
	s->needs = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(x->services, s);
	x->service = s;
}

static void open_service_id(struct xml *x, const struct attributes *a)
{
	const char *site = attribute(a, "SiteId"), *role = attribute(a, "RoleName");
	const char *instance = attribute(a, "Instance");
	g_autofree char *key = g_strdup_printf("%s/%s/%s", site ? site : "", role ? role : "",
					       instance ? instance : "");

	if (!x->service)
		return;
	if (!g_str_equal(open_name(x, 1), "Service")) {
		g_ptr_array_add(x->service->needs, g_steal_pointer(&key));
		return;
	}
	replace(&x->service->key, key);
	replace(&x->service->service->role, role);
}

static void open_dependency(struct xml *x, const struct attributes *a)
{
	if (x->service && attribute(a, "ServiceUniqueId"))
		g_ptr_array_add(x->service->needs, g_strdup(attribute(a, "ServiceUniqueId")));
}

static void open_port(struct xml *x, const struct attributes *a)
{
	static const char prefix[] = "urn:component:";
	const char *owner = attribute(a, "Owner"), *usage = attribute(a, "Usage");
	struct deploy_port *p;
	unsigned port;

	if (!x->service || x->service->service->ports->len >= FACTS_MAX ||
	    !deploy_parse_port(attribute(a, "Port"), x->at, &port, x->found))
		return;
	if (owner && g_str_has_prefix(owner, prefix))
		owner += strlen(prefix);
	p = deploy_service_port(x->service->service, owner ? owner : "?", usage ? usage : "?",
				deploy_side_of(attribute(a, "InterfaceSide")), port, x->at);
	p->protocol = g_strdup(attribute(a, "Protocol"));
	p->fqdn = g_strdup(attribute(a, "ConfiguredFqdn"));
	p->iface = number_of(a, "InterfaceNumber");
	p->count = number_of(a, "Range");
}

static void open_external_settings(struct xml *x, const struct attributes *a)
{
	if (x->service)
		replace(&x->service->service->web_fqdn, attribute(a, "Host"));
}

static void open_registrar(struct xml *x, const struct attributes *a)
{
	if (x->service)
		x->service->service->is_director =
			g_strcmp0(attribute(a, "IsDirector"), "true") == 0;
}

static void open_domains(struct xml *x, const struct attributes *a)
{
	const char *name = attribute(a, "DefaultDomain");

	if (name)
		deployment_domain(x->dep, name, true, x->at, x->found);
}

static void open_domain(struct xml *x, const struct attributes *a)
{
	const char *name = need_attribute(x, a, "Name");

	if (name)
		deployment_domain(x->dep, name, false, x->at, x->found);
}

static void open_simple_url(struct xml *x, const struct attributes *a)
{
	const char *url = attribute(a, "ActiveUrl");

	if (url)
		diags_add(x->found, DIAG_WARNING, x->at,
			  "web pages other than autodiscover are not modelled",
			  "the simple URL %s is left out", url);
}

static const struct {
	const char *name;
	void (*open)(struct xml *x, const struct attributes *a);
} elements[] = {
	{"CentralSite", open_site},
	{"RemoteSite", open_site},
	{"Cluster", open_cluster},
	{"SqlInstance", open_sql_instance},
	{"Machine", open_machine},
	{"NetInterface", open_interface},
	{"ClusterId", open_cluster_id},
	{"Service", open_service},
	{"ServiceId", open_service_id},
	{"Dependency", open_dependency},
	{"Port", open_port},
	{"ExternalSettings", open_external_settings},
	{"RegistrarService", open_registrar},
	{"InternalDomains", open_domains},
	{"InternalDomain", open_domain},
	{"SimpleUrl", open_simple_url},
};

/* --- the parser's calls ----------------------------------------------------------------------- */

/* The element that a topology is in; one without schema may be another document's. */
static bool is_topology(const char *name, const struct attributes *a)
{
	const char *schema = attribute(a, "xmlns");

	return (g_str_equal(name, "Topology") || g_str_equal(name, "PartialTopology")) &&
	       (!schema || g_str_has_prefix(schema, SCHEMA));
}

static void on_start(GMarkupParseContext *context G_GNUC_UNUSED, const char *element,
		     const char **names, const char **values, gpointer data, GError **error)
{
	const struct attributes a = {names, values};
	const char *name = local_name(element);
	struct xml *x = data;

	if (!xml_depth_fits(x->path->len, error))
		return;
	g_ptr_array_add(x->path, g_strdup(name));
	if (x->inside == 0) {
		if (!is_topology(name, &a))
			return;
		if (x->seen)
			diags_add(x->found, DIAG_WARNING, x->at, NULL,
				  "this is a second topology: only the first is read");
		else
			x->inside = x->path->len;
		x->seen = true;
		return;
	}
	for (guint i = 0; i < G_N_ELEMENTS(elements); i++) {
		if (g_str_equal(elements[i].name, name))
			elements[i].open(x, &a);
	}
}

static void on_end(GMarkupParseContext *context G_GNUC_UNUSED, const char *element, gpointer data,
		   GError **error G_GNUC_UNUSED)
{
	const char *name = local_name(element);
	struct xml *x = data;

	if (x->inside == x->path->len)
		x->inside = 0;
	if (g_str_equal(name, "Service"))
		x->service = NULL;
	else if (g_str_equal(name, "Cluster"))
		x->pool = NULL;
	else if (g_str_equal(name, "CentralSite") || g_str_equal(name, "RemoteSite"))
		replace(&x->site_key, NULL);
	g_ptr_array_set_size(x->path, (int)x->path->len - 1);
}

/* Only sites have their name as text. */
static void on_text(GMarkupParseContext *context G_GNUC_UNUSED, const char *text, gsize length,
		    gpointer data, GError **error G_GNUC_UNUSED)
{
	struct xml *x = data;
	char *name;

	if (x->inside == 0 || !x->site_key || !g_str_equal(open_name(x, 0), "Name") ||
	    !g_str_has_suffix(open_name(x, 1), "Site"))
		return;
	name = g_strstrip(g_strndup(text, length));
	if (*name)
		g_hash_table_insert(x->sites, g_strdup(x->site_key), g_strdup(name));
	if (*name)
		deployment_site(x->dep, name, x->at);
	g_free(name);
}

/* --- references ------------------------------------------------------------------------------- */

static const struct xml_service *service_of(const struct xml *x, const char *key)
{
	ptr_array_foreach(const struct xml_service, s, x->services)
		if (g_strcmp0(s->key, key) == 0)
			return s;
	return NULL;
}

/* An Edge hands to the registrar that it needs. */
static void find_next_hop(const struct xml *x, struct xml_service *s)
{
	for (guint i = 0; g_strcmp0(s->service->role, "EdgeServer") == 0 && i < s->needs->len;
	     i++) {
		const struct xml_service *need = service_of(x, s->needs->pdata[i]);
		const struct deploy_pool *pool =
			need && need->pool_key && g_strcmp0(need->service->role, "Registrar") == 0 ?
				g_hash_table_lookup(x->pools, need->pool_key) :
				NULL;

		if (pool)
			replace(&s->service->next_hop, pool->fqdn);
	}
}

static void place_services(struct xml *x)
{
	ptr_array_foreach(struct xml_service, s, x->services) {
		struct deploy_pool *pool =
			s->pool_key ? g_hash_table_lookup(x->pools, s->pool_key) : NULL;

		if (!s->service->role) {
			diags_add(x->found, DIAG_ERROR, s->service->loc, NULL,
				  "'Service' without 'RoleName'");
		} else if (pool) {
			find_next_hop(x, s);
			deployment_service(pool, s->service, x->found);
		} else {
			diags_add(x->found, DIAG_WARNING, s->service->loc, NULL,
				  "the service '%s' is left out: the document has no cluster that "
				  "it is installed on",
				  s->service->role);
		}
	}
}

static void place_pools(struct xml *x)
{
	GHashTableIter iter;
	gpointer pool, key;

	g_hash_table_iter_init(&iter, x->pool_sites);
	while (g_hash_table_iter_next(&iter, &pool, &key))
		replace(&((struct deploy_pool *)pool)->site, g_hash_table_lookup(x->sites, key));
}

static const GMarkupParser calls = {on_start, on_end, on_text, xml_refuse_type, NULL};

bool is_cs_topology(const char *file G_GNUC_UNUSED, const char *text)
{
	return text[strspn(text, " \t\r\n")] == '<' && strstr(text, SCHEMA);
}

void parse_cs_topology(const char *file, const char *text, struct deployment *dep, diags *d)
{
	struct xml *x = object_new(&xml_shape);

	x->file = file;
	x->dep = dep;
	x->found = d;
	x->sites = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	x->pools = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	x->pool_sites = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	if (xml_read(file, text, &calls, x, &x->at, "export it again: Get-CsTopology -AsXML", d)) {
		place_pools(x);
		place_services(x);
		if (g_hash_table_size(x->pools) == 0 && diags_errors(d) == 0)
			diags_add(d, DIAG_ERROR, (struct loc){file, 1, 1},
				  "Get-CsTopology -AsXML, a .tbxml of Topology Builder",
				  x->seen ? "the topology has no cluster" :
					    "it contains no topology");
	}
	object_free(x);
}
