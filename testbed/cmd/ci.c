/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/ci.h"

#include "common/base/files.h"
#include "testbed/cmd/story.h"
#include "testbed/explain/differing.h"
#include "testbed/report/ci.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool is_stdout(const char *where)
{
	return g_strcmp0(where, "-") == 0;
}

bool cmd_ci_wanted(const struct options *o)
{
	return o->junit || o->tap || o->github;
}

bool cmd_ci_check(const struct options *o, bool *ret_taken)
{
	guint n = (guint)is_stdout(o->json) + (guint)is_stdout(o->tap) + (guint)is_stdout(o->junit);

	*ret_taken = n > 0;
	return n <= 1 || cmd_error("only one of --json, --tap and --junit can be '-'");
}

/* Writes the text to the file, which is replaced as a whole; "-": to stdout. */
static int write_text(const char *where, const GString *text)
{
	g_autoptr(GError) error = NULL;

	if (is_stdout(where))
		return cmd_print(text->str, (gssize)text->len);
	return files_replace(where, text->str, (gssize)text->len, &error) ? CMD_AS_EXPECTED :
									    cmd_failed(error);
}

static int write_form(const char *where, void (*form)(const struct ci_run *, GString *),
		      const struct ci_run *run)
{
	g_autoptr(GString) text = g_string_new(NULL);

	if (!where)
		return CMD_AS_EXPECTED;
	form(run, text);
	return write_text(where, text);
}

/* The file is there already, and other programs have written to it. */
static int append_summary(const struct ci_run *run, const char *path)
{
	g_autoptr(GString) text = g_string_new(NULL);
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	gsize done = 0;

	ci_summary(run, text);
	while (fd >= 0 && done < text->len) {
		ssize_t n = write(fd, text->str + done, text->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		done += (gsize)n;
	}
	if (fd < 0 || done < text->len)
		cmd_error("%s: %s", path, g_strerror(errno));
	if (fd >= 0)
		close(fd);
	return fd >= 0 && done == text->len ? CMD_AS_EXPECTED : CMD_INTERNAL;
}

static int write_github(const struct ci_run *run)
{
	const char *path = g_getenv("GITHUB_STEP_SUMMARY");
	g_autoptr(GString) text = g_string_new(NULL);

	ci_annotations(run, text);
	cmd_tell(text->str);
	return path && *path ? append_summary(run, path) : CMD_AS_EXPECTED;
}

int cmd_ci_write(finished *run, const struct options *o)
{
	g_autoptr(model) m = cmd_run_topology(run, o);
	g_autoptr(differing) d = m ? differing_new(run, m) : NULL;
	struct ci_run told = {.results = run->results,
			      .base = m,
			      .findings = d ? differing_findings(d) : NULL,
			      .changes = run->changes,
			      .root = g_getenv("GITHUB_WORKSPACE")};
	int status;

	if (!m)
		return CMD_INPUT;
	status = write_form(o->junit, ci_junit, &told);
	if (status == CMD_AS_EXPECTED)
		status = write_form(o->tap, ci_tap, &told);
	if (status == CMD_AS_EXPECTED && o->github)
		status = write_github(&told);
	return status;
}
