/* SPDX-License-Identifier: GPL-2.0-or-later */
/* up: starts a keeper with a lab that stays, and waits until the lab is up. */
#include "testbed/cmd/up.h"

#include <unistd.h>

#define DEFAULT_NAME "lab"

/* Prints which lab has the name already. */
static void print_name_taken(const char *name, const char *topology, const struct scenario *sc)
{
	g_autoptr(live_client) c = live_connect(name, NULL);
	json_auto_t *status = c ? live_ask(c, "status", NULL) : NULL;
	const json_t *there = json_object_get(status, "topology");
	const char *file = member_text(there, "file");
	const char *scenario = member_text(status, "scenario");

	cmd_error("the name '%s' is taken: a lab of %s, scenario %s, is up under it, and %s, "
		  "scenario %s, was to come up; "
		  "'testbed down -n %s' ends that one, -n NAME gives this one another name",
		  name, file ? file : "another topology", scenario ? scenario : "unknown", topology,
		  sc->name, name);
}

/* Appends the commands that the user may want next, with names of this lab. */
static void add_hints(GString *text, const char *name, const json_t *endpoints)
{
	g_autofree char *option =
		g_str_equal(name, DEFAULT_NAME) ? g_strdup("") : g_strdup_printf(" -n %s", name);
	size_t n = json_array_size(endpoints);
	const char *program = cmd_program();
	const char *first = n > 0 ? member_text(json_array_get(endpoints, 0), "name") : NULL;
	const char *last = n > 0 ? member_text(json_array_get(endpoints, n - 1), "name") : NULL;

	if (n > 1)
		g_string_append_printf(text, "  %s call%s %s %s\n", program, option, first, last);
	if (n > 0)
		g_string_append_printf(text, "  %s shell%s %s\n", program, option, first);
	g_string_append_printf(text, "  %s status%s\n  %s down%s\n", program, option, program,
			       option);
}

/* Prints that the lab is up, and clients that could not sign in.  Returns the exit code. */
static int print_up(const json_t *status, const char *name, bool quiet)
{
	const json_t *endpoints = json_object_get(status, "endpoints");
	const char *vpn = member_text(status, "vpn");
	g_autoptr(GString) text = g_string_new(NULL);
	size_t signed_in = json_array_size(endpoints) - cmd_tell_troubled(endpoints);

	g_string_append_printf(
		text,
		"lab '%s' is up: %s, scenario %s; %zu nodes, %zu of %zu clients signed in%s%s%s "
		"(%.0f ms)\n",
		name, member_text(json_object_get(status, "topology"), "name"),
		member_text(status, "scenario"), json_array_size(json_object_get(status, "nodes")),
		signed_in, json_array_size(endpoints), vpn ? ", VPN by " : "", vpn ? vpn : "",
		report_vpn_note(vpn), member_number(status, "up_ms"));
	if (member_true(status, "published"))
		g_string_append_printf(text,
				       "its nodes are in /run/netns of this machine as %s-NODE, "
				       "until 'testbed down'\n",
				       name);
	if (member_text(status, "uncontained"))
		g_string_append_printf(text,
				       "this host does not contain all of a lab: %s ('testbed "
				       "doctor')\n",
				       member_text(status, "uncontained"));
	add_hints(text, name, endpoints);
	if (quiet)
		return CMD_AS_EXPECTED;
	return cmd_print(text->str, (gssize)text->len);
}

/* Starts the keeper and waits until the lab is up. */
static live_client *start_and_wait(struct keeper_job *job, json_t **ret_status, GError **error)
{
	int fd = runtime_dir_connect(job->runtime, job->name);
	g_autoptr(live_client) c = fd >= 0 ? live_client_new(fd) : NULL;

	/* connected before it starts: until the lab is up, the keeper ends with this process */
	if (!c)
		tb_error_set(error, TB_ERROR_FAILED, "can't connect to the control socket in %s",
			     runtime_dir_path(job->runtime));
	else if (keeper_start(job, error))
		*ret_status = live_ask(c, "wait", error);
	return *ret_status ? g_steal_pointer(&c) : NULL;
}

live_client *cmd_bring_up(struct keeper_job *job, const char *topology, json_t **ret_status,
			  int *ret_exit)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(runtime_dir) dir = runtime_dir_open(&error);
	live_client *c = NULL;
	bool taken = false;

	*ret_status = NULL;
	job->runtime = dir;
	job->lock = dir ? runtime_dir_claim(dir, job->name, &taken, &error) : -1;
	if (taken)
		print_name_taken(job->name, topology, job->scenario);
	job->listener = job->lock >= 0 ? runtime_dir_listen(dir, job->name, &error) : -1;
	if (job->listener >= 0)
		c = start_and_wait(job, ret_status, &error);
	else if (job->lock >= 0)
		runtime_dir_remove(dir, job->name);
	if (!c)
		*ret_exit = taken ? cmd_exit_of(error) : cmd_failed(error);
	return c;
}

int cmd_up(const struct options *o)
{
	g_autoptr(model) m = NULL;
	g_autoptr(live_client) c = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *program_dir = cmd_program_dir(), *topology = cmd_topology_path(o);
	json_auto_t *up = NULL;
	struct keeper_job job = {.name = o->name ? o->name : DEFAULT_NAME,
				 .program_dir = program_dir,
				 .publish = o->publish,
				 .changes = o->changes};
	int status;

	if (!runtime_dir_check_name(job.name, &error))
		return cmd_fail(CMD_USAGE, "%s", error->message);
	if (o->publish && geteuid() != 0)
		return cmd_fail(
			CMD_USAGE,
			"--publish puts names into the machine's /run/netns, which only root "
			"may: 'sudo testbed up --publish', or "
			"'testbed shell NODE' without it");
	m = cmd_topology_load(o);
	if (!m)
		return CMD_INPUT;
	job.base = m;
	job.scenario = cmd_scenario(m, o->scenario);
	if (!job.scenario)
		return CMD_USAGE;
	status = cmd_allow_commands(o, m);
	if (status)
		return status;
	c = cmd_bring_up(&job, topology, &up, &status);
	return c ? print_up(up, job.name, o->quiet) : status;
}
