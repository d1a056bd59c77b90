//go:build amd64 || arm64

package main

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// forbiddenCalls are the system calls that a sensor has no use for and that who
// takes it over has: programs, other processes, mounts, namespaces, the kernel
// itself. It is a list of what is denied because the calls that Go and C libraries
// make change with their versions; the systemd unit has one of what is allowed.
var forbiddenCalls = append([]uint32{
	unix.SYS_EXECVE, unix.SYS_EXECVEAT,
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PROCESS_MADVISE, unix.SYS_PIDFD_GETFD, unix.SYS_KCMP,
	unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_MOUNT_SETATTR, unix.SYS_OPEN_TREE, unix.SYS_MOVE_MOUNT,
	unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_QUOTACTL, unix.SYS_ACCT,
	unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME, unix.SYS_PERSONALITY,
	unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD, unix.SYS_REBOOT,
	unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD, unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
	unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_SYSLOG, unix.SYS_VHANGUP,
	unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_FANOTIFY_INIT, unix.SYS_MOVE_PAGES, unix.SYS_MIGRATE_PAGES,
	unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME,
}, forbiddenHere...)

// Offsets into struct seccomp_data. The processors are little-endian: the lower
// half of an argument comes first.
const (
	seccompCall = 0
	seccompArch = 4
	seccompArg0 = 16
	seccompArg1 = 24
	seccompArg2 = 32
)

// filterCalls puts a filter of system calls before all threads (seccomp(2)).
func filterCalls(confinement) (layer, error) {
	l := layer{Name: "seccomp", Says: fmt.Sprintf("%d system calls, new processes and raw sockets denied", len(forbiddenCalls))}
	filter := callFilter()
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	r, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	runtime.KeepAlive(filter)
	switch {
	case errno == unix.ENOSYS || errno == unix.EINVAL:
		l.Says = "the kernel does not offer it: " + errno.Error()
	case errno != 0:
		return l, fmt.Errorf("set the filter of system calls: %w", errno)
	case r != 0:
		return l, errors.New("a thread has a filter of system calls of its own")
	default:
		l.Held = true
	}
	return l, nil
}

// callFilter is the filter in classic BPF. A call of another architecture kills:
// its numbers mean something else. Threads come by clone with CLONE_THREAD; clone3
// has its flags where a filter cannot look, and the C library goes without it.
// Sockets are for TCP, UDP, local ones, and for netlink, by which interfaces are
// listed. Multipath TCP, which Go prefers for listening, is nothing that Landlock's
// ports bind.
func callFilter() []unix.SockFilter {
	const load = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	const ret = unix.BPF_RET | unix.BPF_K
	op := func(code uint16, k uint32, yes, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: code, Jt: yes, Jf: no, K: k}
	}
	equal := func(k uint32, yes, no uint8) unix.SockFilter {
		return op(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, k, yes, no)
	}
	fail := func(e unix.Errno) unix.SockFilter { return op(ret, unix.SECCOMP_RET_ERRNO|uint32(e), 0, 0) }
	allow := op(ret, unix.SECCOMP_RET_ALLOW, 0, 0)

	f := []unix.SockFilter{
		op(load, seccompArch, 0, 0),
		equal(seccompNative, 1, 0),
		op(ret, unix.SECCOMP_RET_KILL_PROCESS, 0, 0),
		op(load, seccompCall, 0, 0),
		op(unix.BPF_JMP|unix.BPF_JGE|unix.BPF_K, 0x40000000, 0, 1), // the x32 calls
		fail(unix.EPERM),
	}
	for _, call := range forbiddenCalls {
		f = append(f, equal(call, 0, 1), fail(unix.EPERM))
	}
	return slices.Concat(f, []unix.SockFilter{
		equal(unix.SYS_CLONE3, 0, 1),
		fail(unix.ENOSYS),
		equal(unix.SYS_CLONE, 0, 4),
		op(load, seccompArg0, 0, 0),
		op(unix.BPF_JMP|unix.BPF_JSET|unix.BPF_K, unix.CLONE_THREAD, 0, 1),
		allow,
		fail(unix.EPERM),
		equal(unix.SYS_SOCKET, 1, 0),
		allow,
		op(load, seccompArg0, 0, 0),
		equal(unix.AF_NETLINK, 11, 0), // its sockets are raw by name
		equal(unix.AF_UNIX, 2, 0),
		equal(unix.AF_INET, 1, 0),
		equal(unix.AF_INET6, 0, 9),
		op(load, seccompArg1, 0, 0),
		op(unix.BPF_ALU|unix.BPF_AND|unix.BPF_K, 0xf, 0, 0), // without SOCK_CLOEXEC, SOCK_NONBLOCK
		equal(unix.SOCK_STREAM, 1, 0),
		equal(unix.SOCK_DGRAM, 0, 5),
		op(load, seccompArg2, 0, 0),
		equal(0, 2, 0),
		equal(unix.IPPROTO_TCP, 1, 0),
		equal(unix.IPPROTO_UDP, 0, 2),
		allow,
		fail(unix.EPERM),
		fail(unix.EPROTONOSUPPORT),
	})
}
