/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lab: one network, alive, from build to death.
 *
 * Nouns: a `lab` is seen from the orchestrator; its `supervisor` is a child process, pid 1 of its
 * own PID namespace in its own user, mount, network, IPC and UTS namespaces, which builds the plan,
 * starts daemons and agents and passes their JSON lines on.  The socket between the two is the
 * lab's life: when the orchestrator goes, for whatever reason, the supervisor reads end of file,
 * exits, and the kernel takes every process, namespace, link and mount of the lab with it. Depends
 * on exec, plan, model and base.  Needs a GLib main loop on the default context in the caller.
 * Never blocks except in lab_probe.
 *
 *   lab *l = lab_start(m, p, &options, &callbacks, me, &error);
 *   ... callbacks->built, callbacks->event for every line an agent says ...
 *   lab_command(l, "branch1", command, &error);
 *   lab_free(l);          kills it; nothing is left
 */
#ifndef TESTBED_LAB_LAB_H
#define TESTBED_LAB_LAB_H

#include "common/wire/reason.h"
#include "testbed/lab/lab_options.h"
#include "testbed/plan/plan.h"

#include <jansson.h>
#include <sys/types.h>

typedef struct lab lab;

struct lab_build {
	double build_ms; /* namespaces, links, routes, NAT, firewall: until all was acknowledged */
	const char *vpn; /* "wireguard", "wireguard-go", "vxlan", ...; NULL: no tunnel */
	const char *impairment; /* "netem", "testbed-link"; NULL: no link is impaired */
};

struct lab_callbacks {
	/* The network stands and every agent has said `ready`. */
	void (*built)(lab *l, const struct lab_build *build, gpointer user_data);
	/* One event line of an agent (docs/AGENTS.md).  `event` is borrowed. */
	void (*event)(lab *l, const char *agent, json_t *event, gpointer user_data);
	/* An agent or daemon ended although nobody asked it to; `code`: why, if it said so. */
	void (*agent_died)(lab *l, const char *agent, enum reason code, const char *how,
			   gpointer user_data);
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

/* What `state` looks like says docs/EXPLAIN.md, section "State of a lab"; it is borrowed for the
 * call, and NULL when there is an `error` (borrowed too). */
typedef void (*lab_inspect_func)(lab *l, json_t *state, const GError *error, gpointer user_data);
/* Asks for the state that the kernels of all nodes are in; the evidence up to then is written
 * before the answer.  `done` is called once, from the main loop; TB_ERROR_DIED when the lab is gone
 * or goes before it has answered (then before `failed`, unless asked after it).  Not called any
 * more after lab_free.  Answers come in the order of the questions. */
void lab_inspect(lab *l, lab_inspect_func done, gpointer user_data);

/* The same, and the kernels are asked for these ways, too (`ways`, borrowed; NULL: none): { NODE: [
 * { "from", "to": addresses, "in": the interface that such a packet comes in by, null: the node
 * sends it } ] }.  The answers are among "lookups" in the state. */
void lab_inspect_ways(lab *l, json_t *ways, lab_inspect_func done, gpointer user_data);

/* `fd` reads the evidence as pcapng from its first byte on, and is closed after the call; -1 when
 * there is an `error`. */
typedef void (*lab_watch_func)(lab *l, int fd, const GError *error, gpointer user_data);
/* From the answer on evidence is kept, in memory, until lab_unwatch; one that is kept already goes
 * on.  A lab whose evidence goes to a file (lab_options) is not watched: an error.  Answers as
 * lab_inspect's, in one order with those. */
void lab_watch(lab *l, lab_watch_func done, gpointer user_data);
/* Ends what lab_watch began, as soon as nobody who asked for it is left: each call takes one
 * lab_watch back. */
void lab_unwatch(lab *l);

/* The way into a node for a process outside the lab: what exec/enter.h asks for. */
struct lab_enter_target {
	int user, mnt, pid, net;  /* namespaces, by descriptor; closed after the call */
	const char *const *files; /* pairs as in struct exec_process; NULL-terminated */
};
/* `target` is NULL when there is an `error` (no such node; the lab is gone); both are borrowed for
 * the call. */
typedef void (*lab_enter_func)(lab *l, const struct lab_enter_target *target, const GError *error,
			       gpointer user_data);
/* Asks for the way into a node.  Answers as lab_inspect's, in one order with those. */
void lab_enter(lab *l, const char *node, lab_enter_func done, gpointer user_data);

/* `restarted` (NULL-terminated; NULL: none) are the processes that were ended and, where they still
 * belong to the network, started anew.  With an `error` the network is as it was before.  Both are
 * borrowed for the call. */
typedef void (*lab_change_func)(lab *l, const char *const *restarted, const GError *error,
				gpointer user_data);
/* Makes the network what the scenario and these changes (texts as under `changes:`,
 * NULL-terminated) say, whatever was changed before.  What differs is done, all of it or nothing;
 * processes that it concerns are started anew, and all clients but those in `spare`
 * (NULL-terminated), so that they sign in as in a fresh lab (not when only impairments differ).
 * `done` is called when all are ready again.  The node `reboot` (NULL: none), which is part of the
 * network before and after, is made anew with its namespace and all its processes.  One change at a
 * time.  TB_ERROR_INPUT with located findings, or the kernel's refusal. */
void lab_change(lab *l, const char *const *changes, const char *const *spare, const char *reboot,
		lab_change_func done, gpointer user_data);

/* Kills the lab and frees the handle; NULL is accepted.  Does not wait for the kernel to finish. */
void lab_free(lab *l);

/* Process id of the supervisor, for looking at a lab from outside (its children are the lab's
 * processes). */
pid_t lab_pid(const lab *l);

/* What this host can do, found out in a throw-away supervisor.  Blocks (tens of milliseconds).
 * Returns a JSON object, which the caller owns:
 * { "ok": bool, "missing": text or null, "features": { name: { "ok", "detail", "cure" } } } */
json_t *lab_probe(const char *program_dir);

#endif
