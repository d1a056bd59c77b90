package main

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// yielding is how nice the thread is that keeps the record (setpriority(2)): who
// reads the interface goes first, because the kernel drops packets meanwhile.
const yielding = 10

// yield gives the calling goroutine a thread of its own, which has to wait for the
// others where there are not processors enough. That it cannot is no harm.
func yield() {
	runtime.LockOSThread()
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), yielding)
}
