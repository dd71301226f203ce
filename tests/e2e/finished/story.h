/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stories and the page of a run of tests/data/topologies/company.yaml: what they hold. */
#ifndef TESTS_E2E_FINISHED_STORY_H
#define TESTS_E2E_FINISHED_STORY_H

#include <glib.h>

/* Fails the test when they are not as they should be.  `folder` is for files. */
void expect_stories(const char *dir, const char *folder, const char *failing, const char *passing,
		    guint cells);

#endif
