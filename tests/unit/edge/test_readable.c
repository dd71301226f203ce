/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many descriptors as one source: who has something is told, whoever goes meanwhile. */
#include "edge/readable.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <unistd.h>

#define ENDS 100

struct end {
	int in, out;
	readable_watch *watch;
	guint told;
	struct end *removes; /* when it is told */
};

static void on_told(int fd, gpointer user_data)
{
	struct end *e = user_data;
	char byte;

	cr_expect_eq(fd, e->in);
	cr_expect_not_null(e->watch, "told after it was removed");
	cr_expect_eq(read(fd, &byte, 1), 1);
	e->told++;
	if (e->removes && e->removes->watch) {
		readable_remove(e->removes->watch);
		e->removes->watch = NULL;
	}
}

static void open_end(struct end *e, readable *r)
{
	int fds[2], code = 0;

	cr_assert_eq(pipe(fds), 0);
	*e = (struct end){.in = fds[0], .out = fds[1]};
	e->watch = readable_add(r, e->in, on_told, e, &code);
	cr_assert_not_null(e->watch, "%s", g_strerror(code));
}

static void close_end(struct end *e)
{
	readable_remove(e->watch);
	close(e->in);
	close(e->out);
}

static void turn(void)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
}

Test(readable, tells_all_that_have_something_and_no_others)
{
	struct end ends[ENDS];
	int code = 0;
	readable *r = readable_new(&code);

	cr_assert_not_null(r, "%s", g_strerror(code));
	for (guint i = 0; i < ENDS; i++)
		open_end(&ends[i], r);
	for (guint i = 0; i < ENDS; i += 2)
		cr_assert_eq(write(ends[i].out, "ab", 2), 2);
	turn();
	for (guint i = 0; i < ENDS; i++)
		cr_expect_eq(ends[i].told, i % 2 == 0 ? 2u : 0u, "end %u: told %u times", i,
			     ends[i].told);
	for (guint i = 0; i < ENDS; i++)
		close_end(&ends[i]);
	readable_free(r);
}

/* Each removes its neighbour (the last, itself) when it is told: of each two neighbours one is told
 * at most. */
Test(readable, who_was_removed_is_not_told)
{
	struct end ends[ENDS];
	guint told = 0;
	int code = 0;
	readable *r = readable_new(&code);

	for (guint i = 0; i < ENDS; i++)
		open_end(&ends[i], r);
	for (guint i = 0; i < ENDS; i++) {
		ends[i].removes = &ends[i == ENDS - 1 ? i : i ^ 1];
		cr_assert_eq(write(ends[i].out, "a", 1), 1);
	}
	turn();
	for (guint i = 0; i < ENDS; i++)
		told += ends[i].told;
	cr_expect_leq(told, ENDS / 2 + 1);
	cr_expect_geq(told, ENDS / 2);
	for (guint i = 0; i < ENDS; i++)
		close_end(&ends[i]);
	readable_free(r);
}

Test(readable, refuses_what_cannot_be_watched)
{
	int code = 0;
	readable *r = readable_new(&code);

	cr_expect_null(readable_add(r, -1, on_told, NULL, &code));
	cr_expect_eq(code, EBADF);
	readable_free(r);
}
