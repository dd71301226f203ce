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
		const struct pcapng_packet p = {
			.interface = second,
			.time_ns = 1000 + i,
			.direction = i % 2 ? PCAPNG_OUTBOUND : PCAPNG_INBOUND,
			.data = data,
			.captured = sizeof data,
			.original = 2 * PACKET_BYTES,
		};

		memset(data, (int)i, sizeof data);
		pcapng_writer_packet(w, &p);
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

/* --- order, names, keys and comments ---------------------------------------------------------- */

/* Times of the packets that were read, one a digit. */
static void on_time(const struct pcapng_record *r, gpointer user_data)
{
	g_string_append_printf(user_data, "%" G_GUINT64_FORMAT, r->time_ns);
}

static void expect_times(int fd, const char *times)
{
	g_autoptr(GByteArray) file = read_file(fd);
	g_autoptr(GString) seen = g_string_new(NULL);

	cr_assert(pcapng_read(file->data, file->len, on_time, seen, NULL));
	cr_expect_str_eq(seen->str, times);
}

Test(pcapng, packets_are_in_order_of_time_and_later_ones_wait)
{
	static const guint64 times[] = {3, 1, 9, 2};
	static const guint64 then[] = {8, 5};
	int fd = memfd_create("pcapng", MFD_CLOEXEC);
	pcapng_writer *w = pcapng_writer_new(fd);
	guint32 number = pcapng_writer_interface(w, PCAPNG_RAW_IP, "a:eth0");

	for (guint i = 0; i < G_N_ELEMENTS(times); i++)
		pcapng_writer_packet(w, &(const struct pcapng_packet){.interface = number,
								      .time_ns = times[i]});
	cr_expect_eq(pcapng_writer_flush_until(w, 3), 0);
	expect_times(fd, "123");
	cr_expect(pcapng_writer_keeps_some(w));
	for (guint i = 0; i < G_N_ELEMENTS(then); i++)
		pcapng_writer_packet(w, &(const struct pcapng_packet){.interface = number,
								      .time_ns = then[i]});
	cr_expect_eq(pcapng_writer_flush(w), 0);
	expect_times(fd, "123589");
	cr_expect_not(pcapng_writer_keeps_some(w));
	object_free(w);
	close(fd);
}

static void on_place_and_time(const struct pcapng_record *r, gpointer user_data)
{
	g_string_append_printf(user_data, "%s%" G_GUINT64_FORMAT "%c ", r->interface, r->time_ns,
			       r->captured > 0 ? r->data[0] : '-');
}

/* As a recorder writes them that was asked for all that it has between two packets. */
Test(pcapng, a_file_out_of_order_is_read_by_time)
{
	static const struct {
		guint interface, time_ns;
		const char *data;
	} packets[] = {{0, 4, "p"}, {1, 7, "q"}, {0, 5, "r"}, {1, 5, "s"}, {0, 9, "t"}};
	int fd = memfd_create("pcapng", MFD_CLOEXEC);
	pcapng_writer *w = pcapng_writer_new(fd);
	guint32 numbers[] = {pcapng_writer_interface(w, PCAPNG_RAW_IP, "a"),
			     pcapng_writer_interface(w, PCAPNG_RAW_IP, "b")};
	g_autoptr(GString) seen = g_string_new(NULL);
	g_autoptr(GByteArray) file = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(packets); i++) {
		pcapng_writer_packet(
			w, &(const struct pcapng_packet){.interface = numbers[packets[i].interface],
							 .time_ns = packets[i].time_ns,
							 .data = (const guint8 *)packets[i].data,
							 .captured = 1,
							 .original = 1});
		cr_assert_eq(pcapng_writer_flush(w), 0);
	}
	file = read_file(fd);
	cr_expect(pcapng_read_by_time(file->data, file->len, on_place_and_time, seen, NULL));
	cr_expect_str_eq(seen->str, "a4p a5r b5s b7q a9t ");
	cr_expect_not(
		pcapng_read_by_time(file->data + 4, file->len - 4, on_place_and_time, seen, NULL));
	object_free(w);
	close(fd);
}

/* The bytes of these blocks, as the draft has them. */
Test(pcapng, names_keys_and_comments_are_blocks_of_their_own)
{
	static const guint8 name[] = {4, 0, 0,	 0,   28,  0, 0, 0, 1, 0, 8,  0, 10, 0,
				      0, 1, 'f', 'e', '1', 0, 0, 0, 0, 0, 28, 0, 0,  0};
	static const guint8 keys[] = {10, 0, 0, 0, 24,	0,    0, 0, 0x4b, 0x53, 0x4c, 0x54,
				      2,  0, 0, 0, 'K', '\n', 0, 0, 24,	  0,	0,    0};
	struct pcapng_name one = {.name = "fe1"};
	g_autoptr(GByteArray) out = g_byte_array_new();

	addr_parse("10.0.0.1", &one.address);
	pcapng_names(out, &one, 1);
	cr_expect_eq(out->len, (guint)sizeof name);
	cr_expect_arr_eq(out->data, name, sizeof name);
	g_byte_array_set_size(out, 0);
	pcapng_tls_keys(out, "K\n", 2);
	cr_expect_eq(out->len, (guint)sizeof keys);
	cr_expect_arr_eq(out->data, keys, sizeof keys);
	g_byte_array_set_size(out, 0);
	pcapng_packet(out, &(const struct pcapng_packet){.comment = "ends here"});
	cr_expect_eq(out->data[28], PCAPNG_OPTION_COMMENT);
	cr_expect_eq(out->data[30], strlen("ends here"));
	cr_expect_arr_eq(out->data + 32, "ends here", strlen("ends here"));
}
