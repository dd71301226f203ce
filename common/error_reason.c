/* SPDX-License-Identifier: GPL-2.0-or-later */
#define G_DISABLE_CHECKS /* gcc takes those of G_DEFINE_EXTENDED_ERROR for null pointers */
#include "common/error_reason.h"
#include "common/wire/pack.h"

typedef struct {
	char *subject;
} ReasonErrorPrivate;

static void reason_error_private_init(ReasonErrorPrivate *p)
{
	p->subject = NULL;
}

static void reason_error_private_copy(const ReasonErrorPrivate *from, ReasonErrorPrivate *to)
{
	to->subject = g_strdup(from->subject);
}

static void reason_error_private_clear(ReasonErrorPrivate *p)
{
	g_free(p->subject);
}

/* The macro casts away const, which clang sees. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual"
G_DEFINE_EXTENDED_ERROR(ReasonError, reason_error)
#pragma GCC diagnostic pop

GError *reason_error_new(enum reason r, const char *subject, const char *format, ...)
{
	va_list args;
	GError *error;

	va_start(args, format);
	error = g_error_new_valist(REASON_ERROR, (gint)r, format, args);
	va_end(args);
	reason_error_get_private(error)->subject = g_strdup(subject);
	return error;
}

GError *reason_error_plain(enum reason r)
{
	return reason_error_new(r, NULL, "%s", reason_words(r));
}

static const struct {
	GIOErrorEnum code;
	enum reason reason;
} io_rows[] = {
	{G_IO_ERROR_CONNECTION_REFUSED, REASON_CONNECTION_REFUSED},
	{G_IO_ERROR_TIMED_OUT, REASON_CONNECTION_TIMED_OUT},
	{G_IO_ERROR_CONNECTION_CLOSED, REASON_CONNECTION_RESET}, /* ECONNRESET, EPIPE */
	{G_IO_ERROR_CLOSED, REASON_CONNECTION_CLOSED},
	{G_IO_ERROR_HOST_UNREACHABLE, REASON_HOST_UNREACHABLE},
	{G_IO_ERROR_NETWORK_UNREACHABLE, REASON_NETWORK_UNREACHABLE},
	{G_IO_ERROR_PERMISSION_DENIED, REASON_NOT_PERMITTED},
	{G_IO_ERROR_MESSAGE_TOO_LARGE, REASON_MESSAGE_TOO_LONG},
	{G_IO_ERROR_ADDRESS_IN_USE, REASON_ADDRESS_IN_USE},
	{G_IO_ERROR_NOT_FOUND, REASON_FILE_UNREADABLE},
	{G_IO_ERROR_INVALID_ARGUMENT, REASON_CONFIG_INVALID},
	{G_IO_ERROR_INVALID_DATA, REASON_MESSAGE_MALFORMED},
};

/* The reason of a code of G_IO_ERROR. */
static enum reason io_reason(int code)
{
	for (guint i = 0; i < G_N_ELEMENTS(io_rows); i++)
		if ((int)io_rows[i].code == code)
			return io_rows[i].reason;
	return REASON_INTERNAL;
}

enum reason errno_reason(int code)
{
	return io_reason((int)g_io_error_from_errno(code));
}

enum reason error_reason(const GError *error)
{
	if (error->domain == REASON_ERROR)
		return (enum reason)error->code;
	if (error->domain == G_IO_ERROR)
		return io_reason(error->code);
	if (error->domain == G_TLS_ERROR)
		return REASON_TLS_FAILED;
	if (error->domain == G_RESOLVER_ERROR)
		return error->code == G_RESOLVER_ERROR_NOT_FOUND ? REASON_DNS_NXDOMAIN :
								   REASON_DNS_FAILED;
	return error->domain == G_FILE_ERROR ? REASON_FILE_UNREADABLE : REASON_INTERNAL;
}

json_t *error_set(json_t *event, const GError *error)
{
	const char *subject =
		error->domain == REASON_ERROR ? reason_error_get_private(error)->subject : NULL;

	reason_set(event, error_reason(error), error->message);
	if (subject)
		json_object_set_new(event, "subject", event_text(subject));
	return event;
}
