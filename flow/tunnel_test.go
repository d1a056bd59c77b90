package flow

import (
	"strings"
	"testing"
)

func TestTunnelNamesItsLayersOutermostFirst(t *testing.T) {
	eight := Tunnel(0)
	for range 8 {
		eight = eight.Push(TunnelPPPoE)
	}
	for want, tunnel := range map[string]Tunnel{
		"":                                    0,
		"gre":                                 TunnelGRE,
		"geneve/vxlan":                        TunnelGENEVE.Push(TunnelVXLAN),
		"pppoe" + strings.Repeat("/pppoe", 7): eight,
	} {
		if got := tunnel.String(); got != want {
			t.Errorf("%#x: got %q, wanted %q", uint32(tunnel), got, want)
		}
	}
	for kind := TunnelGRE; kind <= TunnelPPPoE; kind++ {
		if kind > 0xf || kind.String() == "" {
			t.Errorf("%d has no name", kind)
		}
	}
}

func TestFlowKeepsTheTunnelOfItsFirstPacket(t *testing.T) {
	packets := converse(100, 200).open().packets
	packets[0].Tunnel = TunnelERSPAN
	r, _ := run(Config{}, packets)
	if len(r.ended) != 1 || r.ended[0].Tunnel != TunnelERSPAN {
		t.Errorf("flows %+v", r.ended)
	}
}
