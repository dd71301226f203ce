/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Servers that are abused from outside, without an account and with one: their memory stays
 * bounded, and the others do not notice.  `make abuse` does it with whole counts. */
#include "tests/e2e/live/live.h"
#include "tests/support/figures.h"
#include "tests/support/process.h"

#include <criterion/criterion.h>
#include <criterion/logging.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ATTACKER "home2"
#define HONEST "home1"
#define ACCESS "203.0.113.10"
#define AV "203.0.113.20"
#define MEMORY_MAX_KIB (192 * 1024)

struct counts {
	const char *requests_per_s, *connections, *relays, *greetings;
	guint calls;
};

/* "0": as fast as the machine can. */
static const struct counts small = {"2000", "300", "200", "10", 1},
			   whole = {"0", "10000", "10000", "200", 25};

static const struct counts *counts(void)
{
	return g_strcmp0(g_getenv("TESTBED_ABUSE"), "whole") == 0 ? &whole : &small;
}

struct attack {
	struct started program;
	char *fifo;
	int held; /* it goes on until this is closed */
};

static char *flood_path(void)
{
	g_autofree char *program = program_path("testbed"), *bin = g_path_get_dirname(program);

	return g_canonicalize_filename("../tests/flood", bin);
}

static void attack_start(struct attack *a, const struct home *h, const char *how,
			 const char *address, const char *port, const char *count)
{
	g_autofree char *flood = flood_path(), *line = NULL,
			*runtime = g_strdup_printf("XDG_RUNTIME_DIR=%s", h->folder);

	a->fifo = g_build_filename(h->folder, how, NULL);
	cr_assert_eq(mkfifo(a->fifo, 0600), 0);
	a->held = open(a->fifo, O_RDWR | O_CLOEXEC);
	line = g_strdup_printf("exec %s exec --bind %s " ATTACKER " -- %s %s %s %s %s <%s",
			       h->program, flood, flood, how, address, port, count, a->fifo);
	program_start((const char *const[]){"env", runtime, "/bin/sh", "-c", line, NULL}, NULL,
		      &a->program);
}

/* Ends it; what it counted, which the caller owns. */
static json_t *attack_end(struct attack *a)
{
	struct outcome o;
	json_t *counted;

	close(a->held);
	program_end(&a->program, &o);
	counted = json_loads(o.out, 0, NULL);
	cr_assert(counted, "%s%s", o.out, o.err);
	cr_log_info("%s: %s", a->fifo, o.out);
	figure_add("abuse", "%s", g_strchomp(o.out));
	outcome_clear(&o);
	unlink(a->fifo);
	g_free(a->fifo);
	return counted;
}

static json_int_t counted(const json_t *object, const char *member)
{
	return json_integer_value(json_object_get(object, member));
}

/* Honest calls over the relay, and new connections to the Access Edge: 99 of 100 succeed. */
static void expect_service(const struct home *h, const char *during)
{
	g_autofree char *flood = flood_path();
	struct outcome o;
	json_t *greeted;
	guint passed = 0;

	for (guint i = 0; i < counts()->calls; i++) {
		home_run(h, &o, NULL, "call", HONEST, "dc1", "--media", "audio", NULL);
		passed += o.exit_code == 0;
		if (o.exit_code != 0)
			cr_log_warn("%s: %s%s", during, o.out, o.err);
		outcome_clear(&o);
	}
	cr_expect_geq(passed * 100, counts()->calls * 99, "%s: %u calls of %u", during, passed,
		      counts()->calls);
	home_run(h, &o, NULL, "exec", "--bind", flood, HONEST, "--", flood, "greet", ACCESS, "443",
		 counts()->greetings, NULL);
	greeted = json_loads(o.out, 0, NULL);
	cr_assert(greeted, "%s: %s%s", during, o.out, o.err);
	cr_expect_geq(counted(greeted, "greeted") * 100, counted(greeted, "of") * 99, "%s: %s",
		      during, o.out);
	cr_log_info("%s: %u calls of %u, greetings %s", during, passed, counts()->calls, o.out);
	figure_add("abuse", "during %s: %u of %u calls, %u of %u connections", during, passed,
		   counts()->calls, (guint)counted(greeted, "greeted"),
		   (guint)counted(greeted, "of"));
	json_decref(greeted);
	outcome_clear(&o);
}

/* The most memory that a server of the lab has had, in KiB. */
static guint64 memory_of(const struct home *h, const char *name)
{
	json_t *status = home_status(h, "lab");
	struct process_id p = process_descendant_named((pid_t)counted(status, "pid"), name);
	g_autofree char *path = g_strdup_printf("/proc/%d/status", p.pid), *text = NULL;
	const char *line;

	json_decref(status);
	cr_assert(p.pid > 0 && g_file_get_contents(path, &text, NULL, NULL), "%s is alive", name);
	line = strstr(text, "VmHWM:");
	cr_assert(line);
	return g_ascii_strtoull(line + strlen("VmHWM:"), NULL, 10);
}

static void expect_bounded(const struct home *h, const char *after)
{
	static const char *const servers[] = {"tb-edge", "tb-frontend"};

	for (gsize i = 0; i < G_N_ELEMENTS(servers); i++) {
		guint64 kib = memory_of(h, servers[i]);

		cr_expect_lt(kib, MEMORY_MAX_KIB, "%s: %s has had %u KiB", after, servers[i],
			     (guint)kib);
		cr_log_info("%s: %s has had %u KiB", after, servers[i], (guint)kib);
		figure_add("abuse", "after %s: %s has had %u KiB", after, servers[i], (guint)kib);
	}
}

/* One user with an account takes relays until he is refused; others get theirs. */
static void take_all_relays(const struct home *h)
{
	struct outcome o;
	json_t *told, *relay, *got;
	g_autofree char *flood = flood_path();

	home_run(h, &o, NULL, "credentials", ATTACKER, "--json", "-", NULL);
	told = json_loads(o.out, 0, NULL);
	relay = json_object_get(told, "relay");
	cr_assert(relay, "%s%s", o.out, o.err);
	outcome_clear(&o);
	home_run(h, &o, NULL, "exec", "--bind", flood, ATTACKER, "--", flood, "relays", AV, "3478",
		 counts()->relays, json_string_value(json_object_get(relay, "username")),
		 json_string_value(json_object_get(relay, "password")), NULL);
	got = json_loads(o.out, 0, NULL);
	cr_assert(got, "%s%s", o.out, o.err);
	cr_log_info("relays: %s", o.out);
	cr_expect_leq(counted(got, "granted"), 128, "%s", o.out);
	cr_expect_gt(counted(got, "refused"), 0, "%s", o.out);
	json_decref(got);
	json_decref(told);
	outcome_clear(&o);
}

Test(abuse, others_do_not_notice)
{
	static const struct {
		const char *how, *address, *port;
	} attacks[] = {{"requests", AV, "3478"},
		       {"hold", ACCESS, "443"},
		       {"drip", ACCESS, "443"},
		       {"hold", AV, "443"}};
	struct home h;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-q", "-s", "persistent-route", NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(attacks); i++) {
		const char *how = attacks[i].how;
		struct attack a;

		attack_start(&a, &h, how, attacks[i].address, attacks[i].port,
			     i == 0 ? counts()->requests_per_s : counts()->connections);
		expect_service(&h, how);
		json_decref(attack_end(&a));
		expect_bounded(&h, how);
	}
	take_all_relays(&h);
	expect_service(&h, "relays");
	expect_bounded(&h, "relays");
	home_clear(&h);
}
