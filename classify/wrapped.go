package classify

import "strings"

// wrap names the protocol inside TLS where the handshake's ALPN did not: by the
// server's name, or else by its port, the weakest of all grounds.
func (r *Record) wrap() {
	if r.TLS == nil || r.Wrapped != "" {
		return
	}
	if speaksMQTT(r.TLS.ServerName) && !r.TLS.ECH {
		r.Wrapped, r.WrappedBy = ProtoMQTT, "server_name"
	} else if p, ok := tlsPorts[r.Server.Addr.Port()]; ok {
		r.Wrapped, r.WrappedBy = p, "port"
	}
}

// speaksMQTT reports whether a host is named for MQTT by one of its labels, as
// in mqtt.example.com or mqtt-eu.example.com. The endpoints of AWS IoT Core are
// not: HTTPS goes to the same names.
func speaksMQTT(name string) bool {
	if strings.IndexByte(name, 'q') < 0 && strings.IndexByte(name, 'Q') < 0 {
		return false // as nearly all
	}
	for label := range strings.SplitSeq(strings.ToLower(name), ".") {
		first, _, _ := strings.Cut(label, "-")
		if first == "mqtt" || first == "mqtts" {
			return true
		}
	}
	return false
}

// tlsPorts are the ports that IANA registers for one protocol over TLS. 443 is
// not among them: MQTT and much else goes there too.
var tlsPorts = map[uint16]Protocol{
	322:  ProtoRTSP,
	853:  ProtoDNS,
	4460: ProtoNTSKE,
	8883: ProtoMQTT,
}
