/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A wall clock that jumps, for one program or for all, without touching the machine's: preloaded
 * (LD_PRELOAD), it adds to CLOCK_REALTIME what the file CLOCK_JUMP names says at that moment:
 * "PROGRAM SECONDS", with "*" for every program.  Time namespaces do not have this clock. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long jump_s(void)
{
	static int fd = -1;
	const char *path = getenv("CLOCK_JUMP");
	char text[64], program[32];
	long seconds;
	ssize_t n;

	if (fd == -1)
		fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -2;
	n = fd >= 0 ? pread(fd, text, sizeof text - 1, 0) : -1;
	if (n <= 0)
		return 0;
	text[n] = '\0';
	if (sscanf(text, "%31s %ld", program, &seconds) != 2)
		return 0;
	return strcmp(program, "*") == 0 || strcmp(program, program_invocation_short_name) == 0 ?
		       seconds :
		       0;
}

int clock_gettime(clockid_t id, struct timespec *ret)
{
	long failed = syscall(SYS_clock_gettime, id, ret);

	if (!failed && id == CLOCK_REALTIME)
		ret->tv_sec += jump_s();
	return (int)failed;
}

time_t time(time_t *ret)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret)
		*ret = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*ret = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
	return 0;
}
