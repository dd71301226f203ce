/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/e2e/live/live.h"

#include "testbed/live/client.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void copy_file(const char *from, const char *to, int mode)
{
	g_autofree char *bytes = NULL;
	gsize length = 0;

	cr_assert(g_file_get_contents(from, &bytes, &length, NULL), "read %s", from);
	cr_assert(g_file_set_contents_full(to, bytes, (gssize)length, G_FILE_SET_CONTENTS_NONE,
					   mode, NULL),
		  "write %s", to);
}

/* Another user may reach neither the build nor the topologies. */
static char *public_copy(const char *folder)
{
	static const char *const names[] = {"testbed", "tb-frontend", "tb-edge", "tb-client"};
	g_autofree char *bin = g_build_filename(folder, "copy", "bin", NULL);
	g_autofree char *topology = g_build_filename(folder, "copy", "company.yaml", NULL);

	cr_assert_eq(g_mkdir_with_parents(bin, 0755), 0);
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *from = program_path(names[i]),
				*to = g_build_filename(bin, names[i], NULL);

		copy_file(from, to, 0755);
	}
	copy_file(COMPANY, topology, 0644);
	return g_build_filename(bin, "testbed", NULL);
}

void home_new(struct home *h, unsigned uid)
{
	h->uid = uid;
	h->folder = program_folder_new();
	h->program = uid != 0 ? public_copy(h->folder) : program_path("testbed");
	if (uid != 0) {
		g_autofree char *runtime = g_build_filename(h->folder, "run", NULL);

		cr_assert_eq(g_mkdir_with_parents(runtime, 0700), 0);
		cr_assert_eq(chown(runtime, uid, uid), 0);
		cr_assert_eq(chmod(h->folder, 0755), 0);
	}
}

void home_clear(struct home *h)
{
	home_expect(h, 0, "down", "--all", NULL);
	program_folder_free(h->folder);
	g_free(h->program);
}

void said_clear(struct said *s)
{
	g_free(s->out);
	g_free(s->err);
}

static void become(gpointer user_data)
{
	unsigned uid = GPOINTER_TO_UINT(user_data);

	if (uid != 0 && (setgid(uid) != 0 || setuid(uid) != 0))
		_exit(126);
}

static char *runtime_path(const struct home *h)
{
	return h->uid != 0 ? g_build_filename(h->folder, "run", NULL) : g_strdup(h->folder);
}

static void run(const struct home *h, struct said *ret, const char *input, GPtrArray *argv)
{
	g_autofree char *runtime = runtime_path(h),
			*in = g_build_filename(h->folder, "input", NULL);
	g_auto(GStrv) environment =
		g_environ_setenv(g_get_environ(), "XDG_RUNTIME_DIR", runtime, TRUE);
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	int status = 0;

	/* standard input by a shell: g_spawn_sync has none to give */
	if (input) {
		cr_assert(g_file_set_contents(in, input, -1, NULL));
		g_ptr_array_add(all, (gpointer)(guintptr) "/bin/sh");
		g_ptr_array_add(all, (gpointer)(guintptr) "-c");
		g_ptr_array_add(all, (gpointer)(guintptr) "in=$1; shift; exec \"$@\" <\"$in\"");
		g_ptr_array_add(all, (gpointer)(guintptr) "sh");
		g_ptr_array_add(all, in);
	}
	g_ptr_array_extend(all, argv, NULL, NULL);
	*ret = (struct said){.exit_code = -1};
	cr_assert(g_spawn_sync(NULL, (char **)all->pdata, environment, G_SPAWN_DEFAULT, become,
			       GUINT_TO_POINTER(h->uid), &ret->out, &ret->err, &status, &error),
		  "run %s: %s", h->program, error ? error->message : "");
	ret->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
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

void home_run(const struct home *h, struct said *ret, const char *input, ...)
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
	struct said s;
	va_list args;

	va_start(args, exit_code);
	argv = collect(h, args);
	va_end(args);
	run(h, &s, NULL, argv);
	line = g_strjoinv(" ", (char **)argv->pdata + 1);
	cr_expect_eq(s.exit_code, exit_code, "testbed %s: exit %d, not %d; %s%s", line, s.exit_code,
		     exit_code, s.out, s.err);
	said_clear(&s);
}

json_t *home_status(const struct home *h, const char *name)
{
	json_t *document, *lab;
	struct said s;

	home_run(h, &s, NULL, "status", "-n", name, "--json", "-", NULL);
	document = json_loads(s.out, 0, NULL);
	lab = json_incref(json_array_get(json_object_get(document, "labs"), 0));
	json_decref(document);
	said_clear(&s);
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
	static const char *const of_links[] = {"ifindex",  "rx_bytes",	 "rx_packets",
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
