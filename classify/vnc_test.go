package classify

import (
	"slices"
	"strings"
	"testing"

	"spanaudit/flow"
)

const (
	rfb8 = "RFB 003.008\n"
	rfb7 = "RFB 003.007\n"
	rfb3 = "RFB 003.003\n"

	// What VeNCrypt's server says: its version, then its consent with TLSVnc, X509Vnc
	// and Plain.
	veNCrypt02     = "\x00\x02"
	veNCryptOffers = "\x00\x03\x00\x00\x01\x02\x00\x00\x01\x05\x00\x00\x01\x00"
	chosenTLSVnc   = "\x00\x00\x01\x02"
	chosenPlain    = "\x00\x00\x01\x00"
)

// vncOpenings are what is said before TLS begins, the server first.
var vncOpenings = map[string][]string{
	"TLS":                       {rfb8, rfb8, "\x02\x12\x02", "\x12"},
	"TLS, 3.7":                  {rfb8, rfb7, "\x01\x12", "\x12"},
	"TLS or VeNCrypt":           {rfb8, rfb8, "\x03\x13\x12\x02", "\x12"},
	"TLS, Apple's version":      {"RFB 003.889\n", rfb8, "\x03\x1e\x12\x02", "\x12"},
	"VeNCrypt":                  {rfb8, rfb8, "\x01\x13", "\x13", veNCrypt02, veNCrypt02, veNCryptOffers, chosenTLSVnc, "\x01"},
	"VeNCrypt or TLS":           {rfb8, rfb8, "\x03\x13\x12\x02", "\x13", veNCrypt02, veNCrypt02, veNCryptOffers, chosenTLSVnc, "\x01"},
	"VeNCrypt by SASL":          {rfb8, rfb8, "\x01\x13", "\x13", veNCrypt02, veNCrypt02, "\x00\x01\x00\x00\x01\x08", "\x00\x00\x01\x08", "\x01"},
	"VeNCrypt 0.1":              {rfb8, rfb8, "\x01\x13", "\x13", "\x00\x01", "\x00\x01", "\x00\x02\x13\x15", "\x15", "\x01"},
	"VeNCrypt 0.1 of a new one": {rfb8, rfb8, "\x01\x13", "\x13", veNCrypt02, "\x00\x01", "\x00\x02\x13\x15", "\x15", "\x01"},
}

// vncTLS returns an opening of VNC and the handshake behind it, by RSA and so
// without forward secrecy.
func vncTLS(t testing.TB, opening []string) []segment {
	return append(say(append([]string{""}, opening...)...), segments(t, "tls/tls12-rsa.0")...)
}

func TestTLSInsideVNC(t *testing.T) {
	for name, opening := range vncOpenings {
		t.Run(name, func(t *testing.T) {
			list := vncTLS(t, opening)
			s := halves(list)
			f, answer := recognise(s)
			if answer != Matched || f.Protocol != ProtoTLS || f.TLS.UpgradedFrom != ProtoVNC || f.Wrapped != ProtoVNC || f.Malformed || f.Login != nil {
				t.Fatalf("%v %s", answer, show(f))
			}
			if f.TLS.ForwardSecrecy != No || !f.TLS.Established {
				t.Errorf("%+v", f.TLS)
			}
			for _, m := range f.Marks {
				half, want := s.Client, map[string]string{"ProtocolVersion": "RFB", "ClientHello": "\x16\x03", "ServerHello": "\x16\x03"}[m.What]
				if m.Server {
					half = s.Server
				}
				if !strings.HasPrefix(string(half[m.Offset:]), want) {
					t.Errorf("%+v points at %q", m, half[m.Offset:m.Offset+4])
				}
			}
			checkRedacted(t, s, ProtoTLS)

			mayBe := func(f Facts, answer Answer) bool {
				return answer != NoMatch && (f.Protocol == "" || f.Protocol == ProtoVNC || f.Protocol == ProtoTLS) &&
					(answer != Matched || f.TLS != nil && f.TLS.Established)
			}
			for s := range prefixes(list) {
				if f, answer := recognise(s); !mayBe(f, answer) {
					t.Fatalf("cut at %d, %d: %v %s", len(s.Client), len(s.Server), answer, show(f))
				}
			}
			for i := range 300 { // one half may be behind the other
				for _, s := range []Stream{{Client: s.Client[:i], Server: s.Server}, {Client: s.Client, Server: s.Server[:i]}, {Client: s.Client[:i], Server: s.Server[:i]}} {
					if f, answer := recognise(s); !mayBe(f, answer) {
						t.Fatalf("cut at %d, %d: %v %s", len(s.Client), len(s.Server), answer, show(f))
					}
				}
			}
			if f, _ := recognise(s.swap()); f.Protocol != "" {
				t.Errorf("swapped: %s", show(f))
			}
		})
	}
}

// To a viewer that listens it is the server that connects, and TLS begins with the
// side that was called.
func TestReverseVNC(t *testing.T) {
	for name, opening := range vncOpenings {
		w := connect()
		for _, g := range vncTLS(t, opening) {
			w.speak(!g.server, g.bytes, 1400)
		}
		l, _ := analyze(t, w.packets)
		r := l.ended[0]
		if r.Facts.Protocol != ProtoTLS || r.TLS.UpgradedFrom != ProtoVNC || r.TLS.ForwardSecrecy != No || !r.TLS.Established || r.Facts.Malformed {
			t.Errorf("%s: %s", name, show(r.Facts))
		}
		s := halves(vncTLS(t, opening))
		s.RolesKnown = true
		checkRedacted(t, s.swap(), ProtoTLS)
	}
	l, _ := analyze(t, connect(tlsTurn{bytes: []byte(rfb8)}, tlsTurn{true, []byte(rfb8)}, tlsTurn{bytes: []byte("\x02\x02\x01")}, tlsTurn{true, []byte("\x02")}).packets)
	if f := l.ended[0].Facts; f.Protocol != ProtoVNC || f.Malformed {
		t.Errorf("without TLS: %s", show(f))
	}
}

// Each half alone tells of TLS, and so does the client's where the server's beginning
// was lost.
func TestTLSInsideVNCFromOneSide(t *testing.T) {
	for name, opening := range vncOpenings {
		if name == "VeNCrypt 0.1 of a new one" { // which the client alone says
			continue
		}
		t.Run(name, func(t *testing.T) {
			s := halves(vncTLS(t, opening))
			client := Stream{Client: s.Client, Final: true}
			server := Stream{Server: s.Server, Final: true}
			lost := Stream{Client: s.Client, Server: []byte("\x02\x01"), ServerJoined: true, Final: true}
			for _, half := range []struct {
				Stream
				hello, secrecy bool
			}{{client, true, false}, {server, false, true}, {lost, true, false}} {
				f, _ := recognise(half.Stream)
				if f.Protocol != ProtoTLS || f.TLS.UpgradedFrom != ProtoVNC || f.TLS.ClientHello != half.hello || half.secrecy && f.TLS.ForwardSecrecy != No {
					t.Errorf("%d bytes of the server: %s", len(half.Server), show(f))
				}
				checkRedacted(t, half.Stream, ProtoTLS)
			}
		})
	}
}

// A client may send its hello although the server has refused, and what looks like
// one says nothing where another security was chosen.
func TestVNCWithoutTLS(t *testing.T) {
	hello := string(halves(segments(t, "tls/tls12-rsa.0")).Client)
	for name, turns := range map[string][]string{
		"a password":            {rfb8, rfb8, "\x02\x02\x12", "\x02", "challenge of 16 b", hello},
		"no password":           {rfb8, rfb8, "\x02\x01\x12", "\x01", "\x00\x00\x00\x00", "\x01"},
		"no TLS is offered":     {rfb8, rfb8, "\x02\x01\x02"},
		"no security":           {rfb8, rfb8, "\x00\x00\x00\x00\x04busy"},
		"3.3":                   {rfb3, rfb3, "\x00\x00\x00\x12", hello},
		"3.3 of a new server":   {rfb8, rfb3, "\x00\x00\x00\x02"},
		"3.6, Windows":          {"RFB 003.006\n", "RFB 003.006\n", "\xff\xff\xff\xfa\x00"},
		"VeNCrypt is too new":   {rfb8, rfb8, "\x01\x13", "\x13", veNCrypt02, "\x00\x00"},
		"VeNCrypt is too old":   {rfb8, rfb8, "\x01\x13", "\x13", veNCrypt02, veNCrypt02, "\xff", chosenTLSVnc + hello},
		"VeNCrypt of nothing":   {rfb8, rfb8, "\x01\x13", "\x13", veNCrypt02, veNCrypt02, "\x00\x00", chosenTLSVnc + hello},
		"VeNCrypt is refused":   {rfb8, rfb8, "\x01\x13", "\x13", veNCrypt02, veNCrypt02, veNCryptOffers, chosenTLSVnc + hello, "\x00"},
		"VeNCrypt and password": {rfb8, rfb8, "\x01\x13", "\x13", veNCrypt02, veNCrypt02, "\x00\x01\x00\x00\x00\x02", "\x00\x00\x00\x02", "challenge of 16 b"},
	} {
		s := halves(say(append([]string{""}, turns...)...))
		checkRedacted(t, s, ProtoVNC)
		s.Final = false
		if f, answer := recognise(s); answer != Matched || f.Protocol != ProtoVNC || f.TLS != nil || f.Login != nil {
			t.Errorf("%s: %v %s", name, answer, show(f))
		}
	}
}

func TestVNCPasswordInClear(t *testing.T) {
	for name, turns := range map[string][]string{
		"0.2": {rfb8, rfb8, "\x01\x13", "\x13", veNCrypt02, veNCrypt02, veNCryptOffers, chosenPlain + "\x00\x00\x00\x04\x00\x00\x00\x06roots3cret", "\x00\x00\x00\x00"},
		"0.1": {rfb8, rfb8, "\x01\x13", "\x13", "\x00\x01", "\x00\x01", "\x00\x01\x13", "\x13\x00\x00\x00\x04\x00\x00\x00\x06roots3cret", "\x00\x00\x00\x00"},
	} {
		list := say(append([]string{""}, turns...)...)
		s := halves(list)
		for _, s := range []Stream{s, {Client: s.Client, Final: true}} {
			f, answer := recognise(s)
			checkSecret(t, f)
			if answer != Matched || f.Protocol != ProtoVNC || f.Login == nil || f.Login.Scheme != "plain" {
				t.Errorf("%s: %v %s", name, answer, show(f))
			}
		}
		for i := range len(s.Client) {
			cut := Stream{Client: s.Client[:i], Server: s.Server[:min(i, len(s.Server))]}
			if f, answer := recognise(cut); answer == NoMatch || answer == Matched && f.Login == nil {
				t.Fatalf("%s cut at %d: %v %s", name, i, answer, show(f))
			}
		}
	}
	nobody := say("", rfb8, rfb8, "\x01\x13", "\x13", veNCrypt02, veNCrypt02, veNCryptOffers, chosenPlain+"\x00\x00\x00\x04\x00\x00\x00\x00root")
	if f, answer := recognise(halves(nobody)); answer != Matched || f.Login != nil {
		t.Errorf("without a password: %v %s", answer, show(f))
	}
}

// A connection whose beginning was not seen has as its client who was seen to send
// first, which in VNC is the server.
func TestVNCTellsItsServer(t *testing.T) {
	for name, opening := range vncOpenings {
		for _, acknowledged := range []bool{false, true} {
			w := &wire{seq: [2]uint32{1000, 9000}}
			if acknowledged {
				w.send(1, flow.ACK, nil)
				w.send(0, flow.ACK, nil)
			}
			for _, g := range vncTLS(t, opening) {
				w.speak(g.server, g.bytes, 1400)
			}
			l, _ := analyze(t, w.packets)
			if len(l.ended) != 1 {
				t.Fatalf("%s: %d flows", name, len(l.ended))
			}
			r := l.ended[0]
			if r.Facts.Protocol != ProtoTLS || r.TLS.UpgradedFrom != ProtoVNC || r.TLS.ForwardSecrecy != No || r.Facts.Malformed || r.Flow.Server.Addr != ends[1] {
				t.Errorf("%s: the server is %v: %s", name, r.Flow.Server.Addr, show(r.Facts))
			}
		}
	}
}

// A packet that was lost hides at most half of the handshake.
func TestTLSInsideVNCIsSeenThoughAPacketIsLost(t *testing.T) {
	for _, name := range []string{"TLS", "VeNCrypt"} {
		w := connect()
		for _, g := range vncTLS(t, vncOpenings[name]) {
			w.speak(g.server, g.bytes, 1400)
		}
		for i := range w.packets {
			l, _ := analyze(t, slices.Delete(slices.Clone(w.packets), i, i+1))
			if f := l.ended[0].Facts; f.Protocol != ProtoTLS || f.TLS.UpgradedFrom != ProtoVNC || f.TLS.ForwardSecrecy == Yes {
				t.Errorf("%s without packet %d: %s", name, i, show(f))
			}
		}
	}
}
