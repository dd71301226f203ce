/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/e2e/live/live.h"

#include "testbed/live/client.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Waits until the test has ended, in whichever way, and takes away what it left behind: its labs,
 * with every program inside them, and its folder. */
static G_NORETURN void keep_guard(const struct home *h, int waits)
{
	const char *const argv[] = {h->program, "down", "--all", NULL};
	g_auto(GStrv) environment = g_environ_setenv(
		g_environ_setenv(g_get_environ(), "XDG_RUNTIME_DIR", h->folder, TRUE), "HOME", "/",
		TRUE);
	char byte;

	setsid();
	while (read(waits, &byte, 1) < 0 && errno == EINTR)
		;
	if (g_file_test(h->folder, G_FILE_TEST_IS_DIR)) {
		g_spawn_sync(NULL, (char **)(gpointer)(guintptr)argv, environment,
			     G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
			     NULL, NULL, NULL, NULL);
		program_folder_free(g_strdup(h->folder));
	}
	_exit(0);
}

static void start_guard(struct home *h)
{
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	h->guard = fork();
	cr_assert(h->guard >= 0);
	if (h->guard == 0) {
		close(ends[1]);
		keep_guard(h, ends[0]);
	}
	close(ends[0]);
	h->guarded = ends[1];
}

void home_new(struct home *h, unsigned uid)
{
	*h = (struct home){.uid = uid};
	h->folder = program_folder_new();
	h->program = uid != 0 ? program_public_copy(h->folder) : program_path("testbed");
	if (uid != 0) {
		g_autofree char *runtime = g_build_filename(h->folder, "run", NULL);

		cr_assert_eq(g_mkdir_with_parents(runtime, 0700), 0);
		cr_assert_eq(chown(runtime, uid, uid), 0);
		cr_assert_eq(chmod(h->folder, 0755), 0);
	} else {
		start_guard(h);
	}
}

void home_clear(struct home *h)
{
	home_expect(h, 0, "down", "--all", NULL);
	program_folder_free(h->folder);
	if (h->guard > 0) {
		close(h->guarded);
		waitpid(h->guard, NULL, 0);
	}
	g_free(h->program);
}

static char *runtime_path(const struct home *h)
{
	return h->uid != 0 ? g_build_filename(h->folder, "run", NULL) : g_strdup(h->folder);
}

static void run(const struct home *h, struct outcome *ret, const char *input, GPtrArray *argv)
{
	g_autofree char *runtime = runtime_path(h);
	g_auto(GStrv) environment =
		g_environ_setenv(g_get_environ(), "XDG_RUNTIME_DIR", runtime, TRUE);
	const struct start how = {.environment = environment, .input = input, .uid = h->uid};

	program_run((const char *const *)(gpointer)argv->pdata, &how, ret);
}

static GPtrArray *collect(const struct home *h, va_list args)
{
	GPtrArray *argv = g_ptr_array_new();
	const char *arg;

	g_ptr_array_add(argv, h->program);
	do {
		arg = va_arg(args, const char *);
		g_ptr_array_add(argv, (gpointer)(guintptr)arg);
	} while (arg);
	return argv;
}

void home_run(const struct home *h, struct outcome *ret, const char *input, ...)
{
	g_autoptr(GPtrArray) argv = NULL;
	va_list args;

	va_start(args, input);
	argv = collect(h, args);
	va_end(args);
	run(h, ret, input, argv);
}

void home_expect(const struct home *h, int exit_code, ...)
{
	g_autoptr(GPtrArray) argv = NULL;
	g_autofree char *line = NULL;
	struct outcome s;
	va_list args;

	va_start(args, exit_code);
	argv = collect(h, args);
	va_end(args);
	run(h, &s, NULL, argv);
	line = g_strjoinv(" ", (char **)argv->pdata + 1);
	cr_expect_eq(s.exit_code, exit_code, "testbed %s: exit %d, not %d; %s%s", line, s.exit_code,
		     exit_code, s.out, s.err);
	outcome_clear(&s);
}

json_t *home_status(const struct home *h, const char *name)
{
	json_t *document, *lab;
	struct outcome s;

	home_run(h, &s, NULL, "status", "-n", name, "--json", "-", NULL);
	document = json_loads(s.out, 0, NULL);
	lab = json_incref(json_array_get(json_object_get(document, "labs"), 0));
	json_decref(document);
	outcome_clear(&s);
	return lab;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* An array's elements as sorted texts. */
static json_t *sorted(const json_t *list)
{
	gsize n = json_array_size(list);
	g_autofree char **texts = g_new0(char *, n + 1);
	json_t *result = json_array();

	for (gsize i = 0; i < n; i++)
		texts[i] = json_dumps(json_array_get(list, i), JSON_COMPACT | JSON_SORT_KEYS);
	qsort(texts, n, sizeof(char *), by_text);
	for (gsize i = 0; i < n; i++) {
		json_array_append_new(result, json_string(texts[i]));
		free(texts[i]);
	}
	return result;
}

static void drop_all(json_t *list, const char *const *members)
{
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item)
		for (guint m = 0; members[m]; m++)
			json_object_del(item, members[m]);
}

/* Rules keep their order within a chain; tables have none. */
static void number_rules(json_t *rules)
{
	size_t i;
	json_t *rule;
	g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	json_array_foreach(rules, i, rule) {
		char *chain =
			g_strdup_printf("%s %s", json_string_value(json_object_get(rule, "table")),
					json_string_value(json_object_get(rule, "chain")));
		gsize n = GPOINTER_TO_SIZE(g_hash_table_lookup(counts, chain));

		json_object_set_new(rule, "place", json_integer((json_int_t)n));
		g_hash_table_replace(counts, chain, GSIZE_TO_POINTER(n + 1));
	}
}

static void normalise(json_t *node)
{
	static const char *const of_links[] = {"ifindex",  "losses",	 "rx_bytes", "rx_packets",
					       "tx_bytes", "tx_packets", NULL};
	static const char *const of_rules[] = {"packets", "bytes", NULL};
	static const char *const lists[] = {"links", "routes", "rules", "nft", "listeners"};

	json_object_del(node, "neighbours");
	json_object_del(node, "counters");
	json_object_del(node, "conntrack");
	json_object_del(node, "time_us");
	drop_all(json_object_get(node, "links"), of_links);
	drop_all(json_object_get(node, "nft"), of_rules);
	number_rules(json_object_get(node, "nft"));
	for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
		json_object_set_new(node, lists[i], sorted(json_object_get(node, lists[i])));
}

json_t *home_state(const struct home *h, const char *name)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(live_client) c = NULL;
	json_t *state, *nodes, *node;
	const char *key;

	g_setenv("XDG_RUNTIME_DIR", h->folder, TRUE);
	c = live_connect(name, &error);
	cr_assert(c, "%s", error ? error->message : "");
	state = live_request(c, json_pack("{s:s}", "do", "inspect"), NULL, NULL, &error);
	cr_assert(state, "%s", error ? error->message : "");
	nodes = json_incref(json_object_get(state, "nodes"));
	json_decref(state);
	json_object_foreach(nodes, key, node)
		normalise(node);
	return nodes;
}

guint home_files(const struct home *h)
{
	g_autofree char *runtime = runtime_path(h),
			*path = g_build_filename(runtime, "testbed", NULL);
	GDir *folder = g_dir_open(path, 0, NULL);
	guint n = 0;

	while (folder && g_dir_read_name(folder))
		n++;
	if (folder)
		g_dir_close(folder);
	return n;
}
