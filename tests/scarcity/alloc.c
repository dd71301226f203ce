/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that is not there, and a disk that is slow.  Preloaded (scarce.so), or linked into a
 * program (nth.c), it is in malloc's place.
 *
 *   SCARCE_ALLOC=N      the N-th allocation from here fails
 *   SCARCE_WRITE_MS=N   each write to a regular file takes so long
 */
#include "tests/scarcity/alloc.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static atomic_long left; /* 0: none fails */
static long write_ms;

void scarce_fail_at(long n)
{
	left = n;
}

long scarce_left(void)
{
	return left;
}

/* libseccomp 2.5.4 frees twice, or writes to NULL, when it has no memory for a filter: before any
 * lab exists, and nothing that we could mend.  The next allocation fails instead. */
static int is_excused(const void *caller)
{
	Dl_info from;

	return dladdr(caller, &from) && from.dli_fname && strstr(from.dli_fname, "libseccomp");
}

static int fails(const void *caller)
{
	if (left <= 0 || atomic_fetch_sub(&left, 1) != 1)
		return 0;
	left = is_excused(caller) ? 1 : -1;
	if (left > 0)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

ssize_t write(int fd, const void *data, size_t size)
{
	struct timespec wait = {.tv_sec = write_ms / 1000, .tv_nsec = write_ms % 1000 * 1000000};
	struct stat st;

	if (write_ms > 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		nanosleep(&wait, NULL);
	return syscall(SYS_write, fd, data, size);
}

__attribute__((constructor)) static void begin(void)
{
	const char *at = getenv("SCARCE_ALLOC"), *slow = getenv("SCARCE_WRITE_MS");

	write_ms = slow ? atol(slow) : 0;
	left = at ? atol(at) : 0;
}
