//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

func TestOrders(t *testing.T) {
	for _, last := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(last.String(), func(t *testing.T) {
			c := exec.Command(os.Args[0], "-test.run=^TestOrdersProcess$")
			c.Env = append(os.Environ(), "TAKE_ORDERS=1")
			out, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			kill := time.AfterFunc(20*time.Second, func() { _ = c.Process.Kill() })
			defer kill.Stop()
			lines := bufio.NewScanner(out)
			says := func(want string) {
				t.Helper()
				if !lines.Scan() || lines.Text() != want {
					t.Fatalf("got %q, want %q", lines.Text(), want)
				}
			}
			says("ready")
			for range 2 {
				_ = c.Process.Signal(syscall.SIGHUP)
				says("reload")
			}
			_ = c.Process.Signal(last)
			says("stop")
			_ = c.Process.Signal(last)
			var exit *exec.ExitError
			if err := c.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != last {
				t.Errorf("the second ended it with %v", err)
			}
		})
	}
}

// TestOrdersProcess is the process that TestOrders signals.
func TestOrdersProcess(t *testing.T) {
	if os.Getenv("TAKE_ORDERS") == "" {
		t.Skip("it is run by TestOrders")
	}
	o := takeOrders(context.Background())
	os.Stdout.WriteString("ready\n")
	for {
		select {
		case <-o.Reload:
			os.Stdout.WriteString("reload\n")
		case <-o.Stop.Done():
			time.Sleep(100 * time.Millisecond) // the next signal is to kill
			os.Stdout.WriteString("stop\n")
			time.Sleep(time.Minute)
		}
	}
}

func TestOrdersEndWithTheirContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	o := takeOrders(ctx)
	defer o.close()
	cancel()
	select {
	case <-o.Stop.Done():
	case <-time.After(5 * time.Second):
		t.Error("Stop is not done")
	}
}
