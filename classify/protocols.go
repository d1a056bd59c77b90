package classify

// A streamClassifier reads the first bytes of a TCP connection. Facts are
// returned with NeedMore too: they are what is known so far.
type streamClassifier func(s Stream, l *Learned) (Facts, Answer)

// streams lists the TCP classifiers in the order in which they are tried, at
// most 32: first those that cameras speak, then those that are recognised by
// fixed bytes, then text. RTSP and SIP stand before HTTP because they share its
// grammar: an HTTP parser that goes first takes RTSP for its own. Of the
// protocols of lines each begins with commands of its own, and where those are
// shared the replies differ.
func streams() []streamClassifier {
	return []streamClassifier{
		tlsStream,
		rtspStream,
		mqttStream,
		sipStream,
		httpStream,
		socksStream,
		dnsStream,
		sshStream,
		rtmpStream,
		rdpStream,
		vncStream,
		smbStream,
		amqpStream,
		stunStream,
		openVPNStream,
		postgresqlStream,
		mysqlStream,
		tdsStream,
		ldapStream,
		xmppStream,
		smtpStream,
		imapStream,
		pop3Stream,
		ftpStream,
		ircStream,
		telnetStream,
	}
}

// datagrams lists the UDP classifiers in the order in which they are tried:
// those whose messages are hardest to mistake come first, RTP, which has the
// least to show, last. STUN leaves its flow to those that share the port with
// it.
func datagrams() []datagramClassifier {
	return []datagramClassifier{
		quicDatagram,
		dtlsDatagram,
		dhcpDatagram,
		dhcpv6Datagram,
		dnsDatagram,
		stunDatagram,
		ssdpDatagram,
		wsDiscoveryDatagram,
		sipDatagram,
		rtspDatagram,
		netbiosDatagram,
		portMappingDatagram,
		snmpDatagram,
		ikeDatagram,
		wireGuardDatagram,
		openVPNDatagram,
		srtDatagram,
		tftpDatagram,
		syslogDatagram,
		coapDatagram,
		ntpDatagram,
		rtpDatagram,
	}
}
