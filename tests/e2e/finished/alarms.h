/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every cell of a finished run explained in this process: what does explain say of those that it
 * should not? */
#ifndef TESTS_E2E_FINISHED_ALARMS_H
#define TESTS_E2E_FINISHED_ALARMS_H

#include <glib.h>

struct alarms {
	guint passed, failed; /* cells */
	guint looked_up; /* hops of walks whose route the kernel itself was asked for, and said the
			    same */
	guint walks, blind; /* all; those of which no kernel was asked for any route */
	GString *flaws;	    /* a line for each cell that is not as it should be; the caller frees */
};

/* A cell that passed has no cause, one that failed has the one that is expected of it and the node,
 * and no walk contradicts the packets or the kernels' own routes.  `topology`: the file that the
 * run in folder `dir` ran.  `scenario`: only its cells, NULL: all. */
struct alarms alarms_of(const char *dir, const char *topology, const char *scenario);

#endif
