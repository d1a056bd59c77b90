package main

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
)

// What the capture lost, or cut off, may be absent from a record; nothing in it
// becomes another.
func TestPitfall31LossInventsNothing(t *testing.T) {
	for _, path := range corpusFiles(t, "captures") {
		header, packets, _ := readPcap(t, path)
		if header == nil {
			continue
		}
		_, _, records := auditFlows(t, path)
		whole := byCommunityID(records)
		for name, left := range map[string][][]byte{
			"cut to 96":        cutTo(header, packets, 96),
			"cut to 128":       cutTo(header, packets, 128),
			"cut to 300":       cutTo(header, packets, 300),
			"every third lost": without(packets, 3, 2),
			"every fifth lost": without(packets, 5, 1),
			"the first lost":   packets[min(5, len(packets)):],
		} {
			_, _, records := auditFlows(t, put(t, "left.pcap", slices.Concat(header, slices.Concat(left...))))
			for id, r := range byCommunityID(records) {
				if whole[id] != nil {
					contradict(t, fmt.Sprintf("%s, %s, flow %s", filepath.Base(path), name, id), whole[id], r)
				}
			}
		}
	}
}

// byCommunityID returns the records of 5-tuples that have one record alone.
func byCommunityID(records []object) map[string]object {
	only := map[string]object{}
	for _, r := range records {
		id := r.text("network.community_id")
		if _, again := only[id]; again {
			r = nil
		}
		only[id] = r
	}
	return only
}

// contradict compares what a record says with what it says of the whole flow. A
// second ClientHello of DTLS differs from the first, and what was a mail
// session before it was TLS is one when the rest is lost.
func contradict(t *testing.T, what string, whole, left object) {
	t.Helper()
	fields := []string{
		"tls.version", "tls.cipher", "tls.curve", "tls.next_protocol", "tls.resumed", "tls.forward_secrecy", "tls.server.ja3s",
		"tls.client.server_name", "tls.client.offered_versions", "mqtt.version", "mqtt.client_id", "quic.version", "dhcp.hostname",
	}
	if p := whole.text("network.protocol"); p != "dtls" && p != "unknown" {
		fields = append(fields, "tls.client.ja3", "tls.client.ja4")
		if whole.text("network.wrapped_by") != "upgrade" && left.text("network.protocol") != "unknown" {
			fields = append(fields, "network.protocol")
		}
	}
	for _, field := range fields {
		was, is := whole.at(field), left.at(field)
		if was != nil && is != nil && canonicalJSON(was) != canonicalJSON(is) {
			t.Errorf("%s: %s is %v, and %v of the whole", what, field, is, was)
		}
	}
}

// cutTo keeps the first bytes of every packet, as a snaplen does.
func cutTo(header []byte, packets [][]byte, size int) (out [][]byte) {
	var order binary.ByteOrder = binary.LittleEndian
	if header[0] == 0xa1 {
		order = binary.BigEndian
	}
	for _, p := range packets {
		n := min(len(p)-16, size)
		p = slices.Clone(p[:16+n])
		order.PutUint32(p[8:], uint32(n))
		out = append(out, p)
	}
	return out
}

// without leaves out one packet of every n.
func without(packets [][]byte, n, which int) (out [][]byte) {
	for i, p := range packets {
		if i%n != which {
			out = append(out, p)
		}
	}
	return out
}
