/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sources of a main context that their owner keeps by pointer.  Depends on GLib. */
#ifndef COMMON_BASE_SOURCE_H
#define COMMON_BASE_SOURCE_H

#include <glib.h>

/* Destroys and unrefs the source, and sets the pointer to NULL.  Does nothing when it is NULL. */
static inline void source_clear(GSource **source)
{
	if (!*source)
		return;
	g_source_destroy(*source);
	g_clear_pointer(source, g_source_unref);
}

/* A timer that `context` (NULL: the default one) runs; for source_clear. */
static inline GSource *timer_start(GMainContext *context, guint timeout_ms, GSourceFunc func,
				   gpointer user_data)
{
	GSource *timer = g_timeout_source_new(timeout_ms);

	g_source_set_callback(timer, func, user_data, NULL);
	g_source_attach(timer, context);
	return timer;
}

#endif
