package report

import (
	"fmt"
	"net/netip"
	"strconv"
	"time"
)

// The forms that other programs read write what was not seen as an empty text.

func address(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func number[N int | uint16](n N) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(int(n))
}

func moment(t Instant) string {
	if t == 0 {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// unlisted says how many violations of a requirement have no finding.
func unlisted(q Requirement) string {
	return fmt.Sprintf("%s than those that are listed", count(q.Unlisted, "more violation"))
}
