/* Kernel settings of a namespace: /proc/sys/net shows those of whoever opens it. */
#include "testbed/exec/linux.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static gboolean fail(GError **error, const char *path)
{
	int number = errno;

	g_set_error(error, TB_ERROR,
		    number == ENOENT || number == EROFS || number == EACCES ? TB_ERROR_UNSUPPORTED : TB_ERROR_FAILED,
		    "write %s: %s", path, g_strerror(number));
	return FALSE;
}

gboolean do_sysctl(struct linux_room *r, const struct op *op, const struct op **failed, GError **error)
{
	struct space *s = room_space(r, op->node, error);
	g_autofree char *key = g_strdelimit(g_strdup(op->sysctl.key), ".", '/');
	g_autofree char *path = g_strconcat("/proc/sys/", key, NULL);
	gssize length = (gssize)strlen(op->sysctl.value);
	int fd;

	(void)failed;
	if (!s || !room_enter(r, s, error))
		return FALSE;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	/* A kernel without IPv6 does what `disable_ipv6` asks. */
	if (fd < 0 && errno == ENOENT && g_str_has_prefix(op->sysctl.key, "net.ipv6.conf."))
		return TRUE;
	if (fd < 0)
		return fail(error, path);
	if (write(fd, op->sysctl.value, (gsize)length) != length) {
		fail(error, path);
		close(fd);
		return FALSE;
	}
	close(fd);
	return TRUE;
}
