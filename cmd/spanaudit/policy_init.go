package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"spanaudit/capture"
	"spanaudit/rules"
)

func newPolicyInit(w world, status *int) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "init {FILE|DIR|-}...",
		Short: "Draft a policy from what captures show",
		Long: "init reads captures as audit does and drafts a policy: cameras are the hosts that answer RTSP, the\n" +
			"appliance is what reads them and speaks with AWS; resolvers, time servers and endpoints are those that\n" +
			"answered. Each line says what it rests on; what was not proven, or needs a decision, is commented out.\n" +
			"What a capture shows is what was done, not what was meant: read the draft before you use it.",
		Example: "  spanaudit policy init -o site.yaml capture.pcapng\n" +
			"  spanaudit audit --policy site.yaml capture.pcapng",
		RunE: func(_ *cobra.Command, args []string) error {
			got, err := policyInit(w, output, args)
			*status = got
			return err
		},
	}
	c.Flags().StringVarP(&output, "output", "o", "", "write the policy to `FILE`, which must not exist, instead of standard output")
	return c
}

func policyInit(w world, output string, args []string) (int, error) {
	f := auditFlags{policy: rules.Profiles()[0], format: "table", workers: min(runtime.GOMAXPROCS(0), maxWorkers)}
	if len(args) == 0 {
		return statusUsage, errors.New("policy init needs something to read: a capture file, a directory of them, or - for standard input")
	}
	if err := f.check(w, args); err != nil {
		return statusUsage, err
	}
	if _, err := os.Stat(output); output != "" && !errors.Is(err, fs.ErrNotExist) {
		return statusUsage, fmt.Errorf("%s exists; a draft overwrites nothing", output)
	}
	policy, err := loadPolicy(w, f.policy)
	if err != nil {
		return statusUsage, err
	}
	src, err := capture.Open(args, capture.Options{Stdin: w.stdin})
	if err != nil {
		return statusUsage, err
	}
	defer src.Close()

	draft := rules.NewDraft()
	bar := startProgress(w.stderr, src.Progress)
	report, broken := runAudit(context.Background(), src, policy, auditOptions{Workers: f.workers, Rules: []rules.Rule{draft}})
	bar.stop()
	unread := tellInputs(w, src.Inputs(), true)
	if broken != nil && !unread { // else its input has told it
		return statusUnread, broken
	}
	name := "site.yaml"
	if output != "" {
		name = output
	}
	text, err := draft.Policy(name, report)
	if err != nil {
		return statusUsage, err
	}
	if err := writeDraft(w, output, text); err != nil {
		return statusUsage, err
	}
	if unread {
		return statusUnread, nil
	}
	return statusDone, nil
}

func writeDraft(w world, output, text string) error {
	if output == "" {
		_, err := fmt.Fprint(w.stdout, text)
		return err
	}
	file, err := os.OpenFile(output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}
