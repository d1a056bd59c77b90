package flow

import "strings"

// Tunnel names the headers that a packet came wrapped in: at most eight, four
// bits each, the innermost in the lowest. It costs nothing to carry or to
// compare. The zero Tunnel is none.
type Tunnel uint32

// The kinds of wrapping.
const (
	TunnelGRE    Tunnel = 1 + iota // RFC 2784, with PPTP's variant (RFC 2637)
	TunnelERSPAN                   // a switch's mirror port, sent on in GRE
	TunnelIPIP                     // IPv4 in IPv4 (RFC 2003)
	Tunnel6in4                     // IPv6 in IPv4 (RFC 4213)
	Tunnel4in6                     // IPv4 in IPv6 (RFC 2473)
	Tunnel6in6                     // IPv6 in IPv6 (RFC 2473)
	TunnelVXLAN                    // RFC 7348
	TunnelGENEVE                   // RFC 8926
	TunnelGTP                      // GTP-U (3GPP TS 29.281)
	TunnelTeredo                   // RFC 4380
	TunnelL2TP                     // RFC 2661
	TunnelMPLS                     // RFC 3032
	TunnelPPPoE                    // RFC 2516
)

var tunnelNames = [16]string{
	TunnelGRE: "gre", TunnelERSPAN: "erspan",
	TunnelIPIP: "ipip", Tunnel6in4: "6in4", Tunnel4in6: "4in6", Tunnel6in6: "6in6",
	TunnelVXLAN: "vxlan", TunnelGENEVE: "geneve", TunnelGTP: "gtp", TunnelTeredo: "teredo", TunnelL2TP: "l2tp",
	TunnelMPLS: "mpls", TunnelPPPoE: "pppoe",
}

// Push returns t with one more wrapping inside of it.
func (t Tunnel) Push(kind Tunnel) Tunnel { return t<<4 | kind }

// String returns the names, outermost first: "geneve/vxlan"; of none, "".
func (t Tunnel) String() string {
	var names []string
	for shift := 28; shift >= 0; shift -= 4 {
		if kind := t >> shift & 0xf; kind != 0 {
			names = append(names, tunnelNames[kind])
		}
	}
	return strings.Join(names, "/")
}
