package classify

import (
	"bytes"
	"reflect"
	"testing"
)

func TestCapturedMQTT(t *testing.T) {
	for name, want := range map[string]MQTT{
		"3.1":   {Version: "3.1", ClientID: "camera-31", Connect: true},
		"3.1.1": {Version: "3.1.1", ClientID: "camera-311", Connect: true, UserNamePresent: true, PasswordPresent: true},
		"5.0":   {Version: "5.0", ClientID: "camera-5", Connect: true, UserNamePresent: true, PasswordPresent: true},
	} {
		t.Run(name, func(t *testing.T) {
			list := segments(t, "mqtt/"+name)
			f, answer := mqttStream(halves(list), nil)
			if answer != Matched || f.Protocol != ProtoMQTT || !reflect.DeepEqual(*f.MQTT, want) || f.Malformed {
				t.Errorf("%v %s", answer, show(f))
			}
			checkSecret(t, f)
			checkPrefixes(t, mqttStream, list)
		})
	}
}

// Without its CONNECT a connection is believed after three packets.
func TestMQTTJoinedInTheMiddle(t *testing.T) {
	publish := []byte("\x30\x07\x00\x03a/bhi")
	for _, c := range []struct {
		client, server string
		joined         bool
		want           Answer
	}{
		{"\xc0\x00", "\xd0\x00\xd0\x00", true, Matched},
		{"\xc0\x00", "\xd0\x00", true, NoMatch},
		{string(publish) + string(publish) + "\xe0\x00", "", true, Matched},
		{string(publish) + string(publish) + "\xe0\x00", "", false, NoMatch},
		{"", "\x20\x02\x00\x00\x90\x03\x00\x01\x00" + string(publish), false, Matched},
		{"", string(publish) + string(publish) + string(publish), false, NoMatch},
		{"\xc0\x00\xc0\x00\xc0\x01", "", true, NoMatch},
		{"garbage", "\xd0\x00\xd0\x00\xd0\x00", true, Matched},
		{"\xd0\x00\xd0\x00\xd0\x00", "\xc0\x00", true, NoMatch}, // halves swapped
		{"\x82\x08\x00\x01\x00\x03a/b\x01\xa2\x07\x00\x02\x00\x03a/b\xc0\x00", "", true, Matched},
		{"\x82\x09\x00\x01\x00\x00\x03a/#\x2c\xa2\x08\x00\x02\x00\x00\x03a/b\xc0\x00", "", true, Matched}, // 5.0
		{"", "\x90\x05\x00\x01\x00\x02\x87\x40\x03\x00\x01\x10\xb0\x04\x00\x02\x00\x11", true, Matched},
		{"\x82\x062697.a\x82\x062698.a\x82\x062699.a", "", true, NoMatch}, // names in a certificate
		{"", "\x90\x042697\x90\x042698\x90\x042699", true, NoMatch},
		{"@\x03abc@\x03abc@\x03abc", "", true, NoMatch},
	} {
		s := Stream{Client: []byte(c.client), Server: []byte(c.server), ClientJoined: c.joined, ServerJoined: c.joined, Final: true}
		f, answer := mqttStream(s, nil)
		if answer != c.want || answer == Matched && (f.MQTT.Version != "" || f.MQTT.Connect) {
			t.Errorf("%q %q: %v %s", c.client, c.server, answer, show(f))
		}
	}
}

func mqttConnectBytes(level byte, name string, flags byte, rest string) []byte {
	body := "\x00" + string(rune(len(name))) + name + string([]byte{level, flags, 0, 60}) + rest
	return append([]byte{0x10, byte(len(body))}, body...)
}

func TestMQTTConnect(t *testing.T) {
	for name, c := range map[string]struct {
		bytes     []byte
		version   string
		id        string
		malformed bool
	}{
		"bridge":             {mqttConnectBytes(0x84, "MQTT", 2, "\x00\x01b"), "3.1.1", "b", false},
		"properties":         {mqttConnectBytes(5, "MQTT", 2, "\x05\x11\x00\x00\x00\x3c\x00\x02id"), "5.0", "id", false},
		"empty identifier":   {mqttConnectBytes(4, "MQTT", 2, "\x00\x00"), "3.1.1", "", false},
		"unknown level":      {mqttConnectBytes(9, "MQTT", 2, "\x00\x01x"), "", "x", false},
		"missing password":   {mqttConnectBytes(4, "MQTT", 0xc2, "\x00\x01x\x00\x01u"), "3.1.1", "x", true},
		"bytes after it all": {mqttConnectBytes(4, "MQTT", 2, "\x00\x01xyz"), "3.1.1", "x", true},
	} {
		f, answer := mqttStream(Stream{Client: c.bytes, Final: true}, nil)
		if answer != Matched || f.MQTT.Version != c.version || f.MQTT.ClientID != c.id || f.Malformed != c.malformed || f.MQTT.ReturnCode != -1 {
			t.Errorf("%s: %v %s", name, answer, show(f))
		}
	}
	for _, b := range []string{"\x10\x0c\x00\x04MQTX\x04\x02\x00\x3c\x00\x00", "\x11\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00", "\x16\x03\x01\x00\x05", "GET / HTTP/1.1\r\n\r\n"} {
		if f, answer := mqttStream(Stream{Client: []byte(b)}, nil); answer != NoMatch {
			t.Errorf("%q: %v %s", b, answer, show(f))
		}
	}
	refused := Stream{Client: mqttConnectBytes(4, "MQTT", 2, "\x00\x01x"), Server: []byte("\x20\x02\x00\x05"), Final: true}
	if f, _ := mqttStream(refused, nil); f.MQTT.ReturnCode != 5 {
		t.Errorf("not authorised: %s", show(f))
	}
}

// webSocketFrame makes a masked frame.
func webSocketFrame(opcode byte, payload []byte) []byte {
	key := []byte{1, 2, 3, 4}
	b := append([]byte{0x80 | opcode, 0x80 | byte(len(payload))}, key...)
	for i, c := range payload {
		b = append(b, c^key[i%4])
	}
	return b
}

// Clients put the fixed header into a frame of its own.
func TestMQTTInWebSocket(t *testing.T) {
	connect := mqttConnectBytes(4, "MQTT", 0xc2, "\x00\x03cam\x00\x01u\x00\x0as3cretMQTT")
	open := dialogue(
		"GET /mqtt HTTP/1.1\nHost: b.example\nUpgrade: WebSocket\nAuthorization: Basic czNjcmV0\nSec-WebSocket-Protocol: mqttv3.1, mqtt\n\n",
		"HTTP/1.1 101 Switching Protocols\nupgrade: websocket\nSec-WebSocket-Protocol: mqtt\n\n",
	)
	list := []segment{
		{false, open.Client}, {true, open.Server},
		{false, webSocketFrame(2, connect[:1])}, {false, webSocketFrame(9, []byte("ping"))},
		{false, webSocketFrame(0, connect[1:10])}, {false, webSocketFrame(0, connect[10:])},
		{true, []byte("\x82\x02\x20\x02")}, {true, []byte("\x82\x02\x00\x00")},
	}
	f, answer := mqttStream(halves(list), nil)
	want := MQTT{Version: "3.1.1", ClientID: "cam", UserNamePresent: true, PasswordPresent: true, Connect: true, WebSocket: true}
	if answer != Matched || !reflect.DeepEqual(*f.MQTT, want) || !f.HTTP.BasicAuth || f.HTTP.Path != "/mqtt" || f.HTTP.Upgrade != "websocket" {
		t.Errorf("%v %s", answer, show(f))
	}
	checkSecret(t, f)
	checkPrefixes(t, mqttStream, list)
	for i := range list {
		s := halves(list[:i])
		s.Final = false
		if f, answer := httpStream(s, nil); answer != NeedMore || f.Protocol != "" {
			t.Errorf("HTTP does not yield after %d segments: %v %s", i, answer, show(f))
		}
	}

	other := dialogue("GET /chat HTTP/1.1\nUpgrade: websocket\n\n", "HTTP/1.1 101 x\nUpgrade: websocket\n\n")
	other.Client = append(other.Client, webSocketFrame(1, []byte("hello"))...)
	if f, answer := mqttStream(other, nil); answer != NoMatch {
		t.Errorf("a chat: %v %s", answer, show(f))
	}
	other.Final = false
	if f, answer := httpStream(other, nil); answer != NeedMore || f.Protocol != ProtoHTTP {
		t.Errorf("a chat as HTTP: %v %s", answer, show(f))
	}
	denied := dialogue("", "HTTP/1.1 403 Forbidden\nContent-Length: 0\n\n")
	denied.Client, denied.Final = open.Client, false
	if f, answer := mqttStream(denied, nil); answer != NoMatch {
		t.Errorf("an upgrade that was denied: %v %s", answer, show(f))
	}
}

func TestWebSocketLengths(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 300)
	b := append([]byte{0x82, 126, 1, 44}, long...)
	b = append(b, 0x82, 127, 0, 0, 0, 0, 0, 0, 1, 44)
	b = append(b, long...)
	if got := webSocketPayload(b); len(got) != 600 {
		t.Errorf("%d bytes", len(got))
	}
	if got := webSocketPayload([]byte{0xc2, 1, 'x'}); len(got) != 0 {
		t.Errorf("a compressed frame was read: %q", got)
	}
	if got := webSocketPayload([]byte{0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 'x'}); string(got) != "x" {
		t.Errorf("a frame of more than there is: %q", got)
	}
}

func FuzzMQTT(f *testing.F) { fuzzStream(f, mqttStream, "mqtt") }
