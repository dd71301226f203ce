/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/av_udp.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/descriptors.h"

#define BATCH 32
#define DATAGRAM_MAX 65536
#define SOCKET_BUFFER (1024 * 1024) /* video key frames of several calls */

struct av_udp_batch {
	readable *read;
	struct mmsghdr headers[BATCH];
	struct iovec vectors[BATCH];
	struct sockaddr_storage names[BATCH];
	guint8 data[BATCH][DATAGRAM_MAX];
};

struct av_udp {
	int fd;
	struct endpoint local;
	readable_watch *watch;
	av_udp_batch *batch;
	av_udp_received received;
	gpointer user_data;
};

av_udp_batch *av_udp_batch_new(readable *read)
{
	av_udp_batch *b = g_new0(av_udp_batch, 1);

	b->read = read;
	for (guint i = 0; i < BATCH; i++) {
		b->vectors[i] = (struct iovec){.iov_base = b->data[i], .iov_len = DATAGRAM_MAX};
		b->headers[i].msg_hdr.msg_iov = &b->vectors[i];
		b->headers[i].msg_hdr.msg_iovlen = 1;
		b->headers[i].msg_hdr.msg_name = &b->names[i];
	}
	return b;
}

void av_udp_batch_free(av_udp_batch *b)
{
	g_free(b);
}

/* Reads one batch in each iteration of the loop, so that other sockets are read, too, when one gets
 * many datagrams. */
static void on_udp_readable(int fd, gpointer user_data)
{
	av_udp *u = user_data;
	av_udp_batch *b = u->batch;
	struct endpoint from;
	int n;

	for (guint i = 0; i < BATCH; i++)
		b->headers[i].msg_hdr.msg_namelen = sizeof b->names[i];
	n = recvmmsg(fd, b->headers, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		if (endpoint_from_sockaddr(&b->names[i], &from))
			u->received(u, &from, b->data[i], b->headers[i].msg_len, u->user_data);
}

/* A bound UDP socket, for the caller to close; -1 with *ret_errno. */
static int open_bound_socket(const struct endpoint *local, int *ret_errno)
{
	struct sockaddr_storage address;
	socklen_t length = endpoint_to_sockaddr(local, &address);
	int size = SOCKET_BUFFER;
	int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (descriptor_is_reserved(fd)) {
		close(fd);
		*ret_errno = EMFILE;
		return -1;
	}
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, length) == 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
		return fd;
	}
	*ret_errno = errno;
	if (fd >= 0)
		close(fd);
	return -1;
}

av_udp *av_udp_new(const struct endpoint *local, av_udp_batch *batch, av_udp_received received,
		   gpointer user_data, int *ret_errno)
{
	int fd = open_bound_socket(local, ret_errno);
	av_udp *u;

	if (fd < 0)
		return NULL;
	u = g_new0(av_udp, 1);
	u->fd = fd;
	u->local = *local;
	u->batch = batch;
	u->received = received;
	u->user_data = user_data;
	u->watch = readable_add(batch->read, fd, on_udp_readable, u, ret_errno);
	if (u->watch)
		return u;
	av_udp_free(u);
	return NULL;
}

void av_udp_free(av_udp *u)
{
	if (!u)
		return;
	readable_remove(u->watch);
	close(u->fd);
	g_free(u);
}

const struct endpoint *av_udp_local(const av_udp *u)
{
	return &u->local;
}

int av_udp_send(av_udp *u, const struct endpoint *to, const guint8 *data, gsize length)
{
	struct sockaddr_storage address;
	socklen_t address_length = endpoint_to_sockaddr(to, &address);

	if (sendto(u->fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL,
		   (const struct sockaddr *)&address, address_length) < 0)
		return errno;
	return 0;
}
