package classify

import (
	"encoding/binary"
	"net/netip"
	"reflect"
	"testing"

	"spanaudit/flow"
)

// dhcpBytes makes a message of the op with the options as they are; the name
// and file fields serve overload.
func dhcpBytes(op byte, yiaddr [4]byte, file, options string) []byte {
	b := make([]byte, 236, 400)
	b[0], b[1], b[2] = op, 1, 6
	copy(b[16:], yiaddr[:])
	copy(b[28:], []byte{2, 0, 0, 0, 0, 7})
	copy(b[108:], file)
	return append(binary.BigEndian.AppendUint32(b, dhcpMagicCookie), options...)
}

func TestDHCPExchange(t *testing.T) {
	addr := netip.MustParseAddr
	mac := flow.MAC{2, 0, 0, 0, 0, 7}
	var f Facts
	var l Learned
	request := dhcpBytes(1, [4]byte{}, "", "\x35\x01\x03\x32\x04\xc0\x00\x02\x0a\x00\x0c\x03cam\x3d\x07\x01\x02\x00\x00\x00\x00\x07\x36\x04\xc0\x00\x02\x01\xff")
	ack := dhcpBytes(2, [4]byte{192, 0, 2, 10}, "\x2a\x04\xc0\x00\x02\x7b\xff", "\x35\x01\x05\x34\x01\x01\x33\x04\x00\x00\x0e\x10\x36\x04\xc0\x00\x02\x01\x2a\x04\xc0\x00\x02\x7a\xff")
	for i, d := range []Datagram{datagram(request, 68, 67, false), datagram(ack, 67, 68, true)} {
		if answer, swap := dhcpDatagram(d, &f, &l); answer != Matched || swap {
			t.Errorf("message %d: %v, swap %v", i, answer, swap)
		}
	}
	if want := (DHCP{[]uint8{3, 5}, addr("192.0.2.10"), "cam", "01020000000007"}); f.Protocol != ProtoDHCP || !reflect.DeepEqual(*f.DHCP, want) || f.Malformed {
		t.Errorf("%s", show(f))
	}
	want := []Lease{
		{MessageType: 3, ClientMAC: mac, ClientID: "01020000000007", HostName: "cam", Requested: addr("192.0.2.10"), Server: addr("192.0.2.1")},
		{MessageType: 5, ClientMAC: mac, YourIP: addr("192.0.2.10"), Server: addr("192.0.2.1"), LeaseTime: 3600, NTPServers: []netip.Addr{addr("192.0.2.122"), addr("192.0.2.123")}},
	}
	if !reflect.DeepEqual(l.Leases, want) {
		t.Errorf("got  %+v\nwant %+v", l.Leases, want)
	}
}

func TestDHCPMessages(t *testing.T) {
	discover := dhcpBytes(1, [4]byte{}, "", "\x35\x01\x01\x32\x04\x00\x00\x00\x00\xff")
	var f Facts
	var l Learned
	dhcpDatagram(datagram(discover, 68, 67, false), &f, &l)
	if !f.DHCP.RequestedIP.IsUnspecified() || l.Leases[0].Requested.IsValid() {
		t.Errorf("a request for 0.0.0.0: %s %+v", show(f), l.Leases)
	}
	for cut := range discover {
		f := Facts{Protocol: Unknown}
		answer, _ := dhcpDatagram(datagram(discover[:cut], 4000, 4001, false), &f, &Learned{})
		if (answer == Matched) != (cut >= 240) || answer == NoMatch && f.DHCP != nil {
			t.Errorf("cut at %d: %v", cut, answer)
		}
	}
	snapped := datagram(discover[:54], 68, 67, false)
	snapped.Missing = len(discover) - 54
	f = Facts{}
	if answer, _ := dhcpDatagram(snapped, &f, &Learned{}); answer != Matched || len(f.DHCP.MessageTypes) != 0 || f.Malformed {
		t.Errorf("cut by the capture: %v %s", answer, show(f))
	}
	f = Facts{}
	if answer, swap := dhcpDatagram(datagram(dhcpBytes(2, [4]byte{}, "", "\x35\x01"), 67, 68, false), &f, &Learned{}); answer != Matched || !swap || !f.Malformed {
		t.Errorf("a reply from the client with a broken option: %v %v %s", answer, swap, show(f))
	}
	bootp := dhcpBytes(1, [4]byte{}, "", "")
	bootp[236] = 0
	if answer, _ := dhcpDatagram(datagram(bootp, 68, 67, false), &f, &Learned{}); answer != NoMatch {
		t.Errorf("BOOTP: %v", answer)
	}
}

func FuzzDHCP(f *testing.F) {
	f.Add(dhcpBytes(1, [4]byte{}, "\x0c\x01a", "\x35\x01\x03\x34\x01\x03\x2a\x08\xc0\x00\x02\x0a\xc0\x00\x02\x0b\xff"), 0)
	f.Add(dhcpBytes(2, [4]byte{1, 2, 3, 4}, "", "\x35\x01")[:100], 300)
	f.Fuzz(func(t *testing.T, b []byte, missing int) {
		facts, l := Facts{Protocol: Unknown}, Learned{}
		d := datagram(b, 68, 67, false)
		d.Missing = max(missing, 0)
		if answer, _ := dhcpDatagram(d, &facts, &l); answer == Matched != (len(l.Leases) == 1) {
			t.Errorf("%v %+v", answer, l.Leases)
		}
	})
}
