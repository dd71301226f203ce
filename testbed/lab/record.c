/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/record.h"

#include "testbed/lab/node_capture.h"
#include "testbed/lab/tls_keys.h"

#include <glib-unix.h>

struct recording {
	struct node_capture of;
	pcapng_writer *file;
	struct tls_keys_reader keys;
};

static void on_packet(const struct capture_packet *packet, gpointer user_data)
{
	struct recording *r = user_data;

	node_capture_write(&r->of, packet);
}

/* A full disk ends the recording, not the lab. */
static gboolean on_readable(gint fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED,
			    gpointer user_data)
{
	struct recording *r = user_data;

	capture_read(r->of.packets, on_packet, r);
	tls_keys_add_new(&r->keys, r->file);
	return pcapng_writer_flush(r->file) == 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

gboolean recording_start(const exec *x, const node_files *files, const char *where, int keys_fd,
			 GMainContext *context, GError **error)
{
	g_auto(GStrv) part = g_strsplit(where, ":", 2);
	g_autofree char *file = node_files_packets(part[1]);
	capture *packets = capture_new(exec_netns_fd(x, part[0]), part[1], error);
	int fd = packets ? node_files_get(files, part[0], file, error) : -1;
	struct recording *r;
	GSource *source;

	if (fd < 0) {
		capture_free(packets);
		return FALSE;
	}
	r = g_new0(struct recording, 1);
	r->file = pcapng_writer_new(fd);
	r->keys.fd = keys_fd;
	node_capture_init(&r->of, part[0], packets, r->file);
	pcapng_writer_flush(r->file);
	source = g_unix_fd_source_new(capture_fd(packets), G_IO_IN);
	g_source_set_callback(source, G_SOURCE_FUNC(on_readable), r, NULL);
	g_source_attach(source, context);
	g_source_unref(source);
	return TRUE;
}
