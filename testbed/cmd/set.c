/* SPDX-License-Identifier: GPL-2.0-or-later */
/* set, reset and reboot: changes of a lab that is up. */
#include "testbed/cmd/cmd.h"
#include "testbed/live/client.h"

#include <stdio.h>
#include <string.h>

/* Prints that the lab "is WORD", and its changes.  Returns the exit code. */
static int print_changed_lab(const json_t *status, const char *word)
{
	const json_t *changes = json_object_get(status, "changes"),
		     *endpoints = json_object_get(status, "endpoints");
	g_autoptr(GString) text = g_string_new(NULL);

	cmd_tell_troubled(endpoints);
	g_string_append_printf(text, "lab '%s' is %s: scenario %s", member_text(status, "name"),
			       word, member_text(status, "scenario"));
	for (size_t i = 0; i < json_array_size(changes); i++)
		g_string_append_printf(text, "\n  with %s",
				       json_string_value(json_array_get(changes, i)));
	g_string_append_c(text, '\n');
	return cmd_print(text->str, (gssize)text->len);
}

/* Whether the error is about a text, with file, line and column at its start. */
static bool is_located(const GError *error)
{
	return g_error_matches(error, TB_ERROR, TB_ERROR_INPUT) &&
	       strstr(error->message, ": error: ");
}

/* Prints why nothing was changed. */
static void print_refused(const GError *error)
{
	g_autofree char *line = g_strconcat(error->message, "\n", NULL);

	if (is_located(error))
		cmd_tell(line);
	else
		cmd_error("%s", error->message);
	cmd_note("nothing was changed");
}

/* Sends the request (taken over), and prints the result.  Returns the exit code. */
static int request_change(const struct options *o, json_t *request, const char *word)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(live_client) c = live_connect(o->name, &error);
	json_auto_t *status = NULL;

	if (!c) {
		json_decref(request);
		return cmd_failed(error);
	}
	status = live_request(c, request, NULL, NULL, &error);
	if (!status) {
		print_refused(error);
		return is_located(error) ? CMD_INPUT : cmd_exit_of(error);
	}
	return print_changed_lab(status, word);
}

int cmd_set(const struct options *o)
{
	json_t *texts = json_array();

	for (guint i = 0; o->arguments[i]; i++)
		json_array_append_new(texts, json_string(o->arguments[i]));
	return request_change(o, json_pack("{s:s, s:o}", "do", "set", "changes", texts), "changed");
}

int cmd_reboot(const struct options *o)
{
	g_autofree char *word = g_strdup_printf("up, %s has started again", o->arguments[0]);

	return request_change(o, json_pack("{s:s, s:s}", "do", "reboot", "node", o->arguments[0]),
			      word);
}

int cmd_reset(const struct options *o)
{
	return request_change(o, json_pack("{s:s}", "do", "reset"), "as declared again");
}
