# SPDX-License-Identifier: GPL-2.0-or-later
# usage: awk -f outside.awk TRACE
# Reads `strace -f --pidns-translation` of a run.  Prints every call that could change a network, mounts or kernel
# settings by a process that is still in the namespaces that the run began in, then how many such calls were made inside,
# and outside.
#
# A process is inside when it, or an ancestor before it was born, made or entered a namespace of that kind.  A child may
# be seen before its parent's clone returns, so who is whose child is known only at the end.

# 1: network, 2: mounts
function kinds(text, b) {
	b = text ~ /CLONE_NEWNET/ ? 1 : 0
	return b + (text ~ /CLONE_NEWNS/ ? 2 : 0)
}
function both(a, b) {
	return (a % 2 || b % 2) + (a >= 2 || b >= 2 ? 2 : 0)
}
function born(pid) {
	return pid in parent ? both(both(born(parent[pid]), had[pid]), flags[pid]) : 0
}
function suspicious(kind) {
	n++
	who[n] = pid; then[n] = own[pid]; what[n] = line; needs[n] = kind
}
{
	pid = $1
	line = $0
	sub(/^[0-9]+ +/, "", line)
	call = line
	resumed = sub(/^<\.\.\. /, "", call)
	sub(/[ (].*/, "", call)
}
call ~ /^(clone|clone3|fork|vfork)$/ {
	if (!resumed) {
		new[pid] = kinds(line)
		before[pid] = own[pid] + 0
	}
	child = line
	if (child ~ /in strace's PID NS/) {
		sub(/.*\/\* /, "", child)
	} else if (!sub(/.*\) += /, "", child)) {
		next
	}
	child = child + 0
	if (child > 0) {
		parent[child] = pid; flags[child] = new[pid]; had[child] = before[pid]
	}
	next
}
resumed { next }
call ~ /^(unshare|setns)$/ { if (line !~ /= -1/) own[pid] = both(own[pid] + 0, kinds(line)); next }
call == "socket" && /AF_NETLINK/ { suspicious(1) }
call == "ioctl" && /SIOC(S|ADD|DEL|BR)/ { suspicious(1) }
call ~ /^open/ && /"\/proc\/sys\/net\// && /O_WRONLY|O_RDWR/ { suspicious(1); next }
call ~ /^open/ && /"\/(proc\/sys|sys)\// && /O_WRONLY|O_RDWR/ { suspicious(4) }
call ~ /^(mount|umount2|pivot_root|move_mount|fsmount|mount_setattr|open_tree)$/ { suspicious(2) }
END {
	for (i = 1; i <= n; i++) {
		state = both(born(who[i]), then[i] + 0)
		inside = needs[i] == 1 ? state % 2 : needs[i] == 2 ? state >= 2 : 0
		if (inside) {
			count++
		} else {
			bad++
			print who[i] " " what[i]
		}
	}
	print "inside " count + 0
	print "outside " bad + 0
}
