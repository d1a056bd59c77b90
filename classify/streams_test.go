package classify

import (
	"encoding/hex"
	"iter"
	"os"
	"strings"
	"testing"
)

// prefixes yields every strict prefix of a conversation, as streams that go on.
func prefixes(list []segment) iter.Seq[Stream] {
	return func(yield func(Stream) bool) {
		for i, g := range list {
			before := halves(list[:i])
			before.Final = false
			for cut := range g.bytes {
				s := before
				if g.server {
					s.Server = append(s.Server[:len(s.Server):len(s.Server)], g.bytes[:cut]...)
				} else {
					s.Client = append(s.Client[:len(s.Client):len(s.Client)], g.bytes[:cut]...)
				}
				if !yield(s) {
					return
				}
			}
		}
	}
}

func unhex(text string) string {
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		panic(err)
	}
	return string(b)
}

// say makes a conversation of alternating client and server bytes.
func say(turns ...string) (list []segment) {
	for i, b := range turns {
		if b != "" {
			list = append(list, segment{i%2 == 1, []byte(b)})
		}
	}
	return list
}

const (
	rdpRequestBytes = "0300002c27e00000000000436f6f6b69653a206d737473686173683d656c746f6e730d0a0100080003000000"
	rdpConfirmBytes = "030000130ed000001234000200080000000000"
	smbNegotiate    = "00000054fe534d4240000000000000000000010000000000000000000000000000000000fffe0000000000000000000000000000000000000000000000000000000000000000" +
		"24000200010000000000000000000000000000000000000000000000020202100000"
)

// smb2Response is the beginning of a NEGOTIATE response with a dialect.
func smb2Response(dialect string) string {
	header := "\xfeSMB" + unhex("4000000000000000000001000100000000000000") + strings.Repeat("\x00", 64-24)
	return "\x00\x00\x00\x80" + header + unhex("41000100"+dialect) + strings.Repeat("\x00", 0x80-64-6)
}

// conversations are beginnings of each protocol that is told on TCP and has no
// test of its own.
func conversations(t testing.TB) map[Protocol][]segment {
	return map[Protocol][]segment{
		ProtoSSH:    segments(t, "ssh/openssh")[:1:1],
		ProtoTelnet: segments(t, "telnet/curl"),
		ProtoRTMP:   segments(t, "rtmp/ffmpeg"),
		ProtoVNC:    say("", "RFB 003.008\n", "RFB 003.008\n"),
		ProtoRDP:    say(unhex(rdpRequestBytes), unhex(rdpConfirmBytes)),
		ProtoSMB:    say(unhex(smbNegotiate), smb2Response("1103")),
		ProtoAMQP:   say("AMQP\x00\x00\x09\x01", "\x01\x00\x00"),
		ProtoSIP: say("OPTIONS sip:carol@chicago.com SIP/2.0\r\nVia: SIP/2.0/TCP pc33.atlanta.com;branch=z9hG4bKhjhs8ass877\r\n\r\n",
			"SIP/2.0 200 OK\r\n\r\n"),
		ProtoSTUN: say(unhex(stunRequestBytes)),
		ProtoOpenVPN: say("\x00\x0e\x38"+"SESSION1"+"\x00\x00\x00\x00\x00",
			"\x00\x1a\x40"+"session2"+"\x01\x00\x00\x00\x00"+"SESSION1"+"\x00\x00\x00\x00"),
	}
}

func TestStreams(t *testing.T) {
	if n := len(streams()); n > 32 {
		t.Errorf("%d classifiers: the Analyzer keeps two bits of each in 64", n)
	}
	for want, list := range conversations(t) {
		t.Run(string(want), func(t *testing.T) {
			f, answer := recognise(halves(list))
			if answer != Matched || f.Protocol != want {
				t.Fatalf("%v %s", answer, show(f))
			}
			for s := range prefixes(list) {
				f, answer := recognise(s)
				if answer == NoMatch || f.Protocol != "" && f.Protocol != want {
					t.Fatalf("cut at %d, %d: %v %s", len(s.Client), len(s.Server), answer, show(f))
				}
			}
		})
	}
}

func TestSSHVersions(t *testing.T) {
	for _, c := range []struct {
		client, server string
		want           SSH
	}{
		{"SSH-2.0-PuTTY_Release_0.81\r\n", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", SSH{"2.0", "PuTTY_Release_0.81", "OpenSSH_9.2p1"}},
		{"SSH-2.0-a\n", "SSH-1.99-dropbear_0.52\n", SSH{"1.99", "a", "dropbear_0.52"}},
		{"SSH-2.0-a\r\n", "Authorised use only\r\nSSH-2.0-b\r\n", SSH{"2.0", "a", "b"}},
		{"", "SSH-1.5-Cisco-1.25\n", SSH{"1.5", "", "Cisco-1.25"}},
	} {
		s := Stream{Client: []byte(c.client), Server: []byte(c.server), Final: true}
		if f, answer := recognise(s); answer != Matched || f.Protocol != ProtoSSH || *f.SSH != c.want {
			t.Errorf("%q %q: %v %s", c.client, c.server, answer, show(f))
		}
	}
}

func TestSMBDialects(t *testing.T) {
	smb1 := unhex("00000023ff534d4272000000009801") + strings.Repeat("\x00", 0x23-11)
	for server, want := range map[string]string{
		smb2Response("0202"): "2.0.2", smb2Response("1002"): "2.1", smb2Response("0003"): "3.0", smb2Response("0203"): "3.0.2",
		smb2Response("1103"): "3.1.1", smb2Response("ff02"): "", smb1: "1",
		smb2Response("ff02") + smb2Response("0203"): "3.0.2",
	} {
		s := Stream{Client: []byte(unhex(smbNegotiate)), Server: []byte(server), Final: true}
		if f, answer := recognise(s); answer != Matched || f.Protocol != ProtoSMB || f.SMB.Dialect != want {
			t.Errorf("wanted %q: %v %s", want, answer, show(f))
		}
	}
}

// The security that RDP negotiates may be TLS.
func TestRDPGoesOverToTLS(t *testing.T) {
	tls := halves(segments(t, "tls/tls12-ecdhe.0"))
	confirm := []byte(unhex("030000130ed000001234000201080001000000"))
	s := Stream{
		Client: append([]byte(unhex(rdpRequestBytes)), tls.Client...), Server: append(confirm, tls.Server...), Final: true,
	}
	if f, answer := recognise(s); answer != Matched || f.Protocol != ProtoTLS || f.TLS.UpgradedFrom != ProtoRDP || !f.TLS.Established {
		t.Errorf("%v %s", answer, show(f))
	}
}

// What looks alike is not taken for it.
func TestStreamNearMisses(t *testing.T) {
	for name, c := range map[string]struct {
		Stream
		want Protocol
	}{
		"HTTP":                      {dialogue("OPTIONS * HTTP/1.1\nHost: a\n\n", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"), ProtoHTTP},
		"RTSP":                      {dialogue("OPTIONS rtsp://a/ RTSP/1.0\nCSeq: 1\n\n", "RTSP/1.0 200 OK\nCSeq: 1\n\n"), ProtoRTSP},
		"SIP":                       {dialogue("OPTIONS sip:a@b SIP/2.0\n\n", "SIP/2.0 200 OK\n\n"), ProtoSIP},
		"SIP of another version":    {dialogue("OPTIONS sip:a@b SIP/3.0\n\n", ""), ""},
		"NNTP":                      {dialogue("", "200 news.example ready\n", "MODE READER\n", "200 ok\n"), ""},
		"SMTP that only greets FTP": {dialogue("", "220 ftp.example.com ESMTP\n", "EHLO a\n", "250 a\n"), ProtoSMTP},
		"FTP on a host named smtp":  {dialogue("", "220 smtp.example.com FTP server\n", "USER cam\n", "331 a\n"), ProtoFTP},
		"a greeting alone":          {dialogue("", "220 host ready\n"), ""},
		"POP3 against FTP":          {dialogue("", "+OK ready\n", "USER cam\n", "+OK\n"), ProtoPOP3},
		"memcached":                 {dialogue("stats\n", "STAT pid 1\n"), ""},
		"Redis":                     {dialogue("PING\n", "+PONG\n"), ""},
		"a shell's prompt":          {dialogue("", "login: ", "cam\n", "Password: "), ""},
		"S7 over X.224": {halves(say(unhex("0300001611e00000000100c0010ac1020100c2020102"),
			unhex("0300001611d00001000200c0010ac1020100c2020102"))), ""},
		"H.225 in TPKT":          {halves(say(unhex("0300002208020001050403801890"), "")), ""},
		"SMB with another magic": {halves(say("\x00\x00\x00\x54\xfeSMX"+strings.Repeat("\x00", 80), "")), ""},
		"SNMP over TCP":          {halves(say(unhex("302602010104067075626c6963a01902010102010002010030"), "")), ""},
		"Kerberos":               {halves(say(unhex("000000106a0e300ca103020105a20302010aa400"), "")), ""},
		"NetBIOS keep-alive":     {halves(say(unhex("85000000"), "")), ""},
		"RTMP version alone":     {halves(say("\x03"+strings.Repeat("\x01", 4000), "\x03"+strings.Repeat("\x02", 4000))), ""},
		"one IAC":                {halves(say("\xff\xfd", "")), ""},
		"binary zeros":           {halves(say(strings.Repeat("\x00", 64), strings.Repeat("\x00", 64))), ""},
		"AMQP of no version":     {dialogue("AMQP\x09\x09\x09\x09", ""), ""},
		"XML that is no XMPP":    {dialogue("<?xml version='1.0'?><policy-file-request/>\n", ""), ""},
		"PostgreSQL 2":           {halves(say("\x00\x00\x01\x28\x00\x02\x00\x00"+strings.Repeat("\x00", 288), "")), ""},
		"STUN without cookie":    {halves(say("\x00\x01\x00\x00\x00\x00\x00\x00abcdefghijkl", "")), ""},
		"OpenVPN, other reset":   {halves(say("\x00\x0e\x38SESSION1\x00\x00\x00\x00\x00", "\x00\x0e\x40session2\x00\x00\x00\x00\x00")), ""},
	} {
		if f, _ := recognise(c.Stream); f.Protocol != c.want {
			t.Errorf("%s: %s", name, show(f))
		}
	}
}

// Taken for the client, the server is not believed: the Analyzer asks with the
// halves swapped, too. SSH, Telnet and RFB greet alike on both sides.
func TestHalvesSwapped(t *testing.T) {
	symmetric := map[Protocol]bool{ProtoSSH: true, ProtoTelnet: true, ProtoVNC: true, ProtoSTUN: true, ProtoRTMP: true, ProtoSIP: true}
	for want, list := range conversations(t) {
		if symmetric[want] {
			continue
		}
		if f, _ := recognise(halves(list).swap()); f.Protocol != "" {
			t.Errorf("%s: %s", want, show(f))
		}
	}
	for _, c := range upgrades {
		if f, _ := recognise(halves(segments(t, c.file)).swap()); f.Protocol != "" {
			t.Errorf("%s: %s", c.file, show(f))
		}
	}
}

// Messages in the middle of which a connection was joined are found by those
// whose first bytes are unmistakable.
func TestJoinedHalves(t *testing.T) {
	for want, s := range map[Protocol]Stream{
		ProtoSMB: {Client: []byte("joined within a message"), Server: []byte(smb2Response("1103"))},
		ProtoSIP: {Client: []byte("OPTIONS sip:a@b SIP/2.0\r\n\r\n"), Server: []byte("the end of a body")},
		ProtoSSH: {Client: []byte("SSH-2.0-a\r\n"), Server: []byte{1, 2, 3}},
	} {
		s.Final = true
		if f, _ := recognise(s); f.Protocol != "" {
			t.Errorf("%s of a connection seen whole: %s", want, show(f))
		}
		s.ClientJoined, s.ServerJoined = true, true
		if f, _ := recognise(s); f.Protocol != want {
			t.Errorf("%s: %s", want, show(f))
		}
	}
}

// A flow that nobody will recognise is given up at its first bytes.
func TestStreamsGiveUpEarly(t *testing.T) {
	for _, b := range []string{"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "\xde\xad\xbe\xef\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c", "\x13BitTorrent protocol"} {
		if f, answer := recognise(Stream{Client: []byte(b), Server: []byte(b)}); answer != NoMatch {
			t.Errorf("%q: %v %s", b, answer, show(f))
		}
	}
}

// promised holds the i-th classifier to what every stream classifier promises.
func promised(t *testing.T, i int, s Stream) {
	t.Helper()
	facts, answer := streams()[i](s, &Learned{})
	unfinished := answer == NeedMore && s.Final && facts.TLS == nil && i > 0 // a handshake may stay so
	if unfinished || answer == NoMatch && facts.Protocol != "" || answer == Matched && facts.Protocol == "" {
		t.Errorf("classifier %d answers %v with %s", i, answer, show(facts))
	}
	if len(facts.Marks) > maxMarks {
		t.Errorf("classifier %d sets %d marks", i, len(facts.Marks))
	}
	for _, m := range facts.Marks {
		half := s.Client
		if m.Server {
			half = s.Server
		}
		if m.Offset < 0 || m.Offset > len(half) {
			t.Errorf("classifier %d: mark %+v lies outside of %d bytes", i, m, len(half))
		}
	}
}

// FuzzStreams holds what every stream classifier promises.
func FuzzStreams(f *testing.F) {
	folders, err := os.ReadDir("testdata")
	if err != nil {
		f.Fatal(err)
	}
	for _, dir := range folders {
		if dir.Name() == "fuzz" {
			continue
		}
		files, _ := os.ReadDir("testdata/" + dir.Name())
		for _, file := range files {
			s := halves(segments(f, dir.Name()+"/"+file.Name()))
			f.Add(s.Client, s.Server, byte(1))
		}
	}
	for _, list := range conversations(f) {
		s := halves(list)
		f.Add(s.Client, s.Server, byte(0))
	}
	f.Fuzz(func(t *testing.T, client, server []byte, flags byte) {
		s := Stream{Client: client, Server: server, Final: flags&1 != 0, ClientJoined: flags&2 != 0, ServerJoined: flags&4 != 0}
		for i := range streams() {
			promised(t, i, s)
		}
	})
}
