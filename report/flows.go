package report

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"spanaudit/classify"
	"spanaudit/flow"
	"spanaudit/rules"
)

// FlowWriter writes flow records as NDJSON, one object a flow: fields of the
// Elastic Common Schema as nested objects, and fields in its style where it
// has none. A field that was not seen is absent. It is not safe for concurrent
// use.
type FlowWriter struct {
	w      *bufio.Writer
	encode *json.Encoder
	trust  func(netip.Addr) rules.Trust
}

// NewFlowWriter returns a FlowWriter to w; trust says what an address is to
// the site.
func NewFlowWriter(w io.Writer, trust func(netip.Addr) rules.Trust) *FlowWriter {
	b := bufio.NewWriterSize(w, 64<<10)
	e := json.NewEncoder(escaper{b})
	e.SetEscapeHTML(false)
	return &FlowWriter{b, e, trust}
}

// Write writes one record; it may stay in memory until Flush.
func (f *FlowWriter) Write(r *classify.Record) error {
	return f.encode.Encode(f.record(r))
}

// Flush writes what is still in memory.
func (f *FlowWriter) Flush() error { return f.w.Flush() }

// escaper writes JSON text as escapeInvisible does.
type escaper struct{ w io.Writer }

func (e escaper) Write(text []byte) (int, error) {
	if _, err := e.w.Write(escapeInvisible(text)); err != nil {
		return 0, err
	}
	return len(text), nil
}

type flowRecord struct {
	Timestamp   string      `json:"@timestamp"`
	Event       eventFields `json:"event"`
	Source      endFields   `json:"source"`
	Destination endFields   `json:"destination"`
	Network     network     `json:"network"`
	TLS         *tlsFields  `json:"tls,omitempty"`
	QUIC        *quicFields `json:"quic,omitempty"`
	MQTT        *mqttFields `json:"mqtt,omitempty"`
	RTSP        *rtspFields `json:"rtsp,omitempty"`
	RTP         *rtpFields  `json:"rtp,omitempty"`
	NTP         *ntpFields  `json:"ntp,omitempty"`
	DNS         *dnsFields  `json:"dns,omitempty"`
	DHCP        *dhcpFields `json:"dhcp,omitempty"`
	HTTP        *httpFields `json:"http,omitempty"`
}

type eventFields struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

type endFields struct {
	IP      string  `json:"ip"`
	Port    *uint16 `json:"port,omitempty"`
	MAC     string  `json:"mac,omitempty"`
	Bytes   uint64  `json:"bytes"`
	Packets uint64  `json:"packets"`
}

type network struct {
	Transport   string            `json:"transport,omitempty"`
	IANANumber  string            `json:"iana_number,omitempty"`
	Protocol    classify.Protocol `json:"protocol"`
	Wrapped     classify.Protocol `json:"wrapped,omitempty"`
	WrappedBy   string            `json:"wrapped_by,omitempty"`
	CommunityID string            `json:"community_id,omitempty"`
	Direction   string            `json:"direction"`
	VLAN        *vlan             `json:"vlan,omitempty"`
	Tunnel      string            `json:"tunnel,omitempty"` // outermost first
}

type vlan struct {
	ID uint16 `json:"id"`
}

func (f *FlowWriter) record(r *classify.Record) *flowRecord {
	client, server := r.Client.Addr.Addr(), r.Server.Addr.Addr()
	rec := &flowRecord{
		Timestamp:   instant(r.Start),
		Event:       eventFields{instant(r.Start), instant(r.End)},
		Source:      newEnd(r.Flow.Protocol, &r.Client),
		Destination: newEnd(r.Flow.Protocol, &r.Server),
		Network: network{
			Protocol: cmp.Or(r.Facts.Protocol, classify.Unknown), Wrapped: r.Wrapped, WrappedBy: r.WrappedBy,
			CommunityID: r.CommunityID(),
			Direction:   direction(f.trust(client), f.trust(server)),
			Tunnel:      r.Flow.Tunnel.String(),
		},
		TLS: newTLS(r.TLS), QUIC: newQUIC(r.QUIC), MQTT: newMQTT(r.MQTT), RTSP: newRTSP(r.RTSP), RTP: newRTP(r.RTP, r.Facts.Protocol),
		NTP: newNTP(r.NTP), DNS: newDNS(r.DNS), DHCP: newDHCP(r.DHCP), HTTP: newHTTP(r.HTTP),
	}
	if rec.Network.Transport = transport(r.Flow.Protocol); rec.Network.Transport == "" {
		rec.Network.IANANumber = fmt.Sprint(r.Flow.Protocol)
	}
	if r.VLAN != 0 {
		rec.Network.VLAN = &vlan{r.VLAN}
	}
	return rec
}

func newEnd(protocol uint8, h *flow.Half) endFields {
	end := endFields{IP: h.Addr.Addr().String(), Bytes: h.Bytes, Packets: h.Packets}
	if protocol == flow.TCP || protocol == flow.UDP || protocol == flow.SCTP {
		port := h.Addr.Port()
		end.Port = &port
	}
	if h.MAC != (flow.MAC{}) {
		end.MAC = strings.ToUpper(strings.ReplaceAll(h.MAC.String(), ":", "-"))
	}
	return end
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
