/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One namespace more is ended, with one half of a veth pair in it; the other half, which is ours,
 * goes when its turn comes. */
#include "scripts/bench_settle.h"

#include <glib.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define MARK "settle0"
#define DEADLINE_S 120

/* What links come and go is told on it. */
static int open_news(void)
{
	const struct sockaddr_nl links = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	const struct timeval turn = {.tv_sec = 1}; /* so that the deadline is looked at */
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0 || (bind(fd, (const struct sockaddr *)&links, sizeof links) == 0 &&
		       setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &turn, sizeof turn) == 0))
		return fd;
	close(fd);
	return -1;
}

/* A process in a namespace of its own, which both end when they are killed; its pid, or -1. */
static pid_t start_marked(void)
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	if (pipe(ready) != 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWNET) != 0 || write(ready[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (pid > 0 && read(ready[0], &byte, 1) != 1) {
		waitpid(pid, NULL, 0);
		pid = -1;
	}
	close(ready[0]);
	return pid;
}

static bool make_mark(pid_t in)
{
	g_autofree char *pid = g_strdup_printf("%d", (int)in);
	const char *argv[] = {"ip",   "link", "add", MARK,    "type", "veth",
			      "peer", "name", MARK,  "netns", pid,    NULL};
	int status = -1;

	return g_spawn_sync(NULL, (char **)(gpointer)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
			    NULL, NULL, &status, NULL) &&
	       status == 0;
}

static bool wait_unmarked(int news)
{
	gint64 deadline_us = g_get_monotonic_time() + DEADLINE_S * G_USEC_PER_SEC;
	char message[8192];

	while (if_nametoindex(MARK) != 0) {
		if (g_get_monotonic_time() > deadline_us)
			return false;
		(void)recv(news, message, sizeof message, 0); /* that there is news is all */
	}
	return true;
}

bool bench_settle(void)
{
	int news = open_news();
	pid_t pid = news >= 0 ? start_marked() : -1;
	bool marked = pid > 0 && make_mark(pid);

	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	marked = marked && wait_unmarked(news);
	if (news >= 0)
		close(news);
	return marked;
}
