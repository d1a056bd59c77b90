package flow

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

// sample is a flow with something in each field that is coded.
func sample() Flow {
	at := Time(1_700_000_000 * int64(time.Second))
	half := func(n uint64) Half {
		return Half{
			Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(n)}), 40000), MAC: MAC{2, byte(n)}, TTL: uint8(64 - n), SYN: true, FIN: n == 1, RST: n == 2,
			BadChecksums: uint8(n), Retransmitted: uint32(n), Cut: uint32(2 * n), Packets: 3 * n, Bytes: 400 * n, Payload: 300 * n,
			First: Frame{Input: 1, Number: 100 + n, Time: at}, Relay: &Relay{MAC{3, byte(n)}, Frame{Input: 1, Number: 200 + n, Time: at.Add(time.Second)}},
			tcp: stream{joined: n == 1, acked: n == 2, holes: 7 * n},
		}
	}
	f := Flow{
		Protocol: TCP, Ground: Handshake, Reason: EndOfFlow, Starved: true, VLAN: 20, InnerVLAN: 30, Tunnel: 1, Start: at, End: at.Add(time.Hour),
		Client: half(1), Server: half(2), order: 77,
	}
	f.Server.Addr = netip.MustParseAddrPort("[2001:db8::9]:443")
	return f
}

// code codes some of everything, whichever way c goes.
func code(c *Codec, v *everything) {
	c.Flow(&v.flow)
	c.Flow(&v.bare)
	c.ARP(&v.claim)
	c.Time(&v.time)
	Int(c, &v.number)
	Text(c, &v.text)
	Text(c, &v.again)
	List(c, &v.list, Text)
	List(c, &v.empty, Text)
	List(c, &v.none, Text)
	Optional(c, &v.there, Uint)
	Optional(c, &v.absent, Uint)
	c.Bools(&v.yes, &v.no)
	c.Addr(&v.noAddr)
}

type everything struct {
	flow, bare        Flow
	claim             ARP
	time              Time
	number            int
	text, again       string
	list, empty, none []string
	there, absent     *uint16
	yes, no           bool
	noAddr            netip.Addr
}

func written() (everything, []byte) {
	n := uint16(9)
	v := everything{
		flow: sample(), bare: Flow{Start: 5, End: 6}, claim: ARP{Frame: Frame{Number: 9, Time: 7}, IP: netip.MustParseAddr("10.0.0.1"), MAC: MAC{1}, VLAN: 4},
		time: -1, number: -1 << 40, text: "camera", again: "camera", list: []string{"", strings.Repeat("x", 200), "camera"}, empty: []string{}, there: &n, yes: true,
	}
	var c Codec
	code(&c, &v)
	return v, c.Bytes()
}

func TestWhatIsReadIsWhatWasWritten(t *testing.T) {
	want, b := written()
	c, err := NewDecoder(b)
	if err != nil {
		t.Fatal(err)
	}
	var got everything
	if code(c, &got); c.Err() != nil || c.Len() != 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %d bytes left\n%+v\nas against\n%+v", c.Err(), c.Len(), got, want)
	}
	c, _ = NewDecoder(b)
	c.InputsFrom = 10
	code(c, &got)
	if got.flow.Client.First.Input != 11 || got.bare.Client.First != (Frame{}) {
		t.Errorf("inputs from 10 on: %+v, and of no frame %+v", got.flow.Client.First, got.bare.Client.First)
	}
}

// What is cut off anywhere, or has another byte anywhere, gives an error or other
// values, and no more of them than its bytes can hold.
func TestDamagedCode(t *testing.T) {
	_, b := written()
	for n := range len(b) {
		c, err := NewDecoder(b[:n])
		if err != nil {
			continue
		}
		if code(c, &everything{}); c.Err() == nil {
			t.Errorf("%d of %d bytes are enough", n, len(b))
		}
	}
	for i := range b {
		for _, v := range []byte{0, 1, 0x7f, 0x80, 0xff} {
			damaged := append(append(append([]byte{}, b[:i]...), v), b[i+1:]...)
			if c, err := NewDecoder(damaged); err == nil {
				var got everything
				if code(c, &got); len(got.list) > len(b) || len(got.text) > len(b) {
					t.Fatalf("byte %d as %d: %d texts, one of %d bytes", i, v, len(got.list), len(got.text))
				}
			}
		}
	}
	for name, b := range map[string][]byte{"empty": nil, "of version 0": {0, 1}, "of a version to come": {CodecVersion + 1, 1}} {
		if _, err := NewDecoder(b); err == nil {
			t.Errorf("%s: it is read", name)
		}
	}
}

func TestACodecIsUsedAgain(t *testing.T) {
	_, want := written()
	want = append([]byte{}, want...)
	var c Codec
	for range 3 {
		v, _ := written()
		if code(&c, &v); string(c.Bytes()) != string(want) || c.Reading() || !c.Since(CodecVersion) {
			t.Fatal("it writes something else the next time")
		}
		c.Reset()
	}
	if c.Len() != 0 {
		t.Errorf("%d bytes after Reset", c.Len())
	}
}

// A flag that a later version added was not set in what an earlier one wrote.
func TestWhatIsOlderIsRead(t *testing.T) {
	c, err := NewDecoder([]byte{1, 1})
	if err != nil {
		t.Fatal(err)
	}
	var first, added bool
	if c.Bools(&first, &added); c.Err() != nil || !first || added || c.Since(2) {
		t.Errorf("%v: %v %v", c.Err(), first, added)
	}
	c, _ = NewDecoder([]byte{1, 4})
	if c.Bools(&first, &added); c.Err() == nil {
		t.Error("a flag that nobody knows is read")
	}
}
