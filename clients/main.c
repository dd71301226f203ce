/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tb-client: an endpoint of the lab. */
#include <signal.h>

#include "clients/client.h"

int main(int argc, char **argv)
{
	/* A peer that resets its connection must not end us. */
	signal(SIGPIPE, SIG_IGN);
	return client_main(&argc, &argv);
}
