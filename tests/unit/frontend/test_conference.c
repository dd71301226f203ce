/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/frontend/world.h"

#include "common/call_sdp.h"
#include "frontend/c3p.h"

#include <criterion/criterion.h>
#include <string.h>

#define CHAT "sip:dc1@contoso.com;gruu;opaque=app:conf:chat:id:c7"
#define AV "sip:dc1@contoso.com;gruu;opaque=app:conf:audio-video:id:c7"
#define MESSAGE_SDP                                                                 \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n" \
	"m=message 5060 sip null\r\na=accept-types:text/plain\r\n"

enum { DC1, DC2, HOME1, USERS };
static const char *const names[USERS] = {"dc1", "dc2", "home1"};

struct conference_test {
	struct world *w;
	struct fe_flow *flow[USERS];
	char *tag[USERS]; /* the MCU's in each dialog */
};

static void open_conference(struct conference_test *m)
{
	g_autoptr(sip_msg) answer = NULL;

	*m = (struct conference_test){.w = world_new()};
	for (guint i = 0; i < USERS; i++) {
		m->flow[i] = world_flow(m->w, i == HOME1 ? "edge.contoso.com" : NULL);
		cr_assert_eq(world_register(m->w, m->flow[i], names[i],
					    i == HOME1 ? "<sip:tok@edge.contoso.com;lr>" : NULL),
			     200, "%s", names[i]);
	}
	world_conference(m->w, m->flow[DC1], "c7");
	answer = world_take(m->w, m->flow[DC1]);
	cr_assert_eq(sip_status(answer), 200, "addConference: %d", sip_status(answer));
}

static void close_conference(struct conference_test *m)
{
	for (guint i = 0; i < USERS; i++) {
		fe_flow_unref(m->flow[i]);
		g_free(m->tag[i]);
	}
	world_free(m->w);
}

static void ack(struct conference_test *m, guint who)
{
	world_receive(m->w, m->flow[who],
		      world_request("ACK", CHAT, names[who], NULL, m->tag[who], "meet", 1, "ack"));
}

static void join_unconfirmed(struct conference_test *m, guint who)
{
	sip_msg *invite =
		world_request("INVITE", CHAT, names[who], NULL, NULL, "meet", 1, names[who]);
	g_autoptr(sip_msg) ok = NULL;

	sip_set_body(invite, "application/sdp", MESSAGE_SDP, -1);
	world_receive(m->w, m->flow[who], invite);
	ok = world_take_final(m->w, m->flow[who]);
	cr_assert_eq(sip_status(ok), 200, "%s: %d", names[who], sip_status(ok));
	g_free(m->tag[who]);
	m->tag[who] = g_strdup(sip_to_tag(ok));
}

static void join(struct conference_test *m, guint who)
{
	join_unconfirmed(m, who);
	ack(m, who);
}

static void say(struct conference_test *m, guint who, const char *text, guint cseq)
{
	sip_msg *message =
		world_request("MESSAGE", CHAT, names[who], NULL, m->tag[who], "meet", cseq, text);

	sip_set_body(message, "text/plain;charset=UTF-8", text, -1);
	world_receive(m->w, m->flow[who], message);
}

/* The next message that `who` gets is `text` by `sender`, in its own dialog; it is answered with
 * `status`. */
static void hears(struct conference_test *m, guint who, guint sender, const char *text, int status)
{
	g_autoptr(sip_msg) message = world_take(m->w, m->flow[who]);
	g_autofree char *by = g_strdup_printf("sip:%s@contoso.com", names[sender]);
	g_autofree char *target = g_strdup_printf("sip:%s@contoso.com", names[who]);

	cr_assert_not_null(message, "%s heard nothing", names[who]);
	cr_assert_str_eq(sip_method(message), "MESSAGE", "%s got %s", names[who],
			 sip_method(message));
	cr_assert_str_eq(sip_body(message, NULL), text, "%s heard %s", names[who],
			 sip_body(message, NULL));
	cr_assert_str_eq(sip_header(message, "Ms-Sender"), by, "sender");
	cr_assert_str_eq(sip_uri(message), target, "target");
	cr_assert_str_eq(sip_from_tag(message), m->tag[who], "dialog");
	cr_assert_str_eq(sip_call_id(message), "meet", "call");
	world_answer(m->w, m->flow[who], message, status, NULL);
}

/* Nothing is on its way to anybody. */
static bool is_quiet(const struct conference_test *m)
{
	guint n = 0;

	for (guint i = 0; i < USERS; i++)
		n += world_pending(m->w, m->flow[i]);
	return n == 0;
}

static int confirmed(struct conference_test *m, guint who)
{
	g_autoptr(sip_msg) answer = world_take(m->w, m->flow[who]);

	return answer ? sip_status(answer) : 0;
}

Test(focus, add_conference)
{
	struct conference_test m;
	g_autoptr(sip_msg) again = NULL;

	open_conference(&m);
	world_conference(m.w, m.flow[DC1], "c7");
	again = world_take(m.w, m.flow[DC1]);
	cr_assert_str_eq(sip_content_type(again), "application/cccp+xml", "type");
	cr_assert_not_null(strstr(sip_body(again, NULL), "code=\"success\""), "%s",
			   sip_body(again, NULL));
	cr_assert_not_null(strstr(sip_body(again, NULL), "requestId=\"7\""), "%s",
			   sip_body(again, NULL));
	cr_assert_not_null(
		strstr(sip_body(again, NULL),
		       "entity=\"sip:dc1@contoso.com;gruu;opaque=app:conf:focus:id:c7\""),
		"%s", sip_body(again, NULL));
	close_conference(&m);
}

Test(focus, c3p_documents)
{
	static const struct {
		const char *name, *xml;
		bool good;
	} rows[] = {
		{"good",
		 "<request requestId=\"1\"><addConference><conference-id> a-1 "
		 "</conference-id></addConference></request>",
		 true},
		{"no id", "<request requestId=\"1\"><addConference/></request>", false},
		{"no request id",
		 "<request><addConference><conference-id>a</conference-id></addConference></"
		 "request>",
		 false},
		{"other command",
		 "<request "
		 "requestId=\"1\"><addUser><conference-id>a</conference-id></addUser></request>",
		 false},
		{"id that breaks a URI",
		 "<request "
		 "requestId=\"1\"><addConference><conference-id>a;b</conference-id></"
		 "addConference></request>",
		 false},
		{"cut off", "<request requestId=\"1\"><addConference><conference-id>a", false},
		{"empty", "", false},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct c3p_request r = {0};

		cr_assert_eq(fe_c3p_parse(rows[i].xml, strlen(rows[i].xml), &r), rows[i].good, "%s",
			     rows[i].name);
		if (rows[i].good)
			cr_assert_str_eq(r.conference_id, "a-1", "%s: %s", rows[i].name,
					 r.conference_id);
		fe_c3p_clear(&r);
	}
}

Test(focus, only_the_organiser_adds)
{
	struct conference_test m;
	sip_msg *request =
		world_request("SERVICE", "sip:dc1@contoso.com;gruu;opaque=app:conf:focusfactory",
			      "dc2", NULL, NULL, "f", 1, "f");
	g_autoptr(sip_msg) answer = NULL;

	open_conference(&m);
	world_receive(m.w, m.flow[DC2], request);
	answer = world_take(m.w, m.flow[DC2]);
	cr_assert_eq(sip_status(answer), 403, "got %d", sip_status(answer));
	close_conference(&m);
}

Test(im_mcu, fan_out_with_confirmations)
{
	struct conference_test m;

	open_conference(&m);
	for (guint i = 0; i < USERS; i++)
		join(&m, i);
	say(&m, DC1, "hello", 2);
	hears(&m, DC2, DC1, "hello", 200);
	cr_assert_eq(world_pending(m.w, m.flow[DC1]), 0, "home1 has not confirmed yet");
	hears(&m, HOME1, DC1, "hello", 200);
	cr_assert_eq(confirmed(&m, DC1), 200, "all have");
	cr_assert(is_quiet(&m), "no echo");
	close_conference(&m);
}

Test(im_mcu, late_comer)
{
	struct conference_test m;

	open_conference(&m);
	join(&m, DC1);
	say(&m, DC1, "one", 2);
	cr_assert_eq(confirmed(&m, DC1), 200, "nobody else there");
	join(&m, DC2);
	hears(&m, DC2, DC1, "one", 200);
	say(&m, DC2, "two", 2);
	hears(&m, DC1, DC2, "two", 200);
	cr_assert_eq(confirmed(&m, DC2), 200, "confirmed");
	join_unconfirmed(&m, HOME1);
	say(&m, DC1, "three", 3);
	cr_assert_eq(world_pending(m.w, m.flow[HOME1]), 0, "not before its ACK");
	hears(&m, DC2, DC1, "three", 200);
	cr_assert_eq(confirmed(&m, DC1), 200, "confirmed by those who are there");
	ack(&m, HOME1);
	hears(&m, HOME1, DC1, "one", 200);
	hears(&m, HOME1, DC2, "two", 200);
	hears(&m, HOME1, DC1, "three", 200);
	cr_assert(is_quiet(&m), "nothing twice");
	close_conference(&m);
}

Test(im_mcu, participant_without_answer)
{
	struct conference_test m;

	open_conference(&m);
	for (guint i = 0; i < USERS; i++)
		join(&m, i);
	say(&m, DC1, "hello", 2);
	hears(&m, DC2, DC1, "hello", 200);
	world_advance(m.w, 10 * G_USEC_PER_SEC);
	cr_assert_eq(confirmed(&m, DC1), 408, "home1 is silent");
	g_ptr_array_set_size(m.w->sent, 0);
	say(&m, DC1, "again", 3);
	hears(&m, DC2, DC1, "again", 200);
	cr_assert_eq(confirmed(&m, DC1), 200, "home1 is no longer waited for");
	close_conference(&m);
}

Test(im_mcu, leaving)
{
	struct conference_test m;

	open_conference(&m);
	for (guint i = 0; i < USERS; i++)
		join(&m, i);
	world_receive(m.w, m.flow[HOME1],
		      world_request("BYE", CHAT, "home1", NULL, m.tag[HOME1], "meet", 2, "bye"));
	cr_assert_eq(confirmed(&m, HOME1), 200, "BYE");
	world_close(m.w, m.flow[DC2]);
	say(&m, DC1, "anybody?", 2);
	cr_assert_eq(confirmed(&m, DC1), 200, "alone");
	cr_assert(is_quiet(&m), "sent to nobody");
	world_receive(m.w, m.flow[HOME1],
		      world_request("BYE", CHAT, "home1", NULL, m.tag[HOME1], "meet", 3, "bye2"));
	cr_assert_eq(confirmed(&m, HOME1), 481, "second BYE");
	close_conference(&m);
}

Test(im_mcu, record_of_a_participant)
{
	struct conference_test m;
	json_t *record;

	open_conference(&m);
	join(&m, DC2);
	world_advance(m.w, 2 * G_USEC_PER_SEC);
	world_receive(m.w, m.flow[DC2],
		      world_request("BYE", CHAT, "dc2", NULL, m.tag[DC2], "meet", 2, "bye"));
	record = world_event(m.w, "session");
	cr_assert_str_eq(json_string_value(json_object_get(record, "kind")), "im-conference",
			 "kind");
	cr_assert_eq(json_integer_value(json_object_get(record, "status")), 200, "status");
	cr_assert_eq(json_integer_value(json_object_get(record, "duration_ms")), 2000, "duration");
	close_conference(&m);
}

Test(av_mcu, refusals)
{
	static const struct {
		const char *name, *method, *tag, *type, *body;
		int status;
	} rows[] = {
		{"no offer", "INVITE", NULL, NULL, NULL, 488},
		{"an offer of messages", "INVITE", NULL, "application/sdp", MESSAGE_SDP, 488},
		{"INFO outside a dialog", "INFO", "x", "application/trickle-ice-sdpfrag",
		 "a=mid:0\r\n", 481},
		{"BYE outside a dialog", "BYE", "x", NULL, NULL, 481},
		{"re-INVITE outside a dialog", "INVITE", "x", "application/sdp", MESSAGE_SDP, 481},
		{"what it does not do", "OPTIONS", NULL, NULL, NULL, 405},
	};
	struct conference_test m;

	open_conference(&m);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		sip_msg *request = world_request(rows[i].method, AV, "dc2", NULL, rows[i].tag, "av",
						 1, rows[i].name);
		g_autoptr(sip_msg) answer = NULL;

		if (rows[i].body)
			sip_set_body(request, rows[i].type, rows[i].body, -1);
		world_receive(m.w, m.flow[DC2], request);
		answer = world_take_final(m.w, m.flow[DC2]);
		cr_assert_eq(sip_status(answer), rows[i].status, "%s: %d", rows[i].name,
			     sip_status(answer));
	}
	close_conference(&m);
}

/* The MCU asks the organiser's Edge for relays as soon as there is a conference, and only once. */
Test(av_mcu, asks_mras_for_itself)
{
	struct conference_test m;
	g_autoptr(sip_msg) service = NULL;

	open_conference(&m);
	cr_assert_eq(m.w->mras_asked, 1, "asked %u times", m.w->mras_asked);
	service = world_take(m.w, m.w->mras);
	cr_assert_str_eq(sip_method(service), "SERVICE", "request");
	cr_assert_str_eq(sip_uri(service), "sip:mras@edge.contoso.com;opaque=srvr:MRAS", "uri");
	cr_assert_not_null(strstr(sip_body(service, NULL), "<location>intranet</location>"), "%s",
			   sip_body(service, NULL));
	world_conference(m.w, m.flow[DC1], "c8");
	cr_assert_eq(world_pending(m.w, m.w->mras), 0, "one question for both");
	close_conference(&m);
}
