/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which features this host has, tried in a throw-away supervisor. */
#include "testbed/lab/lab.h"

#include "common/wire/line_socket.h"
#include "testbed/exec/clone.h"
#include "testbed/exec/exec.h"
#include "testbed/lab/file_view.h"
#include "testbed/lab/host_limits.h"
#include "testbed/lab/programs.h"

#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROBE_TIMEOUT_MS 10000
#define ANSWER_MAX_BYTES (64 * 1024)

static const struct {
	const char *name;
	size_t offset;
	const char *without; /* what follows from its absence; NULL: the summary tells */
	const char *cure;
} kernel_features[] = {
	{"veth", offsetof(struct exec_features, veth), NULL, "a kernel with CONFIG_VETH"},
	{"bridge", offsetof(struct exec_features, bridge), NULL, "a kernel with CONFIG_BRIDGE"},
	{"nftables", offsetof(struct exec_features, nftables), NULL,
	 "a kernel with CONFIG_NF_TABLES"},
	{"nft-nat", offsetof(struct exec_features, nft_nat), NULL,
	 "a kernel with CONFIG_NFT_NAT and CONFIG_NFT_MASQ"},
	{"tun", offsetof(struct exec_features, tun), "no wireguard-go, and no link without netem",
	 "a kernel with CONFIG_TUN, and /dev/net/tun (--device /dev/net/tun of a container)"},
	{"vxlan", offsetof(struct exec_features, vxlan), "no tunnel of kind vxlan",
	 "a kernel with CONFIG_VXLAN"},
	{"wireguard", offsetof(struct exec_features, wireguard), NULL,
	 "a kernel with CONFIG_WIREGUARD"},
	{"gre", offsetof(struct exec_features, gre), "no tunnel of kind gre",
	 "a kernel with CONFIG_NET_IPGRE"},
	{"ipip", offsetof(struct exec_features, ipip), "no tunnel of kind ipip",
	 "a kernel with CONFIG_NET_IPIP"},
	{"netem", offsetof(struct exec_features, netem), NULL,
	 "a kernel with CONFIG_NET_SCH_NETEM"},
	{"tbf", offsetof(struct exec_features, tbf), NULL, "a kernel with CONFIG_NET_SCH_TBF"},
	{"netfilter-egress", offsetof(struct exec_features, egress),
	 "no link is impaired without netem",
	 "a kernel with CONFIG_NETFILTER_EGRESS and CONFIG_NFT_FWD_NETDEV"},
	{"contained-ids", offsetof(struct exec_features, own_ids), "see SECURITY.md",
	 "let root make user namespaces with 65536 ids (a container: --privileged or subuids)"},
	{"contained-processes", offsetof(struct exec_features, own_proc), "see SECURITY.md",
	 "let /proc be mounted in user namespaces (a container masks it: --privileged, or "
	 "--security-opt unmask=ALL of podman)"},
	{"contained-calls", offsetof(struct exec_features, call_filter), "see SECURITY.md",
	 "a kernel with CONFIG_SECCOMP_FILTER"},
	{"landlock", offsetof(struct exec_features, landlock), "see SECURITY.md",
	 "a kernel with CONFIG_SECURITY_LANDLOCK, and landlock among its lsm="},
	{"wireguard-go", offsetof(struct exec_features, wireguard_go), NULL,
	 "/dev/net/tun (see tun)"},
};

#define OF_USERS "to look around in a lab; no lab needs it"

static const struct {
	const char *feature, *program;
	bool ours, needed;
	const char *without; /* as above */
} programs[] = {
	{"dnsmasq", "dnsmasq", false, true, NULL},
	{"coturn", "turnserver", false, false, "only for topologies with 'engine: coturn'"},
	{"nginx", "nginx", false, false, "no topology with a reverse proxy, as the reference one"},
	{"tb-frontend", "tb-frontend", true, true, NULL},
	{"tb-edge", "tb-edge", true, true, NULL},
	{"tb-client", "tb-client", true, true, NULL},
	{"tb-nat", "tb-nat", true, false, "no 'testbed run nat'"},
	{"ping", "ping", false, false, OF_USERS},
	{"tcpdump", "tcpdump", false, false, OF_USERS},
	{"dig", "dig", false, false, OF_USERS},
};

/* --- in the throw-away supervisor ------------------------------------------------------------- */

static json_t *feature(bool ok, const char *detail, const char *cure)
{
	return json_pack("{s:b, s:s?, s:s?}", "ok", ok, "detail", detail, "cure", ok ? NULL : cure);
}

static json_t *try_everything(void)
{
	json_t *features = json_object();
	g_autoptr(GError) error = NULL;
	bool here = file_view_prepare(&error);
	struct exec_features found = {0};

	if (!here)
		return json_pack("{s:s, s:o}", "missing", error->message, "features", features);
	exec_probe(&found);
	for (guint i = 0; i < G_N_ELEMENTS(kernel_features); i++) {
		const bool *ok = (const bool *)((const char *)&found + kernel_features[i].offset);

		json_object_set_new(features, kernel_features[i].name,
				    feature(*ok, *ok ? NULL : kernel_features[i].without,
					    kernel_features[i].cure));
	}
	return json_pack("{s:s?, s:b, s:o}", "missing", found.missing, "wireguard_device",
			 found.wireguard_device, "features", features);
}

static int probe_main(gpointer data G_GNUC_UNUSED)
{
	line_socket *up = line_socket_new_blocking(CLONE_SOCKET, ANSWER_MAX_BYTES);

	line_socket_send_json(up, try_everything());
	line_socket_flush(up, PROBE_TIMEOUT_MS);
	return 0;
}

/* --- here ------------------------------------------------------------------------------------- */

static json_t *run_probe(GError **error)
{
	const struct clone_request request = {.main = probe_main};
	struct clone_child child;
	g_autoptr(line_socket) down = NULL;
	json_t *answer;
	siginfo_t info;
	const char *line;
	gsize length;

	if (!clone_start(&request, &child, error))
		return NULL;
	down = line_socket_new_blocking(child.socket, ANSWER_MAX_BYTES);
	line = line_socket_wait_line(down, PROBE_TIMEOUT_MS, &length);
	answer = line ? json_loadb(line, length, 0, NULL) : NULL;
	kill(child.pid, SIGKILL);
	waitid(P_PIDFD, (id_t)child.pidfd, &info, WEXITED);
	close(child.pidfd);
	if (!answer)
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED,
			    "the trial of this host's features gave no result");
	return answer;
}

static void add_programs(json_t *features, const char *program_dir, GString *missing)
{
	for (guint i = 0; i < G_N_ELEMENTS(programs); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *path = program_find(programs[i].program,
						     programs[i].ours ? program_dir : NULL, &error);

		json_object_set_new(features, programs[i].feature,
				    feature(path, path ? path : programs[i].without,
					    !path ? error->message : NULL));
		if (!path && programs[i].needed && missing->len == 0)
			g_string_append(missing, error->message);
	}
}

static bool has(const json_t *features, const char *name)
{
	return member_true(json_object_get(features, name), "ok");
}

/* The cure for WireGuard, of which a program may be all that is missing; the caller frees it. */
static char *wireguard_cure(bool device)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *tool = program_find("wg", NULL, &error);

	if (device)
		return g_strdup(tool ? "" : error->message);
	return g_strdup_printf("a kernel with CONFIG_WIREGUARD%s%s", tool ? "" : "; ",
			       tool ? "" : error->message);
}

/* The same for wireguard-go. */
static char *wireguard_go_cure(bool tun)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *program = program_find("wireguard-go", NULL, &error);

	return g_strdup_printf("%s%s%s", program ? "" : error->message, program || tun ? "" : "; ",
			       tun ? "" : "/dev/net/tun (see tun)");
}

/* What takes the place of those that are missing, which depends on others. */
static void tell_stand_ins(json_t *features, bool wireguard_device)
{
	bool tun = has(features, "tun");
	g_autofree char *kernel = wireguard_cure(wireguard_device),
			*daemon = wireguard_go_cure(tun);
	const char *impaired = tun && has(features, "netfilter-egress") ?
				       "its stand-in: testbed itself, through /dev/net/tun" :
				       "no link can be impaired";
	const struct {
		const char *feature, *detail, *cure; /* NULL: as it is */
	} stand_ins[] = {
		{"wireguard",
		 has(features, "wireguard-go") ? "its stand-in: wireguard-go" :
		 has(features, "vxlan")	       ? "its stand-in: VXLAN, UNENCRYPTED" :
						 "no tunnel of kind wireguard",
		 kernel},
		{"wireguard-go", "only where the kernel has no WireGuard", daemon},
		{"netem", impaired, NULL},
		{"tbf", impaired, NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(stand_ins); i++) {
		json_t *f = json_object_get(features, stand_ins[i].feature);

		if (member_true(f, "ok"))
			continue;
		json_object_set_new(f, "detail", json_string(stand_ins[i].detail));
		if (stand_ins[i].cure)
			json_object_set_new(f, "cure", json_string(stand_ins[i].cure));
	}
}

json_t *lab_probe(const char *program_dir)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) missing = g_string_new(NULL);
	json_t *answer = run_probe(&error), *features = json_object_get(answer, "features"),
	       *result;

	features = features ? json_incref(features) : json_object();
	json_object_set_new(features, "namespaces",
			    feature(answer, NULL, error ? error->message : NULL));
	if (!answer)
		g_string_append(missing, error->message);
	else if (json_is_string(json_object_get(answer, "missing")))
		g_string_append(missing, member_text(answer, "missing"));
	add_programs(features, program_dir, missing);
	json_object_set_new(features, "limits", host_limits_probe());
	if (answer)
		tell_stand_ins(features, member_true(answer, "wireguard_device"));
	result = json_pack("{s:b, s:s?, s:o}", "ok", missing->len == 0, "missing",
			   missing->len > 0 ? missing->str : NULL, "features", features);
	json_decref(answer);
	return result;
}
