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

struct record {
	guint8 how;
	guint number;
	const guint8 *bytes;
	size_t length;
};

/* The next record, which is taken off the input; false: it has none. */
static bool next_record(const guint8 **data, size_t *size, struct record *ret)
{
	if (*size < 3)
		return false;
	ret->how = (*data)[0];
	ret->number = (guint)((*data)[1] << 8 | (*data)[2]);
	ret->bytes = *data + 3;
	ret->length = ret->how & 0x40 ? 0 : MIN(ret->number, *size - 3);
	*data += 3 + ret->length;
	*size -= 3 + ret->length;
	return true;
}

/* NULL: the record is no message. */
static sip_msg *message_of(const struct record *r)
{
	return r->length > 0 ? sip_msg_parse((const char *)r->bytes, r->length, NULL) : NULL;
}

/* Without any message only time passes in the office, and to sign three people in takes half of an
 * execution. */
static bool has_message(const guint8 *data, size_t size)
{
	struct record r;
	bool has = false;

	while (!has && next_record(&data, &size, &r)) {
		g_autoptr(sip_msg) m = message_of(&r);

		has = m != NULL;
	}
	return has;
}

static void take_record(const struct office *o, const struct record *r)
{
	struct fe_flow *const flows[] = {o->dc1, o->dc2, o->edge, o->w->mras};
	struct fe_flow *flow = flows[r->how & 3] ? flows[r->how & 3] : o->dc1;
	sip_msg *m;

	if (r->how & 0x40)
		answer_oldest(o->w, flow, r->number);
	else if ((m = message_of(r)))
		world_receive(o->w, flow, m);
	check_sent(o->w);
	world_advance(o->w, (gint64)(r->how >> 2 & 15) * 10 * G_USEC_PER_SEC);
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
	struct record r;
	struct office o;

	if (!has_message(data, size))
		return 0;
	o = office_open();
	while (next_record(&data, &size, &r))
		take_record(&o, &r);
	check_events(o.w);
	office_close(&o);
	return 0;
}
