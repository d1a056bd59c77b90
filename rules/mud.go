package rules

import (
	"encoding/json"
	"slices"
	"strings"
)

// mudFile is a Manufacturer Usage Description (RFC 8520) with its access lists
// (RFC 8519), as far as a policy can say the same.
type mudFile struct {
	MUD *struct {
		URL        string    `json:"mud-url"`
		SystemInfo string    `json:"systeminfo"`
		Supported  *bool     `json:"is-supported"`
		Extensions []string  `json:"extensions"`
		From       mudPolicy `json:"from-device-policy"`
		To         mudPolicy `json:"to-device-policy"`
	} `json:"ietf-mud:mud"`
	ACLs  mudACLs `json:"ietf-access-control-list:acls"`
	Older mudACLs `json:"ietf-access-control-list:access-lists"` // before RFC 8519
}

type mudPolicy struct {
	Lists struct {
		List []struct {
			Name string `json:"name"`
		} `json:"access-list"`
	} `json:"access-lists"`
}

type mudACLs struct {
	ACL []struct {
		Name string `json:"name"`
		ACEs struct {
			ACE []mudACE `json:"ace"`
		} `json:"aces"`
	} `json:"acl"`
}

type mudACE struct {
	Name    string `json:"name"`
	Matches struct {
		IPv4 *mudIP                     `json:"ipv4"`
		IPv6 *mudIP                     `json:"ipv6"`
		TCP  *mudPorts                  `json:"tcp"`
		UDP  *mudPorts                  `json:"udp"`
		MUD  map[string]json.RawMessage `json:"ietf-mud:mud"`
	} `json:"matches"`
	Actions struct {
		Forwarding string `json:"forwarding"`
	} `json:"actions"`
}

type mudIP struct {
	To   string `json:"ietf-acldns:dst-dnsname"`
	Net4 string `json:"destination-ipv4-network"`
	Net6 string `json:"destination-ipv6-network"`
}

type mudPorts struct {
	Direction   string   `json:"ietf-mud:direction-initiated"`
	Destination *mudPort `json:"destination-port"`
}

// mudPort is one port, or a range (RFC 8519, section 4.2).
type mudPort struct {
	Operator string `json:"operator"`
	Port     uint16 `json:"port"`
	Lower    uint16 `json:"lower-port"`
	Upper    uint16 `json:"upper-port"`
}

// lists returns the entries of a policy's access lists.
func (m *mudFile) lists(p mudPolicy) (aces []mudACE) {
	for _, acl := range append(slices.Clone(m.ACLs.ACL), m.Older.ACL...) {
		for _, l := range p.Lists.List {
			if l.Name == acl.Name {
				aces = append(aces, acl.ACEs.ACE...)
			}
		}
	}
	return aces[:min(len(aces), maxACEs)]
}

// ports returns the range that a port matches.
func (p *mudPort) ports() (PortRange, bool) {
	switch {
	case p.Lower > 0 && p.Upper >= p.Lower:
		return PortRange{p.Lower, p.Upper}, true
	case p.Port == 0:
		return PortRange{}, false
	case p.Operator == "" || p.Operator == "eq":
		return PortRange{p.Port, p.Port}, true
	case p.Operator == "gte":
		return PortRange{p.Port, 65535}, true
	case p.Operator == "lte":
		return PortRange{1, p.Port}, true
	}
	return PortRange{}, false
}

// to returns the name or the prefix that an entry is about, "" where it is about
// hosts of the site.
func (a *mudACE) to() string {
	for _, ip := range []*mudIP{a.Matches.IPv4, a.Matches.IPv6} {
		switch {
		case ip == nil:
		case ip.To != "":
			return strings.ToLower(strings.TrimSuffix(ip.To, "."))
		case ip.Net4+ip.Net6 != "":
			return ip.Net4 + ip.Net6
		}
	}
	return ""
}

// whom names the hosts that an abstraction stands for (RFC 8520, section 8).
func (a *mudACE) whom() string {
	if len(a.Matches.MUD) == 0 {
		return "any host"
	}
	var words []string
	for _, key := range sortedKeys(a.Matches.MUD) {
		word := key
		var value string
		if json.Unmarshal(a.Matches.MUD[key], &value) == nil && value != "" {
			word += " " + value
		}
		words = append(words, quote(word))
	}
	return shorten(words)
}
