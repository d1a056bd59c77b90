package rules

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxDoubts bounds the contacts that are listed without being proven.
const maxDoubts = 40

// contactsOf returns the contacts of a device, by name, address and port.
func (d *Draft) contactsOf(x *draftDevice) (list []*draftContact) {
	for _, c := range d.contacts {
		if slices.ContainsFunc(x.hosts, func(h *draftHost) bool { return h.addr == c.client }) {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b *draftContact) int {
		return cmp.Or(cmp.Compare(a.name, b.name), a.server.Compare(b.server), cmp.Compare(a.port, b.port),
			cmp.Compare(a.proto, b.proto), a.client.Compare(b.client))
	})
	return list
}

// draftEndpoint is an endpoint that a draft declares: a name at one transport,
// whoever contacted it at whatever ports.
type draftEndpoint struct {
	name, proto string
	ports       map[uint16]bool
	from        []string
	apps        []string
	seen        []string
}

// writeEndpoints writes the allow-list. What the profile allows already is only
// named. By name and with an answer is proven; the rest is a decision.
func (d *Draft) writeEndpoints(t *draftText, devices []*draftDevice, base string) error {
	so, err := checked(t.String())
	if err != nil {
		return err
	}
	p, _ := Parse("policy", []byte(so))
	var allowed []string
	var doubts []string
	endpoints := map[string]*draftEndpoint{}
	for _, x := range devices {
		for _, c := range d.contactsOf(x) {
			why := x.doubt(c, base)
			match := p.Endpoint(c.name, netip.AddrPortFrom(c.at.Addr(), c.port), c.proto, c.client, p.Device(x.mac, c.client))
			switch {
			case why != "":
				doubts = append(doubts, c.doubt(x, why))
			case match.Fit == Listed:
				allowed = append(allowed, fmt.Sprintf("# %s allows %s: %s, %s", p.Profile(), x.id, c.where(), plural(c.flows, "flow")))
			default:
				endpoints[c.name+" "+c.proto] = endpoints[c.name+" "+c.proto].with(x, c)
			}
		}
	}
	if len(allowed)+len(doubts)+len(endpoints) == 0 {
		return nil
	}
	t.line("endpoints:", "")
	for _, line := range allowed {
		t.line("  "+line, "")
	}
	for _, key := range sortedKeys(endpoints) {
		endpoints[key].write(t)
	}
	for i, line := range doubts {
		if i == maxDoubts {
			t.line(fmt.Sprintf("  # and %d more contacts that need a decision", len(doubts)-i), "")
			break
		}
		t.line("  "+line, "")
	}
	return nil
}

// doubt says why a contact of the device is not to be allowed unread, or "".
func (x *draftDevice) doubt(c *draftContact, base string) string {
	switch {
	case c.name == "":
		return "its name was not seen"
	case !strings.Contains(c.name, "."):
		return "its name has no domain"
	case checkName(c.name) != "" || strings.Contains(c.name, "*"):
		return "its name cannot stand in a policy"
	case !c.worked:
		return "it did not answer"
	case x.role == RoleCamera:
		return "a camera has no business on the internet"
	case c.clear && !forCertificates.MatchString(c.name):
		return "it is in clear text, and TLS is wanted"
	case !x.known:
		return "nothing tells what " + x.id + " is"
	}
	if _, old := realAWSName(c.name); old {
		return "it is spelt as on AWS's security page, where nothing answers"
	}
	if base == panoramaBase && isOtherPartition(c.name) {
		return "it is of another AWS partition than the profile's names"
	}
	return ""
}

// forCertificates are the names of services that say what a certificate is worth:
// they are asked in clear text, because TLS would need them first.
var forCertificates = regexp.MustCompile(`(^|[.-])(ocsp|crl|crt|cacerts|pki)[0-9]*[.-]`)

// isOtherPartition reports whether a name holds a region of a partition whose
// names do not end in amazonaws.com.
func isOtherPartition(name string) bool {
	_, prefix := awsSuffix(name)
	for label := range strings.SplitSeq(prefix, ".") {
		if p := regionPartition(label); p != nil && p.suffix != "amazonaws.com" {
			return true
		}
	}
	return false
}

// where names the service.
func (c *draftContact) where() string {
	name := c.name
	if name == "" {
		name = c.server.String()
	} else if checkName(name) != "" {
		name = strconv.QuoteToASCII(name)
	}
	return fmt.Sprintf("%s, %s port %d", name, c.proto, c.port)
}

// doubt writes the endpoint that would allow the contact, as a comment.
func (c *draftContact) doubt(x *draftDevice, why string) string {
	seen := fmt.Sprintf("%s, %s: %s", x.id, plural(c.flows, "flow"), why)
	if c.name == "" {
		bits := c.server.BitLen()
		return fmt.Sprintf("# - { id: %q, from: [%q], cidrs: [\"%s/%d\"], ports: [%d], proto: %s, reason: … } # %s",
			c.server, "device:"+x.id, c.server, bits, c.port, c.proto, seen)
	}
	return fmt.Sprintf("# - { id: %s, from: [%q], names: [%s], ports: [%d], proto: %s } # %s",
		strconv.QuoteToASCII(c.name), "device:"+x.id, strconv.QuoteToASCII(c.name), c.port, c.proto, seen)
}

// with adds a contact; the endpoint may be nil.
func (e *draftEndpoint) with(x *draftDevice, c *draftContact) *draftEndpoint {
	if e == nil {
		e = &draftEndpoint{name: c.name, proto: c.proto, ports: map[uint16]bool{}}
	}
	e.ports[c.port] = true
	from := strconv.Quote("device:" + x.id)
	if x.role == RoleAppliance {
		from = `"role:appliance"`
	}
	if !slices.Contains(e.from, from) {
		e.from = append(e.from, from)
	}
	if c.app != "" && !slices.Contains(e.apps, c.app) {
		e.apps = append(e.apps, c.app)
	}
	e.seen = append(e.seen, fmt.Sprintf("%s at port %d in %s", x.id, c.port, plural(c.flows, "flow")))
	return e
}

func (e *draftEndpoint) write(t *draftText) {
	id := e.name
	if e.proto != "tcp" {
		id += "/" + e.proto
	}
	var ports []string
	for _, p := range sortedPorts(e.ports) {
		ports = append(ports, fmt.Sprint(p))
	}
	app := ""
	if len(e.apps) > 0 {
		app = ", app: [" + strings.Join(e.apps, ", ") + "]"
	}
	t.line(fmt.Sprintf("  - { id: %q, from: %s, names: [%q], ports: %s, proto: %s%s }",
		id, listed(e.from), e.name, listed(ports), e.proto, app), shorten(e.seen))
}
