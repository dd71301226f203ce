/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects that are freed by what their shape says they own. */
#include "common/base/object.h"

#include <criterion/criterion.h>

static unsigned freed;

static void count_free(gpointer data)
{
	freed++;
	g_free(data);
}

struct sample {
	char *name;
	int number;
	GArray *numbers;
	GPtrArray *texts;
	struct sample *child;
};

static const struct sample sample_defaults = {.number = 7};
static const struct object_shape sample_shape =
	OBJECT_SHAPE(sample, &sample_defaults, OWNS(sample, name, count_free),
		     OWNS_ARRAY(sample, numbers, owned), OWNS_LIST(sample, texts, count_free),
		     OWNS(sample, child, object_free));

Test(object, begins_with_its_defaults_and_empty_lists)
{
	struct sample *s = object_new(&sample_shape);

	cr_assert_null(s->name);
	cr_assert_eq(s->number, 7);
	cr_assert_eq(s->numbers->len, 0u);
	cr_assert_eq(s->texts->len, 0u);
	cr_assert_null(s->child);
	object_free(s);
}

Test(object, frees_what_it_owns)
{
	struct sample *s = object_new(&sample_shape);

	s->name = g_strdup("parent");
	g_ptr_array_add(s->texts, g_strdup("one"));
	s->child = object_new(&sample_shape);
	s->child->name = g_strdup("child");
	object_free(s);
	cr_assert_eq(freed, 3u);
	object_free(NULL);
}
