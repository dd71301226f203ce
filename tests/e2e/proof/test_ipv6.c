/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Homes that have IPv6 alone, and an Edge that is reached over IPv6 alone. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/program.h"

struct seen {
	guint over6, over4, relays6; /* sign-ins through the Edge by family, and IPv6 relays offered
					by clients */
};

static void see(struct seen *s, const char *line)
{
	json_t *e = json_loads(line, 0, NULL);
	const char *name = json_string_value(json_object_get(e, "event"));
	const char *address =
		json_string_value(json_object_get(json_object_get(e, "server"), "address"));
	const char *candidate = json_string_value(json_object_get(e, "address"));

	if (g_strcmp0(name, "signed-in") == 0 && json_is_true(json_object_get(e, "remote_user")) &&
	    address)
		*(strchr(address, ':') ? &s->over6 : &s->over4) += 1;
	if (g_strcmp0(name, "candidate") == 0 &&
	    g_strcmp0(json_string_value(json_object_get(e, "type")), "relay") == 0 && candidate &&
	    strchr(candidate, ':'))
		s->relays6++;
	json_decref(e);
}

static struct seen run(const char *scenarios, const char *pairs)
{
	const char *args[] = {"run",	 "matrix",  "-t",      "topologies/dual-stack.yaml",
			      "-s",	 scenarios, "--media", "im,audio",
			      "--pairs", pairs,	    NULL};
	char *folder = program_folder_new();
	g_autofree char *path = g_strdup_printf("%s/run/events.jsonl", folder), *text = NULL;
	g_auto(GStrv) lines = NULL;
	struct seen s = {0, 0, 0};
	struct run r;

	program_run_matrix(folder, args, 0, &r);
	cr_expect_eq(r.exit_code, 0, "exit code %d: %s%s", r.exit_code, r.out, r.err);
	cr_assert(g_file_get_contents(path, &text, NULL, NULL), "no %s", path);
	lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i]; i++)
		see(&s, lines[i]);
	run_clear(&r);
	program_folder_free(folder);
	return s;
}

Test(ipv6, signalling_and_relays_of_homes_without_ipv4)
{
	struct seen s = run("ipv6-only,relays-over-ipv6", "home-a:home-b,pc1:home-a");

	cr_expect_eq(s.over6, 4, "%u sign-ins over IPv6", s.over6);
	cr_expect_eq(s.over4, 0, "%u sign-ins over IPv4", s.over4);
	cr_expect_eq(s.relays6, 0, "relays are IPv4, for the office has nothing else: %u of IPv6",
		     s.relays6);
}

Test(ipv6, clients_of_both_families_offer_relays_of_both)
{
	struct seen s = run("dual-stack", "pc1:home-a");

	cr_expect_geq(s.relays6, 2, "over UDP and over TCP: %u", s.relays6);
}

/* What fails names its cause: the run compares it with what the scenarios expect. */
Test(ipv6, a_firewall_and_a_missing_route_are_named)
{
	struct seen s = run("ipv6-firewall,ipv6-no-route", "home-a:home-b,pc1:home-a");

	cr_expect_eq(s.over4, 0, "%u sign-ins over IPv4", s.over4);
	cr_expect_eq(s.over6, 3, "%u sign-ins over IPv6", s.over6);
}
