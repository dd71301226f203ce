/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/capture_expression.h"

#include "testbed/base/diag.h"

#include <pcap/pcap.h>

#define WHOLE_PACKET 65535

G_STATIC_ASSERT(sizeof(struct bpf_insn) == sizeof(struct sock_filter));

gboolean capture_expression(const char *text, bool ethernet, struct sock_fprog *ret, GError **error)
{
	pcap_t *compiler = pcap_open_dead(ethernet ? DLT_EN10MB : DLT_RAW, WHOLE_PACKET);
	struct bpf_program program;
	bool ok = compiler && pcap_compile(compiler, &program, text, 1, PCAP_NETMASK_UNKNOWN) == 0;

	if (ok) {
		ret->len = (unsigned short)program.bf_len;
		ret->filter =
			g_memdup2(program.bf_insns, program.bf_len * sizeof(struct sock_filter));
		pcap_freecode(&program);
	} else {
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "filter '%s': %s (see pcap-filter(7))",
			    text, compiler ? pcap_geterr(compiler) : "out of memory");
	}
	if (compiler)
		pcap_close(compiler);
	return ok;
}
