/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/capture_filter.h"

#include <glib.h>
#include <linux/filter.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define DNS_PORT 53
#define STUN_COOKIE 0x2112A442u /* RFC 8489 section 5 */
#define TCP_FIN_SYN_RST 0x07

enum place {
	NEXT, /* the instruction after this one */
	ETHERNET,
	VERSION,
	IP4,
	IP6,
	TRANSPORT,
	UDP,
	TCP,
	TLS,
	ICMP6,
	PAYLOAD,
	RTP,
	CHANNEL,
	STUN,
	KEEP,
	DROP,
	PLACES,
};

/* X is the offset of what is looked at; it moves on from header to header.  A load beyond the
 * packet's end drops. */
static const struct step {
	enum place at; /* this instruction's name; NEXT: none */
	guint16 code;
	guint32 k;
	enum place yes, no; /* jumps only */
} steps[] = {
	{NEXT, BPF_LD | BPF_W | BPF_ABS, (guint32)(SKF_AD_OFF + SKF_AD_HATYPE), 0, 0},
	{NEXT, BPF_JMP | BPF_JEQ, ARPHRD_LOOPBACK, DROP, NEXT},
	{NEXT, BPF_JMP | BPF_JEQ, ARPHRD_ETHER, ETHERNET, NEXT},
	{NEXT, BPF_LDX | BPF_IMM, 0, 0, 0},
	{NEXT, BPF_JMP | BPF_JA, 0, VERSION, 0},
	{ETHERNET, BPF_LDX | BPF_IMM, ETHER_HDR_LEN, 0, 0},

	{VERSION, BPF_LD | BPF_B | BPF_IND, 0, 0, 0},
	{NEXT, BPF_ALU | BPF_RSH, 4, 0, 0},
	{NEXT, BPF_JMP | BPF_JEQ, 4, IP4, NEXT},
	{NEXT, BPF_JMP | BPF_JEQ, 6, IP6, DROP},
	{IP4, BPF_LD | BPF_H | BPF_IND, 6, 0, 0},
	{NEXT, BPF_JMP | BPF_JSET, 0x1fff, DROP, NEXT}, /* not the first fragment */
	{NEXT, BPF_LD | BPF_B | BPF_IND, 9, 0, 0},
	{NEXT, BPF_ST, 0, 0, 0},
	{NEXT, BPF_LD | BPF_B | BPF_IND, 0, 0, 0},
	{NEXT, BPF_ALU | BPF_AND, 0x0f, 0, 0},
	{NEXT, BPF_ALU | BPF_LSH, 2, 0, 0},
	{NEXT, BPF_ALU | BPF_ADD | BPF_X, 0, 0, 0},
	{NEXT, BPF_MISC | BPF_TAX, 0, 0, 0},
	{NEXT, BPF_JMP | BPF_JA, 0, TRANSPORT, 0},
	{IP6, BPF_LD | BPF_B | BPF_IND, 6, 0, 0},
	{NEXT, BPF_ST, 0, 0, 0},
	{NEXT, BPF_MISC | BPF_TXA, 0, 0, 0},
	{NEXT, BPF_ALU | BPF_ADD, 40, 0, 0},
	{NEXT, BPF_MISC | BPF_TAX, 0, 0, 0},

	{TRANSPORT, BPF_LD | BPF_MEM, 0, 0, 0},
	{NEXT, BPF_JMP | BPF_JEQ, IPPROTO_UDP, UDP, NEXT},
	{NEXT, BPF_JMP | BPF_JEQ, IPPROTO_TCP, TCP, NEXT},
	{NEXT, BPF_JMP | BPF_JEQ, IPPROTO_ICMP, KEEP, NEXT},
	{NEXT, BPF_JMP | BPF_JEQ, IPPROTO_ICMPV6, ICMP6, DROP},
	{ICMP6, BPF_LD | BPF_B | BPF_IND, 0, 0, 0},
	{NEXT, BPF_JMP | BPF_JGE, 128, DROP, KEEP}, /* below: errors (RFC 4443 section 2.1) */
	{UDP, BPF_LD | BPF_H | BPF_IND, 0, 0, 0},
	{NEXT, BPF_JMP | BPF_JEQ, DNS_PORT, KEEP, NEXT},
	{NEXT, BPF_LD | BPF_H | BPF_IND, 2, 0, 0},
	{NEXT, BPF_JMP | BPF_JEQ, DNS_PORT, KEEP, NEXT},
	{NEXT, BPF_MISC | BPF_TXA, 0, 0, 0},
	{NEXT, BPF_ALU | BPF_ADD, 8, 0, 0},
	{NEXT, BPF_MISC | BPF_TAX, 0, 0, 0},
	{NEXT, BPF_JMP | BPF_JA, 0, PAYLOAD, 0},
	{TCP, BPF_LD | BPF_B | BPF_IND, 13, 0, 0},
	{NEXT, BPF_JMP | BPF_JSET, TCP_FIN_SYN_RST, KEEP, NEXT},
	{NEXT, BPF_LD | BPF_B | BPF_IND, 12, 0, 0},
	{NEXT, BPF_ALU | BPF_RSH, 4, 0, 0},
	{NEXT, BPF_ALU | BPF_LSH, 2, 0, 0},
	{NEXT, BPF_ALU | BPF_ADD | BPF_X, 0, 0, 0},
	{NEXT, BPF_MISC | BPF_TAX, 0, 0, 0},
	{NEXT, BPF_LD | BPF_B | BPF_IND, 0, 0, 0},
	{NEXT, BPF_JMP | BPF_JGE, 0x14, NEXT,
	 PAYLOAD}, /* content types of TLS (RFC 8446 section 5.1) */
	{NEXT, BPF_JMP | BPF_JGT, 0x17, PAYLOAD, TLS},
	{TLS, BPF_LD | BPF_B | BPF_IND, 1, 0, 0},
	{NEXT, BPF_JMP | BPF_JEQ, 0x03, KEEP, PAYLOAD},

	/* STUN, TURN channels and RTP are told apart by their first byte (RFC 7983) */
	{PAYLOAD, BPF_LD | BPF_B | BPF_IND, 0, 0, 0},
	{NEXT, BPF_JMP | BPF_JGE, 0xc0, DROP, NEXT},
	{NEXT, BPF_JMP | BPF_JGE, 0x80, RTP, NEXT},
	{NEXT, BPF_JMP | BPF_JGE, 0x40, CHANNEL, STUN},
	{CHANNEL, BPF_MISC | BPF_TXA, 0, 0, 0},
	{NEXT, BPF_ALU | BPF_ADD, 4, 0, 0},
	{NEXT, BPF_MISC | BPF_TAX, 0, 0, 0},
	{NEXT, BPF_LD | BPF_B | BPF_IND, 0, 0, 0},
	{NEXT, BPF_JMP | BPF_JGE, 0xc0, DROP, NEXT},
	{NEXT, BPF_JMP | BPF_JGE, 0x80, RTP, STUN},
	{STUN, BPF_LD | BPF_W | BPF_IND, 4, 0, 0},
	{NEXT, BPF_JMP | BPF_JEQ, STUN_COOKIE, KEEP, DROP},
	{RTP, BPF_LD | BPF_H | BPF_IND, 2, 0, 0},
	{NEXT, BPF_JMP | BPF_JSET, EVIDENCE_RTP_KEPT - 1, DROP, KEEP},
	{KEEP, BPF_RET | BPF_K, CAPTURE_SNAP_BYTES, 0, 0},
	{DROP, BPF_RET | BPF_K, 0, 0, 0},
};

static guint distance(const guint index[PLACES], enum place to, guint from)
{
	return to == NEXT ? 0 : index[to] - from - 1;
}

static void assemble(struct sock_filter program[G_N_ELEMENTS(steps)])
{
	guint index[PLACES] = {0};

	for (guint i = 0; i < G_N_ELEMENTS(steps); i++)
		index[steps[i].at] = i;
	for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
		const struct step *s = &steps[i];
		bool jump = BPF_CLASS(s->code) == BPF_JMP, always = s->code == (BPF_JMP | BPF_JA);

		program[i] = (struct sock_filter){.code = s->code,
						  .k = always ? distance(index, s->yes, i) : s->k};
		if (jump && !always) {
			program[i].jt = (guint8)distance(index, s->yes, i);
			program[i].jf = (guint8)distance(index, s->no, i);
		}
	}
}

bool capture_filter_attach(int fd)
{
	struct sock_filter program[G_N_ELEMENTS(steps)];
	const struct sock_fprog filter = {.len = G_N_ELEMENTS(steps), .filter = program};

	assemble(program);
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0;
}
