/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/mutation/network_parts.h"

#define CLIENTS_MAX 2

static guint below(GRand *rand, guint count)
{
	return (guint)g_rand_int_range(rand, 0, (gint32)count);
}

#define ONE_OF(rand, texts) ((texts)[below((rand), G_N_ELEMENTS(texts))])

static void shape_branches(struct shape *s, GRand *rand)
{
	static const char *const kinds[] = {"wireguard", "wireguard", "gre", "ipip", "vxlan", NULL};
	guint with_edge = below(rand, 2 * BRANCHES_MAX);

	s->branch_count = below(rand, BRANCHES_MAX + 1);
	for (guint i = 0; i < s->branch_count; i++)
		s->branches[i] = (struct branch){.lan = s->lan + 1 + i,
						 .kind = ONE_OF(rand, kinds),
						 .clients = 1 + below(rand, CLIENTS_MAX),
						 .edge = i == with_edge};
}

static void shape_homes(struct shape *s, GRand *rand)
{
	static const char *const nats[] = {
		"",
		", preset: home-router",
		", preset: full-cone",
		", preset: symmetric-corporate",
		", preset: hotel",
		", mapping: address-dependent",
		", mapping: endpoint-independent, filtering: address-dependent, hairpin: true",
		", mapping: address-and-port-dependent, preserve_port: false",
	};

	s->home_count = 1 + below(rand, HOMES_MAX);
	for (guint i = 0; i < s->home_count; i++)
		s->homes[i] = (struct home){.clients = 1 + below(rand, CLIENTS_MAX),
					    .web_only = below(rand, 5) == 0,
					    .carrier = below(rand, 5) == 0,
					    .nat = ONE_OF(rand, nats)};
}

void network_shape_draw(struct shape *s, guint32 seed)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);

	s->lan = below(rand, 200);
	s->clients = 1 + below(rand, CLIENTS_MAX);
	s->perimeter = below(rand, 3) > 0;
	s->one_firewall = below(rand, 3) == 0;
	s->translated = below(rand, 3) == 0;
	s->strict = below(rand, 2) == 0;
	s->summary = below(rand, 2) == 0;
	s->name_server = below(rand, 2) == 0;
	s->service_name = below(rand, 3) > 0;
	s->both_views = below(rand, 2) == 0;
	s->ipv6 = !s->translated && below(rand, 3) == 0;
	s->bogon_filter = below(rand, 4) > 0;
	s->strong = below(rand, 2) == 0;
	shape_branches(s, rand);
	shape_homes(s, rand);
	s->forwarded = s->translated && !s->one_firewall && below(rand, 3) > 0;
	s->two_lines = !s->one_firewall && !s->forwarded && !s->ipv6 && below(rand, 3) == 0;
	s->web = !s->forwarded && below(rand, 2) == 0;
}
