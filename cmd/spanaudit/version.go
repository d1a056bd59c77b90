package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"spanaudit/report"
)

func newVersion(w world) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(w.stdout, "%s %s (%s, %s/%s)\n", tool().Name, tool().Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

// tool names this program as it was built: the module's version, which for a
// build from a checkout holds the commit.
func tool() report.Tool {
	t := report.Tool{Name: "spanaudit", Version: "unknown"}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		t.Version = info.Main.Version
	}
	return t
}
