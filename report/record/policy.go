package record

import (
	"context"
	"encoding/hex"

	"spanaudit/flow"
	"spanaudit/rules"
)

// Policy is one by which was judged, from Since on until the next.
type Policy struct {
	Since         flow.Time
	SHA256        string // of Text, in hexadecimal; of a built-in profile, of what stands for it
	Name, Version string
	File          string // as it was given, or builtin:<name>@<version>
	Text          []byte // nil of a built-in profile
}

func (tx *transaction) policy(since flow.Time, p *rules.Policy) error {
	tx.do(`INSERT INTO policy (since, sha256, name, version, file, text) SELECT ?1, ?2, ?3, ?4, ?5, ?6
		WHERE ?2 IS NOT (SELECT sha256 FROM policy ORDER BY id DESC LIMIT 1)`,
		since, hex.EncodeToString(p.SHA256[:]), p.Name, p.Version, p.File, p.Text)
	return tx.err
}

// Policies returns those that were in force in the time from from on and before
// to, in their order. It reads no events.
func (s *Store) Policies(ctx context.Context, from, to flow.Time) ([]Policy, error) {
	return s.policies(ctx, s.read, from, to)
}

// policies returns those that were in force in the time, in their order.
func (s *Store) policies(ctx context.Context, q querier, from, to flow.Time) ([]Policy, error) {
	all, err := queryOf(ctx, s, q, func(scan func(...any) error) (p Policy, err error) {
		return p, scan((*int64)(&p.Since), &p.SHA256, &p.Name, &p.Version, &p.File, &p.Text)
	}, "SELECT since, sha256, name, version, file, text FROM policy WHERE since < ? ORDER BY id", int64(to))
	for len(all) > 1 && all[1].Since <= from {
		all = all[1:]
	}
	return all, err
}
