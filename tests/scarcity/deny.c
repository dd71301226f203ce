/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: deny CALL[:ARGUMENT=VALUE|:ARGUMENT&BITS] ERRNO COMMAND...
 * Runs a command in which a system call fails with that error (1: EPERM, 38: ENOSYS...), in all
 * that it starts, too: as on a kernel that lacks it, or in a container that forbids it.  With an
 * argument (0 to 5) only where that has this value, or these bits. */
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_ALLOW);
	char name[64];
	unsigned argument = 0;
	unsigned long value = 0;
	char how = 0;
	int n, call, failed;

	if (argc < 4)
		return 2;
	n = sscanf(argv[1], "%63[a-z0-9_]:%u%c%li", name, &argument, &how, (long *)&value);
	call = seccomp_syscall_resolve_name(name);
	if (n < 1 || call == __NR_SCMP_ERROR) {
		fprintf(stderr, "deny: no system call '%s'\n", argv[1]);
		return 2;
	}
	if (n == 4) {
		const struct scmp_arg_cmp match =
			how == '&' ? SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, value, value) :
				     SCMP_CMP(argument, SCMP_CMP_EQ, value);

		failed = seccomp_rule_add_array(c, SCMP_ACT_ERRNO((unsigned)atoi(argv[2])), call, 1,
						&match);
	} else {
		failed = seccomp_rule_add(c, SCMP_ACT_ERRNO((unsigned)atoi(argv[2])), call, 0);
	}
	if (failed || seccomp_load(c) != 0) {
		fprintf(stderr, "deny: can't deny %s\n", argv[1]);
		return 2;
	}
	execvp(argv[3], argv + 3);
	perror("deny");
	return 126;
}
