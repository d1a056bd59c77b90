package main

import "golang.org/x/sys/unix"

const seccompNative = unix.AUDIT_ARCH_AARCH64

var forbiddenHere []uint32
