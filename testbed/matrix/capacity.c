/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/matrix/capacity.h"

#include <math.h>

/* --- a step ----------------------------------------------------------------------------------- */

const struct object_shape capacity_step_shape = OBJECT_SHAPE(
	capacity_step, NULL, OWNS_TEXT(capacity_step, reason), OWNS_TEXT(capacity_step, machine));

/* The mean of `n` values; NAN for none. */
static double mean(double sum, guint n)
{
	return n > 0 ? sum / n : (double)NAN;
}

struct capacity_step *capacity_step_new(guint calls, const GPtrArray *cells)
{
	struct capacity_step *s = object_new(&capacity_step_shape);
	double mos = 0, delay = 0, loss = 0;
	guint n_mos = 0, n_delay = 0, n_loss = 0;

	*s = (struct capacity_step){.calls = calls, .mos_min = NAN};
	ptr_array_foreach(const struct cell, c, cells) {
		const struct cell_quality *q = &c->quality;

		s->passed += c->verdict == VERDICT_PASS ? 1 : 0;
		s->poor += q->poor ? 1 : 0;
		s->below += q->mos < CAPACITY_MOS_MIN ? 1 : 0;
		if (c->verdict != VERDICT_PASS && !s->reason)
			s->reason = g_strdup(c->reason);
		if (!isnan(q->mos)) {
			mos += q->mos;
			n_mos++;
			s->mos_min = isnan(s->mos_min) ? q->mos : fmin(s->mos_min, q->mos);
		}
		delay += isnan(q->delay_ms) ? 0 : q->delay_ms;
		n_delay += isnan(q->delay_ms) ? 0 : 1;
		loss += isnan(q->loss_pct) ? 0 : q->loss_pct;
		n_loss += isnan(q->loss_pct) ? 0 : 1;
	}
	s->mos = mean(mos, n_mos);
	s->delay_ms = mean(delay, n_delay);
	s->loss_pct = mean(loss, n_loss);
	s->carried = s->passed == s->calls && s->poor == 0 && s->below == 0;
	return s;
}

/* --- the steps -------------------------------------------------------------------------------- */

guint capacity_next(const GPtrArray *steps, guint calls_max)
{
	guint best = 0, worst = 0;

	ptr_array_foreach(const struct capacity_step, s, steps)
		if (s->carried)
			best = MAX(best, s->calls);
		else
			worst = worst == 0 ? s->calls : MIN(worst, s->calls);
	if (worst == 0)
		return best >= calls_max ? 0 : MIN(MAX(1, 2 * best), calls_max);
	return worst - MIN(worst, best) <= 1 ? 0 : (best + worst) / 2;
}

bool capacity_tunnel_full(const struct capacity_step *s, double rate_kbit)
{
	return rate_kbit > 0 && s->tunnel_kbit >= CAPACITY_LOAD_FULL * rate_kbit;
}

void capacity_conclude(struct capacity_design *d)
{
	const struct capacity_step *failed = NULL;

	d->carried = 0;
	ptr_array_foreach(const struct capacity_step, s, d->steps)
		if (s->carried)
			d->carried = MAX(d->carried, s->calls);
		else if (!failed || s->calls < failed->calls)
			failed = s;
	if (!failed)
		d->limit = CAPACITY_NONE_FOUND;
	else if (capacity_tunnel_full(failed, d->rate_kbit))
		d->limit = CAPACITY_TUNNEL;
	else if (failed->calls == 1 && failed->passed == 0)
		d->limit = CAPACITY_ELSEWHERE; /* one call alone fails: load is not the cause */
	else
		d->limit = failed->busy >= CAPACITY_BUSY_FULL || failed->machine ?
				   CAPACITY_MACHINE :
				   CAPACITY_ELSEWHERE;
}

const struct object_shape capacity_design_shape =
	OBJECT_SHAPE(capacity_design, NULL, OWNS_LIST(capacity_design, steps, object_free),
		     OWNS_TEXT(capacity_design, scenario), OWNS_TEXT(capacity_design, title),
		     OWNS_TEXT(capacity_design, skipped), OWNS_TEXT(capacity_design, trouble),
		     OWNS_TEXT(capacity_design, vpn), OWNS_TEXT(capacity_design, impairment),
		     OWNS_TEXT(capacity_design, uncontained));

/* --- what the network says -------------------------------------------------------------------- */

/* Whether a node of the site is a Front End or an Edge. */
static bool has_servers(const model *m, const char *site)
{
	ptr_array_foreach(const struct node, n, m->nodes)
		if (g_strcmp0(n->site, site) == 0 &&
		    (node_service(n, SERVICE_FRONTEND) || node_service(n, SERVICE_EDGE)))
			return true;
	return false;
}

/* Whether a tunnel ends at a node of the site. */
static bool has_tunnel(const model *m, const char *site)
{
	ptr_array_foreach(const struct tunnel, t, m->tunnels)
		if (g_strcmp0(t->ends[0].node->site, site) == 0 ||
		    g_strcmp0(t->ends[1].node->site, site) == 0)
			return true;
	return false;
}

/* The first endpoint at a site without servers, at which a tunnel ends or (behind_tunnel false)
 * does not; NULL: there is none. */
static const struct node *first_endpoint(const model *m, bool behind_tunnel)
{
	ptr_array_foreach(const struct node, n, m->nodes)
		if (n->endpoint && n->site && !has_servers(m, n->site) &&
		    has_tunnel(m, n->site) == behind_tunnel)
			return n;
	return NULL;
}

char *capacity_default_pair(const model *m)
{
	const struct node *a = first_endpoint(m, true), *b = first_endpoint(m, false);

	return a && b ? g_strdup_printf("%s:%s", a->name, b->name) : NULL;
}

double capacity_rate_kbit(const model *m)
{
	double slowest = 0;

	ptr_array_foreach(const struct tunnel, t, m->tunnels) {
		for (guint e = 0; e < 2; e++) {
			const struct impairment *w = tunnel_impairment(t, e);

			if (w && w->rate_kbit > 0 && (slowest <= 0 || w->rate_kbit < slowest))
				slowest = w->rate_kbit;
		}
	}
	return slowest;
}
