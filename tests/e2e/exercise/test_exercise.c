/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exercises as a student does them: a hidden fault is found and repaired by `set` and by hand, and
 * graded right; wrong answers and repairs are graded wrong; nothing tells the fault.  One of them
 * here; with TESTBED_EXERCISES=whole (make check-exercises) all. */
#include "testbed/exercise/exercise.h"
#include "tests/e2e/live/page.h"
#include "tests/support/process.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <fcntl.h>
#include <pty.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAB "exercise"

/* The document that an exercise's verb writes (up to NULL), which the caller frees; the test fails
 * when the verb exits with another code. */
static json_t *graded(const struct home *h, int exit_code, const char *verb, const char *a,
		      const char *b, const char *c, const char *d, const char *e, const char *f)
{
	struct outcome s;
	json_t *document;

	home_run(h, &s, NULL, "exercise", verb, "--json", "-", a, b, c, d, e, f, NULL);
	cr_expect_eq(s.exit_code, exit_code, "%s: exit %d, not %d: %s%s", verb, s.exit_code,
		     exit_code, s.out, s.err);
	document = json_loads(s.out, 0, NULL);
	outcome_clear(&s);
	return document;
}

static json_t *checked(const struct home *h, int exit_code)
{
	return graded(h, exit_code, "check", NULL, NULL, NULL, NULL, NULL, NULL);
}

/* The last check's reasons, one a line; the caller frees them. */
static char *reasons_of(const json_t *document)
{
	const json_t *checks = json_object_get(document, "checks"), *reason;
	const json_t *last = json_array_get(checks, json_array_size(checks) - 1);
	GString *text = g_string_new(NULL);
	size_t i;

	json_array_foreach(json_object_get(last, "reasons"), i, reason)
		g_string_append_printf(text, "%s\n", json_string_value(reason));
	return g_string_free(text, FALSE);
}

static void expect_checked(const struct home *h, int exit_code, const char *reason)
{
	json_t *document = checked(h, exit_code);
	g_autofree char *reasons = reasons_of(document);

	cr_expect(strstr(reasons, reason), "'%s' is not among\n%s", reason, reasons);
	json_decref(document);
}

static json_int_t last_answer_percent(const json_t *document)
{
	const json_t *answers = json_object_get(document, "answers");
	const json_t *last = json_array_get(answers, json_array_size(answers) - 1);

	return json_integer_value(json_object_get(last, "percent"));
}

static void expect_answer(const struct home *h, const char *node, const char *cause,
			  const char *object, int percent)
{
	json_t *document = graded(h, percent == 100 ? 0 : 1, "answer", "--node", node, "--cause",
				  cause, "--object", object);

	cr_expect_eq(last_answer_percent(document), percent, "%s %s %s: %d %%", node, cause, object,
		     (int)last_answer_percent(document));
	json_decref(document);
}

static void student_init(struct home *h)
{
	g_autofree char *state = NULL;

	home_new(h, 0);
	state = g_build_filename(h->folder, "state", NULL);
	g_setenv("XDG_STATE_HOME", state, TRUE);
}

static void start(const struct home *h, const char *name)
{
	home_expect(h, 0, "exercise", "start", name, "-q", NULL);
}

static void repair(const struct home *h, const char *const *changes)
{
	for (; *changes; changes++)
		home_expect(h, 0, "set", "-n", LAB, *changes, NULL);
}

/* --- nothing tells the fault ------------------------------------------------------------------ */

/* Whether the text has the word, and not among other letters and digits, as in a key. */
static bool has_word(const char *text, gsize length, const char *word)
{
	const char *end = text + length, *at = text;
	gsize n = strlen(word);

	while ((at = memmem(at, (gsize)(end - at), word, n))) {
		if ((at == text || !g_ascii_isalnum(at[-1])) &&
		    (at + n == end || !g_ascii_isalnum(at[n])))
			return true;
		at++;
	}
	return false;
}

/* Expects none of the words in the text, which is of `where`. */
static void expect_no_words(const char *text, gsize length, const char *const *words,
			    const char *where)
{
	for (; *words; words++)
		cr_expect(!has_word(text, length, *words), "'%s' is in %s", *words, where);
}

/* Reads what can be read of the file. */
static void search_file(const char *path, const char *const *words)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	g_autoptr(GString) text = g_string_new(NULL);
	char buffer[65536];
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || g_str_has_prefix(path, "/proc/")))
		while (text->len < 64u << 20 && (n = read(fd, buffer, sizeof(buffer))) > 0)
			g_string_append_len(text, buffer, n);
	close(fd);
	expect_no_words(text->str, text->len, words, path);
}

static guint search_folder(const char *path, const char *const *words)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	guint files = 0;
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *inner = g_build_filename(path, name, NULL);

		if (g_file_test(inner, G_FILE_TEST_IS_DIR) &&
		    !g_file_test(inner, G_FILE_TEST_IS_SYMLINK))
			files += search_folder(inner, words);
		else
			search_file(inner, words);
		files++;
	}
	return files;
}

/* What /proc has of the process in words and files: how it was started, and what it has open. */
static void search_process(pid_t pid, const char *const *words)
{
	static const char *const files[] = {"cmdline", "environ", "comm", "maps", "mountinfo"};

	for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_strdup_printf("/proc/%d/%s", pid, files[i]);

		search_file(path, words);
	}
}

static void search_open_files(pid_t pid, const char *const *words)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/fd", pid);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *link = g_build_filename(path, name, NULL);
		struct stat st;

		if (stat(link, &st) == 0 && S_ISREG(st.st_mode))
			search_file(link, words);
	}
}

static void search_verb(const struct home *h, const char *const *words, const char *verb,
			const char *option, const char *value)
{
	struct outcome s;

	home_run(h, &s, NULL, verb, "-n", LAB, option, value, NULL);
	expect_no_words(s.out, strlen(s.out), words, verb);
	expect_no_words(s.err, strlen(s.err), words, verb);
	outcome_clear(&s);
}

/* Searches all that the lab has on disk, in /proc and inside its nodes, and what verbs tell. */
static void search_lab(const struct home *h, const char *const *words, const char *node)
{
	json_t *status = home_status(h, LAB);
	pid_t keeper = (pid_t)json_integer_value(json_object_get(status, "pid"));
	g_autoptr(GArray) all = process_descendants(keeper);
	g_autofree char *pattern = g_strjoinv("\\|", (char **)(gpointer)(guintptr)words);
	struct outcome inside;

	cr_assert_gt(keeper, 0);
	cr_expect_gt(all->len, 10, "%u processes", all->len);
	search_process(keeper, words);
	search_open_files(keeper, words);
	for (guint i = 0; i < all->len; i++) {
		search_process(g_array_index(all, struct process_id, i).pid, words);
		search_open_files(g_array_index(all, struct process_id, i).pid, words);
	}
	cr_expect_gt(search_folder(h->folder, words), 2);
	search_verb(h, words, "status", "--json", "-");
	search_verb(h, words, "reset", NULL, NULL);
	home_run(h, &inside, NULL, "exec", "-n", LAB, node, "--", "grep", "-rls", pattern, "/run",
		 "/etc", "/tmp", "/var", NULL);
	cr_expect_str_eq(inside.out, "", "inside %s:\n%s", node, inside.out);
	outcome_clear(&inside);
	json_decref(status);
}

/* Its live page tells where packets end, and not why. */
static void look_at_page(const struct home *h)
{
	json_auto_t *ends = NULL;
	const json_t *steps;
	struct looker l;
	struct page p;

	page_start(&p, h, NULL);
	looker_new(&l, &p, NULL);
	looker_ask(&l, call_request("dc1", "home1", "audio"));
	ends = looker_await(&l, "call-ends");
	steps = json_object_get(json_object_get(ends, "cell"), "steps");
	cr_expect(member_is(json_object_get(ends, "cell"), "verdict", "fail"));
	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *lost = json_object_get(json_array_get(steps, i), "lost");

		cr_expect(!json_object_get(lost, "rule") && !json_object_get(lost, "route") &&
				  !member_text(lost, "code"),
			  "step %zu", i);
	}
	json_decref(looker_await(&l, "state"));
	looker_expect_refused(&l, json_pack("{s:s}", "do", "explain"), "to find out");
	looker_clear(&l);
	cr_expect_eq(page_end(&p, SIGINT), 0);
}

/* --- one in every check ----------------------------------------------------------------------- */

Test(exercise, a_hidden_fault_is_found_repaired_and_graded, .timeout = 240)
{
	static const char *const words[] = {"edge-next-hop-wrong-port", "next_hop_port", "5071",
					    "NO_LISTENER", NULL};
	static const char *const mended[] = {"set-edge: {node: edge, next_hop_port: 5061}", NULL};
	struct home h;
	struct outcome s;

	student_init(&h);
	start(&h, "wrong-door");
	/* the Edge's own configuration is the fault, and is there for its administrator to read */
	search_lab(&h, words, "home1");
	home_expect(&h, 2, "explain", "-n", LAB, "dc1", "home1", NULL);
	look_at_page(&h);
	expect_answer(&h, "core", "FW_DROP", "5061", 0);
	expect_answer(&h, "edge", "NO_LISTENER", "5071", 100);
	repair(&h, mended);
	expect_checked(&h, 0, "calls that the fault breaks work again");
	home_run(&h, &s, NULL, "exercise", "score", "--csv", NULL);
	cr_expect(strstr(s.out, ",wrong-door,2,,") && strstr(s.out, ",96,90,2,100,1,0,no"), "%s",
		  s.out);
	outcome_clear(&s);
	home_clear(&h);
}

Test(exercise, wrong_arguments)
{
	struct home h;

	student_init(&h);
	home_expect(&h, 2, "exercise", "start", "wrong-dor", NULL);
	home_expect(&h, 2, "exercise", "start", NULL);
	home_expect(&h, 2, "exercise", "start", "--random", "--level", "4", NULL);
	home_expect(&h, 2, "exercise", "start", "wrong-door", "--random", NULL);
	home_expect(&h, 2, "exercise", "start", "wrong-door", "--seed", "1", NULL);
	home_expect(&h, 2, "exercise", "check", NULL);
	home_expect(&h, 2, "exercise", "answer", NULL);
	home_expect(&h, 2, "exercise", "answer", "--cause", "NO_ROUT", NULL);
	home_expect(&h, 2, "exercise", "score", "Makefile", NULL);
	home_expect(&h, 2, "lesson", "no-such-lesson", NULL);
	home_clear(&h);
}

/* --- all -------------------------------------------------------------------------------------- */

static bool is_whole(void)
{
	return g_strcmp0(g_getenv("TESTBED_EXERCISES"), "whole") == 0;
}

/* A name of each kind of the truth; "it" where none is right only. */
static const char *one_of(const GPtrArray *truth)
{
	return truth->len > 0 ? truth->pdata[0] : "it";
}

/* Answered right, repaired by the words of `set`, and checked before and after that. */
static void solve(const struct exercise *e)
{
	struct home h;

	student_init(&h);
	start(&h, e->name);
	if (e->fault->nodes->len > 0)
		expect_answer(&h, one_of(e->fault->nodes), one_of(e->fault->codes),
			      one_of(e->fault->objects), 100);
	expect_checked(&h, 1, "0 of the ");
	home_expect(&h, 0, "set", "-n", LAB, e->repair, NULL);
	expect_checked(&h, 0, "calls that the fault breaks work again");
	home_clear(&h);
}

Test(whole, are_solved_by_set, .timeout = 5400)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(exercise_book) b = exercise_book_load("exercises", d);
	const char *only = g_getenv("TESTBED_EXERCISE");

	cr_assert_not_null(b);
	ptr_array_foreach(const struct exercise, e, b->exercises) {
		if (!is_whole() || (only && !g_str_equal(only, e->name)))
			continue;
		cr_log_info("%s", e->name);
		solve(e);
	}
}

static void type(const struct home *h, const char *node, const char *line)
{
	home_expect(h, 0, "exec", "-n", LAB, node, "--", "sh", "-c", line, NULL);
}

/* By hand, as on the real machine; first also with a rule that breaks other calls. */
Test(whole, by_hand_and_without_harm, .timeout = 400)
{
	static const char *const words[] = {"edge-forgets-branch", "remove-route",
					    "RETURN_WRONG_EGRESS", "10.20.0.0/24", NULL};
	struct home h;

	if (!is_whole())
		return;
	student_init(&h);
	start(&h, "half-deaf");
	search_lab(&h, words, "home1");
	type(&h, "edge",
	     "ip route add 10.20.0.0/24 via 172.25.33.1 dev int && "
	     "ip route add 10.20.0.0/24 via 172.25.33.1 dev int table 100");
	type(&h, "nat2",
	     "nft add table inet own && nft add chain inet own f "
	     "'{ type filter hook forward priority -10; }' && "
	     "nft add rule inet own f tcp dport 443 reject with tcp reset");
	expect_checked(&h, 1, "worked before and fail now");
	home_expect(&h, 0, "reboot", "-n", LAB, "nat2", NULL);
	expect_checked(&h, 0, "12 of the 12 calls that the fault breaks work again");
	/* 'explain' is on at this level, and knows the fault */
	home_expect(&h, 0, "explain", "-n", LAB, "branch1", "home1", "--no-trial", NULL);
	home_clear(&h);
}

/* A way through a node that the fault has added. */
Test(whole, trace_knows_the_network_as_it_is, .timeout = 400)
{
	struct home h;
	struct outcome s;

	if (!is_whole())
		return;
	student_init(&h);
	start(&h, "two-doors");
	home_run(&h, &s, NULL, "trace", "-n", LAB, "branch1", "fe", "--proto", "tcp", "--port",
		 "5061", NULL);
	cr_expect(strstr(s.out, "fw2: lan -> "), "%s%s", s.out, s.err);
	outcome_clear(&s);
	home_clear(&h);
}

/* What was typed is lost by the restart, what was declared persistent is not. */
Test(whole, a_repair_has_to_last, .timeout = 400)
{
	static const char *const lasting[] = {
		"add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.1, dev: int, persistent: "
		"true}",
		NULL};
	struct home h;

	if (!is_whole())
		return;
	student_init(&h);
	start(&h, "after-the-storm");
	type(&h, "edge",
	     "ip route add 10.20.0.0/24 via 172.25.33.1 dev int && "
	     "ip route add 10.20.0.0/24 via 172.25.33.1 dev int table 100");
	expect_checked(&h, 1, "fail after a restart of edge, so the repair does not last");
	repair(&h, lasting);
	expect_checked(&h, 0, "the repair outlasts a restart of edge");
	home_clear(&h);
}

/* A lot with the same seed is the same exercise; given up, it tells everything, and ends. */
Test(whole, drawn_hinted_and_given_up, .timeout = 400)
{
	struct home h;
	struct outcome s;

	if (!is_whole())
		return;
	student_init(&h);
	home_expect(&h, 0, "exercise", "start", "--random", "--level", "1", "--seed", "3", "-q",
		    NULL);
	for (guint i = 0; i < 3; i++)
		home_expect(&h, 0, "exercise", "hint", NULL);
	home_expect(&h, 1, "exercise", "hint", NULL);
	home_run(&h, &s, NULL, "exercise", "give-up", NULL);
	cr_expect_eq(s.exit_code, 0, "%s", s.err);
	cr_expect(strstr(s.out, "The fault was made by these changes"), "%s", s.out);
	outcome_clear(&s);
	home_expect(&h, 2, "exercise", "check", NULL);
	home_expect(&h, 2, "exercise", "answer", "--cause", "NO_ROUTE", NULL);
	home_clear(&h);
}

/* --- lessons ---------------------------------------------------------------------------------- */

static void take_lesson(const char *name, const char *input, const char *const *told)
{
	struct home h;
	struct outcome s;

	student_init(&h);
	home_run(&h, &s, input, "lesson", name, NULL);
	cr_expect_eq(s.exit_code, 0, "%s: exit %d: %s", name, s.exit_code, s.err);
	for (; *told; told++)
		cr_expect(strstr(s.out, *told), "%s does not tell '%s':\n%s", name, *told, s.out);
	outcome_clear(&s);
	cr_expect_eq(home_files(&h), 0, "%s: its lab is still there", name);
	home_clear(&h);
}

/* From a pipe that ends: all steps, one after the other. */
Test(lesson, from_a_pipe, .timeout = 120)
{
	static const char *const told[] = {"? Does a message from branch1 to home1 arrive",
					   "verdict  PASS",
					   "$ testbed trace -n lesson branch1 edge:int --port 3478",
					   "The answer is lost: edge has no route to 10.20.0.101",
					   "That is the lesson.",
					   NULL};
	static const char *const few[] = {"? Where has each client signed in", NULL};

	if (is_whole())
		take_lesson("missing-route", "", told);
	take_lesson("names-and-sign-in", "q\n", few);
}

/* At a terminal of 40 columns, with these keys; what it shows, which the caller frees. */
static char *shown_at_terminal(const struct home *h, const char *name, const char *keys)
{
	const struct winsize size = {.ws_row = 25, .ws_col = 40};
	GString *text = g_string_new(NULL);
	char buffer[4096];
	ssize_t n;
	int fd, status;
	pid_t pid = forkpty(&fd, NULL, NULL, &size);

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		g_setenv("XDG_RUNTIME_DIR", h->folder, TRUE);
		execl(h->program, h->program, "lesson", name, NULL);
		_exit(127);
	}
	cr_assert_eq(write(fd, keys, strlen(keys)), (ssize_t)strlen(keys));
	/* EIO: nobody has the terminal open any more */
	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		g_string_append_len(text, buffer, n);
	close(fd);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
	return g_string_free(text, FALSE);
}

Test(lesson, at_a_narrow_terminal, .timeout = 120)
{
	struct home h;
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	student_init(&h);
	text = shown_at_terminal(&h, "names-and-sign-in", "q\n");
	cr_expect(strstr(text, "(Enter goes on, q ends)"), "%s", text);
	lines = g_strsplit(text, "\n", 0);
	for (guint i = 0; lines[i]; i++)
		cr_expect_leq(strcspn(lines[i], "\r"), 40, "%s", lines[i]);
	cr_expect_eq(home_files(&h), 0, "its lab is still there");
	home_clear(&h);
}

Test(whole, lessons, .timeout = 400)
{
	static const char *const nat[] = {"PASS over udp-nat", "PASS over udp-relay",
					  "PASS over tcp-relay", "That is the lesson.", NULL};
	static const char *const names[] = {"10.0.1.10", "203.0.113.10", "That is the lesson.",
					    NULL};

	if (!is_whole())
		return;
	take_lesson("nat-and-ice", "", nat);
	take_lesson("names-and-sign-in", "", names);
}
