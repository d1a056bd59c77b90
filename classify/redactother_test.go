package classify

import (
	"bytes"
	"testing"

	"spanaudit/flow"
)

// An error and a redirect quote the packet that they are about, with what it
// carries.
func TestPacketsThatICMPQuotesAreBlanked(t *testing.T) {
	ipv6 := append([]byte{0x60, 0, 0, 0, 0, 60, flow.TCP, 64}, make([]byte, 32)...)
	quoted := append(append(ipv6, 0x1f, 0x90, 0, 80, 0, 0, 0, 1), testPassword+"    "...)
	option := append([]byte{4, byte((8 + len(quoted)) / 8), 0, 0, 0, 0, 0, 0}, quoted...)
	target := []byte{2, 1, 2, 0, 0, 0, 0, 7}
	for name, c := range map[string]struct {
		kind    uint16
		payload []byte
	}{
		"unreachable": {1, append(make([]byte, 4), quoted...)},
		"redirect":    {137, append(append(make([]byte, 36), target...), option...)},
		"cut":         {137, append(append(make([]byte, 36), target...), option[:70]...)},
		"no length":   {137, append(append(make([]byte, 36), 4, 0, 0, 0, 0, 0, 0, 0), testPassword...)},
	} {
		before := bytes.Clone(c.payload)
		RedactOther(flow.ICMPv6, c.kind, c.payload)
		if secret := leaks(c.payload); secret != "" || len(c.payload) != len(before) {
			t.Errorf("%s: %q is left in %q", name, secret, c.payload)
		}
		if c.kind == 137 && name != "no length" && !bytes.Equal(c.payload[:36+8+8+48], before[:36+8+8+48]) {
			t.Errorf("%s: headers are gone: %q", name, c.payload)
		}
	}
}
