/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Measures the NAT between this host and a STUN server (RFC 5780 section 4).
 *
 * Depends on GLib and sockets.  Blocks until the measurement ends: seconds where nothing answers,
 * and longer than the lifetime that is measured.
 */
#ifndef NAT_PROBE_H
#define NAT_PROBE_H

#include <glib.h>
#include <netinet/in.h>
#include <stdbool.h>

/* What of the destination a mapping, or of the sender a filter, depends on (RFC 4787 sections 4.1
 * and 5). */
enum probe_behaviour {
	PROBE_UNKNOWN,
	PROBE_ENDPOINT_INDEPENDENT,
	PROBE_ADDRESS_DEPENDENT,
	PROBE_ADDRESS_AND_PORT_DEPENDENT
};

struct probe_asked {
	struct sockaddr_in judge; /* the server's first address and port */
	guint lifetime_ms;	  /* expected lifetime of an idle mapping; 0: do not measure it */
};

struct probe_measured {
	bool udp;			  /* the server answers; else only tcp_mapping is set */
	struct sockaddr_in local, mapped; /* of the first socket: its own, and outside the NAT */
	bool translated;
	enum probe_behaviour mapping, filtering;
	enum probe_behaviour tcp_mapping; /* PROBE_UNKNOWN: no connection */
	bool port_preserved;
	bool hairpin;	      /* a host behind it reaches another one's mapped address ... */
	bool hairpin_outside; /* ... and is seen with its outside address (RFC 4787 REQ-9) */
	bool lived, ended;    /* mapped shortly before lifetime_ms; not mapped shortly after */
};

/* Measures everything and writes it to *ret.  An error of a socket leaves its values unknown or
 * false. */
void probe_run(const struct probe_asked *asked, struct probe_measured *ret);
/* "endpoint-independent", ... ; NULL for PROBE_UNKNOWN. */
const char *probe_behaviour_name(enum probe_behaviour b);

#endif
