/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One cell while it runs: what the ends report goes in, commands for them and a verdict come out.
 *
 * Depends on model and jansson.  Without I/O and without a clock: time is a parameter.
 *
 *   pair, IM          start: `im` to a               ends: im-result of a AND im-received of b
 *   pair, audio/video start: `call` to a             ends: call-result of both; when a fails in SIP
 * and b never saw the call, a's alone that stands     the same; a's `talking`: it stands;
 * cell_machine_hang_up: `hang-up` to a conference        start: `conference` to a;
 * conference-ready: `join` to everyone ends: conference-result of everyone ad-hoc conference start:
 * `im` or `call` to a, kept up; its result: `conference` to a with invitations; conference-invited:
 * `join`; all done: `hang-up` to a
 *
 * Every cell ends: at the deadline it is an error that names who did not answer.
 */
#ifndef TESTBED_SESSION_MACHINE_H
#define TESTBED_SESSION_MACHINE_H

#include "common/base/json.h"
#include "testbed/model/results.h"
#include "testbed/session/lossy_way.h"

#define CELL_DEADLINE_MS \
	25000 /* ICE gives up after 7 s, a conference after 20 s; media's time comes on top */
#define CELL_MEDIA_MS \
	800 /* how long media runs when both ends are ready: 40 audio packets each way */

struct cell_rules {
	const char *run_id;  /* makes call ids unique */
	double max_loss_pct; /* the topology's */
	guint media_ms;
	bool stand; /* calls between two stay up until cell_machine_hang_up */
	/* Where the way may lose media, media goes on until it is decided whether it loses more
	 * than max_loss_pct; elsewhere one short call is enough. */
	struct lossy_way way;
};
/* How long a cell may take that is placed by these rules. */
guint cell_deadline_ms(const struct cell_rules *rules);

struct agent_command {
	char *agent;
	json_t *command;
};
void agent_command_free(struct agent_command *c);

typedef struct cell_machine cell_machine;

/* The id of the cell's (last) call in that run: "CELL@RUN", "CELL@RUN.2" for what was measured a
 * second time.  The caller frees it. */
char *cell_call_id(const struct cell *cell, const char *run_id);

/* `cell` is borrowed and written to when it ends; `users` are the SIP users of its participants in
 * their order, NULL-terminated, copied. */
cell_machine *cell_machine_new(struct cell *cell, const char *const *users,
			       const struct cell_rules *rules);
void cell_machine_free(cell_machine *m);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cell_machine, cell_machine_free)

/* Places the call.  Commands are appended to `commands` (struct agent_command, owned by the array).
 */
void cell_machine_start(cell_machine *m, gint64 now_us, GPtrArray *commands);
/* An event of an agent that carries this cell's call id.  Events of no meaning here are ignored. */
void cell_machine_event(cell_machine *m, const char *agent, json_t *event, gint64 now_us,
			GPtrArray *commands);
/* The call stands: media flows, and goes on until it is told to hang up. */
bool cell_machine_stands(const cell_machine *m);
/* Has the caller hang up now, whatever the rules say; both ends then report what they heard. */
void cell_machine_hang_up(cell_machine *m, GPtrArray *commands);
/* The deadline has come. */
void cell_machine_expired(cell_machine *m, gint64 now_us);
/* Ends the cell from outside: an agent died, an endpoint never signed in, the lab is gone. */
void cell_machine_abort(cell_machine *m, enum verdict verdict, const char *reason, gint64 now_us);
bool cell_machine_done(const cell_machine *m);

/* The same for a cell that never started. */
void cell_finish(struct cell *cell, enum verdict verdict, const char *reason);

#endif
