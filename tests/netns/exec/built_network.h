/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network from topology text, built by exec inside the namespace that the tests run in, and
 * sockets inside its nodes. */
#ifndef TESTS_NETNS_EXEC_BUILT_NETWORK_H
#define TESTS_NETNS_EXEC_BUILT_NETWORK_H

#include "testbed/exec/exec.h"

#include <arpa/inet.h>

/* host 10.9.0.2 --- lan [router] wan 198.51.100.1 --- one 198.51.100.10, with IPv6 too; `router`:
 * further keys of the router. */
#define ROUTED_NETWORK(router)                                                                    \
	"networks:\n"                                                                             \
	"  inside: {subnet: 10.9.0.0/24, subnet6: 2001:db8:9::/64}\n"                             \
	"  outside: {subnet: 198.51.100.0/24, subnet6: 2001:db8:51::/64}\n"                       \
	"nodes:\n"                                                                                \
	"  host:\n"                                                                               \
	"    interfaces: {eth0: {network: inside, addresses: [10.9.0.2/24, 2001:db8:9::2/64]}}\n" \
	"    routes: [{to: default, via: 10.9.0.1}, {to: '::/0', via: 2001:db8:9::1}]\n"          \
	"  one:\n"                                                                                \
	"    interfaces: {eth0: {network: outside, addresses: [198.51.100.10/24, "                \
	"2001:db8:51::10/64]}}\n"                                                                 \
	"    routes: [{to: default, via: 198.51.100.1}, {to: '::/0', via: 2001:db8:51::1}]\n"     \
	"  router:\n"                                                                             \
	"    forwarding: true\n"                                                                  \
	"    interfaces:\n"                                                                       \
	"      lan: {network: inside, addresses: [10.9.0.1/24, 2001:db8:9::1/64]}\n"              \
	"      wan: {network: outside, addresses: [198.51.100.1/24, 2001:db8:51::1/64]}\n" router

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
/* A TCP socket that listens at address:port of a node. */
int tcp_listening(const exec *x, const char *node, const char *address, guint16 port);
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
