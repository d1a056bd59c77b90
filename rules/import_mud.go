package rules

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"spanaudit/flow"
)

// MUDDevice is which device of the site a MUD file is about: the file speaks of
// a type. Without MAC and address the device is left for the reader to declare.
type MUDDevice struct {
	ID   string
	Role Role
	MAC  flow.MAC   // zero where it is not given
	IP   netip.Addr // invalid where it is not given
}

// maxACEs bounds the entries of a MUD file that are read.
const maxACEs = 2000

// ImportMUD makes a policy of a MUD file: an endpoint for each name or prefix
// that the device may contact, and inbound ports where it may be contacted. What
// a policy cannot say stands in comments. The file's signature is not verified.
func ImportMUD(file string, data []byte, d MUDDevice) (string, error) {
	refuse := func(format string, args ...any) (string, error) {
		return "", newPolicyError(file, []Problem{{Message: fmt.Sprintf(format, args...)}}, 0)
	}
	if len(data) > maxPolicyFile {
		return refuse("file is %d bytes; a MUD file has at most %d", len(data), maxPolicyFile)
	}
	var m mudFile
	if err := json.Unmarshal(data, &m); err != nil {
		return refuse("is no MUD file: %v", err)
	}
	if m.MUD == nil {
		return refuse(`is no MUD file: it has no "ietf-mud:mud" (RFC 8520)`)
	}
	w := &mudWriter{device: d, endpoints: map[string]*draftEndpoint{}}
	w.read(m.lists(m.MUD.From), true)
	w.read(m.lists(m.MUD.To), false)
	return w.policy(file, &m)
}

// mudWriter gathers what the entries of a MUD file come to.
type mudWriter struct {
	device    MUDDevice
	endpoints map[string]*draftEndpoint // by name or prefix, and transport
	inbound   []PortRange
	left      []string // what a policy cannot say
}

// read takes the entries from the device or to it. Entries of answers, which
// name the source's port, say what their counterparts say.
func (w *mudWriter) read(aces []mudACE, from bool) {
	for _, a := range aces {
		proto, ports := "tcp", a.Matches.TCP
		if ports == nil {
			proto, ports = "udp", a.Matches.UDP
		}
		begins := "from-device"
		if !from {
			begins = "to-device"
		}
		switch {
		case !strings.EqualFold(a.Actions.Forwarding, "accept"):
			if a.Actions.Forwarding != "" {
				w.leave(a, "forbids, as all that is not allowed is")
			}
		case ports == nil:
			w.leave(a, "has neither TCP nor UDP")
		case ports.Direction != "" && ports.Direction != begins:
			// An answer.
		case ports.Destination == nil:
			if from || ports.Direction == begins {
				w.leave(a, "names no port")
			}
		default:
			w.allow(a, proto, ports.Destination, from)
		}
	}
}

func (w *mudWriter) leave(a mudACE, why string) {
	w.left = append(w.left, quote(a.Name)+" "+why)
}

func (w *mudWriter) allow(a mudACE, proto string, port *mudPort, from bool) {
	r, ok := port.ports()
	switch {
	case !ok:
		w.leave(a, "has a port that cannot be read")
	case !from && !slices.Contains(w.inbound, r):
		w.inbound = append(w.inbound, r)
	case !from:
	case r.Last-r.First >= maxEndpointPorts:
		w.leave(a, fmt.Sprintf("allows the ports %s, which are more than an endpoint may have", r))
	case a.to() != "":
		w.endpoint(a, proto, r)
	default:
		w.leave(a, "is about "+a.whom()+" at "+proto+" port "+r.String()+": declare those devices")
	}
}

// endpoint adds one port of a name or prefix.
func (w *mudWriter) endpoint(a mudACE, proto string, r PortRange) {
	to := a.to()
	p, err := netip.ParsePrefix(to)
	switch {
	case err == nil && (p.Bits() == 0 || p.Addr().Is4In6()), err != nil && checkName(to) != "":
		w.leave(a, "names "+quote(to)+", which cannot stand in a policy")
		return
	case err == nil:
		to = p.Masked().String()
	}
	e := w.endpoints[to+" "+proto]
	if e == nil {
		e = &draftEndpoint{name: to, proto: proto, ports: map[uint16]bool{}}
		w.endpoints[to+" "+proto] = e
	}
	for port := int(r.First); port <= int(r.Last); port++ {
		e.ports[uint16(port)] = true
	}
	if seen := quote(a.Name); !slices.Contains(e.seen, seen) {
		e.seen = append(e.seen, seen)
	}
}

// policy writes the policy.
func (w *mudWriter) policy(file string, m *mudFile) (string, error) {
	var t draftText
	t.line("# Made from the MUD file "+remark(file)+" of "+remark(m.MUD.URL)+"; its signature was not verified.", "")
	if m.MUD.SystemInfo != "" {
		t.line("# It describes: "+remark(m.MUD.SystemInfo), "")
	}
	if m.MUD.Supported != nil && !*m.MUD.Supported {
		t.line("# Its manufacturer no longer supports it.", "")
	}
	if len(m.MUD.Extensions) > 0 {
		t.line("# Not read are its extensions "+remark(strings.Join(m.MUD.Extensions, ", ")), "")
	}
	t.line("apiVersion: spanaudit/v1", "")
	t.line("kind: Policy", "")
	declared := w.writeDevice(&t)
	w.writeEndpoints(&t, declared)
	for _, line := range w.left {
		t.line("# Entry "+line, "")
	}
	return checked(t.String())
}

// writeDevice declares the device, or says how, and reports which.
func (w *mudWriter) writeDevice(t *draftText) (declared bool) {
	d := w.device
	var keys []string
	if d.MAC != (flow.MAC{}) {
		keys = append(keys, fmt.Sprintf("mac: %q", d.MAC))
	}
	switch {
	case d.IP.Is4():
		keys = append(keys, "ipv4: "+d.IP.String())
	case d.IP.IsValid():
		keys = append(keys, fmt.Sprintf("ipv6: %q", d.IP))
	}
	mark := ""
	t.line("devices:", "")
	if declared = len(keys) > 0; !declared {
		mark, keys = "# ", []string{`mac: "02:00:5e:00:53:10"`, "ipv4: 192.0.2.10"}
		t.line("  # A MUD file is about a type: declare the device, or name it by --mac or --ip.", "")
	}
	ports := ""
	if len(w.inbound) > 0 {
		var words []string
		for _, p := range w.inbound {
			words = append(words, strconv.Quote(p.String()))
		}
		ports = ", inbound_ports: " + listed(words)
	}
	text := fmt.Sprintf("%s- { id: %s, role: %s, interfaces: [{ %s }]%s }", mark, scalar(d.ID, textNode), d.Role, strings.Join(keys, ", "), ports)
	t.line("  "+strings.ReplaceAll(text, "\n", "\n  "+mark), "")
	return declared
}

func (w *mudWriter) writeEndpoints(t *draftText, declared bool) {
	t.line("endpoints:", "")
	if !declared && len(w.endpoints) > 0 {
		t.line(fmt.Sprintf("  # Without from they are every local host's: add from: [%q] once the device is declared.", "device:"+w.device.ID), "")
	}
	for _, key := range sortedKeys(w.endpoints) {
		e := w.endpoints[key]
		from := ""
		if declared {
			from = fmt.Sprintf(" from: [%q],", "device:"+w.device.ID)
		}
		where := fmt.Sprintf("names: [%q]", e.name)
		if _, err := netip.ParsePrefix(e.name); err == nil {
			where = fmt.Sprintf(`cidrs: [%q], reason: "a MUD file allows it by address"`, e.name)
		}
		var ports []string
		for _, p := range sortedPorts(e.ports) {
			ports = append(ports, fmt.Sprint(p))
		}
		t.line("  # Entry "+shorten(e.seen), "") // not behind it, where brackets of theirs would count as the policy's
		t.line(fmt.Sprintf("  - { id: %q,%s %s, ports: %s, proto: %s }", e.name+"/"+e.proto, from, where, listed(ports), e.proto), "")
	}
}
