/* SPDX-License-Identifier: GPL-2.0-or-later */
/* status and down: show and end labs that are up. */
#include "testbed/cmd/cmd.h"
#include "testbed/live/client.h"

#include <string.h>
#include <unistd.h>

/* --- status ----------------------------------------------------------------------------------- */

/* A duration as "90 s", "12 min" or "3 h"; the caller frees it. */
static char *uptime_text(json_int_t seconds)
{
	if (seconds < 120)
		return g_strdup_printf("%d s", (int)seconds);
	if (seconds < 7200)
		return g_strdup_printf("%d min", (int)(seconds / 60));
	return g_strdup_printf("%d h", (int)(seconds / 3600));
}

/* A member's text, borrowed; "?" when it is missing. */
static const char *member_or_unknown(const json_t *o, const char *key)
{
	const char *text = member_text(o, key);

	return text ? text : "?";
}

/* Appends the line of an endpoint. */
static void add_endpoint(GString *out, const json_t *e)
{
	const char *why = member_text(e, "why");
	const char *server = member_text(e, "server");
	int calls = (int)member_integer(e, "calls");

	g_string_append_printf(out, "  %-15s %s", member_or_unknown(e, "name"),
			       member_or_unknown(e, "state"));
	if (server)
		g_string_append_printf(out, " at %s%s", server,
				       member_true(e, "remote_user") ? " as RemoteUser" : "");
	if (calls > 0)
		g_string_append_printf(out, ", in %d call%s", calls, calls > 1 ? "s" : "");
	g_string_append_printf(out, "%s%s\n", why ? ": " : "", why ? why : "");
}

/* Appends the lines of a lab, by its status (docs/LIVE.md). */
static void add_lab(GString *out, const json_t *s)
{
	const json_t *changes = json_object_get(s, "changes"),
		     *endpoints = json_object_get(s, "endpoints");
	const json_t *died = json_object_get(s, "died"), *exercise = json_object_get(s, "exercise");
	const char *vpn = member_text(s, "vpn");
	g_autofree char *uptime = uptime_text(member_integer(s, "uptime_s"));

	g_string_append_printf(out, "lab '%s': %s, scenario %s; %s for %s\n",
			       member_or_unknown(s, "name"),
			       member_or_unknown(json_object_get(s, "topology"), "name"),
			       member_or_unknown(s, "scenario"),
			       json_is_null(json_object_get(s, "up_ms")) ? "coming up" : "up",
			       uptime);
	g_string_append_printf(out, "  %zu nodes, %zu clients, %.1f MiB%s%s%s%s\n",
			       json_array_size(json_object_get(s, "nodes")),
			       json_array_size(endpoints),
			       (double)member_integer(s, "memory_kib") / 1024,
			       vpn ? ", VPN by " : "", vpn ? vpn : "", report_vpn_note(vpn),
			       member_true(s, "published") ? ", published in /run/netns" : "");
	if (member_text(exercise, "name"))
		g_string_append_printf(out, "  exercise %s (level %d): %s\n",
				       member_text(exercise, "name"),
				       (int)member_integer(exercise, "level"),
				       member_or_unknown(exercise, "title"));
	for (size_t i = 0; i < json_array_size(changes); i++)
		g_string_append_printf(out, "  changed: %s\n",
				       json_string_value(json_array_get(changes, i)));
	for (size_t i = 0; i < json_array_size(died); i++)
		g_string_append_printf(out, "  %s\n", json_string_value(json_array_get(died, i)));
	for (size_t i = 0; i < json_array_size(endpoints); i++)
		add_endpoint(out, json_array_get(endpoints, i));
}

guint cmd_tell_troubled(const json_t *endpoints)
{
	guint troubled = 0;

	for (size_t i = 0; i < json_array_size(endpoints); i++) {
		const json_t *e = json_array_get(endpoints, i);
		const char *why = member_text(e, "why");

		if (!why)
			continue;
		cmd_note("%s could not sign in: %s", member_text(e, "name"), why);
		troubled++;
	}
	return troubled;
}

bool cmd_uses_live_lab(const struct options *o)
{
	bool up;

	if (o->name || o->topology || o->scenario || o->changes || o->fresh || o->run)
		return o->name != NULL;
	up = live_labs_up() > 0;
	cmd_note(up ? "in the lab that is up (--fresh: in a fresh one)" :
		      "in a fresh lab: none is up");
	return up;
}

/* The status of a lab, which the caller owns; NULL: it is not up. */
static json_t *status_of(const runtime_dir *m, const char *name)
{
	int fd = runtime_dir_connect(m, name);
	g_autoptr(live_client) c = fd >= 0 ? live_client_new(fd) : NULL;

	return c ? live_ask(c, "status", NULL) : NULL;
}

/* The status of every lab, or of `only` (NULL: all), which the caller owns.  Removes what dead labs
 * left, and notes it. */
static json_t *all_status(const runtime_dir *m, const char *only)
{
	g_auto(GStrv) names = runtime_dir_names(m);
	json_t *list = json_array();

	for (guint i = 0; names[i]; i++) {
		json_t *status;

		if (only && !g_str_equal(only, names[i]))
			continue;
		if (runtime_dir_tidy(m, names[i])) {
			cmd_note("lab '%s' had died; what was left of its name is removed",
				 names[i]);
			continue;
		}
		status = status_of(m, names[i]);
		if (status)
			json_array_append_new(list, status);
	}
	return list;
}

/* Prints the labs as text or JSON.  Returns the exit code. */
static int print_status(const json_t *labs, const struct options *o)
{
	g_autoptr(GString) text = g_string_new(NULL);

	if (o->json) {
		json_auto_t *document =
			json_pack("{s:s, s:O}", "schema", "testbed.status/1", "labs", labs);

		return cmd_write_document(o->json, document, 1);
	}
	for (size_t i = 0; i < json_array_size(labs); i++)
		add_lab(text, json_array_get(labs, i));
	if (json_array_size(labs) == 0)
		g_string_append(text, "no lab is up; 'testbed up' starts one\n");
	return cmd_print(text->str, (gssize)text->len);
}

int cmd_status(const struct options *o)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(runtime_dir) m = runtime_dir_open(&error);
	json_auto_t *labs = NULL;

	if (!m || (o->name && !runtime_dir_check_name(o->name, &error)))
		return cmd_failed(error);
	labs = all_status(m, o->name);
	return print_status(labs, o);
}

/* --- down ------------------------------------------------------------------------------------- */

/* Ends one lab, and notes what was done. */
static void take_down(const runtime_dir *m, const char *name)
{
	int fd = runtime_dir_connect(m, name);
	g_autoptr(live_client) c = fd >= 0 ? live_client_new(fd) : NULL;

	if (c) {
		/* "the lab is gone" is an answer as well */
		json_decref(live_ask(c, "down", NULL));
		cmd_note("lab '%s' is down", name);
	} else if (runtime_dir_tidy(m, name)) {
		cmd_note("lab '%s' had died; what was left of its name is removed", name);
	} else {
		cmd_note("lab '%s' is not up", name);
	}
}

int cmd_down(const struct options *o)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(runtime_dir) m = runtime_dir_open(&error);
	g_auto(GStrv) names = NULL;

	if (!m || (o->name && !runtime_dir_check_name(o->name, &error)))
		return cmd_failed(error);
	if (o->name && o->all)
		return cmd_fail(CMD_USAGE, "-n and --all: one or all?");
	names = runtime_dir_names(m);
	if (o->name) {
		take_down(m, o->name);
		return CMD_AS_EXPECTED;
	}
	if (names[0] && names[1] && !o->all) {
		g_autofree char *all = g_strjoinv(", ", names);

		return cmd_fail(
			CMD_USAGE,
			"several labs are up: choose with -n NAME, or --all (there are: %s)", all);
	}
	for (guint i = 0; names[i]; i++)
		take_down(m, names[i]);
	if (!names[0])
		cmd_note("no lab is up");
	return CMD_AS_EXPECTED;
}
