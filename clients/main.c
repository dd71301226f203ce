/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tb-client: an endpoint of the lab. */
#include <signal.h>

#include "clients/client.h"

int main(int argc, char **argv)
{
	/* A write to a connection that the peer has reset must not end the program. */
	signal(SIGPIPE, SIG_IGN);
	return client_main(&argc, &argv);
}
