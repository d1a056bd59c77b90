package classify

import (
	"encoding/hex"
	"reflect"
	"testing"
)

// chrony's client on any port leaves all but the transmit timestamp empty.
func TestCapturedNTP(t *testing.T) {
	f, _ := replay(t, ntpDatagram, "ntp/chrony", 40000, 31123)
	want := NTP{Versions: []uint8{4}, Modes: []uint8{3, 4}, Strata: []uint8{3}, ReferenceIDs: []string{"7f7f0101"}, Requests: 1, Responses: 1}
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
