/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lab: one network that runs, from build to end.
 *
 * Two processes.  The orchestrator (a run, or the keeper of a lab that stays up) has a `lab`, this
 * header.  Its `supervisor` is a child in new user, PID, mount, network, IPC and UTS namespaces:
 * pid 1 of the PID namespace, parent of all daemons and agents, and the only holder of the nodes'
 * network namespaces.  The two exchange JSON lines over one socket (supervisor.h).
 *
 * States, as the owner sees them:
 *   starting   from lab_start on.  The supervisor builds the network, writes files and
 *              certificates, starts the processes and waits until each is ready.
 *   built      callbacks->built was called.  Commands, questions and changes are possible; changes
 *              go through the same steps again for what differs.
 *   over       callbacks->failed was called, or the owner has called lab_free.  Questions that were
 *              not answered get TB_ERROR_DIED before `failed`.
 *
 * The socket decides how long a lab lives.  Only the orchestrator holds its end, so the kernel
 * closes it whenever the orchestrator ends, by kill -9 too.  The supervisor then reads end of file
 * and exits; while it builds and has no main loop, SIGIO tells it.  When pid 1 of a PID namespace
 * ends, the kernel kills every process in it, and with the last process go the namespaces, links
 * and mounts.  So nothing is cleaned up here, and nothing is left behind.  The other way round,
 * when the supervisor ends, its pidfd tells the orchestrator, which reads its last lines first.
 *
 * Depends on exec, plan, model and base.  Needs a GLib main loop on the default context in the
 * caller.  Never blocks except in lab_probe.
 *
 *   lab *l = lab_start(m, p, &options, &callbacks, me, &error);
 *   ... callbacks->built; callbacks->event for every line of an agent ...
 *   lab_command(l, "branch1", command, &error);
 *   lab_free(l);
 */
#ifndef TESTBED_LAB_LAB_H
#define TESTBED_LAB_LAB_H

#include "common/base/json.h"
#include "common/wire/reason.h"
#include "testbed/lab/lab_options.h"
#include "testbed/model/witness.h"
#include "testbed/netstate/netstate.h"
#include "testbed/plan/plan.h"

#include <sys/types.h>

typedef struct lab lab;

struct lab_build {
	double build_ms; /* namespaces, links, routes, NAT, firewall: until all was acknowledged */
	const char *vpn; /* "wireguard", "wireguard-go", "vxlan", ...; NULL: no tunnel */
	const char *impairment;	 /* "netem", "testbed-link"; NULL: no link is impaired */
	const char *uncontained; /* what this host can't contain, as exec_uncontained */
};

struct lab_callbacks {
	/* The network is made and every process is ready. */
	void (*built)(lab *l, const struct lab_build *build, gpointer user_data);
	/* One event line of an agent (docs/AGENTS.md).  `event` is borrowed. */
	void (*event)(lab *l, const char *agent, json_t *event, gpointer user_data);
	/* An agent or daemon ended although nobody asked it to; `code`: why, if it said so. */
	void (*agent_died)(lab *l, const char *agent, enum reason code, const char *how,
			   gpointer user_data);
	/* The machine has lost or delayed packets of this lab.  `w` is borrowed.  May be NULL. */
	void (*witness)(lab *l, const struct witness *w, gpointer user_data);
	/* A process of the lab was ready and had no processor for this share of the last moments: 0
	 * to 1.  May be NULL. */
	void (*starved)(lab *l, double share, gpointer user_data);
	/* The lab can't be built or is gone; no further callback follows.  `error` is borrowed. */
	void (*failed)(lab *l, const GError *error, gpointer user_data);
};

/* Starts building a lab; results arrive by callback.  The model and plan must outlive the call only
 * (the supervisor has its own copy).  NULL with `error` when not even the supervisor can be started
 * (TB_ERROR_UNSUPPORTED: this host forbids it; the message says the cure). */
lab *lab_start(const model *m, const plan *p, const struct lab_options *options,
	       const struct lab_callbacks *callbacks, gpointer user_data, GError **error);

/* Sends one command to an agent (docs/AGENTS.md).  `command` is borrowed. */
gboolean lab_command(lab *l, const char *agent, json_t *command, GError **error);

/* `state` is borrowed for the call (netstate_ref keeps it), and NULL when there is an `error`
 * (borrowed, too). */
typedef void (*lab_inspect_func)(lab *l, const netstate *state, const GError *error,
				 gpointer user_data);
/* Asks for the state that the kernels of all nodes are in; the evidence up to then is written
 * before the answer.  `done` is called once, from the main loop; TB_ERROR_DIED when the lab is gone
 * or goes before it has answered (then before `failed`, unless asked after it).  Not called any
 * more after lab_free.  Answers come in the order of the questions. */
void lab_inspect(lab *l, lab_inspect_func done, gpointer user_data);

/* The same, and the kernels are asked these `questions`, too (struct route_question; borrowed;
 * NULL: none).  The answers are among the nodes' look-ups. */
void lab_inspect_asking(lab *l, const GPtrArray *questions, lab_inspect_func done,
			gpointer user_data);

typedef void (*lab_look_func)(lab *l, gpointer user_data);
/* Asks whether the machine has lost or delayed packets up to now: witnesses come by callback before
 * `done`, which is called once, also when the lab is gone.  Not called any more after lab_free. */
void lab_look(lab *l, lab_look_func done, gpointer user_data);

/* `fd` reads the evidence as pcapng from its first byte on, and is closed after the call; -1 when
 * there is an `error`. */
typedef void (*lab_watch_func)(lab *l, int fd, const GError *error, gpointer user_data);
/* Asks the supervisor to keep evidence in memory, from the answer on until lab_unwatch; several
 * watches share one evidence. An error when the lab's evidence goes to a file (lab_options). The
 * answer comes as lab_inspect's, in the order of the questions. */
void lab_watch(lab *l, lab_watch_func done, gpointer user_data);
/* Takes one lab_watch back; the last one ends the evidence. */
void lab_unwatch(lab *l);

/* What a process outside the lab needs to enter a node (exec/enter.h). */
struct lab_enter_target {
	int user, mnt, pid, net;  /* namespaces, by descriptor; closed after the call */
	int keys;		  /* the lab's tls_keys; the same */
	const char *const *files; /* pairs as in struct exec_process; NULL-terminated */
};
/* `target` is NULL when there is an `error` (no such node; the lab is gone); both are borrowed for
 * the call. */
typedef void (*lab_enter_func)(lab *l, const struct lab_enter_target *target, const GError *error,
			       gpointer user_data);
/* Asks for a node's enter target. The answer comes as lab_inspect's, in the order of the
 * questions. */
void lab_enter(lab *l, const char *node, lab_enter_func done, gpointer user_data);

/* `of` is what config_credentials makes; NULL when there is an `error` (no endpoint; the lab is
 * gone).  Both are borrowed for the call. */
typedef void (*lab_credentials_func)(lab *l, json_t *of, const GError *error, gpointer user_data);
/* Asks for the account and relay of an endpoint.  The answer comes as lab_inspect's, in the order
 * of the questions. */
void lab_credentials(lab *l, const char *node, lab_credentials_func done, gpointer user_data);

/* `restarted` (NULL-terminated; NULL: none) are the processes that were ended and, where they still
 * belong to the network, started anew.  With an `error` the network is as it was before.  Both are
 * borrowed for the call. */
typedef void (*lab_change_func)(lab *l, const char *const *restarted, const GError *error,
				gpointer user_data);
/* Changes the network to what the scenario with these changes is (texts as under `changes:`,
 * NULL-terminated; they replace earlier ones). The difference is applied, all or nothing. Processes
 * that it concerns are restarted, and all clients but those in `spare` (NULL-terminated), so that
 * they sign in as in a fresh lab (not when only impairments differ). `done` is called when all are
 * ready again.  The node `reboot` (NULL: none), which is part of the network before and after, gets
 * a new namespace and new processes.  One change at a time.  TB_ERROR_INPUT with located findings,
 * or the kernel's refusal. */
void lab_change(lab *l, const char *const *changes, const char *const *spare, const char *reboot,
		lab_change_func done, gpointer user_data);

/* Kills the lab and frees the handle; NULL is accepted.  Does not wait for the kernel to finish. */
void lab_free(lab *l);

/* Process id of the supervisor, for looking at a lab from outside (its children are the lab's
 * processes). */
pid_t lab_pid(const lab *l);

/* Which features this host has, tried in a throw-away supervisor. Blocks (tens of milliseconds).
 * Returns a JSON object, which the caller owns:
 * { "ok": bool, "missing": text or null, "features": { name: { "ok", "detail", "cure" } } } */
json_t *lab_probe(const char *program_dir);

#endif
