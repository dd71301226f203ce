/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/node_capture.h"

void node_capture_init(struct node_capture *c, const char *node, capture *packets,
		       pcapng_writer *file)
{
	*c = (struct node_capture){.node = g_strdup(node),
				   .packets = packets,
				   .file = file,
				   .interfaces = g_hash_table_new(NULL, NULL)};
}

void node_capture_clear(struct node_capture *c)
{
	capture_free(c->packets);
	g_hash_table_unref(c->interfaces);
	g_free(c->node);
}

static guint32 interface_number(struct node_capture *c, const struct capture_packet *packet)
{
	gpointer known;
	guint32 number;
	g_autofree char *ifname = NULL, *name = NULL;

	if (g_hash_table_lookup_extended(c->interfaces, GUINT_TO_POINTER(packet->ifindex), NULL,
					 &known))
		return GPOINTER_TO_UINT(known);
	ifname = capture_ifname(c->packets, packet->ifindex);
	name = g_strdup_printf("%s:%s", c->node, ifname);
	number = pcapng_writer_interface(c->file,
					 packet->ethernet ? PCAPNG_ETHERNET : PCAPNG_RAW_IP, name);
	g_hash_table_insert(c->interfaces, GUINT_TO_POINTER(packet->ifindex),
			    GUINT_TO_POINTER(number));
	return number;
}

void node_capture_write(struct node_capture *c, const struct capture_packet *packet)
{
	const struct pcapng_packet p = {
		.interface = interface_number(c, packet),
		.time_ns = packet->time_ns,
		.direction = packet->outgoing ? PCAPNG_OUTBOUND : PCAPNG_INBOUND,
		.data = packet->data,
		.captured = packet->captured,
		.original = packet->original,
	};

	pcapng_writer_packet(c->file, &p);
}
