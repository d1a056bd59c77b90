package report

import (
	"fmt"
	"strconv"

	"spanaudit/classify"
)

// writeProtocols writes a nested object for each protocol that a flow spoke,
// TLS aside.
func writeProtocols(b *jsonLine, r *classify.Record) {
	writeQUIC(b, r.QUIC)
	writeMQTT(b, r.MQTT)
	writeRTSP(b, r.RTSP)
	writeRTP(b, r.RTP, r.Facts.Protocol)
	writeNTP(b, r.NTP)
	writeDNS(b, r.DNS)
	writeDHCP(b, r.DHCP)
	writeHTTP(b, r.HTTP)
}

func writeQUIC(b *jsonLine, q *classify.QUIC) {
	if q == nil || q.Version == 0 {
		return
	}
	b.open("quic")
	b.put("version", fmt.Sprintf("0x%08x", q.Version))
	b.close()
}

func writeMQTT(b *jsonLine, m *classify.MQTT) {
	if m == nil {
		return
	}
	b.open("mqtt")
	b.text("version", m.Version)
	if m.Connect {
		b.put("client_id", m.ClientID)
		b.flag("username_present", m.UserNamePresent)
		b.flag("password_present", m.PasswordPresent)
	}
	if m.ReturnCode >= 0 {
		b.number("return_code", uint64(m.ReturnCode))
	}
	b.close()
}

func writeRTSP(b *jsonLine, r *classify.RTSP) {
	if r == nil {
		return
	}
	auth := r.Auth
	if len(auth) == 0 {
		auth = r.AuthOffered
	}
	b.open("rtsp")
	b.text("version", r.Version)
	b.texts("methods", r.Methods)
	b.text("url", r.URL)
	b.text("transport", rtspTransport(r))
	b.texts("auth", auth)
	b.close()
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

// writeRTP leaves out what the packets of an unknown flow would say if they
// were RTP.
func writeRTP(b *jsonLine, r *classify.RTP, p classify.Protocol) {
	if r == nil || p != classify.ProtoRTP && p != classify.ProtoRTCP {
		return
	}
	b.open("rtp")
	if r.Packets > 0 {
		b.number("ssrc", uint64(r.SSRC))
		b.number("payload_type", uint64(r.PayloadType))
	}
	b.text("setup_by", r.SetupBy)
	b.close()
}

func writeNTP(b *jsonLine, n *classify.NTP) {
	if n == nil {
		return
	}
	b.open("ntp")
	b.octets("versions", n.Versions)
	b.octets("modes", n.Modes)
	b.octets("stratum", n.Strata)
	b.texts("reference_id", n.ReferenceIDs)
	if n.Paired { // seconds, the server's clock minus the capture's
		b.key("offset")
		*b = strconv.AppendFloat(*b, n.Offset.Seconds(), 'f', -1, 64)
	}
	b.close()
}

func writeDNS(b *jsonLine, d *classify.DNS) {
	if d == nil {
		return
	}
	b.open("dns")
	b.number("queries", uint64(d.Queries))
	b.number("responses", uint64(d.Responses))
	b.number("answers", uint64(d.Answers))
	b.texts("names", d.Names)
	b.close()
}

func writeDHCP(b *jsonLine, d *classify.DHCP) {
	if d == nil {
		return
	}
	b.open("dhcp")
	b.octets("message_types", d.MessageTypes)
	if d.RequestedIP.IsValid() {
		b.addr("requested_ip", d.RequestedIP)
	}
	b.text("hostname", d.HostName)
	b.close()
}

func writeHTTP(b *jsonLine, h *classify.HTTP) {
	if h == nil {
		return
	}
	b.open("http")
	b.texts("methods", h.Methods)
	b.text("host", h.Host)
	if h.StatusCode != 0 {
		b.number("status_code", uint64(h.StatusCode))
	}
	if len(h.Methods) > 0 {
		b.flag("basic_auth", h.BasicAuth)
	}
	b.close()
}
