/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/wireguard.h"

#include "testbed/exec/process.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_BYTES 4096u
/* What the daemon logs (at level verbose) when its UDP socket is open and packets pass. */
#define UP_LINE "requested Up, now Up"

struct wireguard_daemon {
	GPid pid;
	int uapi_fd;   /* connected to its configuration socket */
	int log_fd;    /* what it says; read by us so that it never blocks */
	GString *said; /* the last of it */
	guint drain;   /* source on the default main context that reads on */
	bool up;
};

/* --- starting --------------------------------------------------------------------------------- */

/* A listening socket with an abstract name that the kernel chooses, and a connection to it. */
static int listen_and_connect(int *ret_client)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t length = sizeof address.sun_family;
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*ret_client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server >= 0 && *ret_client >= 0 &&
	    bind(server, (struct sockaddr *)&address, length) == 0) {
		length = sizeof address;
		if (getsockname(server, (struct sockaddr *)&address, &length) == 0 &&
		    listen(server, 4) == 0 &&
		    connect(*ret_client, (struct sockaddr *)&address, length) == 0)
			return server;
	}
	if (server >= 0)
		close(server);
	if (*ret_client >= 0)
		close(*ret_client);
	*ret_client = -1;
	return -1;
}

static GPid start_program(const struct netns *s, const char *ifname, int uapi_fd, int log_fd,
			  GError **error)
{
	g_autofree char *name = g_strdup(ifname);
	/* wireguard-go ends when a file of this name is removed; every daemon has a /var/run of
	 * its own. */
	g_autofree char *run_file = g_strdup_printf("/var/run/wireguard/%s.sock", ifname);
	char program[] = "wireguard-go", foreground[] = "-f";
	char *const argv[] = {program, foreground, name, NULL};
	static const char *const environment[] = {"WG_PROCESS_FOREGROUND=1", "WG_UAPI_FD=3",
						  "LOG_LEVEL=verbose", NULL};
	struct spawn_request request = {.netns_fd = s->fd,
					.argv = argv,
					.fds = {uapi_fd, -1},
					.log_fd = log_fd,
					.environment = environment,
					.run_file = run_file,
					.keep_net_admin = true};

	return spawn_in_namespace(&request, error);
}

struct wireguard_daemon *wireguard_daemon_new(const struct netns *s, const char *ifname,
					      GError **error)
{
	struct wireguard_daemon *d;
	int server, client, log_ends[2] = {-1, -1};

	server = listen_and_connect(&client);
	if (server < 0 || pipe2(log_ends, O_CLOEXEC) != 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "sockets for wireguard-go: %s",
			    g_strerror(errno));
		if (server >= 0)
			close(server);
		return NULL;
	}
	d = g_new0(struct wireguard_daemon, 1);
	d->uapi_fd = client;
	d->log_fd = log_ends[0];
	d->said = g_string_new(NULL);
	d->pid = start_program(s, ifname, server, log_ends[1], error);
	close(server);
	close(log_ends[1]);
	if (d->pid < 0) {
		wireguard_daemon_free(d);
		return NULL;
	}
	return d;
}

void wireguard_daemon_free(gpointer data)
{
	struct wireguard_daemon *d = data;

	if (d->drain != 0)
		g_source_remove(d->drain);
	if (d->pid > 0) {
		kill(d->pid, SIGKILL);
		waitpid(d->pid, NULL, 0);
	}
	close(d->uapi_fd);
	close(d->log_fd);
	g_string_free(d->said, TRUE);
	g_free(d);
}

GPid wireguard_daemon_pid(const struct wireguard_daemon *d)
{
	return d->pid;
}

bool wireguard_daemon_ended(struct wireguard_daemon *d, GPid pid)
{
	if (d->pid != pid)
		return false;
	d->pid = 0;
	return true;
}

/* --- its socket ------------------------------------------------------------------------------- */

#define RECEIVE_BUFFER_BYTES (16 * 1024 * 1024) /* the kernel gives what the machine allows */

static bool is_udp(int fd)
{
	int type = 0, domain = 0;
	socklen_t length = sizeof type;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_DGRAM &&
	       getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 &&
	       (domain == AF_INET || domain == AF_INET6);
}

/* The usual buffer holds what two hundred packets need: less than a call of 400 ms' stall.  The
 * socket is the daemon's own, so a copy of its descriptor is fetched.  Where that is not allowed
 * the buffer stays as it is. */
static void enlarge_buffers(const struct wireguard_daemon *d)
{
	g_autofree char *folder = g_strdup_printf("/proc/%d/fd", (int)d->pid);
	g_autoptr(GDir) all = g_dir_open(folder, 0, NULL);
	int pidfd = pidfd_open(d->pid, 0), size = RECEIVE_BUFFER_BYTES;
	const char *name;

	while (all && pidfd >= 0 && (name = g_dir_read_name(all))) {
		int fd = pidfd_getfd(pidfd, (int)g_ascii_strtoll(name, NULL, 10), 0);

		if (fd < 0)
			continue;
		if (is_udp(fd) &&
		    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
			setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
		close(fd);
	}
	if (pidfd >= 0)
		close(pidfd);
}

/* --- what it says ----------------------------------------------------------------------------- */

/* Reads once; false at the end of file. Only the last part is kept, for an error message. */
static bool read_log(struct wireguard_daemon *d)
{
	char buffer[1024];
	ssize_t n = read(d->log_fd, buffer, sizeof buffer);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	g_string_append_len(d->said, buffer, n);
	d->up = d->up || strstr(d->said->str, UP_LINE);
	if (d->said->len > ANSWER_BYTES)
		g_string_erase(d->said, 0, (gssize)(d->said->len - ANSWER_BYTES));
	return n > 0;
}

static gboolean on_log(G_GNUC_UNUSED gint fd, G_GNUC_UNUSED GIOCondition condition,
		       gpointer user_data)
{
	struct wireguard_daemon *d = user_data;

	if (read_log(d))
		return G_SOURCE_CONTINUE;
	d->drain = 0;
	return G_SOURCE_REMOVE;
}

static gboolean daemon_failed(struct wireguard_daemon *d, const char *what, GError **error)
{
	/* The daemon is ending: what it logs until then is the reason. */
	kill(d->pid, SIGTERM);
	while (read_log(d))
		continue;
	g_strdelimit(g_strchomp(d->said->str), "\n", ' ');
	return tb_error_set(error, TB_ERROR_FAILED, "wireguard-go: %s: %s", what, d->said->str);
}

gboolean wireguard_daemon_wait_up(struct wireguard_daemon *d, GError **error)
{
	while (!d->up)
		if (!read_log(d))
			return daemon_failed(d, "ended before the interface was up", error);
	enlarge_buffers(d);
	if (d->drain == 0)
		d->drain = g_unix_fd_add(d->log_fd, G_IO_IN, on_log, d);
	return TRUE;
}

/* --- configuration ---------------------------------------------------------------------------- */

/* An answer is lines, the last one empty; "errno=0" is success. */
gboolean wireguard_daemon_configure(struct wireguard_daemon *d, const char *configuration,
				    GError **error)
{
	g_autofree char *request = g_strconcat("set=1\n", configuration, "\n", NULL);
	char answer[ANSWER_BYTES] = "";
	gsize length = 0;

	if (send(d->uapi_fd, request, strlen(request), MSG_NOSIGNAL) != (ssize_t)strlen(request))
		return daemon_failed(d, "ended before it was configured", error);
	while (!strstr(answer, "\n\n")) {
		ssize_t n = recv(d->uapi_fd, answer + length, sizeof answer - 1 - length, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return daemon_failed(d, "ended before it was configured", error);
		length += (gsize)n;
		answer[length] = '\0';
	}
	if (strstr(answer, "errno=0\n"))
		return TRUE;
	return daemon_failed(d, "refused its configuration", error);
}

static void put_key(GString *out, const char *name, const uint8_t key[32])
{
	g_string_append_printf(out, "%s=", name);
	for (int i = 0; i < 32; i++)
		g_string_append_printf(out, "%02x", key[i]);
	g_string_append_c(out, '\n');
}

static gboolean get_keys(struct linux_backend *r, const struct op_tunnel *t,
			 uint8_t private_key[32], uint8_t peer_key[32], GError **error)
{
	uint8_t unused[32];
	gboolean ok = r->keys && r->keys(t->key_local, private_key, unused, r->keys_data) &&
		      r->keys(t->key_remote, unused, peer_key, r->keys_data);

	if (!ok)
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "no keys for '%s'", t->tunnel);
	return ok;
}

char *wireguard_configuration(struct linux_backend *r, const struct op_tunnel *t, GError **error)
{
	uint8_t private_key[32], peer_key[32];
	char text[PREFIX_TEXT_MAX], remote[ADDR_PORT_TEXT_MAX];
	GString *out;

	if (!get_keys(r, t, private_key, peer_key, error))
		return NULL;
	out = g_string_new(NULL);
	put_key(out, "private_key", private_key);
	g_string_append_printf(out, "listen_port=%u\nreplace_peers=true\n", t->port);
	put_key(out, "public_key", peer_key);
	g_string_append_printf(out, "endpoint=%s\n", addr_port_print(&t->remote, t->port, remote));
	for (guint i = 0; i < t->allowed->len; i++)
		g_string_append_printf(out, "allowed_ip=%s\n",
				       prefix_print(&g_array_index(t->allowed, struct prefix, i),
						    text));
	return g_string_free(out, FALSE);
}

/* --- kernel WireGuard ------------------------------------------------------------------------- */

static char *tool_configuration(struct linux_backend *r, const struct op_tunnel *t, GError **error)
{
	uint8_t private_key[32], peer_key[32];
	g_autofree char *local = NULL, *peer = NULL;
	char text[PREFIX_TEXT_MAX], remote[ADDR_PORT_TEXT_MAX];
	GString *out;

	if (!get_keys(r, t, private_key, peer_key, error))
		return NULL;
	local = g_base64_encode(private_key, sizeof private_key);
	peer = g_base64_encode(peer_key, sizeof peer_key);
	out = g_string_new(NULL);
	g_string_append_printf(
		out, "[Interface]\nPrivateKey = %s\nListenPort = %u\n[Peer]\nPublicKey = %s\n",
		local, t->port, peer);
	g_string_append_printf(out, "Endpoint = %s\n",
			       addr_port_print(&t->remote, t->port, remote));
	for (guint i = 0; i < t->allowed->len; i++)
		g_string_append_printf(out, "AllowedIPs = %s\n",
				       prefix_print(&g_array_index(t->allowed, struct prefix, i),
						    text));
	return g_string_free(out, FALSE);
}

gboolean wireguard_set_by_tool(struct linux_backend *r, const struct netns *s,
			       const struct op_tunnel *t, GError **error)
{
	g_autofree char *text = tool_configuration(r, t, error);
	g_autofree char *ifname = g_strdup(t->ifname);
	char program[] = "wg", verb[] = "setconf", file[] = "/dev/fd/3";
	char *const argv[] = {program, verb, ifname, file, NULL};
	struct spawn_request request = {.netns_fd = s->fd,
					.argv = argv,
					.fds = {-1, -1},
					.log_fd = -1,
					.keep_net_admin = true};
	int fd = text ? memfd_create("wireguard", MFD_CLOEXEC) : -1, status = 0;
	GPid pid;

	if (!text)
		return FALSE;
	if (fd < 0 || write(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) != 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "configuration for wg: %s",
			    g_strerror(errno));
		if (fd >= 0)
			close(fd);
		return FALSE;
	}
	request.fds[0] = fd;
	pid = spawn_in_namespace(&request, error);
	close(fd);
	if (pid < 0)
		return FALSE;
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return TRUE;
	return tb_error_set(error, TB_ERROR_FAILED, "wg setconf %s ended with status %d", t->ifname,
			    WEXITSTATUS(status));
}
