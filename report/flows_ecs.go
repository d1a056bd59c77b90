package report

import (
	"cmp"
	"net/netip"
	"strconv"

	"spanaudit/classify"
	"spanaudit/flow"
	"spanaudit/rules"
)

// ecs is the Elastic Common Schema.
type ecs struct {
	trust func(netip.Addr) rules.Trust
	lists shared
}

func (f *ecs) record(b *jsonLine, r *classify.Record) {
	b.open("")
	b.instant("@timestamp", r.Start)
	b.open("event")
	b.instant("start", r.Start)
	b.instant("end", r.End)
	b.close()
	writeEnd(b, "source", r.Flow.Protocol, &r.Client)
	writeEnd(b, "destination", r.Flow.Protocol, &r.Server)
	f.network(b, r)
	f.tls(b, r.TLS)
	writeProtocols(b, r)
	b.close()
}

func (f *ecs) network(b *jsonLine, r *classify.Record) {
	b.open("network")
	name := transport(r.Flow.Protocol)
	b.text("transport", name)
	if name == "" {
		b.put("iana_number", strconv.Itoa(int(r.Flow.Protocol)))
	}
	b.put("protocol", string(cmp.Or(r.Facts.Protocol, classify.Unknown)))
	b.text("wrapped", string(r.Wrapped))
	b.text("wrapped_by", r.WrappedBy)
	b.put("community_id", r.CommunityID())
	b.put("direction", direction(f.trust(r.Client.Addr.Addr()), f.trust(r.Server.Addr.Addr())))
	if r.VLAN != 0 {
		b.open("vlan")
		b.number("id", uint64(r.VLAN))
		b.close()
	}
	b.text("tunnel", r.Flow.Tunnel.String()) // outermost first
	b.close()
}

func writeEnd(b *jsonLine, name string, protocol uint8, h *flow.Half) {
	b.open(name)
	b.addr("ip", h.Addr.Addr())
	if protocol == flow.TCP || protocol == flow.UDP || protocol == flow.SCTP {
		b.number("port", uint64(h.Addr.Port()))
	}
	if h.MAC != (flow.MAC{}) {
		b.key("mac")
		*b = append(appendMAC(append(*b, '"'), h.MAC), '"')
	}
	b.number("bytes", h.Bytes)
	b.number("packets", h.Packets)
	b.close()
}

// appendMAC appends an address as the Elastic Common Schema writes it: 02-00-5E-00-53-10.
func appendMAC(b []byte, mac flow.MAC) []byte {
	const digits = "0123456789ABCDEF"
	for i, c := range mac {
		if i > 0 {
			b = append(b, '-')
		}
		b = append(b, digits[c>>4], digits[c&15])
	}
	return b
}

// transport returns the protocol's keyword in IANA's "Assigned Internet
// Protocol Numbers" in lower case, empty for those that are rare.
func transport(protocol uint8) string {
	switch protocol {
	case flow.ICMP:
		return "icmp"
	case 2:
		return "igmp"
	case flow.TCP:
		return "tcp"
	case flow.UDP:
		return "udp"
	case 47:
		return "gre"
	case 50:
		return "esp"
	case 51:
		return "ah"
	case flow.ICMPv6:
		return "ipv6-icmp"
	case 89:
		return "ospf"
	case 112:
		return "vrrp"
	case flow.SCTP:
		return "sctp"
	}
	return ""
}

// direction is network.direction as a firewall at the site's border sees it.
// Where an end is no host, as in multicast, it is unknown.
func direction(client, server rules.Trust) string {
	switch {
	case client == rules.Special || server == rules.Special:
		return "unknown"
	case client == rules.Local && server == rules.Local:
		return "internal"
	case client == rules.Local:
		return "outbound"
	case server == rules.Local:
		return "inbound"
	}
	return "external"
}
