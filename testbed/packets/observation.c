/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/packets/observation.h"

#include "common/base/files.h"
#include "testbed/base/clock.h"

#define EVIDENCE_BYTES_MAX                                                     \
	(256u * 1024u * 1024u) /* a lab records 64 MiB and what came meanwhile \
				*/

struct heard *heard_ref(const char *agent, json_t *event)
{
	struct heard *h = g_new0(struct heard, 1);

	h->agent = g_strdup(agent);
	h->event = json_incref(event);
	return h;
}

struct heard *heard_new(const char *agent, const json_t *event)
{
	json_auto_t *copy = json_deep_copy(event);

	return heard_ref(agent, copy);
}

void heard_free(struct heard *h)
{
	g_free(h->agent);
	json_decref(h->event);
	g_free(h);
}

void observation_init(struct observation *seen)
{
	seen->heard = g_ptr_array_new_with_free_func((GDestroyNotify)heard_free);
	seen->state = NULL;
	seen->packets = NULL;
	seen->clock_offset_us = clock_wall_offset_us();
	seen->start_us = seen->end_us = 0;
}

void observation_clear(struct observation *seen)
{
	g_clear_pointer(&seen->heard, g_ptr_array_unref);
	g_clear_pointer(&seen->state, netstate_unref);
	g_clear_pointer(&seen->packets, journeys_unref);
}

void observation_hear(struct observation *seen, const json_t *line)
{
	const char *agent = member_text(line, "agent");
	const json_t *event = json_object_get(line, "event");

	if (json_object_get(line, "again"))
		g_ptr_array_set_size(seen->heard, 0);
	if (agent && event)
		g_ptr_array_add(seen->heard, heard_new(agent, event));
}

bool observation_failed_before(const struct observation *seen)
{
	ptr_array_foreach(const struct heard, h, seen->heard)
		if (member_is(h->event, "event", EVENT_SIGN_IN_FAILED) &&
		    member_integer(h->event, "time_us") < seen->start_us)
			return true;
	return false;
}

void observation_read_packets(struct observation *seen, int fd)
{
	g_autoptr(journeys) all = journeys_new();
	g_autoptr(GBytes) file = NULL;
	gsize length;
	/* not mapped: who owns the file may cut it meanwhile */
	char *bytes = files_read(fd, EVIDENCE_BYTES_MAX, &length, NULL);

	if (!bytes)
		return;
	file = g_bytes_new_take(bytes, length);
	all->lost = seen->state ? seen->state->evidence_lost : 0;
	if (journeys_read(all, file, NULL))
		seen->packets = g_steal_pointer(&all);
}
