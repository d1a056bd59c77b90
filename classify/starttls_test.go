package classify

import (
	"strings"
	"testing"
)

// recognise asks the stream classifiers in their order, as the Analyzer does.
func recognise(s Stream) (Facts, Answer) {
	undecided := NoMatch
	for _, classify := range streams() {
		f, answer := classify(s, &Learned{})
		switch {
		case answer == NoMatch:
		case f.Protocol != "":
			return f, answer
		default:
			undecided = NeedMore
		}
	}
	return Facts{}, undecided
}

// upgrades are conversations of real clients that go over to TLS.
var upgrades = []struct {
	file   string
	before Protocol
}{
	{"smtp/starttls", ProtoSMTP},
	{"pop3/stls", ProtoPOP3},
	{"imap/starttls", ProtoIMAP},
	{"ftp/auth-tls", ProtoFTP},
	{"irc/starttls", ProtoIRC},
	{"xmpp/starttls", ProtoXMPP},
	{"ldap/starttls", ProtoLDAP},
	{"postgresql/ssl", ProtoPostgreSQL},
	{"http/connect", ProtoHTTP},
}

func TestUpgradeToTLS(t *testing.T) {
	for _, c := range upgrades {
		t.Run(c.file, func(t *testing.T) {
			s := halves(segments(t, c.file))
			f, answer := recognise(s)
			if answer != Matched || f.Protocol != ProtoTLS || f.Malformed || f.Login != nil {
				t.Fatalf("%v %s", answer, show(f))
			}
			if f.TLS.UpgradedFrom != c.before || f.TLS.Version != TLS13 || !f.TLS.Established || f.TLS.JA4 == "" {
				t.Errorf("%+v", f.TLS)
			}
			if inside := c.before; inside != ProtoHTTP && (f.Wrapped != inside || f.WrappedBy != "upgrade") {
				t.Errorf("%q inside by %q", f.Wrapped, f.WrappedBy)
			}
			if (f.HTTP != nil) != (c.before == ProtoHTTP) {
				t.Errorf("HTTP is %+v", f.HTTP)
			}
			for _, m := range f.Marks {
				half := s.Client
				if m.Server {
					half = s.Server
				}
				if (m.What == "ClientHello" || m.What == "ServerHello") && half[m.Offset] != recordHandshake {
					t.Errorf("%+v points at %q", m, half[m.Offset:m.Offset+4])
				}
			}
		})
	}
}

// Each half alone is enough to see TLS begin, where it is enough to know the
// protocol.
func TestUpgradeSeenFromOneSide(t *testing.T) {
	for _, c := range []struct {
		file           string
		client, server bool
	}{
		{"smtp/starttls", true, true},
		{"imap/starttls", true, true},
		{"xmpp/starttls", true, true},
		{"ldap/starttls", true, true},
		{"postgresql/ssl", true, false},
		{"http/connect", true, false},
		{"ftp/auth-tls", false, true},
	} {
		s := halves(segments(t, c.file))
		for _, half := range []struct {
			Stream
			known bool
		}{{Stream{Client: s.Client, Final: true}, c.client}, {Stream{Server: s.Server, Final: true}, c.server}} {
			f, _ := recognise(half.Stream)
			if half.known && (f.Protocol != ProtoTLS || f.TLS.ClientHello == f.TLS.ServerHello) {
				t.Errorf("%s, %d bytes of the server: %s", c.file, len(half.Server), show(f))
			}
		}
	}
}

// However much has arrived, the answer is the plain protocol or TLS, and it is
// final only when TLS is established.
func TestUpgradePrefixes(t *testing.T) {
	for _, c := range upgrades {
		for s := range prefixes(segments(t, c.file)) {
			f, answer := recognise(s)
			if f.Protocol != "" && f.Protocol != c.before && f.Protocol != ProtoTLS {
				t.Fatalf("%s cut at %d, %d: %s", c.file, len(s.Client), len(s.Server), show(f))
			}
			if answer == NoMatch || answer == Matched && (f.TLS == nil || !f.TLS.Established) {
				t.Fatalf("%s cut at %d, %d: %v %s", c.file, len(s.Client), len(s.Server), answer, show(f))
			}
		}
	}
}

// A client may send its hello although the server has refused.
func TestRefusedUpgradeStaysPlain(t *testing.T) {
	hello := halves(segments(t, "smtp/starttls")).Client
	hello = hello[len("EHLO camera.example\r\nSTARTTLS\r\n"):]
	for name, c := range map[string]struct {
		Stream
		want Protocol
	}{
		"smtp":       {halves(segments(t, "smtp/refused")), ProtoSMTP},
		"pop3":       {dialogue("", "+OK ready\n", "STLS\n", "-ERR no\n", string(hello)), ProtoPOP3},
		"imap":       {dialogue("", "* OK ready\n", "a STARTTLS\n", "a BAD no\n", string(hello)), ProtoIMAP},
		"ftp":        {dialogue("", "220 ready\n", "AUTH TLS\n", "502 no\n", "USER cam\n"), ProtoFTP},
		"irc":        {dialogue("STARTTLS\n", ":srv 691 * :no\n", string(hello)), ProtoIRC},
		"postgresql": {halves(say("\x00\x00\x00\x08\x04\xd2\x16\x2f", "N", string(hello))), ProtoPostgreSQL},
		"ldap": {halves(say("\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037",
			"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00", string(hello))), ProtoLDAP},
	} {
		if f, answer := recognise(c.Stream); answer != Matched || f.Protocol != c.want || f.TLS != nil {
			t.Errorf("%s: %v %s", name, answer, show(f))
		}
	}
}

// Plain text that was sent behind STARTTLS before the server answered does not
// hide the handshake.
func TestCommandsBehindSTARTTLS(t *testing.T) {
	list := segments(t, "smtp/starttls")
	for i := range list {
		if string(list[i].bytes) == "STARTTLS\r\n" {
			list[i].bytes = []byte("STARTTLS\r\nRSET\r\n")
		}
	}
	if f, _ := recognise(halves(list)); f.Protocol != ProtoTLS {
		t.Error(show(f))
	}
}

// The server's consent may be what the capture lost.
func TestConsentToTLSWasLost(t *testing.T) {
	s := halves(segments(t, "smtp/starttls"))
	s.Server = s.Server[:strings.Index(string(s.Server), "220 2.0.0")]
	if f, _ := recognise(s); f.Protocol != ProtoTLS || !f.TLS.ClientHello || f.TLS.ServerHello {
		t.Error(show(f))
	}
}

func TestLoginInClear(t *testing.T) {
	for file, want := range map[string]string{
		"smtp/auth-plain": "plain", "smtp/auth-login": "login", "pop3/pass": "pass", "imap/login": "login",
		"ftp/pass": "pass", "ftp/anonymous": "", "ldap/simple": "simple", "postgresql/password": "password",
	} {
		t.Run(file, func(t *testing.T) {
			list := segments(t, file)
			f, answer := recognise(halves(list))
			checkSecret(t, f)
			switch {
			case answer != Matched || f.TLS != nil:
				t.Errorf("%v %s", answer, show(f))
			case want == "" && f.Login != nil:
				t.Errorf("a login by %s", f.Login.Scheme)
			case want != "" && (f.Login == nil || f.Login.Scheme != want):
				t.Errorf("no login by %s: %s", want, show(f))
			}
			for s := range prefixes(list) {
				if part, _ := recognise(s); part.Protocol != "" && part.Protocol != f.Protocol {
					t.Fatalf("cut at %d, %d: %s", len(s.Client), len(s.Server), show(part))
				}
			}
		})
	}
	for name, s := range map[string]Stream{
		"imap":    dialogue("", "* OK ready\n", "a AUTHENTICATE PLAIN\n", "+\n", "AGNhbQBzM2NyZXQ=\n", "a OK\n"),
		"imap ir": dialogue("", "* OK ready\n", "a AUTHENTICATE PLAIN AGNhbQBzM2NyZXQ=\n", "a OK\n"),
		"pop3":    dialogue("", "+OK ready\n", "AUTH PLAIN AGNhbQBzM2NyZXQ=\n", "+OK\n"),
		"xmpp": dialogue("<stream:stream xmlns:stream='http://etherx.jabber.org/streams'>",
			"<stream:stream xmlns:stream='http://etherx.jabber.org/streams'>", "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGNhbQBzM2NyZXQ=</auth>"),
		"amqp": halves(say("AMQP\x00\x00\x09\x01", "\x01\x00\x00", "\x01\x00\x00\x00\x00\x00\x20\x00\x0a\x00\x0b\x00\x00\x00\x00\x05PLAIN\x00\x00\x00\x0b\x00cam\x00s3cret\x05en_US\xce")),
	} {
		if f, _ := recognise(s); f.Login == nil || f.Login.Scheme != "plain" {
			t.Errorf("%s: %s", name, show(f))
		}
	}
}

// What is offered, hashed or withdrawn is no secret in clear.
func TestNoLoginInClear(t *testing.T) {
	for name, s := range map[string]Stream{
		"smtp withdrawn": dialogue("", "220 a ESMTP\n", "EHLO b\n", "250 AUTH PLAIN\n", "AUTH PLAIN\n", "538 encrypt\n", "QUIT\n"),
		"smtp cram-md5":  dialogue("", "220 a ESMTP\n", "EHLO b\n", "250 a\n", "AUTH CRAM-MD5\n", "334 PDE=\n", "Y2FtIGFiY2Q=\n"),
		"pop3 apop":      dialogue("", "+OK <1@a>\n", "APOP cam c4c9334bac560ecc979e58001b3e22fb\n", "+OK\n"),
		"imap digest":    dialogue("", "* OK ready\n", "a AUTHENTICATE SCRAM-SHA-256 biwsbj1jYW0=\n", "+\n"),
		"postgresql md5": halves(say("\x00\x00\x00\x12\x00\x03\x00\x00user\x00cam\x00\x00", "R\x00\x00\x00\x0c\x00\x00\x00\x05salt", "p\x00\x00\x00\x08md5\x00")),
	} {
		if f, answer := recognise(s); answer != Matched || f.Login != nil {
			t.Errorf("%s: %v %s", name, answer, show(f))
		}
	}
}

// handshakeBehindCONNECT returns what client and server say of TLS.
func handshakeBehindCONNECT(t *testing.T) (client, server string) {
	s := halves(segments(t, "http/connect"))
	_, client, _ = strings.Cut(string(s.Client), "\r\n\r\n")
	_, server, _ = strings.Cut(string(s.Server), "\r\n\r\n")
	return client, server
}

// Whatever a SOCKS proxy was asked for and however, what follows is told, and is
// never told before all of the opening was seen.
func TestTLSAndRTSPBehindSOCKS(t *testing.T) {
	hello, answer := handshakeBehindCONNECT(t)
	describe, ok := "DESCRIBE rtsp://cam/ RTSP/1.0\r\nCSeq: 1\r\n\r\n", "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"
	for name, c := range map[string]struct {
		client, server string
		login          bool
	}{
		"5, by address":     {"\x05\x02\x00\x01\x05\x01\x00\x01\x0a\x00\x00\x02\x01\xbb", "\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", false},
		"5, by IPv6":        {"\x05\x01\x00\x05\x01\x00\x04" + strings.Repeat("\x01", 16) + "\x01\xbb", "\x05\x00\x05\x00\x00\x04" + strings.Repeat("\x01", 18), false},
		"5, by name":        {"\x05\x01\x00\x05\x01\x00\x03\x0bexample.com\x01\xbb", "\x05\x00\x05\x00\x00\x03\x01a\x00\x00", false},
		"5, with password":  {"\x05\x01\x02\x01\x04root\x03abc\x05\x01\x00\x01\x0a\x00\x00\x02\x01\xbb", "\x05\x02\x01\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", true},
		"5, one side":       {"\x05\x01\x00\x05\x01\x00\x01\x0a\x00\x00\x02\x01\xbb", "", false},
		"5, the other side": {"", "\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", false},
		"4":                 {"\x04\x01\x01\xbb\x0a\x00\x00\x02root\x00", "\x00\x5a\x00\x00\x00\x00\x00\x00", false},
		"4A":                {"\x04\x01\x01\xbb\x00\x00\x00\x01\x00example.com\x00", "\x00\x5a\x00\x00\x00\x00\x00\x00", false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, inner := range []struct {
				client, server string
				want           Protocol
			}{{hello, answer, ProtoTLS}, {describe, ok, ProtoRTSP}, {"?", "!", ProtoSOCKS}, {"", "", ProtoSOCKS}} {
				s := Stream{Final: true}
				if c.client != "" {
					s.Client = []byte(c.client + inner.client)
				}
				if c.server != "" {
					s.Server = []byte(c.server + inner.server)
				}
				f, got := recognise(s)
				if got == NoMatch || f.Protocol != inner.want || f.Malformed || (f.Login != nil) != c.login {
					t.Fatalf("%v %s", got, show(f))
				}
				if host := map[bool]string{true: "example.com", false: "10.0.0.2"}[strings.Contains(c.client, "example")]; inner.want == ProtoRTSP && c.client != "" &&
					!strings.Contains(name, "IPv6") && (len(f.RTSP.External) != 1 || f.RTSP.External[0] != host) {
					t.Errorf("the proxy is asked for %q", f.RTSP.External)
				}
				if inner.want == ProtoTLS && (f.TLS.UpgradedFrom != ProtoSOCKS || c.server != "" && c.client != "" && !f.TLS.Established) {
					t.Errorf("%+v", f.TLS)
				}
				for _, m := range f.Marks {
					half := s.Client
					if m.Server {
						half = s.Server
					}
					if m.Offset >= len(half) {
						t.Errorf("mark %+v", m)
					}
				}
				for i := range len(c.client) + min(len(inner.client), 100) {
					s := Stream{Client: s.Client[:min(i, len(s.Client))], Server: s.Server[:min(i, len(s.Server))]}
					if f, got := socksStream(s, nil); got == Matched && (f.TLS == nil || !f.TLS.Established) || got == NoMatch {
						t.Fatalf("cut at %d: %v %s", i, got, show(f))
					}
				}
			}
		})
	}
	for name, s := range map[string]Stream{
		"no way to authenticate": {Client: []byte("\x05\x00\x05\x01\x00\x01\x0a\x00\x00\x02\x01\xbb")},
		"a command of no RFC":    {Client: []byte("\x05\x01\x00\x05\x09\x00\x01\x0a\x00\x00\x02\x01\xbb")},
		"a greeting alone":       {Client: []byte("\x05\x01\x00"), Server: []byte("\x05\x00")},
		"4 without an answer":    {Client: []byte("\x04\x01\x01\xbb\x0a\x00\x00\x02\x00")},
		"4, answered by 5":       {Client: []byte("\x04\x01\x01\xbb\x0a\x00\x00\x02\x00"), Server: []byte("\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")},
	} {
		s.Final = true
		if f, answer := socksStream(s, nil); answer != NoMatch {
			t.Errorf("%s: %v %s", name, answer, show(f))
		}
	}
}

const tdsPreloginBytes = "\x00\x00\x1a\x00\x06\x01\x00\x20\x00\x01\x02\x00\x21\x00\x01\x03\x00\x22\x00\x04\x04\x00\x26\x00\x01\xff" +
	"\x09\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00"

var mysqlGreeted = mysqlPacked(0, "\x0a8.0.36\x00\x08\x00\x00\x00saltsalt\x00\xff\xff\xff\x02\x00\xff\xc7\x15"+strings.Repeat("\x00", 10)+"saltsaltsalt\x00mysql_native_password\x00")

func mysqlPacked(number byte, payload string) string {
	return string([]byte{byte(len(payload)), byte(len(payload) >> 8), 0, number}) + payload
}

func tdsPacked(kind byte, payload string) string {
	n := len(payload) + 8
	return string([]byte{kind, 1, byte(n >> 8), byte(n), 0, 0, 1, 0}) + payload
}

// tdsCut packs a payload into packets of at most 500 bytes, of which the last alone
// ends the message.
func tdsCut(kind byte, payload string) (b string) {
	for len(payload) > 500 {
		p := []byte(tdsPacked(kind, payload[:500]))
		p[1] = 0
		b, payload = b+string(p), payload[500:]
	}
	return b + tdsPacked(kind, payload)
}

// Databases whose handshake stands behind, or inside, what is theirs.
func TestTLSOfDatabases(t *testing.T) {
	hello, answer := handshakeBehindCONNECT(t)
	request := mysqlPacked(1, "\x05\xae\x3f\x00\x00\x00\x00\x01\x2d"+strings.Repeat("\x00", 23))
	for name, c := range map[string]struct {
		client, server string
		want           Protocol
		whole          bool
	}{
		"MySQL":                       {request + hello, mysqlGreeted + answer, ProtoMySQL, true},
		"MySQL, one side":             {request + hello, "", ProtoMySQL, false},
		"MySQL, the server alone":     {"", mysqlGreeted + answer, ProtoMySQL, false},
		"MySQL of old":                {mysqlPacked(1, "\x05\x0a\x00\x00\x01") + hello, mysqlGreeted + answer, ProtoMySQL, true},
		"TDS":                         {tdsPacked(tdsPrelogin, tdsPreloginBytes) + tdsCut(tdsPrelogin, hello), tdsPacked(tdsResponse, tdsPreloginBytes) + tdsCut(tdsPrelogin, answer), ProtoTDS, true},
		"TDS, answered by responses":  {tdsPacked(tdsPrelogin, tdsPreloginBytes) + tdsCut(tdsPrelogin, hello), tdsPacked(tdsResponse, tdsPreloginBytes) + tdsCut(tdsResponse, answer), ProtoTDS, true},
		"TDS, then without packets":   {tdsPacked(tdsPrelogin, tdsPreloginBytes) + tdsPacked(tdsPrelogin, hello[:recordEnd(hello)]) + hello[recordEnd(hello):], tdsPacked(tdsResponse, tdsPreloginBytes) + tdsPacked(tdsPrelogin, answer[:recordEnd(answer)]) + answer[recordEnd(answer):], ProtoTDS, true},
		"TDS, the client alone":       {tdsPacked(tdsPrelogin, tdsPreloginBytes) + tdsPacked(tdsPrelogin, hello), "", ProtoTDS, false},
		"TDS, the server alone":       {"", tdsPacked(tdsResponse, tdsPreloginBytes) + tdsPacked(tdsPrelogin, answer), ProtoTDS, false},
		"TDS, its request was missed": {"", tdsPacked(tdsResponse, tdsPreloginBytes) + answer, ProtoTDS, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := Stream{Client: []byte(c.client), Server: []byte(c.server), Final: true}
			f, got := recognise(s)
			if got == NoMatch || f.Protocol != ProtoTLS || f.TLS.UpgradedFrom != c.want || f.Malformed || f.Login != nil || c.whole && !f.TLS.Established {
				t.Fatalf("%v %s", got, show(f))
			}
			for _, m := range f.Marks {
				half, want := c.client, map[string]string{"ClientHello": "\x16\x03", "ServerHello": "\x16\x03"}[m.What]
				if m.Server {
					half = c.server
				}
				if m.Offset >= len(half) || !strings.HasPrefix(half[m.Offset:], want) {
					t.Errorf("mark %+v", m)
				}
			}
			for i := range max(len(c.client), len(c.server)) {
				cut := Stream{Client: s.Client[:min(i, len(s.Client))], Server: s.Server[:min(i, len(s.Server))]}
				if f, got := recognise(cut); got == Matched && (f.TLS == nil || !f.TLS.Established) || got == NoMatch {
					t.Fatalf("cut at %d: %v %s", i, got, show(f))
				}
			}
		})
	}
	for name, c := range map[string]struct {
		Stream
		want  Protocol
		login bool
	}{
		"MySQL without TLS": {Stream{Client: []byte(mysqlPacked(1, "\x05\xa6\x3f\x00\x00\x00\x00\x01\x2d"+strings.Repeat("\x00", 30))), Server: []byte(mysqlGreeted)}, ProtoMySQL, false},
		"TDS without TLS":   {Stream{Client: []byte(tdsPacked(tdsPrelogin, tdsPreloginBytes) + tdsPacked(tdsLogin7, strings.Repeat("\x01", tdsPassword)+"\x06\x00")), Server: []byte(tdsPacked(tdsResponse, tdsPreloginBytes))}, ProtoTDS, true},
		"TDS by Windows":    {Stream{Client: []byte(tdsPacked(tdsPrelogin, tdsPreloginBytes) + tdsPacked(tdsLogin7, strings.Repeat("\x01", tdsPassword)+"\x00\x00")), Server: []byte(tdsPacked(tdsResponse, tdsPreloginBytes))}, ProtoTDS, false},
	} {
		if f, got := recognise(c.Stream); got != Matched || f.Protocol != c.want || f.TLS != nil || (f.Login != nil) != c.login {
			t.Errorf("%s: %v %s", name, got, show(f))
		}
	}
}

// recordEnd returns where the first record of TLS ends.
func recordEnd(b string) int { return 5 + int(b[3])<<8 + int(b[4]) }
