package bundle

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"aead.dev/minisign"
)

// NewKey makes a key pair in the form of minisign's files. The secret key is
// encrypted by the password, which takes some seconds and 1 GiB of memory, as
// it would whoever guesses; with an empty password it is not.
func NewKey(password string) (secret, public []byte, err error) {
	pub, key, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if password == "" {
		secret, err = key.MarshalText()
	} else {
		secret, err = minisign.EncryptKey(password, key)
	}
	if err != nil {
		return nil, nil, err
	}
	return append(secret, '\n'), fmt.Appendf(nil, "untrusted comment: minisign public key %s\n%s\n", KeyID(pub.ID()), pub), nil
}

// Encrypted reports whether a secret key needs its password.
func Encrypted(secret []byte) bool { return minisign.IsEncrypted(secret) }

// ParseKey reads a secret key, which is encrypted unless the password is empty.
func ParseKey(secret []byte, password string) (*minisign.PrivateKey, error) {
	if Encrypted(secret) {
		key, err := minisign.DecryptKey(password, secret)
		if err != nil {
			return nil, errors.New("the password is not that of the key, or the key is damaged")
		}
		return &key, nil
	}
	var key minisign.PrivateKey
	if key.UnmarshalText(secret) != nil {
		return nil, errors.New("is no secret key of minisign")
	}
	return &key, nil
}

// ParsePublicKey reads a public key: the one line of it, or minisign's file.
func ParsePublicKey(text []byte) (*minisign.PublicKey, error) {
	var key minisign.PublicKey
	if key.UnmarshalText([]byte(strings.TrimSpace(string(text)))) != nil {
		return nil, errors.New("is no public key of minisign")
	}
	return &key, nil
}
