/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client: commands in, events out, and the requests that reach the user. */
#ifndef CLIENTS_CLIENT_H
#define CLIENTS_CLIENT_H

#include "common/channel.h"

typedef struct client client;

/* `quit` ends `loop`. */
client *client_new(GMainLoop *loop);
void client_free(client *c);
/* The control channel's handlers; user_data is a client. */
extern const struct channel_handlers client_channel_handlers;
void client_set_channel(client *c, channel *control);
int client_exit_status(const client *c);

#endif
