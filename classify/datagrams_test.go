package classify

import (
	"net/netip"
	"strings"
	"testing"
)

// A message of RFC 5769, section 2.1.
const stunRequestBytes = "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74" +
	"002400046e0001ff80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57b3bcf"

const (
	snmpV1 = "302602010004067075626c6963a01902010102010002010030" + "0e300c06082b060102010101000500"
	snmpV3 = "303e020103301102" + "0430f6f3d5020300ffe30401040201030410300e0400020100020100040004000400" +
		"301404000400a00e02040b30f5d80201000201003000"
	dhcpv6Solicit = "011008740001000e000100011c39cf88080027fe8f9500060004001700180008000200000019000c27fe8f9500000e1000001518"
	ikeInit       = "1111111111111111" + "0000000000000000" + "21202208" + "00000000" + "00000020" + "00000004"
)

// exchange is a datagram flow between two ports, the client's and the server's;
// every second message is an answer.
type exchange struct {
	client, server uint16
	messages       []string
}

// play gives an exchange to the datagram classifiers as the Analyzer does.
func (e exchange) play() (f Facts, answers []Answer, swaps int) {
	f.Protocol = Unknown
	spoken := -1
	for i, m := range e.messages {
		d := Datagram{
			Src: netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), e.client), Dst: netip.AddrPortFrom(netip.MustParseAddr("10.0.0.2"), e.server),
			Payload: []byte(m), FromServer: i%2 == 1,
		}
		if d.FromServer {
			d.Src, d.Dst = d.Dst, d.Src
		}
		var answer Answer
		var swap bool
		answer, swap, spoken = askDatagram(datagrams(), d, &f, &Learned{}, spoken)
		if swap {
			swaps++
		}
		answers = append(answers, answer)
	}
	return f, answers, swaps
}

func exchanges(t testing.TB) map[string]struct {
	exchange
	want Protocol
} {
	var srt []string
	for _, g := range segments(t, "srt/ffmpeg")[:4] {
		srt = append(srt, string(g.bytes))
	}
	initiation := "\x01\x00\x00\x00" + strings.Repeat("\x5a", 148-4-16) + strings.Repeat("\x00", 16)
	response := "\x02\x00\x00\x00" + strings.Repeat("\x5b", 92-4-16) + strings.Repeat("\x00", 16)
	return map[string]struct {
		exchange
		want Protocol
	}{
		"TURN channel":   {exchange{50000, 3478, []string{unhex(stunRequestBytes), "\x40\x00\x00\x6c" + unhex(stunRequestBytes)}}, ProtoSTUN},
		"STUN":           {exchange{50000, 3478, []string{unhex(stunRequestBytes), unhex("0101000c2112a442" + "b7e7a701bc34d686fa87dfae" + "002000080001a147e112a643")}}, ProtoSTUN},
		"SRT":            {exchange{50000, 9000, srt}, ProtoSRT},
		"SIP":            {exchange{5060, 5060, []string{"INVITE sip:bob@biloxi.com SIP/2.0\r\nCSeq: 314159 INVITE\r\n\r\n", "SIP/2.0 180 Ringing\r\n\r\n", "\r\n\r\n"}}, ProtoSIP},
		"RTSP":           {exchange{50000, 554, []string{"OPTIONS rtspu://a/ RTSP/1.0\r\nCSeq: 1\r\n\r\n", "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n", "\r\n"}}, ProtoRTSP},
		"SSDP search":    {exchange{50000, 1900, []string{"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nST: ssdp:all\r\n\r\n"}}, ProtoSSDP},
		"SSDP answer":    {exchange{50000, 50001, []string{"", "HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:1\r\n\r\n"}}, ProtoSSDP},
		"SSDP notify":    {exchange{1900, 1900, []string{"NOTIFY * HTTP/1.1\r\nNTS: ssdp:alive\r\n\r\n"}}, ProtoSSDP},
		"ONVIF probe":    {exchange{50000, 3702, []string{onvifProbe}}, ProtoWSDiscovery},
		"NAT-PMP":        {exchange{50000, 5351, []string{"\x00\x00", "\x00\x80\x00\x00\x00\x00\x00\x01\x01\x02\x03\x04"}}, ProtoNATPMP},
		"NAT-PMP map":    {exchange{50000, 5351, []string{"\x00\x01" + strings.Repeat("\x00", 10), "\x00\x81" + strings.Repeat("\x00", 14)}}, ProtoNATPMP},
		"CoAP blocks":    {exchange{50000, 5683, []string{"\x48\x02\x00\x01token678\xd0\x00\xe0\x00\x10\x0d\x01" + strings.Repeat("a", 14) + "\xff1", "\x60\x00\x00\x01"}}, ProtoCoAP},
		"PCP":            {exchange{50000, 5351, []string{"\x02\x01" + strings.Repeat("\x00", 58)}}, ProtoPCP},
		"SNMP 1":         {exchange{50000, 161, []string{unhex(snmpV1)}}, ProtoSNMP},
		"SNMP 3":         {exchange{50000, 161, []string{unhex(snmpV3)}}, ProtoSNMP},
		"TFTP":           {exchange{50000, 69, []string{"\x00\x01boot.bin\x00octet\x00"}}, ProtoTFTP},
		"syslog":         {exchange{50000, 514, []string{"<34>Oct 11 22:14:15 mymachine su: 'su root' failed"}}, ProtoSyslog},
		"syslog 5424":    {exchange{50000, 5140, []string{"<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47"}}, ProtoSyslog},
		"CoAP":           {exchange{50000, 5683, []string{"\x40\x01\x7d\x34\xbbtemperature", "\x60\x45\x7d\x34\xff22.3 C"}}, ProtoCoAP},
		"WireGuard":      {exchange{50000, 51820, []string{initiation, response, "\x04\x00\x00\x00" + strings.Repeat("\x01", 28)}}, ProtoWireGuard},
		"IKE":            {exchange{500, 500, []string{unhex(ikeInit)}}, ProtoIKE},
		"IKE behind NAT": {exchange{50000, 4500, []string{"\x00\x00\x00\x00" + unhex(ikeInit), "\x00\x00\x10\x00" + strings.Repeat("\x01", 40), "\xff"}}, ProtoIKE},
		"ESP in UDP":     {exchange{4500, 4500, []string{"\x00\x00\x10\x00" + strings.Repeat("\x01", 40)}}, ProtoESP},
		"OpenVPN":        {exchange{50000, 1194, []string{"\x38SESSION1\x00\x00\x00\x00\x00", "\x40session2\x01\x00\x00\x00\x00SESSION1\x00\x00\x00\x00", "\x20SESSION1\x00"}}, ProtoOpenVPN},
		"NetBIOS name":   {exchange{137, 137, []string{unhex("822801100001000000000000") + "\x20EJFDEBFEEBFACACACACACACACACACAAA\x00" + unhex("00200001")}}, ProtoNBNS},
		"NetBIOS data":   {exchange{138, 138, []string{unhex("1102803a0a000001008a00bb0000")}}, ProtoNBDS},
		"DHCPv6":         {exchange{546, 547, []string{unhex(dhcpv6Solicit)}}, ProtoDHCPv6},
	}
}

const onvifProbe = `<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" ` +
	`xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl">` +
	`<e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>`

func TestDatagrams(t *testing.T) {
	for name, c := range exchanges(t) {
		f, answers, swaps := c.play()
		if f.Protocol != c.want || swaps > 0 || f.Malformed {
			t.Errorf("%s: %s, %d swaps", name, show(f), swaps)
		}
		for i, a := range answers {
			if a == NoMatch && c.messages[i] != "" {
				t.Errorf("%s: message %d was not recognised", name, i)
			}
		}
	}
}

// Every strict prefix of a first message, which no capture cut off, is either
// the same protocol or none.
func TestDatagramPrefixes(t *testing.T) {
	for name, c := range exchanges(t) {
		for cut := range c.messages[0] {
			e := c.exchange
			e.messages = []string{c.messages[0][:cut]}
			if f, _, _ := e.play(); f.Protocol != Unknown && f.Protocol != c.want {
				t.Errorf("%s cut at %d: %s", name, cut, show(f))
			}
		}
	}
}

// An answer tells who the server is when the capture began with it.
func TestAnswersTellTheServer(t *testing.T) {
	for name, e := range map[string]exchange{
		"SNMP":    {161, 50000, []string{strings.Replace(unhex(snmpV1), "\xa0\x19", "\xa2\x19", 1)}},
		"RTSP":    {554, 50000, []string{"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"}},
		"SSDP":    {1900, 50000, []string{"HTTP/1.1 200 OK\r\nST: a\r\nUSN: b\r\n\r\n"}},
		"DHCPv6":  {547, 546, []string{"\x07" + unhex(dhcpv6Solicit)[1:]}},
		"NAT-PMP": {5351, 50000, []string{"\x00\x80\x00\x00\x00\x00\x00\x01\x01\x02\x03\x04"}},
		"OpenVPN": {1194, 50000, []string{"\x40session2\x00\x00\x00\x00\x00"}},
	} {
		if f, _, swaps := e.play(); swaps != 1 || f.Protocol == Unknown {
			t.Errorf("%s: %d swaps, %s", name, swaps, show(f))
		}
	}
}

func TestSNMPCommunityIsALogin(t *testing.T) {
	for _, c := range []struct {
		message string
		login   bool
	}{{snmpV1, true}, {strings.Replace(snmpV1, "020100", "020101", 1), true}, {snmpV3, false}} {
		f, _, _ := exchange{50000, 161, []string{unhex(c.message)}}.play()
		if f.Protocol != ProtoSNMP || (f.Login != nil) != c.login || strings.Contains(show(f), "public") {
			t.Errorf("%s", show(f))
		}
	}
}

// What looks alike is not taken for it.
func TestDatagramNearMisses(t *testing.T) {
	rtp := "\x80\x00\x00\x00" + "\x00\x00\x00\x00" + "\x12\x34\x56\x78"
	for name, c := range map[string]struct {
		exchange
		want Protocol
	}{
		"QUIC short header on port 123":    {exchange{123, 50000, []string{"\x5b" + strings.Repeat("\xa7", 60)}}, Unknown},
		"RTP with all fields zero":         {exchange{50000, 9000, []string{rtp + strings.Repeat("\xd5", 160)}}, Unknown},
		"STUN with another length":         {exchange{50000, 3478, []string{unhex(stunRequestBytes) + "\x00"}}, Unknown},
		"STUN without its cookie":          {exchange{50000, 3478, []string{"\x00\x01\x00\x00\x00\x00\x00\x00abcdefghijkl"}}, Unknown},
		"ChannelData without STUN":         {exchange{50000, 3478, []string{"\x40\x00\x00\x03abc"}}, Unknown},
		"HTTP answer without USN":          {exchange{50000, 1900, []string{"HTTP/1.1 200 OK\r\nServer: a\r\n\r\n"}}, Unknown},
		"a text about RTSP":                {exchange{50000, 554, []string{"see RTSP/1.0\r\n\r\n"}}, Unknown},
		"SOAP that is no discovery":        {exchange{50000, 3702, []string{`<?xml version="1.0"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"/>`}}, Unknown},
		"NAT-PMP on another port":          {exchange{50000, 5555, []string{"\x00\x00"}}, Unknown},
		"CoAP on another port":             {exchange{50000, 5555, []string{"\x40\x01\x7d\x34\xbbtemperature"}}, Unknown},
		"CoAP of a reserved class":         {exchange{50000, 5683, []string{"\x40\x21\x7d\x34"}}, Unknown},
		"TFTP on another port":             {exchange{50000, 70, []string{"\x00\x01boot.bin\x00octet\x00"}}, Unknown},
		"syslog on another port":           {exchange{50000, 5140, []string{"<34>Oct 11 22:14:15 mymachine su: failed"}}, Unknown},
		"a priority that does not exist":   {exchange{50000, 514, []string{"<192>a"}}, Unknown},
		"OpenVPN on another port":          {exchange{50000, 5555, []string{"\x38SESSION1\x00\x00\x00\x00\x00"}}, Unknown},
		"WireGuard data without handshake": {exchange{50000, 51820, []string{"\x04\x00\x00\x00" + strings.Repeat("\x01", 28)}}, Unknown},
		"WireGuard of another length":      {exchange{50000, 51820, []string{"\x01\x00\x00\x00" + strings.Repeat("\x00", 143)}}, Unknown},
		"IKE of another length":            {exchange{500, 500, []string{unhex(ikeInit) + "\x00"}}, Unknown},
		"ESP to a NAT's port":              {exchange{50000, 4500, []string{"\x00\x00\x10\x00" + strings.Repeat("\x01", 40)}}, Unknown},
		"BER that is no SNMP":              {exchange{50000, 161, []string{"\x30\x06\x02\x01\x05\x04\x01a"}}, Unknown},
		"SNMP with a tail":                 {exchange{50000, 161, []string{unhex(snmpV1) + "\x00"}}, Unknown},
		"DHCPv6 on another port":           {exchange{50000, 50001, []string{unhex(dhcpv6Solicit)}}, Unknown},
		"DHCPv6 with a broken option":      {exchange{546, 547, []string{unhex(dhcpv6Solicit)[:40]}}, Unknown},
		"a DNS query on port 137":          {exchange{50000, 137, []string{unhex("123401000001000000000000") + "\x01a\x03com\x00" + unhex("00010001")}}, Unknown},
		"an empty datagram":                {exchange{50000, 50001, []string{"", ""}}, Unknown},
	} {
		if f, _, _ := c.play(); f.Protocol != c.want || f.Login != nil {
			t.Errorf("%s: %s", name, show(f))
		}
	}
}

// WebRTC sends STUN and media on one flow; STUN does not keep it.
func TestSTUNLeavesTheFlow(t *testing.T) {
	messages := []string{unhex(stunRequestBytes), unhex(stunRequestBytes)}
	for i := range 2 * rtpRunLength {
		messages = append(messages, "\x80\x60\x00"+string(rune(i))+"\x00\x00\x00"+string(rune(i))+"\x12\x34\x56\x78payload")
	}
	if f, _, _ := (exchange{50000, 50001, messages}).play(); f.Protocol != ProtoRTP {
		t.Error(show(f))
	}
}

// FuzzDatagrams holds what every datagram classifier promises: nothing but what
// it recognises changes the facts.
func FuzzDatagrams(f *testing.F) {
	for _, e := range exchanges(f) {
		for _, m := range e.messages {
			f.Add([]byte(m), e.client, e.server, uint8(0))
		}
	}
	f.Fuzz(func(t *testing.T, payload []byte, src, dst uint16, flags uint8) {
		d := Datagram{
			Src: netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), src), Dst: netip.AddrPortFrom(netip.MustParseAddr("10.0.0.2"), dst),
			Payload: payload, FromServer: flags&1 != 0, Missing: int(flags >> 1),
		}
		for i, classify := range datagrams() {
			for _, before := range []Protocol{Unknown, ProtoSTUN, ProtoSRT, ProtoIKE, ProtoWireGuard, ProtoSIP} {
				facts := Facts{Protocol: before}
				answer, swap := classify(d, &facts, &Learned{})
				if answer == NoMatch && (facts.Protocol != before || facts.Login != nil || swap) || answer == Matched && facts.Protocol == Unknown {
					t.Errorf("classifier %d answers %v with %s, swap %v", i, answer, show(facts), swap)
				}
			}
		}
	})
}

// What hosts ask of a router, and what it grants.
func TestPortMapping(t *testing.T) {
	natPMP := func(opcode, lifetime string) string {
		return "\x00" + opcode + "\x00\x00\x02\x2a\x21\x6a\x00\x00\x0e" + lifetime
	}
	pcp := func(opcode, lifetime, transport string) string {
		return "\x02" + opcode + "\x00\x00\x00\x00\x0e" + lifetime + strings.Repeat("\x00", 16) + strings.Repeat("\x01", 12) + transport + "\x00\x00\x00\x02\x2a\x21\x6a" + strings.Repeat("\x00", 16)
	}
	for name, c := range map[string]struct {
		messages []string
		want     PortMapping
	}{
		"NAT-PMP, TCP":     {[]string{natPMP("\x02", "\x10")}, PortMapping{Mapped: true, Internal: 554, External: 8554, Lifetime: 3600, Transport: 6}},
		"NAT-PMP, UDP":     {[]string{natPMP("\x01", "\x10")}, PortMapping{Mapped: true, Internal: 554, External: 8554, Lifetime: 3600, Transport: 17}},
		"NAT-PMP, deleted": {[]string{"\x00\x01\x00\x00\x02\x2a" + strings.Repeat("\x00", 6)}, PortMapping{}},
		"NAT-PMP, granted": {[]string{"\x00\x82\x00\x00\x00\x00\x00\x01\x02\x2a\x21\x6a\x00\x00\x0e\x10"}, PortMapping{Mapped: true, Confirmed: true, Internal: 554, External: 8554, Lifetime: 3600, Transport: 6}},
		"NAT-PMP, refused": {[]string{"\x00\x82\x00\x02\x00\x00\x00\x01\x02\x2a\x21\x6a\x00\x00\x0e\x10"}, PortMapping{}},
		"NAT-PMP, address": {[]string{"\x00\x00"}, PortMapping{}},
		"PCP MAP":          {[]string{pcp("\x01", "\x10", "\x11")}, PortMapping{Mapped: true, Internal: 554, External: 8554, Lifetime: 3600, Transport: 17}},
		"PCP PEER":         {[]string{pcp("\x02", "\x10", "\x11")}, PortMapping{PeerMessages: true}},
		"PCP ANNOUNCE":     {[]string{"\x02\x00" + strings.Repeat("\x00", 22)}, PortMapping{}},
	} {
		var f Facts
		for _, m := range c.messages {
			d := Datagram{Src: netip.MustParseAddrPort("10.0.0.2:50000"), Dst: netip.MustParseAddrPort("10.0.0.1:5351"), Payload: []byte(m)}
			if a, _ := portMappingDatagram(d, &f, nil); a != Matched {
				t.Errorf("%s: not recognised", name)
			}
		}
		if f.PortMapping == nil || *f.PortMapping != c.want {
			t.Errorf("%s: %+v; %+v is wanted", name, f.PortMapping, c.want)
		}
	}
}

// What opened the way for DTLS is remembered: media behind STUN is WebRTC's.
func TestSTUNIsRemembered(t *testing.T) {
	hello := ""
	for _, g := range segments(t, "dtls/dtls12.0")[:1] {
		hello = string(g.bytes)
	}
	f, _, _ := exchange{50000, 3478, []string{unhex(stunRequestBytes), hello}}.play()
	if f.Protocol != ProtoDTLS || !f.STUN {
		t.Errorf("%s, STUN %v", f.Protocol, f.STUN)
	}
	if f, _, _ := (exchange{50000, 3478, []string{hello}}).play(); f.Protocol != ProtoDTLS || f.STUN {
		t.Errorf("DTLS alone: %s, STUN %v", f.Protocol, f.STUN)
	}
}
