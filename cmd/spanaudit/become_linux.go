package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// become has all threads go on as the user named, in its primary group and no
// other. A process of root loses its capabilities by it: what needs them is to be
// open. What is made from now on is the user's, so the record is opened behind it.
func become(name string) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("only root can go on as user %s", name)
	}
	u, err := user.Lookup(name)
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err := errors.Join(err, err2); err != nil {
		return fmt.Errorf("user %s: %w", name, err)
	}
	// The package syscall, other than x/sys/unix, changes all threads.
	if err := errors.Join(syscall.Setgroups([]int{}), syscall.Setresgid(gid, gid, gid)); err != nil {
		return fmt.Errorf("change to the group of user %s: %w", name, err)
	}
	if err := syscall.Setresuid(uid, uid, uid); err != nil {
		return fmt.Errorf("change to user %s: %w", name, err)
	}
	return nil
}
