/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/impair_daemon.h"

#include "testbed/exec/capabilities.h"
#include "testbed/exec/confine.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONTROL_FD 3
#define SEND_BATCH 64
#define READ_BATCH 256 /* frames of one link before the other links' are read */
#define NS_PER_S 1000000000LL
#define SLICE_NS                                                                                \
	100000 /* the kernel's scheduler (EEVDF, sched(7)) runs a process earlier that asks for \
		  short slices */

/* A request over the socket; a link's first one comes with its two descriptors. */
enum request_kind { REQUEST_ADD, REQUEST_SET, REQUEST_COUNTS };

struct request {
	enum request_kind kind;
	int link;
	unsigned frame_bytes, frames;
	guint64 seed;
	struct impairment what;
};
struct answer {
	int errno_value;
	int link;
	struct impair_counts counts;
};

/* --- the process ------------------------------------------------------------------------------ */

struct link {
	int tap, out;
	guint8 *ring; /* NULL: the tap is a TUN device */
	struct sockaddr_ll
		to; /* of `out`; the protocol is the packet's, where it has no header that tells */
	unsigned frame_bytes, frames, next;
	impair_queue *queue;
};

struct carrier {
	guint64 *lost; /* frames that found a ring full */
	int epoll;
	GPtrArray *links;
};

static gint64 clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* Frames that the full ring could not take since the last time. */
static guint64 count_lost(const struct link *l)
{
	struct tpacket_stats stats = {.tp_drops = 0};
	socklen_t length = sizeof stats;

	return getsockopt(l->tap, SOL_PACKET, PACKET_STATISTICS, &stats, &length) == 0 ?
		       stats.tp_drops :
		       0;
}

/* A frame's delay begins when the kernel saw it, not when this process reads it. */
static void read_ring(struct link *l, gint64 real_offset_ns, gint64 now_ns, guint64 *lost)
{
	bool losing = false;

	for (int i = 0; i < READ_BATCH; i++) {
		struct tpacket2_hdr *h =
			(struct tpacket2_hdr *)(void *)(l->ring + (gsize)l->next * l->frame_bytes);
		gint64 came_ns;

		if (!(__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
			break;
		losing = losing || (h->tp_status & TP_STATUS_LOSING);
		came_ns = h->tp_sec * NS_PER_S + h->tp_nsec - real_offset_ns;
		/* the wall clock may have been set meanwhile */
		if (came_ns > now_ns || now_ns - came_ns > NS_PER_S)
			came_ns = now_ns;
		impair_queue_put(l->queue, came_ns, (const guint8 *)h + h->tp_mac, h->tp_snaplen);
		__atomic_store_n(&h->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		l->next = (l->next + 1) % l->frames;
	}
	if (losing)
		__atomic_add_fetch(lost, count_lost(l), __ATOMIC_RELAXED);
}

/* A TUN device has no time stamps: a packet's delay begins when it is read. */
static void read_tun(struct link *l, gint64 now_ns)
{
	static guint8 packet[65536];

	for (int i = 0; i < READ_BATCH; i++) {
		ssize_t n = read(l->tap, packet, sizeof packet);

		if (n <= 0)
			return;
		impair_queue_put(l->queue, now_ns, packet, (guint32)n);
	}
}

/* What the interface does not take (it may be down) is lost. */
static void send_batch(const struct link *l, struct mmsghdr *batch, unsigned n)
{
	unsigned done = 0;

	while (done < n) {
		int sent = sendmmsg(l->out, batch + done, n - done, MSG_DONTWAIT);

		if (sent < 0 && errno == EINTR)
			continue;
		done += sent > 0 ? (unsigned)sent : 1;
	}
}

static void send_due(struct link *l, gint64 now_ns)
{
	struct impair_frame *frames[SEND_BATCH];
	struct iovec parts[SEND_BATCH];
	struct mmsghdr batch[SEND_BATCH];
	struct sockaddr_ll to[2] = {l->to, l->to};
	unsigned n;

	to[0].sll_protocol = g_htons(ETH_P_IP);
	to[1].sll_protocol = g_htons(ETH_P_IPV6);

	do {
		for (n = 0; n < SEND_BATCH && (frames[n] = impair_queue_take(l->queue, now_ns));
		     n++) {
			parts[n] = (struct iovec){.iov_base = frames[n]->data,
						  .iov_len = frames[n]->length};
			batch[n] = (struct mmsghdr){
				.msg_hdr = {.msg_iov = &parts[n], .msg_iovlen = 1}};
			if (l->ring)
				continue;
			batch[n].msg_hdr.msg_name = &to[frames[n]->data[0] >> 4 == 6];
			batch[n].msg_hdr.msg_namelen = sizeof to[0];
		}
		send_batch(l, batch, n);
		for (unsigned i = 0; i < n; i++)
			g_free(frames[i]);
	} while (n == SEND_BATCH);
}

static int add_link(struct carrier *c, const struct request *q, int tap, int out)
{
	gsize size = (gsize)q->frame_bytes * q->frames;
	socklen_t length = sizeof(struct sockaddr_ll);
	struct link *l = g_new0(struct link, 1);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = l};

	*l = (struct link){
		.tap = tap, .out = out, .frame_bytes = q->frame_bytes, .frames = q->frames};
	l->ring = size == 0 ? NULL : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, tap, 0);
	if (l->ring == MAP_FAILED || getsockname(out, (struct sockaddr *)&l->to, &length) != 0 ||
	    epoll_ctl(c->epoll, EPOLL_CTL_ADD, tap, &event) != 0)
		return errno;
	l->queue = impair_queue_new(q->seed);
	g_ptr_array_add(c->links, l);
	return 0;
}

/* Its tap is gone, together with the impaired interface. */
static void end_link(struct carrier *c, struct link *l)
{
	epoll_ctl(c->epoll, EPOLL_CTL_DEL, l->tap, NULL);
	if (l->ring)
		munmap(l->ring, (gsize)l->frame_bytes * l->frames);
	l->ring = NULL;
	close(l->tap);
	close(l->out);
	l->tap = l->out = -1;
}

static bool receive_request(struct request *q, int fds[2])
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct iovec part = {.iov_base = q, .iov_len = sizeof *q};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof control};
	const struct cmsghdr *c;

	fds[0] = fds[1] = -1;
	if (recvmsg(CONTROL_FD, &message, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof *q)
		return false;
	c = CMSG_FIRSTHDR(&message);
	if (c && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(2 * sizeof(int)))
		memcpy(fds, CMSG_DATA(c), 2 * sizeof(int));
	return true;
}

static void read_arrived(const struct carrier *c, struct link *l, gint64 now_ns)
{
	if (l->ring)
		read_ring(l, clock_ns(CLOCK_REALTIME) - now_ns, now_ns, c->lost);
	else if (l->tap >= 0)
		read_tun(l, now_ns);
}

/* What has arrived before the request belongs to what was before it. */
static void obey_for_link(const struct carrier *c, struct link *l, const struct request *q,
			  struct answer *ret)
{
	read_arrived(c, l, clock_ns(CLOCK_MONOTONIC));
	if (q->kind == REQUEST_SET)
		impair_queue_set(l->queue, &q->what);
	ret->counts = *impair_queue_counts(l->queue);
}

/* False: the parent is gone. */
static bool obey(struct carrier *c)
{
	struct answer answer = {.errno_value = 0};
	struct request q;
	int fds[2];

	if (!receive_request(&q, fds))
		return false;
	if (q.kind == REQUEST_ADD) {
		answer.errno_value = add_link(c, &q, fds[0], fds[1]);
		answer.link = (int)c->links->len - 1;
	} else if (q.link >= 0 && q.link < (int)c->links->len) {
		obey_for_link(c, c->links->pdata[q.link], &q, &answer);
	} else {
		answer.errno_value = ENOENT;
	}
	return write(CONTROL_FD, &answer, sizeof answer) == (ssize_t)sizeof answer;
}

/* Until the first frame of any link leaves; forever when there is none. */
static int wait_events(struct carrier *c, struct epoll_event *events, int max)
{
	gint64 due_ns = -1, now_ns, wait_ns;
	struct timespec timeout;

	for (guint i = 0; i < c->links->len; i++) {
		gint64 link_ns = impair_queue_due_ns(((struct link *)c->links->pdata[i])->queue);

		if (link_ns >= 0 && (due_ns < 0 || link_ns < due_ns))
			due_ns = link_ns;
	}
	now_ns = clock_ns(CLOCK_MONOTONIC);
	wait_ns = MAX(due_ns - now_ns, 0);
	timeout = (struct timespec){.tv_sec = wait_ns / NS_PER_S, .tv_nsec = wait_ns % NS_PER_S};
	return epoll_pwait2(c->epoll, events, max, due_ns < 0 ? NULL : &timeout, NULL);
}

static void carry(struct carrier *c)
{
	struct epoll_event events[64];

	for (;;) {
		int n = wait_events(c, events, G_N_ELEMENTS(events));
		gint64 now_ns = clock_ns(CLOCK_MONOTONIC);

		for (int i = 0; i < n; i++) {
			struct link *l = events[i].data.ptr;

			if (l && (events[i].events & (EPOLLERR | EPOLLHUP)))
				end_link(c, l);
			else if (l)
				read_arrived(c, l, now_ns);
			else if (!obey(c))
				return;
		}
		now_ns = clock_ns(CLOCK_MONOTONIC);
		for (guint i = 0; i < c->links->len; i++)
			send_due(c->links->pdata[i], now_ns);
	}
}

/* sched_setattr(2); not in every C library, and the kernel's header has names of the library's. */
struct scheduling {
	guint32 size, policy;
	guint64 flags;
	gint32 nice;
	guint32 priority;
	guint64 runtime_ns, deadline_ns, period_ns;
};

/* Asks the scheduler to wake this process exactly and soon. */
static void become_punctual(void)
{
	struct scheduling wish = {.size = sizeof wish, .runtime_ns = SLICE_NS};

	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	/* kernels before 6.12 refuse it, which costs accuracy only */
	(void)!syscall(SYS_sched_setattr, 0, &wish, 0);
}

G_NORETURN static void daemon_main(int control, guint64 *lost)
{
	struct carrier c = {.links = g_ptr_array_new(), .lost = lost};
	struct epoll_event event = {.events = EPOLLIN};
	cap_t none = capabilities_new(NULL, 0);

	prctl(PR_SET_NAME, "testbed-link");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGIO, SIG_IGN);
	if (dup2(control, CONTROL_FD) != CONTROL_FD || close_range(CONTROL_FD + 1, ~0u, 0) != 0 ||
	    !capabilities_keep(none, false) || !confine_self(CONFINE_PROGRAM))
		_exit(1);
	c.epoll = epoll_create1(EPOLL_CLOEXEC);
	become_punctual();
	if (epoll_ctl(c.epoll, EPOLL_CTL_ADD, CONTROL_FD, &event) == 0)
		carry(&c);
	_exit(0);
}

/* --- the backend's side --------------------------------------------------------------------------
 */

struct impair_daemon {
	pid_t pid;
	int socket;
	guint64 *lost; /* in memory that the process shares */
};

struct impair_daemon *impair_daemon_new(GError **error)
{
	struct impair_daemon *d;
	guint64 *lost;
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "socket for impaired links: %s",
			    g_strerror(errno));
		return NULL;
	}
	lost = mmap(NULL, sizeof *lost, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = lost == MAP_FAILED ? -1 : fork();
	if (pid == 0)
		daemon_main(ends[1], lost);
	close(ends[1]);
	if (pid < 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED,
			    "start the process of impaired links: %s", g_strerror(errno));
		close(ends[0]);
		return NULL;
	}
	d = g_new0(struct impair_daemon, 1);
	*d = (struct impair_daemon){.pid = pid, .socket = ends[0], .lost = lost};
	return d;
}

void impair_daemon_free(struct impair_daemon *d)
{
	if (!d)
		return;
	close(d->socket);
	if (d->pid > 0) {
		kill(d->pid, SIGKILL);
		waitpid(d->pid, NULL, 0);
	}
	munmap(d->lost, sizeof *d->lost);
	g_free(d);
}

pid_t impair_daemon_pid(const struct impair_daemon *d)
{
	return d ? d->pid : 0;
}

bool impair_daemon_ended(struct impair_daemon *d, pid_t pid)
{
	if (!d || d->pid != pid)
		return false;
	d->pid = 0;
	return true;
}

guint64 impair_daemon_lost(const struct impair_daemon *d)
{
	return d ? __atomic_load_n(d->lost, __ATOMIC_RELAXED) : 0;
}

static ssize_t send_request(const struct impair_daemon *d, const struct request *q,
			    const int fds[2])
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control = {.header = {.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS,
				.cmsg_len = CMSG_LEN(2 * sizeof(int))}};
	struct iovec part = {.iov_base = (void *)(guintptr)q, .iov_len = sizeof *q};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	if (fds) {
		memcpy(CMSG_DATA(&control.header), fds, 2 * sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = sizeof control;
	}
	return sendmsg(d->socket, &message, MSG_NOSIGNAL);
}

static gboolean daemon_request(const struct impair_daemon *d, const struct request *q,
			       const int fds[2], struct answer *ret, GError **error)
{
	ssize_t n = -1;

	*ret = (struct answer){.errno_value = 0};
	if (send_request(d, q, fds) == (ssize_t)sizeof *q)
		do
			n = recv(d->socket, ret, sizeof *ret, 0);
		while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof *ret && ret->errno_value == 0)
		return TRUE;
	g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "the process of impaired links: %s",
		    n == (ssize_t)sizeof *ret ? g_strerror(ret->errno_value) : "it is gone");
	return FALSE;
}

int impair_daemon_add(struct impair_daemon *d, const struct impair_link_ends *ends, guint64 seed,
		      GError **error)
{
	const struct request q = {.kind = REQUEST_ADD,
				  .frame_bytes = ends->frame_bytes,
				  .frames = ends->frames,
				  .seed = seed};
	const int fds[2] = {ends->tap, ends->out};
	struct answer answer;

	return daemon_request(d, &q, fds, &answer, error) ? answer.link : -1;
}

gboolean impair_daemon_set(struct impair_daemon *d, int link, const struct impairment *what,
			   GError **error)
{
	const struct request q = {.kind = REQUEST_SET, .link = link, .what = *what};
	struct answer answer;

	return daemon_request(d, &q, NULL, &answer, error);
}

gboolean impair_daemon_counts(struct impair_daemon *d, int link, struct impair_counts *ret,
			      GError **error)
{
	const struct request q = {.kind = REQUEST_COUNTS, .link = link};
	struct answer answer;

	if (!daemon_request(d, &q, NULL, &answer, error))
		return FALSE;
	*ret = answer.counts;
	return TRUE;
}
