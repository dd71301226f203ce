/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/capabilities.h"

#include <linux/securebits.h>

cap_t capabilities_new(const cap_value_t *kept, int count)
{
	static const cap_flag_t flags[] = {CAP_PERMITTED, CAP_EFFECTIVE, CAP_INHERITABLE};
	cap_t set = cap_init();

	if (!set)
		g_error("cap_init: %s", g_strerror(errno));
	for (gsize i = 0; i < G_N_ELEMENTS(flags) && count > 0; i++)
		if (cap_set_flag(set, flags[i], count, kept, CAP_SET) != 0)
			g_error("cap_set_flag: %s", g_strerror(errno));
	return set;
}

void capabilities_free(cap_t set)
{
	if (set)
		cap_free(set);
}

static bool is_kept(cap_t kept, cap_value_t c)
{
	cap_flag_value_t value = CAP_CLEAR;

	return cap_get_flag(kept, c, CAP_PERMITTED, &value) == 0 && value == CAP_SET;
}

bool capabilities_keep(cap_t kept, bool root)
{
	/* User 0 must not get capabilities back at exec */
	const unsigned bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
			      SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED;

	if (!root && cap_set_secbits(bits) != 0)
		return false;
	for (cap_value_t c = 0; cap_get_bound(c) >= 0; c++)
		if (!is_kept(kept, c) && cap_drop_bound(c) != 0)
			return false;
	if (cap_reset_ambient() != 0 || cap_set_proc(kept) != 0)
		return false;
	for (cap_value_t c = 0; !root && cap_get_bound(c) >= 0; c++)
		if (is_kept(kept, c) && cap_set_ambient(c, CAP_SET) != 0)
			return false;
	return true;
}
