/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a writer writes is what the reader reads, whatever the file's descriptor does meanwhile. */
#include "testbed/base/pcapng.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#define PACKETS 100
#define PACKET_BYTES 1000

struct seen {
	guint packets;
	char last[32];
};

static void on_record(const struct pcapng_record *r, gpointer user_data)
{
	struct seen *seen = user_data;

	cr_expect_eq(r->time_ns, 1000u + seen->packets);
	cr_expect_eq(r->captured, (guint32)PACKET_BYTES);
	cr_expect_eq(r->original, 2u * PACKET_BYTES);
	cr_expect_eq(r->data[PACKET_BYTES - 1], (guint8)seen->packets);
	cr_expect_eq(r->direction, seen->packets % 2 ? PCAPNG_OUTBOUND : PCAPNG_INBOUND);
	cr_expect_eq(r->link, PCAPNG_RAW_IP);
	g_strlcpy(seen->last, r->interface, sizeof seen->last);
	seen->packets++;
}

static void add_packets(pcapng_writer *w)
{
	guint8 data[PACKET_BYTES];
	guint32 first = pcapng_writer_interface(w, PCAPNG_ETHERNET, "a:eth0"),
		second = pcapng_writer_interface(w, PCAPNG_RAW_IP, "b:tun0");

	cr_expect_eq(first, 0u);
	cr_expect_eq(second, 1u);
	for (guint i = 0; i < PACKETS; i++) {
		memset(data, (int)i, sizeof data);
		pcapng_writer_packet(w, second, 1000 + i, i % 2 ? PCAPNG_OUTBOUND : PCAPNG_INBOUND,
				     data, sizeof data, 2 * PACKET_BYTES);
	}
}

static void expect_packets(const GByteArray *file, guint64 bytes)
{
	struct seen seen = {0};
	g_autoptr(GError) error = NULL;

	cr_expect_eq(file->len, bytes);
	cr_assert(pcapng_read(file->data, file->len, on_record, &seen, &error));
	cr_expect_eq(seen.packets, (guint)PACKETS);
	cr_expect_str_eq(seen.last, "b:tun0");
}

static GByteArray *read_file(int fd)
{
	GByteArray *all = g_byte_array_new();
	guint8 buffer[4096];
	ssize_t n;

	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, buffer, sizeof buffer)) > 0)
		g_byte_array_append(all, buffer, (guint)n);
	return all;
}

Test(pcapng, what_is_written_is_read)
{
	int fd = memfd_create("pcapng", MFD_CLOEXEC);
	pcapng_writer *w = pcapng_writer_new(fd);
	g_autoptr(GByteArray) file = NULL;

	add_packets(w);
	cr_expect_eq(pcapng_writer_bytes(w), 0u, "nothing is written before the flush");
	cr_expect_eq(pcapng_writer_flush(w), 0);
	file = read_file(fd);
	expect_packets(file, pcapng_writer_bytes(w));
	object_free(w);
	close(fd);
}

/* --- what a pipe can do ----------------------------------------------------------------------- */

static int pipe_fds[2];
static GByteArray *came;
static volatile sig_atomic_t n_signals;

static void empty_pipe(void)
{
	static guint8 buffer[4096];
	ssize_t n;

	while ((n = read(pipe_fds[0], buffer, sizeof buffer)) > 0)
		g_byte_array_append(came, buffer, (guint)n);
}

/* The writer is stopped in a write to a full pipe.  The first signal ends that write short, the
 * second one the next write with nothing written (EINTR); then the pipe is emptied. */
static void on_alarm(G_GNUC_UNUSED int number)
{
	int saved = errno;

	if (++n_signals % 2 == 0)
		empty_pipe();
	errno = saved;
}

Test(pcapng, signals_and_short_writes_lose_nothing)
{
	const struct sigaction action = {.sa_handler = on_alarm}; /* no SA_RESTART */
	const struct itimerval every = {.it_interval.tv_usec = 1000, .it_value.tv_usec = 1000};
	const struct itimerval never = {.it_value.tv_usec = 0};
	pcapng_writer *w;

	cr_assert_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
	fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
	fcntl(pipe_fds[1], F_SETPIPE_SZ, 4096);
	came = g_byte_array_sized_new(1024 * 1024); /* it does not grow inside the handler */
	w = pcapng_writer_new(pipe_fds[1]);
	add_packets(w);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	cr_expect_eq(pcapng_writer_flush(w), 0);
	setitimer(ITIMER_REAL, &never, NULL);
	cr_expect_gt(n_signals, 2);
	empty_pipe();
	expect_packets(came, pcapng_writer_bytes(w));
	object_free(w);
	g_byte_array_unref(came);
}

static gpointer read_slowly(G_GNUC_UNUSED gpointer p)
{
	return read_file(pipe_fds[0]);
}

Test(pcapng, a_pipe_that_does_not_block_is_waited_for)
{
	pcapng_writer *w;
	GThread *reader;

	cr_assert_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
	fcntl(pipe_fds[1], F_SETFL, O_NONBLOCK);
	fcntl(pipe_fds[1], F_SETPIPE_SZ, 4096);
	w = pcapng_writer_new(pipe_fds[1]);
	add_packets(w);
	reader = g_thread_new(NULL, read_slowly, NULL);
	cr_expect_eq(pcapng_writer_flush(w), 0);
	close(pipe_fds[1]);
	came = g_thread_join(reader);
	expect_packets(came, pcapng_writer_bytes(w));
	object_free(w);
	g_byte_array_unref(came);
}

Test(pcapng, failures_say_why_and_stay)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	pcapng_writer *w = pcapng_writer_new(full);

	cr_expect_eq(pcapng_writer_flush(w), ENOSPC);
	add_packets(w);
	cr_expect_eq(pcapng_writer_flush(w), ENOSPC);
	cr_expect_eq(pcapng_writer_bytes(w), 0u);
	object_free(w);
	close(full);

	signal(SIGPIPE, SIG_IGN);
	cr_assert_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
	close(pipe_fds[0]);
	w = pcapng_writer_new(pipe_fds[1]);
	cr_expect_eq(pcapng_writer_flush(w), EPIPE);
	object_free(w);
	close(pipe_fds[1]);
}
