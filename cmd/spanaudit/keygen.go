package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"spanaudit/report"
	"spanaudit/report/bundle"
)

func newKeygen(w world) *cobra.Command {
	var output, passwordFile string
	var open bool
	c := &cobra.Command{
		Use:   "keygen",
		Short: "Make a key pair to sign evidence with",
		Long: "keygen makes a key pair of minisign (https://jedisct1.github.io/minisign/): FILE is secret and signs, FILE.pub is\n" +
			"for whoever receives the evidence, and is best handed over before it, by another way. It never overwrites a key.\n" +
			"The secret key is encrypted by a password, asked for at the terminal; where there is none it is the first line of\n" +
			"--password-file, or the value of " + passwordVariable + ". To encrypt takes some seconds and 1 GB of memory.",
		Example: "  spanaudit keygen -o audit.key\n" +
			"  spanaudit verify evidence.zip --key audit.key.pub",
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if open && passwordFile != "" {
				return errors.New("--no-password and --password-file contradict each other; give one")
			}
			return keygen(w, output, passwordFile, open)
		},
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVarP(&output, "output", "o", "spanaudit.key", "write the secret key to `FILE`, and the public key to FILE.pub")
	flags.StringVar(&passwordFile, "password-file", "", "take the password from the first line of `FILE`")
	flags.BoolVar(&open, "no-password", false, "do not encrypt the secret key: whoever can read the file can sign")
	return c
}

// keygen makes a key pair and writes its files.
func keygen(w world, path, passwordFile string, open bool) error {
	public := path + ".pub"
	for _, file := range []string{path, public} {
		if _, err := os.Lstat(file); err == nil {
			return fmt.Errorf("%s exists; a key is not overwritten: name another file", file)
		}
	}
	pass := ""
	if !open {
		var err error
		if pass, err = password(w, passwordFile, "Password for the new key", true); err != nil {
			return err
		}
	}
	secret, pub, err := bundle.NewKey(pass)
	if err != nil {
		return err
	}
	if err := writeNew(path, secret, 0o600); err != nil {
		return err
	}
	if err := writeNew(public, pub, 0o644); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	key, err := bundle.ParsePublicKey(pub)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.stdout, "secret key: %s (keep it, and its password)\npublic key: %s (hand it to whoever verifies)\nkey id:     %s\nto verify:  spanaudit verify BUNDLE --key %s\n",
		report.Line(path), report.Line(public), bundle.KeyID(key.ID()), key)
	return err
}

// writeNew writes a file that must not exist; half of one is not left behind.
func writeNew(path string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
