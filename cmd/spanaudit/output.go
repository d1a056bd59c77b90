package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"spanaudit/report"
)

// writeOutput writes a report of something that was saved to a file, or with "" to
// standard output. The file is made once there is something to write, and none that
// is kept is written over.
func writeOutput(w world, output string, kept []string, render func(io.Writer, report.Screen) error) error {
	screen := screenOf(w.stdout, w.getenv)
	if output != "" {
		if err := writable(output, kept); err != nil {
			return err
		}
		screen = report.Screen{Width: defaultWidth}
	}
	var text bytes.Buffer
	if err := render(&text, screen); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if output != "" {
		return os.WriteFile(output, text.Bytes(), 0o666)
	}
	_, err := w.stdout.Write(text.Bytes())
	return err
}

// writable refuses a place to write to that is no file, or is one of those that are
// kept.
func writable(path string, kept []string) error {
	if path == "-" {
		return errors.New("- is no file to write to; for standard output leave --output out")
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	for _, name := range kept {
		if read, err := os.Stat(name); err == nil && os.SameFile(info, read) {
			return fmt.Errorf("%s is an input, or written to already; write to another file", path)
		}
	}
	return nil
}
