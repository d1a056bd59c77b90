package classify

// vncStream recognises VNC by the version of the RFB protocol that the server
// begins with and the client answers (RFC 6143, section 7.1.1).
func vncStream(s Stream, _ *Learned) (Facts, Answer) {
	client, server := rfbVersion(s.Client), rfbVersion(s.Server)
	switch {
	case client == refused, server == refused:
		return Facts{}, NoMatch
	case server == recognised, client == recognised && s.Final:
		return Facts{Protocol: ProtoVNC, Marks: []Mark{{What: "ProtocolVersion", Server: server == recognised}}}, Matched
	case s.Final:
		return Facts{}, NoMatch
	}
	return Facts{}, NeedMore
}

// rfbVersion reads "RFB xxx.yyy\n".
func rfbVersion(b []byte) verdict {
	v := beginsWith(b, "RFB 00")
	if v != recognised || len(b) < 12 {
		if v == recognised {
			v = unsure
		}
		return v
	}
	if !isDigits(string(b[6:7])) || b[7] != '.' || !isDigits(string(b[8:11])) || b[11] != '\n' {
		return refused
	}
	return recognised
}
