/* SPDX-License-Identifier: GPL-2.0-or-later */
/* credentials: what another client needs to be an endpoint's user in a lab that is up. */
#include "testbed/cmd/cmd.h"
#include "testbed/live/client.h"

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "-";
}

static void add_sip(GString *out, const json_t *sip)
{
	const json_t *server = json_object_get(sip, "server");

	g_string_append_printf(out, "sip user       sip:%s\nsip password   %s\nsip realm      %s\n",
			       text_of(sip, "user"), text_of(sip, "password"),
			       text_of(sip, "realm"));
	if (json_is_object(server))
		g_string_append_printf(out, "sip server     %s:%d;transport=tls  %s\n",
				       text_of(server, "name"),
				       (int)json_integer_value(json_object_get(server, "port")),
				       text_of(server, "address"));
	else
		g_string_append(out, "sip server     none\n");
	g_string_append_printf(out, "sip CA         %s\n", text_of(sip, "ca"));
}

static void add_relay(GString *out, const json_t *relay)
{
	g_autoptr(GDateTime) expires = g_date_time_new_from_unix_utc(
		json_integer_value(json_object_get(relay, "expires")));
	g_autofree char *until =
		expires ? g_date_time_format(expires, "%Y-%m-%dT%H:%M:%SZ") : g_strdup("-");
	size_t i;
	json_t *uri;

	if (!json_is_object(relay)) {
		g_string_append(out, "relay          none\n");
		return;
	}
	json_array_foreach(json_object_get(relay, "uris"), i, uri)
		g_string_append_printf(out, "relay          %s\n", json_string_value(uri));
	g_string_append_printf(out,
			       "relay user     %s\nrelay password %s\nrelay realm    %s\n"
			       "relay until    %s\n",
			       text_of(relay, "username"), text_of(relay, "password"),
			       text_of(relay, "realm"), until);
}

int cmd_credentials(const struct options *o)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(live_client) c = live_connect(o->name, &error);
	g_autoptr(GString) text = g_string_new(NULL);
	json_auto_t *told = NULL;

	if (c)
		told = live_request(
			c, json_pack("{s:s, s:s}", "do", "credentials", "node", o->arguments[0]),
			NULL, NULL, &error);
	if (!told)
		return cmd_failed(error);
	if (o->json)
		return cmd_write_document(o->json, told, CMD_AS_EXPECTED);
	add_sip(text, json_object_get(told, "sip"));
	add_relay(text, json_object_get(told, "relay"));
	return cmd_print(text->str, (gssize)text->len);
}
