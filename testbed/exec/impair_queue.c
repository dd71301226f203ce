/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/impair_queue.h"

#include <math.h>

#define NS_PER_US 1000
#define NS_PER_S 1000000000.0

struct impair_queue {
	struct impairment what;
	guint64 random;		    /* state of xorshift64* */
	bool losing;		    /* inside a run of losses */
	struct impair_frame **heap; /* by time, then order */
	guint n, allocated;
	guint64 order;
	/* in front of the rate: frames whose last bit has not been sent, first to last */
	struct impair_frame *line_head, *line_tail;
	guint64 line_bytes;
	guint line_frames;
	gint64 busy_until_ns, last_due_ns;
	struct impair_counts counts;
};

impair_queue *impair_queue_new(guint64 seed)
{
	impair_queue *q = g_new0(impair_queue, 1);

	q->random = seed | 1;
	return q;
}

void impair_queue_free(impair_queue *q)
{
	if (!q)
		return;
	for (guint i = 0; i < q->n; i++)
		g_free(q->heap[i]);
	g_free(q->heap);
	g_free(q);
}

void impair_queue_set(impair_queue *q, const struct impairment *what)
{
	q->what = *what;
	q->losing = false;
}

/* --- random numbers --------------------------------------------------------------------------- */

/* Vigna's xorshift64*: 0 <= x < 1. */
static double lot(impair_queue *q)
{
	q->random ^= q->random >> 12;
	q->random ^= q->random << 25;
	q->random ^= q->random >> 27;
	return (double)(q->random * 0x2545f4914f6cdd1d >> 11) / 9007199254740992.0;
}

static bool drawn(impair_queue *q, double pct)
{
	return pct > 0 && lot(q) * 100 < pct;
}

/* By Gilbert's model when losses come in runs. */
static bool is_lost(impair_queue *q)
{
	const struct impairment *w = &q->what;

	if (w->burst_packets == 0)
		return drawn(q, w->loss_pct);
	q->losing = q->losing ? lot(q) * w->burst_packets >= 1 || w->loss_pct >= 100 :
				drawn(q, impairment_burst_start_pct(w));
	return q->losing;
}

static gint64 draw_delay_ns(impair_queue *q)
{
	double delay = q->what.delay_us, jitter = q->what.jitter_us;

	switch (q->what.shape) {
	case JITTER_UNIFORM:
		delay += jitter > 0 ? jitter * (2 * lot(q) - 1) : 0;
		break;
	case JITTER_NORMAL: /* by Box and Muller; `jitter` is the standard deviation */
		delay += jitter > 0 ? jitter * sqrt(-2 * log(1 - lot(q))) * cos(2 * G_PI * lot(q)) :
				      0;
		break;
	}
	return (gint64)(MAX(delay, 0) * NS_PER_US);
}

/* --- the line in front of the rate ------------------------------------------------------------ */

static void line_advance(impair_queue *q, gint64 now_ns)
{
	while (q->line_head && q->line_head->line_ns <= now_ns) {
		struct impair_frame *f = q->line_head;

		q->line_head = f->next_in_line;
		q->line_bytes -= f->length;
		q->line_frames--;
	}
	if (!q->line_head)
		q->line_tail = NULL;
}

static bool line_is_full(const impair_queue *q, guint32 length)
{
	if (q->line_frames == 0)
		return false;
	if (q->what.queue > 0 && q->what.queue_unit == QUEUE_PACKETS)
		return q->line_frames >= q->what.queue;
	return q->line_bytes + length > impairment_queue_bytes(&q->what);
}

static void line_join(impair_queue *q, struct impair_frame *f, gint64 now_ns)
{
	double bytes_per_s = q->what.rate_kbit * 125.0;
	gint64 start_ns = MAX(q->busy_until_ns, now_ns);

	f->line_ns = q->busy_until_ns = start_ns + (gint64)(f->length * NS_PER_S / bytes_per_s);
	if (q->line_tail)
		q->line_tail->next_in_line = f;
	else
		q->line_head = f;
	q->line_tail = f;
	q->line_bytes += f->length;
	q->line_frames++;
}

/* --- frames by time --------------------------------------------------------------------------- */

static bool before(const struct impair_frame *a, const struct impair_frame *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void heap_add(impair_queue *q, struct impair_frame *f)
{
	guint at = q->n++;

	if (q->n > q->allocated) {
		q->allocated = MAX(64, 2 * q->allocated);
		q->heap = g_renew(struct impair_frame *, q->heap, q->allocated);
	}
	for (; at > 0 && before(f, q->heap[(at - 1) / 2]); at = (at - 1) / 2)
		q->heap[at] = q->heap[(at - 1) / 2];
	q->heap[at] = f;
}

static struct impair_frame *heap_remove_first(impair_queue *q)
{
	struct impair_frame *first = q->heap[0], *last = q->heap[--q->n];
	guint at = 0;

	for (;;) {
		guint child = 2 * at + 1;

		if (child + 1 < q->n && before(q->heap[child + 1], q->heap[child]))
			child++;
		if (child >= q->n || !before(q->heap[child], last))
			break;
		q->heap[at] = q->heap[child];
		at = child;
	}
	q->heap[at] = last;
	return first;
}

/* --- a frame's way ---------------------------------------------------------------------------- */

static void admit(impair_queue *q, gint64 now_ns, const guint8 *data, guint32 length)
{
	struct impair_frame *f;

	if (q->n >= IMPAIR_FRAMES_MAX || (q->what.rate_kbit > 0 && line_is_full(q, length))) {
		q->counts.overflowed++;
		return;
	}
	f = g_malloc(sizeof *f + length);
	*f = (struct impair_frame){.order = q->order++, .line_ns = now_ns, .length = length};
	memcpy(f->data, data, length);
	if (q->what.rate_kbit > 0)
		line_join(q, f, now_ns);
	f->due_ns = f->line_ns;
	if (drawn(q, q->what.reorder_pct))
		q->counts.reordered++;
	else
		f->due_ns += draw_delay_ns(q);
	/* At a rate frames keep their order, but for those that were drawn to overtake. */
	if (q->what.rate_kbit > 0 && q->what.reorder_pct <= 0)
		f->due_ns = q->last_due_ns = MAX(f->due_ns, q->last_due_ns);
	heap_add(q, f);
}

void impair_queue_put(impair_queue *q, gint64 now_ns, const guint8 *data, guint32 length)
{
	q->counts.received++;
	line_advance(q, now_ns);
	if (is_lost(q)) {
		q->counts.lost++;
		return;
	}
	if (drawn(q, q->what.duplicate_pct)) {
		q->counts.duplicated++;
		admit(q, now_ns, data, length);
	}
	admit(q, now_ns, data, length);
}

struct impair_frame *impair_queue_take(impair_queue *q, gint64 now_ns)
{
	if (q->n == 0 || q->heap[0]->due_ns > now_ns)
		return NULL;
	/* it has left the rate's queue before it leaves the link */
	line_advance(q, now_ns);
	q->counts.sent++;
	return heap_remove_first(q);
}

gint64 impair_queue_due_ns(const impair_queue *q)
{
	return q->n > 0 ? q->heap[0]->due_ns : -1;
}

const struct impair_counts *impair_queue_counts(const impair_queue *q)
{
	return &q->counts;
}
