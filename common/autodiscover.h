/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The documents of the autodiscover web service: where a user's server is ([MS-OCDISCWS]).
 *
 * A document is one of three resources, in XML or JSON.  `root` says where the other two are;
 * `domain` and `user` name the SIP servers.  AccessLocation says which site was asked, and so which
 * of the two servers is meant.  docs/PROTOCOL.md says which parts of the specification there are.
 * Pure.
 */
#ifndef COMMON_AUTODISCOVER_H
#define COMMON_AUTODISCOVER_H

#include <glib.h>

#define AUTODISCOVER_PATH "/Autodiscover/AutodiscoverService.svc/root"
/* A larger document is not read; it is ours, as the specification has no limit. */
#define AUTODISCOVER_BYTES_MAX (64 * 1024)

enum autodiscover_resource { AUTODISCOVER_ROOT, AUTODISCOVER_DOMAIN, AUTODISCOVER_USER };
enum autodiscover_location {
	AUTODISCOVER_INTERNAL,
	AUTODISCOVER_EXTERNAL,
	AUTODISCOVER_NOWHERE, /* the document does not say */
};
enum autodiscover_format { AUTODISCOVER_XML, AUTODISCOVER_JSON };

struct autodiscover_server {
	char *fqdn; /* NULL: none */
	guint16 port;
};

struct autodiscover_link {
	char *token, *href;
};

/* For object_free (common/base/object.h). */
struct autodiscover {
	enum autodiscover_resource resource;
	enum autodiscover_location location;
	struct autodiscover_server servers[AUTODISCOVER_NOWHERE]; /* by location */
	GPtrArray *links;					  /* struct autodiscover_link */
};

/* A document without servers and links. */
struct autodiscover *autodiscover_new(enum autodiscover_resource resource,
				      enum autodiscover_location location);
/* Sets the server of a location; an empty or impossible name or port 0 leaves it unset. */
void autodiscover_set_server(struct autodiscover *d, enum autodiscover_location location,
			     const char *fqdn, guint16 port);
void autodiscover_add_link(struct autodiscover *d, const char *token, const char *href);

/* The document as text; the caller frees. */
char *autodiscover_print(const struct autodiscover *d, enum autodiscover_format format);
/* Its media type, "application/vnd.microsoft.rtc.autodiscover+xml; v=1". */
const char *autodiscover_type(enum autodiscover_format format);
/* The name of a location, "Internal"; NULL for AUTODISCOVER_NOWHERE. */
const char *autodiscover_location_name(enum autodiscover_location location);
/* Reads a document of either format; for object_free.  Prefixes, order, white space and what is not
 * known do not matter.  NULL: it is not such a document, or has more than AUTODISCOVER_BYTES_MAX
 * bytes. */
struct autodiscover *autodiscover_parse(const char *text, gsize bytes);

/* The target of the first link with that token, in any case; borrowed.  NULL: there is none. */
const char *autodiscover_href(const struct autodiscover *d, const char *token);
/* The server of the location; without a location the internal one, or else the external one.  NULL:
 * there is none. */
const struct autodiscover_server *autodiscover_sip_server(const struct autodiscover *d);

#endif
