/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIP messages in a Front End that two clients and an Edge have signed in to: whatever comes, it
 * sends only what its peers can read.
 *
 * The input is a series of records: one byte (on which flow, and how time goes on), two bytes of
 * length, the bytes.  With bit 6 the record is no message: the oldest message that the flow got is
 * answered, with a status of the length. */
#include "tests/unit/frontend/world.h"

#include "common/sip_private.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static void check_sent(const struct world *w)
{
	ptr_array_foreach(const struct sent, s, w->sent) {
		gsize length;
		g_autofree char *text = sip_msg_print(s->m, &length);
		g_autoptr(sip_msg) again = sip_msg_parse(text, length, NULL);

		g_assert_cmpuint(length, <=, SIP_MESSAGE_MAX);
		g_assert_nonnull(again);
	}
}

static void check_events(const struct world *w)
{
	ptr_array_foreach(json_t, event, w->events) {
		char *text = json_dumps(event, JSON_COMPACT);

		g_assert_nonnull(text);
		free(text);
	}
}

static void answer_oldest(struct world *w, struct fe_flow *flow, guint number)
{
	g_autoptr(sip_msg) oldest = world_take(w, flow);

	if (oldest && sip_is_request(oldest))
		world_answer(w, flow, oldest, 100 + (int)(number % 600), "tag");
}

static void give(struct world *w, struct fe_flow *flow, const guint8 *data, gsize length)
{
	sip_msg *m = sip_msg_parse((const char *)data, length, NULL);

	if (m)
		world_receive(w, flow, m);
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
	struct office o = office_open();
	struct fe_flow *const flows[] = {o.dc1, o.dc2, o.edge, o.w->mras};

	while (size >= 3) {
		struct fe_flow *flow = flows[data[0] & 3] ? flows[data[0] & 3] : o.dc1;
		guint number = (guint)(data[1] << 8 | data[2]);
		size_t length = MIN(number, size - 3);

		if (data[0] & 0x40) {
			answer_oldest(o.w, flow, number);
			length = 0;
		} else {
			give(o.w, flow, data + 3, length);
		}
		check_sent(o.w);
		world_advance(o.w, (gint64)(data[0] >> 2 & 15) * 10 * G_USEC_PER_SEC);
		data += 3 + length;
		size -= 3 + length;
	}
	check_events(o.w);
	office_close(&o);
	return 0;
}
