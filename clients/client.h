/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client: commands in, events out, and the requests that reach the user. */
#ifndef CLIENTS_CLIENT_H
#define CLIENTS_CLIENT_H

/* agent_main of tb-client: returns the exit status. */
int client_main(int *argc, char ***argv);

#endif
