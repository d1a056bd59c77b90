package main

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"os"

	"spanaudit/flow"
)

// minSecret is how many bytes a secret has at least: fewer can be tried out.
const minSecret = 16

// anonymize makes the mapping that the flags ask for, by the secret of
// --anonymize-key, else by a key that is forgotten with this run, and has the
// policy speak of the addresses that the packets will have.
func (j *job) anonymize() error {
	var key [32]byte
	switch {
	case j.anonymizeKey != "":
		secret, err := os.ReadFile(j.anonymizeKey)
		if err != nil {
			return fmt.Errorf("--anonymize-key: %w", err)
		}
		if len(secret) < minSecret {
			return fmt.Errorf("--anonymize-key: %s has %d bytes, and who tries all of so few finds the addresses again; give %d or more, as of: head -c 32 /dev/urandom", j.anonymizeKey, len(secret), minSecret)
		}
		key = sha256.Sum256(secret)
	case j.auditFlags.anonymize:
		_, _ = rand.Read(key[:]) // it never fails
	default:
		return nil
	}
	j.mapping = flow.NewAnonymizer(key, j.policy.Prefixes())
	var err error
	j.policy, err = j.policy.Anonymized(j.mapping)
	return err
}
