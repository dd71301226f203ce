/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/descriptors.h"

#include <fcntl.h>
#include <glib.h>
#include <sys/resource.h>
#include <unistd.h>

bool descriptor_is_reserved(int fd)
{
	struct rlimit limit;

	/* Half of a small limit is for connections. */
	return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
	       fd >= 0 &&
	       (rlim_t)fd + MIN(DESCRIPTORS_RESERVED, limit.rlim_cur / 2) >= limit.rlim_cur;
}

bool descriptors_are_short(void)
{
	int fd = open("/", O_PATH | O_CLOEXEC);
	bool are_short = fd < 0 || descriptor_is_reserved(fd);

	if (fd >= 0)
		close(fd);
	return are_short;
}
