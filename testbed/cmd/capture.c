/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture: packets of a lab that is up, as pcapng or line by line.
 *
 * This process reads the packets itself: it gets the nodes' network namespaces from the keeper and
 * enters the lab's user namespace.  Files are opened before that, because afterwards it has no
 * rights outside of the lab.
 */
#include "common/base/files.h"
#include "testbed/base/pcapng.h"
#include "testbed/cmd/cmd.h"
#include "testbed/cmd/wireshark.h"
#include "testbed/exec/capture.h"
#include "testbed/exec/capture_expression.h"
#include "testbed/exec/enter.h"
#include "testbed/exec/namespace.h"
#include "testbed/lab/tls_keys.h"
#include "testbed/live/client.h"
#include "testbed/report/packet.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* One interface that packets are read from. */
struct tap {
	struct recording *s;
	char *name; /* "NODE:IF" */
	bool ethernet;
	guint32 number; /* of the interface in the pcapng file */
	capture *packets;
};

/* One `testbed capture` at work. */
struct recording {
	GPtrArray *taps;
	char *filter;	     /* NULL: all packets */
	int fd;		     /* the file; -1: lines on stdout */
	pcapng_writer *file; /* NULL: not begun, or lines on stdout */
	struct tls_keys_reader keys;
	json_t *names; /* of addresses, as the keeper told them; NULL: not asked yet */
	guint64 seen;
	bool over;  /* writing has failed, or the reader has gone */
	int status; /* then the exit code */
};

static void tap_free(gpointer data)
{
	struct tap *t = data;

	capture_free(t->packets);
	g_free(t->name);
	g_free(t);
}

/* --- packets ---------------------------------------------------------------------------------- */

/* Prints a packet as a line; ends the capture when that fails. */
static void print_packet(const struct tap *t, const struct capture_packet *p)
{
	g_autoptr(GDateTime) second =
		g_date_time_new_from_unix_local((gint64)(p->time_ns / 1000000000u));
	g_autofree char *clock = g_date_time_format(second, "%H:%M:%S");
	g_autoptr(GString) line = g_string_new(NULL);

	g_string_append_printf(line, "%s.%06u %-16s %-3s ", clock,
			       (unsigned)(p->time_ns / 1000u % 1000000u), t->name,
			       p->outgoing ? "out" : "in");
	report_packet(p->data, p->captured, t->ethernet, line);
	g_string_append_c(line, '\n');
	t->s->status = cmd_print(line->str, (gssize)line->len);
	t->s->over = t->s->status != CMD_AS_EXPECTED;
	if (t->s->status == CMD_SIGNAL + SIGPIPE)
		t->s->status = CMD_AS_EXPECTED; /* `capture ... | head` */
}

/* Writes a packet to the file, or prints it. */
static void on_packet(const struct capture_packet *p, gpointer user_data)
{
	struct tap *t = user_data;

	t->s->seen++;
	if (t->s->file)
		pcapng_writer_packet(t->s->file,
				     &(const struct pcapng_packet){
					     .interface = t->number,
					     .time_ns = p->time_ns,
					     .direction =
						     p->outgoing ? PCAPNG_OUTBOUND : PCAPNG_INBOUND,
					     .data = p->data,
					     .captured = p->captured,
					     .original = p->original,
				     });
	else if (!t->s->over)
		print_packet(t, p);
}

/* Writes the buffered part of the file up to a time; ends the capture when that fails. */
static void write_out(struct recording *s, guint64 until_ns)
{
	int problem = s->file ? pcapng_writer_flush_until(s->file, until_ns) : 0;

	if (!problem)
		return;
	s->over = true;
	s->status = problem == EPIPE ? CMD_AS_EXPECTED : CMD_INTERNAL;
	if (problem != EPIPE)
		cmd_error("can't write the capture: %s", g_strerror(problem));
}

/* Reads all packets that have arrived, and writes those up to a time (G_MAXUINT64: all) after the
 * keys that came meanwhile. */
static void read_all(struct recording *s, guint64 until_ns)
{
	ptr_array_foreach(struct tap, t, s->taps)
		capture_read(t->packets, on_packet, t);
	if (s->file)
		tls_keys_add_new(&s->keys, s->file);
	write_out(s, until_ns);
}

/* --- where ------------------------------------------------------------------------------------ */

/* Adds a tap for each interface of the node, or for the one named `only` (NULL: all).  False with
 * `error`: there is none. */
static bool add_taps(struct recording *s, const char *node, int netns_fd, const char *only,
		     GError **error)
{
	g_autoptr(GArray) all = namespace_interfaces(netns_fd, error);
	guint before = s->taps->len;

	array_foreach(const struct namespace_interface, one, all) {
		struct tap *t;

		if (only && !g_str_equal(only, one->name))
			continue;
		t = g_new0(struct tap, 1);
		t->s = s;
		t->name = g_strdup_printf("%s:%s", node, one->name);
		t->ethernet = one->ethernet;
		g_ptr_array_add(s->taps, t);
	}
	if (all && s->taps->len == before)
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "node '%s' has no interface '%s'",
			    node, only ? only : "at all");
	return s->taps->len > before;
}

/* Opens the tap's interface, with the filter; false with `error`. */
static bool start_tap(struct tap *t, int netns, GError **error)
{
	struct sock_fprog program = {.len = 0};
	const char *ifname = strchr(t->name, ':') + 1;

	if (t->s->filter && !capture_expression(t->s->filter, t->ethernet, &program, error))
		return false;
	t->packets = capture_new_filtered(netns, ifname, t->s->filter ? &program : NULL, error);
	g_free(program.filter);
	return t->packets != NULL;
}

/* Adds and opens the taps of "NODE" or "NODE:IF", and enters its network namespace; false with
 * `error`. */
static bool start_place(struct recording *s, live_client *c, const char *place, GError **error)
{
	g_auto(GStrv) part = g_strsplit(place, ":", 2);
	json_t *way = live_request(c, json_pack("{s:s, s:s}", "do", "enter", "node", part[0]), NULL,
				   NULL, error);
	int fds[5], *net = &fds[3], *keys = &fds[4];
	guint first = s->taps->len;
	bool ok = way;

	if (!s->names)
		s->names = json_incref(json_object_get(way, "names"));
	json_decref(way);
	for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
		fds[i] = live_take_fd(c);
	if (s->keys.fd < 0) {
		s->keys.fd = *keys;
		*keys = -1;
	}
	ok = ok && enter_network(fds[0], *net, error);
	ok = ok && add_taps(s, part[0], *net, part[1], error);
	for (guint i = first; ok && i < s->taps->len; i++)
		ok = start_tap(s->taps->pdata[i], *net, error);
	for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return ok;
}

/* --- the capture ------------------------------------------------------------------------------ */

/* Tells the file what the lab's addresses are called. */
static void name_addresses(const struct recording *s)
{
	g_autoptr(GArray) names = g_array_new(FALSE, FALSE, sizeof(struct pcapng_name));
	const char *address;
	json_t *name;

	json_object_foreach(s->names, address, name) {
		struct pcapng_name one = {.name = json_string_value(name)};

		if (one.name && addr_parse(address, &one.address))
			g_array_append_val(names, one);
	}
	pcapng_writer_names(s->file, &g_array_index(names, struct pcapng_name, 0), names->len);
}

/* Writes the start of the pcapng file; nothing when lines are printed. */
static void begin_file(struct recording *s)
{
	if (s->fd < 0)
		return;
	s->file = pcapng_writer_new(s->fd);
	name_addresses(s);
	ptr_array_foreach(struct tap, t, s->taps)
		t->number = pcapng_writer_interface(
			s->file, t->ethernet ? PCAPNG_ETHERNET : PCAPNG_RAW_IP, t->name);
	write_out(s, G_MAXUINT64);
}

/* How often what is kept back is looked at. */
#define KEPT_ROUND_MS 50

/* Reads packets until a signal, the end of the lab, or a write that fails.  Returns the exit
 * code. */
static int capture_until_end(struct recording *s, const live_client *c, int signals)
{
	guint n = s->taps->len;
	g_autofree struct pollfd *polled = g_new0(struct pollfd, n + 2);
	struct signalfd_siginfo info;

	for (guint i = 0; i < n; i++)
		polled[i] = (struct pollfd){
			.fd = capture_fd(((struct tap *)s->taps->pdata[i])->packets),
			.events = POLLIN};
	polled[n] = (struct pollfd){.fd = signals, .events = POLLIN};
	polled[n + 1] = (struct pollfd){.fd = live_client_fd(c), .events = POLLIN};
	while (!s->over) {
		bool waits = s->file && pcapng_writer_keeps_some(s->file);

		if (poll(polled, n + 2, waits ? KEPT_ROUND_MS : -1) < 0 && errno != EINTR)
			return CMD_INTERNAL;
		/* of these no interface has any more, so they are in order */
		read_all(s, (guint64)g_get_real_time() * 1000 - TLS_KEYS_LATE_NS);
		if (polled[n + 1].revents != 0)
			return cmd_fail(CMD_INTERNAL, "the lab is gone");
		if (polled[n].revents != 0 &&
		    read(signals, &info, sizeof info) == (ssize_t)sizeof info)
			return info.ssi_signo == SIGINT ? CMD_AS_EXPECTED :
							  CMD_SIGNAL + (int)info.ssi_signo;
	}
	return s->status;
}

/* A descriptor that reports SIGINT and SIGTERM, which no longer end the process. */
static int watch_signals(void)
{
	sigset_t ending;

	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigprocmask(SIG_BLOCK, &ending, NULL);
	return signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Notes how many packets came, and whether the kernel lost any. */
static void print_count(const struct recording *s)
{
	guint64 dropped = 0;

	for (guint i = 0; i < s->taps->len; i++)
		dropped += capture_dropped(((struct tap *)s->taps->pdata[i])->packets);
	cmd_note("%" G_GUINT64_FORMAT " packets%s", s->seen,
		 dropped > 0 ? ", and more that came too fast" : "");
}

/* How many of the arguments name places: the first that is no node of the lab begins the filter. At
 * least 1. */
static guint count_places(live_client *c, char *const *arguments)
{
	json_auto_t *status = live_ask(c, "status", NULL);
	const json_t *nodes = json_object_get(status, "nodes");
	guint n = 0;
	bool known = true;

	while (arguments[n] && known) {
		g_autofree char *node = g_strndup(arguments[n], strcspn(arguments[n], ":"));

		known = false;
		for (size_t i = 0; i < json_array_size(nodes) && !known; i++)
			known = g_str_equal(json_string_value(json_array_get(nodes, i)), node);
		n += known;
	}
	return MAX(n, 1);
}

/* Captures at the places that the arguments name.  Returns the exit code. */
static int capture_places(struct recording *s, live_client *c, char *const *arguments)
{
	guint n = count_places(c, arguments);
	g_autoptr(GError) error = NULL;
	int signals = watch_signals(), status;

	s->filter =
		arguments[n] ? g_strjoinv(" ", (char **)(gpointer)(guintptr)(arguments + n)) : NULL;
	for (guint i = 0; i < n && !error; i++)
		start_place(s, c, arguments[i], &error);
	if (error)
		return cmd_failed(error);
	begin_file(s);
	cmd_note("capturing on %u interface%s; Ctrl-C ends it", s->taps->len,
		 s->taps->len > 1 ? "s" : "");
	status = capture_until_end(s, c, signals);
	read_all(s, G_MAXUINT64);
	print_count(s);
	return status == CMD_AS_EXPECTED ? s->status : status;
}

/* Opens the file of -w; NULL: lines on stdout.  False: an error was printed. */
static bool open_output(struct recording *s, const char *where)
{
	g_autoptr(GError) error = NULL;

	s->fd = -1;
	if (!where)
		return true;
	s->fd = cmd_is_stdout(where) ? STDOUT_FILENO : files_open_output(where, &error);
	return s->fd >= 0 || cmd_error("%s", error->message);
}

/* Captures as the options say.  Returns the exit code. */
static int capture_in_lab(const struct options *o)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(live_client) c = live_connect(o->name, &error);
	struct recording s = {.taps = g_ptr_array_new_with_free_func(tap_free), .keys.fd = -1};
	int status;

	if (!c) {
		status = cmd_failed(error);
	} else if (cmd_is_stdout(o->write) && isatty(STDOUT_FILENO)) {
		cmd_error("'-w -' writes pcapng, which is no use on a terminal: pipe it on, or "
			  "leave -w out to see lines");
		status = CMD_USAGE;
	} else {
		status = open_output(&s, o->write) ? capture_places(&s, c, o->arguments) :
						     CMD_INTERNAL;
	}
	g_ptr_array_unref(s.taps);
	object_free(s.file);
	g_free(s.filter);
	json_decref(s.names);
	if (s.keys.fd >= 0)
		close(s.keys.fd);
	return status;
}

int cmd_capture(const struct options *o)
{
	if (o->profile && o->arguments[0])
		return cmd_fail(CMD_USAGE, "--wireshark-profile captures nothing: leave '%s' out",
				o->arguments[0]);
	if (o->profile)
		return wireshark_profile(o->profile);
	if (!o->arguments[0])
		return cmd_fail(CMD_USAGE, "capture: NODE is missing; 'testbed capture --help'");
	return capture_in_lab(o);
}
