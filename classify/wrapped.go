package classify

// wrap names the protocol inside TLS where the handshake did not: by the
// server's port, the weakest of all grounds.
func (r *Record) wrap() {
	if r.TLS == nil || r.Wrapped != "" {
		return
	}
	if p, ok := tlsPorts[r.Server.Addr.Port()]; ok {
		r.Wrapped, r.WrappedBy = p, "port"
	}
}

// tlsPorts are the ports that IANA registers for one protocol over TLS. 443 is
// not among them: MQTT and much else goes there too.
var tlsPorts = map[uint16]Protocol{
	322:  ProtoRTSP,
	853:  ProtoDNS,
	8883: ProtoMQTT,
}
