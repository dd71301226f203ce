/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/explain/observe.h"

#include "testbed/explain/answers.h"
#include "testbed/explain/sessions.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the callbacks of one run fill in. */
struct watch {
	struct observation *seen;
	int evidence_fd; /* memory, not a file; -1: none */
};

void observation_init(struct observation *seen)
{
	seen->heard = g_ptr_array_new_with_free_func((GDestroyNotify)heard_free);
	seen->state = NULL;
	seen->packets = NULL;
	seen->clock_offset_us = g_get_real_time() - g_get_monotonic_time();
	seen->start_us = seen->end_us = 0;
}

void observation_clear(struct observation *seen)
{
	g_clear_pointer(&seen->heard, g_ptr_array_unref);
	g_clear_pointer(&seen->state, json_decref);
	g_clear_pointer(&seen->packets, journeys_unref);
}

static void on_agent_event(const char *scenario, const char *agent, const json_t *event,
			   gpointer user_data)
{
	struct observation *seen = ((struct watch *)user_data)->seen;

	(void)scenario;
	g_ptr_array_add(seen->heard, heard_new(agent, event));
}

static void on_lab_state(const struct scenario_result *s, const json_t *state, const GError *error,
			 gpointer user_data)
{
	struct observation *seen = ((struct watch *)user_data)->seen;

	(void)s;
	(void)error;
	json_decref(seen->state);
	seen->state = json_deep_copy(state);
}

static int on_evidence(const struct scenario_result *s, gpointer user_data)
{
	struct watch *w = user_data;

	(void)s;
	w->evidence_fd = memfd_create("evidence", MFD_CLOEXEC);
	return w->evidence_fd < 0 ? 0 : MAX(fcntl(w->evidence_fd, F_DUPFD_CLOEXEC, 0), 0);
}

void observation_read_packets(struct observation *seen, int fd)
{
	const json_t *count = json_object_get(seen->state, "evidence");
	g_autoptr(journeys) all = journeys_new();
	struct stat st;
	void *bytes;

	if (fstat(fd, &st) != 0 || st.st_size == 0)
		return;
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return;
	all->lost = (guint64)json_integer_value(json_object_get(count, "lost"));
	if (journeys_read(all, bytes, (gsize)st.st_size, NULL))
		seen->packets = g_steal_pointer(&all);
	munmap(bytes, (size_t)st.st_size);
}

static void on_cancelled(GCancellable *cancel, gpointer user_data)
{
	(void)cancel;
	matrix_cancel(user_data);
}

gboolean observe_run(matrix_selection *s, const struct explain_options *o, struct observation *seen,
		     GError **error)
{
	static const struct matrix_observer nobody = {0};
	static const struct matrix_observer observer = {
		.agent_event = on_agent_event, .lab_state = on_lab_state, .evidence = on_evidence};
	const struct matrix_options options = {.program_dir = o->program_dir, .seed = o->seed};
	const struct scenario_result *result = s->results->scenarios->pdata[0];
	struct watch watch = {.seen = seen, .evidence_fd = -1};
	g_autoptr(matrix) m = NULL;
	gboolean ran;
	gulong asked;

	g_free(s->results->run_id);
	s->results->run_id = g_strdup_printf("explain-%d", (int)getpid());
	m = matrix_new(s, &options, seen ? &observer : &nobody, &watch);
	asked = o->cancel ? g_cancellable_connect(o->cancel, G_CALLBACK(on_cancelled), m, NULL) : 0;
	ran = matrix_run(m, error);
	g_cancellable_disconnect(o->cancel, asked);
	if (watch.evidence_fd >= 0) {
		observation_read_packets(seen, watch.evidence_fd);
		close(watch.evidence_fd);
	}
	if (!ran || g_cancellable_set_error_if_cancelled(o->cancel, error))
		return FALSE;
	if (result->error) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "the lab failed: %s", result->error);
		return FALSE;
	}
	return TRUE;
}

const GPtrArray *observe_cells(const matrix_selection *s)
{
	return ((const struct scenario_result *)s->results->scenarios->pdata[0])->cells;
}

/* The tool's own defect comes before everything it says. */
static void tell_disagreement(finding *f, const struct leg *l, const char *text)
{
	g_ptr_array_insert(f->proof, 0, g_strdup_printf("%s: %s: %s", AGREE_CODE, l->title, text));
}

/* What contradicts a walk is told whatever the cause; what confirms it, of the leg that shows the
 * cause only, or of a call that works of all.  Packets prove more than what is read off the state:
 * they come right after the walk's end. */
static void hold_against_packets(finding *f, const journeys *packets)
{
	bool confirmed = false;

	for (guint i = 0; i < f->legs->len; i++) {
		struct leg *l = f->legs->pdata[i];
		bool telling = f->code == CAUSE_NONE || l->walk->forward->end != WALK_DELIVERED ||
			       (l->walk->back && l->walk->back->end != WALK_DELIVERED);

		l->seen = agree_check(l->walk, &l->flow, packets);
		if (l->seen.state == AGREE_NO) {
			tell_disagreement(f, l, l->seen.text);
		} else if (f->code == CAUSE_NONE && l->seen.state == AGREE_YES) {
			g_ptr_array_add(f->proof, g_strdup(l->seen.text));
		} else if (l->seen.state == AGREE_YES && telling && !confirmed) {
			g_ptr_array_insert(f->proof, MIN(1, (gint)f->proof->len),
					   g_strdup(l->seen.text));
			confirmed = true;
		}
	}
}

/* The tool's own defect, whatever the cause. */
static void hold_against_kernel(finding *f)
{
	for (guint i = 0; i < f->legs->len; i++) {
		const struct leg *l = f->legs->pdata[i];

		if (l->kernel.differs)
			tell_disagreement(f, l, l->kernel.differs);
	}
}

/* Borrowed from both. */
static GPtrArray *all_heard(const GPtrArray *heard, const GPtrArray *told)
{
	GPtrArray *all = g_ptr_array_sized_new(heard->len + told->len);

	for (guint i = 0; i < heard->len; i++)
		g_ptr_array_add(all, heard->pdata[i]);
	for (guint i = 0; i < told->len; i++)
		g_ptr_array_add(all, told->pdata[i]);
	return all;
}

finding *observe_finding(const matrix_selection *s, const struct observation *seen)
{
	const struct selected_scenario *selected = s->scenarios->pdata[0];

	return observe_finding_of(selected->model, observe_cells(s)->pdata[0], seen);
}

finding *observe_finding_of(const model *m, const struct cell *c, const struct observation *seen)
{
	g_autoptr(GPtrArray) told = answers_told(m, c, seen), heard = all_heard(seen->heard, told);
	g_autoptr(GPtrArray) sessions = sessions_of_call(seen, c);
	const struct evidence e = {
		.model = m,
		.cell = c,
		.heard = heard,
		.state = seen->state,
		.packets = seen->packets,
		.sessions = sessions,
		.walk = walk_both,
		.meet = walk_meet,
	};
	finding *f = cause_find(&e);

	if (seen->packets)
		hold_against_packets(f, seen->packets);
	sessions_prove(f, sessions);
	hold_against_kernel(f);
	return f;
}
