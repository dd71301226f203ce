/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One lab that stays up for long: thousands of calls over twelve changes of its network, and many
 * bindings and relays.  Every call passes, and at the end every process of the lab has as many
 * descriptors, threads and as much memory as it had when the lab was warm, and the kernels track no
 * more sessions.
 *
 * CALLS says how many calls, BINDINGS and RELAYS how many of those (make check-endurance). */
#include "testbed/live/client.h"
#include "tests/e2e/live/live.h"
#include "tests/support/figures.h"
#include "tests/support/process.h"

#include <criterion/criterion.h>
#include <criterion/logging.h>
#include <string.h>
#include <unistd.h>

#define CALLS_USUAL 12
#define AUDIO_EACH 12 /* every so many-th call has media */
#define MEDIA_MS 300
#define CHANGES 12
#define AV "203.0.113.20"
/* More than that is growth; of memory beside what allocators keep. */
#define DESCRIPTORS_MORE 4
#define THREADS_MORE 4
#define MEMORY_MORE_KIB 4096
#define TRACKED_MORE 512
#define TRACKED_MS 400000 /* the kernel forgets UDP after 3 min */

/* Each with what takes it back: the lab is after all of them as before, but for a delay of 1 ms. */
static const char *const changes[CHANGES / 2][2] = {
	{"add-route: {node: edge, to: 10.77.0.0/24, via: 172.25.33.1}",
	 "remove-route: {node: edge, to: 10.77.0.0/24}"},
	{"set-impair: {node: branch-gw, interface: wan, delay: 2ms}",
	 "set-impair: {node: branch-gw, interface: wan, delay: 1ms}"},
	{"set-host-model: {node: edge, host_model: weak}",
	 "set-host-model: {node: edge, host_model: strong}"},
	{"block: {node: core, name: no-web, chain: forward, proto: tcp, dports: [8080]}",
	 "remove-rule: {node: core, rule: no-web}"},
	{"set-sysctl: {node: core, key: net.ipv4.conf.all.rp_filter, value: '2'}",
	 "set-sysctl: {node: core, key: net.ipv4.conf.all.rp_filter, value: '0'}"},
	{"add-node: {tap: {interfaces: {lan: {network: perimeter, address: 172.25.33.77/24}}}}",
	 "remove-node: {node: tap}"},
};

/* What one process of the lab has. */
struct account {
	struct process_id id;
	char name[32];
	guint descriptors, threads;
	guint64 memory_kib; /* its own: without what it shares */
};

static guint count_entries(pid_t pid, const char *what)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, what);
	GDir *dir = g_dir_open(path, 0, NULL);
	guint n = 0;

	while (dir && g_dir_read_name(dir))
		n++;
	if (dir)
		g_dir_close(dir);
	return n;
}

static guint64 own_memory_kib(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/smaps_rollup", (int)pid), *text = NULL;
	const char *line;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return 0;
	line = strstr(text, "\nAnonymous:");
	return line ? g_ascii_strtoull(line + strlen("\nAnonymous:"), NULL, 10) : 0;
}

/* The keeper, and all that it has started. */
static GArray *take_account(pid_t keeper)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(struct account));
	g_autoptr(GArray) processes = process_descendants(keeper);
	struct process_id first = {.pid = keeper};

	g_array_prepend_val(processes, first);
	for (guint i = 0; i < processes->len; i++) {
		struct account a = {.id = g_array_index(processes, struct process_id, i)};
		g_autofree char *path = g_strdup_printf("/proc/%d/comm", (int)a.id.pid),
				*name = NULL;

		if (!g_file_get_contents(path, &name, NULL, NULL))
			continue;
		g_strlcpy(a.name, g_strchomp(name), sizeof a.name);
		a.descriptors = count_entries(a.id.pid, "fd");
		a.threads = count_entries(a.id.pid, "task");
		a.memory_kib = own_memory_kib(a.id.pid);
		g_array_append_val(list, a);
	}
	return list;
}

static const struct account *same_process(const GArray *list, const struct account *a)
{
	for (guint i = 0; i < list->len; i++)
		if (g_array_index(list, struct account, i).id.pid == a->id.pid)
			return &g_array_index(list, struct account, i);
	return NULL;
}

/* The most that a process has grown, in KiB; the test fails for what is beyond the bounds. */
static guint64 expect_flat(const GArray *warm, const GArray *end)
{
	guint64 most_kib = 0;

	for (guint i = 0; i < end->len; i++) {
		const struct account *now = &g_array_index(end, struct account, i);
		const struct account *then = same_process(warm, now);

		if (!then)
			continue;
		cr_expect_leq(now->descriptors, then->descriptors + DESCRIPTORS_MORE,
			      "%s: %u descriptors, %u when warm", now->name, now->descriptors,
			      then->descriptors);
		cr_expect_leq(now->threads, then->threads + THREADS_MORE,
			      "%s: %u threads, %u when warm", now->name, now->threads,
			      then->threads);
		cr_expect_leq(now->memory_kib, then->memory_kib + MEMORY_MORE_KIB,
			      "%s: %u KiB, %u when warm", now->name, (guint)now->memory_kib,
			      (guint)then->memory_kib);
		if (now->memory_kib > then->memory_kib)
			most_kib = MAX(most_kib, now->memory_kib - then->memory_kib);
		cr_log_info("%s: %u to %u descriptors, %u to %u KiB", now->name, then->descriptors,
			    now->descriptors, (guint)then->memory_kib, (guint)now->memory_kib);
	}
	return most_kib;
}

/* Sessions that the kernels of all nodes track. */
static guint tracked(live_client *c)
{
	g_autoptr(GError) error = NULL;
	json_t *state = live_request(c, json_pack("{s:s}", "do", "inspect"), NULL, NULL, &error);
	json_t *node;
	const char *name;
	guint n = 0;

	cr_assert(state, "inspect: %s", error ? error->message : "");
	json_object_foreach(json_object_get(state, "nodes"), name, node)
		n += (guint)json_array_size(json_object_get(node, "conntrack"));
	json_decref(state);
	return n;
}

struct tracking {
	live_client *client;
	guint limit, now;
};

static bool tracks_few(gpointer data)
{
	struct tracking *t = data;

	t->now = tracked(t->client);
	return t->now <= t->limit;
}

/* --- what the lab does ------------------------------------------------------------------------ */

static void place_call(live_client *c, guint number)
{
	static const char *const pairs[][2] = {
		{"dc1", "branch1"}, {"home1", "dc2"}, {"branch2", "home2"}, {"dc2", "dc1"}};
	const char *const *pair = pairs[number % G_N_ELEMENTS(pairs)];
	bool audio = number % AUDIO_EACH == AUDIO_EACH - 1;
	g_autoptr(GError) error = NULL;
	json_t *answer, *cell;

	if (audio) /* a call that needs no relay, whatever the change */
		pair = pairs[3];
	answer = live_request(c,
			      json_pack("{s:s, s:s, s:s, s:s, s:i}", "do", "call", "a", pair[0],
					"b", pair[1], "media", audio ? "audio" : "im", "media_ms",
					MEDIA_MS),
			      NULL, NULL, &error);
	cr_assert(answer, "call %u: %s", number, error ? error->message : "");
	cell = json_object_get(answer, "cell");
	cr_expect_str_eq(cell_text(cell, "verdict"), "pass", "call %u of %s to %s: %s", number,
			 pair[0], pair[1], cell_text(cell, "reason"));
	json_decref(answer);
}

static void change_network(const struct home *h, guint number)
{
	home_expect(h, 0, "set", changes[number / 2][number % 2], NULL);
}

/* All, or with few calls a third of them. */
static guint number_of_changes(guint calls)
{
	return calls > CALLS_USUAL ? CHANGES : CHANGES / 3;
}

/* The calls of one stretch, between two changes. */
static void place_calls(live_client *c, guint from, guint to)
{
	for (guint i = from; i < to; i++)
		place_call(c, i);
}

static json_int_t flood(const struct home *h, const char *how, const char *count, const char *user,
			const char *password, const char *member)
{
	g_autofree char *program = program_path("testbed"), *bin = g_path_get_dirname(program),
			*path = g_canonicalize_filename("../tests/flood", bin);
	struct outcome o;
	json_t *told;
	json_int_t n;

	home_run(h, &o, NULL, "exec", "--bind", path, "home2", "--", path, how, AV, "3478", count,
		 user, password, NULL);
	told = json_loads(o.out, 0, NULL);
	cr_expect(told, "%s: exit %d: %s%s", how, o.exit_code, o.out, o.err);
	n = json_integer_value(json_object_get(told, member));
	json_decref(told);
	outcome_clear(&o);
	return n;
}

/* Bindings, and relays that are given back. */
static void use_relay(const struct home *h, guint bindings, guint relays)
{
	g_autofree char *n_bindings = g_strdup_printf("%u", bindings),
			*n_relays = g_strdup_printf("%u", relays);
	struct outcome o;
	json_t *told, *relay;
	json_int_t released;

	home_run(h, &o, NULL, "credentials", "home2", "--json", "-", NULL);
	told = json_loads(o.out, 0, NULL);
	relay = json_object_get(told, "relay");
	cr_assert(relay, "%s%s", o.out, o.err);
	cr_expect_geq(flood(h, "bindings", n_bindings, NULL, NULL, "answers"), bindings);
	/* a packet that a busy machine loses is not sent again here */
	released =
		flood(h, "churn", n_relays, json_string_value(json_object_get(relay, "username")),
		      json_string_value(json_object_get(relay, "password")), "released");
	cr_expect_geq(released * 100, (json_int_t)relays * 99, "%d of %u relays", (int)released,
		      relays);
	json_decref(told);
	outcome_clear(&o);
}

Test(endurance, a_lab_stays_as_it_is, .timeout = 36000)
{
	guint calls = figure_count("CALLS", CALLS_USUAL), bindings = figure_count("BINDINGS", 640),
	      relays = figure_count("RELAYS", 20), tracked_warm;
	struct tracking tracking;
	g_autoptr(GError) error = NULL;
	g_autoptr(live_client) c = NULL;
	g_autoptr(GArray) warm = NULL, end = NULL;
	json_t *status;
	struct home h;
	pid_t keeper;
	guint64 most_kib;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-q", "-t", COMPANY, "-s", "persistent-route", NULL);
	g_setenv("XDG_RUNTIME_DIR", h.folder, TRUE);
	status = home_status(&h, "lab");
	keeper = (pid_t)json_integer_value(json_object_get(status, "pid"));
	json_decref(status);
	c = live_connect("lab", &error);
	cr_assert(c, "%s", error ? error->message : "");
	/* warm: each kind of work has been done once, and a tenth of the calls */
	place_calls(c, 0, AUDIO_EACH + calls / 10);
	for (guint i = 0; i < number_of_changes(calls); i++)
		change_network(&h, i);
	use_relay(&h, MIN(bindings, 64000), MIN(relays, 200));
	warm = take_account(keeper);
	tracked_warm = tracked(c);
	for (guint i = 0, n = number_of_changes(calls); i < n; i++) {
		place_calls(c, calls * i / n, calls * (i + 1) / n);
		change_network(&h, i);
	}
	use_relay(&h, bindings, relays);
	end = take_account(keeper);
	most_kib = expect_flat(warm, end);
	tracking = (struct tracking){.client = c, .limit = tracked_warm + TRACKED_MORE};
	cr_expect(process_wait_until(tracks_few, &tracking, TRACKED_MS),
		  "%u tracked sessions, %u when warm", tracking.now, tracked_warm);
	figure_add("check-endurance",
		   "%u calls over %u changes, %u bindings, %u relays in one lab: all passed; "
		   "descriptors flat, most memory that a process gained %u KiB, tracked sessions "
		   "%u to %u",
		   calls, number_of_changes(calls), bindings, relays, (guint)most_kib, tracked_warm,
		   tracking.now);
	g_clear_pointer(&c, object_free);
	home_clear(&h);
}
