/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The remedies: rows of the table in fix.c.  Each gets the node of the finding; NULL: it knows no
 * change.  Private to diagnose.
 *
 * Depends on fix, model and base.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_FIX_RULES_H
#define TESTBED_DIAGNOSE_FIX_RULES_H

#include "testbed/diagnose/fix.h"

/* Of one change; without commands. */
fix *fix_of(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* Adds a command; takes over `text` and `undo` (NULL: not known). */
void fix_add_in_lab(fix *x, const struct node *n, char *text, char *undo);
void fix_add_command(fix *x, enum fix_place place, char *text);

/* fix_route.c */
/* Adds, in the lab, the routes by an interface that comes up; they go when it goes down. */
void fix_routes_of_link(fix *x, const struct node *n, const struct iface *f);
/* The same for the end of a tunnel. */
void fix_routes_of_tunnel(fix *x, const struct tunnel_end *end);
fix *fix_route(const model *m, const struct node *n, const struct finding *f);
fix *fix_return(const model *m, const struct node *n, const struct finding *f);
fix *fix_turning(const model *m, const struct node *n, const struct finding *f);
fix *fix_metric(const model *m, const struct node *n, const struct finding *f);
fix *fix_persistence(const model *m, const struct node *n, const struct finding *f);
fix *fix_dead_gateway(const model *m, const struct node *n, const struct finding *f);
fix *fix_loop(const model *m, const struct node *n, const struct finding *f);
fix *fix_null_route(const model *m, const struct node *n, const struct finding *f);
fix *fix_forwarding(const model *m, const struct node *n, const struct finding *f);

/* fix_sysctl.c: settings of the kernel */
/* Adds a setting that has the value `old` to the fix (NULL: a new one). */
fix *fix_sysctl(fix *x, const struct node *n, const char *key, const char *value, const char *old);
fix *fix_reverse_path(const model *m, const struct node *n, const struct finding *f);
fix *fix_ttl(const model *m, const struct node *n, const struct finding *f);

/* fix_link.c: links, tunnels, NAT */
fix *fix_link(const model *m, const struct node *n, const struct finding *f);
fix *fix_impairment(const model *m, const struct node *n, const struct finding *f);
fix *fix_mtu(const model *m, const struct node *n, const struct finding *f);
fix *fix_tunnel(const model *m, const struct node *n, const struct finding *f);
fix *fix_tunnel_prefix(const model *m, const struct node *n, const struct finding *f);
fix *fix_nat(const model *m, const struct node *n, const struct finding *f);
fix *fix_udp_timeout(const model *m, const struct node *n, const struct finding *f);

/* fix_forward.c */
fix *fix_unwanted_nat(const model *m, const struct node *n, const struct finding *f);
fix *fix_untranslated(const model *m, const struct node *n, const struct finding *f);
fix *fix_missing_forward(const model *m, const struct node *n, const struct finding *f);
fix *fix_wrong_forward(const model *m, const struct node *n, const struct finding *f);

/* fix_firewall.c */
fix *fix_rule(const model *m, const struct node *n, const struct finding *f);
/* All ports that the relay lends may pass. */
fix *fix_relay_ports(const model *m, const struct node *n, const struct finding *f);

/* fix_service.c: names, listeners, certificates, accounts, settings of Edge and Front End */
fix *fix_record(const model *m, const struct node *n, const struct finding *f);
fix *fix_answer(const model *m, const struct node *n, const struct finding *f);
fix *fix_view(const model *m, const struct node *n, const struct finding *f);
fix *fix_listener(const model *m, const struct node *n, const struct finding *f);
fix *fix_certificate(const model *m, const struct node *n, const struct finding *f);
fix *fix_account(const model *m, const struct node *n, const struct finding *f);
fix *fix_setting(const model *m, const struct node *n, const struct finding *f);

/* fix_web.c: settings of a reverse proxy */
fix *fix_proxy(const model *m, const struct node *n, const struct finding *f);

#endif
