/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/merge_read.h"

#include "common/base/files.h"
#include "common/base/numbers.h"

#include <unistd.h>

#define RESULTS_BYTES_MAX ((gsize)1024 * 1024 * 1024) /* 10,000 cells have 23 MB */
#define THREADS_MAX 4u				      /* each holds a document */

struct merge_readers {
	GArray *runs; /* struct merge_reading */
	GThreadPool *threads;
	GAsyncQueue *read; /* those of the runs that were read */
	guint next;	   /* the run to be returned */
};

static void clear_reading(gpointer reading)
{
	struct merge_reading *r = reading;

	if (r->fd >= 0)
		close(r->fd);
	g_clear_pointer(&r->document, object_free);
	g_clear_error(&r->error);
}

static void end_threads(gpointer threads)
{
	g_thread_pool_free(threads, TRUE, TRUE);
}

/* the threads end before what they use */
static const struct object_shape merge_readers_shape =
	OBJECT_SHAPE(merge_readers, NULL, OWNS(merge_readers, threads, end_threads),
		     OWNS(merge_readers, read, g_async_queue_unref),
		     OWNS_ARRAY(merge_readers, runs, merge_reading));

static int open_results(const struct merge_reading *r, GError **error)
{
	g_autofree char *folder = NULL, *name = NULL;

	if (!r->is_file)
		return files_open_below(r->name, "results.json", NULL);
	folder = g_path_get_dirname(r->name);
	name = g_path_get_basename(r->name);
	return files_open_below(folder, name, error);
}

/* Reads the results and walks them.  Those of a folder count only when the run came to its end. */
static void read_results(struct merge_reading *r)
{
	GError **error = r->is_file ? &r->error : NULL;
	g_autofree char *bytes = NULL;

	r->fd = open_results(r, error);
	bytes = r->fd >= 0 ? files_read(r->fd, RESULTS_BYTES_MAX, &r->length, error) : NULL;
	if (bytes && (r->is_file || merge_says_complete(bytes, r->length)))
		r->document = merge_document_new(bytes, r->length, &r->error);
}

/* In a thread. */
static void read_run(gpointer reading, gpointer user_data)
{
	struct merge_reading *one = reading;
	merge_readers *r = user_data;

	read_results(one);
	g_async_queue_push(r->read, one);
}

merge_readers *merge_readers_new(char *const *names)
{
	merge_readers *r = object_new(&merge_readers_shape);

	g_array_set_clear_func(r->runs, clear_reading);
	for (; *names; names++) {
		struct merge_reading one = {.name = *names, .fd = -1};

		one.is_file = g_file_test(*names, G_FILE_TEST_IS_REGULAR);
		g_array_append_val(r->runs, one);
	}
	r->read = g_async_queue_new();
	numbers_ready();
	r->threads = g_thread_pool_new(read_run, r, (gint)MIN(g_get_num_processors(), THREADS_MAX),
				       FALSE, NULL);
	for (guint i = 0; i < r->runs->len; i++)
		g_thread_pool_push(r->threads, &g_array_index(r->runs, struct merge_reading, i),
				   NULL);
	return r;
}

struct merge_reading *merge_readers_next(merge_readers *r)
{
	struct merge_reading *one;

	if (r->next == r->runs->len)
		return NULL;
	one = &g_array_index(r->runs, struct merge_reading, r->next++);
	while (!one->done)
		((struct merge_reading *)g_async_queue_pop(r->read))->done = true;
	return one;
}
