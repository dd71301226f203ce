/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other people's SIP programs call tb-client and each other, through the Front End and through the
 * Edge: dialogs by Contact and Record-Route, SRTP by SDES, ICE with relays, all of it with what
 * 'credentials' tells. */
#include "tests/e2e/live/live.h"
#include "tests/support/process.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS 20000

struct phone;

struct phone_kind {
	const char *name, *program; /* program NULL: our own */
	const char *registered;	    /* what it prints then */
	void (*configure)(const struct phone *p, const json_t *sip, const json_t *relay);
	const char *const *arguments; /* "@" stands for its folder */
	void (*prepare)(struct phone *p, const json_t *sip);
	void (*dial)(struct phone *p, const char *user);
	const char *talking; /* what it prints when media flows; NULL: nothing */
	void (*hang_up)(struct phone *p);
	void (*judge)(const struct phone *p);
};

struct phone {
	const struct home *home;
	const struct phone_kind *kind;
	const char *node;
	char *folder, *log;
	int input;
	pid_t pid;
};

/* --- what it says ----------------------------------------------------------------------------- */

static char *phone_log(const struct phone *p)
{
	char *text = NULL;
	gsize length = 0;

	if (!g_file_get_contents(p->log, &text, &length, NULL))
		return g_strdup("");
	for (gsize i = 0; i < length; i++)
		if (!text[i])
			text[i] = ' ';
	return text;
}

struct expected {
	const struct phone *p;
	const char *text, *other; /* one of them; `other` may be NULL */
};

static bool has_printed(gpointer data)
{
	const struct expected *e = data;
	g_autofree char *log = phone_log(e->p);

	return strstr(log, e->text) || (e->other && strstr(log, e->other));
}

/* True: it has printed `text`; false: `other`. */
static bool phone_prints(const struct phone *p, const char *text, const char *other)
{
	struct expected e = {p, text, other};
	bool in_time = process_wait_until(has_printed, &e, WAIT_MS);
	g_autofree char *log = phone_log(p);

	cr_assert(in_time, "%s on %s did not print '%s':\n%s", p->kind->name, p->node, text, log);
	return strstr(log, text);
}

static void phone_expect(const struct phone *p, const char *text)
{
	phone_prints(p, text, NULL);
}

static void phone_say(struct phone *p, const char *line)
{
	g_autofree char *text = g_strconcat(line, "\n", NULL);

	cr_assert_eq(write(p->input, text, strlen(text)), (gssize)strlen(text));
}

/* --- our own ---------------------------------------------------------------------------------- */

static char *node_address(const struct phone *p)
{
	struct outcome s;
	char *address;

	home_run(p->home, &s, NULL, "exec", p->node, "--", "sh", "-c",
		 "ip -4 -br addr show scope global | awk '{print $3; exit}' | cut -d/ -f1", NULL);
	address = g_strstrip(g_strdup(s.out));
	outcome_clear(&s);
	return address;
}

static void say_json(struct phone *p, json_t *message)
{
	char *text = json_dumps(message, JSON_COMPACT);

	phone_say(p, text);
	free(text);
	json_decref(message);
}

static void client_prepare(struct phone *p, const json_t *sip)
{
	g_autofree char *address = node_address(p);

	say_json(p, json_pack("{s:s, s:{s:s, s:O, s:O, s:O, s:O, s:s}}", "cmd", "start", "config",
			      "name", p->node, "user", json_object_get(sip, "user"), "password",
			      json_object_get(sip, "password"), "domain",
			      json_object_get(sip, "realm"), "ca", json_object_get(sip, "ca"),
			      "address", address));
	say_json(p, json_pack("{s:s}", "cmd", "sign-in"));
}

static void client_dial(struct phone *p, const char *user)
{
	say_json(p, json_pack("{s:s, s:s, s:s, s:[s], s:i}", "cmd", "call", "call", "c1", "to",
			      user, "media", "audio", "media_ms", 8000));
}

/* The caller's call ends by itself. */
static void client_hang_up(struct phone *p)
{
	phone_expect(p, "\"call-result\"");
}

static void client_judge(const struct phone *p)
{
	phone_expect(p, "\"call-result\"");
	phone_expect(p, "\"verdict\":\"pass\"");
}

/* --- baresip ---------------------------------------------------------------------------------- */

static void put_file(const struct phone *p, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(p->folder, name, NULL);

	cr_assert(g_file_set_contents(path, text, -1, NULL), "%s", path);
	cr_assert_eq(chmod(path, 0666), 0);
}

static const char *member(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	cr_assert(text, "no %s", name);
	return text;
}

static int port_of(const json_t *sip)
{
	return (int)json_integer_value(json_object_get(json_object_get(sip, "server"), "port"));
}

/* It asks for its reflexive address only: version 1.0.0 never ends its checks once a relay has
 * refused a peer, as an Edge's does with private ones.  It plays to nobody: version 1.1.0 frees a
 * player that writes a file before that player's thread has begun, when media change early. */
static void baresip_configure(const struct phone *p, const json_t *sip, const json_t *relay)
{
	g_autofree char *config = g_strdup_printf(
		"poll_method epoll\nsip_cafile %s\ncall_local_timeout 120\n"
		"audio_player aubridge,heard\naudio_source aufile,%s/tone.wav\n"
		"audio_alert aubridge,alert\nausrc_srate 8000\nauplay_srate 8000\n"
		"rtcp_mux yes\nmodule_path /usr/lib/baresip/modules\nmodule g711.so\n"
		"module aufile.so\nmodule aubridge.so\nmodule ice.so\nmodule srtp.so\nmodule "
		"rtcpsummary.so\n"
		"module_app account.so\nmodule_app menu.so\n",
		member(sip, "ca"), p->folder);
	g_autofree char *account = g_strdup_printf(
		"<sip:%s;transport=tls>;auth_user=%s;auth_pass=%s;outbound=\"sip:%s:%d;transport="
		"tls\";regint=600;answermode=auto;medianat=ice;mediaenc=srtp-mand;"
		"audio_codecs=PCMU;stunserver=\"stun:%s:3478\"\n",
		member(sip, "user"), member(sip, "user"), member(sip, "password"),
		member(json_object_get(sip, "server"), "name"), port_of(sip),
		member(relay, "host"));

	put_file(p, "config", config);
	put_file(p, "accounts", account);
	put_file(p, "contacts", "");
}

static void signal_phone(const struct phone *p)
{
	home_expect(p->home, 0, "exec", "--bind", p->folder, p->node, "--", "sh", "-c",
		    "kill -TERM $(cat \"$0\"/pid)", p->folder, NULL);
}

/* It takes commands at its start only, and hangs up when it is told to end. */
static void baresip_hang_up(struct phone *p)
{
	signal_phone(p);
}

static void baresip_judge(const struct phone *p)
{
	phone_expect(p, "terminated");
}

/* --- linphone --------------------------------------------------------------------------------- */

static void linphone_configure(const struct phone *p, const json_t *sip, const json_t *relay)
{
	const char *user = member(sip, "user"),
		   *server = member(json_object_get(sip, "server"), "name");
	g_autofree char *data = g_build_filename(p->folder, ".local", "share", "linphone", NULL);
	g_autofree char *text = g_strdup_printf(
		"[sip]\nsip_port=0\nsip_tcp_port=0\nsip_tls_port=-1\nroot_ca=%s\n"
		"verify_server_certs=1\nverify_server_cn=1\nmedia_encryption=srtp\n"
		"media_encryption_mandatory=1\ndefault_proxy=0\nauto_net_state_mon=0\n"
		"register_only_when_network_is_up=0\n"
		"[rtp]\naudio_rtp_port=-1\nrtcp_mux=1\n[net]\nnat_policy_ref=relay\n"
		"[nat_policy_0]\nref=relay\nstun_server=%s:3478\nstun_server_username=%s\n"
		"protocols=stun,turn,ice\n"
		"[proxy_0]\nreg_proxy=<sip:%s:%d;transport=tls>\n"
		"reg_route=<sip:%s:%d;transport=tls>\nreg_identity=<sip:%s>\nreg_expires=600\n"
		"reg_sendregister=1\npublish=0\nnat_policy_ref=relay\n"
		"[auth_info_0]\nusername=%.*s\npasswd=%s\nrealm=%s\n"
		"[auth_info_1]\nusername=%s\npasswd=%s\nrealm=%s\n"
		"[sound]\nechocancellation=0\n",
		member(sip, "ca"), member(relay, "host"), member(relay, "username"), server,
		port_of(sip), server, port_of(sip), user, (int)strcspn(user, "@"), user,
		member(sip, "password"), member(sip, "realm"), member(relay, "username"),
		member(relay, "password"), member(relay, "realm"));

	put_file(p, "rc", text);
	cr_assert_eq(g_mkdir_with_parents(data, 0777), 0);
	cr_assert_eq(chmod(data, 0777), 0);
}

struct prompts {
	const struct phone *p;
	guint more_than;
};

static bool has_prompted(gpointer data)
{
	struct prompts *wanted = data;
	g_autofree char *log = phone_log(wanted->p);
	guint n = 0;

	for (const char *at = log; (at = strstr(at, "linphonec> ")); at++)
		n++;
	if (n <= wanted->more_than)
		return false;
	wanted->more_than = n;
	return true;
}

/* It drops a line that comes before it has prompted for it. */
static void linphone_command(struct phone *p, const char *line)
{
	struct prompts prompts = {.p = p};

	cr_assert(process_wait_until(has_prompted, &prompts, WAIT_MS), "linphone does not start");
	phone_say(p, line);
	cr_assert(process_wait_until(has_prompted, &prompts, WAIT_MS), "'%s' does not end", line);
}

static void linphone_prepare(struct phone *p, const json_t *sip)
{
	g_autofree char *play = g_strdup_printf("play %s/tone.wav", p->folder);

	/* The Front End asks for a certificate, which it may do without.  Version 5.1 asks its user
	 * then, 5.3 goes on. */
	if (port_of(sip) == 5061 && phone_prints(p, "Password for (null)", p->kind->registered))
		phone_say(p, "none");

	linphone_command(p, "soundcard use files");
	linphone_command(p, play);
}

static void linphone_dial(struct phone *p, const char *user)
{
	g_autofree char *call = g_strdup_printf("call sip:%s", user);

	phone_say(p, call);
}

static void linphone_hang_up(struct phone *p)
{
	phone_say(p, "terminate");
}

static void linphone_judge(const struct phone *p)
{
	phone_expect(p, "Media streams established");
	phone_expect(p, "ended (No error)");
}

/* --- phones ----------------------------------------------------------------------------------- */

static const char *const client_arguments[] = {"@client", NULL};
static const char *const baresip_arguments[] = {"baresip", "-v", "-f", "@", NULL};
static const char *const linphone_arguments[] = {"linphonec", "-a", "-d", "6", "-c", "@/rc", NULL};

enum { CLIENT, BARESIP, LINPHONE };

static const struct phone_kind kinds[] = {
	[CLIENT] = {.name = "tb-client",
		    .registered = "\"signed-in\"",
		    .arguments = client_arguments,
		    .prepare = client_prepare,
		    .dial = client_dial,
		    .talking = "\"selected\"",
		    .hang_up = client_hang_up,
		    .judge = client_judge},
	[BARESIP] = {.name = "baresip",
		     .program = "baresip",
		     .registered = "200 OK",
		     .configure = baresip_configure,
		     .arguments = baresip_arguments,
		     .talking = "incoming rtp for 'audio' established",
		     .hang_up = baresip_hang_up,
		     .judge = baresip_judge},
	[LINPHONE] = {.name = "linphone",
		      .program = "linphonec",
		      .registered = "to [LinphoneRegistrationOk]",
		      .configure = linphone_configure,
		      .arguments = linphone_arguments,
		      .prepare = linphone_prepare,
		      .dial = linphone_dial,
		      .talking = "Media streams established",
		      .hang_up = linphone_hang_up,
		      .judge = linphone_judge},
};

/* Half a minute of a tone, 8000 samples of 16 bits each second. */
static void write_tone(const struct phone *p)
{
	enum { SAMPLES = 30 * 8000 };
	static const guint8 head[44] = {'R', 'I',  'F',	 'F', 0x24, 0x53, 0x07, 0,    'W',
					'A', 'V',  'E',	 'f', 'm',  't',  ' ',	16,   0,
					0,   0,	   1,	 0,   1,    0,	  0x40, 0x1f, 0,
					0,   0x80, 0x3e, 0,   0,    2,	  0,	16,   0,
					'd', 'a',  't',	 'a', 0,    0x53, 0x07, 0};
	g_autofree guint8 *bytes = g_malloc0(sizeof head + SAMPLES * 2);
	g_autofree char *path = g_build_filename(p->folder, "tone.wav", NULL);

	memcpy(bytes, head, sizeof head);
	for (guint i = 0; i < SAMPLES; i++) /* a square of 400 Hz */
		bytes[sizeof head + 2 * i + 1] = i / 10 % 2 ? 0x10 : 0xf0;
	cr_assert(g_file_set_contents(path, (char *)bytes, sizeof head + SAMPLES * 2, NULL));
}

static char *argument(const struct phone *p, const char *text)
{
	if (g_str_equal(text, "@client"))
		return g_strdup("tb-client");
	return *text == '@' ? g_strconcat(p->folder, text + 1, NULL) : g_strdup(text);
}

static void spawn(struct phone *p, const char *dial)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) environment =
		g_environ_setenv(g_get_environ(), "XDG_RUNTIME_DIR", p->home->folder, TRUE);
	g_autoptr(GError) error = NULL;
	int out = open(p->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	g_ptr_array_add(argv, g_strdup(p->home->program));
	g_ptr_array_add(argv, g_strdup("exec"));
	g_ptr_array_add(argv, g_strdup("--bind"));
	g_ptr_array_add(argv, g_strconcat(p->folder, ":rw", NULL));
	for (const char *const *a =
		     (const char *const[]){p->node, "--", "sh", "-c",
					   "echo $$ >\"$0\"/pid; HOME=$0 exec \"$@\"", p->folder,
					   NULL};
	     *a; a++)
		g_ptr_array_add(argv, g_strdup(*a));
	for (const char *const *a = p->kind->arguments; *a; a++)
		g_ptr_array_add(argv, argument(p, *a));
	if (dial) {
		g_ptr_array_add(argv, g_strdup("-e"));
		g_ptr_array_add(argv, g_strdup_printf("/dial sip:%s", dial));
	}
	g_ptr_array_add(argv, NULL);
	cr_assert(g_spawn_async_with_pipes_and_fds(
			  NULL, (const char *const *)argv->pdata, (const char *const *)environment,
			  G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, -1, out, out, NULL, NULL, 0,
			  &p->pid, &p->input, NULL, NULL, &error),
		  "%s", error ? error->message : "");
	close(out);
}

/* `dial` NULL, or whom a program calls that takes commands at its start only. */
static void phone_start(struct phone *p, const struct home *h, const char *node, guint kind,
			const char *dial)
{
	struct outcome s;
	json_t *told, *sip;

	*p = (struct phone){.home = h, .kind = &kinds[kind], .node = node};
	p->folder = g_build_filename(h->folder, node, NULL);
	p->log = g_build_filename(p->folder, "log", NULL);
	cr_assert_eq(g_mkdir_with_parents(p->folder, 0700), 0);
	/* the program is nobody of this machine */
	cr_assert_eq(chmod(p->folder, 0777), 0);
	home_run(h, &s, NULL, "credentials", node, "--json", "-", NULL);
	told = json_loads(s.out, 0, NULL);
	cr_assert(told, "%s%s", s.out, s.err);
	outcome_clear(&s);
	sip = json_object_get(told, "sip");
	write_tone(p);
	if (p->kind->configure)
		p->kind->configure(p, sip, json_object_get(told, "relay"));
	spawn(p, dial);
	if (p->kind->prepare)
		p->kind->prepare(p, sip);
	phone_expect(p, p->kind->registered);
	json_decref(told);
}

static bool has_ended(gpointer data)
{
	return waitpid(((const struct phone *)data)->pid, NULL, WNOHANG) != 0;
}

static void phone_stop(struct phone *p)
{
	close(p->input);
	home_run(p->home, &(struct outcome){0}, NULL, "exec", "--bind", p->folder, p->node, "--",
		 "sh", "-c", "kill -TERM $(cat \"$0\"/pid) 2>/dev/null", p->folder, NULL);
	cr_expect(process_wait_until(has_ended, p, WAIT_MS), "%s does not end", p->kind->name);
	g_free(p->folder);
	g_free(p->log);
}

/* Datagrams that came to the node's programs. */
static guint64 datagrams(const struct phone *p)
{
	struct outcome s;
	guint64 n;

	home_run(p->home, &s, NULL, "exec", p->node, "--", "awk", "/^Udp: [0-9]/ {print $2}",
		 "/proc/net/snmp", NULL);
	n = g_ascii_strtoull(s.out, NULL, 10);
	outcome_clear(&s);
	return n;
}

struct flow {
	const struct phone *p;
	guint64 enough;
};

static bool has_come(gpointer data)
{
	const struct flow *f = data;

	return datagrams(f->p) >= f->enough;
}

/* A second of speech arrives at both ends. */
static void hear(const struct phone *a, const struct phone *b)
{
	struct flow flows[] = {{a, datagrams(a) + 50}, {b, datagrams(b) + 50}};

	for (gsize i = 0; i < G_N_ELEMENTS(flows); i++)
		cr_expect(process_wait_until(has_come, &flows[i], WAIT_MS),
			  "%s on %s hears nothing", flows[i].p->kind->name, flows[i].p->node);
}

struct pair {
	guint caller, callee;
	const char *from, *to;
};

static void place_call(const struct home *h, const struct pair *row)
{
	struct phone caller, callee;
	g_autofree char *user = g_strdup_printf("%s@contoso.com", row->to);
	bool at_start = !kinds[row->caller].dial;

	phone_start(&callee, h, row->to, row->callee, NULL);
	phone_start(&caller, h, row->from, row->caller, at_start ? user : NULL);
	if (!at_start)
		caller.kind->dial(&caller, user);
	phone_expect(&callee, callee.kind->talking);
	phone_expect(&caller, caller.kind->talking);
	hear(&callee, &caller);
	caller.kind->hang_up(&caller);
	callee.kind->judge(&callee);
	caller.kind->judge(&caller);
	phone_stop(&caller);
	phone_stop(&callee);
}

static void place_calls(const struct pair *rows, gsize n)
{
	struct home h;

	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autofree char *path =
			kinds[i].program ? g_find_program_in_path(kinds[i].program) : NULL;

		if (kinds[i].program && !path)
			cr_skip_test("needs phones: %s is not installed", kinds[i].program);
	}
	home_new(&h, 0);
	home_expect(&h, 0, "up", "-q", "-s", "persistent-route", NULL);
	for (gsize i = 0; i < n; i++)
		place_call(&h, &rows[i]);
	home_clear(&h);
}

Test(phones, call_through_the_edge)
{
	static const struct pair rows[] = {
		{BARESIP, CLIENT, "home1", "dc1"},     {CLIENT, BARESIP, "dc1", "home1"},
		{LINPHONE, CLIENT, "home1", "dc1"},    {CLIENT, LINPHONE, "dc1", "home1"},
		{LINPHONE, BARESIP, "home1", "home2"},
	};

	place_calls(rows, G_N_ELEMENTS(rows));
}

Test(phones, call_through_the_front_end)
{
	static const struct pair rows[] = {
		{BARESIP, CLIENT, "dc2", "dc1"},   {LINPHONE, CLIENT, "dc2", "dc1"},
		{BARESIP, LINPHONE, "dc1", "dc2"}, {CLIENT, BARESIP, "dc1", "dc2"},
		{CLIENT, LINPHONE, "dc1", "dc2"},
	};

	place_calls(rows, G_N_ELEMENTS(rows));
}

/* In a process of its own: a lab with a phone, until it is killed. */
static G_NORETURN void start_and_wait(int ready)
{
	struct home h;
	struct phone p;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-q", "-s", "persistent-route", NULL);
	phone_start(&p, &h, "dc1", CLIENT, NULL);
	if (write(ready, h.folder, strlen(h.folder) + 1) > 0)
		pause();
	_exit(1);
}

static bool is_gone(gpointer data)
{
	const GArray *all = data;

	for (guint i = 0; i < all->len; i++)
		if (process_is_alive(&g_array_index(all, struct process_id, i)))
			return false;
	return true;
}

static bool has_no_file(gpointer data)
{
	return !g_file_test(data, G_FILE_TEST_EXISTS);
}

Test(phones, end_with_a_test_that_is_killed)
{
	g_autoptr(GArray) all = NULL;
	char folder[256] = "";
	int ready[2];
	pid_t test;

	cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
	test = fork();
	if (test == 0)
		start_and_wait(ready[1]);
	close(ready[1]);
	cr_assert_gt(read(ready[0], folder, sizeof folder - 1), 0, "it is up");
	all = process_descendants(test);
	cr_assert_geq(all->len, 3, "the guard, 'testbed exec' and the phone, not %u", all->len);
	kill(test, SIGKILL);
	waitpid(test, NULL, 0);
	cr_expect(process_wait_until(is_gone, all, WAIT_MS), "a process is left");
	cr_expect(process_wait_until(has_no_file, folder, WAIT_MS), "%s is left", folder);
}
