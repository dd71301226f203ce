/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bringing labs up that stay.
 *
 * Depends on cmd and live.
 */
#ifndef TESTBED_CMD_UP_H
#define TESTBED_CMD_UP_H

#include "testbed/cmd/cmd.h"
#include "testbed/live/client.h"
#include "testbed/live/keeper.h"

/* Takes the name of the job's lab, starts its keeper, and waits until all clients have signed in;
 * lock, listener and runtime folder of the job are set here, and `topology` (its file) is for
 * messages.  Returns the connection, which the caller frees, and the lab's status, which the caller
 * owns.  NULL: an error was printed, *ret_exit is the exit code. */
live_client *cmd_bring_up(struct keeper_job *job, const char *topology, json_t **ret_status,
			  int *ret_exit);

#endif
