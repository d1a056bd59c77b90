//go:build cgo

package main

/*
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { max_threads = 4096, patience = 20000 }; // naps of 100 us, 2 s

static long call, args[3];
static int failed, done; // atomic; failed is the first errno
static pid_t seen[max_threads];

// in_thread makes the call in the thread that the signal came to.
static void in_thread(int signal) {
	int saved = errno;
	if (syscall(call, args[0], args[1], args[2], 0L, 0L) < 0) {
		int none = 0;
		__atomic_compare_exchange_n(&failed, &none, errno, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	}
	errno = saved;
	__atomic_store_n(&done, 1, __ATOMIC_SEQ_CST);
}

// one has a thread make the call; 0 when it did, or has ended.
static int one(pid_t process, pid_t thread, int signal) {
	struct timespec nap = {0, 100000};
	__atomic_store_n(&done, 0, __ATOMIC_SEQ_CST);
	if (syscall(SYS_tgkill, process, thread, signal) < 0)
		return errno == ESRCH ? 0 : errno;
	for (int i = 0; !__atomic_load_n(&done, __ATOMIC_SEQ_CST); i++) {
		if (syscall(SYS_tgkill, process, thread, 0) < 0)
			return 0;
		if (i == patience)
			return ETIMEDOUT;
		nanosleep(&nap, 0);
	}
	return 0;
}

// in_all_threads makes the call in each thread that /proc lists, and again until
// it lists none that is new: one that began meanwhile may have been begun by one
// whose turn had not come.
static int in_all_threads(long number, long a, long b, long c) {
	struct sigaction action, before;
	int signal = SIGRTMAX - 1, count = 0, fresh, problem = 0;
	pid_t process = getpid();
	memset(&action, 0, sizeof action);
	action.sa_handler = in_thread;
	action.sa_flags = SA_ONSTACK | SA_RESTART; // the stack of a goroutine is short
	sigfillset(&action.sa_mask);
	call = number, args[0] = a, args[1] = b, args[2] = c, failed = 0;
	if (sigaction(signal, &action, &before) < 0)
		return errno;
	do {
		fresh = 0;
		DIR *d = opendir("/proc/self/task");
		if (!d) {
			problem = errno;
			break;
		}
		for (struct dirent *e; !problem && (e = readdir(d));) {
			pid_t thread = atoi(e->d_name);
			int known = thread == 0;
			for (int i = 0; i < count && !known; i++)
				known = seen[i] == thread;
			if (known)
				continue;
			if (count == max_threads)
				problem = EOVERFLOW;
			else if (!(problem = one(process, thread, signal)))
				seen[count++] = thread, fresh = 1;
		}
		closedir(d);
	} while (fresh && !problem);
	if (problem != ETIMEDOUT) // else the signal is still to come
		sigaction(signal, &before, 0);
	return problem ? problem : failed;
}
*/
import "C"

import (
	"runtime"
	"syscall"
)

// allThreads makes a system call in every thread of the process, one after the
// other, and returns the first error. It is not safe for concurrent use.
//
// syscall.AllThreadsSyscall does nothing in a program with C in it, because C may
// have begun threads of which Go does not know. What it does for those, libpsx of
// libcap shows: a signal to each thread, whose handler makes the call.
func allThreads(call, a, b, c uintptr) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if errno := C.in_all_threads(C.long(call), C.long(a), C.long(b), C.long(c)); errno != 0 {
		return syscall.Errno(errno)
	}
	return nil
}
