/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/mounts.h"

#include "testbed/base/diag.h"
#include "testbed/exec/clone.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>

static bool make_private(void)
{
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

bool mounts_unshare(void)
{
	return unshare(CLONE_NEWNS) == 0 && make_private();
}

static gboolean forbidden(GError **error, const char *what)
{
	int errno_value = errno;
	g_autofree char *cure = clone_cure(errno_value);

	return tb_error_set(error, TB_ERROR_UNSUPPORTED, "can't %s for a lab: %s (%s)", what,
			    g_strerror(errno_value), cure);
}

bool mounts_own_proc(void)
{
	return mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0;
}

gboolean mounts_prepare_lab(GError **error)
{
	static const struct {
		const char *path, *options;
	} memory[] = {{"/run", "mode=0755,size=256m"}, {"/tmp", "mode=1777,size=16m"}};

	if (!make_private())
		return forbidden(error, "make mounts private");
	/* refused where parts of /proc are masked, as in many containers: the old one will do */
	mounts_own_proc();
	for (guint i = 0; i < G_N_ELEMENTS(memory); i++)
		if (mount("testbed", memory[i].path, "tmpfs", MS_NOSUID | MS_NODEV,
			  memory[i].options) != 0)
			return forbidden(error, "mount memory");
	if (mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		  "newinstance,ptmxmode=0666,mode=0600") != 0)
		return forbidden(error, "mount /dev/pts");
	return TRUE;
}

bool mounts_bind_fd(int fd, const char *path)
{
	g_autofree char *source = g_strdup_printf("/proc/self/fd/%d", fd);

	return mount(source, path, NULL, MS_BIND, NULL) == 0;
}

void mounts_detach(const char *path)
{
	umount2(path, MNT_DETACH);
}
