/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evidence that is begun and ended while a lab is up, and look-ups of ways that nobody has sent a
 * packet on. */
#include "tests/e2e/lab/harness.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct answer {
	int fd; /* a copy */
	netstate *state;
	char *message; /* of an error */
	bool came;
};

static void on_watched(lab *l G_GNUC_UNUSED, int fd, const GError *error, gpointer user_data)
{
	struct answer *a = user_data;

	a->came = true;
	a->fd = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
	a->message = error != NULL ? g_strdup(error->message) : NULL;
}

static void on_state(lab *l G_GNUC_UNUSED, const netstate *state, const GError *error,
		     gpointer user_data)
{
	struct answer *a = user_data;

	a->came = true;
	a->state = netstate_ref(state);
	a->message = error != NULL ? g_strdup(error->message) : NULL;
}

static bool has_come(gpointer answer)
{
	return ((struct answer *)answer)->came;
}

static void answer_clear(struct answer *a)
{
	if (a->fd >= 0)
		close(a->fd);
	netstate_unref(a->state);
	g_free(a->message);
	*a = (struct answer){.fd = -1};
}

static void begin_watch(struct watched *w, struct answer *ret)
{
	*ret = (struct answer){.fd = -1};
	lab_watch(w->l, on_watched, ret);
	cr_assert(run_until(has_come, ret), "no answer");
}

static void inspect(struct watched *w, const GPtrArray *questions, struct answer *ret)
{
	*ret = (struct answer){.fd = -1};
	lab_inspect_asking(w->l, questions, on_state, ret);
	cr_assert(run_until(has_come, ret), "no answer");
	cr_assert_not_null(ret->state, "%s", ret->message);
}

/* NULL: the kernel was not asked. */
static const GArray *lookups_of(const struct answer *a, const char *node)
{
	return netstate_node(a->state, node)->lookups;
}

static off_t size_of(const struct answer *a)
{
	struct stat st = {.st_size = -1};

	fstat(a->fd, &st);
	return st.st_size;
}

Test(watch, evidence_is_kept_as_long_as_somebody_asks)
{
	struct answer first, second, state;
	struct watched w;

	watched_up(&w, "missing-route");
	inspect(&w, NULL, &state);
	cr_expect_null(lookups_of(&state, "edge"), "evidence before anybody asked");
	answer_clear(&state);
	begin_watch(&w, &first);
	begin_watch(&w, &second);
	cr_assert(first.fd >= 0 && second.fd >= 0, "%s",
		  first.message ? first.message : second.message);
	inspect(&w, NULL, &state);
	cr_expect(lookups_of(&state, "edge"), "no evidence");
	cr_expect_gt(size_of(&first), 0, "not even a header");
	cr_expect_eq(size_of(&first), size_of(&second), "two different files");
	answer_clear(&state);
	lab_unwatch(w.l);
	inspect(&w, NULL, &state);
	cr_expect(lookups_of(&state, "edge"), "ended though somebody still asks");
	answer_clear(&state);
	lab_unwatch(w.l);
	inspect(&w, NULL, &state);
	cr_expect_null(lookups_of(&state, "edge"), "kept though nobody asks");
	answer_clear(&state);
	answer_clear(&first);
	answer_clear(&second);
	/* once too often is nothing */
	lab_unwatch(w.l);
	begin_watch(&w, &first);
	cr_expect(first.fd >= 0, "%s", first.message ? first.message : "");
	answer_clear(&first);
	watched_end(&w);
}

static void add_question(GPtrArray *questions, const char *node, const char *from, const char *to,
			 const char *in)
{
	struct addr a, b;

	cr_assert(addr_parse(from, &a) && addr_parse(to, &b));
	route_questions_add(questions, node, &a, &b, in);
}

static bool leads_to(const struct kernel_lookup *l, const char *to)
{
	char text[ADDR_TEXT_MAX];

	return g_str_equal(addr_print(&l->to, text), to);
}

Test(watch, kernels_are_asked_for_ways_that_no_packet_took)
{
	g_autoptr(GPtrArray) questions = route_questions_new();
	const GArray *found;
	bool refused = false, local = false;
	struct answer state;
	struct watched w;

	add_question(questions, "edge", "172.25.33.10", "10.20.0.101", NULL);
	add_question(questions, "edge", "10.0.1.10", "172.25.33.10", "int");
	add_question(questions, "nobody", "10.0.0.1", "10.0.0.2", "eth0");
	watched_up(&w, "missing-route");
	inspect(&w, questions, &state);
	found = lookups_of(&state, "edge");
	cr_assert_not_null(found);
	for (guint i = 0; i < found->len; i++) {
		const struct kernel_lookup *l = &g_array_index(found, struct kernel_lookup, i);

		refused |= leads_to(l, "10.20.0.101") && l->error == ENETUNREACH;
		local |= leads_to(l, "172.25.33.10") && l->type == KERNEL_ROUTE_LOCAL;
	}
	cr_expect(refused, "the missing route");
	cr_expect(local, "the address of its own");
	cr_expect_null(lookups_of(&state, "core"), "who was not asked answers nothing");
	answer_clear(&state);
	watched_end(&w);
}
