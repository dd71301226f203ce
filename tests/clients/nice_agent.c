/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: nice-agent --control-fd=3
 *
 * A client of somebody else's making, as an example for docs/AGENTS.md: it speaks the agent
 * protocol with the lab, and to its peer something that is no SIP: one JSON object a line over TCP
 * port 5999 (an SDP offer and its answer, a text, or a wish for a UDP echo).  ICE is libnice's,
 * media are numbered datagrams.  Stands on GIO, libnice, jansson.
 */
#include <gio/gio.h>
#include <gio/gunixinputstream.h>
#include <jansson.h>
#include <nice/agent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONTROL_FD 3
#define PEER_PORT 5999
#define PACKETS 40
#define PACKET_MS 20
#define GRACE_MS 300 /* for what is still on the way after our own last packet */

static char *own_address, *domain;

/* --- the lab ---------------------------------------------------------------------------------- */

static void event(const char *name, json_t *fields)
{
	json_t *e = fields ? fields : json_object();
	char *text;

	json_object_set_new(e, "event", json_string(name));
	json_object_set_new(e, "time_us", json_integer(g_get_monotonic_time()));
	text = json_dumps(e, JSON_COMPACT);
	/* a line fits the socket's buffer by far */
	if (write(CONTROL_FD, text, strlen(text)) < 0 || write(CONTROL_FD, "\n", 1) < 0)
		exit(1);
	free(text);
	json_decref(e);
}

static json_t *candidate_json(const NiceCandidate *c)
{
	static const char *const types[] = {"host", "srflx", "prflx", "relay"};
	char address[NICE_ADDRESS_STRING_LEN];

	nice_address_to_string(&c->addr, address);
	return json_pack("{s:s, s:s, s:n, s:s, s:i}", "type", types[c->type], "transport", "udp",
			 "relay_transport", "address", address, "port",
			 (int)nice_address_get_port(&c->addr));
}

static json_t *plain_candidate(const char *type, const char *address, int port)
{
	return json_pack("{s:s, s:s, s:n, s:s, s:i}", "type", type, "transport", "udp",
			 "relay_transport", "address", address, "port", port);
}

/* Steals the candidates. */
static void report(const char *call, const char *role, const char *peer, json_t *local,
		   json_t *remote, int sent, int received)
{
	json_t *quality = json_pack("{s:i, s:i, s:i, s:f}", "sent", sent, "received", received,
				    "expected", sent, "loss_pct",
				    sent > 0 ? 100.0 * (sent - MIN(sent, received)) / sent : 0.0);
	json_t *stream = json_pack("{s:s, s:s, s:o, s:o, s:o}", "kind", "audio", "state", "ready",
				   "local", local, "remote", remote, "quality", quality);

	event("call-result",
	      json_pack("{s:s, s:s, s:s, s:s, s:n, s:n, s:f, s:[o], s:{}}", "call", call, "role",
			role, "peer", peer, "verdict", received > 0 ? "pass" : "fail", "reason",
			"stage", "setup_ms", 1.0, "streams", stream, "diagnostics"));
}

/* --- a call ----------------------------------------------------------------------------------- */

struct call {
	char *id, *peer;
	gboolean caller, answered;
	GDataInputStream *in;
	GSocketConnection *connection;
	NiceAgent *agent;
	guint stream;
	int sent, received;
	GSocket *echo; /* instead of an agent */
};

static void send_line(struct call *c, json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);
	g_autofree char *line = g_strconcat(text, "\n", NULL);

	g_output_stream_write_all(g_io_stream_get_output_stream(G_IO_STREAM(c->connection)), line,
				  strlen(line), NULL, NULL, NULL);
	free(text);
	json_decref(object);
}

static gboolean on_end(gpointer data)
{
	struct call *c = data;
	NiceCandidate *local = NULL, *remote = NULL;

	if (nice_agent_get_selected_pair(c->agent, c->stream, 1, &local, &remote))
		report(c->id, c->caller ? "caller" : "callee", c->peer, candidate_json(local),
		       candidate_json(remote), c->sent, c->received);
	return G_SOURCE_REMOVE;
}

static gboolean on_tick(gpointer data)
{
	struct call *c = data;

	nice_agent_send(c->agent, c->stream, 1, sizeof c->sent, (const char *)&c->sent);
	if (++c->sent < PACKETS)
		return G_SOURCE_CONTINUE;
	g_timeout_add(GRACE_MS, on_end, c);
	return G_SOURCE_REMOVE;
}

static void on_packet(NiceAgent *agent, guint stream, guint component, guint length, char *buffer,
		      gpointer data)
{
	struct call *c = data;

	(void)agent, (void)stream, (void)component, (void)length, (void)buffer;
	c->received++;
}

static void on_state(NiceAgent *agent, guint stream, guint component, guint state, gpointer data)
{
	(void)agent, (void)stream, (void)component;
	if (state == NICE_COMPONENT_STATE_READY)
		g_timeout_add(PACKET_MS, on_tick, data);
	if (state == NICE_COMPONENT_STATE_FAILED)
		report(((struct call *)data)->id,
		       ((struct call *)data)->caller ? "caller" : "callee",
		       ((struct call *)data)->peer, json_null(), json_null(), 0, 0);
}

static void on_gathered(NiceAgent *agent, guint stream, gpointer data)
{
	struct call *c = data;
	g_autofree char *sdp = nice_agent_generate_local_sdp(agent);

	(void)stream;
	send_line(c, json_pack("{s:s, s:s}", "call", c->id, "sdp", sdp));
}

static void start_ice(struct call *c)
{
	NiceAddress address;

	c->agent = nice_agent_new(g_main_context_default(), NICE_COMPATIBILITY_RFC5245);
	g_object_set(c->agent, "upnp", FALSE, "ice-tcp", FALSE, "controlling-mode", c->caller,
		     NULL);
	nice_address_init(&address);
	if (nice_address_set_from_string(&address, own_address))
		nice_agent_add_local_address(c->agent, &address);
	c->stream = nice_agent_add_stream(c->agent, 1);
	nice_agent_set_stream_name(c->agent, c->stream, "audio");
	nice_agent_attach_recv(c->agent, c->stream, 1, g_main_context_default(), on_packet, c);
	g_signal_connect(c->agent, "candidate-gathering-done", G_CALLBACK(on_gathered), c);
	g_signal_connect(c->agent, "component-state-changed", G_CALLBACK(on_state), c);
}

/* --- the peer --------------------------------------------------------------------------------- */

static gboolean on_echo(GSocket *socket, GIOCondition condition, gpointer data)
{
	struct call *c = data;
	g_autoptr(GSocketAddress) from = NULL;
	char buffer[2048];
	gssize n = g_socket_receive_from(socket, &from, buffer, sizeof buffer, NULL, NULL);

	(void)condition;
	if (n <= 0)
		return G_SOURCE_CONTINUE;
	g_socket_send_to(socket, from, buffer, (gsize)n, NULL, NULL);
	c->received++;
	g_object_set_data_full(G_OBJECT(socket), "from", g_steal_pointer(&from), g_object_unref);
	return G_SOURCE_CONTINUE;
}

static void start_echo(struct call *c, int port)
{
	g_autoptr(GSocketAddress) local =
		g_inet_socket_address_new_from_string(own_address, (guint)port);
	g_autoptr(GSource) source = NULL;

	c->echo = g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP,
			       NULL);
	if (!g_socket_bind(c->echo, local, TRUE, NULL))
		return;
	source = g_socket_create_source(c->echo, G_IO_IN, NULL);
	g_source_set_callback(source, G_SOURCE_FUNC(on_echo), c, NULL);
	g_source_attach(source, NULL);
	send_line(c, json_pack("{s:b}", "ok", 1));
}

static void end_echo(struct call *c)
{
	GInetSocketAddress *from = g_object_get_data(G_OBJECT(c->echo), "from");
	g_autofree char *address =
		from ? g_inet_address_to_string(g_inet_socket_address_get_address(from)) :
		       g_strdup("0.0.0.0");

	report(c->id, "callee", c->peer, plain_candidate("host", own_address, 0),
	       plain_candidate("relay", address, from ? g_inet_socket_address_get_port(from) : 0),
	       c->received, c->received);
}

static void take_sdp(struct call *c, const char *sdp)
{
	if (!c->agent) {
		event("incoming-call", json_pack("{s:s, s:s, s:[s]}", "call", c->id, "from",
						 c->peer, "media", "audio"));
		start_ice(c);
	}
	if (nice_agent_parse_remote_sdp(c->agent, sdp) < 0)
		g_printerr("the peer's SDP can't be read\n");
	if (!c->caller)
		nice_agent_gather_candidates(c->agent, c->stream);
}

static void take_message(struct call *c, const json_t *m)
{
	const char *id = json_string_value(json_object_get(m, "call"));
	const char *from = json_string_value(json_object_get(m, "from"));

	if (id && !c->id)
		c->id = g_strdup(id);
	if (from && !c->peer)
		c->peer = g_strdup(from);
	if (json_object_get(m, "text")) {
		event("im-received", json_pack("{s:s, s:s, s:O}", "call", c->id, "from", c->peer,
					       "text", json_object_get(m, "text")));
		send_line(c, json_pack("{s:b}", "ok", 1));
	} else if (json_object_get(m, "ok") && c->caller) {
		event("im-result", json_pack("{s:s, s:s, s:n, s:n, s:f}", "call", c->id, "verdict",
					     "pass", "reason", "sip_status", "setup_ms", 1.0));
	} else if (json_object_get(m, "echo")) {
		start_echo(c, (int)json_integer_value(json_object_get(m, "echo")));
	} else if (json_object_get(m, "done") && c->echo) {
		end_echo(c);
	} else if (json_object_get(m, "sdp")) {
		take_sdp(c, json_string_value(json_object_get(m, "sdp")));
	}
}

static void on_peer_line(GObject *object, GAsyncResult *result, gpointer data)
{
	g_autofree char *line = g_data_input_stream_read_line_finish(G_DATA_INPUT_STREAM(object),
								     result, NULL, NULL);
	json_t *m = line ? json_loads(line, 0, NULL) : NULL;

	if (!line)
		return;
	if (m)
		take_message(data, m);
	json_decref(m);
	g_data_input_stream_read_line_async(G_DATA_INPUT_STREAM(object), G_PRIORITY_DEFAULT, NULL,
					    on_peer_line, data);
}

static void listen_to(struct call *c, GSocketConnection *connection)
{
	c->connection = g_object_ref(connection);
	c->in = g_data_input_stream_new(g_io_stream_get_input_stream(G_IO_STREAM(connection)));
	g_data_input_stream_read_line_async(c->in, G_PRIORITY_DEFAULT, NULL, on_peer_line, c);
}

static gboolean on_incoming(GSocketService *service, GSocketConnection *connection, GObject *source,
			    gpointer data)
{
	(void)service, (void)source, (void)data;
	listen_to(g_new0(struct call, 1), connection);
	return TRUE;
}

/* "bob@example.com" is found at the DNS name bob.example.com. */
static struct call *call_to(const json_t *command)
{
	g_auto(GStrv) to = g_strsplit(json_string_value(json_object_get(command, "to")), "@", 2);
	g_autofree char *host = g_strdup_printf("%s.%s", to[0], domain);
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GSocketConnection) connection =
		g_socket_client_connect_to_host(client, host, PEER_PORT, NULL, NULL);
	struct call *c = g_new0(struct call, 1);

	c->id = g_strdup(json_string_value(json_object_get(command, "call")));
	c->peer = g_strdup(json_string_value(json_object_get(command, "to")));
	c->caller = TRUE;
	if (connection)
		listen_to(c, connection);
	return c;
}

/* --- commands --------------------------------------------------------------------------------- */

static char *own_user;

static void on_start(const json_t *config)
{
	GSocketService *service = g_socket_service_new();

	own_address = g_strdup(json_string_value(json_object_get(config, "address")));
	domain = g_strdup(json_string_value(json_object_get(config, "domain")));
	own_user = g_strdup(json_string_value(json_object_get(config, "user")));
	g_socket_listener_add_inet_port(G_SOCKET_LISTENER(service), PEER_PORT, NULL, NULL);
	g_signal_connect(service, "incoming", G_CALLBACK(on_incoming), NULL);
	event("ready", json_pack("{s:s, s:s}", "program", "nice-agent", "version", "1"));
}

static void on_im(const json_t *command)
{
	struct call *c = call_to(command);

	if (c->connection)
		send_line(c, json_pack("{s:s, s:s, s:O}", "call", c->id, "from", own_user, "text",
				       json_object_get(command, "text")));
	else
		event("im-result", json_pack("{s:s, s:s, s:s}", "call", c->id, "verdict", "fail",
					     "reason", "the peer can't be reached"));
}

static void on_call(const json_t *command)
{
	struct call *c = call_to(command);

	if (!c->connection) {
		report(c->id, "caller", c->peer, json_null(), json_null(), 0, 0);
		return;
	}
	send_line(c, json_pack("{s:s, s:s}", "call", c->id, "from", own_user));
	start_ice(c);
	nice_agent_gather_candidates(c->agent, c->stream);
}

static void on_command(const json_t *command)
{
	const char *name = json_string_value(json_object_get(command, "cmd"));

	if (g_strcmp0(name, "start") == 0)
		on_start(json_object_get(command, "config"));
	else if (g_strcmp0(name, "sign-in") == 0)
		event("signed-in",
		      json_pack("{s:{s:s, s:s, s:i, s:s}, s:b, s:n, s:i}", "server", "name", "none",
				"address", own_address, "port", PEER_PORT, "found_by", "nothing",
				"remote_user", 0, "relay", "elapsed_ms", 0));
	else if (g_strcmp0(name, "im") == 0)
		on_im(command);
	else if (g_strcmp0(name, "call") == 0)
		on_call(command);
	else if (g_strcmp0(name, "quit") == 0)
		exit(0);
}

static void on_control_line(GObject *object, GAsyncResult *result, gpointer data)
{
	g_autofree char *line = g_data_input_stream_read_line_finish(G_DATA_INPUT_STREAM(object),
								     result, NULL, NULL);
	json_t *command = line ? json_loads(line, 0, NULL) : NULL;

	if (!line)
		exit(0); /* the lab is gone */
	if (command)
		on_command(command);
	json_decref(command);
	g_data_input_stream_read_line_async(G_DATA_INPUT_STREAM(object), G_PRIORITY_DEFAULT, NULL,
					    on_control_line, data);
}

int main(void)
{
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
	g_autoptr(GInputStream) control = g_unix_input_stream_new(CONTROL_FD, FALSE);
	g_autoptr(GDataInputStream) lines = g_data_input_stream_new(control);

	g_data_input_stream_read_line_async(lines, G_PRIORITY_DEFAULT, NULL, on_control_line, NULL);
	g_main_loop_run(loop);
	return 0;
}
