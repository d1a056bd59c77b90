package classify

// Connection is the bytes of a TCP connection, for Redact to overwrite.
type Connection struct {
	Client, Server Half
	RolesKnown     bool // a SYN or SYN-ACK told who is client
}

// Half is what one side sent. Parts are in order, and between two of them bytes
// are missing.
type Half struct {
	Parts  [][]byte
	Joined bool // the first part does not begin with the connection
}

// Redact overwrites what is secret, and what is somebody's private content, in
// place: the classifiers say of what is left what they said before, save for
// the text that is gone. What is not understood is overwritten. It returns what
// the connection speaks.
//
// Like the Analyzer, it looks for the protocol in the first parts, then in those
// behind them; and, save of RTSP, no later part is looked at.
func (c Connection) Redact() (p Protocol) {
	defer func() {
		if recover() != nil {
			c.Client.clear(0)
			c.Server.clear(0)
			p = Unknown
		}
	}()
	for _, h := range []Half{c.Client, c.Server} {
		if len(h.Parts) > 0 {
			h.Parts[0] = redactProxyHeader(h.Parts[0])
		}
	}
	for i := range max(len(c.Client.Parts), len(c.Server.Parts)) {
		s := Stream{
			Client: part(c.Client, i), Server: part(c.Server, i), Final: true,
			ClientJoined: c.Client.Joined || i > 0, ServerJoined: c.Server.Joined || i > 0,
			RolesKnown: c.RolesKnown,
		}
		f, swapped := recogniseStream(s)
		if f.Protocol == Unknown {
			clear(s.Client)
			clear(s.Server)
			continue
		}
		if swapped {
			c.Client, c.Server = c.Server, c.Client
			s = s.swap()
		}
		redact := streamRedactions()[f.spokenFirst()]
		if f.Protocol != ProtoRTSP {
			c.Client.clear(i + 1)
			c.Server.clear(i + 1)
		}
		switch {
		case redact == nil:
			clear(s.Client)
			clear(s.Server)
		case f.Protocol == ProtoRTSP:
			s.Client, s.Server = c.Client.join(i), c.Server.join(i)
			s.ClientJoined = s.ClientJoined || len(c.Client.Parts) > i+1
			s.ServerJoined = s.ServerJoined || len(c.Server.Parts) > i+1
			redact(s)
			c.Client.fill(i, s.Client)
			c.Server.fill(i, s.Server)
		default:
			redact(s)
		}
		return f.Protocol
	}
	return Unknown
}

func part(h Half, i int) []byte {
	if i < len(h.Parts) {
		return h.Parts[i]
	}
	return nil
}

// clear overwrites the parts from the one at i on.
func (h Half) clear(i int) {
	for ; i < len(h.Parts); i++ {
		clear(h.Parts[i])
	}
}

// join returns the parts from the one at i on as one. A line of text that goes
// over the hole between two is blanked: half a password looks like a host.
func (h Half) join(i int) (b []byte) {
	var holes []int
	for ; i < len(h.Parts); i++ {
		if len(b) > 0 {
			holes = append(holes, len(b))
		}
		b = append(b, h.Parts[i]...)
	}
	for _, at := range holes {
		blankAround(b, at)
	}
	return b
}

// blankAround blanks the text on both sides of a hole, behind it unless a
// message or a frame of RTSP begins there.
func blankAround(b []byte, at int) {
	text := func(c byte) bool { return c >= ' ' && c < 0x7f || c == '\t' }
	for i := at - 1; i >= 0 && text(b[i]); i-- {
		b[i] = 'x'
	}
	line, _, whole := cutLine(b[at:])
	if _, ok := parseStart(line, rtspSlash); ok && whole || at < len(b) && b[at] == '$' {
		return
	}
	for i := at; i < len(b) && text(b[i]); i++ {
		b[i] = 'x'
	}
}

// fill copies b back into the parts from the one at i on.
func (h Half) fill(i int, b []byte) {
	for ; i < len(h.Parts); i++ {
		b = b[copy(h.Parts[i], b):]
	}
}

// recogniseStream asks the classifiers as the Analyzer does when a flow is over.
// A classifier that fails recognises nothing.
func recogniseStream(s Stream) (f Facts, swapped bool) {
	for _, classify := range streams() {
		for turn, s := range []Stream{s, s.swap()} {
			if turn == 1 && s.RolesKnown {
				continue
			}
			if f := ask(classify, s); f.Protocol != "" {
				return f, turn == 1
			}
		}
	}
	return Facts{Protocol: Unknown}, false
}

func ask(classify streamClassifier, s Stream) (f Facts) {
	defer func() {
		if recover() != nil {
			f = Facts{}
		}
	}()
	f, _ = classify(s, &Learned{})
	return f
}

// spokenFirst returns what a connection begins with, whatever it goes over to.
func (f Facts) spokenFirst() Protocol {
	switch {
	case f.TLS != nil && f.TLS.UpgradedFrom != "":
		return f.TLS.UpgradedFrom
	case f.MQTT != nil && f.MQTT.WebSocket:
		return ProtoHTTP
	}
	return f.Protocol
}

// streamRedactions lists how each protocol over TCP is redacted; of a protocol
// that is not listed every byte is overwritten.
func streamRedactions() map[Protocol]func(s Stream) {
	return map[Protocol]func(s Stream){
		ProtoTLS:        bothHalves(redactTLS),
		ProtoRTSP:       redactRTSP,
		ProtoMQTT:       bothHalves(redactMQTT),
		ProtoSIP:        bothHalves(redactSIPStream),
		ProtoHTTP:       redactHTTP,
		ProtoSOCKS:      redactSOCKS,
		ProtoDNS:        bothHalves(redactDNSStream),
		ProtoSSH:        bothHalves(redactSSH),
		ProtoRTMP:       bothHalves(redactRTMP),
		ProtoRDP:        bothHalves(redactRDP),
		ProtoVNC:        redactVNC,
		ProtoSMB:        bothHalves(redactSMB),
		ProtoAMQP:       bothHalves(redactAMQP),
		ProtoSTUN:       bothHalves(redactSTUNStream),
		ProtoOpenVPN:    bothHalves(redactOpenVPNStream),
		ProtoPostgreSQL: bothHalves(redactPostgreSQL),
		ProtoMySQL:      bothHalves(redactMySQL),
		ProtoTDS:        redactTDS,
		ProtoLDAP:       bothHalves(redactLDAP),
		ProtoXMPP:       bothHalves(redactXMPP),
		ProtoSMTP:       lineRedaction{"AUTH DATA BDAT EHLO HELO LHLO MAIL NOOP QUIT RCPT RSET STARTTLS VRFY XCLIENT", redactReply}.stream,
		ProtoIMAP:       bothHalves(redactIMAP),
		ProtoPOP3:       lineRedaction{"APOP AUTH CAPA DELE LIST NOOP PASS QUIT RETR RSET STAT STLS TOP UIDL USER", redactPOP3Reply}.stream,
		ProtoFTP:        lineRedaction{"ACCT AUTH CCC CLNT CWD EPRT EPSV FEAT HOST LIST NLST OPTS PASS PASV PBSZ PORT PROT PWD QUIT RETR STOR SYST TYPE USER", redactReply}.stream,
		ProtoIRC:        lineRedaction{"CAP JOIN MODE NICK NOTICE OPER PASS PING PONG PRIVMSG QUIT STARTTLS USER", redactIRCReply}.stream,
		ProtoTelnet:     bothHalves(redactTelnet),
	}
}

func bothHalves(redact func(b []byte, server bool)) func(s Stream) {
	return func(s Stream) {
		redact(s.Client, false)
		redact(s.Server, true)
	}
}
