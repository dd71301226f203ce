/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of events and stages. */
#include "common/wire/event.h"

#include <criterion/criterion.h>
#include <glib.h>
#include <string.h>

/* Events that the lab itself says of an agent are none of an agent's. */
Test(event, each_is_in_the_docs)
{
	static const char *const names[] = {
#define X(id, name) name,
		EVENTS(X) STAGES(X)
#undef X
	};
	g_autofree char *document = NULL;

	cr_assert(g_file_get_contents("docs/AGENTS.md", &document, NULL, NULL),
		  "tests run from the top folder");
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *event = g_strdup_printf("`%s`", names[i]),
				*stage = g_strdup_printf("\"%s\"", names[i]);

		cr_expect(strstr(document, event) || strstr(document, stage), "%s is not", event);
	}
}
