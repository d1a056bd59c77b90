//go:build !linux

package main

import "time"

// monotonic is read only by systemd, which is Linux's.
func monotonic() time.Duration { return 0 }
