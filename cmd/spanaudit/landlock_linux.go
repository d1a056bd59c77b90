package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The rights of landlock(7), as far as those of a file go and as far as the
// ABI of the kernel knows them.
const (
	landlockNetPort = 2 // LANDLOCK_RULE_NET_PORT

	landlockRead = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	landlockV1   = unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1
	landlockFile = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_EXECUTE |
		unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	landlockMake = unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK |
		unix.LANDLOCK_ACCESS_FS_REFER | unix.LANDLOCK_ACCESS_FS_TRUNCATE
)

// systemFiles is what the libraries read while the program runs: names, services
// and the modules that find them, certificates, time zones, counters of interfaces
// and of the process.
var systemFiles = [...]string{
	"/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/gai.conf", "/etc/nsswitch.conf", "/etc/services", "/etc/protocols",
	"/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager", "/run/nscd", "/var/run/nscd",
	"/etc/ld.so.cache", "/lib", "/lib64", "/usr/lib", "/usr/lib64",
	"/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
	"/etc/localtime", "/usr/share/zoneinfo",
	"/sys/class/net", "/sys/devices", "/proc/self", "/proc/stat", "/proc/net", "/proc/sys/net", "/proc/sys/kernel", "/dev/urandom",
}

// restrictFiles leaves of the file system what c and systemFiles name, and of TCP
// what c names: no port can be listened on any more. The scopes of later kernels
// are left: signals between the threads of a process were bound by them at first,
// and systemd may listen on an abstract socket.
func restrictFiles(c confinement) (layer, error) {
	l := layer{Name: "Landlock"}
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		l.Says = "the kernel does not offer it: " + errno.Error()
		return l, nil
	}
	attr := unix.LandlockRulesetAttr{Handled_access_fs: landlockRights(int(abi))}
	l.Says = fmt.Sprintf("ABI %d: files by directory", abi)
	if abi >= 4 {
		attr.Handled_access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP
		l.Says += ", no TCP port to listen on"
		if c.Ports != nil {
			attr.Handled_access_net |= unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
			l.Says += ", TCP to known ports"
		}
	}
	set, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		return l, fmt.Errorf("make a Landlock ruleset: %w", errno)
	}
	defer unix.Close(int(set))
	if err := landlockRules(int(set), attr, c); err != nil {
		return l, err
	}
	if err := allThreads(unix.SYS_LANDLOCK_RESTRICT_SELF, set, 0, 0); err != nil {
		return l, fmt.Errorf("restrict to the Landlock ruleset: %w", err)
	}
	l.Held = true
	return l, nil
}

// landlockRights are the rights that are asked for where nothing gives them.
func landlockRights(abi int) uint64 {
	rights := uint64(landlockV1)
	if abi >= 2 {
		rights |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if abi >= 3 {
		rights |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if abi >= 5 {
		rights |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	return rights
}

func landlockRules(set int, attr unix.LandlockRulesetAttr, c confinement) error {
	system := systemFiles[:]
	if os.Geteuid() != 0 {
		// A file that is put in another's place, as resolv.conf is with each lease,
		// is not the one that was allowed. What is secret in there is root's.
		system = append(system, "/etc")
	}
	for _, path := range system {
		if err := allowPath(set, path, attr.Handled_access_fs&landlockRead); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	errs := []error{allowPath(set, os.DevNull, attr.Handled_access_fs&(unix.LANDLOCK_ACCESS_FS_READ_FILE|unix.LANDLOCK_ACCESS_FS_WRITE_FILE))}
	for _, path := range c.Read {
		errs = append(errs, allowPath(set, path, attr.Handled_access_fs&landlockRead))
	}
	for _, path := range c.Write {
		errs = append(errs, allowPath(set, path, attr.Handled_access_fs&(landlockRead|landlockMake)))
	}
	if attr.Handled_access_net&unix.LANDLOCK_ACCESS_NET_CONNECT_TCP != 0 {
		for _, port := range append([]uint16{53}, c.Ports...) {
			errs = append(errs, allowPort(set, port))
		}
	}
	return errors.Join(errs...)
}

// allowPath gives rights on what is at and below a path, or on a file.
func allowPath(set int, path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	var info unix.Stat_t
	if err := unix.Fstat(fd, &info); err != nil {
		return &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	if info.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= landlockFile
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(fd)}
	return landlockRule(set, unix.LANDLOCK_RULE_PATH_BENEATH, unsafe.Pointer(&rule), path)
}

func allowPort(set int, port uint16) error {
	rule := struct{ access, port uint64 }{unix.LANDLOCK_ACCESS_NET_CONNECT_TCP, uint64(port)} // struct landlock_net_port_attr
	return landlockRule(set, landlockNetPort, unsafe.Pointer(&rule), fmt.Sprint("TCP port ", port))
}

func landlockRule(set, kind int, rule unsafe.Pointer, what string) error {
	if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(set), uintptr(kind), uintptr(rule), 0, 0, 0); errno != 0 {
		return fmt.Errorf("allow %s in a Landlock ruleset: %w", what, errno)
	}
	return nil
}
