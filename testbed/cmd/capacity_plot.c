/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/capacity.h"

#include <math.h>

/* Lengths of the drawing in pixels. */
#define WIDTH 760
#define LEFT 70
#define RIGHT 24
#define TOP 64
#define PANEL 170
#define GAP 46
#define BOTTOM 44
#define PANELS 3
#define LEGEND_LINE 20

/* Okabe and Ito's colours, which colour-blind people can tell apart; the shapes differ, too. */
static const char *const colours[] = {"#0072B2", "#D55E00", "#009E73",
				      "#CC79A7", "#E69F00", "#56B4E9"};

static double mos_of(const struct capacity_design *d G_GNUC_UNUSED, const struct capacity_step *s)
{
	return s->mos_min;
}

static double delay_of(const struct capacity_design *d G_GNUC_UNUSED, const struct capacity_step *s)
{
	return s->delay_ms;
}

/* The tunnel's load in percent of its rate; without a rate in kbit/s. */
static double load_of(const struct capacity_design *d, const struct capacity_step *s)
{
	return d->rate_kbit > 0 ? 100 * s->tunnel_kbit / d->rate_kbit : s->tunnel_kbit;
}

static const struct panel {
	const char *title;
	double (*value)(const struct capacity_design *d, const struct capacity_step *s);
	double low, high; /* of the axis; high grows with the values */
	double line;	  /* drawn across, NAN: none */
} panels[PANELS] = {
	{"lowest MOS of a call (estimate, G.107)", mos_of, 1, 4.5, CAPACITY_MOS_MIN},
	{"one-way delay, ms", delay_of, 0, 50, NAN},
	{"load of the tunnel, %", load_of, 0, 100, NAN},
};

/* A panel at its place in the drawing. */
struct frame {
	const struct panel *panel;
	double top, high; /* upper edge; end of the value axis */
	guint calls;	  /* end of the axis of calls */
	bool has_rate;	  /* a tunnel has one, so that its load is a share */
};

/* The column of a number of calls. */
static double x_of(const struct frame *f, double calls)
{
	return LEFT + (WIDTH - LEFT - RIGHT) * calls / f->calls;
}

/* The row of a value; one beyond the axis is drawn at its end. */
static double y_of(const struct frame *f, double value)
{
	return f->top + PANEL * (1 - (CLAMP(value, f->panel->low, f->high) - f->panel->low) /
					     (f->high - f->panel->low));
}

/* The smallest of 1, 2 and 5 times a power of ten that divides `span` into at most `n` steps. */
static double tick_step(double span, int n)
{
	double step = pow(10, floor(log10(span / n)));

	while (span / step > n)
		step *= span / (2 * step) <= n ? 2 : 5;
	return step;
}

/* Appends the axes with their figures, and the line of the panel; figures of calls only under the
 * last panel. */
static void put_axes(const struct frame *f, bool last, GString *out)
{
	bool share = f->panel->value != load_of || f->has_rate;
	double step = tick_step(f->high - f->panel->low, 5),
	       calls_step = MAX(1, tick_step(f->calls, 12));

	g_string_append_printf(out, "<text x=\"%d\" y=\"%.0f\" class=\"title\">%s</text>\n", LEFT,
			       f->top - 10, share ? f->panel->title : "load of the tunnel, kbit/s");
	for (double v = f->panel->low; v <= f->high + 1e-9; v += step)
		g_string_append_printf(
			out,
			"<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" class=\"grid\"/>"
			"<text x=\"%d\" y=\"%.1f\" class=\"y\">%g</text>\n",
			LEFT, WIDTH - RIGHT, y_of(f, v), y_of(f, v), LEFT - 8, y_of(f, v) + 4, v);
	for (double c = 0; c <= f->calls + 1e-9; c += calls_step) {
		g_string_append_printf(
			out,
			"<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.0f\" y2=\"%.0f\" class=\"axis\"/>",
			x_of(f, c), x_of(f, c), f->top + PANEL, f->top + PANEL + 5);
		if (last)
			g_string_append_printf(
				out, "<text x=\"%.1f\" y=\"%.0f\" class=\"x\">%g</text>\n",
				x_of(f, c), f->top + PANEL + 20, c);
	}
	g_string_append_printf(out, "<path d=\"M%d %.0fV%.0fH%d\" class=\"axis\"/>\n", LEFT, f->top,
			       f->top + PANEL, WIDTH - RIGHT);
	if (!isnan(f->panel->line))
		g_string_append_printf(
			out,
			"<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" class=\"bar\"/>"
			"<text x=\"%d\" y=\"%.1f\" class=\"note\">must not fall below %g</text>\n",
			LEFT, WIDTH - RIGHT, y_of(f, f->panel->line), y_of(f, f->panel->line),
			LEFT + 6, y_of(f, f->panel->line) + 14, f->panel->line);
}

static gint compare_calls(gconstpointer a, gconstpointer b)
{
	const struct capacity_step *const *x = a, *const *y = b;

	return ((*x)->calls > (*y)->calls) - ((*x)->calls < (*y)->calls);
}

/* Appends a point: filled where the number of calls was carried, else hollow; circles and squares
 * in turn. */
static void put_mark(double x, double y, bool carried, guint index, GString *out)
{
	const char *colour = colours[index % G_N_ELEMENTS(colours)];

	if (index % 2 == 0)
		g_string_append_printf(out,
				       "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" stroke=\"%s\" "
				       "fill=\"%s\" class=\"mark\"/>\n",
				       x, y, colour, carried ? colour : "#fff");
	else
		g_string_append_printf(out,
				       "<rect x=\"%.1f\" y=\"%.1f\" width=\"9\" height=\"9\" "
				       "stroke=\"%s\" fill=\"%s\" class=\"mark\"/>\n",
				       x - 4.5, y - 4.5, colour, carried ? colour : "#fff");
}

/* Appends the curve of a design, over the numbers of calls in order. */
static void put_design(const struct frame *f, const struct capacity_design *d, guint index,
		       GString *out)
{
	g_autoptr(GPtrArray) steps = g_ptr_array_new();
	g_autoptr(GString) marks = g_string_new(NULL);
	char move = 'M';

	for (guint i = 0; i < d->steps->len; i++)
		g_ptr_array_add(steps, d->steps->pdata[i]);
	g_ptr_array_sort(steps, compare_calls);
	g_string_append_printf(out, "<path class=\"curve\" stroke=\"%s\" d=\"",
			       colours[index % G_N_ELEMENTS(colours)]);
	ptr_array_foreach(const struct capacity_step, s, steps) {
		double value = f->panel->value(d, s);

		if (isnan(value))
			continue;
		g_string_append_printf(out, "%c%.1f %.1f", move, x_of(f, s->calls), y_of(f, value));
		move = 'L';
		put_mark(x_of(f, s->calls), y_of(f, value), s->carried, index, marks);
	}
	g_string_append_printf(out, "\"/>\n%s", marks->str);
}

/* Sets the ends of both axes so that all values fit. */
static void measure_axes(const GPtrArray *designs, struct frame *f)
{
	f->high = f->panel->high;
	f->calls = 4;
	ptr_array_foreach(const struct capacity_design, d, designs) {
		f->has_rate = f->has_rate || d->rate_kbit > 0;
		ptr_array_foreach(const struct capacity_step, s, d->steps) {
			double value = f->panel->value(d, s);

			f->calls = MAX(f->calls, s->calls);
			if (!isnan(value) && f->panel->low >= 0 && f->panel->value != mos_of)
				f->high = MAX(f->high, value);
		}
	}
	f->high = f->panel->value == mos_of ?
			  f->high :
			  ceil(f->high / tick_step(f->high, 5)) * tick_step(f->high, 5);
}

static void put_legend(const GPtrArray *designs, GString *out)
{
	for (guint i = 0; i < designs->len; i++) {
		const struct capacity_design *d = designs->pdata[i];
		double y = 22.0 + LEGEND_LINE * i;
		g_autofree char *name = g_markup_escape_text(d->scenario, -1);

		put_mark(LEFT + 5, y - 4, true, i, out);
		g_string_append_printf(
			out, "<text x=\"%d\" y=\"%.0f\">%s: carries %s%u call%s at once</text>\n",
			LEFT + 18, y, name, d->limit == CAPACITY_NONE_FOUND ? "at least " : "",
			d->carried, d->carried == 1 ? "" : "s");
	}
}

void capacity_plot(const GPtrArray *designs, GString *out)
{
	double top = TOP + LEGEND_LINE * (designs->len > 0 ? designs->len - 1 : 0);
	double height = top + PANELS * PANEL + (PANELS - 1) * GAP + BOTTOM;

	g_string_append_printf(out,
			       "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
			       "height=\"%.0f\" viewBox=\"0 0 %d %.0f\" "
			       "font-family=\"sans-serif\" font-size=\"13\">\n"
			       "<style>.grid{stroke:#ddd}.axis{stroke:#444;fill:none}.bar{stroke:#"
			       "a00;stroke-dasharray:6 4}"
			       ".title{font-weight:bold}.x{text-anchor:middle}.y{text-anchor:end}."
			       "note{fill:#a00;font-size:11px}"
			       ".curve{fill:none;stroke-width:2}.mark{stroke-width:2}</style>\n"
			       "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
			       WIDTH, height, WIDTH, height);
	put_legend(designs, out);
	for (guint i = 0; i < PANELS; i++) {
		struct frame f = {.panel = &panels[i], .top = top + i * (PANEL + GAP)};

		measure_axes(designs, &f);
		put_axes(&f, i == PANELS - 1, out);
		for (guint k = 0; k < designs->len; k++)
			put_design(&f, designs->pdata[k], k, out);
	}
	g_string_append_printf(out,
			       "<text x=\"%d\" y=\"%.0f\" class=\"x\">calls at once (hollow: not "
			       "carried well)</text>\n</svg>\n",
			       (LEFT + WIDTH - RIGHT) / 2, height - 8);
}
