/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/report/sample.h"

#include <criterion/criterion.h>

static void add_endpoint(results *r, const char *name, const char *site, const char *address)
{
	struct result_endpoint *e = object_new(&result_endpoint_shape);

	e->name = g_strdup(name);
	e->site = g_strdup(site);
	e->address = g_strdup(address);
	g_ptr_array_add(r->endpoints, e);
}

static struct cell *add_cell(struct scenario_result *s, const char *what, const char *a,
			     const char *b, enum media media, enum verdict verdict,
			     enum path_class path)
{
	struct cell *c = cell_new();

	c->id = g_strdup_printf("%s/%s/%s", s->name, what, media_name(media));
	c->scenario = g_strdup(s->name);
	c->a = g_strdup(a);
	c->b = g_strdup(b);
	c->media = media;
	g_ptr_array_add(c->participants, g_strdup(a));
	if (b)
		g_ptr_array_add(c->participants, g_strdup(b));
	c->done = true;
	c->verdict = c->expected_verdict = verdict;
	c->path = path;
	c->has_expected_path = true;
	c->expected_path_mask = 1u << path;
	if (verdict == VERDICT_FAIL)
		c->reason = g_strdup("no candidate pair worked");
	cell_judge(c);
	g_ptr_array_add(s->cells, c);
	return c;
}

static void add_pair(struct scenario_result *s, const char *a, const char *b, enum path_class path)
{
	g_autofree char *what = g_strdup_printf("%s-%s", a, b);
	enum verdict verdict = path == PATH_NONE ? VERDICT_FAIL : VERDICT_PASS;

	add_cell(s, what, a, b, MEDIA_IM, VERDICT_PASS, PATH_SIGNALLING);
	add_cell(s, what, a, b, MEDIA_AUDIO, verdict, path);
	add_cell(s, what, a, b, MEDIA_VIDEO, verdict, path);
}

static void add_conference(struct scenario_result *s)
{
	struct cell *c =
		add_cell(s, "weekly", "dc1", NULL, MEDIA_AV_CONFERENCE, VERDICT_PASS, PATH_MCU);

	c->conference = g_strdup("weekly");
	g_ptr_array_add(c->participants, g_strdup("branch1"));
	g_ptr_array_add(c->participants, g_strdup("home1"));
}

static void add_scenario(results *r, const char *name, const char *title,
			 enum path_class branch_home)
{
	struct scenario_result *s = scenario_result_new(name, title);

	g_ptr_array_add(r->scenarios, s);
	s->build_ms = 30.25;
	add_pair(s, "dc1", "branch1", PATH_UDP_DIRECT);
	add_pair(s, "dc1", "home1", PATH_UDP_RELAY);
	add_pair(s, "dc1", "home2", PATH_UDP_RELAY);
	add_pair(s, "dc1", "cafe1", PATH_TCP_RELAY);
	add_pair(s, "branch1", "home1", branch_home);
	add_pair(s, "branch1", "home2", branch_home);
	add_pair(s, "branch1", "cafe1", branch_home == PATH_NONE ? PATH_NONE : PATH_TCP_RELAY);
	add_pair(s, "home1", "home2", PATH_UDP_NAT);
	add_pair(s, "home1", "cafe1", PATH_TCP_RELAY);
	add_pair(s, "home2", "cafe1", PATH_TCP_RELAY);
	add_conference(s);
}

static void measure(struct cell *c)
{
	c->setup_ms = 212.5;
	c->duration_ms = 3400;
	c->quality = (struct cell_quality){.rtt_ms = 1.25,
					   .jitter_ms = 0.4,
					   .loss_pct = 0,
					   .mos = 4.4,
					   .sent = 100,
					   .received = 100};
	c->local = (struct cell_candidate){.type = g_strdup("host"),
					   .address = g_strdup("10.0.1.101"),
					   .port = 40000,
					   .transport = g_strdup("udp")};
	c->remote = (struct cell_candidate){.type = g_strdup("host"),
					    .address = g_strdup("10.20.0.101"),
					    .port = 40002,
					    .transport = g_strdup("udp")};
}

static void spoil(results *r)
{
	struct cell *differs = sample_cell(r, "persistent-route/dc1-home1/audio");
	struct cell *error = sample_cell(r, "persistent-route/branch1-home2/video");
	struct cell *fails = sample_cell(r, "missing-route/branch1-home1/audio");

	differs->path = PATH_UDP_DIRECT;
	cell_judge(differs);
	error->verdict = VERDICT_ERROR;
	error->path = PATH_NONE;
	error->reason = g_strdup("no answer from home2 within 25 s");
	cell_judge(error);
	fails->ms_client_diagnostics = 23;
	fails->has_ice_warn = true;
	fails->ice_warn = 0x3eb;
	measure(sample_cell(r, "missing-route/dc1-branch1/audio"));
}

results *sample_results(void)
{
	results *r = results_new();

	r->complete = true;
	r->run_id = g_strdup("20250102-030405-6");
	r->seed = 42;
	r->version = g_strdup("1.0");
	r->kernel = g_strdup("6.1.0");
	r->wall_ms = 12345.678;
	r->build_ms = 30.25;
	r->topology_name = g_strdup("company");
	r->topology_sha256 = g_strdup("abc");
	r->topology_file = g_strdup("tests/data/topologies/company.yaml");
	g_hash_table_insert(r->features, g_strdup("vpn"), g_strdup("wireguard-go"));
	add_endpoint(r, "dc1", "datacenter", "10.0.1.101");
	add_endpoint(r, "branch1", "branch", "10.20.0.101");
	add_endpoint(r, "home1", "home", "192.168.1.10");
	add_endpoint(r, "home2", "home", "192.168.1.20");
	add_endpoint(r, "cafe1", "cafe", NULL);
	add_scenario(r, "missing-route", "The Edge has no route to the branch", PATH_NONE);
	add_scenario(r, "persistent-route", "Fix 1: a persistent route", PATH_UDP_RELAY);
	spoil(r);
	return r;
}

struct cell *sample_cell(results *r, const char *id)
{
	for (guint i = 0; i < r->scenarios->len; i++) {
		const struct scenario_result *s = r->scenarios->pdata[i];

		for (guint k = 0; k < s->cells->len; k++) {
			struct cell *c = s->cells->pdata[k];

			if (g_str_equal(c->id, id))
				return c;
		}
	}
	cr_assert_fail("no cell '%s'", id);
	return NULL;
}

results *sample_large(guint n)
{
	results *r = results_new();
	struct scenario_result *s = scenario_result_new("large", NULL);

	g_ptr_array_add(r->scenarios, s);
	for (guint i = 0; i < n; i++) {
		g_autofree char *name = g_strdup_printf("a-long-endpoint-name-%u", i);

		add_endpoint(r, name, "a-site-with-a-long-name-too", NULL);
		for (guint k = 0; k < i; k++) {
			g_autofree char *other = g_strdup_printf("a-long-endpoint-name-%u", k);

			add_pair(s, other, name, PATH_TCP_RELAY);
		}
	}
	return r;
}

void sample_compare_golden(const char *name, const char *text)
{
	g_autofree char *path = g_build_filename("tests", "golden", "report", name, NULL);
	g_autofree char *golden = NULL;

	if (g_getenv("GOLDEN_UPDATE"))
		g_file_set_contents(path, text, -1, NULL);
	cr_assert(g_file_get_contents(path, &golden, NULL, NULL), "%s can be read", path);
	cr_expect_str_eq(text, golden, "%s differs ('make golden-update' writes it anew):\n%s",
			 path, text);
}
