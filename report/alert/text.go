package alert

import (
	"net/netip"
	"time"
	"unicode/utf8"

	"spanaudit/report"
)

// cutMark stands where a text is cut.
const cutMark = "…"

// cut returns at most so many octets of a text, whole characters, and says that
// it is cut.
func cut(text string, octets int) string {
	if len(text) <= octets {
		return text
	}
	end := max(octets-len(cutMark), 0)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + cutMark
}

func address(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func moment(t report.Instant) string {
	if t == 0 {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
