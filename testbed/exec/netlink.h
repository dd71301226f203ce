/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to exec: one rtnetlink socket of one namespace, with a queue of requests.
 *
 * The socket belongs to the namespace in which it was opened and works from anywhere.  Requests are
 * collected and go out in one send; the kernel carries them out in order, answers refusals by
 * itself and is asked to acknowledge the last one only, so that one answer stands for all.
 */
#ifndef TESTBED_EXEC_NETLINK_H
#define TESTBED_EXEC_NETLINK_H

#include "common/base/object.h"
#include "testbed/plan/plan.h"

#include <netlink/attr.h>
#include <netlink/msg.h>

typedef struct nl_queue nl_queue;

/* Opens a socket in the calling thread's network namespace. */
nl_queue *nl_queue_new(GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nl_queue, object_free)

/* A request with its fixed header (ifinfomsg, ...), to which the caller puts attributes; an
 * attribute that does not fit is a bug and aborts. */
struct nl_msg *nl_request(int type, int flags, const void *header, gsize length);
/* The same with room for attributes of some kilobytes: an ordinary request has a page in all. */
struct nl_msg *nl_request_large(int type, int flags, const void *header, gsize length);
void nl_put(struct nl_msg *msg, int type, const void *data, gsize length);
void nl_put_u32(struct nl_msg *msg, int type, guint32 value);
void nl_put_text(struct nl_msg *msg, int type, const char *text);
void nl_put_addr(struct nl_msg *msg, int type, const struct addr *a);
struct nlattr *nl_nest(struct nl_msg *msg, int type);
void nl_nest_end(struct nl_msg *msg, struct nlattr *nest);

/* Queues `msg` (taken over) on behalf of `op`, which may be NULL and must live until the flush. The
 * queue is sent by itself when it is long. */
gboolean nl_queue_add(nl_queue *q, struct nl_msg *msg, const struct op *op,
		      const struct op **failed, GError **error);
/* While on, "is there already" and "is not there" are no refusals. */
void nl_queue_forgive(nl_queue *q, bool on);
/* Sends what is queued and blocks until the kernel has carried it out.  On failure `*failed` is the
 * operation of the first refused request; the error has the kernel's words. */
gboolean nl_queue_flush(nl_queue *q, const struct op **failed, GError **error);

#endif
