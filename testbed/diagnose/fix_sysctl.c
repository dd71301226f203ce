/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings of the kernel that are at fault. */
#include "testbed/diagnose/fix_rules.h"

fix *fix_sysctl(fix *x, const struct node *n, const char *key, const char *value, const char *old)
{
	x = x ? x : fix_new();
	fix_add_change(x, "set-sysctl: {node: %s, key: %s, value: \"%s\"}", n->name, key, value);
	fix_add_in_lab(x, n, g_strdup_printf("sysctl -w %s=%s", key, value),
		       g_strdup_printf("sysctl -w %s=%s", key, old));
	return x;
}

/* The filter is off when neither the interface's key nor that of all interfaces turns it on. */
fix *fix_reverse_path(const model *m G_GNUC_UNUSED, const struct node *n, const struct finding *f)
{
	const char *iface = f->subject.kind == SUBJECT_IFACE ? f->subject.name : "";
	g_autofree char *own = g_strdup_printf("net.ipv4.conf.%s.rp_filter", iface);
	fix *x = NULL;

	ptr_array_foreach(const struct sysctl_setting, s, n->sysctls)
		if ((g_str_equal(s->key, own) ||
		     g_str_equal(s->key, "net.ipv4.conf.all.rp_filter")) &&
		    !g_str_equal(s->value, "0"))
			x = fix_sysctl(x, n, s->key, "0", s->value);
	return x;
}

fix *fix_ttl(const model *m G_GNUC_UNUSED, const struct node *n,
	     const struct finding *f G_GNUC_UNUSED)
{
	const char *key = setting_name(SETTING_DEFAULT_TTL);

	ptr_array_foreach(const struct sysctl_setting, s, n->sysctls)
		if (g_str_equal(s->key, key))
			return fix_sysctl(NULL, n, key, "64", s->value);
	return NULL;
}
