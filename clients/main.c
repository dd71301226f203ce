/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tb-client: an endpoint of the lab. */
#include <signal.h>

#include "clients/client.h"

int main(int argc, char **argv)
{
	/* A peer that resets its connection must not end us. */
	signal(SIGPIPE, SIG_IGN);
	GMainLoop *loop = g_main_loop_new(NULL, FALSE);
	client *c = client_new(loop);
	channel *control =
		channel_from_args(&argc, &argv,
				  "an endpoint: signs in, sends instant messages, places and "
				  "answers calls",
				  &client_channel_handlers, c);
	client_set_channel(c, control);
	g_main_loop_run(loop);
	int status = client_exit_status(c);
	client_free(c);
	channel_flush(control, 500);
	channel_free(control);
	g_main_loop_unref(loop);
	return status;
}
