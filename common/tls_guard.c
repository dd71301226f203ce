/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/tls_guard.h"

/* Content types of records, RFC 5246 section 6.2.1. */
#define CHANGE_CIPHER_SPEC 20
#define HANDSHAKE 22

/* --- records ---------------------------------------------------------------------------------- */

/* Whether a record of this type may begin. */
static bool may_begin(struct tls_records *r, guint8 type)
{
	if (type == CHANGE_CIPHER_SPEC)
		r->after_cipher = MAX(r->after_cipher, 1);
	else if (type == HANDSHAKE && r->after_cipher)
		r->after_cipher++;
	return r->after_cipher <= 2;
}

bool tls_records_allow(struct tls_records *r, const guint8 *data, gsize length)
{
	while (length > 0) {
		if (r->left > 0) {
			gsize n = MIN(r->left, length);

			r->left -= n;
			data += n;
			length -= n;
			continue;
		}
		r->head[r->have++] = *data++;
		length--;
		if (r->have == sizeof r->head) {
			r->have = 0;
			r->left = (gsize)(r->head[3] << 8 | r->head[4]);
			if (!may_begin(r, r->head[0]))
				return false;
		}
	}
	return true;
}

/* --- the input -------------------------------------------------------------------------------- */

typedef struct {
	GFilterInputStream parent;
	struct tls_records records;
} GuardInput;
typedef GFilterInputStreamClass GuardInputClass;

static GType guard_input_get_type(void);
static void guard_input_pollable(GPollableInputStreamInterface *i);

G_DEFINE_TYPE_WITH_CODE(GuardInput, guard_input, G_TYPE_FILTER_INPUT_STREAM,
			G_IMPLEMENT_INTERFACE(G_TYPE_POLLABLE_INPUT_STREAM, guard_input_pollable))

static GInputStream *base_of(gpointer stream)
{
	return g_filter_input_stream_get_base_stream(stream);
}

/* Passes on how many bytes were read, unless they begin another handshake. */
static gssize check_read(gpointer stream, const void *data, gssize n, GError **error)
{
	GuardInput *g = stream;

	if (n <= 0 || tls_records_allow(&g->records, data, (gsize)n))
		return n;
	g_set_error_literal(error, G_TLS_ERROR, G_TLS_ERROR_MISC, "the peer wants to renegotiate");
	return -1;
}

static gssize guard_read(GInputStream *stream, void *data, gsize length, GCancellable *cancellable,
			 GError **error)
{
	return check_read(stream, data,
			  g_input_stream_read(base_of(stream), data, length, cancellable, error),
			  error);
}

static gssize guard_read_nonblocking(GPollableInputStream *stream, void *data, gsize length,
				     GError **error)
{
	GPollableInputStream *base = G_POLLABLE_INPUT_STREAM(base_of(stream));

	return check_read(stream, data,
			  g_pollable_input_stream_read_nonblocking(base, data, length, NULL, error),
			  error);
}

static gboolean guard_is_readable(GPollableInputStream *stream)
{
	return g_pollable_input_stream_is_readable(G_POLLABLE_INPUT_STREAM(base_of(stream)));
}

static GSource *guard_create_source(GPollableInputStream *stream, GCancellable *cancellable)
{
	g_autoptr(GSource) base = g_pollable_input_stream_create_source(
		G_POLLABLE_INPUT_STREAM(base_of(stream)), cancellable);

	return g_pollable_source_new_full(stream, base, NULL);
}

static void guard_input_pollable(GPollableInputStreamInterface *i)
{
	i->is_readable = guard_is_readable;
	i->create_source = guard_create_source;
	i->read_nonblocking = guard_read_nonblocking;
}

static void guard_input_class_init(GuardInputClass *class)
{
	G_INPUT_STREAM_CLASS(class)->read_fn = guard_read;
}

static void guard_input_init(GuardInput *g G_GNUC_UNUSED)
{
}

/* --- the connection --------------------------------------------------------------------------- */

typedef struct {
	GTcpConnection parent;
	GInputStream *input; /* NULL: not asked for yet */
} GuardConnection;
typedef GTcpConnectionClass GuardConnectionClass;

static GType guard_connection_get_type(void);

G_DEFINE_TYPE(GuardConnection, guard_connection, G_TYPE_TCP_CONNECTION)

static GInputStream *guard_get_input(GIOStream *stream)
{
	GuardConnection *c = (GuardConnection *)stream;

	if (!c->input)
		c->input = g_object_new(
			guard_input_get_type(), "base-stream",
			G_IO_STREAM_CLASS(guard_connection_parent_class)->get_input_stream(stream),
			"close-base-stream", FALSE, NULL);
	return c->input;
}

static void guard_connection_finalize(GObject *object)
{
	g_clear_object(&((GuardConnection *)object)->input);
	G_OBJECT_CLASS(guard_connection_parent_class)->finalize(object);
}

static void guard_connection_class_init(GuardConnectionClass *class)
{
	G_IO_STREAM_CLASS(class)->get_input_stream = guard_get_input;
	G_OBJECT_CLASS(class)->finalize = guard_connection_finalize;
}

static void guard_connection_init(GuardConnection *c G_GNUC_UNUSED)
{
}

GSocketConnection *tls_guard_new(GSocket *socket)
{
	return g_object_new(guard_connection_get_type(), "socket", socket, NULL);
}
