/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which features this host has, by trying each in a child process with a network namespace of
 * its own: whatever is made goes with the child. */
#include "testbed/exec/confine.h"
#include "testbed/exec/impair_netem.h"
#include "testbed/exec/link.h"
#include "testbed/exec/nft.h"
#include "testbed/exec/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- what is tried ---------------------------------------------------------------------------- */

static bool accepted(nl_queue *q, struct nl_msg *msg)
{
	const struct op *failed = NULL;

	return nl_queue_add(q, msg, NULL, &failed, NULL) && nl_queue_flush(q, &failed, NULL);
}

static bool try_veth(nl_queue *q)
{
	char first[] = "veth0", second[] = "veth1", here[] = "here";
	const struct op_veth_end ends[2] = {{.node = here, .ifname = first, .ifindex = 100},
					    {.node = here, .ifname = second, .ifindex = 101}};
	const int netns[2] = {-1, -1};

	return accepted(q, link_veth_request(ends, netns, 0));
}

static bool try_bridge(nl_queue *q)
{
	return accepted(q, link_bridge_request("bridge0", 102));
}

static bool try_tunnel(nl_queue *q, enum tunnel_kind kind, unsigned ifindex)
{
	g_autofree char *ifname = g_strdup_printf("tunnel%u", ifindex);
	struct op_tunnel t = {
		.kind = kind, .ifname = ifname, .ifindex = ifindex, .vni = 1, .port = 4789};

	return addr_parse("192.0.2.1", &t.local) && addr_parse("192.0.2.2", &t.remote) &&
	       accepted(q, link_tunnel_request(kind, &t));
}

static bool try_vxlan(nl_queue *q)
{
	return try_tunnel(q, TUNNEL_VXLAN, 103);
}

static bool try_wireguard_device(nl_queue *q)
{
	return try_tunnel(q, TUNNEL_WIREGUARD, 104);
}

static bool try_wireguard(nl_queue *q)
{
	g_autofree char *tool = spawn_find_program("wg");

	return tool && try_tunnel(q, TUNNEL_WIREGUARD, 107);
}

static bool try_gre(nl_queue *q)
{
	return try_tunnel(q, TUNNEL_GRE, 105);
}

static bool try_ipip(nl_queue *q)
{
	return try_tunnel(q, TUNNEL_IPIP, 106);
}

static bool try_netem(nl_queue *q)
{
	struct tcmsg header = {.tcm_family = AF_UNSPEC, .tcm_ifindex = 1, .tcm_parent = TC_H_ROOT};
	struct tc_netem_qopt options = {.limit = 1000};
	struct nl_msg *msg =
		nl_request(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof header);

	nl_put_text(msg, TCA_KIND, "netem");
	nl_put(msg, TCA_OPTIONS, &options, sizeof options);
	return accepted(q, msg);
}

/* A token bucket below nothing: what netem needs for a rate. */
static bool try_tbf(nl_queue *q)
{
	struct tcmsg header = {.tcm_family = AF_UNSPEC, .tcm_ifindex = 1, .tcm_parent = TC_H_ROOT};

	return accepted(q, netem_bucket_request(&header, 125000, 10000, 1600));
}

static bool try_rules(const char *text)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	bool ok = nft && nft_ctx_buffer_error(nft) == 0 && nft_ctx_buffer_output(nft) == 0 &&
		  nft_run_cmd_from_buffer(nft, text) == 0;

	if (nft)
		nft_ctx_free(nft);
	return ok;
}

static bool try_nftables(G_GNUC_UNUSED nl_queue *q)
{
	return try_rules(
		"table inet tb_probe {\n\tchain tb_input {\n\t\ttype filter hook input priority 0\n"
		"\t\tct state established counter accept comment \"probe\"\n\t}\n}\n");
}

static bool try_nft_nat(G_GNUC_UNUSED nl_queue *q)
{
	return try_rules("table ip tb_probe {\n\tchain tb_postrouting {\n\t\ttype nat hook "
			 "postrouting priority 100\n"
			 "\t\toifname \"wan\" counter masquerade comment \"probe\"\n\t}\n}\n");
}

static bool try_egress(G_GNUC_UNUSED nl_queue *q)
{
	return try_rules("table netdev tb_probe {\n\tchain tb_egress {\n"
			 "\t\ttype filter hook egress device \"lo\" priority 0\n\t\tfwd to "
			 "\"lo\"\n\t}\n}\n");
}

static bool try_tun(G_GNUC_UNUSED nl_queue *q)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	bool ok;

	g_strlcpy(request.ifr_name, "tun0", sizeof request.ifr_name);
	ok = fd >= 0 && ioctl(fd, TUNSETIFF, &request) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool try_wireguard_go(nl_queue *q)
{
	g_autofree char *program = spawn_find_program("wireguard-go");

	return program && try_tun(q);
}

/* --- what contains a lab; asked in its supervisor ----------------------------------------------
 */

/* User 0 of the machine, or of the container that this is in, is no user of a lab. */
static bool try_own_ids(G_GNUC_UNUSED nl_queue *q)
{
	g_autofree char *map = NULL;
	unsigned inside, outside;

	return g_file_get_contents("/proc/self/uid_map", &map, NULL, NULL) &&
	       sscanf(map, "%u %u", &inside, &outside) == 2 && outside != 0;
}

/* A /proc of the lab has nobody in it whose number is above those of the lab's. */
static bool try_own_proc(G_GNUC_UNUSED nl_queue *q)
{
	g_autofree char *own = g_file_read_link("/proc/self", NULL);

	return own && atoi(own) == getpid();
}

static bool try_call_filter(G_GNUC_UNUSED nl_queue *q)
{
	return confine_prepare()->seccomp;
}

static bool try_landlock(G_GNUC_UNUSED nl_queue *q)
{
	return confine_prepare()->landlock > 0;
}

char *exec_uncontained(const struct exec_features *f)
{
	const struct {
		bool held;
		const char *what;
	} parts[] = {{f->own_ids, "user ids"},
		     {f->own_proc, "processes"},
		     {f->call_filter, "system calls"}};
	g_autoptr(GString) list = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
		if (!parts[i].held)
			g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "",
					       parts[i].what);
	return list->len > 0 ? g_strdup(list->str) : NULL;
}

#define FEATURE(name) offsetof(struct exec_features, name)
/* `cure`: what to do about its absence when no lab can be built without it. */
static const struct {
	gsize offset;
	bool (*works)(nl_queue *q);
	const char *what, *cure;
} features[] = {
	{FEATURE(veth), try_veth, "veth pairs", "use a kernel with CONFIG_VETH (modprobe veth)"},
	{FEATURE(bridge), try_bridge, "bridges",
	 "use a kernel with CONFIG_BRIDGE (modprobe bridge)"},
	{FEATURE(nftables), try_nftables, "nftables",
	 "use a kernel with CONFIG_NF_TABLES and CONFIG_NFT_CT (modprobe nf_tables nft_ct)"},
	{FEATURE(nft_nat), try_nft_nat, "address translation by nftables",
	 "use a kernel with CONFIG_NFT_NAT and CONFIG_NFT_MASQ (modprobe nft_chain_nat nft_masq)"},
	{FEATURE(tun), try_tun, "TUN devices", NULL},
	{FEATURE(vxlan), try_vxlan, "VXLAN", NULL},
	{FEATURE(wireguard_device), try_wireguard_device, "WireGuard devices", NULL},
	{FEATURE(wireguard), try_wireguard, "WireGuard", NULL},
	{FEATURE(wireguard_go), try_wireguard_go, "wireguard-go", NULL},
	{FEATURE(gre), try_gre, "GRE", NULL},
	{FEATURE(ipip), try_ipip, "IPIP", NULL},
	{FEATURE(netem), try_netem, "netem", NULL},
	{FEATURE(tbf), try_tbf, "token buckets", NULL},
	{FEATURE(egress), try_egress, "nftables' egress hook", NULL},
	{FEATURE(own_ids), try_own_ids, "ids of its own", NULL},
	{FEATURE(own_proc), try_own_proc, "a /proc of its own", NULL},
	{FEATURE(call_filter), try_call_filter, "a filter of system calls", NULL},
	{FEATURE(landlock), try_landlock, "Landlock", NULL},
};

/* --- the child -------------------------------------------------------------------------------- */

struct findings {
	bool finished;
	int namespace_error; /* errno; 0: none */
	bool works[G_N_ELEMENTS(features)];
};

static void try_all(struct findings *found)
{
	g_autoptr(nl_queue) q = NULL;

	if (unshare(CLONE_NEWNET) != 0) {
		found->namespace_error = errno;
		return;
	}
	q = nl_queue_new(NULL);
	for (gsize i = 0; q && i < G_N_ELEMENTS(features); i++)
		found->works[i] = features[i].works(q);
}

G_NORETURN static void probe_child(int fd)
{
	struct findings found = {.finished = true};

	try_all(&found);
	_exit(write(fd, &found, sizeof found) == sizeof found ? 0 : 1);
}

static void run_probe_child(struct findings *ret)
{
	int ends[2];
	GPid pid;

	*ret = (struct findings){.finished = false};
	if (pipe2(ends, O_CLOEXEC) != 0)
		return;
	pid = fork();
	if (pid == 0)
		probe_child(ends[1]);
	close(ends[1]);
	if (pid > 0) {
		if (read(ends[0], ret, sizeof *ret) != sizeof *ret)
			ret->finished = false;
		waitpid(pid, NULL, 0);
	}
	close(ends[0]);
}

static char *first_missing(const struct findings *found)
{
	if (!found->finished)
		return g_strdup("the test of this host's features died: look at the kernel log");
	if (found->namespace_error != 0)
		return g_strdup_printf("network namespaces (%s): allow user namespaces (sysctl "
				       "user.max_net_namespaces, "
				       "kernel.unprivileged_userns_clone, "
				       "kernel.apparmor_restrict_unprivileged_userns) or "
				       "run as root",
				       g_strerror(found->namespace_error));
	for (gsize i = 0; i < G_N_ELEMENTS(features); i++)
		if (features[i].cure && !found->works[i])
			return g_strdup_printf("%s: %s", features[i].what, features[i].cure);
	return NULL;
}

void exec_probe(struct exec_features *ret)
{
	struct findings found;

	run_probe_child(&found);
	*ret = (struct exec_features){.missing = first_missing(&found)};
	for (gsize i = 0; i < G_N_ELEMENTS(features); i++)
		*(bool *)(void *)((char *)ret + features[i].offset) = found.works[i];
}
