package flow

import (
	"net/netip"
	"testing"
)

// The baseline of the Community ID specification for seed 0.
func TestCommunityIDBaseline(t *testing.T) {
	for _, v := range []struct {
		protocol uint8
		src, dst string
		want     string
	}{
		{TCP, "128.232.110.120:34855", "66.35.250.204:80", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{TCP, "66.35.250.204:80", "128.232.110.120:34855", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{UDP, "192.168.1.52:54585", "8.8.8.8:53", "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
		{SCTP, "192.168.170.8:7", "192.168.170.56:7", "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="},
		{ICMP, "192.168.0.89:8", "192.168.0.1:0", "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
		{ICMP, "192.168.0.1:0", "192.168.0.89:8", "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
		{ICMPv6, "[fe80::200:86ff:fe05:80da]:135", "[fe80::260:97ff:fe07:69ea]:0", "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
		{ICMPv6, "[fe80::260:97ff:fe07:69ea]:136", "[fe80::200:86ff:fe05:80da]:0", "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
	} {
		got := communityID(v.protocol, netip.MustParseAddrPort(v.src), netip.MustParseAddrPort(v.dst))
		if got != v.want {
			t.Errorf("protocol %d %s → %s: %s, want %s", v.protocol, v.src, v.dst, got, v.want)
		}
	}
}
