/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: NAME [-n COUNT] FILE...
 *        NAME -1 NUMBER FILE
 * Runs the fuzz target NAME on each file again and again: the first time its first allocation
 * fails, then its second, and so on; with -n only COUNT of them, spread evenly.  What is promised:
 * it goes on, or it ends at once with a line that says why (GLib's, or that of a check of the
 * target that saw it).  Prints what came of them; exits 1 when one ended in another way.  With -1
 * only allocation NUMBER fails, in this process, for a debugger. */
#include "tests/scarcity/alloc.h"

#include "common/agent.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIME_MAX_S 20 /* the longest run of a target without failures takes less than one */

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static guint survived, told, wrong;

/* Runs the target in a process of its own.  Its status; what it printed goes to `said`. */
static int run_once(const char *text, gsize length, long n, char *said, gsize said_size)
{
	int memory = memfd_create("said", 0), status = 0;
	pid_t pid;
	ssize_t got;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		alarm(TIME_MAX_S);
		dup2(memory, STDERR_FILENO);
		dup2(memory, STDOUT_FILENO);
		scarce_fail_at(n);
		LLVMFuzzerTestOneInput((const guint8 *)text, length);
		_exit(scarce_left() < 0);
	}
	waitpid(pid, &status, 0);
	got = pread(memory, said, said_size - 1, 0);
	said[MAX(got, 0)] = '\0';
	close(memory);
	return status;
}

/* How many allocations a run makes. */
static long count_allocations(const char *text, gsize length)
{
	long *left =
		mmap(NULL, sizeof *left, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = fork();
	long n;

	if (pid == 0) {
		scarce_fail_at(G_MAXLONG);
		LLVMFuzzerTestOneInput((const guint8 *)text, length);
		*left = scarce_left();
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	n = *left > 0 ? G_MAXLONG - *left : 0;
	munmap(left, sizeof *left);
	return n;
}

static bool is_told(const char *said)
{
	return strstr(said, "failed to allocate") || strstr(said, "Cannot allocate memory") ||
	       strstr(said, "\nERROR:tests/fuzz/") ||
	       strstr(said, "import made a wrong topology") || strstr(said, "Assertion `") ||
	       strstr(said, "out of memory") || strstr(said, "\"assert\" message");
}

static void judge(const char *file, long n, int status, const char *said)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) <= 1) {
		survived++;
	} else if (WIFSIGNALED(status) &&
		   (WTERMSIG(status) == SIGTRAP || WTERMSIG(status) == SIGABRT) && is_told(said)) {
		told++;
	} else {
		wrong++;
		printf("%s: allocation %ld: %s %d: %s\n", file, n,
		       WIFSIGNALED(status) ? "signal" : "exit",
		       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), said);
	}
}

static void fail_each(const char *file, long count)
{
	char *text, said[4096];
	gsize length;
	long all;

	if (!g_file_get_contents(file, &text, &length, NULL)) {
		wrong++;
		return;
	}
	all = count_allocations(text, length);
	for (long i = 0, tried = count > 0 ? MIN(count, all) : all; i < tried; i++) {
		long n = 1 + i * all / tried;

		judge(file, n, run_once(text, length, n, said, sizeof said), said);
	}
	g_free(text);
}

static void fail_here(const char *file, long n)
{
	char *text;
	gsize length;

	if (!g_file_get_contents(file, &text, &length, NULL))
		return;
	scarce_fail_at(n);
	LLVMFuzzerTestOneInput((const guint8 *)text, length);
}

int main(int argc, char **argv)
{
	bool some = argc > 2 && g_str_equal(argv[1], "-n");

	agent_end_without_memory();
	if (argc == 4 && g_str_equal(argv[1], "-1")) {
		fail_here(argv[3], atol(argv[2]));
		return 0;
	}
	for (int i = some ? 3 : 1; i < argc; i++)
		fail_each(argv[i], some ? atol(argv[2]) : 0);
	printf("%u allocations failed: %u ended with a line, %u went on, %u neither\n",
	       told + survived + wrong, told, survived, wrong);
	return wrong > 0;
}
