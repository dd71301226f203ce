/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/record.h"

#include "testbed/base/pcapng.h"
#include "testbed/exec/capture.h"

#include <glib-unix.h>
#include <unistd.h>

struct recording {
	char *node;
	capture *packets;
	int fd;
	GSource *source;
	GHashTable *interfaces; /* ifindex -> number in the file */
	GByteArray *pending;
};

static guint32 interface_number(recording *r, const struct capture_packet *packet)
{
	gpointer known;
	guint32 number = g_hash_table_size(r->interfaces);
	g_autofree char *ifname = NULL, *name = NULL;

	if (g_hash_table_lookup_extended(r->interfaces, GUINT_TO_POINTER(packet->ifindex), NULL,
					 &known))
		return GPOINTER_TO_UINT(known);
	ifname = capture_ifname(r->packets, packet->ifindex);
	name = g_strdup_printf("%s:%s", r->node, ifname);
	pcapng_interface(r->pending, packet->ethernet ? PCAPNG_ETHERNET : PCAPNG_RAW_IP, name,
			 NULL);
	g_hash_table_insert(r->interfaces, GUINT_TO_POINTER(packet->ifindex),
			    GUINT_TO_POINTER(number));
	return number;
}

static void on_packet(const struct capture_packet *packet, gpointer user_data)
{
	recording *r = user_data;
	guint32 number = interface_number(r, packet);

	pcapng_packet(r->pending, number, packet->time_ns,
		      packet->outgoing ? PCAPNG_OUTBOUND : PCAPNG_INBOUND, packet->data,
		      packet->captured, packet->original);
}

/* A full disk ends the recording, not the lab: what is in the file stays valid up to there. */
static bool write_out(recording *r)
{
	gsize done = 0;

	while (done < r->pending->len) {
		gssize n = write(r->fd, r->pending->data + done, r->pending->len - done);

		if (n <= 0)
			return false;
		done += (gsize)n;
	}
	g_byte_array_set_size(r->pending, 0);
	return true;
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer user_data)
{
	recording *r = user_data;

	(void)fd;
	(void)condition;
	capture_read(r->packets, on_packet, r);
	return write_out(r) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

recording *recording_new(const exec *x, const file_view *p, const char *where,
			 GMainContext *context, GError **error)
{
	g_auto(GStrv) part = g_strsplit(where, ":", 2);
	g_autofree char *file = g_strdup_printf("%s.pcapng", part[1] ? part[1] : "all");
	recording *r = g_new0(recording, 1);

	r->node = g_strdup(part[0]);
	r->fd = -1;
	r->interfaces = g_hash_table_new(NULL, NULL);
	r->pending = g_byte_array_new();
	r->packets = capture_new(exec_netns_fd(x, r->node), part[1], error);
	if (r->packets)
		r->fd = file_view_open_log(p, r->node, file, error);
	if (r->fd < 0) {
		recording_free(r);
		return NULL;
	}
	pcapng_section(r->pending, "testbed " TESTBED_VERSION);
	write_out(r);
	r->source = g_unix_fd_source_new(capture_fd(r->packets), G_IO_IN);
	g_source_set_callback(r->source, G_SOURCE_FUNC(on_readable), r, NULL);
	g_source_attach(r->source, context);
	return r;
}

void recording_free(recording *r)
{
	if (!r)
		return;
	if (r->source) {
		g_source_destroy(r->source);
		g_source_unref(r->source);
	}
	if (r->packets)
		capture_free(r->packets);
	if (r->fd >= 0)
		close(r->fd);
	g_hash_table_destroy(r->interfaces);
	g_byte_array_unref(r->pending);
	g_free(r->node);
	g_free(r);
}
