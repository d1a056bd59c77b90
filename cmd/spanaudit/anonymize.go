package main

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"os"

	"spanaudit/flow"
	"spanaudit/rules"
)

// minSecret is how many bytes a secret has at least: fewer can be tried out.
const minSecret = 16

// anonymized makes the mapping that the flags ask for and returns the policy
// under it: by the secret of --anonymize-key, else by a key that is forgotten with
// this run.
func (f *auditFlags) anonymized(policy *rules.Policy) (*rules.Policy, error) {
	var key [32]byte
	switch {
	case f.anonymizeKey != "":
		secret, err := os.ReadFile(f.anonymizeKey)
		if err != nil {
			return nil, fmt.Errorf("--anonymize-key: %w", err)
		}
		if len(secret) < minSecret {
			return nil, fmt.Errorf("--anonymize-key: %s has %d bytes, and who tries all of so few finds the addresses again; give %d or more, as of: head -c 32 /dev/urandom", f.anonymizeKey, len(secret), minSecret)
		}
		key = sha256.Sum256(secret)
	case f.anonymize:
		_, _ = rand.Read(key[:]) // it never fails
	default:
		return policy, nil
	}
	f.mapping = flow.NewAnonymizer(key, policy.Prefixes())
	return policy.Anonymized(f.mapping)
}
