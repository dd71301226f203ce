/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keeper: the detached process that owns a lab that is up, and serves those who ask for it.
 *
 * It holds the lab (and with it the lab's life: when the keeper goes, however it goes, the lab
 * goes), its name's lock and its control socket.  What is said on that socket is in docs/LIVE.md.
 * Depends on report, session, lab, plan, model and base.
 */
#ifndef TESTBED_LIVE_KEEPER_H
#define TESTBED_LIVE_KEEPER_H

#include "testbed/live/runtime_dir.h"
#include "testbed/model/model.h"

struct keeper_job {
	const char *name;
	const runtime_dir *runtime;
	int lock;     /* runtime_dir_claim's */
	int listener; /* runtime_dir_listen's */
	model *base;
	const struct scenario *scenario;
	char *const *changes; /* of --change, in `base` already; NULL: none */
	const char *program_dir;
	bool publish; /* nodes under /run/netns; needs root */
};

/* Starts it in a process of its own: another session, no terminal, nothing open but what it needs.
 * The first who connects is who started it: when that one goes before the lab is up, so does the
 * keeper.  FALSE: it could not be started. */
gboolean keeper_start(const struct keeper_job *job, GError **error);

#endif
