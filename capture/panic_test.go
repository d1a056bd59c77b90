package capture

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"spanaudit/flow"
)

// A failure of the decoder costs the frame that it is in, is counted, and nothing
// else: here reassembly has no map to write to.
func TestPanicCostsOneFrame(t *testing.T) {
	good := ether(etherIPv4, ip4(flow.UDP, 0, udp(client4, server4, "good")))
	bad := ether(etherIPv4, fragments4(udp(client4, server4, strings.Repeat("cut ", 40)), 48)[0])
	var d decoder
	var b Batch
	d.init()
	d.fragments = fragments{}
	for i, data := range [][]byte{good, bad, good} {
		d.decode(&frame{data: data, length: len(data), link: linkEthernet, number: uint64(i + 1), time: flow.Time(i)}, &b)
	}
	var numbers []uint64
	for _, p := range b.Packets {
		numbers = append(numbers, p.Frame.Number)
	}
	if !slices.Equal(numbers, []uint64{1, 3}) || d.stats.Decoded != 2 || d.undecoded()["decoder failure"] != 1 {
		t.Errorf("frames %d, %d decoded, undecoded %v", numbers, d.stats.Decoded, d.undecoded())
	}
}

// Frames on which the decoders of gopacket fail cost nothing here, where it decodes
// none: they were found by changing good ones at random.
func TestFramesThatBreakGopacket(t *testing.T) {
	for _, c := range []struct {
		link  uint16
		as    gopacket.Decoder
		frame string
	}{
		{linkEthernet, layers.LayerTypeEthernet, "02000000000702000000000108004500004542420000402f6c400a000001c0000207b0"},
		{linkEthernet, layers.LayerTypeEthernet, "02000000000702000000000108004500005742420000402f6c2e0a000001c0000207100088beae0000"},
		{linkRaw, layers.LayerTypeIPv4, "4500005742420000402f6c2e0a0000f1c0000207100088bede00000910"},
		{linkRaw, layers.LayerTypeIPv4, "4500004542420000402f6c400a000001c00002073001880b00000009"},
		{linkRaw, layers.LayerTypeIPv6, "6000000000252f40fd00000000000000000000000000000120010db800000000000000000000000700"},
		{linkRadiotap, layers.LayerTypeRadioTap, "4500d74742420000402f6c3e0a00"},
		{linkRadiotap, layers.LayerTypeRadioTap, "450000514242000040ad6c520a000001c00002070fa00dd8003da4c460000000000d1140fd"},
		{113, layers.LayerTypeLinuxSLL, "450000534242000040116c500a000001c00002070fa012b5003fc03108000000fb00090002000000"},
		{9, layers.LayerTypePPP, "e2"},
		{9, layers.LayerTypePPP, "ff03"},
	} {
		data, err := hex.DecodeString(c.frame)
		if err != nil {
			t.Fatal(err)
		}
		if !breaks(c.as, data) {
			t.Errorf("%s: gopacket takes it", c.frame)
		}
		_, st := decodeOne(c.link, data, len(data))
		if st.Undecoded["decoder failure"] != 0 || st.Decoded+uint64(len(st.Undecoded)) != 1 {
			t.Errorf("%s: %d decoded, undecoded %v", c.frame, st.Decoded, st.Undecoded)
		}
	}
}

func breaks(as gopacket.Decoder, data []byte) (panics bool) {
	defer func() { panics = recover() != nil }()
	gopacket.NewPacket(data, as, gopacket.DecodeOptions{SkipDecodeRecovery: true})
	return false
}
