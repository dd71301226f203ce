/* Kernel settings of a namespace: /proc/sys/net shows those of whoever opens it. */
#include "testbed/exec/linux.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Where the kernel part behind a setting is missing, so is what the setting would turn off. */
static const char *const may_be_missing[] = { "net.ipv6.conf.", "net.bridge.bridge-nf-call-" };

static bool is_moot(const char *key)
{
	for (gsize i = 0; i < G_N_ELEMENTS(may_be_missing); i++)
		if (g_str_has_prefix(key, may_be_missing[i]))
			return true;
	return false;
}

static gboolean fail(GError **error, const char *path)
{
	int number = errno;

	g_set_error(error, TB_ERROR,
		    number == ENOENT || number == EROFS || number == EACCES ? TB_ERROR_UNSUPPORTED
									    : TB_ERROR_FAILED,
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
	if (fd < 0 && errno == ENOENT && is_moot(op->sysctl.key))
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
