//go:build !cgo

package main

import "syscall"

// allThreads makes a system call in every thread of the process.
func allThreads(call, a, b, c uintptr) error {
	if _, _, errno := syscall.AllThreadsSyscall(call, a, b, c); errno != 0 {
		return errno
	}
	return nil
}
