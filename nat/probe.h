/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe: what NAT is between here and a judge (RFC 5780 section 4), by packets.
 *
 * Depends on GLib and sockets.  Blocks for as long as it takes: seconds where nothing answers, and
 * for the lifetime.
 */
#ifndef NAT_PROBE_H
#define NAT_PROBE_H

#include <glib.h>
#include <netinet/in.h>
#include <stdbool.h>

/* RFC 4787 sections 4.1 and 5. */
enum probe_behaviour {
	PROBE_UNKNOWN,
	PROBE_ENDPOINT_INDEPENDENT,
	PROBE_ADDRESS_DEPENDENT,
	PROBE_ADDRESS_AND_PORT_DEPENDENT
};

struct probe_asked {
	struct sockaddr_in judge; /* its first address and port */
	guint lifetime_ms;	  /* how long an idle mapping should live; 0: not measured */
};

struct probe_measured {
	bool udp; /* the judge answers; else nothing below was measured but tcp_mapping */
	struct sockaddr_in local, mapped; /* of the first socket */
	bool translated;
	enum probe_behaviour mapping, filtering;
	enum probe_behaviour tcp_mapping; /* PROBE_UNKNOWN: no connection */
	bool port_preserved;
	bool hairpin, hairpin_outside; /* came back; and from an outside address (RFC 4787 REQ-9) */
	bool lived, ended;	       /* alive shortly before lifetime_ms, gone shortly after it */
};

/* Measures everything. */
void probe_run(const struct probe_asked *asked, struct probe_measured *ret);
const char *probe_behaviour_name(enum probe_behaviour b); /* NULL: unknown */

#endif
