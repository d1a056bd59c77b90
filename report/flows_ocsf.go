package report

import (
	"cmp"
	"encoding/hex"
	"io"
	"net/netip"
	"strconv"
	"strings"

	"spanaudit/classify"
	"spanaudit/flow"
	"spanaudit/rules"
)

// ocsf is the Open Cybersecurity Schema Framework: each record is an event of the
// class Network Activity (4001). Records of DNS, DHCP and HTTP are, too: OCSF's
// own classes for them describe one message, and a record counts those of a
// flow; its next major version drops them in favour of this one. What has no
// attribute in OCSF stands under unmapped as in the other form.
type ocsf struct {
	trust    func(netip.Addr) rules.Trust
	metadata string
	lists    shared
}

// NewOCSFFlowWriter returns a FlowWriter to w that writes events of OCSF. Times
// are milliseconds. trust says what an address is to the site.
func NewOCSFFlowWriter(w io.Writer, tool Tool, trust func(netip.Addr) rules.Trust) *FlowWriter {
	metadata, _ := DocumentLine(ocsfMetadataOf(tool)) // of strings alone
	return newFlowWriter(w, &ocsf{trust: trust, metadata: strings.TrimSuffix(string(metadata), "\n")})
}

func (f *ocsf) record(b *jsonLine, r *classify.Record) {
	b.open("")
	b.number("class_uid", ocsfNetworkActivity)
	b.number("category_uid", ocsfNetwork)
	b.number("activity_id", ocsfTraffic)
	b.number("type_uid", ocsfNetworkActivity*100+ocsfTraffic)
	b.number("severity_id", ocsfInformational)
	b.millis("time", r.Start)
	b.millis("start_time", r.Start)
	b.millis("end_time", r.End)
	b.number("duration", uint64(max(0, millis(r.End)-millis(r.Start))))
	b.key("metadata")
	*b = append(*b, f.metadata...)
	if p := cmp.Or(r.Facts.Protocol, classify.Unknown); p != classify.Unknown {
		b.put("app_protocol_name", string(p))
	}
	b.number("initiator_id", initiator(r.Ground))
	client, server := f.trust(r.Client.Addr.Addr()), f.trust(r.Server.Addr.Addr())
	f.endpoint(b, "src_endpoint", r, &r.Client, client, r.VLAN)
	f.endpoint(b, "dst_endpoint", r, &r.Server, server, 0)
	f.connection(b, r, direction(client, server))
	traffic(b, r)
	f.tls(b, r.TLS)
	mark := b.openOptional("unmapped")
	unmappedNetwork(b, r)
	unmappedTLS(b, r.TLS)
	writeProtocols(b, r)
	b.closeOptional(mark)
	b.close()
}

// initiator is initiator_id: the source, where more than the order of what was
// seen says so.
func initiator(g flow.Ground) uint64 {
	if g == flow.FirstPacket {
		return ocsfUnknown
	}
	return 1
}

func (f *ocsf) endpoint(b *jsonLine, name string, r *classify.Record, h *flow.Half, trust rules.Trust, vlan uint16) {
	b.open(name)
	b.addr("ip", h.Addr.Addr())
	if p := r.Flow.Protocol; p == flow.TCP || p == flow.UDP || p == flow.SCTP {
		b.number("port", uint64(h.Addr.Port()))
	}
	if h.MAC != (flow.MAC{}) {
		b.key("mac")
		*b = append(appendMAC(append(*b, '"'), h.MAC), '"')
	}
	switch trust { // network_scope_id
	case rules.Local:
		b.number("network_scope_id", 1)
	case rules.External, rules.Internet:
		b.number("network_scope_id", 2)
	}
	if vlan != 0 {
		b.put("vlan_uid", strconv.Itoa(int(vlan)))
	}
	b.close()
}

func (f *ocsf) connection(b *jsonLine, r *classify.Record, direction string) {
	b.open("connection_info")
	d, boundary := ocsfDirection(direction)
	b.number("direction_id", d)
	if d == ocsfOther {
		b.put("direction", "External")
	}
	b.number("boundary_id", boundary)
	if boundary == ocsfOther {
		b.put("boundary", "Site Border")
	}
	b.number("protocol_num", uint64(r.Flow.Protocol))
	b.text("protocol_name", transport(r.Flow.Protocol))
	if r.Client.Addr.Addr().Is4() {
		b.number("protocol_ver_id", 4)
	} else {
		b.number("protocol_ver_id", 6)
	}
	b.put("community_uid", r.CommunityID())
	b.close()
}

// ocsfDirection returns direction_id and boundary_id. OCSF knows no direction of
// traffic between two ends outside, and no boundary that a border is.
func ocsfDirection(direction string) (id, boundary uint64) {
	switch direction {
	case "inbound":
		return 1, ocsfOther
	case "outbound":
		return 2, ocsfOther
	case "internal":
		return 3, 2
	case "external":
		return ocsfOther, 3
	}
	return ocsfUnknown, ocsfUnknown
}

func traffic(b *jsonLine, r *classify.Record) {
	b.open("traffic")
	b.number("bytes", r.Client.Bytes+r.Server.Bytes)
	b.number("bytes_out", r.Client.Bytes)
	b.number("bytes_in", r.Server.Bytes)
	if missed := r.Client.Unseen() + r.Server.Unseen(); missed > 0 {
		b.number("bytes_missed", missed)
	}
	b.number("packets", r.Client.Packets+r.Server.Packets)
	b.number("packets_out", r.Client.Packets)
	b.number("packets_in", r.Server.Packets)
	b.close()
}

func (f *ocsf) tls(b *jsonLine, t *classify.TLS) {
	if t == nil {
		return
	}
	b.open("tls")
	b.put("version", ocsfTLSVersion(t.Version))
	if t.ServerHello {
		b.put("cipher", t.CipherSuite.String())
	}
	b.text("sni", t.ServerName)
	if len(t.OfferedSuites) > 0 {
		b.key("client_ciphers")
		*b = append(*b, f.lists.suites(t.OfferedSuites)...)
	}
	fingerprint(b, "ja3_hash", t.JA3)
	fingerprint(b, "ja3s_hash", t.JA3S)
	if c := t.Certificate; c != nil && c.SerialNumber != "" {
		ocsfCertificate(b, c)
	}
	b.close()
	if t.JA4 != "" {
		b.key("ja4_fingerprint_list")
		*b = append(*b, '[')
		b.open("")
		b.number("type_id", 1)
		b.put("type", "JA4")
		b.put("value", t.JA4)
		b.close()
		*b = append(*b, ']')
	}
}

// ocsfTLSVersion writes a version as most who write OCSF do, and what OCSF's
// convention for a required text is where none was seen to be negotiated.
func ocsfTLSVersion(v classify.TLSVersion) string {
	switch v {
	case 0:
		return "Unknown"
	case classify.TLS13:
		return "TLSv1.3"
	case classify.TLS12:
		return "TLSv1.2"
	}
	return strings.ToUpper(v.Protocol()) + "v" + v.String()
}

// fingerprint writes a JA3 or JA3S, which are MD5 digests.
func fingerprint(b *jsonLine, name, value string) {
	if value == "" {
		return
	}
	b.open(name)
	b.number("algorithm_id", ocsfMD5)
	b.put("value", value)
	b.close()
}

func ocsfCertificate(b *jsonLine, c *classify.Certificate) {
	b.open("certificate")
	b.put("serial_number", c.SerialNumber)
	b.put("issuer", c.Issuer)
	b.text("subject", c.Subject)
	b.millis("created_time", c.NotBefore)
	b.millis("expiration_time", c.NotAfter)
	b.key("fingerprints")
	*b = append(*b, '[')
	b.open("")
	b.number("algorithm_id", ocsfSHA256)
	b.put("value", hex.EncodeToString(c.SHA256[:]))
	b.close()
	*b = append(*b, ']')
	if len(c.DNSNames)+len(c.IPAddresses) > 0 {
		b.key("sans")
		*b = append(*b, '[')
		for _, name := range c.DNSNames {
			san(b, name, "DNS")
		}
		for _, a := range c.IPAddresses {
			san(b, a.String(), "IP Address")
		}
		*b = append(*b, ']')
	}
	b.close()
}

func san(b *jsonLine, name, kind string) {
	if (*b)[len(*b)-1] != '[' {
		*b = append(*b, ',')
	}
	b.open("")
	b.put("name", name)
	b.put("type", kind)
	b.close()
}
