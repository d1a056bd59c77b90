package classify

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The secrets of the tests. What is redacted must hold none of them, in clear or
// in base64.
const (
	testPassword = "hunter2-Pa55"
	testToken    = "tok3nZq81LmEw"
)

var basic = "Basic " + base64.StdEncoding.EncodeToString([]byte("root:"+testPassword))

// leaks returns the secret that b holds, if it holds one.
func leaks(b []byte) string {
	text := string(b) + " " + string(decodeBase64(b))
	for word := range strings.FieldsSeq(strings.Map(func(r rune) rune {
		if strings.ContainsRune(base64Alphabet+"=", r) {
			return r
		}
		return ' '
	}, string(b))) {
		decoded, _ := base64.StdEncoding.DecodeString(word)
		text += " " + string(decoded)
	}
	for _, secret := range []string{testPassword, testPassword[:6], testPassword[6:], testToken} {
		if strings.Contains(text, secret) {
			return secret
		}
	}
	return ""
}

// masked is a WebSocket frame as clients send it.
func masked(payload string) string {
	key := "\x11\x22\x33\x44"
	b := []byte(payload)
	for i := range b {
		b[i] ^= key[i%4]
	}
	length := string([]byte{0x80 | byte(len(payload))})
	if len(payload) > 125 {
		length = string([]byte{0xfe, byte(len(payload) >> 8), byte(len(payload))})
	}
	return "\x82" + length + key + string(b)
}

func mqttConnectWith(password string) string {
	body := "\x00\x04MQTT\x04\xc6\x00\x3c" + "\x00\x03cam" + "\x00\x01w" + lengthPrefixed(testToken) + lengthPrefixed("admin") + lengthPrefixed(password)
	return "\x10" + string([]byte{byte(len(body))}) + body
}

func lengthPrefixed(s string) string { return string([]byte{byte(len(s) >> 8), byte(len(s))}) + s }

// secretStreams are conversations that hold a secret: turns of client and
// server.
func secretStreams() map[string]struct {
	protocol Protocol
	turns    []string
} {
	tunnelled := base64.StdEncoding.EncodeToString([]byte("OPTIONS rtsp://a/b RTSP/1.0\r\nCSeq: 1\r\n\r\n")) +
		base64.StdEncoding.EncodeToString([]byte("DESCRIBE rtsp://a/b RTSP/1.0\r\nCSeq: 2\r\nAuthorization: "+basic+"\r\n\r\n"))
	webSocket := func(protocol string) string {
		return "GET /ws?token=" + testToken + " HTTP/1.1\r\nHost: broker\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nCookie: s=" + testToken + "\r\nSec-WebSocket-Protocol: " + protocol + "\r\n\r\n"
	}
	const switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: "
	return map[string]struct {
		protocol Protocol
		turns    []string
	}{
		"HTTP basic":             {ProtoHTTP, []string{"GET /a HTTP/1.1\r\nHost: cam\r\nAuthorization: " + basic + "\r\n\r\n", "HTTP/1.1 200 OK\r\nSet-Cookie: s=" + testToken + "\r\nContent-Length: 13\r\n\r\n" + testToken}},
		"HTTP folded":            {ProtoHTTP, []string{"GET /a HTTP/1.1\r\nHost: cam\r\nAuthorization: Basic\r\n  " + basic[6:] + "\r\n\r\n", ""}},
		"HTTP digest":            {ProtoHTTP, []string{"GET /a HTTP/1.1\r\nAuthorization: Digest username=\"" + testToken + "\", realm=\"x\", nonce=\"" + testToken + "\", qop=auth, response=\"" + testToken + "\"\r\n\r\n", ""}},
		"HTTP bearer":            {ProtoHTTP, []string{"GET /a HTTP/1.1\r\nAuthorization: Bearer " + testToken + "\r\nX-Api-Key: " + testToken + "\r\n\r\n", ""}},
		"HTTP proxy":             {ProtoHTTP, []string{"GET http://u:" + testPassword + "@h/a?password=" + testPassword + "&x=1 HTTP/1.1\r\nProxy-Authorization: " + basic + "\r\n\r\n", ""}},
		"HTTP form":              {ProtoHTTP, []string{"POST /login HTTP/1.1\r\nHost: cam\r\nContent-Length: 21\r\n\r\npassword=" + testPassword + "GET /b HTTP/1.1\r\nReferer: http://u:" + testPassword + "@h/\r\n\r\n", ""}},
		"HTTP chunks":            {ProtoHTTP, []string{"GET /a HTTP/1.1\r\nHost: cam\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nd;x=" + testToken + "\r\n" + testToken + "\r\n0\r\nX-T: " + testToken + "\r\n\r\nHTTP/1.1 404 " + testToken + "\r\n\r\n" + testToken}},
		"HTTP AWS":               {ProtoHTTP, []string{"GET /a HTTP/1.1\r\nHost: logs\r\nAuthorization: AWS4-HMAC-SHA256 Credential=ASIA" + testToken + "/20240101/us-east-1/logs/aws4_request, SignedHeaders=host, Signature=" + testToken + "\r\nX-Amz-Security-Token: " + testToken + "\r\n\r\n", ""}},
		"HTTP AWS presigned":     {ProtoHTTP, []string{"GET /a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA" + testToken + "%2F20240101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=" + testToken + "&X-Amz-Security-Token=" + testToken + " HTTP/1.1\r\nHost: b\r\n\r\n", ""}},
		"HTTP in the path":       {ProtoHTTP, []string{"GET /user=admin_password=" + testPassword + "_channel=1 HTTP/1.1\r\nHost: b\r\n\r\n", ""}},
		"HTTP relayed":           {ProtoHTTP, []string{"GET /api/stream/rtsp://u:" + testPassword + "@cam/live HTTP/1.1\r\nHost: b\r\n\r\n", ""}},
		"HTTP long chunk":        {ProtoHTTP, []string{"GET /a HTTP/1.1\r\nHost: b\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello" + testToken + "\r\n0\r\n\r\n"}},
		"HTTP fragment":          {ProtoHTTP, []string{"GET /a;jsessionid=" + testToken + " HTTP/1.1\r\nHost: b\r\n\r\n", "HTTP/1.1 302 Found\r\nLocation: https://h/cb#id_jwt=" + testToken + "&state=" + testToken + "\r\nContent-Length: 0\r\n\r\n"}},
		"HTTP comma":             {ProtoHTTP, []string{"GET /a HTTP/1.1\r\nHost: b\r\n\r\n", "HTTP/1.1 302 Found\r\nLocation: http://u:a," + testPassword + "@h/\r\nContent-Length: 0\r\n\r\n"}},
		"HTTP subprotocol":       {ProtoHTTP, []string{webSocket("v1.chat, base64url.bearer." + testToken), switching + "v1.chat\r\n\r\n"}},
		"HTTP cut":               {ProtoHTTP, []string{"GET /a HTTP/1.1\r\nHost: b\r\nAuthorization: " + basic, ""}},
		"RTSP basic":             {ProtoRTSP, []string{"DESCRIBE rtsp://u:" + testPassword + "@cam/live?pwd=" + testPassword + " RTSP/1.0\r\nCSeq: 1\r\nAuthorization: " + basic + "\r\n\r\n", "RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: " + testToken + "\r\nContent-Type: application/sdp\r\nContent-Length: 86\r\n\r\nv=0\r\nc=IN IP4 0.0.0.0\r\nm=video 0 RTP/AVP 96\r\na=crypto:1 AES inline:" + testToken + "\r\nk=" + testToken}},
		"RTSP media":             {ProtoRTSP, []string{"PLAY rtsp://cam/live RTSP/1.0\r\nCSeq: 4\r\n\r\n", "RTSP/1.0 200 OK\r\nCSeq: 4\r\n\r\n$\x00\x00\x19\x80\x60\x00\x01\x00\x00\x00\x00\x00\x00\x00\x07" + testToken + "$\x00\x00\x19\x80\x60\x00\x02\x00\x00\x00\x00\x00\x00\x00\x07" + testToken}},
		"RTSP tunnel":            {ProtoRTSP, []string{"POST /live HTTP/1.0\r\nx-sessioncookie: " + testToken + "\r\nContent-Type: application/x-rtsp-tunnelled\r\nContent-Length: 32767\r\n\r\n" + tunnelled, ""}},
		"RTSP in WebSocket":      {ProtoRTSP, []string{webSocket("rtsp.onvif.org") + masked("DESCRIBE rtsp://a/b RTSP/1.0\r\nCSeq: 2\r\nAuthorization: "+basic+"\r\n\r\n"), switching + "rtsp.onvif.org\r\n\r\n"}},
		"MQTT":                   {ProtoMQTT, []string{mqttConnectWith(testPassword) + "\x30\x10\x00\x01t" + testToken, "\x20\x02\x00\x00"}},
		"MQTT in WebSocket":      {ProtoMQTT, []string{webSocket("mqtt") + masked(mqttConnectWith(testPassword)) + masked("\x30\x10\x00\x01t"+testToken), switching + "mqtt\r\n\r\n\x82\x04\x20\x02\x00\x00"}},
		"WebSocket of something": {ProtoHTTP, []string{webSocket("chat") + masked("password "+testPassword), switching + "chat\r\n\r\n\x81\x0d" + testToken}},
		"AMQP 0-9-1":             {ProtoAMQP, []string{"AMQP\x00\x00\x09\x01\x01\x00\x00\x00\x00\x00\x30\x00\x0a\x00\x0b\x00\x00\x00\x0d" + testToken + "\x05PLAIN\x00\x00\x00\x12\x00root\x00" + testPassword + "\x05en_US\xce", ""}},
		"AMQP 1.0":               {ProtoAMQP, []string{"AMQP\x03\x01\x00\x00\x00\x00\x00\x30\x02\x01\x00\x00\x00\x53\x41\xc0\x20\x02\xa3\x05PLAIN\xa0\x12\x00root\x00" + testPassword, "AMQP\x03\x01\x00\x00"}},
		"PostgreSQL":             {ProtoPostgreSQL, []string{"\x00\x00\x00\x2a\x00\x03\x00\x00user\x00" + testToken + "\x00database\x00main\x00\x00p\x00\x00\x00\x11" + testPassword + "\x00", "R\x00\x00\x00\x08\x00\x00\x00\x03"}},
		"LDAP":                   {ProtoLDAP, []string{"\x30\x22\x02\x01\x01\x60\x1d\x02\x01\x03\x04\x0acn=manager\x80\x0c" + testPassword, "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00"}},
		"FTP":                    {ProtoFTP, []string{"", "220 FTP\r\n", "USER root\r\nPASS " + testPassword + "\r\n", "331 " + testToken + "\r\n230 in\r\n"}},
		"FTP anonymous":          {ProtoFTP, []string{"", "220 FTP\r\n", "USER anonymous\r\nPASS " + testPassword + "\r\n", "331 go\r\n230 in\r\n"}},
		"POP3":                   {ProtoPOP3, []string{"", "+OK ready\r\n", "USER root\r\nPASS " + testPassword + "\r\n", "+OK\r\n+OK " + testToken + "\r\n"}},
		"IMAP":                   {ProtoIMAP, []string{"", "* OK ready\r\n", "a1 LOGIN root " + testPassword + "\r\n", "a1 OK\r\n"}},
		"IMAP literal":           {ProtoIMAP, []string{"", "* OK ready\r\n", "a1 LOGIN {4}\r\nroot {12}\r\n" + testPassword + "\r\n", "+ go\r\n"}},
		"SMTP":                   {ProtoSMTP, []string{"", "220 m ESMTP\r\n", "EHLO me\r\nAUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00root\x00"+testPassword)) + "\r\n", "250 ok\r\n235 ok\r\n"}},
		"SMTP in a later line":   {ProtoSMTP, []string{"", "220 m ESMTP\r\n", "EHLO me\r\nAUTH LOGIN\r\n" + base64.StdEncoding.EncodeToString([]byte("root"+testToken)) + "\r\n" + base64.StdEncoding.EncodeToString([]byte(testPassword)) + "\r\n", "250 ok\r\n334 x\r\n"}},
		"IRC":                    {ProtoIRC, []string{"PASS " + testPassword + "\r\nNICK cam\r\nUSER a b c :" + testToken + "\r\n", ":irc 001 cam :" + testToken + "\r\n"}},
		"Telnet":                 {ProtoTelnet, []string{"\xff\xfd\x01\xff\xfb\x18root\r\n" + testPassword + "\r\n", "\xff\xfb\x01login: "}},
		"XMPP":                   {ProtoXMPP, []string{"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='h'><auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" + base64.StdEncoding.EncodeToString([]byte("\x00root\x00"+testPassword)) + "</auth>", ""}},
		"RDP":                    {ProtoRDP, []string{unhex("0300002b26e00000000000") + "Cookie: mstshash=" + testToken[:5] + "\r\n\x01\x00\x08\x00\x00\x00\x00\x00", unhex(rdpConfirmBytes) + testToken}},
		"VNC":                    {ProtoVNC, []string{"RFB 003.008\n\x02" + testToken, "RFB 003.008\n\x01\x02" + testToken}},
		"VNC Plain":              {ProtoVNC, []string{"", "RFB 003.008\n", "RFB 003.008\n", "\x01\x13", "\x13", "\x00\x02", "\x00\x02", "\x00\x01\x00\x00\x01\x00", "\x00\x00\x01\x00\x00\x00\x00\x0d\x00\x00\x00\x0c" + testToken + testPassword, "\x00\x00\x00\x00" + testToken}},
		"SIP":                    {ProtoSIP, []string{"INVITE sip:u:" + testPassword + "@h SIP/2.0\r\nFrom: <sip:" + testToken + "@h>\r\nAuthorization: Digest username=\"a\", response=\"" + testToken + "\"\r\nContent-Length: 0\r\n\r\n", "SIP/2.0 200 OK\r\n\r\n"}},
		"MySQL":                  {ProtoMySQL, []string{"", mysqlGreeted, mysqlPacked(1, "\x05\xa2\x3f\x00\x00\x00\x00\x01\x2d"+strings.Repeat("\x00", 23)+"root\x00\x14"+testPassword), mysqlPacked(2, "\x00"+testToken)}},
		"TDS":                    {ProtoTDS, []string{tdsPacked(tdsPrelogin, tdsPreloginBytes), tdsPacked(tdsResponse, tdsPreloginBytes+testToken), tdsPacked(tdsLogin7, strings.Repeat("\x00", tdsPassword)+"\x0c\x00"+testPassword), tdsPacked(tdsResponse, testToken)}},
		"SOCKS":                  {ProtoSOCKS, []string{"\x05\x01\x02", "\x05\x02", "\x01\x04root" + string(rune(len(testPassword))) + testPassword, "\x01\x00", "\x05\x01\x00\x01\x0a\x00\x00\x02\x00\x50" + testToken, "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00" + testToken}},
		"SOCKS refused":          {ProtoSOCKS, []string{"\x05\x01\x02", "\x05\x02", "\x01\x04root" + string(rune(len(testPassword))) + testPassword, "\x01\x01"}},
		"SOCKS 4":                {ProtoSOCKS, []string{"\x04\x01\x00\x50\x0a\x00\x00\x02" + testToken + "\x00" + testPassword, "\x00\x5a\x00\x00\x00\x00\x00\x00" + testToken}},
		"RTSP behind SOCKS":      {ProtoRTSP, []string{"\x05\x01\x02", "\x05\x02", "\x01\x04root" + string(rune(len(testPassword))) + testPassword, "\x01\x00", "\x05\x01\x00\x03\x03cam\x02\x2a", "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", "DESCRIBE rtsp://u:" + testPassword + "@cam/ RTSP/1.0\r\nCSeq: 1\r\nAuthorization: Digest response=\"" + testToken + "\"\r\n\r\n", "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"}},
		"TLS without cipher":     {ProtoTLS, []string{"\x17\x03\x03\x00\x0d" + testToken + "\x17\x03\x03\x00\x0d" + testToken, "\x17\x03\x03\x00\x0d" + testToken + "\x17\x03\x03\x00\x0d" + testToken}},
		"SMB":                    {ProtoSMB, []string{unhex(smbNegotiate) + "\x00\x00\x00\x5d\xfeSMB" + strings.Repeat("\x00", 76) + testToken, smb2Response("1103")}},
		"nothing known":          {Unknown, []string{"\x01\x02\x03 " + testPassword, testToken}},
	}
}

// shape is what facts say apart from text that is blanked: the values in a URL,
// a cookie's digest.
func shape(f Facts) string {
	if f.RTSP != nil {
		r := *f.RTSP
		r.URL, _, _ = strings.Cut(r.URL, "?")
		if r.SessionCookie != "" {
			r.SessionCookie = "one"
		}
		f.RTSP = &r
	}
	if f.HTTP != nil {
		h := *f.HTTP
		if i := strings.Index(h.Path, "="); i > 0 {
			h.Path = h.Path[:i]
		}
		f.HTTP = &h
	}
	b, err := json.Marshal(f)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// redactStream redacts a copy of s, whose halves may be cut into parts.
func redactStream(s Stream, rolesKnown bool) (Stream, Protocol) {
	s.Client, s.Server = bytes.Clone(s.Client), bytes.Clone(s.Server)
	c := Connection{Half{[][]byte{s.Client}, s.ClientJoined}, Half{[][]byte{s.Server}, s.ServerJoined}, rolesKnown}
	return s, c.Redact()
}

func checkRedacted(t *testing.T, s Stream, want Protocol) {
	t.Helper()
	s.RolesKnown = true
	before, _ := recogniseStream(s)
	got, protocol := redactStream(s, true)
	if protocol != want {
		t.Fatalf("redacted as %s, wanted %s", protocol, want)
	}
	if len(got.Client) != len(s.Client) || len(got.Server) != len(s.Server) {
		t.Fatal("lengths changed")
	}
	for _, b := range [][]byte{got.Client, got.Server} {
		if secret := leaks(b); secret != "" {
			t.Errorf("%q is left in %q", secret, b)
		}
	}
	after, _ := recogniseStream(got)
	if x, y := shape(before), shape(after); x != y {
		t.Errorf("facts were\n%.900s and are\n%.900s\nof %.300q %.300q", x, y, got.Client, got.Server)
	}
	if again, _ := redactStream(got, true); want != ProtoRTSP && (!bytes.Equal(again.Client, got.Client) || !bytes.Equal(again.Server, got.Server)) {
		t.Errorf("redacted again it is\n%.300q %.300q, was\n%.300q %.300q", again.Client, again.Server, got.Client, got.Server)
	}
}

func TestSecretsOfStreamsAreBlanked(t *testing.T) {
	for name, c := range secretStreams() {
		t.Run(name, func(t *testing.T) {
			s := halves(say(c.turns...))
			s.ClientJoined, s.ServerJoined = c.protocol == ProtoTLS, c.protocol == ProtoTLS
			if leaks(s.Client)+leaks(s.Server) == "" && name != "RDP" {
				t.Fatal("there is no secret in it")
			}
			checkRedacted(t, s, c.protocol)
		})
	}
}

// Every conversation of the other tests keeps its facts.
func TestRedactedStreamsKeepTheirFacts(t *testing.T) {
	paths, err := filepath.Glob("testdata/*/*")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || info.IsDir() || strings.Contains(path, "fuzz") {
			continue
		}
		s := halves(segments(t, strings.TrimPrefix(path, "testdata/")))
		s.RolesKnown = true
		if f, _ := recogniseStream(s); f.Protocol != Unknown {
			seen++
			t.Run(path, func(t *testing.T) { checkRedacted(t, s, f.Protocol) })
		}
	}
	if seen < 20 {
		t.Errorf("%d conversations", seen)
	}
	for want, list := range conversations(t) {
		t.Run(string(want), func(t *testing.T) { checkRedacted(t, halves(list), want) })
	}
}

// A hole anywhere, in the middle of a secret too, leaves none.
func TestNoSecretIsLeftAroundAHole(t *testing.T) {
	for name, c := range secretStreams() {
		t.Run(name, func(t *testing.T) {
			s := halves(say(c.turns...))
			for _, size := range []int{0, 1, 7} {
				for at := range s.Client {
					client, server := bytes.Clone(s.Client), bytes.Clone(s.Server)
					parts := [][]byte{client[:at:at], client[min(at+size, len(client)):]}
					Connection{Half{parts, at == 0}, Half{[][]byte{server}, false}, false}.Redact()
					for _, b := range append(parts, server) {
						if secret := leaks(b); secret != "" {
							t.Fatalf("hole of %d at %d: %q is left in %q", size, at, secret, b)
						}
					}
				}
			}
		})
	}
}

func datagramsOf(e exchange) (list []Datagram) {
	for i, m := range e.messages {
		d := Datagram{
			Src: netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), e.client), Dst: netip.AddrPortFrom(netip.MustParseAddr("10.0.0.2"), e.server),
			Payload: []byte(m),
		}
		if i%2 == 1 {
			d.Src, d.Dst = d.Dst, d.Src
		}
		list = append(list, d)
	}
	return list
}

func TestRedactedDatagramsKeepTheirFacts(t *testing.T) {
	for name, e := range exchanges(t) {
		t.Run(name, func(t *testing.T) {
			list := datagramsOf(e.exchange)
			if got := RedactDatagrams(list); got != e.want && e.messages[0] != "" {
				t.Errorf("redacted as %s, wanted %s", got, e.want)
			}
			after := e.exchange
			after.messages = nil
			for i, d := range list {
				if len(d.Payload) != len(e.messages[i]) {
					t.Fatal("lengths changed")
				}
				after.messages = append(after.messages, string(d.Payload))
			}
			f, answers, swaps := e.play()
			g, again, swapsAgain := after.play()
			if shape(f) != shape(g) || fmt.Sprint(answers, swaps) != fmt.Sprint(again, swapsAgain) {
				t.Errorf("facts were %s %v and are %s %v\n%q", shape(f), answers, shape(g), again, after.messages)
			}
		})
	}
}

func TestSecretsOfDatagramsAreBlanked(t *testing.T) {
	rtp := func(n byte) string {
		return "\x80\x60\x00" + string([]byte{n}) + "\x00\x00\x00\x00\x00\x00\x00\x07" + testToken
	}
	sip := "REGISTER sip:u:" + testPassword + "@h SIP/2.0\r\nAuthorization: Digest response=\"" + testToken + "\"\r\nContent-Length: 13\r\n\r\n" + testToken
	rtsp := "DESCRIBE rtspu://root:" + testPassword + "@h/ RTSP/1.0\r\nAuthorization: Digest response=\"" + testToken + "\"\r\nContent-Length: 13\r\n\r\n" + testToken
	for name, c := range map[string]struct {
		client, server uint16
		messages       []string
		want           Protocol
	}{
		"SNMP":    {50000, 161, []string{"\x30\x2b\x02\x01\x01\x04\x0c" + testPassword + "\xa0\x18\x02\x01\x01\x02\x01\x00\x02\x01\x00\x30\x0d" + testToken}, ProtoSNMP},
		"SIP":     {5060, 5060, []string{sip}, ProtoSIP},
		"RTSP":    {50000, 554, []string{rtsp}, ProtoRTSP},
		"syslog":  {50000, 514, []string{"<34>" + testPassword}, ProtoSyslog},
		"CoAP":    {50000, 5683, []string{"\x40\x01\x7d\x34\xb1a\x4d\x00" + testToken + "\xff" + testPassword}, ProtoCoAP},
		"TFTP":    {50000, 69, []string{"\x00\x01" + testToken + "\x00octet\x00", "", "\x00\x03\x00\x01" + testPassword}, ProtoTFTP},
		"RTP":     {5000, 6000, []string{rtp(1), "", rtp(2), "", rtp(3), "", rtp(4), "", rtp(5), "", rtp(6), "", rtp(7)}, ProtoRTP},
		"TURN":    {50000, 3478, []string{unhex(stunRequestBytes), "", "\x40\x00\x00\x0d" + testToken + "\x00\x00\x00"}, ProtoSTUN},
		"PCP":     {50000, 5351, []string{"\x02\x01" + strings.Repeat("\x00", 22) + testToken[:12] + strings.Repeat("\x00", 24) + testToken + "\x00\x00\x00"}, ProtoPCP},
		"DHCP":    {68, 67, []string{string(dhcpBytes(1, [4]byte{}, "", "\x35\x01\x01\x42\x1ehttp://root:"+testPassword+"@boot/\x5a\x18\x00\x01\x00"+strings.Repeat("\x00", 8)+testToken+"\x2b\x0d"+testToken))}, ProtoDHCP},
		"DHCPv6":  {546, 547, []string{"\x01abc\x00\x0b\x00\x18\x00\x01\x00" + strings.Repeat("\x00", 8) + testToken + "\x00\x3b\x00\x1bhttp://u:" + testPassword + "@boot/"}, ProtoDHCPv6},
		"unknown": {50000, 50001, []string{testPassword, testToken}, Unknown},
		"probe":   {50000, 3702, []string{strings.Replace(onvifProbe, "dn:NetworkVideoTransmitter", testPassword, 1)}, ProtoWSDiscovery},
	} {
		t.Run(name, func(t *testing.T) {
			list := datagramsOf(exchange{c.client, c.server, c.messages})
			if got := RedactDatagrams(list); got != c.want {
				t.Errorf("redacted as %s, wanted %s", got, c.want)
			}
			for _, d := range list {
				if secret := leaks(d.Payload); secret != "" {
					t.Errorf("%q is left in %q", secret, d.Payload)
				}
			}
		})
	}
}

// Datagrams that differ only in what is overwritten still differ, and copies
// stay copies.
func TestBlankedDatagramsAreNoCopies(t *testing.T) {
	messages := []string{"first content", "first content", "other content", "third content", "other content"}
	list := datagramsOf(exchange{50000, 50001, messages})
	RedactDatagrams(list)
	for i := range list {
		for j := range list {
			if same := bytes.Equal(list[i].Payload, list[j].Payload); same != (messages[i] == messages[j]) {
				t.Errorf("%q and %q: %q and %q", messages[i], messages[j], list[i].Payload, list[j].Payload)
			}
		}
	}
}

func FuzzRedactStream(f *testing.F) {
	for _, c := range secretStreams() {
		s := halves(say(c.turns...))
		f.Add(s.Client, s.Server, uint16(10), true)
	}
	f.Fuzz(func(t *testing.T, client, server []byte, cut uint16, joined bool) {
		at := min(int(cut), len(client))
		parts := [][]byte{bytes.Clone(client[:at]), bytes.Clone(client[at:])}
		whole := Stream{Client: bytes.Clone(client), Server: bytes.Clone(server), Final: true, ClientJoined: joined, ServerJoined: joined}
		Connection{Half{parts, joined}, Half{[][]byte{bytes.Clone(server)}, joined}, !joined}.Redact()
		func() {
			defer func() {
				if p := recover(); p != nil {
					t.Fatalf("%v", p)
				}
			}()
			f, swapped := recogniseStream(whole)
			if swapped {
				whole = whole.swap()
			}
			if redact := streamRedactions()[f.spokenFirst()]; redact != nil {
				redact(whole)
			}
		}()
	})
}

func FuzzRedactDatagrams(f *testing.F) {
	f.Add([]byte("\x80\x60\x00\x01\x00\x00\x00\x00\x00\x00\x00\x07media"), []byte("<34>text"), uint16(514), uint8(0))
	f.Add([]byte(unhex(stunRequestBytes)), []byte(unhex(snmpV1)), uint16(161), uint8(3))
	f.Fuzz(func(t *testing.T, one, two []byte, port uint16, missing uint8) {
		list := datagramsOf(exchange{50000, port, []string{string(one), string(two)}})
		list[0].Missing = int(missing)
		RedactDatagrams(list)
		for protocol, redact := range datagramRedactions() {
			for _, d := range datagramsOf(exchange{50000, port, []string{string(one), string(two)}}) {
				d.Missing = int(missing)
				n := len(d.Payload)
				if redact(d); len(d.Payload) != n {
					t.Fatal(protocol)
				}
			}
		}
	})
}
