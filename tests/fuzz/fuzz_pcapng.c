/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recorded packets: any bytes give the packets up to where they make sense, each of which lies
 * within the file and can be told in words; what was read is written and read again to the same. */
#include "testbed/base/pcapng.h"
#include "testbed/packets/dissect.h"
#include "testbed/packets/journey.h"
#include "testbed/report/packet.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

struct reading {
	const guint8 *begin, *end;
	GByteArray *copy;
	guint packets;
};

static void on_packet(const struct pcapng_record *p, gpointer user_data)
{
	struct reading *r = user_data;
	g_autoptr(GString) words = g_string_new(NULL);

	g_assert_true(p->data >= r->begin && p->captured <= (gsize)(r->end - p->data));
	report_packet(p->data, p->captured, p->link == PCAPNG_ETHERNET, words);
	g_assert_true(g_utf8_validate(words->str, -1, NULL));
	pcapng_interface(r->copy, p->link, p->interface);
	pcapng_packet(r->copy, &(const struct pcapng_packet){.interface = r->packets++,
							     .time_ns = p->time_ns,
							     .direction = p->direction,
							     .data = p->data,
							     .captured = p->captured,
							     .original = p->original});
}

static void on_count(const struct pcapng_record *p G_GNUC_UNUSED, gpointer user_data)
{
	(*(guint *)user_data)++;
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
	g_autoptr(journeys) all = journeys_new();
	g_autoptr(GBytes) file = g_bytes_new_static(data, size);
	struct reading r = {.begin = data, .end = data + size, .copy = g_byte_array_new()};
	guint again = 0;

	pcapng_section(r.copy);
	if (pcapng_read(data, size, on_packet, &r, NULL)) {
		g_assert_true(pcapng_read(r.copy->data, r.copy->len, on_count, &again, NULL));
		g_assert_cmpuint(again, ==, r.packets);
		g_assert_true(journeys_read(all, file, NULL));
		ptr_array_foreach(const struct journey, j, all->list) {
			g_autofree char *text = journey_text(j);

			g_assert_true(g_utf8_validate(text, -1, NULL));
		}
		ptr_array_foreach(const struct sighting, s, all->sightings) {
			g_autoptr(GPtrArray) fields = dissect_fields(s);

			ptr_array_foreach(const struct packet_field, f, fields)
				g_assert_true(g_utf8_validate(f->value, -1, NULL));
		}
	}
	g_byte_array_unref(r.copy);
	return 0;
}
