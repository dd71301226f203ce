/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every example of docs/FORMATS.md that is a whole file loads, and every change kind and key is
 * written about. */
#include "testbed/model/model.h"

#include <criterion/criterion.h>
#include <string.h>

#define DOCUMENT "docs/FORMATS.md"

static char *document(void)
{
	char *text = NULL;

	cr_assert(g_file_get_contents(DOCUMENT, &text, NULL, NULL),
		  "no " DOCUMENT ": tests run from the top folder");
	return text;
}

static void load_example(const char *text, guint number)
{
	g_autofree char *name = g_strdup_printf(DOCUMENT "#example-%u", number);
	g_autofree char *findings = NULL;
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) m = model_load_text(name, text, strlen(text), d);

	findings = diags_to_text(d);
	cr_expect_not_null(m, "example %u must load, but:\n%s-- in:\n%s", number, findings, text);
}

Test(formats, whole_file_examples_load)
{
	g_autofree char *text = document();
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	GString *example = NULL;
	guint count = 0;

	for (char **line = lines; *line; line++) {
		if (example && strcmp(*line, "```") == 0) {
			load_example(example->str, ++count);
			g_string_free(example, TRUE);
			example = NULL;
		} else if (example) {
			g_string_append_printf(example, "%s\n", *line);
		} else if (strcmp(*line, "```yaml") == 0) {
			example = g_string_new(NULL);
		}
	}
	cr_expect_null(example, "the last example does not end");
	cr_expect_gt(count, 0, "no example at all");
}

/* The fragments of changes, put into one scenario of the first example, one after the other. */
Test(formats, change_fragments_load)
{
	g_autofree char *text = document();
	const char *base = strstr(text, "```yaml\n"),
		   *base_end = base ? strstr(base, "\n```\n") : NULL, *at = text;
	guint count = 0;

	cr_assert(base && base_end, "no example");
	base += strlen("```yaml\n");
	while ((at = strstr(at, "```yaml-fragment change\n"))) {
		const char *start = at + strlen("```yaml-fragment change\n"),
			   *end = strstr(start, "```\n");
		g_autofree char *fragment = g_strndup(start, (gsize)(end - start));
		g_auto(GStrv) lines = g_strsplit(fragment, "\n", -1);
		g_autoptr(GString) whole = g_string_new_len(base, base_end - base);

		g_string_append(whole, "\n  example:\n    changes:\n");
		for (char **line = lines; *line; line++)
			g_string_append_printf(whole, "      %s\n", *line);
		load_example(whole->str, 1000 + ++count);
		at = end;
	}
	cr_expect_gt(count, 20, "only %u change fragments", count);
}

Test(formats, every_word_is_documented)
{
	static const char *const words[] = {"topology",	     "title",
					    "domain",	     "max_loss",
					    "ice_profile",   "sites",
					    "networks",	     "nodes",
					    "tunnels",	     "conferences",
					    "expect",	     "scenarios",
					    "subnet",	     "reusable",
					    "host_model",    "forwarding",
					    "bogon_filter",  "interfaces",
					    "routes",	     "firewall",
					    "nat",	     "resolvers",
					    "nrpt",	     "hosts",
					    "sysctls",	     "services",
					    "endpoint",	     "stateful",
					    "masquerade",    "static",
					    "preset",	     "mapping",
					    "filtering",     "hairpin",
					    "preserve_port", "udp_timeout",
					    "zones",	     "records",
					    "forward",	     "access_fqdn",
					    "av_fqdn",	     "av_tcp",
					    "access_public", "av_public",
					    "av_tcp_public", "relay_ports",
					    "next_hop",	     "relay_to",
					    "engine",	     "underlay",
					    "prefixes",	     "mtu",
					    "organiser",     "participants",
					    "between",	     "verdict",
					    "cause",	     "add-route",
					    "remove-route",  "add-nrpt",
					    "block",	     "allow",
					    "remove-rule",   "add-node",
					    "remove-node",   "add-network",
					    "add-tunnel",    "add-interface",
					    "add-record",    "remove-record",
					    "set-nat",	     "link-down",
					    "link-up",	     "tunnel-down",
					    "tunnel-up",     "set-media-edge",
					    "stop-service",  "start-service",
					    "set-engine",    "set-host-model",
					    "set-sysctl",    "set-resolvers",
					    "set-mtu",	     "count",
					    "packet_time",   "to_port",
					    "access_port",   "add-nat",
					    "remove-nat",    NULL};
	g_autofree char *text = document();

	for (const char *const *word = words; *word; word++) {
		g_autofree char *quoted = g_strdup_printf("`%s`", *word);

		cr_expect_not_null(strstr(text, quoted), "%s does not speak of %s", DOCUMENT,
				   quoted);
	}
}
