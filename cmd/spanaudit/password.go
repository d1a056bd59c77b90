package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
)

// passwordVariable is the variable of the environment that holds the password of
// a key, for use where nobody is at a terminal.
const passwordVariable = "SPANAUDIT_KEY_PASSWORD"

// maxPassword is as long as minisign takes a password.
const maxPassword = 1024

// password returns the password of a key: from the first line of a file, where one
// is named, from the environment, or from the terminal, where it is asked for
// twice when it is new. It is not empty.
func password(w world, file, prompt string, isNew bool) (string, error) {
	text := w.getenv(passwordVariable)
	switch {
	case file != "":
		line, err := firstLine(file)
		if err != nil {
			return "", err
		}
		text = line
		if text == "" {
			return "", fmt.Errorf("%s: its first line, the password, is empty", file)
		}
	case text == "":
		fd, ok := terminalOf(w.stdin)
		if !ok {
			return "", fmt.Errorf("the key needs a password, and standard input is no terminal to ask at; give --password-file FILE or set %s", passwordVariable)
		}
		var err error
		if text, err = ask(w, fd, prompt, isNew); err != nil {
			return "", err
		}
	}
	if len(text) > maxPassword {
		return "", fmt.Errorf("the password is longer than %d bytes", maxPassword)
	}
	return text, nil
}

// firstLine reads the first line of a file, without its end.
func firstLine(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPassword+3))
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return string(bytes.TrimSuffix(line, []byte("\r"))), err
}

// ask asks for a password at a terminal, which does not show it.
func ask(w world, fd int, prompt string, isNew bool) (string, error) {
	defer echoAgain(fd)()
	one := func(prompt string) (string, error) {
		fmt.Fprint(w.stderr, prompt)
		text, err := term.ReadPassword(fd)
		fmt.Fprintln(w.stderr)
		return string(text), err
	}
	text, err := one(prompt + ": ")
	switch {
	case err != nil:
		return "", fmt.Errorf("read the password: %w", err)
	case text == "":
		return "", errors.New("the password is empty")
	case !isNew:
		return text, nil
	}
	again, err := one(prompt + ", again: ")
	switch {
	case err != nil:
		return "", fmt.Errorf("read the password: %w", err)
	case again != text:
		return "", errors.New("the two passwords differ")
	}
	return text, nil
}

// echoAgain has the terminal show what is typed again when the program is ended
// by a signal meanwhile. What it returns is to be called afterwards.
func echoAgain(fd int) (done func()) {
	state, err := term.GetState(fd)
	if err != nil {
		return func() {}
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, os.Interrupt, syscall.SIGTERM)
	go func() {
		if s, ok := <-ended; ok {
			_ = term.Restore(fd, state)
			os.Exit(128 + int(s.(syscall.Signal)))
		}
	}()
	return func() {
		signal.Stop(ended)
		close(ended)
	}
}
