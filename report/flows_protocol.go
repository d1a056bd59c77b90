package report

import (
	"net/netip"

	"spanaudit/classify"
)

type mqttFields struct {
	Version         string  `json:"version,omitempty"`
	ClientID        *string `json:"client_id,omitempty"`
	UserNamePresent *bool   `json:"username_present,omitempty"`
	PasswordPresent *bool   `json:"password_present,omitempty"`
	ReturnCode      *int    `json:"return_code,omitempty"`
}

func newMQTT(m *classify.MQTT) *mqttFields {
	if m == nil {
		return nil
	}
	f := &mqttFields{Version: m.Version}
	if m.Connect {
		f.ClientID, f.UserNamePresent, f.PasswordPresent = &m.ClientID, &m.UserNamePresent, &m.PasswordPresent
	}
	if m.ReturnCode >= 0 {
		f.ReturnCode = &m.ReturnCode
	}
	return f
}

type rtspFields struct {
	Version   string   `json:"version,omitempty"`
	Methods   []string `json:"methods,omitempty"`
	URL       string   `json:"url,omitempty"`
	Transport string   `json:"transport,omitempty"`
	Auth      []string `json:"auth,omitempty"`
}

func newRTSP(r *classify.RTSP) *rtspFields {
	if r == nil {
		return nil
	}
	auth := r.Auth
	if len(auth) == 0 {
		auth = r.AuthOffered
	}
	return &rtspFields{r.Version, r.Methods, r.URL, rtspTransport(r), auth}
}

// rtspTransport returns the transport that a SETUP response agreed on, else
// one that a request asked for; interleaved media shows TCP by itself.
func rtspTransport(r *classify.RTSP) string {
	asked := ""
	for _, s := range r.Setups {
		if s.Answered {
			return s.Transport
		}
		asked = s.Transport
	}
	if r.Interleaved {
		return "tcp"
	}
	return asked
}

type rtpFields struct {
	SSRC        *uint32 `json:"ssrc,omitempty"`
	PayloadType *uint8  `json:"payload_type,omitempty"`
	SetupBy     string  `json:"setup_by,omitempty"`
}

// newRTP leaves out what the packets of an unknown flow would say if they were
// RTP.
func newRTP(r *classify.RTP, p classify.Protocol) *rtpFields {
	if r == nil || p != classify.ProtoRTP && p != classify.ProtoRTCP {
		return nil
	}
	f := &rtpFields{SetupBy: r.SetupBy}
	if r.Packets > 0 {
		f.SSRC, f.PayloadType = &r.SSRC, &r.PayloadType
	}
	return f
}

type ntpFields struct {
	Versions     []int    `json:"versions,omitempty"`
	Modes        []int    `json:"modes,omitempty"`
	Strata       []int    `json:"stratum,omitempty"`
	ReferenceIDs []string `json:"reference_id,omitempty"`
	Offset       *float64 `json:"offset,omitempty"` // seconds, the server's clock minus the capture's
}

func newNTP(n *classify.NTP) *ntpFields {
	if n == nil {
		return nil
	}
	f := &ntpFields{Versions: numbers(n.Versions), Modes: numbers(n.Modes), Strata: numbers(n.Strata), ReferenceIDs: n.ReferenceIDs}
	if n.Paired {
		offset := n.Offset.Seconds()
		f.Offset = &offset
	}
	return f
}

type dnsFields struct {
	Queries   int      `json:"queries"`
	Responses int      `json:"responses"`
	Answers   int      `json:"answers"`
	Names     []string `json:"names,omitempty"`
}

func newDNS(d *classify.DNS) *dnsFields {
	if d == nil {
		return nil
	}
	return &dnsFields{d.Queries, d.Responses, d.Answers, d.Names}
}

type dhcpFields struct {
	MessageTypes []int      `json:"message_types,omitempty"`
	RequestedIP  netip.Addr `json:"requested_ip,omitzero"`
	HostName     string     `json:"hostname,omitempty"`
}

func newDHCP(d *classify.DHCP) *dhcpFields {
	if d == nil {
		return nil
	}
	return &dhcpFields{numbers(d.MessageTypes), d.RequestedIP, d.HostName}
}

type httpFields struct {
	Methods    []string `json:"methods,omitempty"`
	Host       string   `json:"host,omitempty"`
	StatusCode int      `json:"status_code,omitempty"`
	BasicAuth  *bool    `json:"basic_auth,omitempty"`
}

func newHTTP(h *classify.HTTP) *httpFields {
	if h == nil {
		return nil
	}
	f := &httpFields{Methods: h.Methods, Host: h.Host, StatusCode: h.StatusCode}
	if len(h.Methods) > 0 {
		f.BasicAuth = &h.BasicAuth
	}
	return f
}

// numbers widens octets, which encoding/json would write as Base64.
func numbers(octets []uint8) []int {
	list := make([]int, len(octets))
	for i, o := range octets {
		list[i] = int(o)
	}
	return list
}
