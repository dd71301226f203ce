/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/session/ends.h"

#include <stdlib.h>

json_t *end_candidate_json(const char *text)
{
	g_auto(GStrv) words = text ? g_strsplit(text, " ", 2) : NULL;
	g_auto(GStrv) type = NULL, place = NULL;

	if (!text)
		return json_null();
	type = g_strsplit(words[0], "/", 2);
	place = g_strsplit(words[1], ":", 2);
	return json_pack("{s:s, s:s, s:s?, s:s, s:i}", "type", type[0], "transport", "udp",
			 "relay_transport", type[1], "address", place[0], "port", atoi(place[1]));
}

static json_t *stream(const char *kind, const char *local, const char *remote, int received,
		      int expected)
{
	double loss = expected > 0 ? 100.0 * (expected - received) / expected : 0;

	return json_pack("{s:s, s:s, s:o, s:o, s:{s:i, s:i, s:i, s:f, s:f, s:n, s:f}}", "kind",
			 kind, "state", "ready", "local", end_candidate_json(local), "remote",
			 end_candidate_json(remote), "quality", "sent", 50, "received", received,
			 "expected", expected, "loss_pct", loss, "jitter_ms", 0.5, "rtt_ms", "mos",
			 4.4);
}

json_t *end_result(const char *event, const char *verdict, const char *kinds, const char *local,
		   const char *remote, int received, int expected)
{
	g_auto(GStrv) list = g_strsplit(kinds ? kinds : "", ",", 0);
	json_t *streams = json_array();

	for (guint i = 0; list[i]; i++)
		json_array_append_new(streams, stream(list[i], local, remote, received, expected));
	return json_pack("{s:s, s:s, s:f, s:o}", "event", event, "verdict", verdict, "setup_ms",
			 210.0, "streams", streams);
}

static struct cell *new_cell(const char *id, enum media media)
{
	struct cell *c = cell_new();

	c->id = g_strdup(id);
	c->scenario = g_strdup("missing-route");
	c->a = g_strdup("dc1");
	c->media = media;
	c->expected_verdict = VERDICT_PASS;
	g_ptr_array_add(c->participants, g_strdup("dc1"));
	return c;
}

struct cell *pair_cell(enum media media)
{
	struct cell *c = new_cell("missing-route/dc1-home1/x", media);

	c->b = g_strdup("home1");
	g_ptr_array_add(c->participants, g_strdup("home1"));
	return c;
}

struct cell *conference_cell(enum media media)
{
	struct cell *c = new_cell("missing-route/weekly/x", media);

	c->conference = g_strdup("weekly");
	g_ptr_array_add(c->participants, g_strdup("branch1"));
	g_ptr_array_add(c->participants, g_strdup("home1"));
	return c;
}
