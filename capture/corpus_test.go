package capture

import (
	"os"
	"path/filepath"
	"testing"

	"spanaudit/flow"
)

const corpus = "../../shared/corpus"

// TestCorpus holds our counts against tshark 4.0: frames, TCP segments and
// their bytes, UDP datagrams and theirs (those quoted in ICMP errors aside), ARP
// frames other than probes.
func TestCorpus(t *testing.T) {
	for _, c := range []struct {
		name                                       string
		frames, tcp, tcpBytes, udp, udpBytes, arps int
	}{
		{"ndpi__wechat.pcap", 1672, 1433, 537610, 211, 23190, 0},
		{"ndpi__rtsp.pcap", 568, 568, 67396, 0, 0, 0},
		{"pcapplusplus__sll2.pcap", 3, 3, 31, 0, 0, 0},
		{"suricata-verify__output-eve-ftp-data-input.pcap", 1350, 755, 51542, 301, 39235, 93},
		{"wireshark__1920x1080_H.265.pcapng", 807, 30, 4614, 776, 946884, 0},
		{"pcapplusplus__many_interfaces-1.pcapng", 64, 32, 3045, 32, 9433, 0},
		{"trex-core__delay_10_rtp_160k_full.pcap", 1354, 23, 3054, 1331, 1172505, 0},
		{"tcpdump__LINKTYPE_IPV6.pcap", 1, 0, 0, 1, 29, 0},
		{"gopacket__test301.pcapng", 276, 276, 875960, 0, 0, 0},
		{"ndpi__tls_with_huge_ch.pcapng", 428, 428, 90672, 0, 0, 0},
		{"go-dpi__https.cap", 58, 58, 20245, 0, 0, 0},
		{"zeek__var-services-std-ports.pcap", 263, 184, 25805, 75, 8770, 4},
		{"ndpi__quic-mvfst-22_decryption_error.pcap", 11, 0, 0, 11, 3610, 0},
		{"ndpi__anyconnect-vpn.pcap", 589, 422, 76086, 135, 17237, 4},
		{"ndpi__dtls_certificate_fragments.pcap", 26, 0, 0, 26, 9101, 0},
		{"suricata-verify__sip-method-sip.pcap", 691, 57, 814, 590, 68956, 44},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(corpus, "captures", c.name)
			if _, err := os.Stat(path); err != nil {
				t.Skip("the corpus is not here")
			}
			r := readPaths(t, Options{}, path)
			if r.inputs[0].Err != nil {
				t.Error(r.inputs[0].Err)
			}
			got := c
			got.frames, got.tcp, got.tcpBytes, got.udp, got.udpBytes = int(r.stats.Frames), 0, 0, 0, 0
			for _, p := range r.packets {
				switch p.Protocol {
				case flow.TCP:
					got.tcp++
					got.tcpBytes += len(p.Payload) + p.Missing
				case flow.UDP:
					got.udp++
					got.udpBytes += len(p.Payload) + p.Missing
				}
			}
			got.arps = 0
			for _, a := range r.arps {
				if a.IP.Is4() {
					got.arps++
				}
			}
			if got != c {
				t.Errorf("got %+v\nwanted %+v\n%+v", got, c, r.stats)
			}
		})
	}
}

// TestCorpusTunnels counts TCP segments and UDP datagrams by what they came
// wrapped in, against tshark 4.0.
func TestCorpusTunnels(t *testing.T) {
	for _, c := range []struct {
		name, tunnel string
		packets      int
	}{
		{"zeek__erspan.pcap", "gre", 154},
		{"zeek__gre-aruba-amsdu.pcap", "gre", 2},
		{"zeek__geneve-vxlan-dns-truncated.pcap", "geneve/vxlan", 2},
		{"ndpi__dtls.pcap", "gtp", 4},
		{"ndpi__dtls.pcap", "", 20},
		{"pcapplusplus__MplsPackets.pcap", "mpls", 1},
		{"pcapplusplus__one_http_stream_rst.pcap", "pppoe", 10},
		{"suricata-verify__output-eve-ftp-data-input.pcap", "", 1056},
		{"tcpdump__LINKTYPE_PKTAP.pcap", "", 1},
		{"tcpdump__LINKTYPE_USER2_PKTAP.pcap", "", 1},
		{"pcapplusplus__nflogPacket.pcap", "", 1},
		{"ndpi__dlt_ppp.pcap", "", 1},
		{"tcpdump__ieee802.11_htc.pcap", "", 1},
		{"libpcap__http_PPI.pcap", "", 3},
		{"libpcap__arcnet-rfc1051-arp-icmp-http.pcap", "", 9},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(corpus, "captures", c.name)
			if _, err := os.Stat(path); err != nil {
				t.Skip("the corpus is not here")
			}
			got := map[string]int{}
			for _, p := range readPaths(t, Options{}, path).packets {
				if p.Protocol == flow.TCP || p.Protocol == flow.UDP {
					got[p.Tunnel.String()]++
				}
			}
			if got[c.tunnel] != c.packets {
				t.Errorf("got %v, wanted %d in %q", got, c.packets, c.tunnel)
			}
		})
	}
}

// TestHostileCorpus reads captures that were made to break readers.
func TestHostileCorpus(t *testing.T) {
	for _, dir := range []string{"captures", "malformed"} {
		paths, _ := filepath.Glob(filepath.Join(corpus, dir, "*"))
		if len(paths) == 0 {
			t.Skip("the corpus is not here")
		}
		for _, path := range paths {
			if filepath.Ext(path) == ".jsonl" {
				continue
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			stored, streamed := readPaths(t, Options{}, path), readBytes(t, data)
			if n := stored.stats.Undecoded["decoder failure"]; n != 0 {
				t.Errorf("%s: the decoder fails on %d frames", path, n)
			}
			if stored.stats.Frames != streamed.stats.Frames {
				t.Errorf("%s: %d frames stored, %d streamed", path, stored.stats.Frames, streamed.stats.Frames)
			}
		}
	}
}
