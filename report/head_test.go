package report

import (
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                                      "0s",
		1_500_000:                              "2ms",
		1_234_567_890:                          "1.2s",
		12*time.Minute + 31*time.Second + 1:    "12m31s",
		47 * time.Hour:                         "47h0m0s",
		50*time.Hour + 29*time.Second:          "2d2h0m0s",
		31*24*time.Hour + 90*time.Minute + 1e9: "31d1h30m0s",
	} {
		if got := duration(d); got != want {
			t.Errorf("duration(%d) = %s, want %s", d, got, want)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 12804: "12,804", 18446744073709551615: "18,446,744,073,709,551,615"} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %s, want %s", n, got, want)
		}
	}
}
