/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/tls_keys.h"

#include "testbed/base/diag.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_EVERY_S 1

static gsize length_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? (gsize)st.st_size : 0;
}

/* Programs append, so they go on at the new end. */
static gboolean on_look(gpointer user_data)
{
	int fd = GPOINTER_TO_INT(user_data);

	return length_of(fd) < TLS_KEYS_MAX_BYTES || ftruncate(fd, 0) == 0 ? G_SOURCE_CONTINUE :
									     G_SOURCE_REMOVE;
}

/* The same file for those who append to it: they may not read what others wrote, neither by this
 * descriptor nor by opening it again. */
static int open_to_append(int fd)
{
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);

	return fchmod(fd, S_IWUSR) == 0 ? open(path, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
}

int tls_keys_open(GMainContext *context, int *ret_append_fd, GError **error)
{
	int fd = memfd_create("tls-keys", MFD_CLOEXEC);
	GSource *look;

	*ret_append_fd = fd < 0 ? -1 : open_to_append(fd);
	if (*ret_append_fd < 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "no memory for TLS keys: %s",
			    g_strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	look = g_timeout_source_new_seconds(LOOK_EVERY_S);
	g_source_set_callback(look, on_look, GINT_TO_POINTER(fd), NULL);
	g_source_attach(look, context);
	g_source_unref(look);
	return fd;
}

/* The length of `text` up to its last whole line. */
static gsize whole_lines(const char *text, gsize length)
{
	const char *last = memrchr(text, '\n', length);

	return last ? (gsize)(last - text) + 1 : 0;
}

void tls_keys_add_new(struct tls_keys_reader *r, pcapng_writer *w)
{
	gsize length = r->fd < 0 ? 0 : length_of(r->fd);
	g_autofree char *lines = NULL;
	ssize_t n;

	if (length < r->at)
		r->at = 0; /* it has started again */
	if (length == r->at)
		return;
	lines = g_malloc(length - r->at);
	n = pread(r->fd, lines, length - r->at, (off_t)r->at);
	length = n > 0 ? whole_lines(lines, (gsize)n) : 0;
	if (length > 0)
		pcapng_writer_tls_keys(w, lines, length);
	r->at += length;
}
