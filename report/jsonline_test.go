package report

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"spanaudit/flow"
)

// A line reads back as what encoding/json would have written, whatever the text.
func TestStringsAreThoseOfEncodingJSON(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	runes := []rune{0, 8, 9, 10, 12, 13, 27, '"', '\\', '/', '<', 0x7f, 'a', 'é', '\u05d0', '\u200b', '\u2028', '\ufffd', '\U0001f600', '\U000e0001'}
	for range 2000 {
		var s []byte
		for range random.IntN(8) {
			if random.IntN(6) == 0 {
				s = append(s, byte(random.Int()))
			} else {
				s = append(s, string(runes[random.IntN(len(runes))])...)
			}
		}
		var got, want string
		wanted, _ := json.Marshal(string(s))
		if err := json.Unmarshal(appendString(nil, string(s)), &got); err != nil {
			t.Fatalf("%q is written as %s: %v", s, appendString(nil, string(s)), err)
		}
		if json.Unmarshal(wanted, &want); got != want {
			t.Errorf("%q reads back as %q, wanted %q", s, got, want)
		}
	}
}

func TestInstants(t *testing.T) {
	for _, at := range []flow.Time{0, 1, -1, math.MinInt64, math.MaxInt64, 1_764_000_000_000_000_000, 1_709_164_800_123_456_789} {
		want := at.UTC().Format("2006-01-02T15:04:05.000000000Z07:00")
		if got := string(appendInstant(nil, at)); got != want {
			t.Errorf("%s, wanted %s", got, want)
		}
	}
}
