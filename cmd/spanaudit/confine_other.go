//go:build !linux

package main

import (
	"errors"
	"runtime"
)

// confine does nothing: the ways to confine a process are Linux's.
func confine(confinement) ([]layer, error) {
	why := "not built for " + runtime.GOOS
	return []layer{{Name: "capabilities", Says: why}, {Name: "Landlock", Says: why}, {Name: "seccomp", Says: why}}, nil
}

// mayWriteIn leaves it to who writes to find out.
func mayWriteIn(string) error { return nil }

// become is refused.
func become(string) error {
	return errors.New("changing to another user is not built for " + runtime.GOOS)
}
