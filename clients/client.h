/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client: commands in, events out, and dispatch of the user's SIP requests. */
#ifndef CLIENTS_CLIENT_H
#define CLIENTS_CLIENT_H

/* Runs tb-client (agent_main); blocks until it ends.  Returns the exit status. */
int client_main(int *argc, char ***argv);

#endif
