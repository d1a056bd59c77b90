package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"spanaudit/report"
)

// readSaved reads an audit that was saved: from a file, from standard input where
// the path is -, or out of a bundle.
func readSaved(w world, path string) (*report.Audit, error) {
	in := w.stdin
	switch {
	case path == "-":
	case isBundle(path):
		text, err := bundled(path)
		if err != nil {
			return nil, err
		}
		in = bytes.NewReader(text)
	default:
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in = io.Reader(file)
	}
	saved, err := report.Read(in)
	if err != nil {
		return nil, fmt.Errorf("%s %w", path, err)
	}
	return saved, nil
}

// isBundle reports whether a path is that of a bundle, and not of an audit.
func isBundle(path string) bool {
	info, err := os.Stat(path)
	return err == nil && (info.IsDir() || strings.EqualFold(filepath.Ext(path), ".zip"))
}
