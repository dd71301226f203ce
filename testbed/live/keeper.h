/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keeper: the detached process that owns a lab that is up, and serves requests.
 *
 * It owns the lab (which ends when the keeper ends, in whatever way), the lock of its name and its
 * control socket.  docs/LIVE.md has the requests on that socket.
 * Depends on report, session, lab, plan, model and base.
 */
#ifndef TESTBED_LIVE_KEEPER_H
#define TESTBED_LIVE_KEEPER_H

#include "common/base/json.h"
#include "testbed/live/runtime_dir.h"
#include "testbed/model/model.h"

struct keeper_job {
	const char *name;
	const runtime_dir *runtime;
	int lock;     /* of runtime_dir_claim */
	int listener; /* of runtime_dir_listen */
	model *base;  /* the topology; `set` adds changes to it */
	const struct scenario *scenario;
	char *const *changes; /* of --change, added to `base` already; NULL: none */
	/* Also added to `base`, before those, and told to nobody: an exercise's fault; NULL: none.
	 * The keeper has it in its memory only. */
	const char *hidden;
	json_t *exercise; /* what the status tells of the exercise (docs/LIVE.md), or NULL */
	bool tied;	  /* the lab ends when the first control client leaves, up or not */
	const char *program_dir;
	bool publish; /* nodes under /run/netns; needs root */
};

/* Starts a keeper in a process and session of its own, without terminal, with only the descriptors
 * that it needs.  The first control client counts as the one who started it: if it leaves before
 * the lab is up, the keeper ends.  Returns at once; false with `error`: there is no process. */
bool keeper_start(const struct keeper_job *job, GError **error);

#endif
