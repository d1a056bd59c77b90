package main

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestAPasswordIsAskedForTwiceAndNotShown(t *testing.T) {
	for _, c := range []struct{ typed, want string }{
		{"correct horse\nwrong horse\n", "the two passwords differ"},
		{"\n", "the password is empty"},
	} {
		user, program := terminal(t, 80)
		shown := make(chan string)
		go func() {
			var b bytes.Buffer
			io.Copy(&b, user) // ends with EIO when the program's side is closed
			shown <- b.String()
		}()
		var stderr prompts
		stderr.answer = func() {
			line, rest, _ := strings.Cut(c.typed, "\n")
			c.typed = rest
			for range 5000 { // until the terminal no longer shows what is typed
				if state, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS); err != nil || state.Lflag&unix.ECHO == 0 {
					break
				}
				time.Sleep(time.Millisecond)
			}
			io.WriteString(user, line+"\n")
		}
		status := run([]string{"keygen", "-o", filepath.Join(t.TempDir(), "audit.key")}, world{program, &stderr, &stderr, func(string) string { return "" }, nil})
		stderr.answers.Wait()
		program.Close()
		if echoed := <-shown; strings.Contains(echoed, "horse") || status != statusUsage || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("status %d, the terminal showed %q, said %q", status, echoed, stderr.String())
		}
	}
}

// prompts is what a program says, and who answers when it asks for a password.
type prompts struct {
	bytes.Buffer
	answer  func()
	answers sync.WaitGroup // under way, one at a time
}

func (p *prompts) Write(text []byte) (int, error) {
	if bytes.HasSuffix(text, []byte(": ")) {
		p.answers.Wait()
		p.answers.Go(p.answer)
	}
	return p.Buffer.Write(text)
}
