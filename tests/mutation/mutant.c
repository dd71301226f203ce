/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/mutation/mutant.h"

#include "tests/mutation/draw.h"

struct row {
	const char *word;
	guint weight; /* against the other rows */
	bool (*draw)(struct draw *d);
};

/* --- the table -------------------------------------------------------------------------------- */

static const struct row rows[] = {
	{"remove-route", 8, draw_remove_route},
	{"add-route", 6, draw_add_route},
	{"reboot", 1, draw_reboot},
	{"block", 8, draw_block},
	{"reject", 3, draw_reject},
	{"remove-rule", 6, draw_remove_rule},
	{"allow", 2, draw_inspect},
	{"metric", 3, draw_metric},
	{"add-policy-rule", 3, draw_add_policy_rule},
	{"remove-policy-rule", 2, draw_remove_policy_rule},
	{"set-nat", 5, draw_set_nat},
	{"remove-nat", 3, draw_remove_nat},
	{"add-nat", 2, draw_add_nat},
	{"set-impair", 6, draw_set_impair},
	{"set-mtu", 4, draw_set_mtu},
	{"link-down", 4, draw_link_down},
	{"tunnel-down", 1, draw_tunnel_down},
	{"remove-prefix", 2, draw_remove_prefix},
	{"remove-record", 3, draw_remove_record},
	{"set-record", 3, draw_set_record},
	{"add-host", 2, draw_add_host},
	{"remove-host", 1, draw_remove_host},
	{"set-resolvers", 2, draw_set_resolvers},
	{"add-nrpt", 2, draw_add_nrpt},
	{"remove-nrpt", 1, draw_remove_nrpt},
	{"stop-service", 2, draw_stop_service},
	{"set-certificate", 2, draw_set_certificate},
	{"set-edge", 4, draw_set_edge},
	{"set-frontend", 1, draw_set_frontend},
	{"set-reverse-proxy", 1, draw_set_proxy},
	{"set-password", 1, draw_set_password},
	{"set-account", 1, draw_set_account},
	{"set-host-model", 2, draw_set_host_model},
	{"set-sysctl", 2, draw_set_sysctl},
	{"remove-node", 1, draw_remove_node},
};

bool mutant_has_word(const char *word)
{
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (g_str_equal(rows[i].word, word))
			return true;
	}
	return false;
}

static const struct row *some_row(struct draw *d, const char *only)
{
	guint all = 0, n;

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (only && g_str_equal(rows[i].word, only))
			return &rows[i];
		all += rows[i].weight;
	}
	n = lot(d, all);
	for (guint i = 0;; i++) {
		if (n < rows[i].weight)
			return &rows[i];
		n -= rows[i].weight;
	}
}

/* --- a cell ----------------------------------------------------------------------------------- */

static bool draw_ends(struct draw *d)
{
	g_autoptr(GPtrArray) clients = g_ptr_array_new();

	for (guint i = 0; i < d->m->nodes->len; i++) {
		struct node *n = d->m->nodes->pdata[i];

		if (n->endpoint)
			g_ptr_array_add(clients, n);
	}
	if (clients->len < 2)
		return false;
	for (guint i = 0; i < G_N_ELEMENTS(d->ends); i++) {
		guint k = lot(d, clients->len);

		d->ends[i] = g_ptr_array_remove_index(clients, k);
	}
	return true;
}

/* The pair in the order of the file, as cell ids have it. */
static void order_ends(struct draw *d)
{
	guint first, second;

	g_ptr_array_find(d->m->nodes, d->ends[0], &first);
	g_ptr_array_find(d->m->nodes, d->ends[1], &second);
	if (first > second) {
		const struct node *was = d->ends[0];

		d->ends[0] = d->ends[1];
		d->ends[1] = was;
	}
}

static struct mutant *mutant_new(const char *word, guint number)
{
	struct mutant *m = g_new0(struct mutant, 1);

	m->word = word;
	m->fault.name = g_strdup_printf("%s-%u", word, number);
	m->fault.file = g_strdup("by lot");
	m->fault.codes = g_ptr_array_new_with_free_func(g_free);
	m->fault.nodes = g_ptr_array_new_with_free_func(g_free);
	m->fault.objects = g_ptr_array_new_with_free_func(g_free);
	return m;
}

void mutant_free(struct mutant *m)
{
	if (!m)
		return;
	g_free(m->network);
	g_free(m->fault.name);
	g_free(m->fault.file);
	g_free(m->fault.topology);
	g_free(m->fault.scenario);
	g_free(m->fault.cell);
	g_free(m->fault.changes);
	g_ptr_array_unref(m->fault.codes);
	g_ptr_array_unref(m->fault.nodes);
	g_ptr_array_unref(m->fault.objects);
	g_free(m);
}

/* Two of three calls are audio: most of what can break breaks media. */
static enum media some_media(struct draw *d)
{
	static const enum media kinds[] = {MEDIA_AUDIO, MEDIA_AUDIO, MEDIA_AUDIO,
					   MEDIA_AUDIO, MEDIA_IM,    MEDIA_VIDEO};

	return ONE_TEXT(d, kinds);
}

static bool passes(const model *base, const struct scenario *sc, const struct draw *d,
		   enum media media)
{
	const struct expect *e =
		scenario_expect(base, sc, d->ends[0]->name, d->ends[1]->name, media);

	return !e || e->verdict == VERDICT_PASS;
}

static bool has_proxy(const model *m)
{
	for (guint i = 0; i < m->nodes->len; i++)
		if (node_service(m->nodes->pdata[i], SERVICE_REVERSE_PROXY))
			return true;
	return false;
}

/* In every third draw the two ends find their server by the web alone, where it is there for
 * clients inside and outside: others go on to other names, and the call passes. */
static void draw_discovery(struct draw *d, const char *word)
{
	g_autofree char *change = NULL;

	if (!has_proxy(d->m) || (lot(d, 3) > 0 && !g_str_equal(word, "set-reverse-proxy")))
		return;
	change = g_strdup_printf("set-discovery: {nodes: [%s, %s], discovery: web}\n- ",
				 d->ends[0]->name, d->ends[1]->name);
	g_string_prepend(d->change, change);
}

struct mutant *mutant_draw(const model *base, const char *topology, guint number, const char *only,
			   GRand *rand)
{
	g_autoptr(diags) findings = diags_new();
	struct draw d = {.rand = rand, .change = g_string_new(NULL)};
	const struct scenario *sc = one_of(&d, base->scenarios);
	g_autoptr(model) m = model_instantiate(base, sc, findings);
	enum media media = some_media(&d);
	const struct row *row = some_row(&d, only);
	struct mutant *x = mutant_new(row->word, number);
	bool fits;

	d.m = m;
	d.nodes = x->fault.nodes;
	d.objects = x->fault.objects;
	fits = m && draw_ends(&d) && (order_ends(&d), passes(m, sc, &d, media)) && row->draw(&d);
	if (fits) {
		draw_discovery(&d, row->word);
		x->fault.topology = g_strdup(topology);
		x->fault.scenario = g_strdup(sc->name);
		x->fault.cell = g_strdup_printf("%s-%s/%s", d.ends[0]->name, d.ends[1]->name,
						media_name(media));
		x->fault.changes = g_strdup_printf("- %s\n", d.change->str);
		x->mendable = !d.unmendable;
	} else {
		g_clear_pointer(&x, mutant_free);
	}
	g_string_free(d.change, TRUE);
	return x;
}
