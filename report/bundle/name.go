package bundle

import (
	"fmt"
	"strings"
)

// Bounds of a file's name.
const (
	maxName  = 200
	maxDepth = 8
)

// checkName refuses a name that does not mean the same file on every system: it
// is relative, with slashes, of ASCII letters, digits, and ._- inside a part.
func checkName(name string) error {
	parts := strings.Split(name, "/")
	if name == "" || len(name) > maxName || len(parts) > maxDepth {
		return fmt.Errorf("the name %.60q is empty, too long or too deep", name)
	}
	for _, part := range parts {
		if part == "" || strings.Trim(part, nameChars) != "" {
			return fmt.Errorf("the name %q has a part that is empty or not of letters, digits and ._-", name)
		}
		if first, last := part[0], part[len(part)-1]; first == '.' || first == '-' || last == '.' {
			return fmt.Errorf("the name %q has a part that begins with a dot or a dash, or ends with a dot", name)
		}
		if isDevice(part) {
			return fmt.Errorf("the name %q has a part that is a device on Windows", name)
		}
	}
	return nil
}

const nameChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

// isDevice reports whether Windows takes a name for a device, whatever its
// extension.
func isDevice(part string) bool {
	stem, _, _ := strings.Cut(strings.ToLower(part), ".")
	switch stem {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(stem) == 4 && (stem[:3] == "com" || stem[:3] == "lpt") && '0' <= stem[3] && stem[3] <= '9'
}

// names is the names that are taken.
type names struct {
	files map[string]bool // in small letters
	dirs  map[string]bool
}

// add takes a name, unless it cannot stand beside those that are taken: as the
// same name in other letters, or as a directory and a file.
func (n *names) add(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if n.files == nil {
		n.files, n.dirs = map[string]bool{}, map[string]bool{}
		for _, own := range []string{ManifestFile, SignatureFile, SumsFile} {
			n.files[strings.ToLower(own)] = true
		}
	}
	low := strings.ToLower(name)
	if n.files[low] || n.dirs[low] {
		return fmt.Errorf("the name %q is taken, perhaps in other letters", name)
	}
	for i := range low {
		if low[i] == '/' && n.files[low[:i]] {
			return fmt.Errorf("the name %q is below a file", name)
		}
	}
	if len(n.files) >= maxFiles {
		return fmt.Errorf("more than %d files", maxFiles)
	}
	n.files[low] = true
	for i := range low {
		if low[i] == '/' {
			n.dirs[low[:i]] = true
		}
	}
	return nil
}
