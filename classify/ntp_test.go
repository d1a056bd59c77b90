package classify

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"spanaudit/flow"
)

// chrony's client on any port leaves all but the transmit timestamp empty.
func TestCapturedNTP(t *testing.T) {
	f, _ := replay(t, ntpDatagram, "ntp/chrony", 40000, 31123)
	want := NTP{Versions: []uint8{4}, Modes: []uint8{3, 4}, Strata: []uint8{3}, ReferenceIDs: []string{"7f7f0101"}, Requests: 1, Responses: 1, Paired: true}
	f.NTP.Offset, f.NTP.Delay = 0, 0 // the replay has no clock
	if f.Protocol != ProtoNTP || !reflect.DeepEqual(*f.NTP, want) {
		t.Errorf("%s", show(f))
	}
	for _, g := range segments(t, "ntp/chrony") {
		for cut := range g.bytes {
			f := Facts{Protocol: Unknown}
			if answer, _ := ntpDatagram(datagram(g.bytes[:cut], 123, 123, false), &f, nil); answer != NoMatch || f.NTP != nil {
				t.Errorf("cut at %d: %v", cut, answer)
			}
		}
	}
}

func TestNTPMessages(t *testing.T) {
	server := segments(t, "ntp/chrony")[1].bytes
	with := func(change func(b []byte)) []byte {
		b := append([]byte(nil), server...)
		change(b)
		return b
	}
	first := func(c byte) []byte { return with(func(b []byte) { b[0] = c }) }
	kiss := with(func(b []byte) { b[1] = 0; copy(b[12:], "RATE") })
	quic, _ := hex.DecodeString("e3" + "00000001" + "08" + "0001020304050607" + "00")
	control, _ := hex.DecodeString("160200010000000000000000")
	answer, _ := hex.DecodeString("1682000100000000000000044c493d30")
	monlist, _ := hex.DecodeString("1700032a00000000")
	for name, c := range map[string]struct {
		b        []byte
		src, dst uint16
		match    bool
		swap     bool
		broken   bool
		want     string // modes and kiss codes
	}{
		"server":                  {server, 123, 80, true, true, false, "[4] []"},
		"server, other ports":     {server, 9000, 9001, true, true, false, "[4] []"},
		"client":                  {first(0x23), 4000, 123, true, false, false, "[3] []"},
		"version 1":               {first(0x0b), 4000, 123, true, false, false, "[3] []"},
		"version 1, other ports":  {first(0x0b), 4000, 4001, false, false, false, ""},
		"version 5":               {first(0x2b), 4000, 123, false, false, false, ""},
		"mode 0":                  {first(0x20), 123, 123, false, false, false, ""},
		"symmetric":               {first(0x19), 123, 123, true, false, false, "[1] []"},
		"kiss":                    {kiss, 123, 4000, true, true, false, "[4] [RATE]"},
		"MD5":                     {append(first(0x23), make([]byte, 20)...), 4000, 123, true, false, false, "[3] []"},
		"extension and SHA1":      {append(append(first(0x23), "\x01\x04\x00\x14"...), make([]byte, 16+24)...), 4000, 123, true, false, false, "[3] []"},
		"odd trailer":             {append(first(0x23), make([]byte, 25)...), 4000, 123, false, false, false, ""},
		"odd trailer between 123": {append(first(0x23), make([]byte, 25)...), 123, 123, true, false, true, "[3] []"},
		"stratum 32":              {with(func(b []byte) { b[1] = 32 }), 123, 4000, false, false, false, ""},
		"slow server elsewhere":   {with(func(b []byte) { b[32] = 1 }), 9000, 9001, false, false, false, ""},
		"QUIC":                    {append(quic, make([]byte, 1185)...), 4000, 123, false, false, false, ""},
		"QUIC on 443":             {append(quic, make([]byte, 1185)...), 4000, 443, false, false, false, ""},
		"control":                 {control, 4000, 123, true, false, false, "[6] []"},
		"control response":        {answer, 123, 4000, true, true, false, "[6] []"},
		"control, other ports":    {control, 4000, 4001, false, false, false, ""},
		"control with less":       {answer[:14], 123, 4000, false, false, false, ""},
		"private":                 {monlist, 4000, 123, true, false, false, "[7] []"},
	} {
		f := Facts{Protocol: Unknown}
		answer, swap := ntpDatagram(datagram(c.b, c.src, c.dst, false), &f, nil)
		if !c.match {
			if answer != NoMatch || f.NTP != nil {
				t.Errorf("%s: %v %s", name, answer, show(f))
			}
			continue
		}
		if answer != Matched || swap != c.swap || f.Malformed != c.broken {
			t.Errorf("%s: %v, swap %v, %s", name, answer, swap, show(f))
			continue
		}
		got := "["
		got += string('0'+rune(f.NTP.Modes[0])) + "] ["
		for _, k := range f.NTP.KissCodes {
			got += k
		}
		if got+"]" != c.want {
			t.Errorf("%s: %s], want %s", name, got, c.want)
		}
	}
}

func FuzzNTP(f *testing.F) {
	for _, g := range segments(f, "ntp/chrony") {
		f.Add(g.bytes, uint16(123), 0)
		f.Add(g.bytes, uint16(9), 4)
	}
	f.Fuzz(func(t *testing.T, b []byte, port uint16, missing int) {
		facts := Facts{Protocol: Unknown}
		d := datagram(b, 4000, port, false)
		d.Missing = max(missing, 0)
		if answer, _ := ntpDatagram(d, &facts, nil); answer == NoMatch != (facts.NTP == nil) {
			t.Errorf("%v %s", answer, show(facts))
		}
	})
}

// An answer that repeats its request's timestamp tells the server's offset from
// the capture's clock, across the wrap of 2036 too.
func TestNTPPairTellsOffsetAndDelay(t *testing.T) {
	for _, unix := range []int64{1_800_000_000, 2_085_978_495} { // the second: a second before the wrap
		asked := flow.Time(unix * 1e9)
		stamp := func(at flow.Time) uint64 {
			return uint64(int64(at)/1e9+ntpEpoch)<<32 | uint64(int64(at)%1e9)<<32/1e9
		}
		message := func(mode byte, stratum byte, origin, received, transmit uint64) []byte {
			b := append([]byte{4<<3 | mode, stratum, 6, 0xE9}, make([]byte, 12)...)
			b = binary.BigEndian.AppendUint64(b, 0)
			b = binary.BigEndian.AppendUint64(b, origin)
			b = binary.BigEndian.AppendUint64(b, received)
			return binary.BigEndian.AppendUint64(b, transmit)
		}
		const secret = 0x0123456789abcdef // clients that mind their privacy send no time
		arrived := asked.Add(1510 * time.Millisecond)
		answered := asked.Add(30 * time.Millisecond)
		client, server := netip.MustParseAddrPort("10.0.0.1:40000"), netip.MustParseAddrPort("10.0.0.5:123")
		f := Facts{Protocol: Unknown}
		ntpDatagram(Datagram{Time: asked, Src: client, Dst: server, Payload: message(ntpClient, 0, 0, 0, secret)}, &f, nil)
		ntpDatagram(Datagram{Time: answered, Src: server, Dst: client, FromServer: true,
			Payload: message(ntpServer, 2, secret, stamp(arrived), stamp(arrived.Add(10*time.Millisecond)))}, &f, nil)
		off := (f.NTP.Offset - 1500*time.Millisecond).Abs()
		if !f.NTP.Paired || off > time.Microsecond || (f.NTP.Delay-20*time.Millisecond).Abs() > time.Microsecond {
			t.Errorf("at %d: paired %v, offset %v, delay %v", unix, f.NTP.Paired, f.NTP.Offset, f.NTP.Delay)
		}
		ntpDatagram(Datagram{Time: answered, Src: server, Dst: client, FromServer: true, Payload: message(ntpServer, 2, 7, 8, 9)}, &f, nil)
		if (f.NTP.Offset - 1500*time.Millisecond).Abs() > time.Microsecond {
			t.Error("an answer to no request was paired")
		}
	}
}

func TestNTSExtensionFieldsAreSeen(t *testing.T) {
	header := append([]byte{4<<3 | ntpClient}, make([]byte, 47)...)
	header[47] = 1
	uid := append([]byte{0x01, 0x04, 0, 36}, make([]byte, 32)...)
	for name, c := range map[string]struct {
		trailer []byte
		want    bool
	}{
		"none":              {nil, false},
		"digest":            {make([]byte, 36), false},
		"unique identifier": {uid, true},
		"and a cookie":      {append(append([]byte{}, uid...), append([]byte{0x02, 0x04, 0, 20}, make([]byte, 16)...)...), true},
	} {
		f := Facts{Protocol: Unknown}
		ntpDatagram(Datagram{Src: netip.MustParseAddrPort("10.0.0.1:40000"), Dst: netip.MustParseAddrPort("10.0.0.5:123"),
			Payload: append(append([]byte{}, header...), c.trailer...)}, &f, nil)
		if f.NTP == nil || f.NTP.NTS != c.want || f.Malformed {
			t.Errorf("%s: %+v", name, f.NTP)
		}
	}
}
