/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/netns/exec/built_network.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <nftables/libnftables.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

void need_features(struct exec_features *ret)
{
	exec_probe(ret);
	if (ret->missing)
		cr_skip_test("needs labs: %s", ret->missing);
}

plan *topology_plan(const char *body)
{
	g_autofree char *text = g_strdup_printf(
		"topology: test\ndomain: example.com\n%sscenarios: {base: {title: base}}\n", body);
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load_text("test.yaml", text, strlen(text), d);
	g_autoptr(model) m = base ? model_instantiate(base, model_scenario(base, "base"), d) : NULL;
	g_autofree char *findings = diags_to_text(d);

	cr_assert(m != NULL, "%s", findings);
	return plan_build(m);
}

exec *build(const plan *p, const struct exec_features *features)
{
	struct exec_features probed;
	g_autoptr(GError) error = NULL;
	exec *x;

	need_features(&probed);
	probed.wireguard = probed.wireguard_go = false;
	x = exec_new_linux(features ? features : &probed, NULL, NULL, &error);
	cr_assert(x && exec_run(x, p, &error), "%s", error ? error->message : "");
	return x;
}

exec *build_topology(const char *body)
{
	g_autoptr(plan) p = topology_plan(body);

	return build(p, NULL);
}

/* The thread goes in, does it, and comes back. */
static int enter(const exec *x, const char *node)
{
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	cr_assert(home >= 0 && setns(exec_netns_fd(x, node), CLONE_NEWNET) == 0, "enter %s", node);
	return home;
}

static void go_back(int home)
{
	cr_assert_eq(setns(home, CLONE_NEWNET), 0, "go back");
	close(home);
}

static struct sockaddr_storage socket_address(const char *address, guint16 port,
					      socklen_t *ret_length)
{
	struct sockaddr_storage a = {0};
	struct sockaddr_in *four = (struct sockaddr_in *)&a;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&a;
	bool is_six = strchr(address, ':') != NULL;

	a.ss_family = is_six ? AF_INET6 : AF_INET;
	four->sin_port = htons(port); /* at the same place in both */
	*ret_length = is_six ? sizeof *six : sizeof *four;
	cr_assert_eq(inet_pton(a.ss_family, address,
			       is_six ? (void *)&six->sin6_addr : (void *)&four->sin_addr),
		     1, "'%s' is an address", address);
	return a;
}

int udp_in(const exec *x, const char *node, const char *address, guint16 port)
{
	socklen_t length;
	struct sockaddr_storage a = socket_address(address, port, &length);
	struct timeval deadline = {.tv_sec = 2};
	int home = enter(x, node), fd = socket(a.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0 && bind(fd, (const struct sockaddr *)&a, length) == 0,
		  "bind %s in %s: %s", address, node, strerror(errno));
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline), 0,
		     "deadline");
	go_back(home);
	return fd;
}

int udp_send(int fd, const char *address, guint16 port, char byte)
{
	socklen_t length;
	struct sockaddr_storage a = socket_address(address, port, &length);

	return sendto(fd, &byte, 1, 0, (const struct sockaddr *)&a, length) == 1 ? 0 : errno;
}

struct heard udp_receive(int fd)
{
	struct heard heard = {.byte = 0};
	struct sockaddr_storage from = {0};
	const struct sockaddr_in *four = (const struct sockaddr_in *)&from;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&from;
	socklen_t length = sizeof from;

	if (recvfrom(fd, &heard.byte, 1, 0, (struct sockaddr *)&from, &length) == 1) {
		inet_ntop(from.ss_family,
			  from.ss_family == AF_INET6 ? (const void *)&six->sin6_addr :
						       (const void *)&four->sin_addr,
			  heard.from, sizeof heard.from);
		heard.port = ntohs(four->sin_port);
	}
	return heard;
}

static int tcp_in(const exec *x, const char *node, int family)
{
	int home = enter(x, node), fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	go_back(home);
	cr_assert(fd >= 0, "a socket in %s: %s", node, strerror(errno));
	return fd;
}

int tcp_listening(const exec *x, const char *node, const char *address, guint16 port)
{
	socklen_t length;
	struct sockaddr_storage at = socket_address(address, port, &length);
	int listener = tcp_in(x, node, at.ss_family);

	cr_assert(bind(listener, (struct sockaddr *)&at, length) == 0 && listen(listener, 1) == 0,
		  "listen at %s: %s", address, strerror(errno));
	return listener;
}

int tcp_connected(const exec *x, const char *from, const char *to, const char *address,
		  guint16 port, int *ret_peer)
{
	socklen_t length;
	struct sockaddr_storage at = socket_address(address, port, &length);
	int listener = tcp_listening(x, to, address, port), fd = tcp_in(x, from, at.ss_family);

	cr_assert_eq(connect(fd, (struct sockaddr *)&at, length), 0, "connect to %s: %s", address,
		     strerror(errno));
	*ret_peer = accept(listener, NULL, NULL);
	close(listener);
	return fd;
}

guint16 udp_port(int fd)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t length = sizeof a;

	cr_assert_eq(getsockname(fd, (struct sockaddr *)&a, &length), 0, "own port");
	return ntohs(a.sin_port);
}

/* Of the lines `... counter packets N bytes N ... comment "COMMENT"`. */
static guint64 packets_of(const char *ruleset, const char *comment)
{
	g_autofree char *last = g_strdup_printf(" comment \"%s\"", comment);
	g_auto(GStrv) lines = g_strsplit(ruleset, "\n", -1);
	guint64 sum = 0;

	for (char **line = lines; *line; line++) {
		const char *counter =
			strstr(*line, last) ? strstr(*line, "counter packets ") : NULL;

		sum += counter ? g_ascii_strtoull(counter + strlen("counter packets "), NULL, 10) :
				 0;
	}
	return sum;
}

/* As text: libnftables has no JSON for the maps of a NAT. */
guint64 rule_packets(const exec *x, const char *node, const char *comment)
{
	int home = enter(x, node);
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	guint64 packets;

	nft_ctx_buffer_output(nft);
	cr_assert_eq(nft_run_cmd_from_buffer(nft, "list ruleset"), 0, "list the rules of %s", node);
	packets = packets_of(nft_ctx_get_output_buffer(nft), comment);
	nft_ctx_free(nft);
	go_back(home);
	return packets;
}

void own_run(void)
{
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, NULL) != 0)
		cr_skip_test("needs namespaces: %s", strerror(errno));
}

char *shell_in(exec *x, const char *node, const char *command)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *line = g_strdup(command);
	char sh[] = "sh", option[] = "-c", text[4096] = "";
	char *const argv[] = {sh, option, line, NULL};
	int log_fd = memfd_create("log", MFD_CLOEXEC), status = 0;
	struct exec_process process = {
		.node = node, .argv = argv, .control_fd = -1, .record_fd = -1, .log_fd = log_fd};
	GPid pid = exec_spawn(x, &process, &error);

	cr_assert(pid > 0, "%s", error ? error->message : "");
	cr_assert_eq(waitpid(pid, &status, 0), pid, "it ends");
	cr_assert(pread(log_fd, text, sizeof text - 1, 0) >= 0, "its output");
	close(log_fd);
	return g_strdup(text);
}
