/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The live page of a lab, as its viewers have it: who is let in, what a call looks like while it
 * goes on, what can be changed, many viewers and slow ones, and all the ways in which it ends. */
#include "tests/e2e/live/page.h"

#include "common/base/each.h"
#include "testbed/serve/viewers.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 65534
#define LYNC "topologies/lync.yaml"
#define ROUTE "add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.1}"

/* --- a call ----------------------------------------------------------------------------------- */

struct call_seen {
	guint told;    /* messages with steps before the end */
	json_t *steps; /* as they were before the end */
	json_t *ends;  /* the event */
};

static void take_steps(struct call_seen *c, const json_t *message)
{
	const json_t *more = json_object_get(message, "steps");
	size_t keep = member_count(message, "keep");

	cr_assert_leq(keep, json_array_size(c->steps));
	while (json_array_size(c->steps) > keep)
		json_array_remove(c->steps, keep);
	for (size_t i = 0; i < json_array_size(more); i++)
		json_array_append(c->steps, json_array_get(more, i));
	for (size_t i = 0; i < json_array_size(c->steps); i++)
		cr_expect_eq(member_count(json_array_get(c->steps, i), "n"), i);
	c->told++;
}

/* Takes all that is told of the call that is being placed, to its end. */
static void see_call(struct looker *l, struct call_seen *c)
{
	json_auto_t *begins = looker_await(l, "call-begins");
	json_int_t number = member_integer(begins, "call");

	*c = (struct call_seen){.steps = json_array()};
	while (!c->ends) {
		json_t *message = looker_next(l);

		cr_assert(message, "the connection ended");
		if (member_is(message, "event", "steps"))
			take_steps(c, message);
		if (member_is(message, "event", "call-ends") &&
		    member_integer(message, "call") == number)
			c->ends = json_incref(message);
		json_decref(message);
	}
}

static void call_seen_clear(struct call_seen *c)
{
	json_decref(c->steps);
	json_decref(c->ends);
}

static const json_t *cell_of(const struct call_seen *c)
{
	return json_object_get(c->ends, "cell");
}

/* Whether one of the steps was lost at that node. */
static bool is_lost_at(const json_t *steps, const char *node)
{
	for (size_t i = 0; i < json_array_size(steps); i++)
		if (member_is(json_object_get(json_array_get(steps, i), "lost"), "node", node))
			return true;
	return false;
}

static guint count_protocol(const json_t *steps, const char *protocol)
{
	guint n = 0;

	for (size_t i = 0; i < json_array_size(steps); i++)
		n += member_is(json_array_get(steps, i), "protocol", protocol);
	return n;
}

static json_t *try_request(int call, int fix)
{
	return json_pack("{s:s, s:i, s:i}", "do", "try", "call", call, "fix", fix);
}

/* The fix of call 1 is tried on a copy: there the call works, and the lab stays as it is. */
static void try_fix(struct looker *l)
{
	json_t *tried, *state;
	const json_t *trial;

	looker_expect_refused(l, try_request(1, 7), "no such fix");
	looker_expect_refused(l, try_request(7, 0), "no such fix");
	looker_ask(l, try_request(1, 0));
	tried = looker_await(l, "tried");
	trial = json_object_get(tried, "trial");
	cr_expect_eq(member_integer(tried, "call"), 1);
	cr_expect_eq(member_integer(tried, "fix"), 0);
	cr_expect_str_eq(member_text(trial, "verdict"), "pass");
	cr_expect_str_eq(member_text(trial, "path"), "udp-relay");
	cr_expect(member_true(trial, "mended"));
	cr_expect(strstr(member_text(trial, "change"), "add-route: {node: edge"));
	cr_expect_gt(count_protocol(json_object_get(json_object_get(trial, "story"), "steps"),
				    "rtp"),
		     0, "media of the copy");
	state = looker_expect_done(l, json_pack("{s:s}", "do", "reset"));
	cr_expect_str_eq(member_text(state, "as"), "missing-route");
	json_decref(state);
	json_decref(tried);
}

/* The class-room scene: the call fails, the packet dies at the Edge, the route mends it. */
Test(serve, a_call_is_seen_while_it_goes_on_and_mended, .timeout = 120)
{
	struct call_seen c;
	struct looker l;
	struct page p;
	struct home h;
	json_t *state, *explained, *fix;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-t", LYNC, "-s", "missing-route", NULL);
	page_start(&p, &h, NULL);
	looker_new(&l, &p, NULL);
	cr_assert(l.socket);
	state = looker_await(&l, "state");
	cr_expect_str_eq(member_text(state, "as"), "missing-route");
	cr_expect_eq(json_array_size(json_object_get(state, "changes")), 0);
	cr_expect_eq(json_array_size(json_object_get(state, "endpoints")), 7);
	json_decref(state);
	looker_expect_refused(&l, call_request("branch1", "core", "audio"), "endpoints");
	looker_expect_refused(&l, call_request("branch1", "branch1", "audio"), "two ends");
	looker_expect_refused(&l, call_request("branch1", "home1", "smell"), "one medium");

	looker_ask(&l, call_request("branch1", "home1", "audio"));
	see_call(&l, &c);
	cr_expect_str_eq(member_text(cell_of(&c), "verdict"), "fail");
	cr_expect_gt(c.told, 1, "steps came once only");
	/* all of it was told before the end: the packets of seven seconds, and where they died */
	cr_expect_gt(json_array_size(c.steps), 20);
	cr_expect(is_lost_at(c.steps, "edge"), "told while it went on");
	cr_expect(is_lost_at(json_object_get(cell_of(&c), "steps"), "edge"), "told at the end");
	call_seen_clear(&c);
	explained = looker_await(&l, "explained");
	cr_expect_str_eq(
		member_text(json_object_get(json_object_get(explained, "explanation"), "cause"),
			    "code"),
		"RETURN_WRONG_EGRESS");
	fix = json_array_get(json_object_get(explained, "fixes"), 0);
	try_fix(&l);
	state = looker_expect_done(&l, json_pack("{s:s, s:O}", "do", "set", "changes",
						 json_object_get(fix, "changes")));
	cr_expect_str_eq(member_text(state, "as"), "persistent-route");
	json_decref(state);
	json_decref(explained);

	looker_ask(&l, call_request("branch1", "home1", "audio"));
	see_call(&l, &c);
	cr_expect_str_eq(member_text(cell_of(&c), "verdict"), "pass");
	cr_expect_str_eq(member_text(cell_of(&c), "path"), "udp-relay");
	cr_expect_gt(count_protocol(c.steps, "rtp"), 0, "media was told while it went on");
	cr_expect_gt(json_array_size(json_object_get(json_object_get(c.ends, "result"), "hops")), 0,
		     "what it cost on the wire");
	call_seen_clear(&c);
	looker_clear(&l);
	cr_expect_eq(page_end(&p, SIGINT), 0);
	home_clear(&h);
}

/* How many packets of media were told of each direction. */
struct media_seen {
	json_int_t there, back;
};

static void count_media(struct media_seen *m, const json_t *steps)
{
	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *step = json_array_get(steps, i);

		if (!member_is(step, "protocol", "rtp"))
			continue;
		*(member_is(step, "side", "back") ? &m->back : &m->there) +=
			MAX(member_integer(step, "count"), 1);
	}
}

/* A call of a minute ends when it is hung up, and has passed by what was heard. */
Test(serve, a_call_that_goes_on_is_hung_up, .timeout = 60)
{
	struct looker l;
	struct page p;
	struct home h;
	json_t *message, *cell;
	struct media_seen seen = {0};
	bool asked = false;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-t", COMPANY, NULL);
	page_start(&p, &h, NULL);
	looker_new(&l, &p, NULL);
	looker_expect_refused(&l, json_pack("{s:s}", "do", "hang-up"), "no call goes on");
	looker_ask(&l, json_pack("{s:s, s:s, s:s, s:s, s:i}", "do", "call", "from", "dc1", "to",
				 "dc2", "media", "audio", "seconds", 60));
	while ((message = looker_next(&l)) && !member_is(message, "event", "call-ends")) {
		if (member_is(message, "event", "steps"))
			count_media(&seen, json_object_get(message, "steps"));
		/* Media have run both ways for a while, one packet of 16 is told: now nobody wants
		 * to wait for the rest of the minute. */
		if (!asked && seen.there >= 2 && seen.back >= 2) {
			looker_ask(&l, json_pack("{s:s}", "do", "hang-up"));
			asked = true;
		}
		json_decref(message);
	}
	cr_assert(message && asked);
	cell = json_object_get(message, "cell");
	cr_expect_str_eq(member_text(cell, "verdict"), "pass", "%s", member_text(cell, "reason"));
	json_decref(message);
	looker_clear(&l);
	cr_expect_eq(page_end(&p, SIGINT), 0);
	home_clear(&h);
}

/* Who hangs up while ICE still looks for a path has shown nothing about the network. */
Test(serve, a_call_that_is_hung_up_early_blames_nobody, .timeout = 60)
{
	struct looker l;
	struct page p;
	struct home h;
	json_t *message, *cell;
	bool asked = false;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-t", COMPANY, "-s", "missing-route", NULL);
	page_start(&p, &h, NULL);
	looker_new(&l, &p, NULL);
	looker_ask(&l, call_request("branch1", "home1", "audio"));
	while ((message = looker_next(&l)) && !member_is(message, "event", "call-ends")) {
		if (!asked && count_protocol(json_object_get(message, "steps"), "ice") > 0) {
			looker_ask(&l, json_pack("{s:s}", "do", "hang-up"));
			asked = true;
		}
		json_decref(message);
	}
	cr_assert(message && asked);
	cell = json_object_get(message, "cell");
	cr_expect_str_eq(member_text(cell, "verdict"), "error", "%s", member_text(cell, "reason"));
	cr_expect(g_str_has_prefix(member_text(cell, "reason"), "it was hung up before"), "%s",
		  member_text(cell, "reason"));
	json_decref(message);
	looker_clear(&l);
	cr_expect_eq(page_end(&p, SIGINT), 0);
	home_clear(&h);
}

/* The only child of a process. */
static pid_t child_of(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/task/%d/children", (int)pid, (int)pid),
			*text = NULL;

	cr_assert(g_file_get_contents(path, &text, NULL, NULL));
	return (pid_t)atoi(text);
}

/* Who tries fixes ends with the server, however that ends; who only looks has nobody. */
Test(serve, who_tries_fixes_ends_with_the_server, .timeout = 60)
{
	struct page p;
	struct home h;
	struct pollfd child = {.events = POLLIN};

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-t", COMPANY, NULL);
	page_start(&p, &h, "--read-only");
	cr_expect_eq(child_of(p.program.pid), 0);
	cr_expect_eq(page_end(&p, SIGINT), 0);
	page_start(&p, &h, NULL);
	child.fd = (int)syscall(SYS_pidfd_open, child_of(p.program.pid), 0);
	cr_assert_geq(child.fd, 0);
	page_end(&p, SIGKILL);
	cr_expect_eq(poll(&child, 1, -1), 1);
	close(child.fd);
	home_clear(&h);
}

/* --- changes ---------------------------------------------------------------------------------- */

static guint count_changes(json_t *state)
{
	guint n = (guint)json_array_size(json_object_get(state, "changes"));

	json_decref(state);
	return n;
}

/* Of the route at the Edge the state of its kernel tells, too. */
static bool edge_has_route(const json_t *state)
{
	const json_t *edge = json_object_get(json_object_get(state, "nodes"), "edge"),
		     *routes = json_object_get(edge, "routes");

	for (size_t i = 0; i < json_array_size(routes); i++)
		if (g_str_has_prefix(json_string_value(json_array_get(routes, i)), "10.20.0.0/24 "))
			return true;
	return false;
}

Test(serve, changes_are_made_and_taken_back, .timeout = 120)
{
	struct call_seen c;
	struct looker l;
	struct page p;
	struct home h;
	json_t *state;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-t", LYNC, "-s", "missing-route", NULL);
	page_start(&p, &h, NULL);
	looker_new(&l, &p, NULL);
	json_decref(looker_await(&l, "state"));
	looker_expect_refused(&l, set_request("add-rout: {node: edge}"),
			      "did you mean 'add-route'?");
	looker_expect_refused(&l, json_pack("{s:s, s:[]}", "do", "set", "changes"), "no change");
	looker_expect_refused(
		&l,
		set_request("add-node: {spy: {site: datacenter, interfaces: {lan: {network: "
			    "dc-lan, address: 10.0.1.99/24}}, endpoint: {client: "
			    "{command: [/bin/sh]}}}}"),
		"a program can't be named");
	looker_expect_refused(&l, json_pack("{s:s, s:s}", "do", "unset", "change", ROUTE),
			      "not set");
	looker_expect_refused(&l, json_pack("{s:s, s:s}", "do", "scenario", "name", "nowhere"),
			      "no scenario");
	looker_expect_refused(&l, json_pack("{s:s, s:s}", "do", "run", "command", "id"), "no such");
	state = looker_expect_done(&l, set_request(ROUTE));
	cr_expect(edge_has_route(state));
	cr_expect_eq(count_changes(state), 1);
	state = looker_expect_done(&l, json_pack("{s:s, s:s}", "do", "unset", "change", ROUTE));
	cr_expect(!edge_has_route(state));
	cr_expect_eq(count_changes(state), 0);
	/* somebody else's change in a terminal is told */
	home_expect(&h, 0, "set", ROUTE, NULL);
	do
		state = looker_await(&l, "state");
	while (!edge_has_route(state) && (json_decref(state), true));
	cr_expect_eq(count_changes(state), 1);
	/* the VPN bypass in its place */
	state = looker_expect_done(&l,
				   json_pack("{s:s, s:s}", "do", "scenario", "name", "vpn-bypass"));
	cr_expect_str_eq(member_text(state, "as"), "vpn-bypass");
	cr_expect(!edge_has_route(state));
	json_decref(state);
	looker_ask(&l, call_request("branch1", "home1", "audio"));
	see_call(&l, &c);
	cr_expect_str_eq(member_text(cell_of(&c), "path"), "udp-nat");
	call_seen_clear(&c);
	state = looker_expect_done(&l, json_pack("{s:s, s:s}", "do", "reboot", "node", "edge"));
	json_decref(state);
	state = looker_expect_done(&l, json_pack("{s:s}", "do", "reset"));
	cr_expect_str_eq(member_text(state, "as"), "missing-route");
	cr_expect_eq(count_changes(state), 0);
	looker_clear(&l);
	cr_expect_eq(page_end(&p, SIGTERM), 128 + SIGTERM);
	home_clear(&h);
}

/* --- who is let in ---------------------------------------------------------------------------- */

/* The status of the answer to these lines of a request; `ret_text`: all of it, which the caller
 * frees, or NULL. */
static int status_of(const struct page *p, const char *lines, char **ret_text)
{
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GSocketConnection) c =
		g_socket_client_connect_to_host(client, p->host, 80, NULL, NULL);
	g_autoptr(GString) text = g_string_new(NULL);
	char part[4096];
	gssize n;
	int status = 0;

	cr_assert(c);
	cr_assert(g_output_stream_write_all(g_io_stream_get_output_stream(G_IO_STREAM(c)), lines,
					    strlen(lines), NULL, NULL, NULL));
	while ((n = g_input_stream_read(g_io_stream_get_input_stream(G_IO_STREAM(c)), part,
					sizeof part, NULL, NULL)) > 0)
		g_string_append_len(text, part, n);
	sscanf(text->str, "HTTP/1.1 %d", &status);
	if (ret_text)
		*ret_text = g_strdup(text->str);
	return status;
}

#define UPGRADE                                                                      \
	"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" \
	"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"

Test(serve, only_who_knows_the_token_from_the_page_itself_is_let_in, .timeout = 60)
{
	const struct row {
		const char *method, *path, *host, *more; /* $P: the path with the token; $H: the
							    host */
		int status;
	} rows[] = {
		{"GET", "$P", "$H", "", 200},
		{"GET", "$P?quiz", "$H", "", 200},
		{"GET", "/", "$H", "", 404},
		{"GET", "/0123456789abcdef0123456789abcdef/", "$H", "", 404},
		{"GET", "$Pother", "$H", "", 404},
		{"GET", "$P../../../etc/passwd", "$H", "", 404},
		{"GET", "$P", "localhost:80", "", 403},
		{"GET", "$P", "evil.example", "", 403},
		{"GET", "$P", "$H", "Origin: http://evil.example\r\n", 403},
		{"POST", "$P", "$H", "Content-Length: 0\r\n", 405},
		{"PUT", "$P", "$H", "Content-Length: 0\r\n", 405},
		{"DELETE", "$P", "$H", "", 405},
		{"OPTIONS", "$P", "$H", "", 405},
		{"HEAD", "$P", "$H", "", 405},
		{"GET", "$Psocket", "$H", UPGRADE, 403},
		{"GET", "$Psocket", "$H", "Origin: null\r\n" UPGRADE, 403},
		{"GET", "$Psocket", "$H", "Origin: http://evil.example\r\n" UPGRADE, 403},
		{"GET", "$Psocket", "evil.example", "Origin: http://$H\r\n" UPGRADE, 403},
		{"GET", "/socket", "$H", "Origin: http://$H\r\n" UPGRADE, 404},
		{"POST", "$Psocket", "$H", "Origin: http://$H\r\nContent-Length: 0\r\n", 405},
	};
	static const char *const wanted[] = {"\r\nCache-Control: no-store\r\n",
					     "\r\nX-Content-Type-Options: nosniff\r\n",
					     "\r\nReferrer-Policy: no-referrer\r\n",
					     "frame-ancestors 'none'",
					     "default-src 'none'; connect-src 'self' ws://127."};
	g_autofree char *path = NULL, *page = NULL;
	struct looker l;
	struct page p;
	struct home h;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-t", COMPANY, NULL);
	page_start(&p, &h, NULL);
	path = g_strdup(p.url + 7 + strlen(p.host));
	array_foreach(const struct row, r,
		      &((GArray){(char *)(gpointer)(guintptr)rows, G_N_ELEMENTS(rows)})) {
		g_autoptr(GString) lines = g_string_new(NULL);
		g_autofree char *text = NULL;
		int status;

		g_string_printf(lines, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n",
				r->method, r->path, r->host, r->more);
		g_string_replace(lines, "$P", path, 0);
		g_string_replace(lines, "$H", p.host, 0);
		status = status_of(&p, lines->str, &text);
		cr_expect_eq(status, r->status, "%d, not %d: %s", status, r->status, lines->str);
		cr_expect(!strstr(text, "Access-Control"), "%s", lines->str);
	}
	page = g_strdup_printf("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, p.host);
	g_free(g_steal_pointer(&path));
	cr_expect_eq(status_of(&p, page, &path), 200);
	for (guint i = 0; i < G_N_ELEMENTS(wanted); i++)
		cr_expect(strstr(path, wanted[i]), "%s", wanted[i]);
	looker_new(&l, &p, "http://evil.example");
	cr_expect(!l.socket);
	looker_clear(&l);
	cr_expect_eq(page_end(&p, SIGINT), 0);
	home_clear(&h);
}

/* What the process still may, by /proc. */
static void has_no_rights(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/status", (int)pid), *text = NULL;
	const char *uid;

	cr_assert(g_file_get_contents(path, &text, NULL, NULL));
	uid = strstr(text, "\nUid:\t");
	cr_expect(uid && atoi(uid + 6) != 0, "%.40s", uid);
	cr_expect(strstr(text, "\nGroups:\t \n"), "groups");
	cr_expect(strstr(text, "\nCapPrm:\t0000000000000000\n"), "capabilities");
	cr_expect(strstr(text, "\nNoNewPrivs:\t1\n"), "new privileges");
}

Test(serve, who_may_only_look_changes_nothing, .timeout = 60)
{
	static const char *const words[] = {"call",	"hang-up", "try",    "set",    "unset",
					    "scenario", "reset",   "reboot", "explain"};
	struct looker l;
	struct page p;
	struct home h;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-t", COMPANY, NULL);
	page_start(&p, &h, "--read-only");
	has_no_rights(p.program.pid);
	looker_new(&l, &p, NULL);
	json_decref(looker_await(&l, "state"));
	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		looker_expect_refused(&l, json_pack("{s:s}", "do", words[i]), "looking only");
	/* what is no JSON object ends the connection */
	soup_websocket_connection_send_text(l.socket, "[]");
	cr_expect_null(looker_next(&l));
	looker_clear(&l);
	/* the lab goes, and that is told */
	looker_new(&l, &p, NULL);
	json_decref(looker_await(&l, "state"));
	home_expect(&h, 0, "down", NULL);
	json_decref(looker_await(&l, "lab-down"));
	cr_expect_null(looker_next(&l));
	looker_clear(&l);
	cr_expect_eq(page_end(&p, 0), 0);
	home_expect(&h, 2, "serve", NULL);
	home_clear(&h);
}

Test(serve, a_plain_user_serves_as_well, .timeout = 60)
{
	struct call_seen c;
	struct looker l;
	struct page p;
	struct home h;
	g_autofree char *topology = NULL;

	home_new(&h, NOBODY);
	topology = program_edited_topology(h.folder, COMPANY, &(const struct edit){0});
	home_expect(&h, 0, "up", "-t", topology, NULL);
	home_expect(&h, 2, "serve", "--port", "70000", NULL);
	page_start(&p, &h, NULL);
	has_no_rights(p.program.pid);
	looker_new(&l, &p, NULL);
	looker_ask(&l, call_request("dc1", "dc2", "im"));
	see_call(&l, &c);
	cr_expect_str_eq(member_text(cell_of(&c), "verdict"), "pass");
	call_seen_clear(&c);
	looker_clear(&l);
	cr_expect_eq(page_end(&p, SIGINT), 0);
	home_clear(&h);
}

/* --- many ------------------------------------------------------------------------------------- */

#define LOOKERS 30

static void append_frame(GByteArray *out, const char *text)
{
	guint16 length = (guint16)strlen(text);
	const guint8 head[] = {0x81, 0xfe, (guint8)(length >> 8), (guint8)length, 0, 0, 0, 0};

	g_byte_array_append(out, head, sizeof head);
	g_byte_array_append(out, (const guint8 *)text, length);
}

/* A viewer that asks for long answers and reads none of them, until it is sent away. */
static void be_slow(const struct page *p)
{
	g_autofree char *name = g_strnfill(60000, 'x'),
			*request =
				g_strdup_printf("{\"do\": \"scenario\", \"name\": \"%s\"}", name),
			*hello = g_strdup_printf("GET %ssocket HTTP/1.1\r\nHost: %s\r\nOrigin: "
						 "http://%s\r\n" UPGRADE "\r\n",
						 p->url + 7 + strlen(p->host), p->host, p->host);
	g_autoptr(GByteArray) frame = g_byte_array_new();
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GSocketConnection) c =
		g_socket_client_connect_to_host(client, p->host, 80, NULL, NULL);
	GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(c));
	guint sent = 0;

	append_frame(frame, request);
	cr_assert(g_output_stream_write_all(out, hello, strlen(hello), NULL, NULL, NULL));
	while (g_output_stream_write_all(out, frame->data, frame->len, NULL, NULL, NULL))
		cr_assert_lt(++sent, 10000, "it is never sent away");
	cr_expect_gt(sent, VIEWERS_QUEUE_MAX_BYTES / 60000, "it was sent away too early");
}

/* All that a viewer was told from the beginning of the call to its end, as one text that the caller
 * frees.  Before that, who came first can have been told more. */
static char *told_of_call(struct looker *l)
{
	GString *all = g_string_new(NULL);
	bool begun = false, over = false;

	while (!over) {
		json_auto_t *message = looker_next(l);
		char *text;

		cr_assert(message);
		begun = begun || member_is(message, "event", "call-begins");
		over = member_is(message, "event", "call-ends");
		if (!begun || json_object_get(message, "answer"))
			continue;
		text = json_dumps(message, JSON_COMPACT | JSON_SORT_KEYS);
		g_string_append_printf(all, "%s\n", text);
		free(text);
	}
	return g_string_free(all, FALSE);
}

/* Those who say nothing push each other out, and no viewer. */
static void many_say_nothing(const struct page *p)
{
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GPtrArray) silent = g_ptr_array_new_with_free_func(g_object_unref);
	char byte;

	for (guint i = 0; i <= VIEWERS_WAITING_MAX; i++)
		g_ptr_array_add(silent,
				g_socket_client_connect_to_host(client, p->host, 80, NULL, NULL));
	cr_expect_eq(g_input_stream_read(g_io_stream_get_input_stream(silent->pdata[0]), &byte, 1,
					 NULL, NULL),
		     0);
}

Test(serve, thirty_see_the_same_and_a_slow_one_is_sent_away, .timeout = 120)
{
	struct looker all[LOOKERS], late;
	g_autofree char *first = NULL;
	struct page p;
	struct home h;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-t", COMPANY, NULL);
	page_start(&p, &h, NULL);
	for (guint i = 0; i < LOOKERS; i++) {
		looker_new(&all[i], &p, NULL);
		cr_assert(all[i].socket);
	}
	for (guint i = 0; i < LOOKERS; i++)
		json_decref(looker_await(&all[i], "state"));
	be_slow(&p);
	many_say_nothing(&p);
	looker_ask(&all[7], call_request("dc1", "home1", "audio"));
	for (guint i = 0; i < LOOKERS; i++) {
		g_autofree char *text = told_of_call(&all[i]);

		if (!first)
			first = g_steal_pointer(&text);
		else
			cr_expect_str_eq(text, first, "viewer %u was told\n%s\nand not\n%s", i,
					 text, first);
	}
	/* who comes late is told of it, too */
	looker_new(&late, &p, NULL);
	json_decref(looker_await(&late, "call-ends"));
	json_decref(looker_await(&late, "state"));
	looker_clear(&late);
	for (guint i = 0; i < LOOKERS; i++)
		looker_clear(&all[i]);
	cr_expect_eq(page_end(&p, SIGINT), 0);
	home_clear(&h);
}
