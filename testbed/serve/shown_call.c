/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/serve/shown_call.h"

#include "common/base/numbers.h"
#include "testbed/diagnose/bypass.h"
#include "testbed/diagnose/diagnose.h"
#include "testbed/live/client.h"
#include "testbed/netstate/netstate_json.h"
#include "testbed/report/hops.h"
#include "testbed/report/json.h"
#include "testbed/report/story_json.h"
#include "testbed/serve/steps.h"

#include <string.h>
#include <unistd.h>

#define EVIDENCE_BYTES_MAX (256u * 1024u * 1024u)
#define READ_BYTES (1024u * 1024u)

enum stage { BEFORE, PLACED, TOLD_OF, ENDED };

struct shown_call {
	struct shown_call_job job;
	struct shown_call_handlers handlers;
	gpointer user_data;
	enum stage stage;
	struct cell *cell; /* as far as it is known */
	struct observation seen;
	int packets_fd;	     /* -1: packets are not watched, or not any more */
	GByteArray *packets; /* what was read of it */
	guint heard_told;    /* of what was heard, as the steps have it */
	netstate *before;
	json_t *steps;			   /* as they were told last */
	json_int_t zero_us;		   /* of them, since 1970 */
	json_t *begins, *ends, *explained; /* events; NULL: not told yet */
	json_t *tried;			   /* events; the array of those of fixes */
	enum path_class lost;		   /* that its cause takes from it */
	guint round;			   /* source */
	GThread *explaining;
};

/* --- telling ---------------------------------------------------------------------------------- */

static void tell(shown_call *c, json_t *event)
{
	c->handlers.tell(c, event, c->user_data);
}

/* The story by what is known; the caller owns it. */
static json_t *story_now(const shown_call *c, const explanation *x, bool packed)
{
	return story_cell_json(
		&(const struct story_source){.model = c->job.network->model,
					     .cell = c->cell,
					     .seen = &c->seen,
					     .explanation = x,
					     .packed = packed,
					     .now_us = c->stage == ENDED ? 0 : c->seen.end_us,
					     .vpn = c->job.vpn});
}

/* Takes `steps` over. */
static json_t *steps_event(const shown_call *c, size_t keep, json_t *steps)
{
	return json_pack("{s:s, s:i, s:I, s:i, s:o}", "event", "steps", "call", (int)c->job.number,
			 "zero_us", c->zero_us, "keep", (int)keep, "steps", steps);
}

/* Tells what differs from the steps that were told. */
static void tell_steps(shown_call *c, const json_t *told)
{
	json_t *steps = json_object_get(told, "steps");
	size_t keep = steps_kept(c->steps, steps);
	json_t *rest = json_array();

	if (keep == json_array_size(steps) && keep == json_array_size(c->steps)) {
		json_decref(rest);
		return;
	}
	for (size_t i = keep; i < json_array_size(steps); i++)
		json_array_append(rest, json_array_get(steps, i));
	json_decref(c->steps);
	c->steps = json_incref(steps);
	c->zero_us = member_integer(told, "zero_us");
	tell(c, steps_event(c, keep, rest));
}

/* --- packets ---------------------------------------------------------------------------------- */

/* Reads what was recorded since.  The descriptor's offset is shared with others who read it, so it
 * is not used. */
static bool read_packets(shown_call *c)
{
	guint before = c->packets->len;
	ssize_t n = 1;

	while (c->packets_fd >= 0 && n > 0 && c->packets->len < EVIDENCE_BYTES_MAX) {
		guint at = c->packets->len;

		g_byte_array_set_size(c->packets, at + READ_BYTES);
		n = pread(c->packets_fd, c->packets->data + at, READ_BYTES, at);
		g_byte_array_set_size(c->packets, at + (guint)MAX(n, 0));
	}
	return c->packets->len > before;
}

/* What was captured so far is what was seen. */
static void use_packets(shown_call *c)
{
	g_autoptr(journeys) all = journeys_new();
	g_autoptr(GBytes) file = g_bytes_new(c->packets->data, c->packets->len);

	g_clear_pointer(&c->seen.packets, journeys_unref);
	if (!observation_failed_before(&c->seen) && journeys_read(all, file, NULL))
		c->seen.packets = g_steal_pointer(&all);
}

static void read_on_later(shown_call *c, guint after_ms);

/* Makes the story anew when there is something new. */
static gboolean on_round(gpointer user_data)
{
	shown_call *c = user_data;
	gint64 now_us = g_get_monotonic_time();
	bool news =
		read_packets(c) || c->heard_told != c->seen.heard->len || steps_some_wait(c->steps);

	c->round = 0;
	if (news) {
		json_auto_t *told = NULL;

		use_packets(c);
		c->heard_told = c->seen.heard->len;
		c->seen.end_us = now_us;
		told = story_now(c, NULL, false);
		tell_steps(c, told);
	}
	/* a big lab's story may take long to make, and must not take all the time */
	read_on_later(c,
		      MAX(SHOWN_CALL_ROUND_MS, (guint)((g_get_monotonic_time() - now_us) / 500)));
	return G_SOURCE_REMOVE;
}

static void read_on_later(shown_call *c, guint after_ms)
{
	c->round = g_timeout_add(after_ms, on_round, c);
}

/* The lab records no more for this call. */
static void on_unwatched(const json_t *done G_GNUC_UNUSED, const char *error G_GNUC_UNUSED,
			 int fd G_GNUC_UNUSED, gpointer user_data G_GNUC_UNUSED)
{
}

static void end_packets(shown_call *c)
{
	g_clear_handle_id(&c->round, g_source_remove);
	if (c->packets_fd < 0)
		return;
	close(c->packets_fd);
	c->packets_fd = -1;
	control_ask(c->job.ask, json_pack("{s:s}", "do", "unwatch"), NULL, on_unwatched, NULL);
}

/* --- the end ---------------------------------------------------------------------------------- */

static bool needs_reason(const shown_call *c)
{
	return c->cell->verdict != VERDICT_PASS || !c->cell->as_expected;
}

/* The state is known, so that the whole story can be told. */
static void tell_end(shown_call *c)
{
	json_t *cell;

	read_packets(c);
	end_packets(c);
	use_packets(c);
	g_byte_array_unref(c->packets);
	c->packets = g_byte_array_new();
	if (c->before && c->seen.state)
		report_hops(c->cell, c->job.network->model, c->before, c->seen.state);
	c->stage = ENDED;
	cell = story_now(c, NULL, true);
	json_object_set_new(cell, "a", json_string(c->job.a));
	json_object_set_new(cell, "b", json_string(c->job.b));
	json_object_set_new(cell, "media", json_string(media_name(c->job.media)));
	c->ends = json_pack("{s:s, s:i, s:o, s:o}", "event", "call-ends", "call",
			    (int)c->job.number, "cell", cell, "result", report_cell_json(c->cell));
	tell(c, json_incref(c->ends));
	if (needs_reason(c))
		shown_call_explain(c);
}

static void on_state_after(const json_t *done, const char *error G_GNUC_UNUSED,
			   int fd G_GNUC_UNUSED, gpointer user_data)
{
	shown_call *c = user_data;
	g_autoptr(netstate) state = netstate_from_json(done);

	if (state && c->job.explains) {
		netstate_unref(c->seen.state);
		c->seen.state = netstate_ref(state);
	}
	tell_end(c);
	c->handlers.over(c, state, c->user_data);
}

/* --- its life --------------------------------------------------------------------------------- */

static void tell_begin(shown_call *c)
{
	json_auto_t *told = story_now(c, NULL, false);

	c->stage = TOLD_OF;
	c->begins = json_pack("{s:s, s:i, s:{s:s, s:s, s:s, s:s, s:s, s:O}}", "event",
			      "call-begins", "call", (int)c->job.number, "cell", "id", c->cell->id,
			      "scenario", c->cell->scenario, "a", c->job.a, "b", c->job.b, "media",
			      media_name(c->job.media), "ends", json_object_get(told, "ends"));
	tell(c, json_incref(c->begins));
	read_on_later(c, SHOWN_CALL_ROUND_MS);
}

static void on_call_line(const json_t *line, gpointer user_data)
{
	shown_call *c = user_data;

	if (json_object_get(line, "again"))
		c->seen.start_us = g_get_monotonic_time();
	observation_hear(&c->seen, line);
	if (c->stage == PLACED)
		tell_begin(c);
}

static void on_call_done(const json_t *done, const char *error, int fd G_GNUC_UNUSED,
			 gpointer user_data)
{
	shown_call *c = user_data;
	struct cell *cell = done ? live_cell(done, NULL) : NULL;

	if (!cell) {
		end_packets(c);
		c->handlers.refused(c, error ? error : "the lab's keeper told no call",
				    c->user_data);
		return;
	}
	if (c->stage == PLACED)
		tell_begin(c);
	c->seen.end_us = g_get_monotonic_time();
	cell_free(c->cell);
	c->cell = cell;
	c->cell->done = true;
	g_clear_handle_id(&c->round, g_source_remove);
	control_ask(c->job.ask, json_pack("{s:s}", "do", "inspect"), NULL, on_state_after, c);
}

/* The state before the call says why packets are lost until that after it is known. */
static void on_state_before(const json_t *done, const char *error G_GNUC_UNUSED,
			    int fd G_GNUC_UNUSED, gpointer user_data)
{
	shown_call *c = user_data;

	c->before = netstate_from_json(done);
	if (c->before && c->job.explains)
		c->seen.state = netstate_ref(c->before);
	c->stage = PLACED;
	c->seen.start_us = g_get_monotonic_time();
	control_ask(c->job.work,
		    json_pack("{s:s, s:s, s:s, s:s, s:i, s:b}", "do", "call", "a", c->job.a, "b",
			      c->job.b, "media", media_name(c->job.media), "media_ms",
			      (int)c->job.media_ms, "servers", true),
		    on_call_line, on_call_done, c);
}

/* Without packets the call is told by what programs report. */
static void on_watching(const json_t *done G_GNUC_UNUSED, const char *error G_GNUC_UNUSED, int fd,
			gpointer user_data)
{
	shown_call *c = user_data;

	c->packets_fd = fd;
	control_ask(c->job.ask, json_pack("{s:s}", "do", "inspect"), NULL, on_state_before, c);
}

/* As the keeper names it, before it has ended. */
static struct cell *new_cell(const struct shown_call_job *job)
{
	struct cell *c = cell_new();

	c->id = g_strdup_printf("%s/%s-%s/%s", job->scenario, job->a, job->b,
				media_name(job->media));
	c->scenario = g_strdup(job->scenario);
	c->a = g_strdup(job->a);
	c->b = g_strdup(job->b);
	c->media = job->media;
	g_ptr_array_add(c->participants, g_strdup(job->a));
	g_ptr_array_add(c->participants, g_strdup(job->b));
	return c;
}

shown_call *shown_call_new(const struct shown_call_job *job,
			   const struct shown_call_handlers *handlers, gpointer user_data)
{
	shown_call *c = g_new0(shown_call, 1);

	c->job = *job;
	c->job.lab = g_strdup(job->lab);
	c->job.vpn = g_strdup(job->vpn);
	c->job.scenario = g_strdup(job->scenario);
	c->job.a = g_strdup(job->a);
	c->job.b = g_strdup(job->b);
	lab_network_state_ref(c->job.network);
	c->handlers = *handlers;
	c->user_data = user_data;
	c->packets_fd = -1;
	c->packets = g_byte_array_new();
	c->steps = json_array();
	c->tried = json_array();
	c->cell = new_cell(job);
	observation_init(&c->seen);
	control_ask(c->job.ask, json_pack("{s:s}", "do", "watch"), NULL, on_watching, c);
	return c;
}

void shown_call_free(shown_call *c)
{
	if (!c)
		return;
	if (c->explaining)
		json_decref(g_thread_join(c->explaining));
	g_idle_remove_by_data(c);
	g_clear_handle_id(&c->round, g_source_remove);
	if (c->packets_fd >= 0)
		close(c->packets_fd);
	g_byte_array_unref(c->packets);
	json_decref(c->steps);
	json_decref(c->begins);
	json_decref(c->ends);
	json_decref(c->explained);
	json_decref(c->tried);
	observation_clear(&c->seen);
	netstate_unref(c->before);
	cell_free(c->cell);
	lab_network_state_unref(c->job.network);
	g_free((char *)(guintptr)c->job.lab);
	g_free((char *)(guintptr)c->job.vpn);
	g_free((char *)(guintptr)c->job.scenario);
	g_free((char *)(guintptr)c->job.a);
	g_free((char *)(guintptr)c->job.b);
	g_free(c);
}

json_t *shown_call_hang_up(const shown_call *c)
{
	return c->stage == TOLD_OF && !c->cell->done ?
		       json_pack("{s:s, s:s, s:s}", "do", "hang-up", "a", c->job.a, "b", c->job.b) :
		       NULL;
}

/* --- why -------------------------------------------------------------------------------------- */

/* Adds a fix that can be switched on: its changes one by one, as `set` takes them. */
static void add_fix(json_t *fixes, const char *text, const fix *x)
{
	json_t *one, *changes;

	if (!x)
		return;
	changes = x->restart ? json_array() : report_texts_json(x->changes);
	one = json_pack("{s:s, s:o}", "text", text, "changes", changes);
	if (x->restart)
		json_object_set_new(one, "reboot", json_string(x->restart));
	json_array_append_new(fixes, one);
}

static gboolean on_explained(gpointer user_data)
{
	shown_call *c = user_data;

	c->explained = g_thread_join(g_steal_pointer(&c->explaining));
	tell(c, json_incref(c->explained));
	return G_SOURCE_REMOVE;
}

/* The thread: what the lab said and did, to a cause and what mends it.  It reads what the call has,
 * which nobody changes any more.  Returns the event. */
static gpointer explain_in_thread(gpointer user_data)
{
	shown_call *c = user_data;
	explanation x = {.cell = c->cell, .model = c->job.network->model, .seen = c->seen};
	fix *bypass;
	json_t *cell, *event, *fixes = json_array();

	x.lab = (char *)(guintptr)c->job.lab;
	x.trial.error = (char *)(guintptr) "not asked for";
	x.finding = diagnose_call(x.model, c->cell, &c->seen);
	x.fix = fix_derive(x.model, x.finding);
	c->lost = x.finding->lost;
	bypass = bypass_derive(x.model, c->seen.state, x.finding);
	cell = story_now(c, &x, true);
	add_fix(fixes, "the fix", x.fix);
	add_fix(fixes, "the bypass: the site's clients go around the tunnel", bypass);
	/* the steps have the cause's code, too, where packets were lost by it */
	event = json_pack("{s:s, s:i, s:O, s:o, s:O, s:O}", "event", "explained", "call",
			  (int)c->job.number, "explanation", json_object_get(cell, "explanation"),
			  "fixes", fixes, "steps", json_object_get(cell, "steps"), "ways",
			  json_object_get(cell, "ways"));
	json_decref(cell);
	object_free(bypass);
	object_free(x.fix);
	finding_free(x.finding);
	g_idle_add(on_explained, c);
	return event;
}

guint shown_call_number(const shown_call *c)
{
	return c->job.number;
}

json_t *shown_call_trial(const shown_call *c, guint index)
{
	const json_t *one = json_array_get(json_object_get(c->explained, "fixes"), index);
	json_t *mend = json_object_get(one, "changes");

	if (json_array_size(mend) == 0)
		return NULL;
	return json_pack("{s:o, s:O, s:O, s:s}", "changes",
			 report_texts_json(c->job.network->changes), "cell",
			 json_object_get(c->ends, "result"), "fix", mend, "lost",
			 path_class_name(c->lost));
}

void shown_call_tried(shown_call *c, guint index, json_t *trial)
{
	json_t *event = json_pack("{s:s, s:i, s:i, s:O}", "event", "tried", "call",
				  (int)c->job.number, "fix", (int)index, "trial", trial);

	/* one for each fix is kept */
	for (size_t i = json_array_size(c->tried); i-- > 0;)
		if (member_count(json_array_get(c->tried, i), "fix") == index)
			json_array_remove(c->tried, i);
	json_array_append(c->tried, event);
	tell(c, event);
}

bool shown_call_explain(shown_call *c)
{
	if (c->stage != ENDED || !c->job.explains || !c->seen.heard)
		return false;
	if (c->explained)
		tell(c, json_incref(c->explained));
	else if (!c->explaining) {
		numbers_ready();
		c->explaining = g_thread_new("explain", explain_in_thread, c);
	}
	return true;
}

void shown_call_forget(shown_call *c)
{
	if (c->stage != ENDED || c->explaining)
		return;
	observation_clear(&c->seen);
	g_clear_pointer(&c->before, netstate_unref);
	json_decref(c->steps);
	c->steps = json_array();
}

json_t *shown_call_events(const shown_call *c)
{
	json_t *events = json_array();

	if (c->ends) {
		json_t *past = json_copy(c->ends);

		json_object_set_new(past, "past", json_true());
		json_array_append_new(events, past);
	} else if (c->begins) {
		json_array_append(events, c->begins);
		json_array_append_new(events, steps_event(c, 0, json_incref(c->steps)));
	}
	if (c->explained)
		json_array_append(events, c->explained);
	json_array_extend(events, c->tried);
	return events;
}
