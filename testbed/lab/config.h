/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config: what each agent of a lab is told at its start (docs/AGENTS.md), from the model.
 * Pure: same model and same master, same configuration.  Depends on model.
 */
#ifndef TESTBED_LAB_CONFIG_H
#define TESTBED_LAB_CONFIG_H

#include "testbed/model/model.h"

#include <jansson.h>

/* As every process of the lab sees them. */
#define CONFIG_LAB_DIR "/run/testbed"
#define CONFIG_TRUST_DIR CONFIG_LAB_DIR "/trust"
#define CONFIG_CDR "/dev/fd/4" /* where a Front End writes its records (exec_process.record_fd) */
#define CONFIG_SIP_PORT 5061
#define CONFIG_MRAS_PORT 5062

struct config_source {
	const model *model;
	const char *master; /* trust_master */
	bool sip_texts;	    /* events `sip` have the messages' texts */
	bool cdr;	    /* Front Ends write call detail records, to CONFIG_CDR */
};

/* The "config" object of that kind of agent on `node`; the caller owns it. */
json_t *config_client(const struct config_source *source, const struct node *node);
json_t *config_frontend(const struct config_source *source, const struct node *node);
/* What any SIP or TURN client needs to be the user of the endpoint `node` (docs/LIVE.md): account,
 * Front End and relay.  The caller owns it. */
json_t *config_credentials(const struct config_source *source, const struct node *node);
json_t *config_edge(const struct config_source *source, const struct node *node);

/* The secret that the credentials of this node's relays derive from; the caller frees. */
char *config_edge_secret(const struct config_source *source, const struct node *node);

/* Whether a file of the plan is written where it says, as nodes don't share it
 * (CONFIG_LAB_DIR/NODE/...); else its content goes to config_file_place and is shown under its path
 * to processes of its node only. */
bool config_file_is_shared(const char *path);
char *config_file_place(const char *node, const char *path); /* the caller frees */

/* The names in this node's certificate: those of its `certificate`, else every DNS name of its
 * services: their own, and all that a DNS service of the model gives for their addresses.
 * NULL-terminated, without repetitions; empty: no such service. */
char **config_tls_names(const model *m, const struct node *node);

#endif
