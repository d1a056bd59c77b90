package classify

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
)

const (
	maxTransports = 8  // alternatives of one Transport header
	maxSetups     = 32 // of one connection
)

// rtspExchange is what a request or a response brings to the agreement on a
// transport. Requests and responses are joined by CSeq (RFC 2326, section
// 12.17).
type rtspExchange struct {
	server     bool // in the server's half
	cseq       string
	status     int
	transports []Setup
}

// joinSetups pairs each SETUP with its answer. A request that was refused, with
// 401 for instance, sets nothing up; one that was not answered as far as was
// seen keeps every transport that it offered; an answer whose request was not
// seen stands alone.
func joinSetups(requests, responses []rtspExchange) []Setup {
	var setups []Setup
	used := make([]bool, len(responses))
	for _, q := range requests {
		i := answerTo(q, responses, used)
		switch {
		case i < 0:
			for _, t := range q.transports {
				setups = addOnce(setups, t, maxSetups)
			}
			continue
		case responses[i].status < 300:
			for _, t := range responses[i].transports {
				setups = addOnce(setups, agree(t, q.transports), maxSetups)
			}
		}
		used[i] = true
	}
	for i, r := range responses {
		if used[i] || r.status >= 300 {
			continue
		}
		for _, t := range r.transports {
			setups = addOnce(setups, agree(t, nil), maxSetups)
		}
	}
	return setups
}

// answerTo returns the index of the first unused response to q, or −1.
func answerTo(q rtspExchange, responses []rtspExchange, used []bool) int {
	for i, r := range responses {
		if !used[i] && r.server != q.server && r.cseq == q.cseq {
			return i
		}
	}
	return -1
}

// agree completes the transport that a response chose by what the request said
// of the same transport, because servers leave out what they merely accept.
func agree(t Setup, offered []Setup) Setup {
	t.Answered = true
	for _, o := range offered {
		if o.Transport != t.Transport {
			continue
		}
		if t.ClientPorts == [2]uint16{} {
			t.ClientPorts = o.ClientPorts
		}
		if !t.Destination.IsValid() {
			t.Destination = o.Destination
		}
		if t.TTL == 0 {
			t.TTL = o.TTL
		}
		break
	}
	return t
}

// parseTransports reads a Transport header (RFC 2326, section 12.39; RFC 7826,
// section 18.54): alternatives split by commas, parameters by semicolons.
// hosts are the destinations as they were written.
func parseTransports(value []byte) (setups []Setup, hosts []string) {
	for spec := range splitQuoted(value, ',') {
		if len(setups) == maxTransports {
			break
		}
		s, host := parseTransport(spec)
		setups = append(setups, s)
		if host != "" {
			hosts = append(hosts, host)
		}
	}
	return setups, hosts
}

func parseTransport(spec []byte) (s Setup, host string) {
	multicast, tcp, first := false, false, true
	for p := range splitQuoted(spec, ';') {
		name, value, _ := bytes.Cut(p, []byte{'='})
		v := string(bytes.Trim(bytes.TrimSpace(value), `"`))
		switch key := strings.ToLower(string(bytes.TrimSpace(name))); {
		case first: // RTP/AVP, RTP/SAVP/UDP, RTP/AVPF/TCP, RAW/RAW/UDP …
			first = false
			s.Secure = strings.Contains(key, "/savp")
			tcp = strings.HasSuffix(key, "/tcp")
		case key == "multicast":
			multicast = true
		case key == "interleaved":
			tcp = true
		case key == "client_port", key == "port":
			s.ClientPorts = parsePorts(v)
		case key == "server_port":
			s.ServerPorts = parsePorts(v)
		case key == "dest_addr":
			s.Destination, s.ClientPorts = parseAddresses(v)
			if s.Destination.IsValid() {
				host = s.Destination.String()
			}
		case key == "src_addr":
			s.Source, s.ServerPorts = parseAddresses(v)
		case key == "destination":
			s.Destination, host = parseHost(v), strings.ToLower(v[:min(len(v), maxServerName)])
		case key == "source":
			s.Source = parseHost(v)
		case key == "ttl":
			s.TTL = uint8(number(v, 10, 8))
		case key == "ssrc":
			v, _, _ = strings.Cut(v, "/") // RFC 7826 allows several
			s.SSRC = uint32(number(v, 16, 32))
		}
	}
	switch {
	case tcp:
		s.Transport = "tcp"
	case multicast || s.Destination.IsMulticast():
		s.Transport = "multicast"
	default:
		s.Transport = "udp"
	}
	return s, host
}

// parsePorts reads "5000-5001" or "5000"; what is not said stays 0.
func parsePorts(v string) (ports [2]uint16) {
	for i, p := range strings.SplitN(v, "-", 2) {
		ports[i] = uint16(number(p, 10, 16))
	}
	return ports
}

// number reads an unsigned number; what is none, or too large, is 0.
func number(s string, base, bits int) uint64 {
	n, err := strconv.ParseUint(strings.TrimSpace(s), base, bits)
	if err != nil {
		return 0
	}
	return n
}

// parseAddresses reads the quoted list of RFC 7826, section 18.54.3:
// "192.0.2.5:6256"/"192.0.2.5:6257" or ":6256"/":6257". Its outer quotes are
// gone already.
func parseAddresses(v string) (addr netip.Addr, ports [2]uint16) {
	for i, a := range strings.SplitN(v, "/", 2) {
		host, port, ok := cutLast(strings.Trim(strings.TrimSpace(a), `"`), ':')
		if !ok {
			continue
		}
		ports[i] = uint16(number(port, 10, 16))
		if !addr.IsValid() {
			addr = parseHost(host)
		}
	}
	return addr, ports
}

func cutLast(s string, sep byte) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// parseHost reads an address, in brackets or not; a name yields the zero Addr.
func parseHost(s string) netip.Addr {
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// splitQuoted yields the parts of b between separators that stand outside
// quotes, trimmed and not empty.
func splitQuoted(b []byte, sep byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		quoted, start := false, 0
		for i := 0; i <= len(b); i++ {
			if i < len(b) && (quoted || b[i] != sep) {
				quoted = quoted != (b[i] == '"')
				continue
			}
			part := bytes.TrimSpace(b[start:i])
			start = i + 1
			if len(part) > 0 && !yield(part) {
				return
			}
		}
	}
}
