package capture

import (
	"fmt"
	"strings"
	"testing"

	"spanaudit/flow"
)

func block(o endian, kind uint32, body ...[]byte) []byte {
	b := join(body...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	length := uint32(len(b) + 12)
	return o.AppendUint32(append(o.AppendUint32(o.AppendUint32(nil, kind), length), b...), length)
}

func option(o endian, code uint16, value []byte) []byte {
	b := append(o.AppendUint16(o.AppendUint16(nil, code), uint16(len(value))), value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func sectionBlock(o endian) []byte {
	return block(o, blockSection, o.AppendUint32(nil, byteOrderMagic), o.AppendUint16(o.AppendUint16(nil, 1), 0), o.AppendUint64(nil, ^uint64(0)))
}

func interfaceBlock(o endian, link uint16, snaplen uint32, options ...[]byte) []byte {
	return block(o, blockInterface, o.AppendUint16(nil, link), []byte{0, 0}, o.AppendUint32(nil, snaplen), join(options...))
}

func enhanced(o endian, netif uint32, units uint64, data []byte) []byte {
	b := o.AppendUint32(o.AppendUint32(o.AppendUint32(nil, netif), uint32(units>>32)), uint32(units))
	b = o.AppendUint32(o.AppendUint32(b, uint32(len(data))), uint32(len(data)))
	return block(o, blockEnhancedPacket, b, data)
}

// pcapngFile is one section with one Ethernet interface.
func pcapngFile(o endian, frames ...[]byte) []byte {
	b := join(sectionBlock(o), interfaceBlock(o, 1, 0))
	for i, f := range frames {
		b = append(b, enhanced(o, 0, uint64(1_700_000_000_000_000+i*1000), f)...)
	}
	return b
}

func TestPcapngTimes(t *testing.T) {
	data := ether(etherIPv4, ip4(flow.UDP, 0, udp(client4, server4, "hello")))
	for _, c := range []struct {
		resolution []byte
		offset     int64
		units      uint64
		want       flow.Time
	}{
		{nil, 0, 1_700_000_000_000_123, 1_700_000_000_000_123_000},
		{[]byte{6}, 0, 1_700_000_000_000_123, 1_700_000_000_000_123_000},
		{[]byte{9}, 0, 1_700_000_000_000_000_123, 1_700_000_000_000_000_123},
		{[]byte{0}, 0, 1_700_000_000, 1_700_000_000_000_000_000},
		{[]byte{12}, 0, 1_700_000_123_456_789, 1_700_000_123_456},
		{[]byte{0x80 | 10}, 0, 1_700_000_000<<10 | 512, 1_700_000_000_500_000_000},
		{[]byte{0x80 | 32}, 0, 1_700_000_000<<32 | 1<<31, 1_700_000_000_500_000_000},
		{[]byte{3}, 1_700_000_000, 250, 1_700_000_000_250_000_000},
		{[]byte{6}, -10, 5_000_000, -5_000_000_000},
		{[]byte{0}, 0, ^uint64(0), 1 << 32 * 1e9},
		{[]byte{0}, -1 << 63, 1, -1 << 32 * 1e9},
	} {
		for _, o := range []endian{le, be} {
			t.Run(fmt.Sprintf("%v/%x/%d/%d", o, c.resolution, c.offset, c.units), func(t *testing.T) {
				options := option(o, optionTimeOffset, o.AppendUint64(nil, uint64(c.offset)))
				if c.resolution != nil {
					options = append(options, option(o, optionTimeResolution, c.resolution)...)
				}
				r := readBytes(t, join(sectionBlock(o), interfaceBlock(o, 1, 0, options, option(o, optionEnd, nil)), enhanced(o, 0, c.units, data)))
				if len(r.packets) != 1 || r.packets[0].Frame.Time != c.want {
					t.Errorf("%+v, err %v, wanted time %d", r.packets, r.inputs[0].Err, c.want)
				}
			})
		}
	}
}

// TestPcapngSections reads a file of two sections in different byte orders,
// with every kind of packet block and blocks that hold none.
func TestPcapngSections(t *testing.T) {
	ip := ip4(flow.UDP, 0, udp(client4, server4, "hello"))
	n := uint32(len(ip))
	var file []byte
	for _, o := range []endian{be, le} {
		statistics := func(dropped uint64) []byte {
			return block(o, blockStatistics, make([]byte, 12), option(o, optionReceived, o.AppendUint64(nil, 10)), option(o, optionDropped, o.AppendUint64(nil, dropped)))
		}
		old := join(o.AppendUint16(nil, 1), []byte{0, 0}, o.AppendUint32(nil, 0), o.AppendUint32(nil, 7), o.AppendUint32(nil, n), o.AppendUint32(nil, n))
		file = join(file, sectionBlock(o),
			interfaceBlock(o, linkRaw, 0), interfaceBlock(o, linkIPv4, 0),
			enhanced(o, 0, 5, ip),
			block(o, 4, []byte("names")), block(o, 0x80000001, make([]byte, 400)),
			block(o, blockSimplePacket, o.AppendUint32(nil, n), ip),
			block(o, blockPacket, old, ip),
			statistics(1), statistics(3))
	}
	for _, r := range []result{readBytes(t, file), readFiles(t, file)} {
		if len(r.packets) != 6 || r.inputs[0].Err != nil || r.inputs[0].Format != "pcapng" {
			t.Fatalf("%d packets, %+v", len(r.packets), r.inputs[0])
		}
		var times []flow.Time
		for _, p := range r.packets {
			times = append(times, p.Frame.Time)
		}
		if got := fmt.Sprint(times); got != "[5000 5000 5000 5000 7000 7000]" {
			t.Errorf("times %s", got)
		}
		if r.stats.Dropped != 6 || r.stats.Received != 20 {
			t.Errorf("received %d, dropped %d", r.stats.Received, r.stats.Dropped)
		}
	}
}

func TestSimplePacketIsCutToSnaplen(t *testing.T) {
	ip := ip4(flow.UDP, 0, udp(client4, server4, "hello, world"))
	file := join(sectionBlock(le), interfaceBlock(le, linkRaw, 32), block(le, blockSimplePacket, le.AppendUint32(nil, uint32(len(ip))), ip[:32]))
	r := readBytes(t, file)
	if len(r.packets) != 1 || string(r.packets[0].Payload) != "hell" || r.packets[0].Missing != 8 || r.stats.Cut != 1 {
		t.Errorf("%+v %+v", r.packets, r.stats)
	}
}

func TestDamagedPcapng(t *testing.T) {
	data := ether(etherIPv4, ip4(flow.UDP, 0, udp(client4, server4, "hello")))
	good := pcapngFile(le, data)
	trailer := enhanced(le, 0, 1, data)
	trailer[len(trailer)-1] = 1
	for _, c := range []struct {
		name string
		rest []byte
		want string
	}{
		{"length not a multiple of 4", le.AppendUint32(le.AppendUint32(nil, 6), 33), "claims 33 bytes"},
		{"length of 0", make([]byte, 12), "claims 0 bytes"},
		{"length of 4 GB", le.AppendUint32(le.AppendUint32(nil, 6), 0xfffffffc), "claims 4294967292 bytes"},
		{"other length at the end", trailer, "ends with"},
		{"unknown interface", enhanced(le, 9, 1, data), "interface 9"},
		{"packet longer than its block", block(le, blockEnhancedPacket, make([]byte, 12), le.AppendUint32(nil, 5000), make([]byte, 8)), "claims 5000 bytes"},
		{"resolution beyond 64 bits", interfaceBlock(le, 1, 0, option(le, optionTimeResolution, []byte{20})), "10^-20 s"},
		{"version 2", join(sectionBlock(be)[:13], []byte{2}, sectionBlock(be)[14:]), "version 2, wanted 1"},
		{"section header of 4 bytes", block(le, blockSection, le.AppendUint32(nil, byteOrderMagic)), "wanted 16 or more"},
		{"no byte order", block(le, blockSection, make([]byte, 16)), "byte-order magic"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := readBytes(t, join(good, c.rest, good))
			if err := r.inputs[0].Err; len(r.packets) != 1 || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%d packets, err %v, wanted %q", len(r.packets), err, c.want)
			}
		})
	}
}

func FuzzPcapng(f *testing.F) {
	data := ether(etherIPv4, ip4(flow.UDP, 0, udp(client4, server4, "one")))
	f.Add(pcapngFile(le, data, data))
	f.Add(pcapngFile(be, data))
	f.Add(join(sectionBlock(le), interfaceBlock(le, 101, 32, option(le, optionTimeResolution, []byte{0x83})), block(le, blockSimplePacket, le.AppendUint32(nil, 28), data)))
	f.Fuzz(func(t *testing.T, file []byte) { fuzzFile(t, sectionBlock(le), file) })
}
