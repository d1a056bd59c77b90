package report

import (
	"fmt"
	"time"

	"spanaudit/flow"
)

// Instant is a time as reports write it: RFC 3339 with nine decimals in UTC.
type Instant flow.Time

// UTC returns t as a time.Time in UTC.
func (t Instant) UTC() time.Time { return flow.Time(t).UTC() }

// MarshalText writes t.
func (t Instant) MarshalText() ([]byte, error) { return appendInstant(nil, flow.Time(t)), nil }

// UnmarshalText reads any time of RFC 3339 that fits 64 bits of nanoseconds.
func (t *Instant) UnmarshalText(text []byte) error {
	var at time.Time
	if err := at.UnmarshalText(text); err != nil {
		return err
	}
	if n := at.UnixNano(); time.Unix(0, n).Equal(at) {
		*t = Instant(n)
		return nil
	}
	return fmt.Errorf("the time %s is too far away", text)
}
