package classify

import (
	"net/netip"
	"testing"

	"spanaudit/flow"
)

// What is inside TLS is named on the strongest ground there is.
func TestWrapped(t *testing.T) {
	for _, c := range []struct {
		name, port string
		ech        bool
		alpn       Protocol // as the handshake told it
		want       Protocol
		by         string
	}{
		{"mqtt.example.com", "443", false, ProtoHTTP, ProtoHTTP, "alpn"},
		{"mqtt.example.com", "443", false, "", ProtoMQTT, "server_name"},
		{"a.MQTTS-eu.example.com", "9000", false, "", ProtoMQTT, "server_name"},
		{"mqttish.example.com", "443", false, "", "", ""},
		{"mqtt.example.com", "443", true, "", "", ""},
		{"a1b2-ats.iot.us-east-1.amazonaws.com", "443", false, "", "", ""},
		{"a1b2-ats.iot.us-east-1.amazonaws.com", "8883", false, "", ProtoMQTT, "port"},
		{"", "322", false, "", ProtoRTSP, "port"},
		{"", "4460", false, "", ProtoNTSKE, "port"},
	} {
		r := Record{Flow: &flow.Flow{}, Facts: Facts{TLS: &TLS{ServerName: c.name, ECH: c.ech}, Wrapped: c.alpn}}
		if c.alpn != "" {
			r.WrappedBy = "alpn"
		}
		r.Server = flow.Half{Addr: netip.MustParseAddrPort("192.0.2.1:" + c.port)}
		if r.wrap(); r.Wrapped != c.want || r.WrappedBy != c.by {
			t.Errorf("%q port %s: %q by %q; %q by %q is wanted", c.name, c.port, r.Wrapped, r.WrappedBy, c.want, c.by)
		}
	}
}
