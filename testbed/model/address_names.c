/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/address_names.h"

/* Whether another node has the address, too: then it says of no packet whose it is. */
static bool is_shared(const model *m, const struct node *n, const struct addr *a)
{
	ptr_array_foreach(const struct node, other, m->nodes)
		if (other != n && node_has_address(other, a))
			return true;
	return false;
}

static const char *name_of(const struct node *n, const struct iface *f)
{
	g_autofree char *both = g_strdup_printf("%s-%s", n->name, f->name);

	return g_intern_string(n->interfaces->len > 1 ? both : n->name);
}

GArray *address_names(const model *m)
{
	GArray *names = g_array_new(FALSE, FALSE, sizeof(struct pcapng_name));

	ptr_array_foreach(const struct node, n, m->nodes) {
		ptr_array_foreach(const struct iface, f, n->interfaces) {
			array_foreach(const struct prefix, p, f->addresses) {
				struct pcapng_name one = {p->addr, name_of(n, f)};

				if (!is_shared(m, n, &p->addr))
					g_array_append_val(names, one);
			}
		}
	}
	return names;
}
