/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network from topology text, built by exec inside the namespace that the tests run in, and
 * sockets inside its nodes. */
#ifndef TESTS_NETNS_EXEC_BUILT_NETWORK_H
#define TESTS_NETNS_EXEC_BUILT_NETWORK_H

#include "testbed/exec/exec.h"

#include <arpa/inet.h>

/* Skips the test when this host can build no lab. */
void need_features(struct exec_features *ret);
/* `body`: what follows the topology's name and domain. */
plan *topology_plan(const char *body);
/* Builds; fails the test with the error.  Tunnels by VXLAN unless `features` say otherwise (NULL:
 * probed). */
exec *build(const plan *p, const struct exec_features *features);
exec *build_topology(const char *body);

/* UDP sockets bound to address:port (0: any) of a node; a receive waits two seconds at most. */
int udp_in(const exec *x, const char *node, const char *address, guint16 port);
/* 0 or the errno. */
int udp_send(int fd, const char *address, guint16 port, char byte);
struct heard {
	char byte; /* 0: nothing came */
	char from[INET6_ADDRSTRLEN];
	guint16 port;
};
struct heard udp_receive(int fd);
guint16 udp_port(int fd);
/* A TCP connection between two nodes, to an address of the second; its socket and the peer's. */
int tcp_connected(const exec *x, const char *from, const char *to, const char *address,
		  guint16 port, int *ret_peer);

/* Packets a rule of that name has counted on the node. */
guint64 rule_packets(const exec *x, const char *node, const char *comment);
/* An empty /run for this test alone; skips the test where that can't be. */
void own_run(void);
/* Runs a shell command in a node by exec_spawn, without privileges, and returns what it printed. */
char *shell_in(exec *x, const char *node, const char *command);

#endif
