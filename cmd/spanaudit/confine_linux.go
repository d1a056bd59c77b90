package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// confine gives up what the process does not need any more, for good and in all
// of its threads: capabilities, most of the file system, most of the kernel. It
// returns one layer for each, in force or not; that the kernel lacks one is no
// error. An error says that a directory in c cannot be used, or that a layer holds
// in some threads only: the process must not go on then.
//
// It leaves reading what the resolution of names, TLS and time zones read. Only
// become may have been called before.
func confine(c confinement) ([]layer, error) {
	for _, dir := range c.Write {
		if err := mayWriteIn(dir); err != nil {
			return nil, err
		}
	}
	var layers []layer
	for _, put := range []func(confinement) (layer, error){noNewPrivileges, dropCapabilities, restrictFiles, filterCalls} {
		l, err := put(c)
		if err != nil {
			return nil, err
		}
		layers = append(layers, l)
	}
	return layers, checkThreads(layers)
}

// mayWriteIn says what to do where the process cannot write in a directory.
func mayWriteIn(dir string) error {
	if err := unix.Faccessat(unix.AT_FDCWD, dir, unix.W_OK|unix.X_OK, unix.AT_EACCESS); err != nil {
		return fmt.Errorf("cannot write in %s as user %d: %w; give it the directory: chown -R %d %s", dir, os.Geteuid(), err, os.Geteuid(), dir)
	}
	return nil
}

// noNewPrivileges has no program that is executed gain anything; Landlock and
// seccomp ask for it.
func noNewPrivileges(confinement) (layer, error) {
	l := layer{Name: "no new privileges", Held: true, Says: "set-user-ID programs and file capabilities give nothing"}
	if err := allThreads(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0); err != nil {
		return l, fmt.Errorf("set no_new_privs: %w", err)
	}
	return l, nil
}

// checkThreads compares what the kernel says of every thread with the layers.
func checkThreads(layers []layer) error {
	wanted := map[string]string{"CapPrm": noCapabilities, "CapEff": noCapabilities, "CapInh": noCapabilities, "CapAmb": noCapabilities, "NoNewPrivs": "1"}
	for _, l := range layers {
		if l.Name == "seccomp" && l.Held {
			wanted["Seccomp"] = "2" // a filter
		}
	}
	threads, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil || len(threads) == 0 {
		return nil // there is no /proc to ask
	}
	for _, path := range threads {
		status, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		for line := range bytes.Lines(status) {
			key, value, _ := strings.Cut(string(line), ":")
			if want, ok := wanted[key]; ok && strings.TrimSpace(value) != want {
				return fmt.Errorf("%s: %s is %s, not %s: the process could not be confined", path, key, strings.TrimSpace(value), want)
			}
		}
	}
	return nil
}
