package classify

// A streamClassifier reads the first bytes of a TCP connection. Facts are
// returned with NeedMore too: they are what is known so far.
type streamClassifier func(s Stream, l *Learned) (Facts, Answer)

// streams lists the TCP classifiers in the order in which they are tried. RTSP
// stands before HTTP because the two share a grammar: an HTTP parser that goes
// first takes RTSP for its own.
func streams() []streamClassifier {
	return []streamClassifier{
		tlsStream,
		rtspStream,
		mqttStream,
		httpStream,
		dnsStream,
	}
}

// datagrams lists the UDP classifiers in the order in which they are tried:
// those whose messages are hardest to mistake come first.
func datagrams() []datagramClassifier {
	return []datagramClassifier{
		dhcpDatagram,
		dnsDatagram,
		ntpDatagram,
		rtpDatagram,
	}
}
