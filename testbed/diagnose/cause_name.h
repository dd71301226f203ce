/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cause name: which name server is asked, what it knows, and what others would answer.
 *
 * Depends on service, evidence, finding and model.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_CAUSE_NAME_H
#define TESTBED_DIAGNOSE_CAUSE_NAME_H

#include "testbed/diagnose/evidence.h"
#include "testbed/diagnose/finding.h"

/* Whether it is known why `name` does not resolve at node `from`; then the finding is filled
 * in. `question` is the client's event "dns"; NULL: there is none, because a server asked. */
bool cause_by_name(const struct evidence *e, struct finding *f, const char *from, const char *name,
		   const json_t *question);
/* The name server that a node is set to ask for the name (unset: none), and the NRPT rule that says
 * so; NULL: its resolvers do. */
struct addr cause_name_server_of(const struct node *n, const char *name,
				 const struct nrpt_rule **ret_rule);
/* The name server that most others at the node's site ask; unset: there are no others. */
struct addr cause_asked_by_others(const model *m, const struct node *n, const char *name);
/* Whether that server, or one that it asks itself, has the name or its zone. */
bool cause_name_is_served(const model *m, const struct addr *server, const char *name);
/* The addresses (struct addr) that a node asks for a name: of the NRPT rule with the longest
 * namespace that covers it, else its resolvers. */
const GArray *cause_name_servers(const struct node *n, const char *name);
/* Whether an end asks a name server of the inside: one that knows the name of a Front End, or
 * the internal name of an Edge. */
bool cause_is_inside(const model *m, const char *end);
/* The same of a name server, or of the one that it asks itself; unset: false. */
bool cause_is_inside_view(const model *m, const struct addr *asked);
/* The address that a name should have in the view of that name server (NULL: of nobody): a
 * service's name, or one by which clients look for their server.  False: nothing should have it. */
bool cause_right_address(const model *m, const struct node *server, const char *name,
			 struct addr *ret);
/* The node that should have the name where `from` looks it up, with that address; NULL: none. */
const struct node *cause_named(const model *m, const char *from, const char *name,
			       struct addr *ret);
/* Whether `from` was given another address for a server's name than the server has; then the
 * finding is filled in. */
bool cause_wrong_answer(const struct evidence *e, struct finding *f, const char *from,
			const char *name, const char *address);

#endif
