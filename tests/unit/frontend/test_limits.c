/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one user can make the Front End keep: it is bounded, in bytes, and others go on. */
#include "tests/unit/frontend/world.h"

#include <criterion/criterion.h>
#include <malloc.h>
#include <string.h>

#include "frontend/av_mcu.h"
#include "frontend/cdr.h"
#include "frontend/im_history.h"
#include "frontend/im_mcu.h"

#define CHAT "sip:dc1@contoso.com;gruu;opaque=app:conf:chat:id:"

static gsize heap_bytes(void)
{
	return mallinfo2().uordblks + mallinfo2().hblkhd;
}

static json_int_t figure(const struct world *w, const char *name)
{
	json_t *stats = fe_core_stats(w->core);
	json_int_t value = json_integer_value(json_object_get(stats, name));

	json_decref(stats);
	return value;
}

static void forget_sent(struct world *w)
{
	g_ptr_array_set_size(w->sent, 0);
	g_ptr_array_set_size(w->events, 0);
}

static sip_msg *join_of(const char *id, const char *user, const char *call)
{
	g_autofree char *uri = g_strconcat(CHAT, id, NULL);
	sip_msg *m = world_request("INVITE", uri, user, NULL, NULL, call, 1, call);

	sip_set_body(m, "application/sdp",
		     "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
		     "m=message 5060 sip null\r\na=accept-types:text/plain\r\n",
		     -1);
	return m;
}

/* Joins a chat conference; the MCU's tag, for the caller to free. NULL: refused. */
static char *join(struct world *w, struct fe_flow *flow, const char *id, const char *user,
		  const char *call)
{
	g_autofree char *uri = g_strconcat(CHAT, id, NULL);
	g_autoptr(sip_msg) answer = NULL;

	world_receive(w, flow, join_of(id, user, call));
	answer = world_take_final(w, flow);
	if (sip_status(answer) != 200)
		return NULL;
	world_receive(w, flow,
		      world_request("ACK", uri, user, NULL, sip_to_tag(answer), call, 1, "ack"));
	return g_strdup(sip_to_tag(answer));
}

static int say(struct world *w, struct fe_flow *flow, const char *id, const char *user,
	       const char *call, const char *tag, const char *text, guint cseq)
{
	g_autofree char *uri = g_strconcat(CHAT, id, NULL);
	g_autofree char *branch = g_strdup_printf("%s-%u", call, cseq);
	sip_msg *m = world_request("MESSAGE", uri, user, NULL, tag, call, cseq, branch);
	g_autoptr(sip_msg) answer = NULL;

	sip_set_body(m, "text/plain", text, -1);
	world_receive(w, flow, m);
	answer = world_take(w, flow);
	return answer ? sip_status(answer) : 0;
}

/* dc2 hears dc1 in conference `id`. */
static void expect_honest_conference(struct office *o, const char *id)
{
	g_autofree char *first = NULL, *second = NULL;
	g_autoptr(sip_msg) heard = NULL;

	forget_sent(o->w);
	world_conference(o->w, o->dc1, id);
	forget_sent(o->w);
	first = join(o->w, o->dc1, id, "dc1", "honest1");
	second = join(o->w, o->dc2, id, "dc2", "honest2");
	cr_assert(first && second, "both join");
	say(o->w, o->dc1, id, "dc1", "honest1", first, "hello", 2);
	heard = world_take(o->w, o->dc2);
	cr_assert(heard && strcmp(sip_body(heard, NULL), "hello") == 0, "dc2 hears dc1");
}

Test(limits, thirty_thousand_conferences)
{
	struct office o = office_open();
	gsize before;

	world_conference(o.w, o.dc1, "first");
	forget_sent(o.w);
	before = heap_bytes();
	for (guint i = 0; i < 30000; i++) {
		g_autofree char *id = g_strdup_printf("c%u", i);
		g_autoptr(sip_msg) answer = NULL;

		world_conference(o.w, o.dc1, id);
		answer = world_take(o.w, o.dc1);
		cr_assert_eq(sip_status(answer), 200, "%u: %d", i, sip_status(answer));
		forget_sent(o.w);
	}
	cr_expect_eq(figure(o.w, "conferences"), FOCUS_CONFERENCES_OF_USER);
	cr_expect(heap_bytes() < before + 256 * 1024, "%zu more bytes", heap_bytes() - before);
	expect_honest_conference(&o, "honest");
	office_close(&o);
}

/* Conferences in which somebody is do not make room. */
Test(limits, conferences_in_use)
{
	struct office o = office_open();
	g_autoptr(sip_msg) answer = NULL;

	for (guint i = 0; i < FOCUS_CONFERENCES_OF_USER; i++) {
		g_autofree char *id = g_strdup_printf("c%u", i);
		g_autofree char *tag = NULL;

		world_conference(o.w, o.dc1, id);
		tag = join(o.w, i % 2 ? o.dc1 : o.dc2, id, i % 2 ? "dc1" : "dc2", id);
		cr_assert_not_null(tag, "%u", i);
		forget_sent(o.w);
	}
	world_conference(o.w, o.dc1, "another");
	answer = world_take(o.w, o.dc1);
	cr_expect_eq(sip_status(answer), 403, "%d", sip_status(answer));
	cr_expect_eq(figure(o.w, "conferences"), FOCUS_CONFERENCES_OF_USER);
	office_close(&o);
}

Test(limits, participations_of_one_user)
{
	struct office o = office_open();
	g_autofree char *other = NULL;
	gsize before = heap_bytes();

	world_conference(o.w, o.dc1, "c");
	forget_sent(o.w);
	other = join(o.w, o.dc2, "c", "dc2", "other");
	for (guint i = 0; i < 10000; i++) {
		g_autofree char *call = g_strdup_printf("j%u", i);
		g_autofree char *tag = join(o.w, o.dc1, "c", "dc1", call);

		cr_assert_not_null(tag, "%u", i);
		forget_sent(o.w);
	}
	cr_expect_eq(figure(o.w, "im_participants"), IM_PARTICIPATIONS_OF_USER + 1);
	cr_expect(figure(o.w, "sessions") <= CDR_SESSIONS_OF_USER + 1, "%d sessions",
		  (int)figure(o.w, "sessions"));
	cr_expect(heap_bytes() < before + 1024 * 1024, "%zu more bytes", heap_bytes() - before);
	office_close(&o);
}

Test(limits, history)
{
	struct office o = office_open();
	g_autofree char *text = g_strnfill(50000, 'x'), *tag = NULL, *late = NULL;
	gsize before;

	world_conference(o.w, o.dc1, "c");
	forget_sent(o.w);
	tag = join(o.w, o.dc1, "c", "dc1", "a");
	forget_sent(o.w);
	before = heap_bytes();
	for (guint i = 0; i < 2000; i++)
		cr_assert_eq(say(o.w, o.dc1, "c", "dc1", "a", tag, text, 2 + i), 200, "%u", i);
	cr_expect(heap_bytes() < before + IM_HISTORY_BYTES + 64 * 1024, "%zu more bytes",
		  heap_bytes() - before);
	for (guint i = 0; i < 2000; i++)
		cr_assert_eq(say(o.w, o.dc1, "c", "dc1", "a", tag, "short", 2002 + i), 200);
	forget_sent(o.w);
	late = join(o.w, o.dc2, "c", "dc2", "late");
	cr_expect(world_pending(o.w, o.dc2) >= 200 && world_pending(o.w, o.dc2) <= 256, "%u",
		  world_pending(o.w, o.dc2));
	office_close(&o);
}

Test(limits, all_histories)
{
	im_histories *all = im_histories_new();
	enum { N = 200 };
	im_history *h[N];
	g_autofree char *text = g_strnfill(60000, 'x');
	g_autoptr(sip_msg) m =
		sip_request_new("MESSAGE", "sip:a@b", "sip:a@b", "1", "sip:a@b", NULL, "c", 1);

	sip_set_body(m, "text/plain", text, -1);
	for (guint i = 0; i < N; i++) {
		h[i] = im_history_new(all);
		im_history_keep(h[i], im_text_new("a@b", m));
		for (guint k = 0; i && k < 8; k++)
			im_history_keep(h[i], im_text_new("a@b", m));
		cr_assert(im_histories_bytes(all) <= IM_HISTORIES_BYTES);
	}
	cr_expect_eq(im_history_texts(h[0])->len, 1, "the small one keeps its text");
	cr_expect(im_history_texts(h[N - 1])->len > 1, "there is room for the newest");
	for (guint i = 0; i < N; i++)
		im_history_free(h[i]);
	cr_expect_eq(im_histories_bytes(all), 0);
	object_free(all);
}

/* A participant that confirms nothing. */
Test(limits, messages_on_their_way)
{
	struct office o = office_open();
	g_autofree char *text = g_strnfill(50000, 'x'), *tag = NULL, *silent = NULL;
	gsize before;
	guint full = 0;

	world_conference(o.w, o.dc1, "c");
	forget_sent(o.w);
	tag = join(o.w, o.dc1, "c", "dc1", "a");
	silent = join(o.w, o.dc2, "c", "dc2", "b");
	forget_sent(o.w);
	before = heap_bytes();
	for (guint i = 0; i < 3000; i++) {
		full += say(o.w, o.dc1, "c", "dc1", "a", tag, text, 2 + i) == 503;
		forget_sent(o.w);
	}
	cr_expect(full > 0, "it is told");
	cr_expect(heap_bytes() < before + 8 * 1024 * 1024, "%zu more bytes", heap_bytes() - before);
	world_advance(o.w, IM_DELIVERY_US + 1);
	forget_sent(o.w);
	cr_expect_eq(say(o.w, o.dc1, "c", "dc1", "a", tag, "again", 4000), 200, "alone by now");
	office_close(&o);
}

Test(limits, sessions_without_end)
{
	struct office o = office_open();
	gsize before = heap_bytes();
	guint records = 0;

	for (guint i = 0; i < 3000; i++) {
		g_autofree char *call = g_strdup_printf("s%u", i);
		g_autoptr(sip_msg) invite = NULL;

		world_receive(o.w, o.dc1, office_invite("dc1", "dc2", call, NULL));
		invite = world_take(o.w, o.dc2);
		cr_assert_not_null(invite, "%u", i);
		world_answer(o.w, o.dc2, invite, 200, "b");
		records += world_event(o.w, "session") != NULL;
		forget_sent(o.w);
	}
	cr_expect_eq(figure(o.w, "sessions"), CDR_SESSIONS_OF_USER);
	cr_expect_eq(records, 3000 - CDR_SESSIONS_OF_USER, "each has its record: %u", records);
	cr_expect(heap_bytes() < before + 1024 * 1024, "%zu more bytes", heap_bytes() - before);
	office_close(&o);
}

/* A byte that is no UTF-8 costs no record. */
Test(limits, records_of_any_bytes)
{
	struct office o = office_open();
	g_autoptr(sip_msg) invite = NULL;
	json_t *record;

	world_receive(o.w, o.dc1, office_invite("dc1", "dc2", "c\xff", NULL));
	invite = world_take(o.w, o.dc2);
	world_answer(o.w, o.dc2, invite, 486, "b");
	record = world_event(o.w, "session");
	cr_assert_not_null(record);
	cr_expect_str_eq(json_string_value(json_object_get(record, "call")), "c\\xff");
	office_close(&o);
}
