/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel settings of a namespace: /proc/sys/net shows those of whoever opens it. */
#include "testbed/exec/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Settings that turn off a part of the kernel: where it is missing there is nothing to turn off. */
static const char *const may_be_missing[] = {"net.ipv6.conf.", "net.bridge.bridge-nf-call-"};

static bool is_moot(const char *key)
{
	for (gsize i = 0; i < G_N_ELEMENTS(may_be_missing); i++)
		if (g_str_has_prefix(key, may_be_missing[i]))
			return true;
	return false;
}

static gboolean cant_write(GError **error, const char *path)
{
	int number = errno;

	return tb_error_set(error,
			    number == ENOENT || number == EROFS || number == EACCES ?
				    TB_ERROR_UNSUPPORTED :
				    TB_ERROR_FAILED,
			    "write %s: %s", path, g_strerror(number));
}

static char *path_of(const char *key)
{
	g_autofree char *slashed = g_strdelimit(g_strdup(key), ".", '/');

	return g_strconcat("/proc/sys/", slashed, NULL);
}

static gboolean write_setting(const char *key, const char *value, GError **error)
{
	g_autofree char *path = path_of(key);
	gssize length = (gssize)strlen(value);
	int fd;

	/* All else under /proc/sys is the machine's; as root it could be written. */
	if (!g_str_has_prefix(path, "/proc/sys/net/"))
		return tb_error_set(error, TB_ERROR_INPUT,
				    "'%s' is no setting of a network namespace", key);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && is_moot(key))
		return TRUE;
	if (fd < 0)
		return cant_write(error, path);
	if (write(fd, value, (gsize)length) != length) {
		cant_write(error, path);
		close(fd);
		return FALSE;
	}
	close(fd);
	return TRUE;
}

/* On a lab that was built: keeps the value from before the first change. */
static void remember(struct linux_backend *r, const struct op *op)
{
	g_autofree char *place = g_strdup_printf("%s %s", op->node, op->sysctl.key),
			*path = path_of(op->sysctl.key);
	g_autofree char *value = NULL;

	if (r->plan || g_hash_table_contains(r->settings, place) ||
	    !g_file_get_contents(path, &value, NULL, NULL))
		return;
	g_hash_table_insert(r->settings, g_steal_pointer(&place), g_strdup(g_strchomp(value)));
}

/* "net.ipv4.conf.default.arp_ignore" is for interfaces that are still to come: those that are there
 * get it too.  NULL: not such a setting. */
static char *key_of_interface(const char *key, const char *ifname)
{
	static const char *const defaults[] = {"net.ipv4.conf.default.", "net.ipv6.conf.default."};

	for (gsize i = 0; i < G_N_ELEMENTS(defaults); i++)
		if (g_str_has_prefix(key, defaults[i]))
			return g_strdup_printf("%.*s%s.%s",
					       (int)(strlen(defaults[i]) - strlen("default.")), key,
					       ifname, key + strlen(defaults[i]));
	return NULL;
}

static void set_interfaces(const struct netns *s, const char *key, const char *value)
{
	GHashTableIter iter;
	gpointer ifname;

	g_hash_table_iter_init(&iter, s->ifindexes);
	while (g_hash_table_iter_next(&iter, &ifname, NULL)) {
		g_autofree char *own =
			g_str_equal(ifname, "lo") ? NULL : key_of_interface(key, ifname);

		/* some have no such setting */
		if (own)
			(void)write_setting(own, value, NULL);
	}
}

static gboolean change_setting(struct linux_backend *r, const struct op *op, const char *value,
			       GError **error)
{
	struct netns *s = linux_netns(r, op->node, error);

	if (!s || !netns_enter(r, s, error))
		return FALSE;
	if (value == op->sysctl.value)
		remember(r, op);
	if (!write_setting(op->sysctl.key, value, error))
		return FALSE;
	if (!r->plan)
		set_interfaces(s, op->sysctl.key, value);
	return TRUE;
}

static gboolean do_sysctl(struct linux_backend *r, const struct op *op,
			  G_GNUC_UNUSED const struct op **failed, GError **error)
{
	return change_setting(r, op, op->sysctl.value, error);
}

static gboolean undo_sysctl(struct linux_backend *r, const struct op *op,
			    G_GNUC_UNUSED const struct op **failed, GError **error)
{
	g_autofree char *place = g_strdup_printf("%s %s", op->node, op->sysctl.key);
	const char *before = g_hash_table_lookup(r->settings, place);

	return !before || change_setting(r, op, before, error);
}

const struct op_row sysctl_row = {PHASE_NAMESPACES, .apply = do_sysctl, .undo = undo_sysctl};
