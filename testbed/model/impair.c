/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Impairment of links: its keys, and how it is written. */
#include "testbed/model/impair.h"

#include "testbed/model/schema.h"
#include "testbed/model/value.h"

#include <string.h>

#define KBIT 1u
#define PACKET_BYTES                                                                              \
	1514u /* a full Ethernet frame: what "packets" of a queue count as where only bytes count \
	       */

static const char *const jitter_shape_names[] = {
	[JITTER_UNIFORM] = "uniform", [JITTER_NORMAL] = "normal", NULL};

static const struct unit time_units[] = {{"us", 1}, {"ms", 1000}, {"s", 1000000}, {NULL, 0}};
static const struct quantity delay_us = {
	.what = "a time such as 20ms or 500us",
	.units = time_units,
	.min = 1,
	.max = 60 * 1000 * 1000,
};
static const struct unit rate_units[] = {
	{"kbit", KBIT}, {"mbit", 1000 * KBIT}, {"gbit", 1000 * 1000 * KBIT}, {NULL, 0}};
static const struct quantity rate_kbit = {
	.what = "a rate such as 512kbit or 2mbit",
	.units = rate_units,
	.min = 8,
	.max = 10 * 1000 * 1000,
};
static const struct unit burst_units[] = {{"packets", 1}, {NULL, 0}};
static const struct quantity burst_packets = {
	.what = "a length such as 4packets",
	.units = burst_units,
	.min = 1,
	.max = 10000,
};

/* What a queue can be measured in; `unit` is a queue_unit's place. */
static const struct unit queue_ms_units[] = {{"ms", 1}, {"s", 1000}, {NULL, 0}};
static const struct unit queue_packet_units[] = {{"packets", 1}, {NULL, 0}};
static const struct unit queue_byte_units[] = {{"B", 1}, {"kB", 1000}, {"MB", 1000000}, {NULL, 0}};
#define QUEUE_WORDS "a size such as 100ms, 50packets or 64kB"
static const struct quantity queue_sizes[] = {
	[QUEUE_MS] = {.what = QUEUE_WORDS, .units = queue_ms_units, .min = 1, .max = 60 * 1000},
	[QUEUE_PACKETS] = {.what = QUEUE_WORDS,
			   .units = queue_packet_units,
			   .min = 1,
			   .max = 1000000},
	[QUEUE_BYTES] = {.what = QUEUE_WORDS,
			 .units = queue_byte_units,
			 .min = 1,
			 .max = 1000000000},
};

/* "0" may be written without unit. */
static bool is_zero(const yaml_node_t *value)
{
	return value->type == YAML_SCALAR_NODE &&
	       strcmp((const char *)value->data.scalar.value, "0") == 0;
}

bool read_zero(struct reader *r G_GNUC_UNUSED, const yaml_node_t *value, void *target,
	       const void *arg G_GNUC_UNUSED)
{
	if (is_zero(value))
		*(unsigned *)target = 0;
	return is_zero(value);
}

static bool read_amount(struct reader *r, const yaml_node_t *value, void *target, const void *arg)
{
	return read_zero(r, value, target, NULL) || read_quantity(r, value, target, arg);
}

static bool read_share(struct reader *r, const yaml_node_t *value, void *target, const void *arg)
{
	if (!is_zero(value))
		return read_percent(r, value, target, arg);
	*(double *)target = 0;
	return true;
}

static bool ends_with_unit(const char *text, const struct unit *units)
{
	size_t digits = strspn(text, "0123456789.");

	for (; units->suffix; units++)
		if (strcmp(text + digits, units->suffix) == 0)
			return true;
	return false;
}

/* Reads the size and its unit: 100ms, 50packets or 64kB.  `target` is the whole impairment. */
static bool read_queue(struct reader *r, const yaml_node_t *value, void *target,
		       const void *arg G_GNUC_UNUSED)
{
	struct impairment *i = target;
	const char *text = read_scalar(r, value);
	unsigned unit = 0;

	if (!text)
		return false;
	while (unit < G_N_ELEMENTS(queue_sizes) && !ends_with_unit(text, queue_sizes[unit].units))
		unit++;
	if (unit == G_N_ELEMENTS(queue_sizes))
		unit = QUEUE_MS; /* says what is wrong with it */
	i->queue_unit = (enum queue_unit)unit;
	return read_amount(r, value, &i->queue, &queue_sizes[unit]);
}

#define AMOUNT(key_, member_, quantity_)                        \
	KEY(key_, read_amount, impairment, member_, quantity_), \
		LIKE({.read = read_quantity, .arg = (quantity_)}, {.read = read_zero})
#define SHARE(key_, member_)                              \
	KEY(key_, read_share, impairment, member_, NULL), \
		LIKE({.read = read_percent}, {.read = read_zero})

const struct field impairment_fields[] = {
	{AMOUNT("delay", delay_us, &delay_us)},
	{AMOUNT("jitter", jitter_us, &delay_us)},
	{KEY("distribution", read_enum, impairment, shape, jitter_shape_names)},
	{SHARE("loss", loss_pct)},
	{AMOUNT("burst", burst_packets, &burst_packets)},
	{SHARE("reorder", reorder_pct)},
	{SHARE("duplicate", duplicate_pct)},
	{AMOUNT("rate", rate_kbit, &rate_kbit)},
	{.key = "queue",
	 .read = read_queue,
	 LIKE({.read = read_quantity, .arg = &queue_sizes[QUEUE_MS]},
	      {.read = read_quantity, .arg = &queue_sizes[QUEUE_PACKETS]},
	      {.read = read_quantity, .arg = &queue_sizes[QUEUE_BYTES]}, {.read = read_zero})},
	{0}};

void impairment_check(struct reader *r, const yaml_node_t *value, const struct impairment *i)
{
	if (i->jitter_us > i->delay_us)
		reader_error(r, value, "raise 'delay' or lower 'jitter'",
			     "the jitter is larger than the delay: packets can't arrive before "
			     "they are sent");
	if (i->reorder_pct > 0 && i->delay_us == 0)
		reader_error(r, value, "add 'delay'",
			     "'reorder' lets packets overtake those that wait, and none waits");
	if (i->burst_packets > 0 && i->loss_pct <= 0)
		reader_error(r, value, "add 'loss'",
			     "'burst' is the length of losses, and there is no loss");
	if (i->queue > 0 && i->rate_kbit == 0)
		reader_error(r, value, "add 'rate'",
			     "'queue' is what waits for a rate, and there is no rate");
}

bool read_impairment(struct reader *r, const yaml_node_t *value, void *target,
		     const void *arg G_GNUC_UNUSED)
{
	struct impairment *i = g_new0(struct impairment, 1);
	guint before = diags_errors(r->d);

	if (is_zero(value)) {
		g_free(*(struct impairment **)target);
		*(struct impairment **)target = i;
		return true;
	}
	if (!read_mapping(r, value, impairment_fields, i, NULL, NULL)) {
		g_free(i);
		return false;
	}
	if (diags_errors(r->d) == before)
		impairment_check(r, value, i);
	g_free(*(struct impairment **)target);
	*(struct impairment **)target = i;
	return true;
}

/* --- what it means and how it is written ------------------------------------------------------ */

bool impairment_is_none(const struct impairment *i)
{
	return !i ||
	       (i->delay_us == 0 && i->loss_pct <= 0 && i->duplicate_pct <= 0 && i->rate_kbit == 0);
}

double impairment_burst_start_pct(const struct impairment *i)
{
	double loss = i->loss_pct / 100;

	return loss >= 1 ? 100 : MIN(100, 100 * loss / (i->burst_packets * (1 - loss)));
}

const char *jitter_shape_name(enum jitter_shape v)
{
	return jitter_shape_names[v];
}

guint64 impairment_queue_bytes(const struct impairment *i)
{
	if (i->rate_kbit == 0)
		return 0;
	if (i->queue == 0)
		return IMPAIRMENT_QUEUE_MS * (guint64)i->rate_kbit / 8u;
	switch (i->queue_unit) {
	case QUEUE_MS:
		return i->queue * (guint64)i->rate_kbit / 8u;
	case QUEUE_PACKETS:
		return (guint64)i->queue * PACKET_BYTES;
	case QUEUE_BYTES:
		break;
	}
	return i->queue;
}

/* How keys are joined: " delay 20ms" or ", delay: 20ms". */
struct joints {
	const char *before, *between;
};

/* Appends key and amount, in the largest unit that gives a whole number; nothing for 0. */
static void print_amount(GString *out, const struct joints *j, const char *key, unsigned amount,
			 const struct unit *units)
{
	const struct unit *best = units;

	if (amount == 0)
		return;
	for (const struct unit *u = units; u->suffix; u++)
		if (amount % u->factor == 0)
			best = u;
	g_string_append_printf(out, "%s%s%s%u%s", j->before, key, j->between, amount / best->factor,
			       best->suffix);
}

static void print_share(GString *out, const struct joints *j, const char *key, double pct)
{
	if (pct > 0)
		g_string_append_printf(out, "%s%s%s%g%%", j->before, key, j->between, pct);
}

static void print_keys(const struct impairment *i, GString *out, const struct joints *j)
{
	print_amount(out, j, "delay", i->delay_us, time_units);
	print_amount(out, j, "jitter", i->jitter_us, time_units);
	if (i->jitter_us > 0)
		g_string_append_printf(out, "%sdistribution%s%s", j->before, j->between,
				       jitter_shape_names[i->shape]);
	print_share(out, j, "loss", i->loss_pct);
	print_amount(out, j, "burst", i->burst_packets, burst_units);
	print_share(out, j, "reorder", i->reorder_pct);
	print_share(out, j, "duplicate", i->duplicate_pct);
	print_amount(out, j, "rate", i->rate_kbit, rate_units);
	print_amount(out, j, "queue", i->queue, queue_sizes[i->queue_unit].units);
}

void impairment_print(const struct impairment *i, GString *out)
{
	if (impairment_is_none(i))
		g_string_append(out, " none");
	else
		print_keys(i, out, &(const struct joints){" ", " "});
}

void impairment_print_keys(const struct impairment *i, GString *out)
{
	print_keys(i, out, &(const struct joints){", ", ": "});
}
