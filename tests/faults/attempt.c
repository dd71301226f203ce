/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/faults/attempt.h"

#include "testbed/explain/explain.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_S 300
#define MEASURED_MAX 3

model *attempt_network(const struct attempt *a, const struct attempt_options *o, diags *d)
{
	g_autofree char *name = g_strconcat(a->faults[0]->topology, ".yaml", NULL);
	g_autofree char *path = g_build_filename(o->topologies, name, NULL);
	model *m = a->network ? model_load_text(a->faults[0]->topology, a->network,
						strlen(a->network), d) :
				model_load(path, d);

	for (guint i = 0; m && i < G_N_ELEMENTS(a->faults) && a->faults[i]; i++) {
		const struct fault *f = a->faults[i];
		const struct scenario *sc = model_scenario(m, f->scenario);
		model *whole;

		if (!sc)
			diags_add(d, DIAG_ERROR, f->loc, NULL, "no scenario '%s'", f->scenario);
		else if (model_add_changes(m, f->name, f->changes, d) &&
			 (whole = model_instantiate(m, sc, d)))
			model_free(whole);
		if (diags_errors(d) > 0)
			g_clear_pointer(&m, model_free);
	}
	return m;
}

/* --- right or wrong --------------------------------------------------------------------------- */

/* A walk may come to the right end by a route that the kernel does not take, or where packets went
 * elsewhere; NULL: none does. */
static const char *contradicted(const finding *x)
{
	for (guint i = 0; i < x->legs->len; i++) {
		const struct leg *l = x->legs->pdata[i];

		if (l->kernel.differs)
			return g_intern_string(l->kernel.differs);
		if (l->seen.state == AGREE_NO)
			return g_intern_string(l->seen.text);
	}
	return NULL;
}

/* NULL: as it is. */
static const char *flaw_of(const struct fault *f, const finding *x)
{
	const char *direction = direction_name(x->direction);
	g_autofree char *object = subject_text(&x->subject);

	if (x->code == CAUSE_NONE)
		return "the call works";
	if (x->code == CAUSE_UNKNOWN)
		return "no cause found";
	if (!fault_is_cause(f, cause_name(x->code)))
		return "another cause";
	if (!fault_is_at(f, x->node))
		return "another node";
	if (!fault_is_of(f, object))
		return "another object";
	if (f->direction && !g_str_equal(direction, f->direction))
		return "another direction";
	return contradicted(x);
}

/* NULL: it helps and harms nothing. */
static char *fix_flaw_of(const explanation *x)
{
	if (!x->fix)
		return g_strdup("none derived");
	if (x->trial.error)
		return g_strdup(x->trial.error);
	if (x->trial.verdict != VERDICT_PASS)
		return g_strdup("the call still fails");
	if (!x->trial.mended)
		return g_strdup_printf("the call passes over %s, which is worse than what was lost",
				       path_class_name(x->trial.path));
	if (x->trial.broken && x->trial.broken->len > 0)
		return g_strdup_printf("breaks %s and %u more", (char *)x->trial.broken->pdata[0],
				       x->trial.broken->len - 1);
	return NULL;
}

static json_t *step_of(const struct fault *f, const explanation *x, bool with_fix)
{
	const char *flaw = flaw_of(f, x->finding);
	g_autofree char *fix_flaw = with_fix ? fix_flaw_of(x) : NULL,
			*object = subject_text(&x->finding->subject),
			*change = x->fix ? fix_text(x->fix) : NULL;

	json_t *step = json_pack("{s:s, s:b, s:s?, s:s, s:s?, s:s?, s:s, s:s?, s:s?}", "fault",
				 f->name, "right", flaw == NULL, "flaw", flaw, "code",
				 cause_name(x->finding->code), "node", x->finding->node, "object",
				 object, "direction", direction_name(x->finding->direction), "fix",
				 change, "why", x->finding->why);

	if (with_fix)
		json_object_set_new(step, "fix_flaw",
				    fix_flaw ? json_string(fix_flaw) : json_null());
	return step;
}

/* --- in the child ----------------------------------------------------------------------------- */

static bool is_spoilt(const explanation *x)
{
	return x->finding && x->finding->code == CAUSE_MACHINE_OVERLOADED;
}

static explanation *explain(const model *m, const struct fault *f, const struct attempt_options *o,
			    bool with_fix, GError **error)
{
	g_autofree char *id = g_strdup_printf("%s/%s", f->scenario, f->cell);
	struct explain_options options = {.program_dir = o->program_dir,
					  .seed = o->seed,
					  .all = with_fix && o->others,
					  .no_trial = !with_fix};
	explanation *x = NULL;

	/* what the machine spoilt says nothing of the network, and is measured again */
	for (guint i = 0; i < MEASURED_MAX && (!x || is_spoilt(x)); i++) {
		matrix_selection *s = explain_select_id(m, id, error);

		explanation_free(x);
		x = s ? explain_cell(m, s, &options, error) : NULL;
		if (!x)
			return NULL;
	}
	return x;
}

/* The first, and when it was taken away as was suggested, the second. */
static json_t *try_all(const struct attempt *a, const struct attempt_options *o, model *m,
		       GError **error)
{
	json_t *steps = json_array();

	for (guint i = 0; i < G_N_ELEMENTS(a->faults) && a->faults[i]; i++) {
		bool with_fix = o->fixes && !a->faults[1];
		g_autoptr(explanation) x = explain(m, a->faults[i], o, with_fix, error);
		g_autofree char *change = x && x->fix ? fix_text(x->fix) : NULL;
		g_autoptr(diags) d = diags_new();

		if (!x)
			break;
		json_array_append_new(steps, step_of(a->faults[i], x, with_fix));
		if (i + 1 == G_N_ELEMENTS(a->faults) || !a->faults[i + 1])
			break;
		if (!change || !model_add_changes(m, "the fix", change, d)) {
			g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "no fix of the first fault");
			break;
		}
	}
	return steps;
}

G_NORETURN static void run(const struct attempt *a, const struct attempt_options *o, int fd)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) m = attempt_network(a, o, d);
	g_autofree char *findings = diags_to_text(d);
	g_autoptr(GError) error = NULL;
	json_t *steps = m ? try_all(a, o, m, &error) : json_array();
	json_t *answer =
		json_pack("{s:o, s:s?, s:b}", "steps", steps, "error",
			  error ? error->message :
			  m	? NULL :
				  findings,
			  "unsupported", g_error_matches(error, TB_ERROR, TB_ERROR_UNSUPPORTED));
	char *text = json_dumps(answer, JSON_COMPACT);
	gsize length = strlen(text);

	/* The descriptor is a pipe that the parent reads: a short answer never blocks for long. */
	for (gsize done = 0; done < length;) {
		ssize_t n = write(fd, text + done, length - done);

		if (n < 0 && errno != EINTR)
			_exit(1);
		done += n > 0 ? (gsize)n : 0;
	}
	_exit(0);
}

/* --- in the parent ---------------------------------------------------------------------------- */

static void start(struct attempt *a, const struct attempt_options *o)
{
	int ends[2];

	if (pipe(ends) != 0)
		g_error("pipe: %s", g_strerror(errno));
	a->started_us = g_get_monotonic_time();
	a->text = g_string_new(NULL);
	a->fd = ends[0];
	a->pid = fork();
	if (a->pid < 0)
		g_error("fork: %s", g_strerror(errno));
	if (a->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(DEADLINE_S);
		close(ends[0]);
		run(a, o, ends[1]);
	}
	close(ends[1]);
}

static json_t *answer_of(struct attempt *a)
{
	json_t *answer = json_loads(a->text->str, 0, NULL);
	int status = 0;

	waitpid(a->pid, &status, 0);
	close(a->fd);
	g_string_free(a->text, TRUE);
	a->text = NULL;
	if (answer)
		return answer;
	return json_pack("{s:[], s:s}", "steps", "error",
			 WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) :
					       "ended without an answer");
}

/* Reads what has come; true when the attempt has ended. */
static bool has_ended(struct attempt *a)
{
	char buffer[4096];
	ssize_t n = read(a->fd, buffer, sizeof(buffer));

	if (n > 0)
		g_string_append_len(a->text, buffer, n);
	return n == 0 || (n < 0 && errno != EINTR);
}

/* Waits until one of them says something. */
static struct pollfd *wait_for_any(const GPtrArray *alive)
{
	struct pollfd *fds = g_new0(struct pollfd, alive->len);

	for (guint i = 0; i < alive->len; i++)
		fds[i] = (struct pollfd){.fd = ((struct attempt *)alive->pdata[i])->fd,
					 .events = POLLIN};
	while (poll(fds, alive->len, -1) < 0 && errno == EINTR)
		;
	return fds;
}

void attempts_run(guint jobs, const struct attempt_options *o,
		  struct attempt *(*next)(gpointer data),
		  void (*ended)(const struct attempt *a, const json_t *answer, double seconds,
				gpointer data),
		  gpointer data)
{
	g_autoptr(GPtrArray) alive = g_ptr_array_new();

	for (;;) {
		g_autofree struct pollfd *fds = NULL;
		struct attempt *a;

		while (alive->len < jobs && (a = next(data))) {
			start(a, o);
			g_ptr_array_add(alive, a);
		}
		if (alive->len == 0)
			return;
		fds = wait_for_any(alive);
		for (guint i = alive->len; i-- > 0;) {
			json_t *answer;

			a = alive->pdata[i];
			if (fds[i].revents == 0 || !has_ended(a))
				continue;
			g_ptr_array_remove_index_fast(alive, i);
			answer = answer_of(a);
			ended(a, answer, (double)(g_get_monotonic_time() - a->started_us) / 1e6,
			      data);
			json_decref(answer);
		}
	}
}
