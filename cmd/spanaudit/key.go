package main

import (
	"fmt"
	"io"
	"os"

	"aead.dev/minisign"

	"spanaudit/report/bundle"
)

// maxKey is more than a file of a key has.
const maxKey = 4 << 10

// loadKey reads the secret key that evidence is to be signed with. Its password,
// if it has one, is that of the file, the environment or the terminal.
func loadKey(w world, path, passwordFile string) (*minisign.PrivateKey, error) {
	secret, err := readKey(path)
	if err != nil {
		return nil, err
	}
	pass := ""
	if bundle.Encrypted(secret) {
		if pass, err = password(w, passwordFile, "Password of the key "+path, false); err != nil {
			return nil, err
		}
	}
	key, err := bundle.ParseKey(secret, pass)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// loadPublicKey reads the public key that evidence is to be signed by: a file of
// it, or the key itself, as minisign's -P takes it.
func loadPublicKey(text string) (*minisign.PublicKey, error) {
	if key, err := bundle.ParsePublicKey([]byte(text)); err == nil {
		return key, nil
	}
	data, err := readKey(text)
	if err != nil {
		return nil, fmt.Errorf("--key is neither a public key nor a file of one: %w", err)
	}
	key, err := bundle.ParsePublicKey(data)
	if err != nil {
		return nil, fmt.Errorf("--key: %s %w", text, err)
	}
	return key, nil
}

func readKey(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxKey))
}
